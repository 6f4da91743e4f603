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
#include "../src/model/linear/linear.h"
#include "../src/model/linear/link.h"
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

/* Against plain loops; and each row and output alone against all of them:
 * same bits. */
static void check_kernels(size_t n, size_t ld, size_t k) {
  enum { TILE = LINEAR_TILE };
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, n, (uint32_t)ld);
  double *z = random_array(&r, TILE * ld), *w = random_array(&r, ld * k);
  double *m = random_array(&r, TILE * k), *g = random_array(&r, ld * k);
  double *one = random_array(&r, TILE), *h = NULL;

  memset(z + n * ld, 0, (TILE - n) * ld * sizeof *z);
  assert_int_equal(hpo_mem_copy(g, ld * k * sizeof *g, &h, NULL), HPO_OK);
  linear_forward(z, n, ld, w, k, m);
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; c < k; c++) {
      double sum = 0;
      linear_forward(z + i * ld, 1, ld, w + c * ld, 1, one);
      for (size_t j = 0; j < ld; j++)
        sum += z[i * ld + j] * w[c * ld + j];
      assert_true(one[0] == m[c * TILE + i]);
      assert_true(fabs(sum - one[0]) < 1e-12);
    }
  linear_backward(z, n, ld, m, k, g);
  for (size_t j = 0; j < ld; j++)
    for (size_t c = 0; c < k; c++) {
      double sum = h[c * ld + j];
      for (size_t i = 0; i < n; i++)
        sum += z[i * ld + j] * m[c * TILE + i];
      assert_true(sum == g[c * ld + j]); /* row by row */
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
  for (size_t n = 1; n <= LINEAR_TILE - 7; n += 4)
    for (size_t ld = 8; ld <= 56; ld += 16)
      for (size_t k = 1; k <= 11; k += 2)
        check_kernels(n, ld, k);
}

/* a' z and h v. */
static void test_outer(void **state) {
  enum { N = 5, LD = 40 };
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, 3, 3);
  double *z = random_array(&r, N * LD), *a = random_array(&r, N * LD);
  double *h = random_array(&r, LD * LD), *out = random_array(&r, LD);
  double q[N] = {1, 2, 3, -4, 0.5}, product = 0;

  (void)state;
  memset(h, 0, LD * LD * sizeof *h);
  linear_weigh(z, N, LD, q, a);
  linear_outer(a, z, N, LD, h);
  for (size_t i = 0; i < LD; i++)
    for (size_t j = i; j < LD; j++) {
      double sum = 0;
      for (size_t k = 0; k < N; k++)
        sum += q[k] * z[k * LD + i] * z[k * LD + j];
      assert_true(sum == h[i * LD + j]);
    }
  linear_multiply(h, LD, z, out);
  for (size_t i = 0; i < LD; i++) {
    double sum = 0;
    for (size_t j = 0; j < LD; j++)
      sum += h[i * LD + j] * z[j];
    assert_true(fabs(sum - out[i]) < 1e-12);
    product += out[i] * z[i];
  }
  assert_true(fabs(product - linear_dot(out, z, LD)) < 1e-12);
  hpo_mem_free(z);
  hpo_mem_free(a);
  hpo_mem_free(h);
  hpo_mem_free(out);
}

