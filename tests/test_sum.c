/* SPDX-License-Identifier: BSD-3-Clause */
/* sum: against sums whose right value is known by construction, in any
 * order, in parts, with products. */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/num.h"
#include "hpo/rng.h"

static hpo_rng the_rng(void) {
  const char *text = getenv("HPO_TEST_SEED");
  uint64_t s = text != NULL ? strtoull(text, NULL, 10) : 1;
  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return hpo_rng_make(s, HPO_RNG_TEST, 1, 0);
}

static double any_double(hpo_rng *r) {
  double x = 0;
  do {
    uint64_t u = hpo_rng_next64(r);
    memcpy(&x, &u, sizeof x);
  } while (!isfinite(x));
  return x;
}

static double sum_of(const double *x, size_t n) {
  hpo_sum s = {0};
  for (size_t i = 0; i < n; i++)
    hpo_sum_add(&s, x[i]);
  return hpo_sum_get(&s);
}

#define SUM(...)                                                              \
  sum_of((const double[]){__VA_ARGS__},                                       \
         sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static void test_known(void **state) {
  hpo_sum empty = {0};
  (void)state;
  assert_true(hpo_sum_get(&empty) == 0 && !signbit(hpo_sum_get(&empty)));
  assert_true(SUM(-0.0) == 0 && !signbit(SUM(-0.0)));
  assert_true(SUM(1e308, 1, -1e308) == 1);
  assert_true(SUM(1, 1e100, 1, -1e100) == 2);
  assert_true(SUM(0.1, 0.2, -0.3) == 0x1p-55);
  assert_true(SUM(5e-324, 5e-324) == 1e-323);
  assert_true(SUM(DBL_MAX, DBL_MAX) == INFINITY);
  assert_true(SUM(DBL_MAX, DBL_MAX, -DBL_MAX) == DBL_MAX);
  assert_true(SUM(-DBL_MAX, -DBL_MAX) == -INFINITY);
  assert_true(SUM(DBL_MAX, 0x1p969) == DBL_MAX);
  assert_true(SUM(DBL_MAX, 0x1p970) == INFINITY); /* half an ulp: to even */
  assert_true(SUM(DBL_MAX, 0x1p970, -5e-324) == DBL_MAX);
  /* ties: half an ulp goes to even, a hair more or less decides */
  assert_true(SUM(1, 0x1p-53) == 1);
  assert_true(SUM(1, 0x1p-53, 5e-324) == 1 + 0x1p-52);
  assert_true(SUM(1 + 0x1p-52, 0x1p-53) == 1 + 0x1p-51);
  assert_true(SUM(1 + 0x1p-52, 0x1p-53, -5e-324) == 1 + 0x1p-52);
  assert_true(SUM(-1, -0x1p-53, -5e-324) == -1 - 0x1p-52);
  assert_true(SUM(DBL_MIN, -5e-324) == DBL_MIN - 5e-324);
  assert_true(isnan(SUM(1, INFINITY)) && isnan(SUM(NAN)));
}

/* Two doubles: the processor rounds their sum correctly itself. */
static void test_pairs(void **state) {
  hpo_rng r = the_rng();
  (void)state;
  for (int t = 0; t < 20000; t++) {
    double x = any_double(&r), y = any_double(&r);
    if (t % 2 == 0) /* near each other, so that bits meet */
      y = ldexp(2 * hpo_rng_next(&r) - 1,
                ilogb(x) + (int)hpo_rng_below(&r, 120) - 60);
    if (!isfinite(y))
      continue;
    assert_true(SUM(x) == x && SUM(x, -x) == 0);
    assert_true(SUM(x, y) == x + y);
  }
}

/* x + pairs that cancel, shuffled, cut into parts. */
static void test_order_and_parts(void **state) {
  enum { N = 401, PARTS = 5 };
  hpo_rng r = the_rng();
  double x[N];
  (void)state;
  for (int t = 0; t < 50; t++) {
    hpo_sum part[PARTS], all = {0}, words = {0};
    memset(part, 0, sizeof part);
    x[0] = any_double(&r) / 4;
    for (size_t i = 1; i < N; i += 2) {
      x[i] = any_double(&r) / N;
      x[i + 1] = -x[i];
    }
    for (size_t i = N; i > 1; i--) {
      size_t k = hpo_rng_below(&r, i);
      double spare = x[i - 1];
      x[i - 1] = x[k];
      x[k] = spare;
    }
    double right = sum_of(x, N);
    for (size_t i = 0; i < N; i++)
      hpo_sum_add(&part[hpo_rng_below(&r, PARTS)], x[i]);
    for (size_t k = 0; k < PARTS; k++) {
      int64_t from[HPO_SUM_WORDS], to[HPO_SUM_WORDS];
      hpo_sum_merge(&all, &part[k]);
      memcpy(from, &part[k], sizeof from);
      memcpy(to, &words, sizeof to);
      for (size_t i = 0; i < HPO_SUM_WORDS; i++)
        to[i] += from[i];
      memcpy(&words, to, sizeof to);
    }
    assert_true(hpo_sum_get(&all) == right);
    assert_true(hpo_sum_get(&words) == right);
    for (size_t i = 0; i < N; i++)
      hpo_sum_add(&all, -x[i]);
    assert_true(hpo_sum_get(&all) == 0);
  }
  assert_int_equal(sizeof(hpo_sum), HPO_SUM_WORDS * sizeof(int64_t));
}

/* Past the point where chunks are normalised. */
static void test_many(void **state) {
  hpo_sum s = {0};
  (void)state;
  for (int i = 0; i < 300000; i++)
    hpo_sum_add(&s, i % 2 == 0 ? -0x1.fffffffffffffp+40 : -0.1);
  /* 150000 times each; the same is taken away in other pieces. */
  for (int i = 0; i < 150; i++) {
    hpo_sum_add_product(&s, 1000, 0x1.fffffffffffffp+40);
    hpo_sum_add_product(&s, 0.1, 1000);
  }
  assert_true(hpo_sum_get(&s) == 0);
  hpo_sum_add(&s, 5e-324);
  assert_true(hpo_sum_get(&s) == 5e-324);
}

static void test_products(void **state) {
  hpo_rng r = the_rng();
  (void)state;
  for (int t = 0; t < 20000; t++) {
    double x = any_double(&r), y = any_double(&r);
    if (t % 2 == 0)
      y = ldexp(hpo_rng_next(&r) - 0.5,
                (int)hpo_rng_below(&r, 60) - (x == 0 ? 0 : ilogb(x)));
    if (!isfinite(y))
      continue;
    hpo_sum s = {0};
    hpo_sum_add_product(&s, x, y);
    assert_true(hpo_sum_get(&s) == x * y); /* rounded once by both */
    hpo_sum_add(&s, -(x * y));
    if (fabs(x * y) > 1e-290 && isfinite(x * y))
      assert_true(hpo_sum_get(&s) == fma(x, y, -(x * y)));
    hpo_sum_add(&s, isfinite(x * y) ? x * y : 0);
    hpo_sum_add_product(&s, -x, y);
    assert_true(!isfinite(x * y) || hpo_sum_get(&s) == 0);
  }
  hpo_sum s = {0};
  hpo_sum_add_product(&s, 5e-324, 5e-324); /* 2^-2148 */
  assert_true(hpo_sum_get(&s) == 0);
  hpo_sum_add(&s, 1 + 0x1p-52);
  hpo_sum_add(&s, 0x1p-53);
  hpo_sum_add_product(&s, -5e-324, 5e-324);
  hpo_sum_add_product(&s, -5e-324, 5e-324);
  assert_true(hpo_sum_get(&s) == 1 + 0x1p-52); /* a hair below the tie */
  hpo_sum_add_product(&s, DBL_MAX, DBL_MAX);
  assert_true(hpo_sum_get(&s) == INFINITY);
  hpo_sum_add_product(&s, -DBL_MAX, DBL_MAX);
  assert_true(hpo_sum_get(&s) == 1 + 0x1p-52);
  hpo_sum_add_product(&s, 0, INFINITY);
  assert_true(isnan(hpo_sum_get(&s)));
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_known),           cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_order_and_parts), cmocka_unit_test(test_many),
      cmocka_unit_test(test_products),
  };
  return cmocka_run_group_tests(test, NULL, NULL);
}
