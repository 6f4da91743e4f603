/* SPDX-License-Identifier: BSD-3-Clause */
/* gp: a pure function of the view, legal points, no duplicates, parallel
 * trials apart, ugly values, and far better than chance.  check_gp.py compares
 * the process itself with scikit-learn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hpo/mem.h"
#include "play.h"
#include "tinyplan.h"

static hpo_plan *gp_plan(const char *max_points) {
  hpo_plan *p = tinyplan_make();

  tinyplan_text(&p->sampler.name, "gp");
  assert_int_equal(
      hpo_settings_add(&p->sampler.options, "candidates", "64", 0, NULL),
      HPO_OK);
  assert_int_equal(
      hpo_settings_add(&p->sampler.options, "startup-trials", "5", 0, NULL),
      HPO_OK);
  assert_int_equal(
      hpo_settings_add(&p->sampler.options, "max-points", max_points, 0, NULL),
      HPO_OK);
  return p;
}

static void is_pure(void **state) {
  uint64_t seed = tinyplan_seed(31);
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 0, 0);

  (void)state;
  for (uint64_t k = 0; k < 24; k++) {
    hpo_plan *p = gp_plan(k % 2 == 0 ? "16" : "256");
    p->objective[0].maximize = k % 4 == 0;
    if (k % 3 == 0)
      assert_int_equal(
          hpo_settings_add(&p->sampler.options, "noise", "0", 0, NULL),
          HPO_OK);
    assert_int_equal(hpo_space_sample(seed + k, &p->space, NULL), HPO_OK);
    play_pure(p, &rng);
    hpo_plan_destroy(p);
  }
}

static void no_duplicates(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 8; seed++) {
    hpo_plan *p = gp_plan(seed % 2 == 0 ? "20" : "256");
    p->seed = seed;
    play_all_points(p);
    hpo_plan_destroy(p);
  }
}

static void beats_chance(void **state) {
  double gp = 0, parallel = 0, blind = 0;
  size_t gp_failed = 0, blind_failed = 0;

  (void)state;
  for (uint64_t seed = 0; seed < 10; seed++) {
    gp += play_best("gp", seed % 2 == 1, 60, 0, seed, &gp_failed);
    parallel += play_best("gp", seed % 2 == 1, 60, 15, seed, &gp_failed);
    blind += play_best("random", seed % 2 == 1, 60, 0, seed, &blind_failed);
  }
  printf("mean best: gp %.2g, with 16 at a time %.2g, random %.4f; failed "
         "%zu, %zu\n",
         gp / 10, parallel / 10, blind / 10, gp_failed / 2, blind_failed);
  assert_true(gp < 0.05 * blind);
  assert_true(parallel < 0.35 * blind);
  assert_true(gp_failed / 2 < blind_failed * 4 / 5);
}

/* Trials that run at the same time are not put into one place: with 8 results
 * known, 12 more points keep away from each other. */
static void keeps_apart(void **state) {
  hpo_plan *p = gp_plan("256");
  hpo_ledger *l = play_ledger(p);
  hpo_sampler *s = NULL;
  double x[20][2], nearest = 1;

  (void)state;
  tinyplan_float(p, 0, 1, false, -1, 0);
  tinyplan_float(p, 0, 1, false, -1, 0);
  s = play_make(p);
  for (hpo_id i = 0; i < 20; i++) {
    play_ask(s, l, 7, i, x[i]);
    double value = sin(15 * x[i][0]) + cos(11 * x[i][1]);
    assert_int_equal(
        hpo_ledger_put(
            l, tinyplan_trial(p, i, HPO_TRIAL_COMPLETE, x[i], value), NULL),
        HPO_OK);
    for (hpo_id j = 8; j < i; j++)
      nearest = fmin(nearest, hypot(x[i][0] - x[j][0], x[i][1] - x[j][1]));
  }
  assert_true(nearest > 0.01);
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

/* Values that a model could choke on; what is given stays. */
static void ugly_values(void **state) {
  static const double value[][3] = {{0, 0, 0},
                                    {1e300, -1e300, 1e-300},
                                    {5, 5, 5.000000000000001},
                                    {-1.7e308, 1.7e308, 0}};

  (void)state;
  for (size_t k = 0; k < sizeof value / sizeof *value; k++) {
    hpo_plan *p = gp_plan("16");
    hpo_ledger *l = play_ledger(p);
    hpo_view view = {.ledger = l, .horizon = INT64_MAX};
    double x[3], given[3] = {(double)NAN, 3, (double)NAN};
    tinyplan_float(p, 1e-6, 1, true, -1, 0);
    tinyplan_int(p, 0, 1000000, -1, 0);
    tinyplan_choice(p, 2, -1, 0);
    hpo_sampler *s = play_make(p);
    for (hpo_id i = 0; i < 40; i++) {
      play_ask(s, l, INT64_MAX, i, x);
      hpo_trial_state how = k == 0 && i < 20 ? HPO_TRIAL_FAILED
                            : i % 5 == 4     ? HPO_TRIAL_PRUNED
                                             : HPO_TRIAL_COMPLETE;
      if (i % 2 == 1) /* the same point again, or nearly */
        x[0] = 0.5;
      assert_int_equal(
          hpo_ledger_put(l, tinyplan_trial(p, i, how, x, value[k][i % 3]),
                         NULL),
          HPO_OK);
    }
    view.trials = 40;
    assert_int_equal(hpo_sampler_suggest(s, &view, 40, given, x, NULL),
                     HPO_OK);
    assert_true(x[1] == 3 && x[0] >= 1e-6 && x[0] <= 1);
    hpo_sampler_destroy(s);
    hpo_ledger_destroy(l);
    hpo_plan_destroy(p);
  }
}

/* While no trial is feasible the model is of violations; a trial without the
 * metric of the constraint takes nothing from what the others tell. */
static void learns_from_violations(void **state) {
  hpo_plan *p = gp_plan("256");
  hpo_ledger *l = play_ledger(p);
  hpo_sampler *s = NULL;
  double x[2], nearest = 1;

  (void)state;
  tinyplan_float(p, 0, 1, false, -1, 0);
  tinyplan_float(p, 0, 1, false, -1, 0);
  assert_int_equal(hpo_mem_grow(&p->constraint, &p->constraint_room, 1,
                                sizeof *p->constraint, NULL),
                   HPO_OK);
  p->constraint[0] = (hpo_plan_constraint){.min = (double)NAN, .max = 1};
  tinyplan_text(&p->constraint[0].metric, "value");
  p->n_constraint = 1;
  s = play_make(p);
  for (hpo_id i = 0; i < 30; i++) {
    play_ask(s, l, i - 1, i, x);
    double off = hypot(x[0] - 0.83, x[1] - 0.21);
    hpo_trial *t = tinyplan_trial(p, i, HPO_TRIAL_COMPLETE, x, 1);
    t->metric[0] = i == 3 ? (double)NAN : 1.5 + off;
    assert_int_equal(hpo_ledger_put(l, t, NULL), HPO_OK);
    nearest = fmin(nearest, off);
  }
  assert_true(nearest < 0.01);
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(is_pure),
                                     cmocka_unit_test(no_duplicates),
                                     cmocka_unit_test(beats_chance),
                                     cmocka_unit_test(keeps_apart),
                                     cmocka_unit_test(ugly_values),
                                     cmocka_unit_test(learns_from_violations)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
