/* SPDX-License-Identifier: BSD-3-Clause */
/* Pruners on given curves, for check_pruners.py.  Standard input, blanks
 * between:
 *
 *   pruner maximize(0|1) options, then a name and a value for each
 *   trials, then for each: complete(0|1) steps values
 *   curves, then for each: steps values
 *
 * Standard output: for each curve the steps after which it is pruned. */
#include <math.h>
#include <stdio.h>

#include "hpo/pruner.h"
#include "tinyplan.h"

static double number(void) {
  double x = 0;

  HPO_ASSERT(scanf("%lf", &x) == 1);
  return x;
}

static hpo_plan *read_plan(void) {
  char name[64], value[64];
  hpo_plan *p = tinyplan_make();

  HPO_ASSERT(scanf("%63s", name) == 1);
  tinyplan_text(&p->pruner.name, name);
  p->objective[0].maximize = number() > 0;
  for (size_t n = (size_t)number(); n > 0; n--) {
    HPO_ASSERT(scanf("%63s %63s", name, value) == 2);
    HPO_ASSERT(hpo_settings_add(&p->pruner.options, name, value, 0, NULL) ==
               HPO_OK);
  }
  tinyplan_float(p, 0, 1, false, -1, 0);
  return p;
}

static hpo_ledger *read_trials(const hpo_plan *p) {
  hpo_ledger *l = NULL;
  size_t n = (size_t)number();

  HPO_ASSERT(hpo_ledger_create(p, &l, NULL) == HPO_OK);
  for (size_t i = 0; i < n; i++) {
    double x = 0.5;
    bool is_complete = number() > 0;
    hpo_trial *t = tinyplan_trial(
        p, (hpo_id)i, is_complete ? HPO_TRIAL_COMPLETE : HPO_TRIAL_PRUNED, &x,
        1);
    t->steps = (int64_t)number();
    for (int64_t s = 1; s <= t->steps; s++)
      HPO_ASSERT(hpo_trial_add_curve(
                     t, (hpo_curve_point){.step = s, .value = number()},
                     NULL) == HPO_OK);
    HPO_ASSERT(hpo_ledger_put(l, t, NULL) == HPO_OK);
  }
  return l;
}

static void watch_curve(const hpo_plan *p, const hpo_ledger *l,
                        hpo_pruner *pruner) {
  hpo_rule rule = hpo_pruner_rule(pruner);
  hpo_watch w = hpo_watch_make(&rule, p->objective[0].maximize);
  hpo_id n = (hpo_id)hpo_ledger_trials(l);
  hpo_view view = {.ledger = l, .horizon = INT64_MAX, .trials = n};
  int64_t steps = (int64_t)number();
  char reason[192];
  double *bar = NULL;
  size_t n_bar = 0;

  HPO_ASSERT(hpo_pruner_thresholds(pruner, &view, n, &bar, &n_bar, NULL) ==
             HPO_OK);
  for (int64_t s = 1; s <= steps; s++) {
    HPO_ASSERT(hpo_watch_add(&w, number(), NULL) == HPO_OK);
    if (hpo_watch_prunes(&w, (size_t)s > n_bar ? (double)NAN : bar[s - 1],
                         "value", reason, sizeof reason))
      printf("%lld ", (long long)s);
  }
  printf("\n");
  hpo_mem_free(bar);
  hpo_watch_free(&w);
}

int main(void) {
  hpo_plan *p = read_plan();
  hpo_ledger *l = read_trials(p);
  hpo_pruner *pruner = NULL;

  HPO_ASSERT(hpo_pruner_create(p, &pruner, NULL) == HPO_OK);
  for (size_t n = (size_t)number(); n > 0; n--)
    watch_curve(p, l, pruner);
  hpo_pruner_destroy(pruner);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
  return 0;
}
