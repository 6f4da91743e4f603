/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loops of a dense network, in vectors of sixteen floats whatever the
 * processor's width. */
#include "kernels.h"

#include "hpo/clones.h"
#include "hpo/num.h"

#include <stdint.h>
#include <string.h>

typedef float lanes __attribute__((vector_size(64), may_alias));
typedef float loose __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t mask __attribute__((vector_size(64), may_alias));
typedef double wide __attribute__((vector_size(64), may_alias));
typedef int64_t long_mask __attribute__((vector_size(64), may_alias));
typedef float half __attribute__((vector_size(32), aligned(4), may_alias));

#define LANES 16
#define WIDE 8
#define WIDE_AT(p) (*(const wide *)(p))
/* Comparisons by integers: those of floats may trap, and gcc then takes them
 * one by one. */
#define MAGNITUDE INT32_C(0x7fffffff)
#define INFINITE INT32_C(0x7f800000)
#define TINY INT32_C(0x08800000) /* 2^-110 */
/* All bits set where x < 0. */
#define BELOW_ZERO(x) ((mask)(x) >> 31)
#define AT(p) (*(const lanes *)(p))
#define TO(p) (*(lanes *)(p))
#define LOOSE(p) (*(loose *)(p))
#define LOOSE_AT(p) (*(const loose *)(p))

enum { TILE = 256 }; /* numbers that are made double at once */

HPO_CLONES
void mlp_add_intercepts(float *x, size_t rows, size_t n, const float *b) {
  for (size_t i = 0; i < rows; i++, x += n) {
    size_t j = 0;
    for (; j + LANES <= n; j += LANES)
      LOOSE(x + j) += LOOSE_AT(b + j);
    for (; j < n; j++)
      x[j] += b[j];
  }
}

/* --- Activations ------------------------------------------------------- */

HPO_CLONES
static void widen(const float *x, double *to) {
  for (size_t i = 0; i < TILE; i++)
    to[i] = (double)x[i];
}

HPO_CLONES
static void narrow(const double *x, float *to) {
  for (size_t i = 0; i < TILE; i++)
    to[i] = (float)x[i];
}

HPO_CLONES
static void negate(double *x) {
  for (size_t i = 0; i < TILE; i++)
    x[i] = -x[i];
}

HPO_CLONES
static void invert_next(double *x) {
  for (size_t i = 0; i < TILE; i++)
    x[i] = 1 / (1 + x[i]);
}

static void smooth(mlp_activation f, float *x) {
  double z[TILE];

  widen(x, z);
  if (f == MLP_TANH) {
    hpo_num_tanh_array(z, z, TILE);
  } else {
    negate(z);
    hpo_num_exp_array(z, z, TILE);
    invert_next(z);
  }
  narrow(z, x);
}

/* NaN stays, so that a divergence is seen. */
HPO_CLONES
static void rectify(float *x, size_t n) {
  for (size_t i = 0; i < n; i += LANES) {
    const mask v = (mask)AT(x + i), size = v & MAGNITUDE;
    TO(x + i) = (lanes)(v & (~BELOW_ZERO(v) | BELOW_ZERO(INFINITE - size)));
  }
}

void mlp_activate(mlp_activation f, float *x, size_t n) {
  float rest[TILE] = {0};
  size_t i = 0;

  if (f == MLP_RELU)
    rectify(x, n);
  if (f != MLP_LOGISTIC && f != MLP_TANH)
    return;
  for (; i + TILE <= n; i += TILE)
    smooth(f, x + i);
  memcpy(rest, x + i, (n - i) * sizeof *x);
  smooth(f, rest);
  memcpy(x + i, rest, (n - i) * sizeof *x);
}

HPO_CLONES
void mlp_derive(mlp_activation f, const float *a, float *d, size_t n) {
  const lanes one = (lanes){0} + 1;

  if (f == MLP_LOGISTIC)
    for (size_t i = 0; i < n; i += LANES)
      TO(d + i) *= AT(a + i) * (one - AT(a + i));
  if (f == MLP_TANH)
    for (size_t i = 0; i < n; i += LANES)
      TO(d + i) *= one - AT(a + i) * AT(a + i);
  if (f == MLP_RELU)
    for (size_t i = 0; i < n; i += LANES)
      TO(d + i) = (lanes)((mask)AT(d + i) & BELOW_ZERO(-(mask)AT(a + i)));
}

