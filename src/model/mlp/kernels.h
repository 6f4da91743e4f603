/* SPDX-License-Identifier: BSD-3-Clause */
/** \file kernels.h
 *  The hot loops of a dense network beside its matrix products.
 *
 *  Arrays begin at a multiple of 64 bytes and are read and written in whole
 *  vectors of 16 floats where n is said to be padded: there must be room, and
 *  what lies behind n does not matter.  Elements are worked on one by one, so
 *  the instruction set does not change a bit.
 */
#ifndef HPO_MLP_KERNELS_H
#define HPO_MLP_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum mlp_activation {
  MLP_IDENTITY,
  MLP_LOGISTIC,
  MLP_TANH,
  MLP_RELU
} mlp_activation;

/** n rounded up to whole vectors. */
static inline size_t mlp_padded(size_t n) { return (n + 15) / 16 * 16; }

/** x [rows][n] += b [n] in each row. */
void mlp_add_intercepts(float *x, size_t rows, size_t n, const float *b);
/** x = f(x), n padded. */
void mlp_activate(mlp_activation f, float *x, size_t n);
/** d *= f'(x), told from a = f(x), n padded. */
void mlp_derive(mlp_activation f, const float *a, float *d, size_t n);
/** to [n] += the sum of x's rows, row by row. */
void mlp_sum_rows(const float *x, size_t rows, size_t n, float *to);
/** to += from; to *= from; n padded. */
void mlp_add(float *to, const float *from, size_t n);
void mlp_times(float *to, const float *from, size_t n);
/** The sum of squares, in double; n padded, and zeros behind it. */
double mlp_squares(const float *x, size_t n);
/** A row's inputs: (x - center) * factor, fill where x is missing.  x, center,
 *  factor and fill have room for n rounded up to 8. */
void mlp_decode(const float *x, size_t n, const double *center,
                const double *factor, const double *fill, float *to);

/** A step of the solver over n parameters, padded: g becomes (g + alpha w)
 *  share first. */
typedef struct mlp_change {
  float alpha, share;
  float rate;           /* adam: with its corrections */
  float momentum;       /* sgd */
  float beta_1, beta_2; /* adam */
  float rest_1, rest_2; /* 1 - beta */
  float epsilon;
} mlp_change;

void mlp_change_adam(const mlp_change *c, const float *g, float *first,
                     float *second, float *w, size_t n);
void mlp_change_sgd(const mlp_change *c, const float *g, float *velocity,
                    float *w, size_t n, bool is_nesterov);

#endif
