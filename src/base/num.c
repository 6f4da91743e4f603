/* SPDX-License-Identifier: BSD-3-Clause */
/* exp, expm1, tanh, log, log1p, the sigmoid.
 *
 * Range reduction by powers of two, then Taylor's series: exp(r) for
 * |r| <= ln(2)/2, log(1+f) = 2 atanh(f / (2+f)) for 1+f between sqrt(1/2)
 * and sqrt(2) (J.-M. Muller, Elementary functions, 3rd ed., ch. 11). */
#include <math.h>

#include "num_private.h"

#define TILE 64 /* values that a vectorised step computes at once */

double hpo_num_exp(double x) { return exp_of(x, 0); }

HPO_CLONES void hpo_num_exp_array(const double *x, double *out, size_t n) {
  double tile[TILE] = {0}; /* out may be x, but the tile is neither */
  for (size_t i = 0; i < n; i += TILE) {
    size_t m = n - i < TILE ? n - i : TILE;
    memcpy(tile, x + i, m * sizeof *x);
    for (size_t j = 0; j < TILE; j++)
      tile[j] = exp_of(tile[j], 0);
    memcpy(out + i, tile, m * sizeof *x);
  }
}

/* exp(x) - 1 for |x| <= 44 */
HPO_INLINE double expm1_of(double x) {
  double shifted = x * INV_LN2 + TO_WHOLE, k = shifted - TO_WHOLE;
  double rest = x - k * LN2_HIGH, less = -k * LN2_LOW;
  double r = rest + less, r_low = (rest - r) + less;
  double tail = r_low + r * r * exp_tail(r);
  uint64_t n = bits_of(shifted) - TO_WHOLE_BITS + 1023;
  double scale = from_bits(n << 52), low = 0;
  /* 2^k (1 + r + tail) - 1, the large parts added exactly */
  double high = exact_sum(scale - 1, scale * r, &low);
  return high + (low + scale * tail);
}

double hpo_num_expm1(double x) {
  if (x > 40)
    return exp_of(x, 0);
  if (x < -40)
    return -1;
  if (fabs(x) < 0x1p-54)
    return x;
  return expm1_of(x);
}

/* t / (t + 2), t = exp(2 |x|) - 1; without a branch, as exp_of. */
HPO_INLINE double tanh_of(double x) {
  const uint64_t sign = bits_of(x) & SIGN_BIT;
  double t = expm1_of(2 * clamp_to(from_bits(bits_of(x) & ~SIGN_BIT), 22));
  return from_bits(bits_of(t / (t + 2)) | sign);
}

double hpo_num_tanh(double x) { return tanh_of(x); }

HPO_CLONES void hpo_num_tanh_array(const double *x, double *out, size_t n) {
  double tile[TILE] = {0};
  for (size_t i = 0; i < n; i += TILE) {
    size_t m = n - i < TILE ? n - i : TILE;
    memcpy(tile, x + i, m * sizeof *x);
    for (size_t j = 0; j < TILE; j++)
      tile[j] = tanh_of(tile[j]);
    memcpy(out + i, tile, m * sizeof *x);
  }
}

/* log(2^k (1 + f)) + c */
HPO_INLINE double log_of(double f, double k, double c) {
  double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  double series =
      z * (2.0 / 3 +
           z * (2.0 / 5 +
                z * (2.0 / 7 +
                     z * (2.0 / 9 +
                          z * (2.0 / 11 +
                               z * (2.0 / 13 +
                                    z * (2.0 / 15 +
                                         z * (2.0 / 17 +
                                              z * (2.0 / 19 +
                                                   z * (2.0 / 21))))))))));
  /* 2 s = f - f^2/2 + s f^2/2 keeps f, the largest part, exact. */
  return k * LN2_HIGH -
         ((half - (s * (half + series) + (k * LN2_LOW + c))) - f);
}

double hpo_num_log(double x) {
  if (!(x > 0))
    return x == 0 ? -INFINITY : NAN;
  if (x == INFINITY)
    return x;
  double k = 0, m = log_reduce(x, &k);
  return log_of(m - 1, k, 0);
}

double hpo_num_log1p(double x) {
  if (!(x > -1))
    return x == -1 ? -INFINITY : NAN;
  if (x == INFINITY || fabs(x) < 0x1p-54)
    return x;
  if (x > -0.29 && x < 0.41)
    return log_of(x, 0, 0);
  double u = 1 + x, k = 0;
  double c = (x >= 1 ? 1 - (u - x) : x - (u - 1)) / u; /* what 1 + x lost */
  double m = log_reduce(u, &k);
  return log_of(m - 1, k, c);
}

double hpo_num_sigmoid(double x) {
  double e = exp_of(-fabs(x), 0);
  return (x < 0 ? e : 1) / (1 + e);
}
