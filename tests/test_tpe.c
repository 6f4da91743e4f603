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

#include "play.h"
#include "tinyplan.h"

static hpo_plan *tpe_plan(void) {
  hpo_plan *p = tinyplan_make();

  tinyplan_text(&p->sampler.name, "tpe");
  return p;
}

static void set_option(hpo_plan *p, const char *name, const char *value) {
  assert_int_equal(hpo_settings_add(&p->sampler.options, name, value, 0, NULL),
                   HPO_OK);
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
    play_pure(p, &rng);
    hpo_plan_destroy(p);
  }
}

static void no_duplicates(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    hpo_plan *p = tpe_plan();
    p->seed = seed;
    set_option(p, "multivariate", seed % 4 == 3 ? "no" : "yes");
    play_all_points(p);
    hpo_plan_destroy(p);
  }
}

static void beats_chance(void **state) {
  double tpe = 0, blind = 0, parallel = 0;
  size_t tpe_failed = 0, blind_failed = 0;

  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    tpe += play_best("tpe", seed % 2 == 1, 60, 0, seed, &tpe_failed);
    parallel += play_best("tpe", seed % 2 == 1, 60, 15, seed, &tpe_failed);
    blind += play_best("random", seed % 2 == 1, 60, 0, seed, &blind_failed);
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
  hpo_ledger *l = play_ledger(p);
  hpo_sampler *s = NULL;
  double x[4];
  size_t good = 0;

  (void)state;
  tinyplan_choice(p, 3, -1, 0);
  for (size_t i = 0; i < 3; i++)
    tinyplan_float(p, 0.01, 100, true, 0, i);
  s = play_make(p);
  for (hpo_id i = 0; i < 60; i++) {
    play_ask(s, l, INT64_MAX, i, x);
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

/* Trials that pause at a rung teach as if they had been pruned there; those
 * that go on from it are as good as that until their end is seen. */
static void learns_from_pauses(void **state) {
  enum { N = 60, AHEAD = 10 };
  hpo_plan *p = tpe_plan();
  hpo_ledger *pruned = NULL, *paused = NULL;
  hpo_sampler *s[2] = {NULL, NULL};
  hpo_rng rng = hpo_rng_make(tinyplan_seed(31), HPO_RNG_TEST, 0, 0);
  hpo_pause pause[N] = {{0}};
  double x[2], of_pruned[2], of_paused[2], blind[2];
  size_t differ = 0;

  (void)state;
  tinyplan_float(p, 0, 1, false, -1, 0);
  tinyplan_float(p, 0, 1, false, -1, 0);
  pruned = play_ledger(p);
  paused = play_ledger(p);
  for (hpo_id i = 0; i < N; i++) {
    x[0] = hpo_rng_next(&rng);
    x[1] = hpo_rng_next(&rng);
    int64_t step = i % 3 == 0 ? 4 : 1;
    hpo_trial *t = tinyplan_trial(p, i, HPO_TRIAL_PRUNED, x, x[0] + x[1]);
    t->steps = step;
    assert_int_equal(hpo_ledger_put(pruned, t, NULL), HPO_OK);
    t = tinyplan_trial(p, i, i % 2 ? HPO_TRIAL_PAUSED : HPO_TRIAL_RUNNING, x,
                       i % 2 ? x[0] + x[1] : (double)NAN);
    assert_int_equal(hpo_ledger_put(paused, t, NULL), HPO_OK);
    pause[i] = (hpo_pause){step, x[0] + x[1]};
  }
  for (size_t i = 0; i < 2; i++)
    s[i] = play_make(p);
  for (hpo_id i = N; i < N + AHEAD; i++) {
    hpo_view view = {.ledger = pruned, .horizon = INT64_MAX, .trials = N};
    assert_int_equal(
        hpo_sampler_suggest(s[0], &view, i, NULL, of_pruned, NULL), HPO_OK);
    view.ledger = paused;
    assert_int_equal(hpo_sampler_suggest(s[1], &view, i, NULL, blind, NULL),
                     HPO_OK);
    view.pause = pause;
    view.n_pause = N;
    assert_int_equal(
        hpo_sampler_suggest(s[1], &view, i, NULL, of_paused, NULL), HPO_OK);
    assert_memory_equal(of_paused, of_pruned, sizeof of_pruned);
    differ += memcmp(blind, of_paused, sizeof blind) != 0;
  }
  assert_true(differ == AHEAD);
  for (size_t i = 0; i < 2; i++)
    hpo_sampler_destroy(s[i]);
  hpo_ledger_destroy(pruned);
  hpo_ledger_destroy(paused);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_pure), cmocka_unit_test(no_duplicates),
      cmocka_unit_test(beats_chance), cmocka_unit_test(chooses_the_model),
      cmocka_unit_test(learns_from_pauses)};

  return cmocka_run_group_tests_name("tpe", tests, NULL, NULL);
}
