/* SPDX-License-Identifier: BSD-3-Clause */
/* mlp: kernels by plain loops, gradients by finite differences, and what must
 * not change a model: how rows are spread over ranks, how many epochs
 * follow. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/blas.h"
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "model/mlp/mlp.h"
#include "testdata.h"
#include "trainer.h"

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");

  return text != NULL ? strtoull(text, NULL, 10) : 1;
}

static float *random_floats(hpo_rng *r, size_t n, size_t room) {
  float *x = NULL;

  assert_int_equal(hpo_mem_new_aligned(room, sizeof *x, &x, NULL), HPO_OK);
  for (size_t i = 0; i < n; i++)
    x[i] = (float)(4 * hpo_rng_next(r) - 2);
  return x;
}

static void assert_near(double x, double right) {
  assert_true(fabs(x - right) <= 1e-6 * (1 + fabs(right)));
}

/* --- Kernels ---------------------------------------------------------- */

static double activation(mlp_activation f, double x) {
  return f == MLP_LOGISTIC ? 1 / (1 + exp(-x))
         : f == MLP_TANH   ? tanh(x)
         : f == MLP_RELU   ? fmax(x, 0)
                           : x;
}

static double slope(mlp_activation f, double a) {
  return f == MLP_LOGISTIC ? a * (1 - a)
         : f == MLP_TANH   ? 1 - a * a
         : f == MLP_RELU   ? a > 0
                           : 1;
}

static void check_activation(mlp_activation f, size_t n) {
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, n, 0);
  size_t room = mlp_padded(n);
  float *x = random_floats(&r, n, room), *d = random_floats(&r, n, room);
  float *y = NULL, *e = NULL;

  x[n / 2] = 0;
  x[n - 1] = -0.0F;
  assert_int_equal(hpo_mem_copy(x, n * sizeof *x, &y, NULL), HPO_OK);
  assert_int_equal(hpo_mem_copy(d, n * sizeof *d, &e, NULL), HPO_OK);
  mlp_activate(f, x, room);
  mlp_derive(f, x, d, room);
  for (size_t i = 0; i < n; i++) {
    assert_near((double)x[i], activation(f, (double)y[i]));
    assert_near((double)d[i], (double)e[i] * slope(f, (double)x[i]));
  }
  x[0] = -NAN; /* as 0/0 gives it: must be seen in the loss */
  x[n - 1] = NAN;
  mlp_activate(f, x, room);
  assert_true(isnan(x[0]) && isnan(x[n - 1]));
  hpo_mem_free(x);
  hpo_mem_free(y);
  hpo_mem_free(d);
  hpo_mem_free(e);
}

static void test_activations(void **state) {
  (void)state;
  for (int f = MLP_IDENTITY; f <= MLP_RELU; f++)
    for (size_t n = 3; n < 600; n += 31)
      check_activation((mlp_activation)f, n);
}

static void check_sums(size_t rows, size_t n) {
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, rows, (uint32_t)n);
  size_t all = rows * n, room = mlp_padded(all);
  float *x = random_floats(&r, all, room), *b = random_floats(&r, n, room);
  float *y = random_floats(&r, all, room), *sum = random_floats(&r, n, room);
  float *was = NULL, *began = NULL;
  double squares = 0;

  assert_int_equal(hpo_mem_copy(x, all * sizeof *x, &was, NULL), HPO_OK);
  assert_int_equal(hpo_mem_copy(sum, n * sizeof *x, &began, NULL), HPO_OK);
  mlp_add_intercepts(x, rows, n, b);
  for (size_t i = 0; i < all; i++)
    assert_true(x[i] == was[i] + b[i % n]);
  mlp_sum_rows(x, rows, n, sum);
  for (size_t j = 0; j < n; j++) {
    float s = began[j];
    for (size_t i = 0; i < rows; i++)
      s += x[i * n + j];
    assert_true(s == sum[j]);
  }
  mlp_add(x, y, room);
  mlp_times(x, y, room);
  for (size_t i = 0; i < all; i++) {
    squares += (double)x[i] * (double)x[i];
    assert_true(x[i] == (was[i] + b[i % n] + y[i]) * y[i]);
  }
  assert_near(mlp_squares(x, room), squares);
  hpo_mem_free(x);
  hpo_mem_free(y);
  hpo_mem_free(b);
  hpo_mem_free(sum);
  hpo_mem_free(was);
  hpo_mem_free(began);
}

static void test_sums(void **state) {
  (void)state;
  for (size_t n = 1; n < 70; n += 6)
    check_sums(1 + n % 5, n);
}

