/* SPDX-License-Identifier: BSD-3-Clause */
/* num: accuracy against the C library in long double, special values, and
 * one digest of the bits, the same for every compiler and instruction set. */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/file.h"
#include "hpo/num.h"
#include "hpo/rng.h"

#define TRIES 40000
#define ROOT_HALF_L 0.70710678118654752440084436210484904L

static hpo_rng the_rng(void) {
  const char *text = getenv("HPO_TEST_SEED");
  uint64_t s = text != NULL ? strtoull(text, NULL, 10) : 1;
  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return hpo_rng_make(s, HPO_RNG_TEST, 0, 0);
}

/* |x - right| in units of the last place of right */
static double ulps(double x, long double right) {
  double near = (double)right;
  int e = 0;
  if ((isnan(x) && isnan(near)) || (isinf(near) && x == near))
    return 0;
  frexp(near, &e);
  if (e < -1021)
    e = -1021;
  return (double)(fabsl((long double)x - right) / ldexpl(1, e - 53));
}

typedef struct function {
  const char *name;
  double (*ours)(double);
  long double (*right)(long double);
  double low, high, most; /* the range that is tried, the error allowed */
} function;

static long double sigmoid_right(long double x) { return 1 / (1 + expl(-x)); }

static long double ndtr_right(long double x) {
  return erfcl(-x * ROOT_HALF_L) / 2;
}

static long double log_ndtr_right(long double x) {
  return x > 0 ? log1pl(-ndtr_right(-x)) : logl(ndtr_right(x));
}

static const function table[] = {
    {"exp", hpo_num_exp, expl, -746, 710, 1.0},
    {"exp", hpo_num_exp, expl, -1, 1, 1.0},
    {"expm1", hpo_num_expm1, expm1l, -45, 710, 1.5},
    {"expm1", hpo_num_expm1, expm1l, -2, 2, 1.5},
    {"log", hpo_num_log, logl, 0, 1e4, 1.0},
    {"log", hpo_num_log, logl, 0.5, 2, 1.0},
    {"log1p", hpo_num_log1p, log1pl, -1, 3, 1.0},
    {"log1p", hpo_num_log1p, log1pl, -0.01, 0.01, 1.0},
    {"log1p", hpo_num_log1p, log1pl, 0, 1e20, 1.0},
    {"sigmoid", hpo_num_sigmoid, sigmoid_right, -700, 700, 2.5},
    {"sigmoid", hpo_num_sigmoid, sigmoid_right, -10, 10, 2.5},
    {"sin", hpo_num_sin, sinl, -10, 10, 1.0},
    {"sin", hpo_num_sin, sinl, -0x1p20, 0x1p20, 1.0},
    {"sin", hpo_num_sin, sinl, -0x1p27, 0x1p27, 1.0},
    {"cos", hpo_num_cos, cosl, -10, 10, 1.0},
    {"cos", hpo_num_cos, cosl, -0x1p27, 0x1p27, 1.0},
    {"erf", hpo_num_erf, erfl, -7, 7, 3.0},
    {"ndtr", hpo_num_ndtr, ndtr_right, -37, 9, 6.0},
    {"ndtr", hpo_num_ndtr, ndtr_right, -2, 2, 6.0},
    {"log_ndtr", hpo_num_log_ndtr, log_ndtr_right, -140, 35, 6.0},
    {"log_ndtr", hpo_num_log_ndtr, log_ndtr_right, -2, 2, 6.0},
    {"tanh", hpo_num_tanh, tanhl, -23, 23, 3.0},
    {"tanh", hpo_num_tanh, tanhl, -0.5, 0.5, 3.0},
};

static void test_accuracy(void **state) {
  hpo_rng r = the_rng();
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    const function *f = &table[i];
    double worst = 0, at = 0;
    for (int t = 0; t < TRIES; t++) {
      double x = f->low + hpo_rng_next(&r) * (f->high - f->low);
      double d = ulps(f->ours(x), f->right(x));
      if (!(d <= worst)) {
        worst = d;
        at = x;
      }
    }
    print_message("%-9s on [%g, %g]: %.3f ulp at %a\n", f->name, f->low,
                  f->high, worst, at);
    assert_true(worst < f->most);
  }
}

