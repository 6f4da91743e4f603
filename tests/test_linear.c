/* SPDX-License-Identifier: BSD-3-Clause */
/* logistic and linear: kernels and solver by hand, and what must not change
 * a model: how rows are spread over ranks, how many steps follow. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../src/model/linear/kernels.h"
#include "../src/model/linear/newton.h"
#include "hpo/mem.h"
#include "hpo/model.h"
#include "hpo/rng.h"
#include "testdata.h"
#include "trainer.h"

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");

  return text != NULL ? strtoull(text, NULL, 10) : 1;
}

/* --- Kernels ---------------------------------------------------------- */

static double *random_array(hpo_rng *r, size_t n) {
  double *x = NULL;

  assert_int_equal(hpo_mem_new_aligned(n, sizeof *x, &x, NULL), HPO_OK);
  for (size_t i = 0; i < n; i++)
    x[i] = hpo_rng_next(r) - 0.5;
  return x;
}

/* Against plain loops, and each row alone against all of them: same bits. */
static void check_kernels(size_t n, size_t ld, size_t kp) {
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, n, (uint32_t)ld);
  double *z = random_array(&r, n * ld), *w = random_array(&r, ld * kp);
  double *m = random_array(&r, n * kp + 8), *g = random_array(&r, ld * kp);
  double *one = random_array(&r, kp + 8), *h = NULL;

  assert_int_equal(hpo_mem_copy(g, ld * kp * sizeof *g, &h, NULL), HPO_OK);
  linear_forward(z, n, ld, w, kp, m);
  for (size_t i = 0; i < n; i++) {
    linear_forward(z + i * ld, 1, ld, w, kp, one);
    assert_memory_equal(one, m + i * kp, kp * sizeof *one);
    for (size_t k = 0; k < kp; k++) {
      double sum = 0;
      for (size_t j = 0; j < ld; j++)
        sum += z[i * ld + j] * w[j * kp + k];
      assert_true(fabs(sum - m[i * kp + k]) < 1e-12);
    }
  }
  linear_backward(z, n, ld, m, kp, g);
  for (size_t j = 0; j < ld; j++)
    for (size_t k = 0; k < kp; k++) {
      double sum = h[j * kp + k];
      for (size_t i = 0; i < n; i++)
        sum += z[i * ld + j] * m[i * kp + k];
      assert_true(sum == g[j * kp + k]); /* row by row */
    }
  hpo_mem_free(z);
  hpo_mem_free(w);
  hpo_mem_free(m);
  hpo_mem_free(g);
  hpo_mem_free(h);
  hpo_mem_free(one);
}

static void test_kernels(void **state) {
  (void)state;
  for (size_t n = 1; n <= LINEAR_TILE; n += 5)
    for (size_t ld = 8; ld <= 56; ld += 16)
      for (size_t kp = 0; kp <= 24; kp += 8)
        check_kernels(n, ld, kp == 0 ? 1 : kp);
}

static void test_decode(void **state) {
  const float x[8] = {1, NAN, 3, 0, -1, 5, NAN, 0};
  double *a = NULL, *z = NULL;

  (void)state;
  assert_int_equal(hpo_mem_new_aligned(8, 4 * sizeof *a, &a, NULL), HPO_OK);
  const linear_scale s = {a, a + 8, a + 16};
  z = a + 24;
  for (size_t j = 0; j < 8; j++) {
    s.center[j] = 1;
    s.factor[j] = 2;
    s.fill[j] = (double)j;
  }
  linear_decode(x, 8, &s, z);
  const double expected[8] = {0, 1, 4, -2, -4, 8, 6, -2};
  assert_memory_equal(z, expected, sizeof expected);
  hpo_mem_free(a);
}

/* --- Solver ----------------------------------------------------------- */

/* f = sum of scale[i] (x[i] - at[i])^2 / 2, so x = at - l1 / scale or 0. */
typedef struct bowl {
  double scale[8], at[8];
} bowl;

static hpo_status bowl_eval(void *self, const double *x, double *f, double *g,
                            double *diagonal, hpo_error *err) {
  const bowl *b = self;

  (void)err;
  *f = 0;
  for (size_t i = 0; i < 8; i++) {
    double d = x[i] - b->at[i];
    *f += b->scale[i] * d * d / 2;
    g[i] = b->scale[i] * d;
    diagonal[i] = b->scale[i];
  }
  return HPO_OK;
}

static hpo_status bowl_product(void *self, const double *v, double *out,
                               hpo_error *err) {
  const bowl *b = self;

  (void)err;
  for (size_t i = 0; i < 8; i++)
    out[i] = b->scale[i] * v[i];
  return HPO_OK;
}

