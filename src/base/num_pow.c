/* SPDX-License-Identifier: BSD-3-Clause */
/* pow: the logarithm in twice the precision, to about 2^-66 relative, so
 * that its product with y is right to a fraction of an ulp of the result. */
#include <math.h>

#include "num_private.h"

/* v = a * b for pairs of high and low parts. */
static double pair_product(double a, double a_low, double b, double b_low,
                           double *low) {
  double high = exact_product(a, b, low);
  *low += a * b_low + a_low * b;
  return high;
}

/* high + low = log(x), 0 < x < infinity, as in num.c's log_of:
 * 2 s + s z (2/3 + z (2/5 + ...)), s = f / (2 + f), z = s^2 */
static double pair_log(double x, double *low) {
  double k = 0, m = log_reduce(x, &k), f = m - 1;
  double d_low = 0, d = exact_sum(2, f, &d_low);
  double s = f / d, back_low = 0, back = exact_product(s, d, &back_low);
  double s_low = ((f - back) - back_low - s * d_low) / d;
  double z_low = 0, z = pair_product(s, s_low, s, s_low, &z_low);
  double series = 2.0 / 21 + z * (2.0 / 23);
  for (int n = 19; n >= 5; n -= 2)
    series = 2.0 / n + z * series;
  double p_low = 0;
  double p = exact_sum(0x1.5555555555555p-1,
                       0x1.5555555555555p-55 + z * series, &p_low);
  double t_low = 0, t = pair_product(z, z_low, p, p_low, &t_low);
  double v_low = 0, v = pair_product(s, s_low, t, t_low, &v_low);
  double m_low = 0, m_high = exact_sum(2 * s, v, &m_low);
  double sum_low = 0, sum = exact_sum(k * LN2_HIGH, m_high, &sum_low);
  *low = sum_low + (m_low + (2 * s_low + v_low) + k * LN2_LOW);
  return sum;
}

/* x is 0 or infinity, or y is infinite; none is NaN, x >= 0. */
static double pow_limit(double x, double y) {
  bool grows = (x > 1) == (y > 0);
  return x == 1 || y == 0 ? 1 : grows ? INFINITY : 0;
}

double hpo_num_pow(double x, double y) {
  if (x == 1 || y == 0)
    return 1;
  if (isnan(y) || !(x >= 0))
    return NAN;
  if (x == 0 || isinf(x) || isinf(y))
    return pow_limit(x, y);
  y = y > 0x1p64 ? 0x1p64 : y < -0x1p64 ? -0x1p64 : y;
  double l_low = 0, l = pair_log(x, &l_low);
  double e_low = 0, e = exact_product(y, l, &e_low);
  if (e > 720 || e < -760)
    return e > 0 ? INFINITY : 0;
  return exp_of(e, e_low + y * l_low);
}