/* Arguments of any size: random exponents. */
static void test_all_sizes(void **state) {
  hpo_rng r = the_rng();
  (void)state;
  for (int t = 0; t < TRIES; t++) {
    double x =
        ldexp(1 + hpo_rng_next(&r), (int)hpo_rng_below(&r, 2098) - 1074);
    double s = ldexp(hpo_rng_next(&r) - 0.5, -(int)hpo_rng_below(&r, 1074));
    assert_true(ulps(hpo_num_log(x), logl(x)) < 1);
    assert_true(ulps(hpo_num_log1p(x), log1pl(x)) < 1);
    assert_true(ulps(hpo_num_expm1(s), expm1l(s)) < 1.5);
    assert_true(ulps(hpo_num_exp(s), expl(s)) < 1);
    assert_true(ulps(hpo_num_tanh(s), tanhl(s)) < 3);
    assert_true(ulps(hpo_num_sin(s), sinl(s)) < 1);
    assert_true(ulps(hpo_num_erf(s), erfl(s)) < 3);
  }
}

static void test_pow(void **state) {
  hpo_rng r = the_rng();
  double worst = 0;
  (void)state;
  for (int t = 0; t < TRIES; t++) {
    double x = exp(20 * (hpo_rng_next(&r) - 0.5));
    double y = 140 * (hpo_rng_next(&r) - 0.5);
    double z = 1 + 1e-3 * (hpo_rng_next(&r) - 0.5);
    double w = 1e5 * (hpo_rng_next(&r) - 0.5);
    worst = fmax(worst, ulps(hpo_num_pow(x, y), powl(x, y)));
    worst = fmax(worst, ulps(hpo_num_pow(z, w), powl(z, w)));
  }
  print_message("pow: %.3f ulp\n", worst);
  assert_true(worst < 1.1);
  for (int n = -1074; n < 1024; n++)
    assert_true(hpo_num_pow(2, n) == ldexp(1, n));
  for (int n = 0; n < 22; n++)
    assert_true(hpo_num_pow(10, n) == powl(10, n));
  static const double edge[] = {0,    0.5,       1,        1.5,    INFINITY,
                                NAN,  DBL_MAX,   DBL_MIN,  5e-324, 2,
                                -0.5, -INFINITY, -DBL_MAX, 1e300,  -1};
  for (size_t i = 0; i < sizeof edge / sizeof edge[0]; i++)
    for (size_t j = 0; j < sizeof edge / sizeof edge[0]; j++)
      if (!(edge[i] < 0))
        assert_true(
            ulps(hpo_num_pow(edge[i], edge[j]), pow(edge[i], edge[j])) <= 1);
  assert_true(isnan(hpo_num_pow(-2, 2)));
}

static void test_ndtri(void **state) {
  hpo_rng r = the_rng();
  double worst = 0;
  (void)state;
  for (int t = 0; t < TRIES; t++) {
    double p = t % 2 == 0
                   ? hpo_rng_next(&r)
                   : ldexp(hpo_rng_next(&r), -(int)hpo_rng_below(&r, 1000));
    if (p == 0)
      continue;
    double x = hpo_num_ndtri(p);
    /* Newton's step from x to the right place */
    long double density = 0.3989422804014326779L * expl(-0.5L * x * x);
    long double off = x < 0
                          ? (ndtr_right(x) - p) / density
                          : ((1 - (long double)p) - ndtr_right(-x)) / density;
    worst = fmax(worst, (double)fabsl(off / (x == 0 ? 1 : x)));
  }
  print_message("ndtri: relative error %.2e\n", worst);
  assert_true(worst < 2e-15);
  assert_true(hpo_num_ndtri(0.5) == 0);
  assert_true(hpo_num_ndtri(0) == -INFINITY);
  assert_true(hpo_num_ndtri(1) == INFINITY);
  assert_true(isnan(hpo_num_ndtri(-0.1)) && isnan(hpo_num_ndtri(1.1)));
  assert_true(isnan(hpo_num_ndtri(NAN)));
}

