/* SPDX-License-Identifier: BSD-3-Clause */
/* Data that a team holds in parts: the same facts, split, cuts, codes and
 * models as from one copy, for teams of 1, 2, 3 and 5, and no rank fills
 * another's places. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/split.h"
#include "hpo/bins.h"
#include "hpo/file.h"
#include "hpo/mem.h"
#include "hpo/model.h"
#include "hpo/rng.h"
#include "team.h"
#include "testplan.h"
#include "trainer.h"

#define MUST(what) HPO_ASSERT((what) == HPO_OK)

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");
  const uint64_t s = text != NULL ? strtoull(text, NULL, 10) : 1;

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return s;
}

/* --- split ------------------------------------------------------------- */

enum { ROWS = 3000 };

typedef struct dealt {
  hpo_split_options o;
  double y[ROWS];
  uint8_t role[ROWS];
  hpo_row n;
} dealt;

static void split_work(const hpo_coll *coll, void *argument) {
  dealt *t = argument;
  const hpo_row from = t->n * coll->rank / coll->size;
  const hpo_row to = t->n * (coll->rank + 1) / coll->size;

  MUST(hpo_split_team(&t->o, coll, t->y + from, from, to - from, t->n,
                      t->role + from, NULL));
}

static void test_split(void **state) {
  static const hpo_row sizes[] = {12, 100, 1025, ROWS};
  static const int teams[] = {1, 2, 3, 5};
  static dealt t;
  static uint8_t whole[ROWS];
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 1, 0);
  (void)state;

  for (size_t c = 0; c < 32; c++) {
    t.n = sizes[c / 8];
    t.o = (hpo_split_options){.seed = hpo_rng_next32(&rng),
                              .fraction = c % 2 ? 0.25 : 0.4,
                              .n_class = c / 2 % 2 ? 3 : 0,
                              .is_test = c % 3 == 0};
    for (hpo_row i = 0; i < t.n; i++)
      t.y[i] = (double)(i < 9 ? i % 3 : (hpo_row)(hpo_rng_next32(&rng) % 3));
    for (hpo_row i = 0; i < t.n; i++) /* some are dealt already */
      whole[i] =
          c % 4 == 1 && i > 20 && i % 5 == 0 ? HPO_ROLE_TEST : HPO_ROLE_TRAIN;
    memcpy(t.role, whole, sizeof t.role);
    MUST(hpo_split_fraction(&t.o, t.y, t.n, whole, NULL));
    team_run(teams[c / 4 % 4], split_work, &t);
    assert_memory_equal(t.role, whole, (size_t)t.n);
  }
}

/* --- data, cuts, models ------------------------------------------------- */

static char folder[] = "/tmp/hpotune-test-XXXXXX";

typedef struct table_options {
  int rows;
  bool sorted;  /* whole shards of one class */
  bool missing; /* the first half of column b */
} table_options;

static char *write_table(const table_options *o) {
  hpo_buffer text = {0};
  char *path = NULL;
  hpo_rng rng = hpo_rng_make(5, HPO_RNG_TEST, 2, 0);
  static const char *const colour[] = {"red", "blue", "\"a,\n b\"", ""};

  MUST(hpo_buffer_format(&text, NULL, "a,b,c,w,y\n"));
  for (int i = 0; i < o->rows; i++) {
    const double a = hpo_rng_next(&rng) - 0.5;
    const int y = o->sorted ? i >= o->rows / 2 : a > 0.1 * (i % 4);

    MUST(hpo_buffer_format(&text, NULL, "%.6f,", a));
    if (!(o->missing && i < o->rows / 2))
      MUST(hpo_buffer_format(&text, NULL, "%d",
                             (int)(hpo_rng_next32(&rng) % 7)));
    MUST(hpo_buffer_format(&text, NULL, ",%s,%d,%s\n", colour[i % 4],
                           1 + i % 3, y ? "yes" : "no"));
  }
  MUST(hpo_mem_format(&path, NULL, "%s/table.csv", folder));
  MUST(hpo_file_write_all(path, text.byte, text.n, NULL));
  hpo_buffer_free(&text);
  return path;
}

static hpo_plan *plan_of(const char *path) {
  hpo_plan *p = testplan_make();

  HPO_ASSERT(testplan_set(p, "train", path));
  HPO_ASSERT(testplan_set(p, "task", "binary"));
  HPO_ASSERT(testplan_set(p, "weight", "w"));
  HPO_ASSERT(testplan_set(p, "fraction", "0.3"));
  HPO_ASSERT(testplan_set(p, "seed", "7")); /* trainer_run's */
  return p;
}