/* --- Sums -------------------------------------------------------------- */

HPO_CLONES
void mlp_sum_rows(const float *x, size_t rows, size_t n, float *to) {
  size_t j = 0;

  for (; j + LANES <= n; j += LANES) {
    loose sum = LOOSE_AT(to + j);
    for (size_t i = 0; i < rows; i++)
      sum += LOOSE_AT(x + i * n + j);
    LOOSE(to + j) = sum;
  }
  for (; j < n; j++)
    for (size_t i = 0; i < rows; i++)
      to[j] += x[i * n + j];
}

HPO_CLONES
void mlp_add(float *to, const float *from, size_t n) {
  for (size_t i = 0; i < n; i += LANES)
    TO(to + i) += AT(from + i);
}

HPO_CLONES
void mlp_times(float *to, const float *from, size_t n) {
  for (size_t i = 0; i < n; i += LANES)
    TO(to + i) *= AT(from + i);
}

HPO_CLONES
double mlp_squares(const float *x, size_t n) {
  wide a = {0}, b = {0};
  double sum = 0;

  for (size_t i = 0; i < n; i += LANES) {
    const wide u = __builtin_convertvector(*(const half *)(x + i), wide);
    const wide v =
        __builtin_convertvector(*(const half *)(x + i + WIDE), wide);
    a += u * u;
    b += v * v;
  }
  a += b;
  for (size_t i = 0; i < WIDE; i++)
    sum += a[i];
  return sum;
}

/* --- Rows -------------------------------------------------------------- */

HPO_CLONES
void mlp_decode(const float *x, size_t n, const double *center,
                const double *factor, const double *fill, float *to) {
  float last[WIDE];

  for (size_t j = 0; j < n; j += WIDE) {
    wide v = __builtin_convertvector(*(const half *)(x + j), wide);
    const long_mask there = v == v;
    const wide scaled = (v - WIDE_AT(center + j)) * WIDE_AT(factor + j);
    v = (wide)(((long_mask)scaled & there) |
               ((long_mask)WIDE_AT(fill + j) & ~there));
    if (j + WIDE <= n) {
      *(half *)(to + j) = __builtin_convertvector(v, half);
      continue;
    }
    *(half *)last = __builtin_convertvector(v, half);
    for (size_t k = 0; j + k < n; k++)
      to[j + k] = last[k];
  }
}

/* --- Solvers ----------------------------------------------------------- */

/* Numbers that have all but died out become 0: denormal ones are slow. */
HPO_INLINE void flush(lanes *x) {
  const mask v = (mask)*x, size = v & MAGNITUDE;
  *x = (lanes)(v & BELOW_ZERO(TINY - size));
}

HPO_INLINE void root(lanes *x) {
  for (size_t i = 0; i < LANES; i++)
    (*x)[i] = __builtin_sqrtf((*x)[i]);
}

HPO_CLONES
void mlp_change_adam(const mlp_change *c, const float *g, float *first,
                     float *second, float *w, size_t n) {
  for (size_t i = 0; i < n; i += LANES) {
    const lanes d = (AT(g + i) + c->alpha * AT(w + i)) * c->share;
    lanes m = c->beta_1 * AT(first + i) + c->rest_1 * d;
    lanes v = c->beta_2 * AT(second + i) + c->rest_2 * (d * d);

    flush(&m);
    flush(&v);
    TO(first + i) = m;
    TO(second + i) = v;
    root(&v);
    TO(w + i) -= c->rate * m / (v + c->epsilon);
  }
}

HPO_CLONES
void mlp_change_sgd(const mlp_change *c, const float *g, float *velocity,
                    float *w, size_t n, bool is_nesterov) {
  for (size_t i = 0; i < n; i += LANES) {
    const lanes d = (AT(g + i) + c->alpha * AT(w + i)) * c->share * c->rate;
    lanes v = c->momentum * AT(velocity + i) - d;

    flush(&v);
    TO(velocity + i) = v;
    const lanes further = c->momentum * v - d;
    TO(w + i) += is_nesterov ? further : v;
  }
}
