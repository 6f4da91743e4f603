/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loops of linear models, in vectors of eight doubles whatever the
 * processor's width: the same additions in the same order everywhere. */
#include "kernels.h"

#include "hpo/clones.h"
#include "lanes.h"

/* Eight columns. */
HPO_INLINE void decode(const float *x, const linear_scale *s, size_t j,
                       double *z) {
  lanes v = __builtin_convertvector(*(const narrow *)x, lanes);
  mask there = v == v;
  lanes scaled = (v - AT(s->center + j)) * AT(s->factor + j);

  TO(z + j) = CHOOSE(there, scaled, AT(s->fill + j));
}

HPO_CLONES
void linear_decode(const float *x, size_t ld, const linear_scale *s,
                   double *z) {
  for (size_t j = 0; j < ld; j += LANES)
    decode(x + j, s, j, z);
}

HPO_CLONES
void linear_decode_groups(const float *x, const size_t *group, size_t groups,
                          const linear_scale *s, double *z) {
  for (size_t i = 0; i < groups; i++)
    decode(x + group[i], s, i * LANES, z);
}

HPO_CLONES
void linear_square(double *z, size_t n, size_t ld) {
  for (size_t j = 0; j < n * ld; j += LANES)
    TO(z + j) = AT(z + j) * AT(z + j);
}

HPO_CLONES
void linear_weigh(const double *z, size_t n, size_t ld, const double *q,
                  double *to) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < ld; j += LANES)
      TO(to + i * ld + j) = AT(z + i * ld + j) * q[i];
}

HPO_INLINE double sum_of(const lanes *v) {
  const lanes a = *v;

  return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}

HPO_CLONES
double linear_dot(const double *x, const double *y, size_t n) {
  lanes sum = {0};

  for (size_t j = 0; j < n; j += LANES)
    sum += AT(x + j) * AT(y + j);
  return sum_of(&sum);
}

HPO_CLONES
void linear_add(double a, const double *x, size_t n, double *y) {
  for (size_t j = 0; j < n; j += LANES)
    TO(y + j) = AT(y + j) + AT(x + j) * a;
}

/* --- Columns of 0 and 1 ------------------------------------------------- */

HPO_CLONES
void linear_pick(const uint16_t *const *code, size_t n, size_t codes,
                 const double *v, const double *base, size_t wide, double *b) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < wide; k += LANES) {
      lanes sum = AT(base + k);

      for (size_t f = 0; f < codes; f++)
        sum += AT(v + code[i][f] * wide + k);
      TO(b + i * wide + k) = sum;
    }
}

HPO_CLONES
void linear_drop(const uint16_t *const *code, size_t n, size_t codes,
                 const double *r, size_t wide, double *a) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < wide; k += LANES) {
      const lanes x = AT(r + i * wide + k);

      for (size_t f = 0; f < codes; f++) {
        double *to = a + code[i][f] * wide + k;
        TO(to) = AT(to) + x;
      }
    }
}

/* --- Forward ---------------------------------------------------------- */

/* The sums of eight vectors, each in the order of sum_of. */
#define PAIR(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

