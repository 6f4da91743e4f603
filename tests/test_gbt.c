/* SPDX-License-Identifier: BSD-3-Clause */
/* gbt as a whole: a tree worked out by hand, and what must not change the
 * model: how rows are spread over ranks, how many rounds follow, the
 * instruction set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/model.h"
#include "hpo/rng.h"
#include "testdata.h"
#include "trainer.h"

/* Changes only when models are meant to change. */
#define DIGEST 0x4ce2b41c9da485c7U

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");

  return text != NULL ? strtoull(text, NULL, 10) : 1;
}

/* --- Data ------------------------------------------------------------- */

typedef struct ugly {
  size_t rows, columns, n_class;
  bool has_weight;
} ugly;

/* Rows with missing values (most, from 40 columns on), a categorical column
   (2), a constant one (3), validation rows among the others. */
static hpo_dataset *ugly_make(uint64_t key, const ugly *u) {
  hpo_rng r = hpo_rng_make(key, HPO_RNG_TEST, 0, 0);
  size_t n = u->rows;
  double blank = u->columns < 40 ? 0.1 : 0.8;
  float *x = calloc(n * u->columns, sizeof *x);
  double *y = calloc(n, sizeof *y), *w = calloc(n, sizeof *w);
  uint8_t *role = calloc(n, 1);
  size_t *n_category = calloc(u->columns, sizeof *n_category);
  hpo_dataset *d = NULL;

  HPO_ASSERT(x && y && w && role && n_category);
  n_category[2] = 5;
  for (size_t i = 0; i < n; i++) {
    double z = 0;
    for (size_t j = 0; j < u->columns; j++) {
      double v = hpo_rng_next(&r) * 10;
      if (j == 2)
        v = floor(v / 2);
      if (j == 3)
        v = 1;
      if (j == 1)
        v = floor(v);
      z += j == 2 ? (v == 3 ? 4 : 0) : v * (j % 2 == 0 ? 1 : -0.5);
      x[j * n + i] = hpo_rng_next(&r) < blank ? NAN : (float)v;
    }
    z += hpo_rng_next(&r) * 4;
    role[i] = hpo_rng_next(&r) < 0.2 ? HPO_ROLE_VALID : HPO_ROLE_TRAIN;
    w[i] = 0.25 + hpo_rng_next(&r) * 3;
    y[i] = u->n_class == 0   ? z
           : u->n_class == 2 ? z > 5
                             : fmod(floor(fabs(z)), (double)u->n_class);
  }
  d = testdata_make_full(n, u->columns, x, y, u->n_class, role,
                         u->has_weight ? w : NULL, n_category);
  free(x);
  free(y);
  free(w);
  free(role);
  free(n_category);
  return d;
}

/* Four training rows, x = 0 1 2 3, and the same for validation. */
static hpo_dataset *four_make(const double *y, size_t n_class,
                              const double *weight) {
  const float x[8] = {0, 1, 2, 3, 0, 1, 2, 3};
  const uint8_t role[8] = {0, 0, 0, 0, 1, 1, 1, 1};
  double yy[8], ww[8];

  for (size_t i = 0; i < 8; i++) {
    yy[i] = y[i % 4];
    ww[i] = weight != NULL ? weight[i % 4] : 1;
  }
  return testdata_make_full(8, 1, x, yy, n_class, role,
                            weight != NULL ? ww : NULL, NULL);
}

/* --- Trees by hand ---------------------------------------------------- */

static void expect(const hpo_dataset *d, const char *const *words,
                   const double *p, double tolerance) {
  trainer_result r = trainer_run("gbt", d, words, 0, 1, DEAL_BLOCKS);

  for (size_t i = 0; i < r.n; i++)
    assert_true(fabs(r.p[i] - p[i]) <= tolerance);
  trainer_free(&r);
}