/* Losses and what they are derived to, against the textbook. */
static void test_link(void **state) {
  enum { TILE = LINEAR_TILE, K = 3 };
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, 4, 4);
  double *m = random_array(&r, K * TILE), *p = random_array(&r, K * TILE);
  double *y = random_array(&r, TILE), *w = random_array(&r, TILE);
  double *q = random_array(&r, K * TILE);
  const linear_tile_rows rows = {y, w, TILE};

  (void)state;
  for (size_t i = 0; i < TILE; i++) {
    double size = i % 4 == 0 ? 1000 : i % 4 == 1 ? 1e-9 : 5;
    y[i] = (double)(i / 2 % 2);
    w[i] = 1 + (double)i;
    m[i] *= size;
    q[i] = m[i];
  }
  double loss = linear_link_loss(LINEAR_LOGISTIC, &rows, 1, m, p), sum = 0;
  for (size_t i = 0; i < TILE; i++) {
    double t = y[i] > 0 ? q[i] : -q[i];
    sum += w[i] * (t > 0 ? log1p(exp(-t)) : log1p(exp(t)) - t);
    assert_true(fabs(p[i] - 1 / (1 + exp(-q[i]))) < 1e-15);
    double slope = y[i] > 0 ? -1 / (1 + exp(q[i])) : 1 / (1 + exp(-q[i]));
    assert_true(fabs(m[i] - w[i] * slope) <= 1e-14 * fabs(w[i] * slope));
  }
  assert_true(fabs(loss - sum) <= 1e-14 * sum);
  linear_link_curve(LINEAR_LOGISTIC, &rows, 1, p, q);
  assert_true(fabs(q[5] - w[5] * p[5] * (1 - p[5])) < 1e-15);
  for (size_t i = 0; i < K * TILE; i++)
    m[i] = q[i] = 9 * (hpo_rng_next(&r) - 0.5);
  for (size_t i = 0; i < TILE; i++)
    y[i] = (double)(i % K);
  loss = linear_link_loss(LINEAR_MULTINOMIAL, &rows, K, m, p);
  sum = 0;
  for (size_t i = 0; i < TILE; i++) {
    double all = 0;
    for (size_t c = 0; c < K; c++)
      all += exp(q[c * TILE + i]);
    sum += w[i] * (log(all) - q[(size_t)y[i] * TILE + i]);
    for (size_t c = 0; c < K; c++) {
      double one = exp(q[c * TILE + i]) / all;
      assert_true(fabs(p[c * TILE + i] - one) < 1e-15);
      assert_true(fabs(m[c * TILE + i] - w[i] * (one - ((size_t)y[i] == c))) <
                  1e-13);
    }
  }
  assert_true(fabs(loss - sum) <= 1e-14 * sum);
  hpo_mem_free(m);
  hpo_mem_free(p);
  hpo_mem_free(y);
  hpo_mem_free(w);
  hpo_mem_free(q);
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

static void bowl_answer(const bowl *b, newton_ask *a) {
  a->value = 0;
  for (size_t i = 0; i < 8; i++) {
    double d = a->what == NEWTON_EVAL ? a->at[i] - b->at[i] : a->at[i];
    a->value += b->scale[i] * d * d / 2;
    a->out[i] = a->what == NEWTON_DIAGONAL ? b->scale[i] : b->scale[i] * d;
    for (size_t j = 0; a->what == NEWTON_HESSIAN && j < 8; j++)
      a->out[i * 8 + j] = i == j ? b->scale[i] : 0;
  }
}

static void bowl_step(const bowl *b, newton *s) {
  newton_begin(s);
  for (newton_ask *a = newton_next(s); a != NULL; a = newton_next(s))
    bowl_answer(b, a);
  assert_int_equal(newton_end(s, NULL), HPO_OK);
}