static void test_decode(void **state) {
  enum { N = 13, ROOM = 16 };
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, 0, 0);
  float *x = random_floats(&r, N, ROOM), to[N + 1];
  double *s = NULL;

  (void)state;
  assert_int_equal(hpo_mem_new_aligned(3 * ROOM, sizeof *s, &s, NULL), HPO_OK);
  for (size_t j = 0; j < 3 * ROOM; j++)
    s[j] = hpo_rng_next(&r);
  x[2] = x[11] = NAN;
  to[N] = 7;
  mlp_decode(x, N, s, s + ROOM, s + 2L * ROOM, to);
  for (size_t j = 0; j < N; j++)
    assert_true(to[j] == (float)(isnan(x[j])
                                     ? s[2 * ROOM + j]
                                     : ((double)x[j] - s[j]) * s[ROOM + j]));
  assert_true(to[N] == 7);
  hpo_mem_free(x);
  hpo_mem_free(s);
}

/* Numbers that die out end as 0, never as denormal ones. */
static void test_dying(void **state) {
  enum { N = 16 };
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, 0, 0);
  float *g = random_floats(&r, 0, N), *first = random_floats(&r, N, N);
  float *second = random_floats(&r, 0, N), *w = random_floats(&r, N, N);
  float *velocity = random_floats(&r, N, N);
  const mlp_change c = {.share = 1,
                        .rate = 1,
                        .momentum = 0.9F,
                        .beta_1 = 0.9F,
                        .beta_2 = 0.9F,
                        .rest_1 = 0.1F,
                        .rest_2 = 0.1F,
                        .epsilon = 1};

  (void)state;
  second[3] = 1;
  for (int i = 0; i < 2000; i++) {
    mlp_change_adam(&c, g, first, second, w, N);
    mlp_change_sgd(&c, g, velocity, w, N, i % 2 == 0);
    for (size_t j = 0; j < N; j++)
      assert_true(fpclassify(first[j]) != FP_SUBNORMAL &&
                  fpclassify(second[j]) != FP_SUBNORMAL &&
                  fpclassify(velocity[j]) != FP_SUBNORMAL);
  }
  for (size_t j = 0; j < N; j++)
    assert_true(first[j] == 0 && second[j] == 0 && velocity[j] == 0);
  g[5] = NAN;
  mlp_change_adam(&c, g, first, second, w, N);
  assert_true(isnan(w[5]) && isfinite(w[4]));
  hpo_mem_free(g);
  hpo_mem_free(first);
  hpo_mem_free(second);
  hpo_mem_free(velocity);
  hpo_mem_free(w);
}

/* --- Gradients -------------------------------------------------------- */

enum { ROWS = 23, INPUTS = 7 };

typedef struct problem {
  hpo_task task;
  mlp_net net;
  mlp_tile tile;
  float *w, *x, *mask[MLP_MOST_LAYERS];
} problem;

static void problem_make(hpo_task task, mlp_activation f, double dropout,
                         problem *p) {
  mlp_config c = {
      .width = {9, 20}, .n_hidden = 2, .activation = f, .dropout = dropout};
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, task, (uint32_t)f);
  size_t k = task == HPO_TASK_MULTICLASS ? 4 : 1;

  *p = (problem){.task = task};
  assert_int_equal(mlp_net_make(&c, INPUTS, k, &p->net, NULL), HPO_OK);
  assert_int_equal(mlp_tile_create(&p->net, ROWS, &p->tile, NULL), HPO_OK);
  p->w = random_floats(&r, 0, p->net.n);
  mlp_net_start(&p->net, seed(), p->w);
  p->x = random_floats(&r, ROWS * INPUTS, ROWS * INPUTS);
  for (size_t i = 0; i < ROWS; i++) {
    p->tile.y[i] = task == HPO_TASK_REGRESSION
                       ? hpo_rng_next(&r)
                       : (double)hpo_rng_below(&r, k > 1 ? k : 2);
    p->tile.weight[i] = i % 5 == 4 ? 0 : 0.5 + hpo_rng_next(&r);
  }
  for (size_t l = 1; dropout > 0 && l <= 2; l++) {
    size_t n = mlp_padded(ROWS * p->net.unit[l]);
    p->mask[l] = random_floats(&r, n, n);
    for (size_t i = 0; i < n; i++)
      p->mask[l][i] = p->mask[l][i] < 0 ? 0 : (float)(1 / (1 - dropout));
  }
}

static void problem_free(problem *p) {
  mlp_tile_free(&p->tile);
  hpo_mem_free(p->w);
  hpo_mem_free(p->x);
  for (size_t l = 0; l < MLP_MOST_LAYERS; l++)
    hpo_mem_free(p->mask[l]);
}

