/* SPDX-License-Identifier: BSD-3-Clause */
/* The error function and the normal distribution.
 *
 * Everything rests on erf near 0 and erfcx(x) = exp(x^2) erfc(x) elsewhere.
 * Both are polynomials fitted for this file in 60 digits: erf(x) / x in x^2
 * on [0, 1], and (1 + 2 x) erfcx(x) as a Chebyshev series in
 * t = (x - 4) / (x + 4) on [0, infinity) (the form of M. M. Shepherd,
 * J. G. Laframboise, Math. Comp. 36, 1981).  The quantile is algorithm
 * AS 241 (M. J. Wichura, Applied Statistics 37, 1988, PPND16). */
#include <math.h>

#include "num_private.h"

#define ROOT_HALF 0x1.6a09e667f3bcdp-1

static double polynomial(const double *c, size_t n, double x) {
  double y = c[n - 1];
  for (size_t i = n - 1; i-- > 0;)
    y = y * x + c[i];
  return y;
}

/* |x| <= 1 */
static double erf_near(double x) {
  static const double c[] = {
      0x1.20dd750429b6dp+0,   -0x1.812746b0379e7p-2,  0x1.ce2f21a042bdep-4,
      -0x1.b82ce312889bep-6,  0x1.565bcd0e650e1p-8,   -0x1.c02db3feedba8p-11,
      0x1.f9a326c2864b4p-14,  -0x1.f4d2562282ff2p-17, 0x1.b9e65114fcc87p-20,
      -0x1.5f6d978de772fp-23, 0x1.fc43a356a068dp-27,  -0x1.4e61eb4124ecbp-30,
      0x1.7f0f204500b63p-34,  -0x1.29cd9cfb6be5fp-38};
  return x * polynomial(c, sizeof c / sizeof c[0], x * x);
}

/* exp(x^2) erfc(x) for x >= 0, by Clenshaw's recurrence */
double hpo_num_erfcx(double x) {
  static const double c[] = {
      0x1.2d6f89fde5d31p+0,   -0x1.dbd7f406f0499p-8,  -0x1.4cdca869ad5c3p-4,
      0x1.ec465395e4195p-5,   -0x1.d71abf3cb584ep-6,  0x1.5b32ddd011bcbp-7,
      -0x1.9b29d047b35d8p-9,  0x1.86ef5f940a354p-11,  -0x1.1f3f05651159ap-13,
      0x1.204c1fa3be6c7p-16,  -0x1.804fd072268f5p-21, -0x1.04813a1b8a43fp-22,
      0x1.df061781bececp-25,  -0x1.216acaa8bc34bp-29, -0x1.421950d8f4ea7p-30,
      0x1.a3fa2e79e6fdep-33,  0x1.efb3e315738f5p-37,  -0x1.e59f50c0d2a6dp-38,
      0x1.9ce35d0f342aap-44,  0x1.e31cd1e31c253p-43,  -0x1.091c39299cbc7p-46,
      -0x1.e08757ddb404fp-48, 0x1.b09c53938c643p-51,  0x1.ffeb28f8a7c30p-53,
      -0x1.246d137a7141bp-55, -0x1.2e4a1567a7226p-57, 0x1.6fbfbc73f7b96p-60};
  if (x > 1e17)
    return 0.5641895835477562869 / x; /* 1 / (x sqrt(pi)) */
  double t = (x - 4) / (x + 4), b = 0, last = 0;
  for (size_t i = sizeof c / sizeof c[0] - 1; i > 0; i--) {
    double next = 2 * t * b - last + c[i];
    last = b;
    b = next;
  }
  return (t * b - last + c[0]) / (1 + 2 * x);
}

/* exp(-scale x^2) without the rounding of x^2; scale is a power of two */
static double exp_square(double x, double scale) {
  double low = 0, high = 0;
  if (fabs(x) > 60)
    return 0;
  high = exact_product(x, x, &low);
  return exp_of(-scale * high, -scale * low);
}

double hpo_num_erf(double x) {
  double size = fabs(x);
  if (!(size > 1))
    return erf_near(x); /* NaN too */
  double tail = hpo_num_erfcx(size) * exp_square(x, 1);
  return x < 0 ? tail - 1 : 1 - tail;
}

/* P(X > x) for x >= 0 */
static double upper(double x) {
  if (x < 0.5)
    return 0.5 - 0.5 * erf_near(x * ROOT_HALF);
  return 0.5 * exp_square(x, 0.5) * hpo_num_erfcx(x * ROOT_HALF);
}

double hpo_num_ndtr(double x) {
  if (isnan(x))
    return x;
  return x < 0 ? upper(-x) : 1 - upper(x);
}

double hpo_num_log_ndtr(double x) {
  if (isnan(x))
    return x;
  if (x >= 0)
    return hpo_num_log1p(-upper(x));
  if (x > -1)
    return hpo_num_log(upper(-x));
  if (x < -1e160)
    return -INFINITY;
  return -0.5 * x * x + hpo_num_log(0.5 * hpo_num_erfcx(-x * ROOT_HALF));
}

/* |q| <= 0.425, q = p - 1/2 */
static double quantile_near(double q) {
  static const double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                             1.9715909503065514427e3, 1.3731693765509461125e4,
                             4.5921953931549871457e4, 6.7265770927008700853e4,
                             3.3430575583588128105e4, 2.5090809287301226727e3};
  static const double b[] = {1,
                             4.2313330701600911252e1,
                             6.8718700749205790830e2,
                             5.3941960214247511077e3,
                             2.1213794301586595867e4,
                             3.9307895800092710610e4,
                             2.8729085735721942674e4,
                             5.2264952788528545610e3};
  double r = 0.180625 - q * q;
  return q * polynomial(a, 8, r) / polynomial(b, 8, r);
}

/* The upper quantile of a tail p < 0.075 */
static double quantile_far(double p) {
  static const double c[] = {
      1.42343711074968357734e0,  4.63033784615654529590e0,
      5.76949722146069140550e0,  3.64784832476320460504e0,
      1.27045825245236838258e0,  2.41780725177450611770e-1,
      2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double d[] = {1,
                             2.05319162663775882187e0,
                             1.67638483018380384940e0,
                             6.89767334985100004550e-1,
                             1.48103976427480074590e-1,
                             1.51986665636164571966e-2,
                             5.47593808499534494600e-4,
                             1.05075007164441684324e-9};
  static const double e[] = {
      6.65790464350110377720e0,  5.46378491116411436990e0,
      1.78482653991729133580e0,  2.96560571828504891230e-1,
      2.65321895265761230930e-2, 1.24266094738807843860e-3,
      2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double f[] = {1,
                             5.99832206555887937690e-1,
                             1.36929880922735805310e-1,
                             1.48753612908506148525e-2,
                             7.86869131145613259100e-4,
                             1.84631831751005468180e-5,
                             1.42151175831644588870e-7,
                             2.04426310338993978564e-15};
  double r = sqrt(-hpo_num_log(p));
  if (r <= 5)
    return polynomial(c, 8, r - 1.6) / polynomial(d, 8, r - 1.6);
  return polynomial(e, 8, r - 5) / polynomial(f, 8, r - 5);
}

double hpo_num_ndtri(double p) {
  if (!(p > 0 && p < 1))
    return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
  double q = p - 0.5;
  if (fabs(q) <= 0.425)
    return quantile_near(q);
  return q < 0 ? -quantile_far(p) : quantile_far(1 - p);
}
