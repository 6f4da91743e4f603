/* SPDX-License-Identifier: BSD-3-Clause */
/* Test functions with several values: see several.h. */
#include "model/several.h"

#include "hpo/num.h"

#include <math.h>

#define PI 3.14159265358979323846

/* The distance from the front that zdt1 to zdt3 share. */
static double zdt_g(const double *x, size_t n) {
  double sum = 0;

  for (size_t i = 1; i < n; i++)
    sum += x[i];
  return 1 + 9 * sum / (double)(n - 1);
}

void hpo_several_zdt1(const double *x, size_t n, double *f) {
  double g = zdt_g(x, n);

  f[0] = x[0];
  f[1] = g * (1 - sqrt(x[0] / g));
}

void hpo_several_zdt2(const double *x, size_t n, double *f) {
  double g = zdt_g(x, n);

  f[0] = x[0];
  f[1] = g * (1 - x[0] / g * (x[0] / g));
}

void hpo_several_zdt3(const double *x, size_t n, double *f) {
  double g = zdt_g(x, n);

  f[0] = x[0];
  f[1] = g * (1 - sqrt(x[0] / g) - x[0] / g * hpo_num_sin(10 * PI * x[0]));
}

void hpo_several_dtlz2(const double *x, size_t n, double *f) {
  double g = 0, a = x[0] * PI / 2, b = x[1] * PI / 2;

  for (size_t i = 2; i < n; i++)
    g += (x[i] - 0.5) * (x[i] - 0.5);
  f[0] = (1 + g) * hpo_num_cos(a) * hpo_num_cos(b);
  f[1] = (1 + g) * hpo_num_cos(a) * hpo_num_sin(b);
  f[2] = (1 + g) * hpo_num_sin(a);
}

void hpo_several_bnh(const double *x, size_t n, double *f) {
  (void)n;
  f[0] = 4 * x[0] * x[0] + 4 * x[1] * x[1];
  f[1] = (x[0] - 5) * (x[0] - 5) + (x[1] - 5) * (x[1] - 5);
  f[2] = (x[0] - 5) * (x[0] - 5) + x[1] * x[1];
  f[3] = (x[0] - 8) * (x[0] - 8) + (x[1] + 3) * (x[1] + 3);
}

/* Each choice has a stretch of the front of its own. */
void hpo_several_mixed2(const double *x, size_t n, double *f) {
  double far = (x[1] - 4 - 6 * x[2]) / 20, bend = 0.25 * x[2];

  (void)n;
  f[0] = x[0] + 4 * far * far + 0.4 * bend;
  f[1] = (1 - x[0]) * (1 - x[0]) + 4 * far * far + 0.5 * (0.5 - bend) * x[0];
}
