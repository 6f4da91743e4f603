/* SPDX-License-Identifier: BSD-3-Clause */
/* The search space: values, texts, conditions. */
#include "hpo/space.h"

#include "hpo/mem.h"
#include "hpo/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t first_seed(void) {
  const char *given = getenv("HPO_TEST_SEED");
  uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 1;
  print_message("seed %llu\n", (unsigned long long)seed);
  return seed;
}

static hpo_param number(hpo_param_kind kind, double low, double high,
                        double step, bool log) {
  static char name[] = "p";
  return (hpo_param){.name = name,
                     .full_name = name,
                     .kind = kind,
                     .low = low,
                     .high = high,
                     .step = step,
                     .log = log,
                     .parent = -1};
}

static void test_grid(void **state) {
  hpo_param p = number(HPO_PARAM_FLOAT, 0.1, 1.0, 0.1, false);
  hpo_param q = number(HPO_PARAM_FLOAT, 0, 1, 0.3, false);
  hpo_param i = number(HPO_PARAM_INT, 3, 15, 5, false);

  (void)state;
  assert_true(hpo_param_cardinality(&p) == 10);
  assert_true(hpo_param_round(&p, 0.31) == 0.3);
  assert_true(hpo_param_round(&p, 0.7000001) == 0.7);
  assert_true(hpo_param_round(&p, 9) == 1.0);
  assert_true(hpo_param_round(&p, -9) == 0.1);
  assert_true(hpo_param_cardinality(&q) == 4);
  assert_true(hpo_param_round(&q, 1) == 0.9);
  assert_true(hpo_param_cardinality(&i) == 3);
  assert_true(hpo_param_round(&i, 5.5) == 3); /* a tie goes down */
  assert_true(hpo_param_round(&i, 15) == 13);
  assert_true(isnan(hpo_param_round(&i, (double)NAN)));
  assert_true(hpo_param_from_unit(&i, 0) == 3);
  assert_true(hpo_param_from_unit(&i, 1 - 0x1p-53) == 13);
}

static void test_large_int(void **state) {
  double top = 0x1p53 - 2;
  hpo_param p = number(HPO_PARAM_INT, 0, top, 1, false);

  (void)state;
  for (double x = top - 9; x <= top; x++)
    assert_true(hpo_param_round(&p, x) == x);
}

/** Each integer of 1..9 on a log scale has the probability
 *  log((k + 1/2) / (k - 1/2)) / log(19). */
static void test_log_int(void **state) {
  hpo_param p = number(HPO_PARAM_INT, 1, 9, 1, true);
  enum { N = 200000 };
  int count[10] = {0};

  (void)state;
  for (int i = 0; i < N; i++)
    count[(int)hpo_param_from_unit(&p, (i + 0.5) / N)]++;
  for (int k = 1; k <= 9; k++) {
    double want = log((k + 0.5) / (k - 0.5)) / log(19);
    assert_true(fabs(count[k] / (double)N - want) < 2.0 / N);
  }
}

static void test_log_float(void **state) {
  hpo_param p = number(HPO_PARAM_FLOAT, 0.01, 0.3, 0, true);

  (void)state;
  assert_true(isinf(hpo_param_cardinality(&p)));
  assert_true(fabs(hpo_param_from_unit(&p, 0.5) - sqrt(0.003)) < 1e-15);
  for (int i = 0; i <= 1000; i++) {
    double x = hpo_param_from_unit(&p, fmin(i / 1000.0, 1 - 0x1p-53));
    assert_true(x >= 0.01 && x <= 0.3);
  }
}

/** Random parameters: what from_unit gives is legal, to_unit leads back, the
 *  text reads back the same. */
static void test_values(void **state) {
  uint64_t first = first_seed();
  hpo_error err = {0};

  (void)state;
  for (uint64_t seed = first; seed < first + 200; seed++) {
    hpo_space s = {0};
    hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 4, 0);
    assert_int_equal(hpo_space_sample(seed, &s, NULL), HPO_OK);
    for (size_t i = 0; i < s.n_param; i++)
      for (int k = 0; k < 50; k++) {
        const hpo_param *p = &s.param[i];
        double u = k == 0 ? 0 : k == 1 ? 1 - 0x1p-53 : hpo_rng_next(&rng);
        double x = hpo_param_from_unit(p, u), back = 0, v;
        char text[64];
        assert_true(x == hpo_param_round(p, x));
        if (p->kind != HPO_PARAM_CATEGORICAL)
          assert_true(x >= p->low && x <= p->high);
        hpo_param_format(p, x, text, sizeof text);
        assert_int_equal(hpo_param_parse(p, text, &back, &err), HPO_OK);
        assert_true(back == x);
        v = hpo_param_to_unit(p, x);
        assert_true(v >= 0 && v < 1);
        back = hpo_param_from_unit(p, v);
        if (isfinite(hpo_param_cardinality(p)))
          assert_true(back == x);
        else
          assert_true(fabs(back - x) <= 1e-12 * fmax(1, fabs(x)));
      }
    hpo_space_free(&s);
  }
}

