/* SPDX-License-Identifier: BSD-3-Clause */
/* A sampler at work on a function with known structure, serially:
 *
 *   bench_sampler PROBLEM SAMPLER SEED TRIALS [window=P] [shift=K]
 *                 [option=value ...]
 *   bench_sampler PROBLEM SAMPLER SEED TRIALS workers=W [spread=S] [window=P]
 *   bench_sampler serve PROBLEM [shift=K]
 *   bench_sampler speed SAMPLER PARAMETERS TRIALS [option=value ...]
 *
 * prints the best value so far after each trial, where the last P - 1 results
 * are not known yet; the best value, the makespan, the idle share and the
 * number of points equal to a running one, of W workers on a simulated clock
 * whose trials take times of mean 1 and standard deviation S, in order of
 * arrival or, with a window, in strict order; or lets others work on the
 * function: a line for each parameter (kind, low, high, log, choices, parent
 * or -1, its choice), an empty one, then the value of each line of numbers
 * read; or prints the time of one suggestion.  sampler_quality.py compares
 * with Optuna on the same functions. */
#include "../fleet.h"
#include "hpo/clock.h"
#include "hpo/rng.h"
#include "hpo/sampler.h"
#include "problems.h"

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

/* What the command line asks for. */
typedef struct request {
  const problem *problem;
  int shift;
  hpo_id window;
  fleet fleet;
} request;
static request asked;

static double value_at(const double *x) {
  return asked.problem->value(x, asked.shift);
}

static void tell(hpo_ledger *ledger, hpo_id n, const double *x, double value) {
  const hpo_plan *plan = hpo_ledger_plan(ledger);
  hpo_error err = {0};
  hpo_trial *t = NULL;

  must(hpo_trial_create(plan->space.n_param, 1, 0, &t, &err), &err);
  t->number = t->job = n;
  t->state = isnan(value) ? HPO_TRIAL_FAILED : HPO_TRIAL_COMPLETE;
  t->value[0] = value;
  memcpy(t->x, x, plan->space.n_param * sizeof *x);
  must(hpo_ledger_put(ledger, t, &err), &err);
}

static void quality(hpo_plan *plan, hpo_id n, hpo_id window) {
  hpo_error err = {0};
  hpo_sampler *s = NULL;
  hpo_ledger *ledger = NULL;
  double x[PROBLEM_PARAMETERS], best = (double)INFINITY;

  must(hpo_sampler_create(plan, &s, &err), &err);
  must(hpo_ledger_create(plan, &ledger, &err), &err);
  for (hpo_id i = 0; i < n; i++) {
    hpo_view view = {.ledger = ledger, .horizon = i - window, .trials = i};
    must(hpo_sampler_suggest(s, &view, i, NULL, x, &err), &err);
    double value = value_at(x);
    tell(ledger, i, x, value);
    best = fmin(best, value);
    printf("%.9g\n", best);
  }
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(ledger);
}

/* Workers on a simulated clock. */
static void parallel(hpo_plan *plan, hpo_id n, fleet *f) {
  f->plan = plan;
  f->value = value_at;
  f->seed = plan->seed;
  plan->trials = n;
  plan->target = (double)NAN;
  plan->strict = plan->window > 0;
  fleet_run(f);
  printf("%.9g %.9g %.9g %zu\n", f->best, f->makespan, f->idle, f->equal);
  fleet_free(f);
}

static void speed(hpo_plan *plan, hpo_id n) {
  hpo_error err = {0};
  hpo_sampler *s = NULL;
  hpo_ledger *ledger = NULL;
  hpo_view view;
  double x[64], begin;
  size_t d = plan->space.n_param;
  const int repeats = 200;

  must(hpo_sampler_create(plan, &s, &err), &err);
  must(hpo_ledger_create(plan, &ledger, &err), &err);
  for (hpo_id i = 0; i < n; i++) {
    double sum = 0;
    for (size_t j = 0; j < d; j++) {
      x[j] = hpo_param_from_unit(
          &plan->space.param[j],
          hpo_rng_uniform(hpo_rng_key_make(1, HPO_RNG_TEST), (uint64_t)i, j));
      sum += x[j] * (double)(j % 3);
    }
    tell(ledger, i, x, sum);
  }
  view = (hpo_view){.ledger = ledger, .horizon = INT64_MAX, .trials = n};
  must(hpo_sampler_suggest(s, &view, n, NULL, x, &err), &err);
  begin = hpo_clock_cpu();
  for (int i = 0; i < repeats; i++)
    must(hpo_sampler_suggest(s, &view, n + i, NULL, x, &err), &err);
  printf("%.1f us a suggestion, %zu parameters, %lld trials\n",
         (hpo_clock_cpu() - begin) / repeats * 1e6, d, (long long)n);
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(ledger);
}

