/* SPDX-License-Identifier: BSD-3-Clause */
/* Trials that differ in their steps alone are taken over, and come out with
 * the bits that training alone gives. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluate/trial.h"
#include "hpo/rng.h"
#include "testdata.h"
#include "tinyplan.h"

#define MUST(call) must((call), &err, __LINE__)

enum { ROWS = 300, COLS = 3, STEPS = 0, DEPTH = 1 };

typedef struct bench {
  hpo_plan *plan;
  hpo_dataset *data;
  hpo_coll coll;
  hpo_evaluator *alone, *both; /* without reuse, and with it */
  hpo_id number;
} bench;

static void must(hpo_status status, const hpo_error *err, int line) {
  if (status == HPO_OK)
    return;
  fprintf(stderr, "test_prefix.c:%d: %s\n", line, err->text);
  abort();
}

static hpo_dataset *make_data(void) {
  hpo_rng rng = hpo_rng_make(tinyplan_seed(3), HPO_RNG_TEST, 1, 0);
  static float x[COLS * ROWS];
  double y[ROWS];
  uint8_t role[ROWS];

  for (size_t i = 0; i < ROWS; i++) {
    for (size_t c = 0; c < COLS; c++)
      x[c * ROWS + i] = (float)hpo_rng_next(&rng);
    y[i] = hpo_rng_next(&rng) < 0.2 + 0.6 * (x[i] > x[ROWS + i]);
    role[i] = i % 4 == 0 ? HPO_ROLE_VALID : HPO_ROLE_TRAIN;
  }
  return testdata_make(ROWS, COLS, x, y, 2, role);
}

static void start(bench *b, const char *patience) {
  hpo_error err = {0};
  hpo_plan *p = tinyplan_make();
  hpo_plan_model *m;

  *b = (bench){.plan = p, .data = make_data(), .coll = hpo_coll_serial()};
  p->has_data = p->reuse = true;
  tinyplan_text(&p->objective[0].metric, "logloss");
  MUST(hpo_mem_grow(&p->model, &p->model_room, 1, sizeof *p->model, &err));
  p->n_model = 1;
  m = &p->model[0];
  tinyplan_text(&m->kind, "gbt");
  MUST(hpo_settings_add(&m->fixed, "learning_rate", "0.5", 1, &err));
  if (patience)
    MUST(hpo_settings_add(&m->fixed, "early_stopping_rounds", patience, 1,
                          &err));
  tinyplan_int(p, 1, 100, -1, 0);
  tinyplan_text(&p->space.param[STEPS].name, "n_estimators");
  tinyplan_int(p, 1, 4, -1, 0);
  tinyplan_text(&p->space.param[DEPTH].name, "max_depth");
  MUST(hpo_evaluator_create(p, b->data, &b->coll, &b->alone, &err));
  MUST(hpo_evaluator_create(p, b->data, &b->coll, &b->both, &err));
}

static void end(bench *b) {
  hpo_evaluator_destroy(b->alone);
  hpo_evaluator_destroy(b->both);
  hpo_dataset_destroy(b->data);
  hpo_plan_destroy(b->plan);
}

/* Trains a job's trial; *known: steps that were there. */
static hpo_result train(hpo_evaluator *e, hpo_job *job, const double *x,
                        int64_t *known) {
  hpo_error err = {0};
  hpo_evaluation *v = NULL;
  hpo_result out = {0};
  bool over = false;

  MUST(hpo_mem_copy(x, job->n_param * sizeof *x, &job->x, &err));
  MUST(hpo_evaluation_create(e, job, &v, &err));
  *known = v->known ? v->known->steps : 0;
  while (!over)
    MUST(hpo_evaluation_step(v, &over, &err));
  MUST(hpo_evaluation_result(v, &out, &err));
  hpo_evaluation_destroy(v);
  return out;
}

