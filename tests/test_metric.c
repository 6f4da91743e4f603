/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics: cases done by hand, order and spread of the rows, what is
 * undefined.  check_metric.py compares with scikit-learn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/mem.h"
#include "hpo/metric.h"
#include "hpo/rng.h"

#define N_CLASSIFY 8
static const char *const on_classes[N_CLASSIFY] = {
    "accuracy", "error",   "precision", "recall",
    "f1",       "logloss", "roc_auc",   "pr_auc"};
#define N_REGRESS 4
static const char *const on_numbers[N_REGRESS] = {"rmse", "mae", "r2", "mape"};

static double score(const char *name, const hpo_scored *s) {
  const hpo_metric *m = hpo_metric_find(name);
  hpo_error err = {0};
  double out = NAN;

  assert_non_null(m);
  if (hpo_metric_compute(m, s, &out, &err) != HPO_OK)
    fail_msg("%s: %s", name, err.text);
  return out;
}

static void expect_undefined(const char *name, const hpo_scored *s,
                             const char *word) {
  hpo_error err = {0};
  double out = 7;

  assert_int_equal(hpo_metric_compute(hpo_metric_find(name), s, &out, &err),
                   HPO_ETRIAL);
  assert_true(out == 7);
  if (!strstr(err.text, word) || !strstr(err.text, name))
    fail_msg("%s: \"%s\" lacks \"%s\"", name, err.text, word);
}

static void test_registry(void **state) {
  (void)state;
  size_t n = 0;
  const hpo_metric *const *m = hpo_metric_kinds(&n);

  assert_int_equal(n, 18);
  for (size_t i = 0; i < n; i++) {
    assert_ptr_equal(hpo_metric_find(m[i]->name), m[i]);
    assert_true(m[i]->help && m[i]->tasks);
    assert_true(m[i]->of_trial == (!m[i]->compute && !m[i]->n_sum));
    assert_false(m[i]->compute && m[i]->n_sum);
    assert_true(!m[i]->n_sum == !m[i]->accumulate);
    assert_true(!m[i]->n_sum == !m[i]->finish);
  }
  assert_null(hpo_metric_find("auc"));
  assert_true(hpo_metric_find("roc_auc")->maximize);
  assert_false(hpo_metric_find("logloss")->maximize);
  assert_true(hpo_metric_find("value")->of_trial);
}

static void test_binary_by_hand(void **state) {
  (void)state;
  const double y[] = {0, 0, 1, 1, 1}, p[] = {0.5, 0.75, 0.75, 0.25, 1};
  hpo_scored s = {.n = 5, .k = 1, .n_class = 2, .y = y, .p = p};

  assert_true(score("accuracy", &s) == 0.6); /* p = 0.5 is class 0 */
  assert_true(score("precision", &s) == 2.0 / 3);
  assert_true(score("recall", &s) == 2.0 / 3);
  assert_true(score("f1", &s) == 4.0 / 6);
  assert_true(score("roc_auc", &s) == (2 + 1.5 + 0) / 6);
  assert_true(fabs(score("pr_auc", &s) -
                   (1.0 / 3 + 2.0 / 3 / 3 + 3.0 / 5 / 3)) < 1e-15);
  double loss = (log(2) + log(4) - log(0.75) + log(4) - log1p(-0x1p-52)) / 5;
  assert_true(fabs(score("logloss", &s) - loss) < 1e-15);
}

static void test_zero_divisions(void **state) {
  (void)state;
  const double y[] = {0, 0}, low[] = {0, 0.1}, w[] = {0, 0};
  const double three[] = {0, 2}, p3[] = {.6, .3, .1, .6, .3, .1};
  hpo_scored s = {.n = 2, .k = 1, .n_class = 2, .y = y, .p = low};

  assert_true(score("precision", &s) == 0);
  assert_true(score("recall", &s) == 0);
  assert_true(score("f1", &s) == 0);
  expect_undefined("roc_auc", &s, "class number 1");
  expect_undefined("pr_auc", &s, "class number 1");
  s.weight = w;
  for (size_t i = 0; i < N_CLASSIFY; i++)
    expect_undefined(on_classes[i], &s, "weight");
  /* class 1 is nowhere and does not count; class 2 is never said */
  hpo_scored m = {.n = 2, .k = 3, .n_class = 3, .y = three, .p = p3};
  assert_true(score("precision", &m) == 0.25);
  assert_true(score("recall", &m) == 0.5);
  expect_undefined("roc_auc", &m, "class number 1");
}

static void test_undefined_input(void **state) {
  (void)state;
  const double y[] = {1, 0}, bad[] = {0.5, NAN}, inf[] = {0.5, INFINITY};
  hpo_scored s = {.n = 2, .k = 1, .n_class = 2, .y = y, .p = bad};

  expect_undefined("accuracy", &s, "row 1 is not a number");
  s.p = inf;
  expect_undefined("roc_auc", &s, "infinite");
  s.n = 0;
  expect_undefined("logloss", &s, "no validation rows");
  const double one[] = {3}, huge[] = {-1e300};
  hpo_scored r = {.n = 1, .k = 1, .y = one, .p = one};
  expect_undefined("r2", &r, "two rows");
  r.p = huge;
  expect_undefined("rmse", &r, "finite");
}