static void test_parse_errors(void **state) {
  char l1[] = "lasso", l2[] = "ridge";
  char *choice[] = {l1, l2};
  hpo_param i = number(HPO_PARAM_INT, 3, 15, 1, false);
  hpo_param f = number(HPO_PARAM_FLOAT, 0.5, 1, 0.05, false);
  hpo_param c = number(HPO_PARAM_CATEGORICAL, 0, 0, 0, false);
  hpo_error err = {0};
  double x = 42;

  (void)state;
  c.choice = choice;
  c.n_choice = 2;
  assert_int_equal(hpo_param_parse(&i, "2", &x, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "whole number from 3 to 15"));
  assert_int_equal(hpo_param_parse(&i, "7.5", &x, &err), HPO_EINVAL);
  assert_int_equal(hpo_param_parse(&i, "", &x, &err), HPO_EINVAL);
  assert_int_equal(hpo_param_parse(&f, "0.525", &x, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "in steps of 0.05"));
  assert_int_equal(hpo_param_parse(&f, "nan", &x, &err), HPO_EINVAL);
  assert_int_equal(hpo_param_parse(&c, "lasos", &x, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "(\"lasso\" is near)"));
  assert_true(x == 42);
  assert_int_equal(hpo_param_parse(&f, "0.65", &x, &err), HPO_OK);
  assert_true(x == 0.65);
  assert_int_equal(hpo_param_parse(&c, "ridge", &x, &err), HPO_OK);
  assert_true(x == 1);
}

/** model (a, b) -> b.penalty (l1, l2, en) -> b.ratio. */
static void test_conditions(void **state) {
  char a[] = "a", b[] = "b", en[] = "en", model[] = "model";
  char penalty[] = "b.penalty", ratio[] = "b.ratio";
  char *models[] = {a, b}, *penalties[] = {a, b, en};
  hpo_param p = {.name = model,
                 .full_name = model,
                 .model = -1,
                 .kind = HPO_PARAM_CATEGORICAL,
                 .choice = models,
                 .n_choice = 2,
                 .parent = -1};
  hpo_space s = {0};
  hpo_error err = {0};
  double x[3] = {1, 2, 0.5}, y[3] = {0, 2, 0.5};

  (void)state;
  assert_int_equal(hpo_space_add(&s, &p, NULL), HPO_OK);
  p.name = p.full_name = penalty;
  p.model = 1;
  p.choice = penalties;
  p.n_choice = 3;
  p.parent = 0;
  p.parent_choice = 1;
  assert_int_equal(hpo_space_add(&s, &p, NULL), HPO_OK);
  p = number(HPO_PARAM_FLOAT, 0, 1, 0, false);
  p.name = p.full_name = ratio;
  p.parent = 1;
  p.parent_choice = 2;
  assert_int_equal(hpo_space_add(&s, &p, NULL), HPO_OK);

  assert_int_equal(hpo_space_find(&s, "b.ratio"), 2);
  assert_int_equal(hpo_space_find(&s, "ratio"), -1);
  assert_true(hpo_space_active(&s, x, 2));
  assert_int_equal(hpo_space_check(&s, x, &err), HPO_OK);
  assert_false(hpo_space_active(&s, y, 1));
  assert_false(hpo_space_active(&s, y, 2)); /* its parent is not active */
  assert_int_equal(hpo_space_check(&s, y, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "inactive unless model is b"));
  hpo_space_mask(&s, y);
  assert_true(isnan(y[1]) && isnan(y[2]) && y[0] == 0);
  assert_int_equal(hpo_space_check(&s, y, &err), HPO_OK);
  assert_true(hpo_space_equal_points(&s, y, y));
  assert_false(hpo_space_equal_points(&s, x, y));
  x[2] = (double)NAN;
  assert_int_equal(hpo_space_check(&s, x, &err), HPO_EINVAL);
  x[2] = 1.5;
  assert_int_equal(hpo_space_check(&s, x, &err), HPO_EINVAL);
  x[2] = 1;
  x[1] = 3;
  assert_int_equal(hpo_space_check(&s, x, &err), HPO_EINVAL);
  hpo_space_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_grid),      cmocka_unit_test(test_large_int),
      cmocka_unit_test(test_log_int),   cmocka_unit_test(test_log_float),
      cmocka_unit_test(test_values),    cmocka_unit_test(test_parse_errors),
      cmocka_unit_test(test_conditions)};

  return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