/* y = 0 0 8 8, margin 0: G = (0, -16), H = (2, 2), so leaves 0, 16 / 3. */
static void test_one_split(void **state) {
  const double y[4] = {0, 0, 8, 8}, p[4] = {0, 0, 16.0 / 3, 16.0 / 3};
  const double half[4] = {0, 0, 4, 4}, none[4] = {3.2, 3.2, 3.2, 3.2};
  const double mean[4] = {4 - 8 / 3.0, 4 - 8 / 3.0, 4 + 8 / 3.0, 4 + 8 / 3.0};
  hpo_dataset *d = four_make(y, 0, NULL);
  const char *words[9] = {"n_estimators=1", "max_depth=1", "learning_rate=1",
                          "base_score=0", NULL};

  (void)state;
  expect(d, words, p, 1e-6);
  words[4] = "reg_lambda=2";
  expect(d, words, half, 1e-6);
  /* gain 256 / 3 - 256 / 5 = 34.1333: gamma below and above */
  words[4] = "gamma=34.1";
  expect(d, words, p, 1e-6);
  words[4] = "gamma=34.2";
  expect(d, words, none, 1e-6);
  words[4] = "min_child_weight=2";
  expect(d, words, p, 1e-6);
  words[4] = "min_child_weight=2.001";
  expect(d, words, none, 1e-6);
  words[4] = "reg_alpha=4"; /* (16 - 4) / 3 */
  expect(d, words, half, 1e-6);
  words[4] = "max_delta_step=4";
  expect(d, words, half, 1e-6);
  words[3] = "reg_lambda=1"; /* base_score: the mean 4; G = (8, -8) */
  words[4] = NULL;
  expect(d, words, mean, 1e-6);
  hpo_dataset_destroy(d);
}

/* A weight counts like as many rows; scale_pos_weight like weights. */
static void test_weights(void **state) {
  const double y[4] = {0, 0, 1, 1}, one[4] = {1, 1, 3, 3};
  const double target[4] = {0, 0, 8, 8};
  const double p[4] = {0, 0, 48.0 / 7, 48.0 / 7};
  hpo_dataset *d = four_make(target, 0, one), *plain = NULL;
  const char *words[9] = {"n_estimators=1", "max_depth=1", "learning_rate=1",
                          "base_score=0", NULL};
  trainer_result a, b;

  (void)state;
  expect(d, words, p, 1e-6);
  hpo_dataset_destroy(d);
  d = four_make(y, 2, one);
  plain = four_make(y, 2, NULL);
  words[3] = "min_child_weight=0";
  a = trainer_run("gbt", d, words, 0, 1, DEAL_BLOCKS);
  words[4] = "scale_pos_weight=3";
  b = trainer_run("gbt", plain, words, 0, 1, DEAL_BLOCKS);
  assert_memory_equal(a.p, b.p, a.n * sizeof *a.p);
  trainer_free(&a);
  trainer_free(&b);
  hpo_dataset_destroy(d);
  hpo_dataset_destroy(plain);
}

/* class_weight="balanced" is what rows / (classes * rows of the class) as
   weights give, on one rank and on three. */
static void balanced_case(const double *y, size_t n_class, const double *w) {
  hpo_dataset *d = four_make(y, n_class, w),
              *plain = four_make(y, n_class, NULL);
  const char *words[9] = {"n_estimators=3", "min_child_weight=0", NULL};
  trainer_result a = trainer_run("gbt", d, words, 0, 1, DEAL_BLOCKS);

  words[2] = "class_weight=balanced";
  for (int ranks = 1; ranks <= 3; ranks += 2) {
    trainer_result b = trainer_run("gbt", plain, words, 0, ranks, DEAL_BLOCKS);
    assert_memory_equal(a.p, b.p, a.n * sizeof *a.p);
    trainer_free(&b);
  }
  trainer_free(&a);
  hpo_dataset_destroy(d);
  hpo_dataset_destroy(plain);
}

static void test_balanced(void **state) {
  const double two[4] = {0, 0, 0, 1}, three[4] = {0, 0, 1, 2};
  const double w2[4] = {2.0 / 3, 2.0 / 3, 2.0 / 3, 2};
  const double w3[4] = {2.0 / 3, 2.0 / 3, 4.0 / 3, 4.0 / 3};

  (void)state;
  balanced_case(two, 2, w2);
  balanced_case(three, 3, w3);
}

/* Missing values learn where to go, also alone against all others. */
static void test_missing(void **state) {
  const float x[8] = {1, NAN, 2, NAN, 1, NAN, 2, NAN};
  const double y[8] = {0, 8, 0, 8, 0, 8, 0, 8};
  const uint8_t role[8] = {0, 0, 0, 0, 1, 1, 1, 1};
  const double p[4] = {0, 16.0 / 3, 0, 16.0 / 3};
  const char *words[] = {"n_estimators=1", "max_depth=1", "learning_rate=1",
                         "base_score=0", NULL};
  hpo_dataset *d = testdata_make(8, 1, x, y, 0, role);

  (void)state;
  expect(d, words, p, 1e-6);
  hpo_dataset_destroy(d);
}

/* --- What does not matter --------------------------------------------- */