static void test_solver(void **state) {
  bowl b = {{1, 2, 3, 4, 1e-3, 1e3, 1, 1}, {1, -2, 0.1, 0, 5, -6, 0.5, -0.5}};
  const double l1[8] = {0.5, 0, 1, 1, 1e-3, 10, 0.5, 0.6};
  newton_problem p = {.self = &b,
                      .n = 8,
                      .l1 = l1,
                      .tol = 1e-12,
                      .eval = bowl_eval,
                      .product = bowl_product};
  newton *s = NULL;

  (void)state;
  assert_int_equal(newton_create(&p, &s, NULL), HPO_OK);
  for (int i = 0; i < 50 && !newton_is_done(s); i++)
    assert_int_equal(newton_step(s, NULL), HPO_OK);
  assert_true(newton_is_done(s));
  for (size_t i = 0; i < 8; i++) {
    double size = fmax(0, fabs(b.at[i]) - l1[i] / b.scale[i]);
    double x = newton_x(s)[i];
    assert_true(fabs(x - copysign(size, b.at[i])) < 1e-8);
    assert_true(size > 0 || x == 0); /* truly 0 */
  }
  newton_destroy(s);
}

/* --- Models ----------------------------------------------------------- */

typedef struct ugly {
  size_t rows, n_class;
  bool has_weight;
} ugly;

enum { COLUMNS = 6 };

/* Numbers with holes (0), categories (2), a constant (3), a copy (5 of 4);
   validation rows among the others. */
static hpo_dataset *ugly_make(const ugly *u) {
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, u->rows, 5);
  size_t n = u->rows, n_category[COLUMNS] = {0, 0, 4, 0, 0, 0};
  float *x = calloc(n * COLUMNS, sizeof *x);
  double *y = calloc(n, sizeof *y), *w = calloc(n, sizeof *w);
  uint8_t *role = calloc(n, 1);
  hpo_dataset *d = NULL;

  HPO_ASSERT(x && y && w && role);
  for (size_t i = 0; i < n; i++) {
    double z = 0;
    for (size_t j = 0; j < COLUMNS; j++) {
      double v = hpo_rng_next(&r) * 10 * (j == 1 ? 1000 : 1);
      v = j == 2 ? floor(v / 2.5) : j == 3 ? 7 : v;
      z += j == 2 ? (v == 3 ? 4 : 0) : j == 1 ? v / 1000 : v * 0.5;
      x[j * n + i] = j == 0 && hpo_rng_next(&r) < 0.1 ? NAN : (float)v;
    }
    x[5 * n + i] = x[4 * n + i];
    z += hpo_rng_next(&r) * 4;
    role[i] = hpo_rng_next(&r) < 0.2 ? HPO_ROLE_VALID : HPO_ROLE_TRAIN;
    w[i] = 0.25 + hpo_rng_next(&r) * 3;
    y[i] = u->n_class == 0   ? z
           : u->n_class == 2 ? z > 16
                             : fmod(floor(z / 3), (double)u->n_class);
  }
  d = testdata_make_full(n, COLUMNS, x, y, u->n_class, role,
                         u->has_weight ? w : NULL, n_category);
  d->column[2].onehot = true;
  free(x);
  free(y);
  free(w);
  free(role);
  return d;
}

static trainer_result train(const hpo_dataset *d, const char *const *words,
                            int ranks, int64_t steps, const char *impute) {
  char how_impute[16] = "";
  hpo_plan_data plan = {.impute = how_impute, .standardize = d->n_class != 2};
  trainer_options how = {.ranks = ranks, .steps = steps, .plan = &plan};

  snprintf(how_impute, sizeof how_impute, "%s", impute);
  return trainer_train(d->n_class == 0 ? "linear" : "logistic", d, words,
                       &how);
}

static void expect_same(const trainer_result *a, const trainer_result *b) {
  assert_int_equal(a->model.n, b->model.n);
  assert_memory_equal(a->model.byte, b->model.byte, a->model.n);
  assert_memory_equal(a->p, b->p, a->n * sizeof *a->p);
  assert_int_equal(a->steps, b->steps);
}

