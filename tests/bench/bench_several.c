/* SPDX-License-Identifier: BSD-3-Clause */
/* A sampler at work on a test function with several values, serially:
 *
 *   bench_several PROBLEM SAMPLER SEED TRIALS [window=P] [option=value ...]
 *   bench_several speed SAMPLER OBJECTIVES TRIALS
 *
 * prints the objectives of each trial, and for bnh the violation; the last
 * P - 1 results are not known yet; or the time of one suggestion.
 * several_quality.py compares it with Optuna on the same functions. */
#include "hpo/clock.h"
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "hpo/sampler.h"
#include "model/several.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(hpo_status status, const hpo_error *err) {
  if (status != HPO_OK) {
    fprintf(stderr, "%s\n", err->text);
    exit(1);
  }
}

typedef struct problem {
  const char *name;
  size_t n, values, objectives;
  void (*f)(const double *x, size_t n, double *f);
} problem;

static const problem problems[] = {{"zdt1", 5, 2, 2, hpo_several_zdt1},
                                   {"zdt2", 5, 2, 2, hpo_several_zdt2},
                                   {"zdt3", 5, 2, 2, hpo_several_zdt3},
                                   {"dtlz2", 6, 3, 3, hpo_several_dtlz2},
                                   {"bnh", 2, 4, 2, hpo_several_bnh},
                                   {"mixed2", 3, 2, 2, hpo_several_mixed2}};

static char names[16][4];

static void add(hpo_plan *plan, hpo_param_kind kind, double high) {
  static char *choices[] = {"0", "1", "2"};
  hpo_error err = {0};
  size_t i = plan->space.n_param;
  hpo_param p = {.kind = kind, .high = high, .parent = -1};

  snprintf(names[i], sizeof names[i], "x%u", (unsigned)i & 15u);
  p.name = p.full_name = names[i];
  p.step = kind == HPO_PARAM_INT ? 1 : 0;
  p.choice = kind == HPO_PARAM_CATEGORICAL ? choices : NULL;
  p.n_choice = kind == HPO_PARAM_CATEGORICAL ? 3 : 0;
  must(hpo_space_add(&plan->space, &p, &err), &err);
}

static void make_space(hpo_plan *plan, const problem *p) {
  bool bnh = strcmp(p->name, "bnh") == 0;

  if (strcmp(p->name, "mixed2") == 0) {
    add(plan, HPO_PARAM_FLOAT, 1);
    add(plan, HPO_PARAM_INT, 20);
    add(plan, HPO_PARAM_CATEGORICAL, 0);
    return;
  }
  for (size_t i = 0; i < p->n; i++)
    add(plan, HPO_PARAM_FLOAT, !bnh ? 1 : i == 0 ? 5 : 3);
}

static void tell(hpo_ledger *ledger, hpo_id n, const double *x,
                 const double *f) {
  const hpo_plan *plan = hpo_ledger_plan(ledger);
  hpo_error err = {0};
  hpo_trial *t = NULL;

  must(hpo_trial_create(plan->space.n_param, plan->n_objective,
                        HPO_FUNCTION_VALUES + 2, &t, &err),
       &err);
  t->number = t->job = n;
  t->state = HPO_TRIAL_COMPLETE;
  memcpy(t->value, f, plan->n_objective * sizeof *f);
  memcpy(t->metric, f, HPO_FUNCTION_VALUES * sizeof *f);
  memcpy(t->x, x, plan->space.n_param * sizeof *x);
  must(hpo_ledger_put(ledger, t, &err), &err);
}

static void quality(hpo_plan *plan, const problem *p, hpo_id n,
                    hpo_id window) {
  hpo_error err = {0};
  hpo_sampler *s = NULL;
  hpo_ledger *ledger = NULL;
  double x[16], f[HPO_FUNCTION_VALUES] = {0};

  must(hpo_sampler_create(plan, &s, &err), &err);
  must(hpo_ledger_create(plan, &ledger, &err), &err);
  for (hpo_id i = 0; i < n; i++) {
    hpo_view view = {.ledger = ledger, .horizon = i - window, .trials = i};
    must(hpo_sampler_suggest(s, &view, i, NULL, x, &err), &err);
    p->f(x, p->n, f);
    tell(ledger, i, x, f);
    for (size_t k = 0; k < p->objectives; k++)
      printf("%.12g ", f[k]);
    printf("%.12g\n", hpo_plan_violation(plan, f));
  }
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(ledger);
}