static void expect_same(const trainer_result *a, const trainer_result *b) {
  assert_int_equal(a->model.n, b->model.n);
  assert_memory_equal(a->model.byte, b->model.byte, a->model.n);
  assert_memory_equal(a->p, b->p, a->n * sizeof *a->p);
}

static void check_ranks_of(const hpo_dataset *d, const char *const *words) {
  trainer_result one = trainer_run("gbt", d, words, 0, 1, DEAL_BLOCKS);

  for (int ranks = 2; ranks <= 4; ranks++)
    for (int deal = 0; deal < 2; deal++) {
      trainer_result more =
          trainer_run("gbt", d, words, 0, ranks, (trainer_deal)deal);
      expect_same(&one, &more);
      trainer_free(&more);
    }
  trainer_free(&one);
}

static void check_ranks(const ugly *u, const char *const *words) {
  hpo_dataset *d = ugly_make(seed(), u);

  check_ranks_of(d, words);
  hpo_dataset_destroy(d);
}

/* Sampling of rows and of columns, all three ways. */
static const char *const sampled[] = {
    "n_estimators=6",        "max_depth=7",
    "subsample=0.7",         "colsample_bytree=0.8",
    "colsample_bylevel=0.8", "colsample_bynode=0.7",
    "min_child_weight=0.05", NULL};
static const char *const plain[] = {"n_estimators=5", "max_depth=5", NULL};

static void test_ranks(void **state) {
  (void)state;
  check_ranks(&(ugly){1500, 8, 2, true}, sampled);
  check_ranks(&(ugly){1500, 8, 4, false}, sampled);
  check_ranks(&(ugly){1500, 8, 0, true}, plain);
  check_ranks(&(ugly){3, 5, 0, false}, plain);     /* a rank without rows */
  check_ranks(&(ugly){90000, 4, 2, false}, plain); /* wide cells */
}

/* Trees of few leaves: first the largest gain, or the least depth. */
static void test_leaves(void **state) {
  const char *words[] = {"n_estimators=5",      "max_depth=0",
                         "max_leaves=13",       "grow_policy=lossguide",
                         "min_child_weight=0",  "subsample=0.8",
                         "colsample_bynode=.7", NULL};

  (void)state;
  check_ranks(&(ugly){1500, 8, 2, true}, words);
  check_ranks(&(ugly){1500, 8, 3, false}, words);
  words[3] = "grow_policy=depthwise";
  check_ranks(&(ugly){1500, 8, 0, true}, words);
  words[2] = "max_leaves=2000"; /* all leaves that there are */
  check_ranks(&(ugly){600, 8, 0, false}, words);
}

/* Deep trees: nodes of few rows grow at one rank each. */
static void test_subtrees(void **state) {
  const char *words[] = {"n_estimators=4",
                         "max_depth=15",
                         "min_child_weight=0",
                         "subsample=0.9",
                         "colsample_bynode=.8",
                         "max_bin=300",
                         NULL};
  const ugly cases[] = {{.rows = 6000, .columns = 8, .n_class = 2},
                        {.rows = 3000, .columns = 9, .has_weight = true},
                        {.rows = 2000, .columns = 8, .n_class = 3},
                        /* compressed rows */
                        {.rows = 3000, .columns = 40}};

  (void)state;
  for (size_t i = 0; i < 4; i++)
    check_ranks(&cases[i], words);
  words[5] = "max_bin=20";
  check_ranks(&cases[3], words);
  words[4] = "interaction_constraints=[[0,1,2],[4,5,6]]";
  check_ranks(&cases[0], words);
  words[4] = "monotone_constraints=(1,-1,0,0,1)";
  check_ranks(&cases[1], words);
  words[4] = "objective=reg:absoluteerror";
  check_ranks(&cases[1], words);
  words[4] = "max_leaves=90";
  check_ranks(&cases[0], words);
  check_ranks(&cases[3], words);
  words[1] = "grow_policy=lossguide";
  check_ranks(&cases[0], words);
  check_ranks(&cases[1], words);
}

/* Eight columns of the bits of a row's number, whose sum is the label: many
   nodes have equal gains, and the first by number is split. */
