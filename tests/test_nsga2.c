/* SPDX-License-Identifier: BSD-3-Clause */
/* nsga2: points of the space, a function of the view alone, parents of the
 * best, given values kept. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/mem.h"
#include "hpo/rng.h"
#include "hpo/sampler.h"
#include "play.h"
#include "tinyplan.h"

enum { N = 60, MOST = 8 };

/* Two objectives; a choice with conditions, an integer, logarithms. */
static hpo_plan *make_plan(const char *sampler) {
  hpo_plan *p = tinyplan_make();

  tinyplan_text(&p->sampler.name, sampler);
  assert_int_equal(hpo_mem_grow(&p->objective, &p->objective_room, 2,
                                sizeof *p->objective, NULL),
                   HPO_OK);
  p->n_objective = 2;
  p->objective[1] = (hpo_plan_objective){.maximize = true, .reference = NAN};
  tinyplan_text(&p->objective[1].metric, "other");
  tinyplan_float(p, 0, 1, false, -1, 0);
  tinyplan_float(p, 1e-3, 10, true, -1, 0);
  tinyplan_int(p, 0, 30, -1, 0);
  tinyplan_choice(p, 3, -1, 0);
  tinyplan_float(p, 0, 1, false, 3, 1);
  tinyplan_int(p, 1, 9, 3, 2);
  return p;
}

static void set_option(hpo_plan *p, const char *name, const char *value) {
  assert_int_equal(hpo_settings_add(&p->sampler.options, name, value, 0, NULL),
                   HPO_OK);
}

static hpo_sampler *make_sampler(const hpo_plan *p) {
  hpo_sampler *s = NULL;

  assert_int_equal(hpo_sampler_create(p, &s, NULL), HPO_OK);
  return s;
}

static hpo_ledger *make_ledger(const hpo_plan *p) {
  hpo_ledger *l = NULL;

  assert_int_equal(hpo_ledger_create(p, &l, NULL), HPO_OK);
  return l;
}

static void tell(hpo_ledger *l, const hpo_plan *p, hpo_id n,
                 hpo_trial_state state, const double *x) {
  hpo_trial *t = NULL;

  assert_int_equal(hpo_trial_create(p->space.n_param, 2, 4, &t, NULL), HPO_OK);
  t->number = t->job = n;
  t->state = state;
  memcpy(t->x, x, t->n_param * sizeof *x);
  t->value[0] = x[0] + 0.1 * x[3];
  t->value[1] = x[0] * x[0] - 0.01 * x[2];
  assert_int_equal(hpo_ledger_put(l, t, NULL), HPO_OK);
}

/* Trials n - 5 ... n - 1 are running, every seventh fails. */
static hpo_view view_of(const hpo_ledger *l, hpo_id n) {
  return (hpo_view){.ledger = l, .horizon = n - 6, .trials = n};
}

static void suggest(hpo_sampler *s, hpo_view v, hpo_id n, const double *given,
                    double *x) {
  assert_int_equal(hpo_sampler_suggest(s, &v, n, given, x, NULL), HPO_OK);
}

/* One sampler that lives on, one made anew for each trial. */
static void check_pure(const char *sampler, const char *option,
                       const char *value) {
  hpo_plan *p = make_plan(sampler);
  hpo_ledger *l = make_ledger(p);
  double x[MOST], y[MOST];

  if (option != NULL)
    set_option(p, option, value);
  hpo_sampler *s = make_sampler(p);
  for (hpo_id n = 0; n < N; n++) {
    suggest(s, view_of(l, n), n, NULL, x);
    assert_int_equal(hpo_space_check(&p->space, x, NULL), HPO_OK);
    hpo_sampler *fresh = make_sampler(p);
    suggest(fresh, view_of(l, n), n, NULL, y);
    assert_memory_equal(x, y, p->space.n_param * sizeof *x);
    hpo_sampler_destroy(fresh);
    tell(l, p, n, n % 7 == 6 ? HPO_TRIAL_FAILED : HPO_TRIAL_COMPLETE, x);
  }
  suggest(s, view_of(l, 30), 30, NULL, y); /* back again */
  assert_memory_equal(hpo_ledger_get(l, 30)->x, y,
                      p->space.n_param * sizeof *x);
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

static void is_pure(void **state) {
  (void)state;
  check_pure("nsga2", "population-size", "8");
  check_pure("nsga2", "crossover", "sbx");
  check_pure("tpe", NULL, NULL);
}

static void is_pure_with_each_crossover(void **state) {
  static const char *const name[] = {"uniform", "sbx", "blxalpha"};

  (void)state;
  for (int i = 0; i < 3; i++) {
    hpo_plan *p = make_plan("nsga2");
    hpo_ledger *l = make_ledger(p);
    double x[MOST], given[MOST];
    set_option(p, "population-size", "6");
    set_option(p, "crossover", name[i]);
    for (int k = 0; k < MOST; k++)
      given[k] = (double)NAN;
    given[2] = 17;
    given[3] = 2;
    hpo_sampler *s = make_sampler(p);
    for (hpo_id n = 0; n < N; n++) {
      suggest(s, view_of(l, n), n, n % 3 == 2 ? given : NULL, x);
      assert_int_equal(hpo_space_check(&p->space, x, NULL), HPO_OK);
      if (n % 3 == 2)
        assert_true(x[2] == 17 && x[3] == 2 && !isnan(x[5]));
      tell(l, p, n, HPO_TRIAL_COMPLETE, x);
    }
    hpo_sampler_destroy(s);
    hpo_ledger_destroy(l);
    hpo_plan_destroy(p);
  }
}

/* Without mutation every value is one that a trial of the best four had. */
static void children_come_from_the_best(void **state) {
  hpo_plan *p = tinyplan_make();
  hpo_ledger *l;
  hpo_sampler *s;
  double x[2];

  (void)state;
  tinyplan_text(&p->sampler.name, "nsga2");
  set_option(p, "population-size", "4");
  set_option(p, "mutation-prob", "0");
  set_option(p, "crossover-prob", "1");
  tinyplan_float(p, 0, 1, false, -1, 0);
  tinyplan_float(p, 0, 1, false, -1, 0);
  l = make_ledger(p);
  s = make_sampler(p);
  for (hpo_id i = 0; i < 40; i++) {
    double at[] = {(double)((i * 17) % 40) / 64, (double)i / 64};
    assert_int_equal(
        hpo_ledger_put(l, tinyplan_trial(p, i, HPO_TRIAL_COMPLETE, at, at[0]),
                       NULL),
        HPO_OK);
  }
  for (hpo_id n = 40; n < 52; n++) {
    hpo_view v = {.ledger = l, .horizon = 39, .trials = 40};
    suggest(s, v, n, NULL, x);
    bool first = false, second = false;
    for (hpo_id i = 0; i < 40; i++) {
      const hpo_trial *t = hpo_ledger_get(l, i);
      first = first || (t->value[0] < 4.0 / 64 && t->x[0] == x[0]);
      second = second || (t->value[0] < 4.0 / 64 && t->x[1] == x[1]);
    }
    assert_true(first && second);
  }
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

static void no_duplicates(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 8; seed++) {
    hpo_plan *p = tinyplan_make();
    tinyplan_text(&p->sampler.name, "nsga2");
    p->seed = seed;
    play_all_points(p);
    hpo_plan_destroy(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_pure), cmocka_unit_test(is_pure_with_each_crossover),
      cmocka_unit_test(children_come_from_the_best),
      cmocka_unit_test(no_duplicates)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