/* Points at random, losses that trade against each other. */
static void speed(hpo_plan *plan, hpo_id n) {
  hpo_error err = {0};
  hpo_sampler *s = NULL;
  hpo_ledger *ledger = NULL;
  double x[16], f[HPO_FUNCTION_VALUES], begin, end = 0;
  const int repeats = 50;

  must(hpo_sampler_create(plan, &s, &err), &err);
  must(hpo_ledger_create(plan, &ledger, &err), &err);
  for (hpo_id i = 0; i < n + repeats; i++) {
    for (size_t j = 0; j < 10; j++)
      x[j] =
          hpo_rng_uniform(hpo_rng_key_make(1, HPO_RNG_TEST), (uint64_t)i, j);
    for (size_t k = 0; k < HPO_FUNCTION_VALUES; k++) {
      f[k] = x[4];
      for (size_t j = 0; j < 4; j++)
        f[k] += j == k ? 0 : (x[j] - 0.5) * (x[j] - 0.5);
    }
    tell(ledger, i, x, f);
    hpo_view view = {.ledger = ledger, .horizon = i, .trials = i + 1};
    if (i + 1 == n)
      must(hpo_sampler_suggest(s, &view, i + 1, NULL, x, &err), &err);
    begin = hpo_clock_cpu();
    if (i >= n)
      must(hpo_sampler_suggest(s, &view, i + 1, NULL, x, &err), &err);
    end += hpo_clock_cpu() - begin;
  }
  printf("%.1f us a suggestion, %zu objectives, %lld trials\n",
         end / repeats * 1e6, plan->n_objective, (long long)n);
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(ledger);
}

int main(int argc, char **argv) {
  static char *values[] = {"value", "value2", "value3", "value4"};
  const double none = (double)NAN;
  hpo_plan_objective objective[HPO_PLAN_OBJECTIVES];
  hpo_plan_constraint constraint[] = {{"value3", none, 25},
                                      {"value4", 7.7, none}};
  hpo_plan plan = {.objective = objective, .constraint = constraint};
  hpo_error err = {0};
  const problem *p = NULL;
  hpo_id window = 1;

  if (argc < 5)
    return 2;
  plan.sampler.name = argv[2];
  plan.seed = (uint64_t)strtoull(argv[3], NULL, 10);
  for (size_t i = 0; i < HPO_PLAN_OBJECTIVES; i++)
    objective[i] = (hpo_plan_objective){values[i], false, none};
  for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
    if (strcmp(problems[i].name, argv[1]) == 0)
      p = &problems[i];
  plan.n_objective = p != NULL ? p->objectives : plan.seed;
  plan.n_constraint = p != NULL ? p->values - p->objectives : 0;
  if (p != NULL && strcmp(p->name, "bnh") != 0)
    plan.n_constraint = 0;
  if (p != NULL)
    make_space(&plan, p);
  else
    for (int i = 0; i < 10; i++)
      add(&plan, HPO_PARAM_FLOAT, 1);
  for (int i = 5; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL)
      return 2;
    *value++ = '\0';
    if (strcmp(argv[i], "window") == 0)
      window = strtoll(value, NULL, 10);
    else
      must(hpo_settings_add(&plan.sampler.options, argv[i], value, 0, &err),
           &err);
  }
  if (p != NULL)
    quality(&plan, p, strtoll(argv[4], NULL, 10), window);
  else
    speed(&plan, strtoll(argv[4], NULL, 10));
  hpo_settings_free(&plan.sampler.options);
  hpo_space_free(&plan.space);
  return 0;
}
