/* SPDX-License-Identifier: BSD-3-Clause */
/* Trials, jobs and results: rows of /trials and messages, and back. */
#include "hpo/trial.h"

#include "hpo/wire.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t first_seed(void) {
  const char *given = getenv("HPO_TEST_SEED");
  uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 1;
  print_message("seed %llu\n", (unsigned long long)seed);
  return seed;
}

static bool same(const double *a, const double *b, size_t n) {
  return n == 0 || memcmp(a, b, n * sizeof *a) == 0;
}

/** Through bytes and back: what a peer gets. */
static hpo_record *sent(hpo_record *r) {
  hpo_buffer b = {0};
  hpo_record *s = NULL;
  assert_int_equal(hpo_wire_encode(r, &b, NULL), HPO_OK);
  assert_int_equal(hpo_wire_decode(b.byte, b.n, &s, NULL), HPO_OK);
  hpo_record_destroy(r);
  hpo_buffer_free(&b);
  return s;
}

static void assert_same_trial(const hpo_trial *a, const hpo_trial *b) {
  hpo_trial x = *a, y = *b;

  assert_true(x.n_param == y.n_param && x.n_objective == y.n_objective &&
              x.n_metric == y.n_metric);
  for (size_t i = 0; i < x.n_param; i++)
    assert_true(x.x[i] == y.x[i] || (isnan(x.x[i]) && isnan(y.x[i])));
  assert_true(same(x.value, y.value, x.n_objective));
  assert_true(same(x.metric, y.metric, x.n_metric));
  assert_int_equal(x.number, y.number);
  assert_int_equal(x.job, y.job);
  assert_int_equal(x.attempt, y.attempt);
  assert_int_equal(x.state, y.state);
  assert_string_equal(x.reason, y.reason);
  assert_int_equal(x.rung, y.rung);
  assert_true(x.start == y.start && x.end == y.end);
  assert_true(x.wall == y.wall && x.cpu == y.cpu);
  assert_int_equal(x.peak_memory, y.peak_memory);
  assert_int_equal(x.bytes_sent, y.bytes_sent);
  assert_int_equal(x.steps, y.steps);
  assert_true(x.team == y.team && x.session == y.session);
  assert_true(x.reused == y.reused);
  assert_string_equal(x.host, y.host);
  assert_int_equal(x.curve_offset, y.curve_offset);
  assert_int_equal(x.curve_length, y.curve_length);
  assert_int_equal(x.model_offset, y.model_offset);
  assert_int_equal(x.model_length, y.model_length);
  assert_string_equal(x.model_format, y.model_format);
  assert_int_equal(x.model_crc, y.model_crc);
}

static void assert_same_curve(const hpo_trial *a, const hpo_trial *b) {
  assert_int_equal(a->n_curve, b->n_curve);
  for (size_t i = 0; i < a->n_curve; i++) {
    assert_int_equal(a->curve[i].fold, b->curve[i].fold);
    assert_int_equal(a->curve[i].metric, b->curve[i].metric);
    assert_int_equal(a->curve[i].step, b->curve[i].step);
    assert_true(same(&a->curve[i].value, &b->curve[i].value, 1));
  }
}

static void test_rows(void **state) {
  uint64_t first = first_seed();

  (void)state;
  for (uint64_t seed = first; seed < first + 300; seed++) {
    hpo_plan *plan = NULL;
    hpo_trial *t = NULL, *u = NULL, *copy = NULL;
    hpo_record *r = NULL;
    hpo_error err = {0};
    assert_int_equal(hpo_plan_sample(seed, &plan, NULL), HPO_OK);
    assert_int_equal(hpo_trial_sample(seed, plan, 7, &t, NULL), HPO_OK);
    assert_int_equal(hpo_space_check(&plan->space, t->x, &err), HPO_OK);
    assert_int_equal(hpo_trial_record(t, plan, &r, NULL), HPO_OK);
    r = sent(r);
    if (hpo_trial_from_record(r, 0, plan, &u, &err) != HPO_OK)
      fail_msg("%s", err.text);
    assert_same_trial(t, u);
    assert_int_equal(u->n_curve, 0);
    assert_int_equal(hpo_trial_copy(t, &copy, NULL), HPO_OK);
    assert_same_trial(t, copy);
    assert_same_curve(t, copy);
    hpo_record_destroy(r);
    hpo_trial_destroy(t);
    hpo_trial_destroy(u);
    hpo_trial_destroy(copy);
    hpo_plan_destroy(plan);
  }
}

static void add_tally(hpo_tally *t, size_t classes, size_t points) {
  t->n_class = classes;
  if (classes > 0)
    assert_int_equal(hpo_mem_new(classes * classes, sizeof *t->confusion,
                                 &t->confusion, NULL),
                     HPO_OK);
  for (size_t i = 0; i < classes * classes; i++)
    t->confusion[i] = 0.5 * (double)i;
  for (size_t i = 0; i < points; i++) {
    hpo_tally_point p = {(int32_t)i, 1.0 / (double)(i + 1), (double)i, 0.25};
    assert_int_equal(hpo_tally_add(t, p, NULL), HPO_OK);
  }
}

