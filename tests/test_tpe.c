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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_pure), cmocka_unit_test(no_duplicates),
      cmocka_unit_test(beats_chance), cmocka_unit_test(chooses_the_model)};

  return cmocka_run_group_tests_name("tpe", tests, NULL, NULL);
}