static double loss_at(problem *p, const float *w) {
  memcpy(p->tile.act[0], p->x, ROWS * INPUTS * sizeof *p->x);
  for (size_t l = 1; p->mask[l] != NULL; l++)
    memcpy(p->tile.mask[l], p->mask[l],
           mlp_padded(ROWS * p->net.unit[l]) * sizeof *p->x);
  mlp_forward(&p->net, w, &p->tile, ROWS, true);
  return mlp_loss(p->task, &p->net, &p->tile, ROWS);
}

/* Every derivative, by central differences.  What float32 leaves of them:
 * about 1e-4; at relu's bends single ones are further off. */
static void check_gradient(hpo_task task, mlp_activation f, double dropout) {
  const float h = f == MLP_RELU ? 0x1p-11F : 0x1p-8F;
  problem p;
  float *g = NULL;
  double off = 0, size = 0;

  problem_make(task, f, dropout, &p);
  assert_int_equal(hpo_mem_new_aligned(p.net.n, sizeof *g, &g, NULL), HPO_OK);
  (void)loss_at(&p, p.w);
  mlp_backward(&p.net, p.w, &p.tile, ROWS, false, g);
  for (size_t i = 0; i < p.net.n; i++) {
    float was = p.w[i];
    p.w[i] = was + h;
    double up = loss_at(&p, p.w), right = 0;
    p.w[i] = was - h;
    right = (up - loss_at(&p, p.w)) / (2 * (double)h);
    p.w[i] = was;
    if (i % 16 != 0 && right == 0) /* padding, or no way to the loss */
      assert_true(fabs((double)g[i]) < 1e-5);
    off += ((double)g[i] - right) * ((double)g[i] - right);
    size += right * right;
  }
  assert_true(size > 1e-3);
  assert_true(off < size * (f == MLP_RELU ? 2e-2 : 1e-6));
  hpo_mem_free(g);
  problem_free(&p);
}

static void test_gradients(void **state) {
  static const hpo_task task[] = {HPO_TASK_BINARY, HPO_TASK_MULTICLASS,
                                  HPO_TASK_REGRESSION};

  (void)state;
  for (size_t t = 0; t < 3; t++)
    for (int f = MLP_IDENTITY; f <= MLP_RELU; f++) {
      check_gradient(task[t], (mlp_activation)f, 0);
      check_gradient(task[t], (mlp_activation)f, 0.3);
    }
}

/* --- Whole models ----------------------------------------------------- */

/* Numbers, one feature with missing values, one of categories. */
static hpo_dataset *table_make(size_t n, size_t n_class) {
  enum { COLUMNS = 5 };
  const size_t n_category[COLUMNS] = {0, 0, 4, 0, 0};
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, n, (uint32_t)n_class);
  float *x = calloc(n * COLUMNS, sizeof *x);
  double *y = calloc(n, sizeof *y), *w = calloc(n, sizeof *w);
  uint8_t *role = calloc(n, 1);
  hpo_dataset *d = NULL;

  assert_true(x && y && w && role);
  for (size_t i = 0; i < n; i++) {
    double z = 0;
    for (size_t j = 0; j < COLUMNS; j++) {
      double v = j == 2 ? (double)hpo_rng_below(&r, 4) : hpo_rng_normal(&r);
      x[j * n + i] = j == 0 && hpo_rng_next(&r) < 0.1 ? NAN : (float)v;
      z += j == 2 ? (v == 3) : v * (double)j / 2;
    }
    y[i] = n_class == 0   ? z
           : n_class == 2 ? z > 0
                          : fmod(floor(fabs(z)), (double)n_class);
    w[i] = 0.25 + hpo_rng_next(&r);
    role[i] = hpo_rng_next(&r) < 0.2 ? HPO_ROLE_VALID : HPO_ROLE_TRAIN;
  }
  d = testdata_make_full(n, COLUMNS, x, y, n_class, role, w, n_category);
  d->column[2].onehot = true;
  free(x);
  free(y);
  free(w);
  free(role);
  return d;
}

static trainer_result train(const hpo_dataset *d, const char *const *words,
                            int ranks, int64_t steps) {
  hpo_plan_data plan = {.impute = "mean", .standardize = d->n_class != 2};
  trainer_options how = {.ranks = ranks, .steps = steps, .plan = &plan};

  return trainer_train("mlp", d, words, &how);
}