static void test_results(void **state) {
  uint64_t first = first_seed();

  (void)state;
  for (uint64_t seed = first; seed < first + 300; seed++) {
    hpo_plan *plan = NULL;
    hpo_result a = {0}, b = {0};
    hpo_record *r = NULL;
    assert_int_equal(hpo_plan_sample(seed, &plan, NULL), HPO_OK);
    assert_int_equal(hpo_trial_sample(seed, plan, 7, &a.trial, NULL), HPO_OK);
    if (seed % 2 == 0)
      assert_int_equal(hpo_buffer_add(&a.model, "{\0}", 3, NULL), HPO_OK);
    if (seed % 3 == 0)
      assert_int_equal(hpo_buffer_add(&a.output, "a\n\0b", 4, NULL), HPO_OK);
    add_tally(&a.tally, seed % 4, seed % 7);
    assert_int_equal(hpo_result_record(&a, &r, NULL), HPO_OK);
    r = sent(r);
    assert_int_equal(hpo_result_from_record(r, &b, NULL), HPO_OK);
    assert_same_trial(a.trial, b.trial);
    assert_same_curve(a.trial, b.trial);
    assert_int_equal(b.model.n, a.model.n);
    if (a.model.n > 0)
      assert_memory_equal(b.model.byte, a.model.byte, a.model.n);
    assert_int_equal(b.output.n, a.output.n);
    if (a.output.n > 0)
      assert_memory_equal(b.output.byte, a.output.byte, a.output.n);
    assert_int_equal(b.tally.n_class, a.tally.n_class);
    assert_int_equal(b.tally.n_point, a.tally.n_point);
    for (size_t i = 0; i < a.tally.n_class * a.tally.n_class; i++)
      assert_true(b.tally.confusion[i] == a.tally.confusion[i]);
    for (size_t i = 0; i < a.tally.n_point; i++) {
      const hpo_tally_point *p = &a.tally.point[i], *q = &b.tally.point[i];
      assert_int_equal(p->positive, q->positive);
      assert_true(p->threshold == q->threshold && p->hits == q->hits &&
                  p->alarms == q->alarms);
    }
    hpo_record_destroy(r);
    hpo_result_free(&a);
    hpo_result_free(&b);
    hpo_plan_destroy(plan);
  }
}

/** A result with any one field gone or of another type is refused. */
static void test_damaged_results(void **state) {
  hpo_plan *plan = NULL;
  hpo_result a = {0}, b = {0};
  hpo_record *r = NULL;
  hpo_field *f = NULL;

  (void)state;
  assert_int_equal(hpo_plan_sample(1, &plan, NULL), HPO_OK);
  assert_int_equal(hpo_trial_sample(1, plan, 7, &a.trial, NULL), HPO_OK);
  assert_int_equal(hpo_result_record(&a, &r, NULL), HPO_OK);
  for (size_t i = 0; i < r->n_field; i++) {
    char first = r->field[i].name[0];
    r->field[i].name[0] = '?';
    assert_int_equal(hpo_result_from_record(r, &b, NULL), HPO_ESTUDY);
    r->field[i].name[0] = first;
  }
  f = hpo_record_find(r, "state");
  hpo_field_set_int(f, 0, -1);
  assert_int_equal(hpo_result_from_record(r, &b, NULL), HPO_ESTUDY);
  assert_null(b.trial);
  hpo_record_destroy(r);
  hpo_result_free(&a);
  hpo_plan_destroy(plan);
}

static void test_jobs(void **state) {
  double x[3] = {1, (double)NAN, -0.5}, threshold[2] = {(double)NAN, 0.25};
  hpo_job j = {.job = 5,
               .trial = 4,
               .attempt = 1,
               .from_step = 0,
               .to_step = INT64_MAX,
               .x = x,
               .n_param = 3,
               .threshold = threshold,
               .n_threshold = 2,
               .send_model = (double)NAN,
               .want_reports = true};
  hpo_job k = {0};
  hpo_record *r = NULL;

  (void)state;
  assert_int_equal(hpo_job_record(&j, &r, NULL), HPO_OK);
  r = sent(r);
  assert_int_equal(hpo_job_from_record(r, &k, NULL), HPO_OK);
  assert_true(k.job == 5 && k.trial == 4 && k.attempt == 1);
  assert_true(k.from_step == 0 && k.to_step == INT64_MAX);
  assert_true(k.n_param == 3 && same(k.x, x, 3));
  assert_true(k.n_threshold == 2 && same(k.threshold, threshold, 2));
  assert_true(isnan(k.send_model) && k.want_reports);
  hpo_job_free(&k);
  for (size_t i = 0; i < r->n_field; i++) {
    char first = r->field[i].name[0];
    r->field[i].name[0] = '?';
    assert_int_equal(hpo_job_from_record(r, &k, NULL), HPO_ESTUDY);
    r->field[i].name[0] = first;
  }
  hpo_record_destroy(r);
}

