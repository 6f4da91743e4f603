/* SPDX-License-Identifier: BSD-3-Clause */
/* sin and cos: pi/2 is taken off in four parts (W. J. Cody, W. Waite,
 * Software manual for the elementary functions, 1980), what is left goes
 * into Taylor's series. */
#include <math.h>

#include "num_private.h"

#define TWO_BY_PI 0x1.45f306dc9c883p-1
#define MOST 0x1p27 /* products of n and a 26-bit part are exact below */

/* x = n pi/2 + r + low, |r| <= pi/4 or so; returns n mod 4. */
static unsigned reduce(double x, double *r, double *low) {
  double shifted = x * TWO_BY_PI + TO_WHOLE, n = shifted - TO_WHOLE;
  double a = x - n * 0x1.921fb5p+0, e1 = 0, e2 = 0, e3 = 0;
  a = exact_sum(a, -n * 0x1.110b46p-26, &e1);
  a = exact_sum(a, -n * 0x1.1a6263p-54, &e2);
  a = exact_sum(a, -n * 0x1.8a2e03707344ap-81, &e3);
  *r = exact_sum(a, e1 + (e2 + e3), low);
  return (unsigned)(bits_of(shifted) & 3);
}

static double sin_series(double r, double low) {
  double z = r * r;
  double s = -1.0 / 6 +
             z * (1.0 / 120 +
                  z * (-1.0 / 5040 +
                       z * (1.0 / 362880 +
                            z * (-1.0 / 39916800 +
                                 z * (1.0 / 6227020800 +
                                      z * (-1.0 / 1307674368000 +
                                           z * (1.0 / 355687428096000)))))));
  return r + (low * (1 - 0.5 * z) + r * z * s);
}

static double cos_series(double r, double low) {
  double z = r * r, half = 0.5 * z, w = 1 - half;
  double c = 1.0 / 24 +
             z * (-1.0 / 720 +
                  z * (1.0 / 40320 +
                       z * (-1.0 / 3628800 +
                            z * (1.0 / 479001600 +
                                 z * (-1.0 / 87178291200 +
                                      z * (1.0 / 20922789888000 +
                                           z * (-1.0 / 6402373705728000)))))));
  return w + (((1 - w) - half) + (z * z * c - r * low));
}

/* sin(x + quarter pi/2) */
static double turned(double x, unsigned quarter) {
  double r = 0, low = 0;
  if (!(fabs(x) < MOST))
    return NAN;
  unsigned n = reduce(x, &r, &low) + quarter;
  double y = n % 2 == 0 ? sin_series(r, low) : cos_series(r, low);
  return n % 4 < 2 ? y : -y;
}

double hpo_num_sin(double x) { return fabs(x) < 0x1p-27 ? x : turned(x, 0); }

double hpo_num_cos(double x) { return turned(x, 1); }
