/* SPDX-License-Identifier: BSD-3-Clause */
/* Eigenvalues of small symmetric matrices: see eigen.h. */
#include "sampler/eigen.h"

#include <math.h>

#define MOST_SWEEPS 60

/* Rows p and q of m [n][n] turn by (c, s). */
static void turn_rows(size_t n, double *m, size_t p, size_t q, double c,
                      double s) {
  double *x = m + p * n, *y = m + q * n;

  for (size_t i = 0; i < n; i++) {
    double a = x[i], b = y[i];
    x[i] = c * a - s * b;
    y[i] = s * a + c * b;
  }
}

static void turn_columns(size_t n, double *m, size_t p, size_t q, double c,
                         double s) {
  for (size_t i = 0; i < n; i++) {
    double a = m[i * n + p], b = m[i * n + q];
    m[i * n + p] = c * a - s * b;
    m[i * n + q] = s * a + c * b;
  }
}

/* Makes a[p][q] zero unless it is lost beside the diagonal; whether it was
 * not. */
static bool rotate(size_t n, double *a, double *basis, size_t p, size_t q) {
  double b = a[p * n + q], x = a[p * n + p], y = a[q * n + q];

  if (fabs(b) <= 0x1p-53 * sqrt(fabs(x)) * sqrt(fabs(y)) || b == 0)
    return false;
  double tau = (y - x) / (2 * b);
  double t = (tau >= 0 ? 1 : -1) / (fabs(tau) + sqrt(1 + tau * tau));
  double c = 1 / sqrt(1 + t * t), s = t * c;
  turn_rows(n, a, p, q, c, s);
  turn_columns(n, a, p, q, c, s);
  a[p * n + q] = a[q * n + p] = 0;
  turn_rows(n, basis, p, q, c, s);
  return true;
}

void hpo_eigen_symmetric(size_t n, double *a, double *value, double *basis) {
  bool moved = true;

  for (size_t i = 0; i < n * n; i++)
    basis[i] = i % (n + 1) == 0 ? 1 : 0;
  for (int sweep = 0; moved && sweep < MOST_SWEEPS; sweep++) {
    moved = false;
    for (size_t p = 0; p + 1 < n; p++)
      for (size_t q = p + 1; q < n; q++)
        moved |= rotate(n, a, basis, p, q);
  }
  for (size_t i = 0; i < n; i++)
    value[i] = a[i * n + i];
  /* the rotations worked on rows */
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++) {
      double swap = basis[i * n + j];
      basis[i * n + j] = basis[j * n + i];
      basis[j * n + i] = swap;
    }
}
