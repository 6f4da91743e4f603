/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of pruners; the median against a plain computation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/pruner.h"
#include "hpo/rng.h"
#include "tinyplan.h"

static hpo_plan *median_plan(void) {
  hpo_plan *p = tinyplan_make();

  tinyplan_text(&p->pruner.name, "median");
  tinyplan_float(p, 0, 1, false, -1, 0);
  return p;
}

static hpo_pruner *make(const hpo_plan *p) {
  hpo_pruner *s = NULL;
  hpo_error err = {0};

  assert_int_equal(hpo_pruner_create(p, &s, &err), HPO_OK);
  return s;
}

static void set(hpo_plan *p, const char *name, const char *value) {
  assert_int_equal(hpo_settings_add(&p->pruner.options, name, value, 0, NULL),
                   HPO_OK);
}

static void names(void **state) {
  size_t n = 0;
  const hpo_pruner_kind *const *kind = hpo_pruner_kinds(&n);

  (void)state;
  assert_int_equal(n, 7);
  for (size_t i = 0; i < n; i++) {
    hpo_plan *p = tinyplan_make();
    hpo_pruner *s = NULL;
    hpo_error err = {0};
    tinyplan_text(&p->pruner.name, kind[i]->name);
    if (strcmp(kind[i]->name, "threshold") == 0)
      set(p, "upper", "3");
    assert_ptr_equal(hpo_pruner_find(kind[i]->name), kind[i]);
    assert_int_equal(hpo_pruner_create(p, &s, &err),
                     kind[i]->is_built ? HPO_OK : HPO_EINVAL);
    if (!kind[i]->is_built)
      assert_non_null(strstr(err.text, "is not built yet in this version"));
    hpo_pruner_destroy(s);
    hpo_plan_destroy(p);
  }
}