typedef struct shards {
  const hpo_plan *plan;
  const hpo_dataset *whole;
  const hpo_bins *bins;
  trainer_result got; /* of the team */
} shards;

static void check_facts(const hpo_dataset *d, const hpo_dataset *w) {
  HPO_ASSERT(strcmp(d->hash, w->hash) == 0);
  HPO_ASSERT(d->rows == w->rows && d->columns == w->columns);
  HPO_ASSERT(d->n_train == w->n_train && d->n_valid == w->n_valid);
  HPO_ASSERT(d->n_class == w->n_class);
  for (size_t k = 0; k < w->n_class; k++)
    HPO_ASSERT(strcmp(d->class_name[k], w->class_name[k]) == 0);
  for (size_t j = 0; j < w->columns; j++) {
    HPO_ASSERT(d->column[j].missing == w->column[j].missing);
    HPO_ASSERT(d->column[j].n_category == w->column[j].n_category);
    for (size_t k = 0; k < w->column[j].n_category; k++)
      HPO_ASSERT(strcmp(d->column[j].category[k], w->column[j].category[k]) ==
                 0);
  }
}

/* Own places hold what the whole has; the others are as they were made. */
static void check_rows(const hpo_dataset *d, const hpo_dataset *w) {
  for (hpo_row i = 0; i < w->rows; i++) {
    const bool mine = i >= d->first && i < d->end;

    HPO_ASSERT(mine || (d->y[i] == 0 && d->weight[i] == 0));
    HPO_ASSERT(!mine || (d->y[i] == w->y[i] && d->role[i] == w->role[i] &&
                         d->weight[i] == w->weight[i]));
    for (size_t j = 0; j < w->columns; j++) {
      const float *x = d->x + j * (size_t)w->rows + i;
      static const float zero = 0;

      HPO_ASSERT(memcmp(x, mine ? w->x + j * (size_t)w->rows + i : &zero,
                        sizeof *x) == 0);
    }
  }
  HPO_ASSERT(
      memcmp(d->train + d->train_first, w->train + d->train_first,
             (size_t)(d->train_end - d->train_first) * sizeof *w->train) == 0);
  HPO_ASSERT(
      memcmp(d->valid + d->valid_first, w->valid + d->valid_first,
             (size_t)(d->valid_end - d->valid_first) * sizeof *w->valid) == 0);
}

static void check_bins(const hpo_dataset *d, const hpo_bins *b,
                       const hpo_bins *w) {
  for (size_t j = 0; j < w->columns; j++) {
    HPO_ASSERT(b->n_bin[j] == w->n_bin[j]);
    if (!w->categorical[j])
      HPO_ASSERT(memcmp(b->cut[j], w->cut[j],
                        (w->n_bin[j] - 1) * sizeof(float)) == 0);
  }
  HPO_ASSERT(b->stride == w->stride);
  HPO_ASSERT(memcmp((const uint8_t *)b->code + (size_t)d->first * b->stride,
                    (const uint8_t *)w->code + (size_t)d->first * b->stride,
                    (size_t)(d->end - d->first) * b->stride) == 0);
  for (size_t j = 0; j < w->columns; j++) {
    size_t at = (j * (size_t)d->rows + (size_t)d->first) * b->code_bytes;
    HPO_ASSERT(memcmp((const uint8_t *)b->column + at,
                      (const uint8_t *)w->column + at,
                      (size_t)(d->end - d->first) * b->code_bytes) == 0);
  }
}

