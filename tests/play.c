/* SPDX-License-Identifier: BSD-3-Clause */
/* Samplers at play: see play.h. */
#include "play.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tinyplan.h"

#define MOST 256

hpo_sampler *play_make(const hpo_plan *p) {
  hpo_sampler *s = NULL;
  hpo_error err = {0};

  assert_int_equal(hpo_sampler_create(p, &s, &err), HPO_OK);
  return s;
}

void play_ask(hpo_sampler *s, const hpo_ledger *l, hpo_id horizon,
              hpo_id number, double *x) {
  hpo_view view = {.ledger = l, .horizon = horizon, .trials = number};
  hpo_error err = {0};

  assert_int_equal(hpo_sampler_suggest(s, &view, number, NULL, x, &err),
                   HPO_OK);
  if (hpo_space_check(&hpo_ledger_plan(l)->space, x, &err) != HPO_OK)
    fail_msg("trial %lld: %s", (long long)number, err.text);
}

hpo_ledger *play_ledger(const hpo_plan *p) {
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

void play_pure(const hpo_plan *p, hpo_rng *rng) {
  hpo_ledger *l = play_ledger(p);
  hpo_sampler *old = play_make(p);
  double x[MOST], y[MOST];

  assert_true(p->space.n_param <= MOST);
  for (hpo_id i = 0; i < 40; i++) {
    hpo_id horizon = i % 3 == 0 ? INT64_MAX : i - 4;
    hpo_sampler *fresh = play_make(p);
    play_ask(old, l, horizon, i, x);
    play_ask(fresh, l, horizon, i, y);
    assert_true(hpo_space_equal_points(&p->space, x, y));
    hpo_sampler_destroy(fresh);
    assert_int_equal(hpo_ledger_put(l, random_trial(p, i, x, rng), NULL),
                     HPO_OK);
    if (i % 7 == 6) { /* back to an older view */
      fresh = play_make(p);
      play_ask(old, l, i / 2, i - 3, x);
      play_ask(fresh, l, i / 2, i - 3, y);
      assert_true(hpo_space_equal_points(&p->space, x, y));
      hpo_sampler_destroy(fresh);
    }
  }
  hpo_sampler_destroy(old);
  hpo_ledger_destroy(l);
}

void play_all_points(hpo_plan *p) {
  hpo_ledger *l = play_ledger(p);
  hpo_sampler *s = NULL;
  double x[4];
  bool seen[3 * 16 * 8] = {false};

  tinyplan_choice(p, 3, -1, 0);
  tinyplan_int(p, 1, 9, 0, 0);
  tinyplan_choice(p, 4, 0, 1);
  tinyplan_int(p, 0, 3, -1, 0);
  s = play_make(p);
  for (hpo_id i = 0; i < (9 + 4 + 1) * 4 + 3; i++) {
    size_t index;
    play_ask(s, l, i - 5, i, x);
    index = (size_t)(x[0] * 128 + (isnan(x[1]) ? 0 : x[1]) * 8 +
                     (isnan(x[2]) ? 0 : x[2]) * 8 + x[3]);
    assert_int_equal(seen[index], i >= (9 + 4 + 1) * 4);
    seen[index] = true;
    assert_int_equal(
        hpo_ledger_put(
            l, tinyplan_trial(p, i, HPO_TRIAL_COMPLETE, x, x[0] + x[3]), NULL),
        HPO_OK);
  }
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(l);
}

static double bowl(const double *x) {
  double sum = 0;

  for (int i = 0; i < 4; i++)
    sum += (x[i] - 0.3) * (x[i] - 0.3);
  return sum + (x[4] == 1 ? 0 : 0.2);
}

double play_best(const char *sampler, bool maximize, hpo_id n, hpo_id running,
                 uint64_t seed, size_t *n_failed) {
  hpo_plan *p = tinyplan_make();
  hpo_ledger *l = play_ledger(p);
  hpo_sampler *s = NULL;
  double x[5], best = (double)INFINITY;

  tinyplan_text(&p->sampler.name, sampler);
  p->seed = seed;
  p->objective[0].maximize = maximize;
  for (int i = 0; i < 4; i++)
    tinyplan_float(p, 0, 1, false, -1, 0);
  tinyplan_choice(p, 3, -1, 0);
  s = play_make(p);
  for (hpo_id i = 0; i < n; i++) {
    bool fails;
    play_ask(s, l, i - 1 - running, i, x);
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