static void none_prunes_nothing(void **state) {
  hpo_plan *p = tinyplan_make();
  hpo_pruner *s = make(p);
  hpo_ledger *l = NULL;
  double *bar = NULL;
  size_t n = 7;

  (void)state;
  assert_int_equal(hpo_ledger_create(p, &l, NULL), HPO_OK);
  hpo_view view = {.ledger = l, .horizon = INT64_MAX};
  assert_false(hpo_pruner_needs_reports(s));
  assert_int_equal(hpo_pruner_thresholds(s, &view, 0, &bar, &n, NULL), HPO_OK);
  assert_null(bar);
  assert_int_equal(n, 0);
  hpo_pruner_destroy(s);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

static hpo_trial *random_trial(const hpo_plan *p, hpo_id i, hpo_rng *rng) {
  static const hpo_trial_state state[] = {
      HPO_TRIAL_COMPLETE, HPO_TRIAL_COMPLETE, HPO_TRIAL_COMPLETE,
      HPO_TRIAL_PRUNED,   HPO_TRIAL_FAILED,   HPO_TRIAL_INTERRUPTED};
  double x = hpo_rng_next(rng);
  hpo_trial *t = tinyplan_trial(p, i, state[hpo_rng_below(rng, 6)], &x, 1);

  t->steps = 1 + (int64_t)hpo_rng_below(rng, 12);
  for (int64_t s = 1; s <= t->steps; s++) {
    hpo_curve_point c = {.step = s,
                         .value = floor(hpo_rng_next(rng) * 40) / 4};
    hpo_curve_point other = {.metric = 1, .step = s, .value = -100};
    assert_int_equal(hpo_trial_add_curve(t, c, NULL), HPO_OK);
    assert_int_equal(hpo_trial_add_curve(t, other, NULL), HPO_OK);
  }
  return t;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* As Optuna: startup, warm-up, interval, then the median. */
static double plain(const hpo_view *v, int64_t step, size_t startup,
                    int64_t warmup, int64_t interval, size_t least) {
  double value[256];
  size_t n = 0, complete = 0;

  for (hpo_id i = 0; i < v->trials; i++) {
    const hpo_trial *t = hpo_view_trial(v, i);
    if (hpo_view_state(v, i) != HPO_TRIAL_COMPLETE)
      continue;
    complete++;
    for (size_t k = 0; k < t->n_curve; k++)
      if (t->curve[k].step == step && t->curve[k].metric == 0)
        value[n++] = t->curve[k].value;
  }
  if (complete < startup || step <= warmup ||
      (step - 1 - warmup) % interval != 0 || n < least || n == 0)
    return (double)NAN;
  qsort(value, n, sizeof *value, ascending);
  return (value[(n - 1) / 2] + value[n / 2]) / 2;
}

static void check_view(hpo_pruner *s, const hpo_view *v, bool tuned) {
  double *bar = NULL;
  size_t n = 0;

  assert_int_equal(hpo_pruner_thresholds(s, v, v->trials, &bar, &n, NULL),
                   HPO_OK);
  for (int64_t step = 1; step <= 14; step++) {
    double expected =
        tuned ? plain(v, step, 3, 2, 3, 2) : plain(v, step, 5, 0, 1, 1);
    hpo_pruner_verdict got;
    assert_int_equal(hpo_pruner_threshold(s, v, v->trials, step, &got, NULL),
                     HPO_OK);
    assert_true(got.threshold == expected ||
                (isnan(got.threshold) && isnan(expected)));
    if ((size_t)step <= n)
      assert_true(bar[step - 1] == expected ||
                  (isnan(bar[step - 1]) && isnan(expected)));
    else
      assert_true(isnan(expected));
  }
  hpo_mem_free(bar);
}

static void median(void **state) {
  hpo_rng rng = hpo_rng_make(tinyplan_seed(5), HPO_RNG_TEST, 0, 0);

  (void)state;
  for (int k = 0; k < 40; k++) {
    hpo_plan *p = median_plan();
    static const char *const option[][2] = {{"startup-trials", "3"},
                                            {"warmup-steps", "2"},
                                            {"interval-steps", "3"},
                                            {"min-trials", "2"}};
    for (size_t i = 0; i < 4 && k % 2 == 1; i++)
      assert_int_equal(hpo_settings_add(&p->pruner.options, option[i][0],
                                        option[i][1], 0, NULL),
                       HPO_OK);
    hpo_pruner *s = make(p);
    hpo_ledger *l = NULL;
    assert_true(hpo_pruner_needs_reports(s));
    assert_int_equal(hpo_ledger_create(p, &l, NULL), HPO_OK);
    for (hpo_id i = 0; i < 60; i++) {
      hpo_view v = {.ledger = l, .horizon = i - 4, .trials = i};
      check_view(s, &v, k % 2 == 1);
      if (i % 10 == 9) { /* an older view, and a wider one */
        v.horizon = i / 2;
        v.trials = i - 2;
        check_view(s, &v, k % 2 == 1);
        v.horizon = INT64_MAX;
        v.trials = i;
        check_view(s, &v, k % 2 == 1);
      }
      assert_int_equal(hpo_ledger_put(l, random_trial(p, i, &rng), NULL),
                       HPO_OK);
    }
    hpo_pruner_destroy(s);
    hpo_ledger_destroy(l);
    hpo_plan_destroy(p);
  }
}

/* Bounds and patience without any other trial. */
static void rules(void **state) {
  static const double curve[] = {5, 4, 4.5, 4.25, 4.75, 9};
  hpo_plan *p = median_plan();
  hpo_pruner *s = NULL;
  hpo_error err = {0};
  char reason[192];

  (void)state;
  tinyplan_text(&p->pruner.name, "threshold");
  assert_int_equal(hpo_pruner_create(p, &s, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "needs lower=, upper= or both"));
  for (int kind = 0; kind < 2; kind++) {
    hpo_rule rule;
    set(p, kind == 0 ? "upper" : "patience", kind == 0 ? "8" : "2");
    if (kind == 1)
      set(p, "inner", "none");
    s = make(p);
    rule = hpo_pruner_rule(s);
    assert_false(hpo_pruner_needs_reports(s));
    hpo_watch w = hpo_watch_make(&rule, false);
    for (size_t i = 0; i < 6; i++) {
      bool bad = kind == 0 ? i == 5 : i >= 4;
      assert_int_equal(hpo_watch_add(&w, curve[i], NULL), HPO_OK);
      assert_int_equal(
          hpo_watch_prunes(&w, (double)NAN, "value", reason, sizeof reason),
          bad);
    }
    assert_non_null(
        strstr(reason, kind == 0 ? "above 8" : "not better than 4"));
    hpo_watch_free(&w);
    hpo_pruner_destroy(s);
    hpo_settings_free(&p->pruner.options);
    tinyplan_text(&p->pruner.name, "patient");
  }
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names), cmocka_unit_test(none_prunes_nothing),
      cmocka_unit_test(median), cmocka_unit_test(rules)};

  return cmocka_run_group_tests_name("pruner", tests, NULL, NULL);
}
