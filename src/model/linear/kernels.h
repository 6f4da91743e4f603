/* SPDX-License-Identifier: BSD-3-Clause */
/** \file kernels.h
 *  The hot loops of linear models, over one tile of rows.
 *
 *  A tile is double z [LINEAR_TILE][ld], ld a multiple of 8, its rows and all
 *  other arrays 64-byte aligned; rows that the tile has not are 0.  Outputs
 *  (classes, and those of several models) have a vector [ld] each.  What a row
 *  gives an output depends on those two alone, and sums over rows are added
 *  row by row: so results do not depend on the tile, on how many outputs go
 *  together, or on the instruction set (rulings.md, Arithmetic).
 */
#ifndef HPO_LINEAR_KERNELS_H
#define HPO_LINEAR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { LINEAR_TILE = 32 };

/** What turns a stored value into z: (x - center) * factor, fill if x is
 *  NaN.  All [ld]. */
typedef struct linear_scale {
  double *center, *factor, *fill;
} linear_scale;

/** One row: x [ld] to z [ld]. */
void linear_decode(const float *x, size_t ld, const linear_scale *s,
                   double *z);
/** The same of groups of 8 columns alone: x [group[i]..+8] to z [8 i..+8];
 *  s [8 groups]. */
void linear_decode_groups(const float *x, const size_t *group, size_t groups,
                          const linear_scale *s, double *z);
/** b [n][wide] = base + the sum of v [code][wide] over a row's codes; wide a
 *  multiple of 8. */
void linear_pick(const uint16_t *const *code, size_t n, size_t codes,
                 const double *v, const double *base, size_t wide, double *b);
/** a [code][wide] += r [i][wide] for each of a row's codes. */
void linear_drop(const uint16_t *const *code, size_t n, size_t codes,
                 const double *r, size_t wide, double *a);
/** z = z * z, n rows. */
void linear_square(double *z, size_t n, size_t ld);
/** to [n][ld] = z with row i times q[i]. */
void linear_weigh(const double *z, size_t n, size_t ld, const double *q,
                  double *to);
/** m [outputs][LINEAR_TILE] = w z', w [outputs][ld]; for n rows, and up to
 *  the next multiple of 8. */
void linear_forward(const double *z, size_t n, size_t ld, const double *w,
                    size_t outputs, double *m);
/** g [outputs][ld] += r z, r [outputs][LINEAR_TILE], of n rows. */
void linear_backward(const double *z, size_t n, size_t ld, const double *r,
                     size_t outputs, double *g);
/** h [ld][ld] += a' z, of n rows; of the part below the diagonal only what
 *  shares a vector with it. */
void linear_outer(const double *a, const double *z, size_t n, size_t ld,
                  double *h);
/** out[i] = the sum of h[i][j] v[j], h [n][n], n a multiple of 8. */
void linear_multiply(const double *h, size_t n, const double *v, double *out);
/** The sum of x[i] * y[i], n a multiple of 8. */
double linear_dot(const double *x, const double *y, size_t n);
/** y += a x. */
void linear_add(double a, const double *x, size_t n, double *y);

#endif