static void test_ties(void **state) {
  enum { ROWS = 4096, COLUMNS = 8 };
  static float x[ROWS * COLUMNS];
  static double y[ROWS];
  static uint8_t role[ROWS];
  const char *words[] = {"n_estimators=3",        "max_depth=0",
                         "max_leaves=23",         "base_score=0",
                         "grow_policy=lossguide", NULL};
  hpo_dataset *d = NULL;

  (void)state;
  for (size_t i = 0; i < ROWS; i++) {
    role[i] = i % 16 == 15 ? HPO_ROLE_VALID : HPO_ROLE_TRAIN;
    y[i] = 0;
    for (size_t j = 0; j < COLUMNS; j++) {
      x[j * ROWS + i] = (float)(i >> (j + 4) & 1);
      y[i] += (double)x[j * ROWS + i];
    }
  }
  d = testdata_make_full(ROWS, COLUMNS, x, y, 0, role, NULL, NULL);
  check_ranks_of(d, words);
  words[4] = "grow_policy=depthwise";
  check_ranks_of(d, words);
  hpo_dataset_destroy(d);
}

static void test_constraints(void **state) {
  const char *words[] = {
      "n_estimators=5",      "max_depth=6",
      "min_child_weight=0",  "monotone_constraints=(1,-1,0,0,1)",
      "colsample_bynode=.7", "interaction_constraints=[[0,1,2],[4,5,6]]",
      "max_leaves=20",       NULL};

  (void)state;
  check_ranks(&(ugly){1500, 8, 2, true}, words);
  check_ranks(&(ugly){1500, 8, 3, false}, words);
  words[6] = NULL;
  check_ranks(&(ugly){90000, 8, 0, true}, words);
}

/* Counts and absolute errors; the latter's leaves are medians over ranks. */
static void test_other_losses(void **state) {
  const char *words[] = {"n_estimators=6",
                         "max_depth=5",
                         "subsample=0.8",
                         "min_child_weight=0.5",
                         "max_leaves=20",
                         "objective=reg:absoluteerror",
                         NULL};
  const ugly cases[] = {{1500, 8, 0, true}, {1501, 8, 0, false}, {3, 5, 0, 0}};

  (void)state;
  for (size_t i = 0; i < 3; i++)
    check_ranks(&cases[i], words);
  words[5] = "objective=count:poisson";
  for (size_t i = 0; i < 3; i++) {
    hpo_dataset *d = ugly_make(seed(), &cases[i]);
    for (hpo_row r = 0; r < d->rows; r++)
      ((double *)(uintptr_t)d->y)[r] = floor(fabs(d->y[r]));
    trainer_result a = trainer_run("gbt", d, words, 0, 1, DEAL_BLOCKS);
    trainer_result b = trainer_run("gbt", d, words, 0, 3, DEAL_TURNS);
    expect_same(&a, &b);
    trainer_free(&a);
    trainer_free(&b);
    hpo_dataset_destroy(d);
  }
}

/* The median of the leaf's labels, with weights and without. */
static void test_medians(void **state) {
  const double y[4] = {-3, 1, 5, 100}, p[4] = {-1, -1, 52.5, 52.5};
  const double w[4] = {1, 3, 1, 3}, q[4] = {1, 1, 100, 100};
  const char *words[] = {"n_estimators=1",
                         "max_depth=1",
                         "learning_rate=1",
                         "base_score=2",
                         "min_child_weight=0",
                         "objective=reg:absoluteerror",
                         NULL};
  hpo_dataset *d = four_make(y, 0, NULL);

  (void)state;
  expect(d, words, p, 1e-5);
  hpo_dataset_destroy(d);
  d = four_make(y, 0, w);
  expect(d, words, q, 1e-5);
  words[3] = "learning_rate=0"; /* the base alone */
  words[2] = "n_estimators=1";
  expect(d, words, (const double[4]){1, 1, 1, 1}, 0);
  hpo_dataset_destroy(d);
  d = four_make(y, 0, NULL);
  expect(d, words, (const double[4]){3, 3, 3, 3}, 0);
  hpo_dataset_destroy(d);
}

static void test_prefix(void **state) {
  const ugly u = {800, 6, 3, false};
  hpo_dataset *d = ugly_make(seed(), &u);
  const char *words[] = {"n_estimators=4", "max_depth=4", "subsample=0.6",
                         "colsample_bynode=0.5", NULL};
  trainer_result few = trainer_run("gbt", d, words, 0, 1, DEAL_BLOCKS);
  trainer_result many;

  (void)state;
  words[0] = "n_estimators=40";
  many = trainer_run("gbt", d, words, 4, 1, DEAL_BLOCKS);
  expect_same(&few, &many);
  trainer_free(&few);
  trainer_free(&many);
  hpo_dataset_destroy(d);
}

