/* SPDX-License-Identifier: BSD-3-Clause */
/* What the num_*.c files share: bits of doubles, exact products, exp of a
 * sum of two doubles. */
#ifndef HPO_NUM_PRIVATE_H
#define HPO_NUM_PRIVATE_H

#include <string.h>

#include "hpo/clones.h"
#include "hpo/num.h"

/* ln 2 in two parts: k * LN2_HIGH is exact for |k| < 2^12. */
#define LN2_HIGH 0x1.62e42fefa3000p-1
#define LN2_LOW 0x1.3de6af278ece6p-42
#define INV_LN2 0x1.71547652b82fep+0
/* x + TO_WHOLE has no room for a fraction: its last bits are rint(x). */
#define TO_WHOLE 0x1.8p52
#define TO_WHOLE_BITS UINT64_C(0x4338000000000000)

HPO_INLINE uint64_t bits_of(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

HPO_INLINE double from_bits(uint64_t u) {
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

/* high + low = x * y exactly, for |x|, |y| < 2^970 and no underflow
 * (T. J. Dekker, A floating-point technique for extending the available
 * precision, 1971). */
HPO_INLINE double exact_product(double x, double y, double *low) {
  double p = x * y, cx = x * 134217729.0, cy = y * 134217729.0;
  double xh = cx - (cx - x), yh = cy - (cy - y);
  double xl = x - xh, yl = y - yh;
  *low = ((xh * yh - p) + xh * yl + xl * yh) + xl * yl;
  return p;
}

/* high + low = x + y exactly (D. E. Knuth, TAOCP 2, 4.2.2). */
HPO_INLINE double exact_sum(double x, double y, double *low) {
  double s = x + y, back = s - x;
  *low = (x - (s - back)) + (y - back);
  return s;
}

/* 1/2! + r/3! + ... + r^11/13!: the part of exp(r) after 1 + r, over r^2.
 * For |r| <= ln(2)/2 what is cut off is under 2^-57. */
HPO_INLINE double exp_tail(double r) {
  double r2 = r * r, r4 = r2 * r2;
  double a = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
  double b =
      (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
  double c = (1.0 / 3628800 + r * (1.0 / 39916800)) +
             r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
  return a + r4 * (b + r4 * c);
}

#define SIGN_BIT (UINT64_C(1) << 63)

/* x brought into [-most, most]; NaN stays.  By integers, since a comparison
 * of doubles may trap and gcc then keeps it out of vectorised loops. */
HPO_INLINE double clamp_to(double x, double limit) {
  const int64_t most = (int64_t)bits_of(limit);
  const int64_t infinite = INT64_C(0x7ff0000000000000);
  int64_t u = (int64_t)bits_of(x), size = u & INT64_MAX;
  int64_t over = size > most ? -1 : 0, number = size <= infinite ? -1 : 0;
  int64_t change = over & number;
  return from_bits((uint64_t)((u & ~change) | (((u ^ size) | most) & change)));
}

/* exp(x + low), |low| << |x|; without a branch, so that loops over it are
 * vectorised.  The scale 2^k goes in as two factors, so that the last
 * product alone rounds to a subnormal or to infinity. */
HPO_INLINE double exp_of(double x, double low) {
  x = clamp_to(x, 760); /* where exp is 0 or infinity */
  double shifted = x * INV_LN2 + TO_WHOLE, k = shifted - TO_WHOLE;
  double rest = x - k * LN2_HIGH, less = low - k * LN2_LOW;
  double r = rest + less, r_low = (rest - r) + less;
  double y = 1 + (r + (r_low + r * r * exp_tail(r)));
  uint64_t n = bits_of(shifted) - TO_WHOLE_BITS + 4096, half = n >> 1;
  double scale = from_bits((half - 2048 + 1023) << 52);
  double other = from_bits((n - half - 2048 + 1023) << 52);
  return y * scale * other;
}

/* x = 2^k * m with m in [sqrt(1/2), sqrt(2)); 0 < x < infinity. */
HPO_INLINE double log_reduce(double x, double *k) {
  const uint64_t root = UINT64_C(0x3fe6a09e667f3bcd); /* sqrt(1/2) */
  const uint64_t one = UINT64_C(0x3ff0000000000000);
  double down = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    down = 54;
  }
  uint64_t u = bits_of(x) + (one - root);
  *k = (double)(int64_t)(u >> 52) - 1023 - down;
  return from_bits((u & UINT64_C(0x000fffffffffffff)) + root);
}

#endif
