/* SPDX-License-Identifier: BSD-3-Clause */
/** \file design.h
 *  The design matrix of linear models and networks: numbers alone, once per
 * node.
 *
 *  A numeric feature is one column; a feature of <categorical
 *  encode="onehot"> is one column for each of its categories, 1 where a row
 *  has it (a missing category has 0 in all of them).  Where the data set says
 *  absent_is_zero, missing numbers are 0.  Else values are as read: missing
 * numbers stay NaN, since what replaces them, and mean and scale, belong to
 * the training rows of each fit (src/model/linear/scaler.c).
 *
 *  Work on its rows is dealt in blocks of HPO_DESIGN_BLOCK by global row id,
 *  never cut between ranks, so that sums in block order have the same bits
 *  for any number of ranks.
 */
#ifndef HPO_DESIGN_H
#define HPO_DESIGN_H

#include "hpo/dataset.h"

enum { HPO_DESIGN_BLOCK = 512 };

typedef enum hpo_impute {
  HPO_IMPUTE_NONE,
  HPO_IMPUTE_MEAN,
  HPO_IMPUTE_MEDIAN,
  HPO_IMPUTE_MOST_FREQUENT
} hpo_impute;

typedef struct hpo_design_column {
  size_t feature;     /* of the data set */
  ptrdiff_t category; /* -1: the feature's own number */
  bool has_missing;   /* NaN may stand in it */
  bool is_coded;      /* one of those that code names */
} hpo_design_column;

typedef struct hpo_design {
  hpo_row rows;         /* as in the data set */
  size_t columns;       /* at least 1 */
  size_t stride;        /* floats from row to row: a multiple of 8, more
                           than columns; 0 behind the columns */
  const float *x;       /* [rows][stride], shared by the node */
  const uint16_t *code; /* [rows][n_coded] the column that is 1 for each
                           one-hot feature, `columns` where none is; so short
                           that passes over it cost little; NULL: none */
  size_t n_coded;
  hpo_design_column *column; /* [columns] */
  hpo_impute impute;
  bool standardize; /* <standardize/> */
  hpo_shared *node; /* borrowed */
  void *block;      /* what backs x */
} hpo_design;

/** Collective over d's node; d->x must still be there.
 *  \return HPO_OK; HPO_EDATA: a feature is text without one-hot, or has
 *  missing values without impute=: which, and what to say; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_design_create(const hpo_plan_data *plan,
                                          const hpo_dataset *d,
                                          hpo_design **out, hpo_error *err);
/** Collective over the node. */
void hpo_design_destroy(hpo_design *m);

/** The rows of rank of size: whole blocks, about equally many.
 *  \param [in]  row   [n] ids, ascending
 *  \param [out] first index of the rank's first row
 *  \param [out] out_n how many; may be 0 */
void hpo_design_share(const hpo_row *row, size_t n, int rank, int size,
                      size_t *first, size_t *out_n);

/** NULL and "" are HPO_IMPUTE_NONE. */
hpo_impute hpo_design_impute(const char *name);

#endif