#define HALVE(a, b)                                                           \
  (PAIR(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +                                     \
   PAIR(a, b, 4, 5, 6, 7, 12, 13, 14, 15))
#define QUARTER(a, b)                                                         \
  (PAIR(a, b, 0, 1, 4, 5, 8, 9, 12, 13) +                                     \
   PAIR(a, b, 2, 3, 6, 7, 10, 11, 14, 15))

HPO_INLINE void sums_of(const lanes *v, double *to) {
  const lanes a = QUARTER(HALVE(v[0], v[1]), HALVE(v[2], v[3]));
  const lanes b = QUARTER(HALVE(v[4], v[5]), HALVE(v[6], v[7]));

  TO(to) = PAIR(a, b, 0, 2, 4, 6, 8, 10, 12, 14) +
           PAIR(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}

/* Eight rows, so many outputs. */
HPO_INLINE void forward_block(const double *z, size_t ld, const double *w,
                              const size_t outputs, double *m) {
  lanes sum[3][LANES] = {{{0}}};

  for (size_t j = 0; j < ld; j += LANES)
#pragma GCC unroll 3
    for (size_t c = 0; c < outputs; c++) {
      const lanes x = AT(w + c * ld + j);
#pragma GCC unroll 8
      for (size_t i = 0; i < LANES; i++)
        sum[c][i] += AT(z + i * ld + j) * x;
    }
#pragma GCC unroll 3
  for (size_t c = 0; c < outputs; c++)
    sums_of(sum[c], m + c * LINEAR_TILE);
}

HPO_CLONES
void linear_forward(const double *z, size_t n, size_t ld, const double *w,
                    size_t outputs, double *m) {
  size_t c = 0;

  for (; c + 3 <= outputs; c += 3)
    for (size_t i = 0; i < n; i += LANES)
      forward_block(z + i * ld, ld, w + c * ld, 3, m + c * LINEAR_TILE + i);
  for (; c < outputs; c++)
    for (size_t i = 0; i < n; i += LANES)
      forward_block(z + i * ld, ld, w + c * ld, 1, m + c * LINEAR_TILE + i);
}

HPO_CLONES
void linear_multiply(const double *h, size_t n, const double *v, double *out) {
  for (size_t i = 0; i < n; i += LANES) {
    lanes sum[LANES] = {{0}};

    for (size_t j = 0; j < n; j += LANES) {
      const lanes x = AT(v + j);
#pragma GCC unroll 8
      for (size_t k = 0; k < LANES; k++)
        sum[k] += AT(h + (i + k) * n + j) * x;
    }
    sums_of(sum, out + i);
  }
}

/* --- Backward --------------------------------------------------------- */

enum { MOST_WIDE = 4, MOST_DEEP = 8 };

/* to [deep][ld] += r z for so many vectors of z and outputs.  The factors of
 * row i are r[i * step + c * apart]. */
HPO_INLINE void add_block(const double *z, size_t n, size_t ld,
                          const double *r, size_t step, size_t apart,
                          const size_t wide, const size_t deep, double *to) {
  lanes sum[MOST_DEEP][MOST_WIDE];

#pragma GCC unroll 8
  for (size_t c = 0; c < deep; c++)
#pragma GCC unroll 4
    for (size_t k = 0; k < wide; k++)
      sum[c][k] = AT(to + c * ld + k * LANES);
  for (size_t i = 0; i < n; i++)
#pragma GCC unroll 8
    for (size_t c = 0; c < deep; c++) {
      const double x = r[i * step + c * apart];
#pragma GCC unroll 4
      for (size_t k = 0; k < wide; k++)
        sum[c][k] += AT(z + i * ld + k * LANES) * x;
    }
#pragma GCC unroll 8
  for (size_t c = 0; c < deep; c++)
#pragma GCC unroll 4
    for (size_t k = 0; k < wide; k++)
      TO(to + c * ld + k * LANES) = sum[c][k];
}

/* All columns for so many outputs. */
HPO_INLINE void backward_row(const double *z, size_t n, size_t ld,
                             const double *r, const size_t deep, double *g) {
  size_t j = 0;

  for (; j + MOST_WIDE * LANES <= ld; j += MOST_WIDE * LANES)
    add_block(z + j, n, ld, r, 1, LINEAR_TILE, MOST_WIDE, deep, g + j);
  for (; j < ld; j += LANES)
    add_block(z + j, n, ld, r, 1, LINEAR_TILE, 1, deep, g + j);
}

HPO_CLONES
void linear_backward(const double *z, size_t n, size_t ld, const double *r,
                     size_t outputs, double *g) {
  size_t c = 0;

  for (; c + 4 <= outputs; c += 4)
    backward_row(z, n, ld, r + c * LINEAR_TILE, 4, g + c * ld);
  for (; c < outputs; c++)
    backward_row(z, n, ld, r + c * LINEAR_TILE, 1, g + c * ld);
}

HPO_CLONES
void linear_outer(const double *a, const double *z, size_t n, size_t ld,
                  double *h) {
  for (size_t i = 0; i < ld; i += LANES) {
    size_t j = i;

    for (; j + 2 * LANES <= ld; j += 2 * LANES)
      add_block(z + j, n, ld, a + i, ld, 1, 2, LANES, h + i * ld + j);
    if (j < ld)
      add_block(z + j, n, ld, a + i, ld, 1, 1, LANES, h + i * ld + j);
  }
}
