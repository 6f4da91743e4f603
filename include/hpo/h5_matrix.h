/* SPDX-License-Identifier: BSD-3-Clause */
/** \file h5_matrix.h
 *  Matrices and vectors of float64 in a new HDF5 file (h5.h), written block
 *  by block: data for other programs.
 *
 *      hpo_h5_create -> add_matrix ... -> append ... -> finish, close
 *                    -> hpo_h5_close
 */
#ifndef HPO_H5_MATRIX_H
#define HPO_H5_MATRIX_H

#include "hpo/h5.h"

typedef struct hpo_h5_matrix hpo_h5_matrix;

/** A new data set of a file that was made, not opened; f is borrowed.
 *  \param [in] columns 0: one dimension
 *  \param [in] chunk   rows of a chunk: best those of an append
 *  \return HPO_EIO */
HPO_MUST_USE hpo_status hpo_h5_add_matrix(hpo_h5 *f, const char *name,
                                          uint64_t rows, size_t columns,
                                          size_t chunk,
                                          const char *description,
                                          hpo_h5_matrix **out, hpo_error *err);
/** The next n rows, at most as many as are left. */
HPO_MUST_USE hpo_status hpo_h5_matrix_append(hpo_h5_matrix *m,
                                             const double *value, size_t n,
                                             hpo_error *err);
/** Hands all to the operating system, and tells if it couldn't. */
HPO_MUST_USE hpo_status hpo_h5_matrix_finish(hpo_h5_matrix *m, hpo_error *err);
void hpo_h5_matrix_close(hpo_h5_matrix *m);

#endif