static void test_special(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    assert_true(isnan(table[i].ours(NAN)));
  assert_true(hpo_num_exp(0) == 1 && hpo_num_exp(-0.0) == 1);
  assert_true(hpo_num_exp(INFINITY) == INFINITY);
  assert_true(hpo_num_exp(-INFINITY) == 0);
  assert_true(hpo_num_exp(709.79) == INFINITY && hpo_num_exp(1e300) > 1e308);
  assert_true(hpo_num_exp(709.78) < INFINITY);
  assert_true(hpo_num_exp(-745.1) == 0x1p-1074);
  assert_true(hpo_num_exp(-745.2) == 0 && hpo_num_exp(-1e300) == 0);
  assert_true(hpo_num_tanh(INFINITY) == 1 && hpo_num_tanh(-INFINITY) == -1);
  assert_true(isnan(hpo_num_tanh(NAN)) && hpo_num_tanh(1e300) == 1);
  assert_true(signbit(hpo_num_tanh(-0.0)) && hpo_num_tanh(-0.0) == 0);
  assert_true(hpo_num_expm1(INFINITY) == INFINITY);
  assert_true(hpo_num_expm1(-INFINITY) == -1);
  assert_true(signbit(hpo_num_expm1(-0.0)) && hpo_num_expm1(-0.0) == 0);
  assert_true(hpo_num_log(0) == -INFINITY && hpo_num_log(1) == 0);
  assert_true(isnan(hpo_num_log(-1)) && hpo_num_log(INFINITY) == INFINITY);
  assert_true(hpo_num_log(5e-324) == log(5e-324));
  assert_true(hpo_num_log1p(-1) == -INFINITY && isnan(hpo_num_log1p(-1.1)));
  assert_true(hpo_num_log1p(INFINITY) == INFINITY);
  assert_true(signbit(hpo_num_log1p(-0.0)));
  assert_true(hpo_num_sigmoid(INFINITY) == 1);
  assert_true(hpo_num_sigmoid(-INFINITY) == 0 && hpo_num_sigmoid(0) == 0.5);
  assert_true(hpo_num_sin(0) == 0 && hpo_num_cos(0) == 1);
  assert_true(isnan(hpo_num_sin(INFINITY)) && isnan(hpo_num_cos(0x1p27)));
  assert_true(hpo_num_erf(INFINITY) == 1 && hpo_num_erf(-INFINITY) == -1);
  assert_true(hpo_num_ndtr(INFINITY) == 1 && hpo_num_ndtr(-INFINITY) == 0);
  assert_true(hpo_num_ndtr(0) == 0.5);
  assert_true(hpo_num_log_ndtr(INFINITY) == 0);
  assert_true(hpo_num_log_ndtr(-INFINITY) == -INFINITY);
  assert_true(ulps(hpo_num_log_ndtr(-1e10), -5e19L - 23.94478976L) < 2);
}

/* The array must do what the function does, in place
 * too, and for every length. */
static void check_array(double (*f)(double),
                        void (*array)(const double *, double *, size_t)) {
  enum { N = 333 };
  hpo_rng r = the_rng();
  double x[N], y[N];
  for (size_t n = 0; n <= N; n++) {
    for (size_t i = 0; i < n; i++)
      x[i] = 1600 * (hpo_rng_next(&r) - 0.5);
    if (n > 9) {
      x[1] = NAN;
      x[3] = INFINITY;
      x[5] = -INFINITY;
      x[7] = -745.1;
    }
    y[n < N ? n : 0] = 7;
    array(x, y, n);
    assert_true(n == N || y[n] == 7);
    for (size_t i = 0; i < n; i++) {
      double one = f(x[i]);
      assert_true((isnan(one) && isnan(y[i])) || one == y[i]);
    }
    array(x, x, n);
    for (size_t i = 0; i < n; i++)
      assert_true((isnan(x[i]) && isnan(y[i])) || x[i] == y[i]);
  }
}

static void test_arrays(void **state) {
  (void)state;
  check_array(hpo_num_exp, hpo_num_exp_array);
  check_array(hpo_num_tanh, hpo_num_tanh_array);
}

/* Whatever compiler, -march or clone: the same bits. */
static void test_bits(void **state) {
  hpo_rng r = hpo_rng_make(1, HPO_RNG_TEST, 0, 0);
  hpo_sha256 sha;
  char hex[65];
  (void)state;
  hpo_sha256_start(&sha);
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    for (int t = 0; t < 2000; t++) {
      const function *f = &table[i];
      double u = hpo_rng_next(&r);
      double y = f->ours(f->low + u * (f->high - f->low));
      hpo_sha256_add(&sha, &y, sizeof y);
      y = hpo_num_pow(10 * u, 20 - 3 * (double)i);
      hpo_sha256_add(&sha, &y, sizeof y);
      y = hpo_num_ndtri(u);
      hpo_sha256_add(&sha, &y, sizeof y);
      hpo_num_exp_array(&u, &y, 1);
      hpo_sha256_add(&sha, &y, sizeof y);
    }
  hpo_sha256_end(&sha, hex);
  assert_string_equal(
      hex, "ea1ff362380ccfb85fdc16965045e92374ce677ed542c1e366e65abbad3406ce");
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_accuracy), cmocka_unit_test(test_all_sizes),
      cmocka_unit_test(test_pow),      cmocka_unit_test(test_ndtri),
      cmocka_unit_test(test_special),  cmocka_unit_test(test_arrays),
      cmocka_unit_test(test_bits),
  };
  return cmocka_run_group_tests(test, NULL, NULL);
}
