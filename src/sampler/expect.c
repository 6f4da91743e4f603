/* SPDX-License-Identifier: BSD-3-Clause */
/* The logarithm of expected improvement: see expect.h.
 *
 * Below z = -1, with t = -z and Mills' ratio R(t) = (1 - Phi(t)) / phi(t),
 * h = phi (1 - t R): a difference of nearly equal numbers, so beyond t = 25
 * the asymptotic series of 1 - t R takes over. */
#include "sampler/expect.h"

#include "hpo/num.h"

#include <math.h>

#define LOG_SQRT_2PI 0.91893853320467274178
#define ROOT_HALF_PI 1.25331413731550025121
#define ROOT_HALF 0.70710678118654752440

/* 1 - t R(t) = 1/t^2 - 3/t^4 + 15/t^6 - ... */
static double rest(double t, double mills) {
  double u = 1 / (t * t);

  if (t < 25)
    return 1 - t * mills;
  return u *
         (1 - 3 * u * (1 - 5 * u * (1 - 7 * u * (1 - 9 * u * (1 - 11 * u)))));
}

double hpo_expect_log_h(double z, double *phi, double *Phi) {
  double density, below, h;

  if (z > -1) {
    density = hpo_num_exp(-0.5 * z * z - LOG_SQRT_2PI);
    below = hpo_num_ndtr(z);
    h = density + z * below;
    *phi = density / h;
    *Phi = below / h;
    return hpo_num_log(h);
  }
  double mills = ROOT_HALF_PI * hpo_num_erfcx(-z * ROOT_HALF);
  h = rest(-z, mills);
  *phi = 1 / h;
  *Phi = mills / h;
  return -0.5 * z * z - LOG_SQRT_2PI + hpo_num_log(h);
}

double hpo_expect_log(double best, double mean, double variance,
                      double *by_mean, double *by_variance) {
  double sigma = sqrt(variance), phi, Phi;
  double value = hpo_expect_log_h((best - mean) / sigma, &phi, &Phi);

  *by_mean = -Phi / sigma;
  *by_variance = phi / (2 * variance);
  return value + 0.5 * hpo_num_log(variance);
}
