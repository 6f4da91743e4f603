/* SPDX-License-Identifier: BSD-3-Clause */
/** \file rows_private.h
 *  New rows, one way for each family of formats.  Private to data/.
 */
#ifndef HPO_DATA_ROWS_PRIVATE_H
#define HPO_DATA_ROWS_PRIVATE_H

#include "hpo/rows.h"
#include "missing.h"
#include "source.h"

/** How rows of a family of formats are read. */
typedef struct hpo_rows_kind {
  /** Opens r->path and maps its columns. */
  hpo_status (*open)(hpo_rows *r, const hpo_names *names, hpo_error *err);
  /** As hpo_rows_read. */
  hpo_status (*read)(hpo_rows *r, size_t most, float *x, size_t *n,
                     hpo_error *err);
  void (*close)(hpo_rows *r);
} hpo_rows_kind;

extern const hpo_rows_kind hpo_rows_text, hpo_rows_array, hpo_rows_libsvm;

struct hpo_rows {
  char *path, *dataset;
  const hpo_dataset *facts;
  const hpo_format *format;
  const hpo_rows_kind *kind;
  void *state; /* of the kind */
  hpo_missing missing;
  size_t *column; /* [fields] feature of each field; facts->columns: none */
  size_t fields;
  struct {
    hpo_row n;
    char *first;
  } * unknown; /* [columns] categories not known */
};

/** Finds the feature of each of n fields.
 *  \param [in] header [n] the file's own names; NULL: it has none
 *  \param [in] names  the study's names= */
HPO_MUST_USE hpo_status hpo_rows_map(hpo_rows *r, const hpo_names *header,
                                     size_t n, const hpo_names *names,
                                     hpo_error *err);

/** The index of a category by its text [n]; an unknown one is NaN, and
 *  counted. */
HPO_MUST_USE hpo_status hpo_rows_category(hpo_rows *r, size_t j,
                                          const char *text, size_t n, float *x,
                                          hpo_error *err);

#endif