/* Outliers ask for 30 bits; a deep tree for many nodes. */
static void test_extremes(void **state) {
  const ugly u = {3000, 6, 0, true};
  hpo_dataset *d = ugly_make(seed(), &u);
  const char *words[] = {"n_estimators=3", "max_depth=40",
                         "min_child_weight=0", "max_bin=1000", NULL};
  double *y = (double *)(uintptr_t)d->y; /* private here */
  trainer_result one, two;

  (void)state;
  y[d->train[5]] = 1e9;
  one = trainer_run("gbt", d, words, 0, 1, DEAL_BLOCKS);
  two = trainer_run("gbt", d, words, 0, 2, DEAL_TURNS);
  expect_same(&one, &two);
  trainer_free(&one);
  trainer_free(&two);
  hpo_dataset_destroy(d);
}

/* The bytes of three models, the same on any machine, with any compiler. */
static void test_digest(void **state) {
  uint64_t digest = 0;

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    const ugly u = {2000, 9, i == 0 ? 0 : i + 1, i != 1};
    hpo_dataset *d = ugly_make(1, &u);
    trainer_result r = trainer_run("gbt", d, sampled, 0, 1, DEAL_BLOCKS);
    digest = digest * 31 + trainer_digest(r.model.byte, r.model.n);
    trainer_free(&r);
    hpo_dataset_destroy(d);
  }
  print_message("digest %016llx\n", (unsigned long long)digest);
  assert_true(digest == DIGEST);
}

/* --- The file --------------------------------------------------------- */

static void rename_column(hpo_dataset *d, size_t f, const char *name) {
  hpo_mem_free(d->column[f].name);
  assert_int_equal(hpo_mem_string(name, &d->column[f].name, NULL), HPO_OK);
}

static bool has_text(const hpo_buffer *b, const char *text) {
  return memmem(b->byte, b->n, text, strlen(text)) != NULL;
}

/* Names that XGBoost refuses are changed, and stay different. */
static void test_names(void **state) {
  const ugly u = {200, 6, 2, false};
  hpo_dataset *d = ugly_make(1, &u);
  trainer_result r = {.p = NULL};

  (void)state;
  rename_column(d, 0, "a[1]");
  rename_column(d, 1, "a<1]");
  rename_column(d, 4, "a_1_");
  rename_column(d, 5, "gr\303\266\303\237e \"x\"");
  r = trainer_run("gbt", d, plain, 1, 1, DEAL_BLOCKS);
  assert_false(has_text(&r.model, "a[1]") || has_text(&r.model, "a<1]"));
  assert_true(has_text(&r.model, "\5a_1__SL") &&
              has_text(&r.model, "\6a_1___SL"));
  assert_true(has_text(&r.model, "gr\303\266\303\237e \"x\""));
  trainer_free(&r);
  hpo_dataset_destroy(d);
}

/* --- Refusals --------------------------------------------------------- */

static hpo_status create_status(const hpo_dataset *d, const char *name,
                                const char *value, int64_t steps) {
  const hpo_model_kind *kind = hpo_model_find("gbt");
  hpo_options *o = NULL;
  hpo_bins *bins = NULL;
  hpo_coll coll = hpo_coll_serial();
  hpo_status status = HPO_OK;
  void *self = NULL;

  HPO_TRY(status, hpo_options_create(kind->option, kind->n_option, &o, NULL));
  HPO_TRY(status, hpo_options_set(o, name, value, NULL));
  HPO_TRY(status, hpo_bins_create(d, 16, &bins, NULL));
  HPO_TRY(status, kind->check(o, d->task, d, NULL));
  hpo_model_input in = {.options = o,
                        .part = {.data = d,
                                 .bins = bins,
                                 .train = d->train,
                                 .n_train = (size_t)d->n_train,
                                 .train_total = d->n_train},
                        .coll = &coll};
  HPO_TRY(status, kind->create(&in, &self, NULL));
  for (int64_t i = 0; i < steps; i++)
    HPO_TRY(status, kind->step(self, NULL));
done:
  kind->destroy(self);
  hpo_bins_destroy(bins);
  hpo_options_destroy(o);
  return status;
}