static void check_solver(newton_method method, bool has_l1) {
  bowl b = {{1, 2, 3, 4, 1e-3, 1e3, 1, 1}, {1, -2, 0.1, 0, 5, -6, 0.5, -0.5}};
  const double l1[8] = {0.5, 0, 1, 1, 1e-3, 10, 0.5, 0.6};
  const double second[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  newton_problem p = {.n = 8,
                      .l1 = has_l1 ? l1 : NULL,
                      .tol = 1e-12,
                      .method = method,
                      .second = second,
                      .share = 1,
                      .least_share = 1};
  newton *s = NULL;

  assert_int_equal(newton_create(&p, &s, NULL), HPO_OK);
  for (int i = 0; i < 50 && !newton_is_done(s); i++)
    bowl_step(&b, s);
  assert_true(newton_is_done(s));
  for (size_t i = 0; i < 8; i++) {
    double less = has_l1 ? l1[i] / b.scale[i] : 0;
    double size = fmax(0, fabs(b.at[i]) - less), x = newton_x(s)[i];
    assert_true(fabs(x - copysign(size, b.at[i])) < 1e-8);
    assert_true(size > 0 || x == 0); /* truly 0 */
  }
  newton_destroy(s);
}

static void test_solver(void **state) {
  (void)state;
  check_solver(NEWTON_PRODUCTS, true);
  check_solver(NEWTON_PRODUCTS, false);
  check_solver(NEWTON_MATRIX, true);
  check_solver(NEWTON_MATRIX, false);
  check_solver(NEWTON_MEMORY, false);
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

/* Models that differ in all that may differ, together and one by one. */
static void check_together(const ugly *u, const char *const *const *words,
                           size_t n, size_t folds) {
  enum { MOST = 8 };
  trainer_result alone[MOST], all[MOST];
  char impute[] = "mean";
  hpo_plan_data plan = {.impute = impute, .standardize = u->n_class != 2};
  trainer_options how = {.ranks = 1, .plan = &plan, .folds = folds};
  hpo_dataset *d = ugly_make(u);
  const char *kind = u->n_class == 0 ? "linear" : "logistic";

  assert_true(n <= MOST);
  trainer_train_all(kind, d, words, n, &how, alone);
  how.is_together = true;
  for (how.ranks = 1; how.ranks <= 3; how.ranks++) {
    trainer_train_all(kind, d, words, n, &how, all);
    for (size_t i = 0; i < n; i++) {
      expect_same(&alone[i], &all[i]);
      trainer_free(&all[i]);
    }
  }
  for (size_t i = 0; i < n; i++)
    trainer_free(&alone[i]);
  hpo_dataset_destroy(d);
}

static void test_together(void **state) {
  const char *a[] = {"C=0.01", NULL}, *b[] = {"penalty=l1", NULL};
  const char *c[] = {"tol=1e-9", "class_weight=balanced", NULL};
  const char *d[] = {"penalty=elasticnet", "C=0.1", "max_iter=2", NULL};
  const char *e[] = {"fit_intercept=no", "C=30", NULL};
  const char *f[] = {"penalty=none", "tol=0.01", NULL}, *g[] = {NULL};
  const char *const *const logistic[] = {a, b, c, d, e, f, g};
  const char *h[] = {"alpha=0.1", NULL}, *k[] = {"penalty=l1", NULL};
  const char *const *const linear[] = {h, k, g, g, f};

  (void)state;
  for (size_t n_class = 2; n_class <= 4; n_class += 2) {
    check_together(&(ugly){2600, n_class, true}, logistic, 7, 0);
    check_together(&(ugly){900, n_class, false}, logistic, 7, 3);
    check_together(&(ugly){20, n_class, false}, logistic, 3, 0);
  }
  check_together(&(ugly){1300, 0, true}, linear, 5, 2);
}

/* Three features of 9 categories, some missing, beside a number; or their
 * columns of 0 and 1 as numbers. */
static hpo_dataset *coded_make(uint64_t key, size_t n, size_t n_class,
                               bool is_plain) {
  enum { FEATURES = 3, LEVELS = 9, MOST = FEATURES * LEVELS + 1 };
  hpo_rng r = hpo_rng_make(key, HPO_RNG_TEST, n, 9);
  size_t columns = is_plain ? MOST : FEATURES + 1, n_category[MOST] = {0};
  float *x = calloc(n * columns, sizeof *x);
  double *y = calloc(n, sizeof *y);
  uint8_t *role = calloc(n, 1);

  HPO_ASSERT(x && y && role);
  for (size_t i = 0; i < n; i++) {
    double z = 4 * (hpo_rng_next(&r) - 0.5);
    for (size_t f = 0; f < FEATURES; f++) {
      double v = hpo_rng_next(&r) * hpo_rng_next(&r) * LEVELS;
      size_t level = (size_t)v;
      bool is_missing = hpo_rng_next(&r) < 0.1;
      z += is_missing ? 0 : (double)((level * (f + 3)) % 5) / 2 - 1;
      if (!is_plain)
        x[f * n + i] = is_missing ? NAN : (float)level;
      else if (!is_missing)
        x[(f * LEVELS + level) * n + i] = 1;
    }
    double v = hpo_rng_next(&r);
    x[(columns - 1) * n + i] = (float)v;
    y[i] = fmod(floor(fabs(z + 2 * v)), (double)n_class);
    role[i] = hpo_rng_next(&r) < 0.2 ? HPO_ROLE_VALID : HPO_ROLE_TRAIN;
  }
  for (size_t f = 0; !is_plain && f < FEATURES; f++)
    n_category[f] = LEVELS;
  hpo_dataset *d =
      testdata_make_full(n, columns, x, y, n_class, role, NULL, n_category);
  for (size_t f = 0; !is_plain && f < FEATURES; f++)
    d->column[f].onehot = true;
  free(x);
  free(y);
  free(role);
  return d;
}

/* One-hot columns by their codes: the optimum of the same columns as numbers;
 * the same bits on any ranks, alone and together. */
static void test_codes(void **state) {
  const char *words[] = {"C=0.3", "tol=1e-10", "max_iter=500", NULL};
  const char *l1[] = {"C=0.3", "tol=1e-10", "penalty=l1", NULL};
  const char *bare[] = {"C=2", "fit_intercept=no", NULL};
  const char *const *const all[] = {words, l1, bare, words};
  const hpo_plan_data plan = {.standardize = false};

  (void)state;
  for (size_t n_class = 2; n_class <= 3; n_class++) {
    hpo_dataset *d = coded_make(seed(), 3000, n_class, false);
    hpo_dataset *plain = coded_make(seed(), 3000, n_class, true);
    trainer_options how = {.ranks = 1, .plan = &plan};
    trainer_result alone[4], same[4], numbers[4];

    assert_true(d->column[0].missing > 0);
    trainer_train_all("logistic", d, all, 4, &how, alone);
    trainer_train_all("logistic", plain, all, 4, &how, numbers);
    for (size_t i = 0; i < 4; i++)
      for (size_t k = 0; k < alone[i].n; k++) {
        double far = fabs(alone[i].p[k] - numbers[i].p[k]);
        assert_true(far < (i == 2 ? 1e-4 : 1e-7));
      }
    how.is_together = true;
    for (how.ranks = 1; how.ranks <= 3; how.ranks++) {
      trainer_train_all("logistic", d, all, 4, &how, same);
      for (size_t i = 0; i < 4; i++) {
        expect_same(&alone[i], &same[i]);
        trainer_free(&same[i]);
      }
    }
    for (size_t i = 0; i < 4; i++) {
      trainer_free(&alone[i]);
      trainer_free(&numbers[i]);
    }
    hpo_dataset_destroy(d);
    hpo_dataset_destroy(plain);
  }
}

/* Features of so many one-hot categories each; of 0: numbers. */
typedef struct wide {
  size_t rows, features, levels, n_class;
} wide;

static hpo_dataset *wide_make(const wide *w) {
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, w->rows, 11);
  float *x = calloc(w->rows * w->features, sizeof *x);
  double *y = calloc(w->rows, sizeof *y);
  uint8_t *role = calloc(w->rows, 1);
  size_t *n_category = calloc(w->features, sizeof *n_category);

  HPO_ASSERT(x && y && role && n_category);
  for (size_t i = 0; i < w->rows * w->features; i++) {
    double v = hpo_rng_next(&r);
    x[i] = (float)(w->levels > 0 ? floor(v * (double)w->levels) : v);
  }
  for (size_t i = 0; i < w->rows; i++) {
    y[i] = floor(hpo_rng_next(&r) * (double)w->n_class);
    role[i] = hpo_rng_next(&r) < 0.2 ? HPO_ROLE_VALID : HPO_ROLE_TRAIN;
  }
  for (size_t f = 0; f < w->features; f++)
    n_category[f] = w->levels;
  hpo_dataset *d = testdata_make_full(w->rows, w->features, x, y, w->n_class,
                                      role, NULL, n_category);
  for (size_t f = 0; f < w->features; f++)
    d->column[f].onehot = w->levels > 0;
  free(x);
  free(y);
  free(role);
  free(n_category);
  return d;
}

/* So many models together, the first two over and over: each as alone. */
static void check_wide(const wide *w, size_t n) {
  const char *a[] = {"C=0.5", "max_iter=4", "tol=1e-9", NULL};
  const char *b[] = {"C=20", "max_iter=4", "tol=1e-9", NULL};
  const char *const **words = calloc(n, sizeof *words);
  trainer_result alone[2], *all = calloc(n, sizeof *all);
  const hpo_plan_data plan = {.standardize = false};
  trainer_options how = {.ranks = 1, .plan = &plan};
  hpo_dataset *d = wide_make(w);

  HPO_ASSERT(words && all);
  for (size_t i = 0; i < n; i++)
    words[i] = i % 2 == 0 ? a : b;
  trainer_train_all("logistic", d, words, 2, &how, alone);
  how.is_together = true;
  trainer_train_all("logistic", d, words, n, &how, all);
  for (size_t i = 0; i < n; i++) {
    expect_same(&alone[i % 2], &all[i]);
    trainer_free(&all[i]);
  }
  trainer_free(&alone[0]);
  trainer_free(&alone[1]);
  hpo_dataset_destroy(d);
  free(words);
  free(all);
}

/* More models than one pass has room for: Hessians of few columns, and points
 * that are longer than what their codes leave of them. */
static void test_wide(void **state) {
  (void)state;
  check_wide(&(wide){3000, 5, 0, 2}, 300);
  check_wide(&(wide){1500, 8, 102, 2}, 48);
  check_wide(&(wide){1500, 4, 112, 3}, 48);
}

/* --- The shelf -------------------------------------------------------- */

/* Models over 50 rows each, one beside the other. */
typedef struct shelves {
  hpo_dataset *d;
  hpo_design *design;
  hpo_options *options;
  hpo_coll coll;
  hpo_shelf shelf;
} shelves;

static void shelves_make(shelves *s) {
  const hpo_plan_data plan = {.standardize = false};
  const hpo_model_kind *kind = hpo_model_find("logistic");

  *s = (shelves){.d = wide_make(&(wide){4000, 5, 0, 2}),
                 .coll = hpo_coll_serial()};
  assert_int_equal(hpo_design_create(&plan, s->d, &s->design, NULL), HPO_OK);
  assert_int_equal(
      hpo_options_create(kind->option, kind->n_option, &s->options, NULL),
      HPO_OK);
}

static void shelves_free(shelves *s) {
  if (s->shelf.kept != NULL)
    s->shelf.free(s->shelf.kept);
  hpo_options_destroy(s->options);
  hpo_design_destroy(s->design);
  hpo_dataset_destroy(s->d);
}

static hpo_model_input shelves_input(shelves *s, size_t i) {
  enum { ROWS = 50 };
  const hpo_row *row = s->d->train + i * ROWS;

  assert_true((hpo_row)((i + 1) * ROWS) <= s->d->n_train);
  return (hpo_model_input){.options = s->options,
                           .seed = 7,
                           .coll = &s->coll,
                           .shelf = &s->shelf,
                           .part = {.data = s->d,
                                    .design = s->design,
                                    .train = row,
                                    .n_train = ROWS,
                                    .train_total = ROWS,
                                    .rows = {.train = row, .n_train = ROWS}}};
}

static size_t count_frames(const shelves *s) {
  size_t n = 0;

  for (const linear_frame *f = s->shelf.kept; f != NULL; f = f->next)
    n++;
  return n;
}

/* Frames in use stay; of others a few. */
static void test_shelf(void **state) {
  enum { N = 50, HELD = 3 };
  linear_frame *held[HELD], *f = NULL;
  shelves s;

  (void)state;
  shelves_make(&s);
  for (size_t i = 0; i < N; i++) {
    hpo_model_input in = shelves_input(&s, i);
    assert_int_equal(linear_frame_get(&in, true, &f, NULL), HPO_OK);
    if (i < HELD)
      held[i] = f;
    else
      linear_frame_release(f);
  }
  assert_int_equal(count_frames(&s), HELD + LINEAR_MOST_UNUSED);
  for (size_t i = 0; i < HELD; i++) {
    hpo_model_input in = shelves_input(&s, i);
    assert_int_equal(linear_frame_get(&in, true, &f, NULL), HPO_OK);
    assert_ptr_equal(f, held[i]);
    linear_frame_release(f);
    linear_frame_release(f);
  }
  shelves_free(&s);
}

static hpo_status broken_broadcast(void *self, void *bytes, size_t n,
                                   hpo_error *err) {
  (void)self;
  (void)bytes;
  (void)n;
  return hpo_error_set(err, HPO_EMEM, "no room");
}

/* A fault of one group is that of its models alone.  which: not 0, whose team
 * is asked for the groups. */
static void check_group_fault(size_t which) {
  enum { N = 3 };
  const hpo_model_kind *kind = hpo_model_find("logistic");
  hpo_status status[N] = {HPO_OK, HPO_OK, HPO_OK};
  hpo_error err[N] = {{0}};
  void *model[N];
  shelves s;

  shelves_make(&s);
  hpo_coll broken = s.coll;
  for (size_t i = 0; i < N; i++) {
    hpo_model_input in = shelves_input(&s, i);
    in.coll = i == which ? &broken : in.coll;
    assert_int_equal(kind->create(&in, &model[i], &err[i]), HPO_OK);
  }
  broken.size = 2;
  broken.broadcast = broken_broadcast;
  assert_int_equal(kind->step_together(model, N, status, err), HPO_OK);
  for (size_t i = 0; i < N; i++) {
    bool is_broken = i == which;
    assert_int_equal(status[i], is_broken ? HPO_EMEM : HPO_OK);
    assert_string_equal(err[i].text, is_broken ? "no room" : "");
    kind->destroy(model[i]);
  }
  shelves_free(&s);
}

static void test_group_fault(void **state) {
  (void)state;
  check_group_fault(1);
  check_group_fault(2);
}

/* What plain x86-64, AVX2 and AVX-512 give, and any other processor. */
#define DIGEST UINT64_C(0x56948d97267c07f5)

static void test_digest(void **state) {
  const char *plain[] = {"max_iter=4", NULL};
  const char *l1[] = {"max_iter=4", "penalty=l1", NULL};
  const char *const *const all[] = {plain, l1};
  const hpo_plan_data how_data = {.standardize = false};
  const trainer_options how = {.ranks = 1, .plan = &how_data};
  uint64_t digest = 0;

  (void)state;
  for (size_t n_class = 2; n_class <= 3; n_class++)
    for (int is_plain = 0; is_plain < 2; is_plain++) {
      hpo_dataset *d = coded_make(1, 1500, n_class, is_plain);
      trainer_result r[2];
      trainer_train_all("logistic", d, all, 2, &how, r);
      for (size_t i = 0; i < 2; i++) {
        digest = digest * 31 + trainer_digest(r[i].p, r[i].n * sizeof *r[i].p);
        trainer_free(&r[i]);
      }
      hpo_dataset_destroy(d);
    }
  print_message("digest %016llx\n", (unsigned long long)digest);
  assert_true(digest == DIGEST);
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
      cmocka_unit_test(test_kernels),     cmocka_unit_test(test_decode),
      cmocka_unit_test(test_outer),       cmocka_unit_test(test_link),
      cmocka_unit_test(test_together),    cmocka_unit_test(test_codes),
      cmocka_unit_test(test_wide),        cmocka_unit_test(test_shelf),
      cmocka_unit_test(test_group_fault), cmocka_unit_test(test_digest),
      cmocka_unit_test(test_solver),      cmocka_unit_test(test_ranks),
      cmocka_unit_test(test_prefix),      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_share)};

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)seed());
  return cmocka_run_group_tests(tests, NULL, NULL);
}
