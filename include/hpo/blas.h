/* SPDX-License-Identifier: BSD-3-Clause */
/** \file blas.h
 *  The BLAS library: one thread, which kernels it has chosen, and the one
 *  product that models use.
 *
 *  More than one thread, and other kernels, give other bits; so main calls
 *  hpo_blas_start before anything else and the study file keeps the
 *  description.
 */
#ifndef HPO_BLAS_H
#define HPO_BLAS_H

#include "hpo/status.h"

/** Sets the library to one thread (nothing to do for a plain BLAS). */
void hpo_blas_start(void);
/** "OpenBLAS 0.3.21 ... MAX_THREADS=64, kernels SkylakeX"; "not OpenBLAS"
 *  where another library is linked.  Cut to room, with a NUL. */
void hpo_blas_describe(char *text, size_t room);

/** A dense row-major matrix without gaps; borrowed. */
typedef struct hpo_blas_matrix {
  const float *x;
  bool is_transposed; /* x holds the transpose */
} hpo_blas_matrix;

/** c [m][n] = a [m][k] times b [k][n], added to c where is_added.  The bits of
 *  a row of c may depend on m and on its place among the m rows, never on the
 *  other rows' values; so callers keep both the same for any number of
 *  ranks. */
void hpo_blas_multiply(const hpo_blas_matrix *a, const hpo_blas_matrix *b,
                       size_t m, size_t n, size_t k, bool is_added, float *c);

#endif