/** A study with two models and parameters of every kind, to be looked at
 *  column by column. */
static hpo_plan *two_models(void) {
  static char model[] = "model", a[] = "gbt", b[] = "lin", d[] = "gbt.depth",
              s[] = "gbt.shift", c[] = "lin.C";
  static char *models[] = {a, b};
  hpo_plan *p = NULL;
  hpo_param q = {.name = model,
                 .full_name = model,
                 .model = -1,
                 .kind = HPO_PARAM_CATEGORICAL,
                 .choice = models,
                 .n_choice = 2,
                 .parent = -1};

  assert_int_equal(hpo_plan_sample(1, &p, NULL), HPO_OK);
  hpo_space_free(&p->space);
  while (p->n_objective > 1)
    hpo_mem_free(p->objective[--p->n_objective].metric);
  while (p->n_constraint > 0)
    hpo_mem_free(p->constraint[--p->n_constraint].metric);
  hpo_names_free(&p->report);
  assert_int_equal(hpo_space_add(&p->space, &q, NULL), HPO_OK);
  q = (hpo_param){.name = d,
                  .full_name = d,
                  .kind = HPO_PARAM_INT,
                  .low = 0,
                  .high = 9,
                  .step = 1,
                  .parent = 0};
  assert_int_equal(hpo_space_add(&p->space, &q, NULL), HPO_OK);
  q.name = q.full_name = s;
  q.low = -9;
  assert_int_equal(hpo_space_add(&p->space, &q, NULL), HPO_OK);
  q.name = q.full_name = c;
  q.kind = HPO_PARAM_FLOAT;
  q.step = 0;
  q.parent_choice = 1;
  assert_int_equal(hpo_space_add(&p->space, &q, NULL), HPO_OK);
  return p;
}

static void test_columns(void **state) {
  static const char *const want[] = {"number",
                                     "state",
                                     "reason",
                                     "rung",
                                     "attempt",
                                     "job",
                                     "value",
                                     "model",
                                     "params.gbt.depth",
                                     "params.gbt.shift",
                                     "params.lin.C",
                                     "metrics.metric0",
                                     "metrics.train_seconds",
                                     "metrics.model_bytes",
                                     "start",
                                     "end",
                                     "wall",
                                     "cpu",
                                     "peak_memory",
                                     "bytes_sent",
                                     "steps",
                                     "team",
                                     "host",
                                     "session",
                                     "reused",
                                     "curve_offset",
                                     "curve_length",
                                     "model_offset",
                                     "model_length",
                                     "model_format",
                                     "model_crc",
                                     "shard"};
  const size_t n = sizeof want / sizeof *want;
  hpo_plan *plan = two_models();
  hpo_trial *t = NULL;
  hpo_record *r = NULL;
  char text[32];

  (void)state;
  assert_int_equal(hpo_trial_create(4, 1, 3, &t, NULL), HPO_OK);
  t->x[0] = 1;
  t->x[3] = 0.5;
  plan->shards = 0; /* local plans alone have the last column */
  assert_int_equal(hpo_trial_record(t, plan, &r, NULL), HPO_OK);
  assert_int_equal(r->n_field, n - 1);
  hpo_record_destroy(r);
  r = NULL;
  plan->shards = 3;
  t->number = 7;
  assert_int_equal(hpo_trial_record(t, plan, &r, NULL), HPO_OK);
  assert_int_equal(r->n_field, n);
  assert_int_equal(hpo_record_int(r, "shard"), 1);
  for (size_t i = 0; i < r->n_field; i++)
    assert_string_equal(r->field[i].name, want[i]);
  assert_string_equal(hpo_record_text(r, "model", text, 32), "lin");
  assert_true(hpo_record_int(r, "params.gbt.depth") == -1);
  assert_true(hpo_record_int(r, "params.gbt.shift") == INT64_MIN);
  assert_true(hpo_record_number(r, "params.lin.C") == 0.5);
  assert_true(hpo_record_int(r, "model_format") == -1);
  assert_string_equal(hpo_record_text(r, "state", text, 32), "waiting");
  for (size_t i = 0; i < r->n_field; i++)
    assert_true(r->field[i].description[0] != '\0');
  hpo_record_destroy(r);
  hpo_trial_destroy(t);
  hpo_plan_destroy(plan);
}

static void test_final(void **state) {
  int n = 0;

  (void)state;
  for (int s = 0; s < HPO_TRIAL_STATES; s++)
    n += hpo_trial_is_final((hpo_trial_state)s);
  assert_int_equal(n, 3);
  assert_string_equal(hpo_trial_state_name(HPO_TRIAL_CANCELLED), "cancelled");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
                                     cmocka_unit_test(test_results),
                                     cmocka_unit_test(test_damaged_results),
                                     cmocka_unit_test(test_jobs),
                                     cmocka_unit_test(test_columns),
                                     cmocka_unit_test(test_final)};

  return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