/* How constraints are spelt, and that their columns are there. */
static void test_spelling(void **state) {
  static const struct {
    const char *name, *value;
    hpo_status status;
  } tries[] = {
      {"monotone_constraints", "(1)", HPO_OK},
      {"monotone_constraints", " [ -1 , ] ", HPO_OK},
      {"monotone_constraints", "()", HPO_OK},
      {"monotone_constraints", "", HPO_OK},
      {"monotone_constraints", "{}", HPO_OK},
      {"monotone_constraints", "{'f0': 1, f0:-1,}", HPO_OK},
      {"monotone_constraints", "{0: 1}", HPO_OK},
      {"monotone_constraints", "(2)", HPO_EINVAL},
      {"monotone_constraints", "(1,0)", HPO_EINVAL},
      {"monotone_constraints", "(1", HPO_EINVAL},
      {"monotone_constraints", "(1]", HPO_EINVAL},
      {"monotone_constraints", "1", HPO_EINVAL},
      {"monotone_constraints", "(1) 1", HPO_EINVAL},
      {"monotone_constraints", "{'f0: 1}", HPO_EINVAL},
      {"monotone_constraints", "{f1: 1}", HPO_EINVAL},
      {"monotone_constraints", "{\"0\": 1}", HPO_EINVAL},
      {"monotone_constraints", "{f0 1}", HPO_EINVAL},
      {"interaction_constraints", "[]", HPO_OK},
      {"interaction_constraints", "[[0],[f0, \"f0\"]]", HPO_OK},
      {"interaction_constraints", "[(0),]", HPO_OK},
      {"interaction_constraints", "[0]", HPO_EINVAL},
      {"interaction_constraints", "[[]]", HPO_EINVAL},
      {"interaction_constraints", "[[1]]", HPO_EINVAL},
      {"interaction_constraints", "[[-1]]", HPO_EINVAL},
      {"interaction_constraints", "[[f0]", HPO_EINVAL},
      {"interaction_constraints", "[[f0}]", HPO_EINVAL},
      {"interaction_constraints", "[[f0]][", HPO_EINVAL},
  };
  const double y[4] = {0, 0, 1, 1};
  hpo_dataset *d = four_make(y, 2, NULL);

  (void)state;
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
    if (create_status(d, tries[i].name, tries[i].value, 1) != tries[i].status)
      fail_msg("%s=%s", tries[i].name, tries[i].value);
  hpo_dataset_destroy(d);
}

static void test_refusals(void **state) {
  const double y[4] = {0, 0, 1, 1};
  hpo_dataset *d = four_make(y, 2, NULL), *r = four_make(y, 0, NULL);
  hpo_dataset *m = four_make(y, 0, NULL);

  (void)state;
  assert_int_equal(create_status(d, "max_depth", "6", 1), HPO_OK);
  assert_int_equal(create_status(d, "max_depth", "0", 1), HPO_EINVAL);
  assert_int_equal(create_status(d, "max_leaves", "31", 1), HPO_OK);
  assert_int_equal(create_status(d, "max_leaves", "1", 1), HPO_EINVAL);
  assert_int_equal(create_status(d, "base_score", "1.5", 1), HPO_EINVAL);
  assert_int_equal(create_status(d, "objective", "reg:squarederror", 1),
                   HPO_EINVAL);
  assert_int_equal(create_status(r, "objective", "reg:squarederror", 1),
                   HPO_OK);
  assert_int_equal(create_status(r, "objective", "count:poisson", 1), HPO_OK);
  assert_int_equal(create_status(r, "objective", "reg:absoluteerror", 1),
                   HPO_OK);
  assert_int_equal(create_status(d, "objective", "count:poisson", 1),
                   HPO_EINVAL);
  ((double *)(uintptr_t)m->y)[1] = -1;
  assert_int_equal(create_status(m, "objective", "count:poisson", 1),
                   HPO_EDATA);
  assert_int_equal(create_status(r, "learning_rate", "1e30", 5), HPO_ETRIAL);
  hpo_dataset_destroy(d);
  hpo_dataset_destroy(m);
  hpo_dataset_destroy(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_split), cmocka_unit_test(test_weights),
      cmocka_unit_test(test_missing),   cmocka_unit_test(test_ranks),
      cmocka_unit_test(test_subtrees),  cmocka_unit_test(test_ties),
      cmocka_unit_test(test_leaves),    cmocka_unit_test(test_constraints),
      cmocka_unit_test(test_spelling),  cmocka_unit_test(test_other_losses),
      cmocka_unit_test(test_medians),   cmocka_unit_test(test_prefix),
      cmocka_unit_test(test_extremes),  cmocka_unit_test(test_digest),
      cmocka_unit_test(test_names),     cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_balanced)};

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)seed());
  return cmocka_run_group_tests(tests, NULL, NULL);
}
