/* SPDX-License-Identifier: BSD-3-Clause */
/** \file testdata.h
 *  Data sets made in memory, for the tests of everything that trains,
 *  scores or bins.
 */
#ifndef HPO_TESTDATA_H
#define HPO_TESTDATA_H

#include "hpo/dataset.h"

/** A data set of one rank from arrays (copied); aborts where memory lacks.
 *  \param [in] x       [cols][rows] column-major, NaN missing
 *  \param [in] y       [rows] class index or target
 *  \param [in] n_class 0: regression, 2: binary, else multiclass
 *  \param [in] role    [rows] hpo_role; NULL: all train
 *  \return the caller's, see hpo_dataset_destroy */
hpo_dataset *testdata_make(size_t rows, size_t cols, const float *x,
                           const double *y, size_t n_class,
                           const uint8_t *role);

/** Same with weights (may be NULL) and with the number of categories of each
 *  column (may be NULL; 0: numeric), whose values are category indices. */
hpo_dataset *testdata_make_full(size_t rows, size_t cols, const float *x,
                                const double *y, size_t n_class,
                                const uint8_t *role, const double *weight,
                                const size_t *n_category);

#endif
