/* SPDX-License-Identifier: BSD-3-Clause */
/* Values made more like a normal distribution: see warp.h. */
#include "sampler/warp.h"

#include "hpo/num.h"

#include <math.h>

#define LEAST -1.0
#define MOST 1.0
#define STEPS 12 /* of a golden section: the power to 0.01 */
#define GOLDEN 0.61803398874989485

void hpo_warp_scale(double *y, size_t n) {
  double size = 0, mean = 0, square = 0;
  bool differ = false; /* the mean of equal values may be another */

  for (size_t i = 0; i < n; i++) {
    size = fmax(size, fabs(y[i]));
    differ = differ || y[i] != y[0];
  }
  for (size_t i = 0; i < n && size > 0; i++) {
    y[i] /= size;
    mean += y[i] / (double)n;
  }
  for (size_t i = 0; i < n; i++)
    square += (y[i] - mean) * (y[i] - mean) / (double)n;
  for (size_t i = 0; i < n; i++)
    y[i] = differ && square > 0 ? (y[i] - mean) / sqrt(square) : 0;
}

/* Equation 2.1. */
static double bend(double y, double power) {
  double side = y < 0 ? -1 : 1, p = y < 0 ? 2 - power : power;
  double log = hpo_num_log1p(fabs(y));

  return side * (fabs(p) < 1e-9 ? log : hpo_num_expm1(p * log) / p);
}

/* Equation 3.1, but for a constant. */
static double likelihood(const double *y, size_t n, double power) {
  double mean = 0, square = 0, stretch = 0;

  for (size_t i = 0; i < n; i++) {
    mean += bend(y[i], power) / (double)n;
    stretch += (y[i] < 0 ? -1 : 1) * hpo_num_log1p(fabs(y[i]));
  }
  for (size_t i = 0; i < n; i++) {
    double d = bend(y[i], power) - mean;
    square += d * d / (double)n;
  }
  return (power - 1) * stretch - 0.5 * (double)n * hpo_num_log(square);
}

void hpo_warp_bend(double *y, size_t n) {
  double low = LEAST, high = MOST;

  for (int k = 0; k < STEPS; k++) {
    double a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
    if (likelihood(y, n, a) > likelihood(y, n, b))
      high = b;
    else
      low = a;
  }
  for (size_t i = 0; i < n; i++)
    y[i] = bend(y[i], (low + high) / 2);
  hpo_warp_scale(y, n);
}