static void check_ranks(const ugly *u, const char *penalty,
                        const char *impute) {
  char word[32];
  const char *words[] = {word, "tol=1e-8", NULL};
  hpo_dataset *d = ugly_make(u);

  snprintf(word, sizeof word, "penalty=%s", penalty);
  trainer_result one = train(d, words, 1, 0, impute);
  for (int ranks = 2; ranks <= 5; ranks += ranks == 3 ? 2 : 1) {
    trainer_result more = train(d, words, ranks, 0, impute);
    expect_same(&one, &more);
    trainer_free(&more);
  }
  assert_true(one.steps > 0 && one.steps < 60);
  trainer_free(&one);
  hpo_dataset_destroy(d);
}

static void test_ranks(void **state) {
  (void)state;
  for (size_t n_class = 0; n_class <= 4; n_class += 2) {
    check_ranks(&(ugly){2600, n_class, true}, "l2", "mean");
    check_ranks(&(ugly){2600, n_class, false}, "l1", "median");
    check_ranks(&(ugly){2600, n_class, false}, "none", "most_frequent");
  }
  check_ranks(&(ugly){40, 2, false}, "elasticnet", "mean"); /* idle ranks */
}

/* A trial that is stopped has what a longer one had then. */
static void test_prefix(void **state) {
  const char *few_words[] = {"max_iter=3", "tol=1e-12", NULL};
  const char *many_words[] = {"max_iter=50", "tol=1e-12", NULL};
  const ugly u = {900, 3, false};
  hpo_dataset *d = ugly_make(&u);
  trainer_result few = train(d, few_words, 1, 0, "mean");
  trainer_result many = train(d, many_words, 1, 3, "mean");

  (void)state;
  expect_same(&few, &many);
  trainer_free(&few);
  trainer_free(&many);
  hpo_dataset_destroy(d);
}

/* --- Refusals --------------------------------------------------------- */

static void expect_refused(const hpo_dataset *d, const hpo_plan_data *plan,
                           const char *words) {
  hpo_design *m = NULL;
  hpo_error err = {0};

  assert_int_equal(hpo_design_create(plan, d, &m, &err), HPO_EDATA);
  assert_non_null(strstr(err.text, words));
}

static void test_refusals(void **state) {
  const ugly u = {100, 2, false};
  hpo_dataset *d = ugly_make(&u);
  hpo_plan_data plan = {.impute = NULL};
  const hpo_model_kind *kind = hpo_model_find("logistic");
  hpo_options *o = NULL;
  hpo_error err = {0};

  (void)state;
  expect_refused(d, &plan, "column 'f0' has ");
  expect_refused(d, &plan, "say <missing impute=\"mean\"/>");
  d->column[2].onehot = false;
  d->column[0].missing = 0;
  expect_refused(d, &plan,
                 "column 'f2' holds categories (4, such as "
                 "'c000000')");
  expect_refused(d, &plan, "<categorical columns=\"f2\" encode=\"onehot\"/>");
  assert_int_equal(hpo_options_create(kind->option, kind->n_option, &o, &err),
                   HPO_OK);
  assert_int_equal(hpo_options_set(o, "C", "0", &err), HPO_EINVAL);
  assert_int_equal(hpo_options_set(o, "penalty", "l3", &err), HPO_EINVAL);
  assert_int_equal(hpo_options_set(o, "l1_ratio", "0.2", &err), HPO_OK);
  assert_int_equal(kind->check(o, HPO_TASK_BINARY, NULL, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "l1_ratio goes with penalty elasticnet"));
  assert_int_equal(hpo_options_set(o, "penalty", "elasticnet", &err), HPO_OK);
  assert_int_equal(kind->check(o, HPO_TASK_BINARY, NULL, &err), HPO_OK);
  hpo_options_destroy(o);
  hpo_dataset_destroy(d);
}

/* Ranks' shares: whole blocks, every row once. */
static void test_share(void **state) {
  hpo_row row[3000];
  size_t n = 0;

  (void)state;
  for (hpo_row i = 0; n < 3000; i++)
    if (i % 3 != 0)
      row[n++] = i;
  for (int size = 1; size <= 13; size++) {
    size_t at = 0, first = 0, mine = 0;
    for (int rank = 0; rank < size; rank++) {
      hpo_design_share(row, n, rank, size, &first, &mine);
      assert_int_equal(first, at);
      at += mine;
      assert_true(at == n || at == 0 ||
                  row[at - 1] / HPO_DESIGN_BLOCK !=
                      row[at] / HPO_DESIGN_BLOCK);
    }
    assert_int_equal(at, n);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kernels), cmocka_unit_test(test_decode),
      cmocka_unit_test(test_solver),  cmocka_unit_test(test_ranks),
      cmocka_unit_test(test_prefix),  cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_share)};

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)seed());
  return cmocka_run_group_tests(tests, NULL, NULL);
}
