/* SPDX-License-Identifier: BSD-3-Clause */
/* tpe: a pure function of the view, legal points, no duplicates, and better
 * than chance. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/rng.h"
#include "hpo/sampler.h"
#include "tinyplan.h"

#define MOST 256

static hpo_plan *tpe_plan(void) {
  hpo_plan *p = tinyplan_make();

  tinyplan_text(&p->sampler.name, "tpe");
  return p;
}

static void set_option(hpo_plan *p, const char *name, const char *value) {
  assert_int_equal(hpo_settings_add(&p->sampler.options, name, value, 0, NULL),
                   HPO_OK);
}

static hpo_sampler *make(const hpo_plan *p) {
  hpo_sampler *s = NULL;
  hpo_error err = {0};

  assert_int_equal(hpo_sampler_create(p, &s, &err), HPO_OK);
  return s;
}

static void ask(hpo_sampler *s, const hpo_ledger *l, hpo_id horizon,
                hpo_id number, double *x) {
  hpo_view view = {.ledger = l, .horizon = horizon, .trials = number};
  hpo_error err = {0};

  assert_int_equal(hpo_sampler_suggest(s, &view, number, NULL, x, &err),
                   HPO_OK);
  if (hpo_space_check(&hpo_ledger_plan(l)->space, x, &err) != HPO_OK)
    fail_msg("trial %lld: %s", (long long)number, err.text);
}

static hpo_ledger *new_ledger(const hpo_plan *p) {
  hpo_ledger *l = NULL;

  assert_int_equal(hpo_ledger_create(p, &l, NULL), HPO_OK);
  return l;
}

/* One of all states, with values that repeat. */
static hpo_trial *random_trial(const hpo_plan *p, hpo_id i, const double *x,
                               hpo_rng *rng) {
  static const hpo_trial_state state[] = {
      HPO_TRIAL_COMPLETE, HPO_TRIAL_COMPLETE,    HPO_TRIAL_PRUNED,
      HPO_TRIAL_FAILED,   HPO_TRIAL_INTERRUPTED, HPO_TRIAL_PRUNED};
  hpo_trial_state at = state[hpo_rng_below(rng, 6)];
  double value = floor(hpo_rng_next(rng) * 8);
  hpo_trial *t = NULL;

  if (at == HPO_TRIAL_FAILED || (at == HPO_TRIAL_PRUNED && value == 0))
    value = (double)NAN;
  t = tinyplan_trial(p, i, at, x, value);
  t->steps = (int64_t)hpo_rng_below(rng, 5);
  return t;
}

/* Whatever a sampler was asked before, the answer is that of a fresh one. */
static void check_pure(const hpo_plan *p, hpo_rng *rng) {
  hpo_ledger *l = new_ledger(p);
  hpo_sampler *old = make(p);
  double x[MOST], y[MOST];

  assert_true(p->space.n_param <= MOST);
  for (hpo_id i = 0; i < 40; i++) {
    hpo_id horizon = i % 3 == 0 ? INT64_MAX : i - 4;
    hpo_sampler *fresh = make(p);
    ask(old, l, horizon, i, x);
    ask(fresh, l, horizon, i, y);
    assert_true(hpo_space_equal_points(&p->space, x, y));
    hpo_sampler_destroy(fresh);
    assert_int_equal(hpo_ledger_put(l, random_trial(p, i, x, rng), NULL),
                     HPO_OK);
    if (i % 7 == 6) { /* back to an older view */
      fresh = make(p);
      ask(old, l, i / 2, i - 3, x);
      ask(fresh, l, i / 2, i - 3, y);
      assert_true(hpo_space_equal_points(&p->space, x, y));
      hpo_sampler_destroy(fresh);
    }
  }
  hpo_sampler_destroy(old);
  hpo_ledger_destroy(l);
}

static void is_pure(void **state) {
  uint64_t seed = tinyplan_seed(21);
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 0, 0);

  (void)state;
  for (uint64_t k = 0; k < 60; k++) {
    hpo_plan *p = tpe_plan();
    set_option(p, "startup-trials", k % 2 == 0 ? "3" : "10");
    set_option(p, "multivariate", k % 3 == 0 ? "no" : "yes");
    set_option(p, "constant-liar", k % 5 == 0 ? "no" : "yes");
    p->objective[0].maximize = k % 4 == 0;
    assert_int_equal(hpo_space_sample(seed + k, &p->space, NULL), HPO_OK);
    check_pure(p, &rng);
    hpo_plan_destroy(p);
  }
}