/* is_pruned: after step 4, whatever it is worth. */
static hpo_result run(bench *b, bool reuse, int64_t steps, int64_t depth,
                      bool is_pruned, int64_t *known) {
  static const double threshold[] = {99, 99, 99, 0};
  hpo_error err = {0};
  const double x[] = {(double)steps, (double)depth};
  hpo_job job = {.trial = b->number++,
                 .to_step = INT64_MAX,
                 .n_param = 2,
                 .send_model = (double)NAN};

  b->plan->reuse = reuse;
  if (is_pruned) {
    MUST(hpo_mem_copy(threshold, sizeof threshold, &job.threshold, &err));
    job.n_threshold = sizeof threshold / sizeof *threshold;
  }
  return train(reuse ? b->both : b->alone, &job, x, known);
}

static void assert_same(const hpo_result *a, const hpo_result *b) {
  const hpo_trial *t = a->trial, *u = b->trial;

  assert_int_equal(t->state, u->state);
  assert_string_equal(t->reason, u->reason);
  assert_int_equal(t->steps, u->steps);
  assert_memory_equal(t->value, u->value, sizeof *t->value);
  for (size_t i = 0; i < t->n_metric; i++)
    if (i != 1) /* train_seconds */
      assert_memory_equal(&t->metric[i], &u->metric[i], sizeof *t->metric);
  assert_int_equal(t->n_curve, u->n_curve);
  for (size_t i = 0; i < t->n_curve; i++) {
    assert_int_equal(t->curve[i].step, u->curve[i].step);
    assert_memory_equal(&t->curve[i].value, &u->curve[i].value,
                        sizeof(double));
  }
  assert_int_equal(a->model.n, b->model.n);
  if (a->model.n > 0)
    assert_memory_equal(a->model.byte, b->model.byte, a->model.n);
  assert_int_equal(a->tally.n_class, b->tally.n_class);
  if (a->tally.n_class > 0)
    assert_memory_equal(a->tally.confusion, b->tally.confusion,
                        4 * sizeof *a->tally.confusion);
}

/* The same trial with reuse and without; known: steps to be taken over. */
static void check(bench *b, int64_t steps, int64_t depth, bool is_pruned,
                  int64_t known) {
  int64_t none, found;
  hpo_result want = run(b, false, steps, depth, is_pruned, &none);
  hpo_result have = run(b, true, steps, depth, is_pruned, &found);

  assert_int_equal(none, 0);
  assert_int_equal(found, known);
  assert_same(&want, &have);
  hpo_result_free(&want);
  hpo_result_free(&have);
}

static void test_fewer_and_more_steps(void **state) {
  bench b;
  (void)state;

  start(&b, NULL);
  check(&b, 20, 2, false, 0);
  check(&b, 7, 2, false, 20); /* cut */
  check(&b, 7, 3, false, 0);  /* another depth */
  check(&b, 20, 2, false, 20);
  check(&b, 31, 2, false, 20); /* goes on, though it was cut */
  check(&b, 1, 2, false, 31);
  check(&b, 32, 3, false, 7);
  end(&b);
}

static void test_pruned_on_the_way(void **state) {
  bench b;
  (void)state;

  start(&b, NULL);
  check(&b, 20, 2, false, 0);
  check(&b, 9, 2, true, 20); /* after step 4 of those that are known */
  check(&b, 9, 2, false, 20);
  check(&b, 9, 3, true, 0);
  check(&b, 12, 3, false, 4); /* a pruned one goes on */
  end(&b);
}

static void test_early_stopping(void **state) {
  bench b;
  hpo_result r;
  int64_t known, stopped;
  (void)state;

  start(&b, "3");
  r = run(&b, true, 100, 4, false, &known);
  stopped = r.trial->steps;
  assert_in_range(stopped, 4, 50); /* by itself, so that the rest means it */
  hpo_result_free(&r);
  check(&b, 90, 4, false, stopped);
  check(&b, stopped, 4, false, stopped);
  check(&b, stopped - 1, 4, false, stopped);
  check(&b, stopped - 3, 4, false, stopped); /* its best is the last */
  check(&b, 2, 4, false, stopped);
  check(&b, 95, 4, false, stopped);
  end(&b);
}

