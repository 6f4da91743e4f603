/* SPDX-License-Identifier: BSD-3-Clause */
/** \file options.h
 *  Options by name, declared once in a table beside the algorithm.
 *
 *  The study parser, `describe`, `check`, the docs and the stored study all
 *  read the same table, so an option cannot be known to one and not to
 *  another.
 */
#ifndef HPO_OPTIONS_H
#define HPO_OPTIONS_H

#include "hpo/status.h"

typedef enum hpo_option_kind {
  HPO_OPTION_INT,
  HPO_OPTION_FLOAT,
  HPO_OPTION_BOOL,   /* yes no true false 1 0 */
  HPO_OPTION_CHOICE, /* one of choices */
  HPO_OPTION_TEXT,
  HPO_OPTION_DURATION, /* "90", "90s", "10m", "2h", "1d", "1:30:00"; seconds */
  HPO_OPTION_BYTES     /* "1000", "4K", "4M", "4G" (powers of 1024) */
} hpo_option_kind;

/** One row of a table. */
typedef struct hpo_option {
  const char *name;
  hpo_option_kind kind;
  const char *value;     /* the default as text; NULL: none, "auto" */
  double low, high;      /* closed range; -INFINITY, INFINITY: open */
  bool low_open;         /* low itself is not allowed */
  const char *choices;   /* HPO_OPTION_CHOICE: "depthwise lossguide" */
  const char *help;      /* one sentence, says what the default none means */
  const char *not_built; /* choices known by name that this version does not
                            have yet, or "*" for the whole option; NULL */
} hpo_option;

/** Values for one table.  Opaque; created, set by name, asked by name. */
typedef struct hpo_options hpo_options;

/** All defaults. The table is borrowed and must outlive the options. */
HPO_MUST_USE hpo_status hpo_options_create(const hpo_option *table, size_t n,
                                           hpo_options **out, hpo_error *err);
HPO_MUST_USE hpo_status hpo_options_copy(const hpo_options *from,
                                         hpo_options **out, hpo_error *err);
void hpo_options_destroy(hpo_options *o);

/** Checks and sets.  HPO_EINVAL: no such option (nearest name and all names
 *  in err), not of the kind, outside the range (range in err), or known but
 *  not built yet (said so). */
HPO_MUST_USE hpo_status hpo_options_set(hpo_options *o, const char *name,
                                        const char *value, hpo_error *err);
/** Same from a number (a point's value); an int option refuses fractions. */
HPO_MUST_USE hpo_status hpo_options_set_number(hpo_options *o,
                                               const char *name, double value,
                                               hpo_error *err);

/** The row of a name, or NULL. */
const hpo_option *hpo_options_find(const hpo_option *table, size_t n,
                                   const char *name);
/** Whether set was called for it. */
bool hpo_options_is_set(const hpo_options *o, const char *name);
/** Values; asking for a name that is not in the table is our bug.  An unset
 *  option without a default: get_int INT64_MIN, get_float NaN, get_text
 *  NULL. */
int64_t hpo_options_get_int(const hpo_options *o, const char *name);
double hpo_options_get_float(const hpo_options *o, const char *name);
bool hpo_options_get_bool(const hpo_options *o, const char *name);
const char *hpo_options_get_text(const hpo_options *o, const char *name);
/** The value of option i of the table as text ("" where none), for the
 *  resolved study: one spelling per value ("0.10" is "0.1", "true" is "yes",
 *  "2h" is "7200", "4K" is "4096"). */
const char *hpo_options_text_at(const hpo_options *o, size_t i);

/** The name of the list that other programs call word (eta: learning_rate),
 *  or else the one that is nearest to it (edit distance with
 *  transpositions, at most a third of the length, upper and lower case and
 *  '-' and '_' taken as the same), or NULL. */
const char *hpo_options_nearest(const char *word, const char *const *names,
                                size_t n);

/** Text to numbers, whole text, correctly rounded and locale-free.
 *  \return false if text is no such thing */
bool hpo_options_parse_int(const char *text, int64_t *out);
bool hpo_options_parse_float(const char *text, double *out);
/** The same of n bytes without a NUL, for readers of data: fast for the
 *  usual numbers of up to 19 digits.  The words inf and nan, hexadecimal,
 *  spaces and what overflows are refused; what underflows is rounded. */
bool hpo_options_parse_float_n(const char *text, size_t n, double *out);
bool hpo_options_parse_bool(const char *text, bool *out);
bool hpo_options_parse_duration(const char *text, double *out_seconds);
bool hpo_options_parse_bytes(const char *text, int64_t *out);
/** Shortest decimal that reads back as the same double ("0.1", "1e-05");
 *  text must have room for 32 bytes.  Returns text. */
char *hpo_options_format_float(double x, char *text);

#endif