/* Every point of a conditional space once, before any comes twice. */
static void no_duplicates(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    hpo_plan *p = tpe_plan();
    hpo_ledger *l = new_ledger(p);
    hpo_sampler *s = NULL;
    double x[4];
    bool seen[3 * 16 * 8] = {false};
    p->seed = seed;
    set_option(p, "multivariate", seed % 4 == 3 ? "no" : "yes");
    tinyplan_choice(p, 3, -1, 0);
    tinyplan_int(p, 1, 9, 0, 0);
    tinyplan_choice(p, 4, 0, 1);
    tinyplan_int(p, 0, 3, -1, 0);
    s = make(p);
    for (hpo_id i = 0; i < (9 + 4 + 1) * 4 + 3; i++) {
      size_t index;
      ask(s, l, i - 5, i, x);
      index = (size_t)(x[0] * 128 + (isnan(x[1]) ? 0 : x[1]) * 8 +
                       (isnan(x[2]) ? 0 : x[2]) * 8 + x[3]);
      assert_int_equal(seen[index], i >= (9 + 4 + 1) * 4);
      seen[index] = true;
      assert_int_equal(hpo_ledger_put(l,
                                      tinyplan_trial(p, i, HPO_TRIAL_COMPLETE,
                                                     x, x[0] + x[3]),
                                      NULL),
                       HPO_OK);
    }
    hpo_sampler_destroy(s);
    hpo_ledger_destroy(l);
    hpo_plan_destroy(p);
  }
}

static double bowl(const double *x) {
  double sum = 0;

  for (int i = 0; i < 4; i++)
    sum += (x[i] - 0.3) * (x[i] - 0.3);
  return sum + (x[4] == 1 ? 0 : 0.2);
}

/* The best of n trials with `running` of them not known yet; one region
 * fails. */
static double best_of(const char *sampler, bool maximize, hpo_id n,
                      hpo_id running, uint64_t seed, size_t *n_failed) {
  hpo_plan *p = tpe_plan();
  hpo_ledger *l = new_ledger(p);
  hpo_sampler *s = NULL;
  double x[5], best = (double)INFINITY;

  tinyplan_text(&p->sampler.name, sampler);
  p->seed = seed;
  p->objective[0].maximize = maximize;
  for (int i = 0; i < 4; i++)
    tinyplan_float(p, 0, 1, false, -1, 0);
  tinyplan_choice(p, 3, -1, 0);
  s = make(p);
  for (hpo_id i = 0; i < n; i++) {
    bool fails;
    ask(s, l, i - 1 - running, i, x);
    fails = x[0] < 0.2;
    *n_failed += fails ? 1 : 0;
    if (!fails)
      best = fmin(best, bowl(x));
    assert_int_equal(
        hpo_ledger_put(
            l,
            tinyplan_trial(
                p, i, fails ? HPO_TRIAL_FAILED : HPO_TRIAL_COMPLETE, x,
                fails ? (double)NAN : (maximize ? -1 : 1) * bowl(x)),
            NULL),
        HPO_OK);
  }
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
  return best;
}

static void beats_chance(void **state) {
  double tpe = 0, blind = 0, parallel = 0;
  size_t tpe_failed = 0, blind_failed = 0;

  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    tpe += best_of("tpe", seed % 2 == 1, 60, 0, seed, &tpe_failed);
    parallel += best_of("tpe", seed % 2 == 1, 60, 15, seed, &tpe_failed);
    blind += best_of("random", seed % 2 == 1, 60, 0, seed, &blind_failed);
  }
  printf("mean best: tpe %.4f, with 16 at a time %.4f, random %.4f; failed "
         "%zu, %zu\n",
         tpe / 20, parallel / 20, blind / 20, tpe_failed / 2, blind_failed);
  assert_true(tpe < 0.6 * blind);
  assert_true(parallel < 0.7 * blind);
  assert_true(tpe_failed / 2 < blind_failed * 4 / 5);
}

/* Models: the good one is tried most, with its own parameters. */
static void chooses_the_model(void **state) {
  hpo_plan *p = tpe_plan();
  hpo_ledger *l = new_ledger(p);
  hpo_sampler *s = NULL;
  double x[4];
  size_t good = 0;

  (void)state;
  tinyplan_choice(p, 3, -1, 0);
  for (size_t i = 0; i < 3; i++)
    tinyplan_float(p, 0.01, 100, true, 0, i);
  s = make(p);
  for (hpo_id i = 0; i < 60; i++) {
    ask(s, l, INT64_MAX, i, x);
    size_t model = (size_t)x[0];
    double value = fabs(log10(x[1 + model])) + (model == 2 ? 0 : 1);
    good += model == 2 && i >= 20 ? 1 : 0;
    assert_int_equal(
        hpo_ledger_put(l, tinyplan_trial(p, i, HPO_TRIAL_COMPLETE, x, value),
                       NULL),
        HPO_OK);
  }
  assert_true(good >= 24);
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_pure), cmocka_unit_test(no_duplicates),
      cmocka_unit_test(beats_chance), cmocka_unit_test(chooses_the_model)};

  return cmocka_run_group_tests_name("tpe", tests, NULL, NULL);
}