/* A search over a continuum never comes back to a point. */
static void test_nothing_is_kept_in_vain(void **state) {
  bench b;
  hpo_result r;
  int64_t known;
  hpo_job job = {.to_step = INT64_MAX, .n_param = 3};
  const double x[] = {5, 2, 9};
  (void)state;

  start(&b, NULL);
  tinyplan_int(b.plan, 1, 100000, -1, 0);
  tinyplan_text(&b.plan->space.param[2].name, "max_leaves");
  r = train(b.both, &job, x, &known);
  assert_int_equal(r.trial->state, HPO_TRIAL_COMPLETE);
  assert_int_equal(b.both->n_paused, 0);
  hpo_result_free(&r);
  end(&b);
}

/* A trial of some depth that is kept: because it is over, or paused. */
static hpo_result keep(bench *b, double depth, int64_t to_step) {
  const double x[] = {20, depth};
  int64_t known;
  hpo_job job = {.trial = b->number++,
                 .to_step = to_step,
                 .n_param = 2,
                 .send_model = (double)NAN};

  b->plan->reuse = true;
  return train(b->both, &job, x, &known);
}

static void test_kept_ones_make_way_for_a_new_trial(void **state) {
  enum { MIB = 1 << 20 };
  hpo_error err = {0};
  const double x[] = {20, 3};
  double need = 0;
  hpo_result r;
  bench b;
  (void)state;

  start(&b, NULL);
  MUST(hpo_evaluator_need(b.both, x, &need, &err));
  hpo_evaluator_set_room(b.both, need + 100 * MIB);
  for (int depth = 1; depth <= 3; depth++) {
    r = keep(&b, depth, INT64_MAX);
    hpo_result_free(&r);
  }
  assert_int_equal(b.both->n_paused, 3);
  hpo_evaluator_set_room(b.both, need + MIB / 2);
  r = keep(&b, 4, INT64_MAX);
  assert_int_equal(r.trial->state, HPO_TRIAL_COMPLETE);
  assert_int_equal(b.both->n_paused, 1); /* itself */
  hpo_result_free(&r);
  hpo_evaluator_set_room(b.both, 0);
  check(&b, 20, 3, false, 0);
  check(&b, 20, 4, false, 20);
  end(&b);
}

/* Before a trial fails for the rank's memory those that are kept are gone. */
static void test_paused_ones_make_way_under_a_limit(void **state) {
  hpo_result r;
  bench b;
  (void)state;

  start(&b, NULL);
  for (int depth = 1; depth <= 3; depth++) {
    r = keep(&b, depth, 5);
    assert_int_equal(r.trial->state, HPO_TRIAL_PAUSED);
    hpo_result_free(&r);
  }
  assert_int_equal(b.both->n_paused, 3);
  b.plan->limit_memory = 1;
  r = keep(&b, 4, INT64_MAX);
  assert_int_equal(r.trial->state, HPO_TRIAL_FAILED);
  assert_int_equal(b.both->n_paused, 0);
  hpo_result_free(&r);
  end(&b);
}

/* One that goes on needs its memory as well. */
static void test_paused_ones_make_way_for_each_other(void **state) {
  hpo_result r;
  hpo_job job = {
      .from_step = 5, .to_step = 9, .n_param = 2, .send_model = (double)NAN};
  const double x[] = {20, 1};
  int64_t known;
  bench b;
  (void)state;

  start(&b, NULL);
  for (int depth = 1; depth <= 3; depth++) {
    r = keep(&b, depth, 5);
    hpo_result_free(&r);
  }
  hpo_evaluator_set_room(b.both, 1);
  r = train(b.both, &job, x, &known);
  assert_int_equal(r.trial->state, HPO_TRIAL_PAUSED);
  assert_int_equal(r.trial->steps, 9);
  assert_int_equal(b.both->n_paused, 1);
  hpo_result_free(&r);
  end(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fewer_and_more_steps),
      cmocka_unit_test(test_pruned_on_the_way),
      cmocka_unit_test(test_early_stopping),
      cmocka_unit_test(test_nothing_is_kept_in_vain),
      cmocka_unit_test(test_kept_ones_make_way_for_a_new_trial),
      cmocka_unit_test(test_paused_ones_make_way_under_a_limit),
      cmocka_unit_test(test_paused_ones_make_way_for_each_other),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
