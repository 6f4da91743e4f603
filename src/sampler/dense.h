/* SPDX-License-Identifier: BSD-3-Clause */
/* Small dense matrices of doubles, in one order of additions: the same bits
 * on any processor.
 *
 * Matrices are [pad][pad], row-major and aligned to 64 bytes, where pad is
 * hpo_dense_pad(n); rows and columns from n on are those of the identity. */
#ifndef HPO_SAMPLER_DENSE_H
#define HPO_SAMPLER_DENSE_H

#include "hpo/status.h"

#define HPO_DENSE_TILE 16
#define HPO_DENSE_ROWS 4

/** n rounded up to whole tiles. */
size_t hpo_dense_pad(size_t n);
/** Cholesky: the upper triangle of a becomes U, a = U^T U; the rest is left
 *  as it is.  \return false: a is not positive definite. O(pad^3 / 6). */
bool hpo_dense_factor(double *a, size_t pad);
/** v: the lower triangular U^-T, zero above. O(pad^3 / 6). */
void hpo_dense_invert(const double *u, size_t pad, double *v);
/** c = v^T v, whole: the inverse of U^T U. O(pad^3 / 3). */
void hpo_dense_square(const double *v, size_t pad, double *c);
/** out [HPO_DENSE_ROWS][pad] = k^T c, k [pad][HPO_DENSE_ROWS]. */
void hpo_dense_times(const double *c, size_t pad, const double *k,
                     double *out);
/** out [pad] = v^T x and v x for the leading n rows and columns of a lower
 *  triangular v; x and out are zero from n on. */
void hpo_dense_left(const double *v, size_t pad, size_t n, const double *x,
                    double *out);
void hpo_dense_right(const double *v, size_t pad, size_t n, const double *x,
                     double *out);
/** Sum of x y over n, a multiple of 8. */
double hpo_dense_dot(const double *x, const double *y, size_t n);

#endif
