/* SPDX-License-Identifier: BSD-3-Clause */
/* Small dense matrices: see dense.h.  All rests on one tile, 4 x 16 sums of
 * products held in registers. */
#include "sampler/dense.h"

#include "hpo/clones.h"

#include <math.h>
#include <string.h>

#define LANES 8
#define TILE HPO_DENSE_TILE
#define ROWS HPO_DENSE_ROWS

typedef double lanes __attribute__((vector_size(64), may_alias));

#define AT(p) (*(const lanes *)(p))
#define TO(p) (*(lanes *)(p))

size_t hpo_dense_pad(size_t n) { return (n + TILE - 1) / TILE * TILE; }

/* out[r][j] = sum over m < depth of p[m ld_p + r] q[m ld_q + j]. */
HPO_INLINE void tile(const double *p, size_t ld_p, const double *q,
                     size_t ld_q, size_t depth, double out[ROWS][TILE]) {
  lanes a0 = {0}, b0 = {0}, a1 = {0}, b1 = {0};
  lanes a2 = {0}, b2 = {0}, a3 = {0}, b3 = {0};

  for (size_t m = 0; m < depth; m++, p += ld_p, q += ld_q) {
    const lanes a = AT(q), b = AT(q + LANES);
    a0 += p[0] * a;
    b0 += p[0] * b;
    a1 += p[1] * a;
    b1 += p[1] * b;
    a2 += p[2] * a;
    b2 += p[2] * b;
    a3 += p[3] * a;
    b3 += p[3] * b;
  }
  memcpy(out[0], &a0, sizeof a0);
  memcpy(out[0] + LANES, &b0, sizeof b0);
  memcpy(out[1], &a1, sizeof a1);
  memcpy(out[1] + LANES, &b1, sizeof b1);
  memcpy(out[2], &a2, sizeof a2);
  memcpy(out[2] + LANES, &b2, sizeof b2);
  memcpy(out[3], &a3, sizeof a3);
  memcpy(out[3] + LANES, &b3, sizeof b3);
}

/* Solves for ROWS rows of x, x[r][j] -= sum of p q, then forward
 * substitution with the triangle at d [ROWS][ROWS], row stride ld. */
HPO_INLINE void solve(const double *d, size_t ld, double *x[ROWS],
                      const double minus[ROWS][TILE]) {
  for (size_t r = 0; r < ROWS; r++) {
    double pivot = 1 / d[r * ld + r];
    for (size_t j = 0; j < TILE; j++)
      x[r][j] -= minus[r][j];
    for (size_t m = 0; m < r; m++)
      for (size_t j = 0; j < TILE; j++)
        x[r][j] -= d[m * ld + r] * x[m][j];
    for (size_t j = 0; j < TILE; j++)
      x[r][j] *= pivot;
  }
}

/* The triangle of ROWS rows from k; its sums are taken away already. */
static bool factor_corner(double *a, size_t pad, size_t k) {
  for (size_t r = k; r < k + ROWS; r++) {
    for (size_t m = k; m < r; m++)
      for (size_t j = r; j < k + ROWS; j++)
        a[r * pad + j] -= a[m * pad + r] * a[m * pad + j];
    double *row = a + r * pad;
    if (!(row[r] > 0))
      return false;
    row[r] = sqrt(row[r]);
    for (size_t j = r + 1; j < k + ROWS; j++)
      row[j] /= row[r];
  }
  return true;
}

HPO_CLONES bool hpo_dense_factor(double *a, size_t pad) {
  double sum[ROWS][TILE];

  for (size_t k = 0; k < pad; k += ROWS) {
    size_t first = k / TILE * TILE;
    tile(a + k, pad, a + first, pad, k, sum);
    for (size_t r = 0; r < ROWS; r++)
      for (size_t j = k; j < first + TILE; j++)
        a[(k + r) * pad + j] -= sum[r][j - first];
    if (!factor_corner(a, pad, k))
      return false;
    for (size_t r = k; r < k + ROWS; r++) /* the rest of the first tile */
      for (size_t j = k + ROWS; j < first + TILE; j++) {
        for (size_t m = k; m < r; m++)
          a[r * pad + j] -= a[m * pad + r] * a[m * pad + j];
        a[r * pad + j] /= a[r * pad + r];
      }
    for (size_t j = first + TILE; j < pad; j += TILE) {
      double *x[ROWS] = {a + k * pad + j, a + (k + 1) * pad + j,
                         a + (k + 2) * pad + j, a + (k + 3) * pad + j};
      tile(a + k, pad, a + j, pad, k, sum);
      solve(a + k * pad + k, pad, x, (const double(*)[TILE])sum);
    }
  }
  return true;
}

HPO_CLONES void hpo_dense_invert(const double *u, size_t pad, double *v) {
  double sum[ROWS][TILE];

  memset(v, 0, pad * pad * sizeof *v);
  for (size_t k = 0; k < pad; k++)
    v[k * pad + k] = 1;
  for (size_t k = 0; k < pad; k += ROWS)
    for (size_t j = 0; j <= k; j += TILE) {
      double *x[ROWS] = {v + k * pad + j, v + (k + 1) * pad + j,
                         v + (k + 2) * pad + j, v + (k + 3) * pad + j};
      tile(u + j * pad + k, pad, v + j * pad + j, pad, k - j, sum);
      solve(u + k * pad + k, pad, x, (const double(*)[TILE])sum);
    }
}

HPO_CLONES void hpo_dense_square(const double *v, size_t pad, double *c) {
  double sum[ROWS][TILE];

  for (size_t i = 0; i < pad; i += ROWS)
    for (size_t j = i / TILE * TILE; j < pad; j += TILE) {
      tile(v + j * pad + i, pad, v + j * pad + j, pad, pad - j, sum);
      for (size_t r = 0; r < ROWS; r++)
        memcpy(c + (i + r) * pad + j, sum[r], sizeof sum[r]);
    }
  for (size_t i = 0; i < pad; i++)
    for (size_t j = 0; j < i; j++)
      c[i * pad + j] = c[j * pad + i];
}

HPO_CLONES void hpo_dense_times(const double *c, size_t pad, const double *k,
                                double *out) {
  double sum[ROWS][TILE];

  for (size_t j = 0; j < pad; j += TILE) {
    tile(k, ROWS, c + j, pad, pad, sum);
    for (size_t r = 0; r < ROWS; r++)
      memcpy(out + r * pad + j, sum[r], sizeof sum[r]);
  }
}

HPO_CLONES double hpo_dense_dot(const double *x, const double *y, size_t n) {
  lanes s = {0};

  for (size_t j = 0; j < n; j += LANES)
    s += AT(x + j) * AT(y + j);
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

HPO_CLONES void hpo_dense_left(const double *v, size_t pad, size_t n,
                               const double *x, double *out) {
  size_t most = hpo_dense_pad(n);

  memset(out, 0, pad * sizeof *out);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < most; j += LANES)
      TO(out + j) += x[i] * AT(v + i * pad + j);
  memset(out + n, 0, (pad - n) * sizeof *out);
}

void hpo_dense_right(const double *v, size_t pad, size_t n, const double *x,
                     double *out) {
  memset(out, 0, pad * sizeof *out);
  for (size_t i = 0; i < n; i++)
    out[i] = hpo_dense_dot(v + i * pad, x, hpo_dense_pad(n));
}