static void serve(const hpo_space *space) {
  static const char *const kind[] = {"int", "float", "choice"};
  double x[PROBLEM_PARAMETERS];

  for (size_t i = 0; i < space->n_param; i++) {
    const hpo_param *p = &space->param[i];
    printf("%s %.17g %.17g %d %zu %td %zu\n", kind[p->kind], p->low, p->high,
           p->log, p->n_choice, p->parent, p->parent_choice);
  }
  puts("");
  fflush(stdout);
  for (;;) {
    for (size_t i = 0; i < space->n_param; i++)
      if (scanf("%lf", &x[i]) != 1)
        return;
    printf("%.17g\n", value_at(x));
    fflush(stdout);
  }
}

/* The options behind the first n words: ours, and the sampler's. */
static void take_options(hpo_plan *plan, int n, int argc, char **argv) {
  hpo_error err = {0};

  for (int i = n; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL) {
      fprintf(stderr, "an option is name=value\n");
      exit(2);
    }
    *value++ = '\0';
    if (strcmp(argv[i], "window") == 0)
      asked.window = strtoll(value, NULL, 10);
    else if (strcmp(argv[i], "shift") == 0)
      asked.shift = atoi(value);
    else if (strcmp(argv[i], "workers") == 0)
      asked.fleet.workers = atoi(value);
    else if (strcmp(argv[i], "spread") == 0)
      asked.fleet.spread = strtod(value, NULL);
    else
      must(hpo_settings_add(&plan->sampler.options, argv[i], value, 0, &err),
           &err);
  }
}

static void run(hpo_plan *plan, char **argv, bool is_speed) {
  hpo_id n = strtoll(argv[4], NULL, 10);

  plan->sampler.name = argv[2];
  plan->seed = strtoull(argv[3], NULL, 10);
  plan->window = asked.window;
  if (is_speed)
    speed(plan, n);
  else if (asked.fleet.workers > 0)
    parallel(plan, n, &asked.fleet);
  else
    quality(plan, n, asked.window > 0 ? asked.window : 1);
}

static int usage(void) {
  fprintf(stderr, "usage: see the head of bench_sampler.c; problems:");
  for (size_t i = 0; problem_at(i) != NULL; i++)
    fprintf(stderr, " %s", problem_at(i)->name);
  fprintf(stderr, "\n");
  return 2;
}

int main(int argc, char **argv) {
  static char metric[] = "value", none[] = "none";
  hpo_plan_objective objective = {.metric = metric};
  hpo_plan plan = {.n_objective = 1, .objective = &objective};
  bool is_serve = argc >= 3 && strcmp(argv[1], "serve") == 0;
  bool is_speed = argc >= 5 && strcmp(argv[1], "speed") == 0;

  plan.pruner.name = none;
  if (argc >= 3 && !is_speed)
    asked.problem = problem_find(argv[is_serve ? 2 : 1]);
  if (argc < (is_serve ? 3 : 5) || (asked.problem == NULL && !is_speed))
    return usage();
  take_options(&plan, is_serve ? 3 : 5, argc, argv);
  if (is_speed)
    problem_make_many(&plan.space, strtoull(argv[3], NULL, 10));
  else
    asked.problem->make(&plan.space);
  if (is_serve)
    serve(&plan.space);
  else
    run(&plan, argv, is_speed);
  hpo_settings_free(&plan.sampler.options);
  hpo_space_free(&plan.space);
  return 0;
}
