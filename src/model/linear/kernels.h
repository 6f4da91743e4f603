/* SPDX-License-Identifier: BSD-3-Clause */
/** \file kernels.h
 *  The hot loops of linear models, over one tile of rows.
 *
 *  A tile is double z [n][ld], n up to LINEAR_TILE, ld a multiple of 8, its
 *  rows and all other arrays 64-byte aligned.  What a row gives depends on
 *  that row alone, and sums over rows are added row by row: so results do
 *  not depend on the tile, the instruction set or a library's choice of
 *  kernels (rulings.md, Arithmetic).  kp is 1 or a multiple of 8.
 */
#ifndef HPO_LINEAR_KERNELS_H
#define HPO_LINEAR_KERNELS_H

#include <stddef.h>

enum { LINEAR_TILE = 32 };

/** What turns a stored value into z: (x - center) * factor, fill if x is
 *  NaN.  All [ld]. */
typedef struct linear_scale {
  double *center, *factor, *fill;
} linear_scale;

/** One row: x [ld] to z [ld]. */
void linear_decode(const float *x, size_t ld, const linear_scale *s,
                   double *z);
/** z = z * z. */
void linear_square(double *z, size_t n, size_t ld);
/** m [n][kp] = z w, w [ld][kp]. */
void linear_forward(const double *z, size_t n, size_t ld, const double *w,
                    size_t kp, double *m);
/** g [ld][kp] += z' r, r [n][kp]. */
void linear_backward(const double *z, size_t n, size_t ld, const double *r,
                     size_t kp, double *g);
/** The sum of x[i] * y[i], n a multiple of 8. */
double linear_dot(const double *x, const double *y, size_t n);

#endif