static void test_clipping_and_ties(void **state) {
  (void)state;
  const double y[] = {1, 0}, p[] = {0, 0};
  hpo_scored s = {.n = 2, .k = 1, .n_class = 2, .y = y, .p = p};
  assert_true(fabs(score("logloss", &s) - 26 * log(2)) < 1e-13);

  const double three[] = {1, 0}, tied[] = {.2, .4, .4, .4, .2, .4};
  hpo_scored m = {.n = 2, .k = 3, .n_class = 3, .y = three, .p = tied};
  assert_true(score("accuracy", &m) == 1);
}

static void test_regression_by_hand(void **state) {
  (void)state;
  const double y[] = {1, 2, 4}, p[] = {2, 2, 2}, w[] = {1, 1, 2};
  hpo_scored s = {.n = 3, .k = 1, .y = y, .p = p, .weight = w};

  assert_true(score("rmse", &s) == 1.5);
  assert_true(score("mae", &s) == 1.25);
  assert_true(score("mape", &s) == (1 + 2 * 0.5) / 4);
  assert_true(fabs(score("r2", &s) - (1 - 9 / 6.75)) < 1e-15);
  /* a mean far above the spread */
  const double far[] = {1e8 + 1, 1e8 + 2, 1e8 + 3},
               guess[] = {1e8 + 1, 1e8, 1e8 + 3};
  hpo_scored t = {.n = 3, .k = 1, .y = far, .p = guess};
  assert_true(score("r2", &t) == -1);
}

/* Random rows: tied scores, weights over six powers of ten. */
static void fill(hpo_rng *rng, size_t n, size_t k, double *y, double *p,
                 double *w) {
  for (size_t i = 0; i < n; i++) {
    double total = 0;
    y[i] = floor(hpo_rng_next(rng) * (double)(k == 1 ? 2 : k));
    w[i] = pow(10, 6 * hpo_rng_next(rng) - 3);
    for (size_t c = 0; c < k; c++)
      total += p[i * k + c] = floor(hpo_rng_next(rng) * 16 + 1) / 17;
    for (size_t c = 0; k > 1 && c < k; c++)
      p[i * k + c] /= total;
  }
}

/* Same bits for rows in another order, and for sums over three ranks. */
static void same_bits(hpo_rng *rng, const char *name, const hpo_scored *s) {
  const hpo_metric *m = hpo_metric_find(name);
  double a = score(name, s), b = NAN;
  size_t n = s->n, k = s->k;
  double y[64], p[64 * 4], w[64];
  hpo_scored t = *s;

  for (size_t i = 0, j; i < n; i++) { /* a random permutation, inside out */
    j = (size_t)(hpo_rng_next(rng) * (double)(i + 1));
    y[i] = y[j];
    w[i] = w[j];
    memcpy(p + i * k, p + j * k, k * sizeof *p);
    y[j] = s->y[i];
    w[j] = s->weight ? s->weight[i] : 1;
    memcpy(p + j * k, s->p + i * k, k * sizeof *p);
  }
  t.y = y;
  t.p = p;
  t.weight = w;
  b = score(name, &t);
  assert_memory_equal(&a, &b, sizeof a);
  if (!m->n_sum)
    return;

  size_t n_sum = m->n_sum(s->n_class), third = n / 3;
  hpo_sum *sum = calloc(4 * n_sum, sizeof *sum);
  assert_non_null(sum);
  for (size_t r = 0; r < 3; r++) {
    size_t at = r * third;
    hpo_scored part = t;
    part.n = r == 2 ? n - at : third;
    part.y = y + at;
    part.p = p + at * k;
    part.weight = w + at;
    m->accumulate(&part, sum + r * n_sum);
    for (size_t i = 0; i < n_sum; i++)
      hpo_sum_merge(&sum[3 * n_sum + i], &sum[r * n_sum + i]);
  }
  assert_int_equal(m->finish(sum + 3 * n_sum, s->n_class, &b, NULL), HPO_OK);
  assert_memory_equal(&a, &b, sizeof a);
  free(sum);
}

static void test_order_of_rows(void **state) {
  (void)state;
  const char *text = getenv("HPO_TEST_SEED");
  uint64_t seed = text ? strtoull(text, NULL, 10) : 11;
  double y[64], p[64 * 4], w[64];

  print_message("seed %llu\n", (unsigned long long)seed);
  for (uint64_t round = 0; round < 200; round++) {
    hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, round, 0);
    size_t k = round % 3 == 0 ? 1 : round % 3 == 1 ? 3 : 4;
    hpo_scored s = {.n = 40 + round % 24, .k = k, .y = y, .p = p};
    fill(&rng, s.n, k, y, p, w);
    s.n_class = k == 1 ? 2 : k;
    s.weight = round % 2 ? w : NULL;
    for (size_t i = 0; i < N_CLASSIFY; i++)
      same_bits(&rng, on_classes[i], &s);
    if (k != 1)
      continue;
    for (size_t i = 0; i < s.n; i++)
      y[i] = hpo_rng_next(&rng) * 1e4 - 3e3;
    s.n_class = 0;
    for (size_t i = 0; i < N_REGRESS; i++)
      same_bits(&rng, on_numbers[i], &s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_registry),
      cmocka_unit_test(test_binary_by_hand),
      cmocka_unit_test(test_zero_divisions),
      cmocka_unit_test(test_undefined_input),
      cmocka_unit_test(test_clipping_and_ties),
      cmocka_unit_test(test_regression_by_hand),
      cmocka_unit_test(test_order_of_rows),
  };
  return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
