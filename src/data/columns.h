/* SPDX-License-Identifier: BSD-3-Clause */
/** \file columns.h
 *  What each column of the files is for, and what is known about its values
 *  while files are read.  Private to data/.
 */
#ifndef HPO_DATA_COLUMNS_H
#define HPO_DATA_COLUMNS_H

#include "hpo/plan.h"
#include "intern.h"

/** Different texts that a column can have. */
enum { HPO_MOST_CATEGORIES = 65535 };

typedef enum hpo_use {
  HPO_USE_FEATURE,
  HPO_USE_LABEL,
  HPO_USE_WEIGHT,
  HPO_USE_KEY, /* groups or folds of the rows */
  HPO_USE_IGNORE
} hpo_use;

/** A column holds numbers until a text is found; from then on each
 *  different text has a number (names).  If numbers had been stored before
 *  (is_late), the files are read again, with is_text known. */
typedef struct hpo_text_column {
  char *name;
  hpo_use use;
  size_t feature; /* index among the features */
  bool forced;    /* <categorical> names it */
  bool onehot;    /* with encode="onehot" */
  bool is_text;
  bool had_number; /* a number was stored as such */
  bool is_late;    /* became text after that */
  hpo_intern names;
  char *first_text; /* the text that made it text, and where */
  const char *first_path;
  hpo_row first_line;
  char *comma_text; /* the first number with a comma, and where */
  const char *comma_path;
  hpo_row comma_line;
} hpo_text_column;

/** A condition that makes the label binary. */
typedef struct hpo_positive {
  char *source;  /* column it looks at, "" the label's own */
  char *text;    /* ">=7", "=yes"; "" none */
  char op;       /* '>' '<' 'G' (>=) 'L' (<=) '=' */
  char *name;    /* '=': the class's name */
  double number; /* what to compare with; NaN: '=' with a name only */
} hpo_positive;

typedef struct hpo_columns {
  hpo_text_column *item; /* [n] in the order of the files */
  size_t n;
  size_t features;
  size_t label, weight, key; /* index; n: none */
  char *label_name;
  const char *path; /* file that named them; borrowed */
  bool has_names;   /* by a header or by names=, not made up */
} hpo_columns;

/** Splits "quality>=7", ">=7", "=yes", "yes".  What looks like an order but
 *  has no number on its right (">50K") is a class's name. */
HPO_MUST_USE hpo_status hpo_positive_create(const char *text,
                                            hpo_positive *out, hpo_error *err);
void hpo_positive_free(hpo_positive *p);

/** Finds the study's columns among those of the first file.
 *  \param [in] names   [n] of the first file; made up ("f0") if not given
 *  \return HPO_OK; HPO_EDATA: a column the study names is not there (all
 *  names, the nearest one), is named twice, or no feature is left */
HPO_MUST_USE hpo_status hpo_columns_create(const hpo_plan_data *data,
                                           const hpo_positive *positive,
                                           const hpo_names *names,
                                           const char *path, bool has_names,
                                           hpo_columns *out, hpo_error *err);
void hpo_columns_free(hpo_columns *c);

/** Refuses a further file whose header differs; names both files. */
HPO_MUST_USE hpo_status hpo_columns_check(const hpo_columns *c,
                                          const hpo_names *names,
                                          const char *path, hpo_error *err);

#endif