static void expect_same(const trainer_result *a, const trainer_result *b) {
  assert_int_equal(a->model.n, b->model.n);
  assert_memory_equal(a->model.byte, b->model.byte, a->model.n);
  assert_memory_equal(a->p, b->p, a->n * sizeof *a->p);
  assert_int_equal(a->steps, b->steps);
}

static void check_ranks(size_t rows, size_t n_class, const char *batch) {
  const char *words[] = {batch,         "hidden_layer_sizes=33 7",
                         "dropout=0.2", "activation=tanh",
                         "max_iter=4",  NULL};
  hpo_dataset *d = table_make(rows, n_class);
  trainer_result one = train(d, words, 1, 0);

  for (int ranks = 2; ranks <= 5; ranks += ranks == 3 ? 2 : 1) {
    trainer_result more = train(d, words, ranks, 0);
    expect_same(&one, &more);
    trainer_free(&more);
  }
  assert_int_equal(one.steps, 4);
  trainer_free(&one);
  hpo_dataset_destroy(d);
}

/* Batches of one tile, of a few with a shorter last batch, of more tiles than
 * blocks; and more ranks than tiles. */
static void test_ranks(void **state) {
  (void)state;
  check_ranks(700, 3, "batch_size=50");
  check_ranks(1500, 0, "batch_size=444");
  check_ranks(2900, 2, "batch_size=100000");
  check_ranks(40, 2, "batch_size=200");
}

/* A trial that is stopped has what a longer one had then. */
static void test_prefix(void **state) {
  static const char *const solver[] = {"solver=sgd", "solver=adam"};

  (void)state;
  for (size_t i = 0; i < 2; i++) {
    const char *few_words[] = {solver[i], "max_iter=3", "tol=0", NULL};
    const char *many_words[] = {solver[i], "max_iter=50", "tol=0", NULL};
    hpo_dataset *d = table_make(500, 3);
    trainer_result few = train(d, few_words, 1, 0);
    trainer_result many = train(d, many_words, 1, 3);

    /* params say max_iter, all else is the same */
    assert_memory_equal(few.p, many.p, few.n * sizeof *few.p);
    assert_string_equal(strstr((char *)few.model.byte, "\"n_iter_\""),
                        strstr((char *)many.model.byte, "\"n_iter_\""));
    trainer_free(&few);
    trainer_free(&many);
    hpo_dataset_destroy(d);
  }
}

/* --- Refusals --------------------------------------------------------- */

static void expect_refused(const char *name, const char *value,
                           const char *and_name, const char *and_value,
                           const char *text) {
  const hpo_model_kind *kind = hpo_model_find("mlp");
  hpo_options *o = NULL;
  hpo_error err = {0};
  hpo_status status = HPO_OK;

  assert_int_equal(hpo_options_create(kind->option, kind->n_option, &o, NULL),
                   HPO_OK);
  status = hpo_options_set(o, name, value, &err);
  if (status == HPO_OK && and_name != NULL)
    status = hpo_options_set(o, and_name, and_value, &err);
  if (status == HPO_OK)
    status = kind->check(o, HPO_TASK_REGRESSION, NULL, &err);
  assert_int_equal(status, text == NULL ? HPO_OK : HPO_EINVAL);
  if (text != NULL)
    assert_non_null(strstr(err.text, text));
  hpo_options_destroy(o);
}

static void test_refusals(void **state) {
  static const char many[] = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17";
  static const char *const bad[] = {"",    "0",      "100 x", "12a", "-5",
                                    "1.5", "100000", "( )",   many};
  static const char *const good[] = {"7", "100 50", "(100, 50)", "1,2,3"};

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    expect_refused("hidden_layer_sizes", bad[i], NULL, NULL,
                   "is no list of sizes; allowed: up to 16 numbers from 1 to "
                   "65536");
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    expect_refused("hidden_layer_sizes", good[i], NULL, NULL, NULL);
  expect_refused("hidden_layer_sizes", "9", "hidden_layers", "2",
                 "give one or the other");
  expect_refused("hidden_layer_width", "9", "hidden_layers", "0", NULL);
  expect_refused("class_weight", "balanced", NULL, NULL, "needs classes");
  expect_refused("solver", "lbfgs", NULL, NULL, "not built");
  expect_refused("dropout", "1", NULL, NULL, "dropout");
  expect_refused("learning_rate_init", "0", NULL, NULL, "learning_rate_init");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_activations), cmocka_unit_test(test_sums),
      cmocka_unit_test(test_decode),      cmocka_unit_test(test_dying),
      cmocka_unit_test(test_gradients),   cmocka_unit_test(test_ranks),
      cmocka_unit_test(test_prefix),      cmocka_unit_test(test_refusals)};

  hpo_blas_start();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
