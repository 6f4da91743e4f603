/* SPDX-License-Identifier: BSD-3-Clause */
/** \file bins.h
 *  The binned matrix: exact quantile cuts and small integer codes.
 *
 *  code(x) of a numeric feature is the number of its cuts <= x, so for a cut
 *  with index i:  x < cut[i]  if and only if  code(x) <= i.  A cut is the
 *  smallest float32 of the bin to its right, taken from the training rows.
 *  A categorical feature's code is the category's index.  A missing value
 *  has the code after the last value bin.  The matrix holds every row of the
 *  data set (training and validation) once per node, twice over: row-major
 *  for what reads all features of a row (histograms), column-major for what
 *  reads one feature of many rows (moving rows down a tree).
 */
#ifndef HPO_BINS_H
#define HPO_BINS_H

#include "hpo/dataset.h"
#include "hpo/record.h"
#include "hpo/status.h"

/** The matrix by compressed rows: of a row's codes those that are not their
 *  feature's implicit one, which is the code of 0 or of a missing value. Made
 *  where at most one code in three is stored; else start is NULL. */
typedef struct hpo_csr {
  uint32_t *implicit;    /* [columns] */
  const uint64_t *start; /* [rows + 1] where a row's cells begin; shared */
  const uint32_t *cell;  /* [start[rows]] offset[feature] + code, ascending
                            in a row; shared */
  size_t per_row;        /* cells of a row: mean, rounded up */
  void *block;
} hpo_csr;

typedef struct hpo_bins {
  hpo_row rows;
  size_t columns;
  int max_bin;
  unsigned code_bytes; /* 1 or 2: uint8_t or uint16_t codes */
  size_t stride;       /* bytes from row to row, >= columns * code_bytes */
  const void *code;    /* [rows] of stride bytes; shared */
  const void *column;  /* [columns][rows] the same codes; shared */
  /* [columns] each: */
  uint32_t *n_bin;   /* value bins, without the one for missing */
  bool *has_missing; /* some row of the data set lacks it */
  bool *categorical;
  uint32_t *offset; /* [columns + 1] first histogram cell of a feature:
                       n_bin + has_missing cells each */
  float **cut;      /* [n_bin - 1] ascending; NULL: categorical */
  hpo_csr csr;
  hpo_shared *node; /* borrowed */
  void *block;
} hpo_bins;

/** Bins d for n max_bins (2..65535; from 256 value bins codes take 16
 *  bits).  A feature with missing values has at most 255 value bins where
 *  max_bin <= 256.  Each feature is sorted once, and a matrix whose cuts are
 *  among those of the largest max_bin takes its codes from that one's.
 *  Collective over d's node; d->x must still be there.
 *  \param [in]  max_bin [n] all different
 *  \param [in]  drops   gives the memory of d's values back as they become
 *                       codes: hpo_dataset_drop_x must follow
 *  \param [out] out     [n]
 *  \return HPO_OK; HPO_EINVAL: max_bin; HPO_EDATA: too many bins; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_bins_create_all(const hpo_dataset *d,
                                            const int *max_bin, size_t n,
                                            bool drops, hpo_bins **out,
                                            hpo_error *err);
/** The same for one max_bin, of values that stay. */
HPO_MUST_USE hpo_status hpo_bins_create(const hpo_dataset *d, int max_bin,
                                        hpo_bins **out, hpo_error *err);
/** Collective over the node. */
void hpo_bins_destroy(hpo_bins *b);
/** Code of one value of one feature, as the matrix has it. */
uint32_t hpo_bins_code(const hpo_bins *b, size_t feature, float x);
/** /data/cuts: values and offsets. */
HPO_MUST_USE hpo_status hpo_bins_record(const hpo_bins *b, hpo_record **out,
                                        hpo_error *err);

/** Where a feature's exact quantile cuts lie.
 *  \param [in]  sorted [n] ascending, no NaN
 *  \param [out] cut    room for max_bin - 1; *n_cut of them are set */
void hpo_bins_cuts(const float *sorted, size_t n, int max_bin, float *cut,
                   size_t *n_cut);

#endif