/* gbt on what this rank holds; the model on rank 0. */
static void train_part(const hpo_coll *coll, const hpo_dataset *d,
                       const hpo_bins *b, shards *s) {
  const hpo_model_kind *kind = hpo_model_find("gbt");
  hpo_options *o = NULL;
  void *self = NULL;
  hpo_model_input in = {.seed = s->plan->seed, .coll = coll};
  hpo_buffer model = {0};

  MUST(hpo_options_create(kind->option, kind->n_option, &o, NULL));
  MUST(hpo_options_set(o, "n_estimators", "6", NULL));
  MUST(hpo_options_set(o, "max_bin", "16", NULL));
  MUST(hpo_options_set(o, "subsample", "0.7", NULL));
  in.options = o;
  in.part = (hpo_part){.data = d,
                       .bins = b,
                       .train = d->train + d->train_first,
                       .n_train = (size_t)(d->train_end - d->train_first),
                       .valid = d->valid + d->valid_first,
                       .n_valid = (size_t)(d->valid_end - d->valid_first),
                       .train_total = d->n_train};
  MUST(kind->create(&in, &self, NULL));
  for (int i = 0; i < 6; i++)
    MUST(kind->step(self, NULL));
  MUST(kind->save(self, &model, NULL));
  if (coll->rank == 0) {
    s->got.model = model;
    model = (hpo_buffer){0};
  }
  kind->destroy(self);
  hpo_buffer_free(&model);
  hpo_options_destroy(o);
}

static void part_work(const hpo_coll *coll, void *argument) {
  shards *s = argument;
  hpo_dataset *d = NULL;
  hpo_bins *b = NULL;

  MUST(hpo_dataset_load_part(s->plan, coll, &d, NULL));
  check_facts(d, s->whole);
  check_rows(d, s->whole);
  MUST(hpo_bins_create(d, 16, &b, NULL));
  check_bins(d, b, s->bins);
  train_part(coll, d, b, s);
  hpo_bins_destroy(b);
  hpo_dataset_destroy(d);
}

static void check_table(const table_options *o) {
  static const int teams[] = {1, 2, 3, 5};
  static const char *const words[] = {"n_estimators=6", "max_bin=16",
                                      "subsample=0.7", NULL};
  char *path = write_table(o);
  hpo_plan *plan = plan_of(path);
  hpo_shared node = hpo_shared_serial();
  hpo_dataset *whole = NULL;
  hpo_bins *bins = NULL;
  trainer_result want = {0};

  MUST(hpo_dataset_load(plan, &node, &whole, NULL));
  MUST(hpo_bins_create(whole, 16, &bins, NULL));
  want = trainer_run("gbt", whole, words, 0, 1, DEAL_BLOCKS);
  for (size_t k = 0; k < 4; k++) {
    shards s = {.plan = plan, .whole = whole, .bins = bins};

    team_run(teams[k], part_work, &s);
    assert_int_equal(s.got.model.n, want.model.n);
    assert_memory_equal(s.got.model.byte, want.model.byte, want.model.n);
    hpo_buffer_free(&s.got.model);
  }
  trainer_free(&want);
  hpo_bins_destroy(bins);
  hpo_dataset_destroy(whole);
  hpo_plan_destroy(plan);
  (void)unlink(path);
  hpo_mem_free(path);
}

static void test_parts(void **state) {
  (void)state;
  check_table(&(table_options){.rows = 6000});
}

static void test_one_class(void **state) {
  (void)state;
  check_table(&(table_options){.rows = 3000, .sorted = true, .missing = true});
}

/* Fewer blocks than ranks: some hold nothing. */
static void test_empty(void **state) {
  (void)state;
  check_table(&(table_options){.rows = 20});
  check_table(&(table_options){.rows = 700, .missing = true});
}

static void fail_work(const hpo_coll *coll, void *argument) {
  hpo_dataset *d = NULL;
  hpo_error err = {0};

  HPO_ASSERT(hpo_dataset_load_part(argument, coll, &d, &err) == HPO_EDATA);
  HPO_ASSERT(strstr(err.text, "table.csv:3") != NULL && d == NULL);
}

static void test_refused(void **state) {
  char *path = NULL;
  hpo_plan *plan = NULL;
  static const char text[] = "a,b,c,w,y\n1,2,x,1,no\n1,2,x,-1,yes\n";
  (void)state;

  MUST(hpo_mem_format(&path, NULL, "%s/table.csv", folder));
  MUST(hpo_file_write_all(path, text, strlen(text), NULL));
  plan = plan_of(path);
  team_run(3, fail_work, plan);
  hpo_plan_destroy(plan);
  (void)unlink(path);
  hpo_mem_free(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_split), cmocka_unit_test(test_parts),
      cmocka_unit_test(test_one_class), cmocka_unit_test(test_empty),
      cmocka_unit_test(test_refused)};
  int failed;

  if (mkdtemp(folder) == NULL)
    return 1;
  failed = cmocka_run_group_tests(tests, NULL, NULL);
  (void)rmdir(folder);
  return failed;
}
