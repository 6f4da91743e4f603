/* SPDX-License-Identifier: BSD-3-Clause */
/* A sampler at work on a function with known structure, serially:
 *
 *   bench_sampler PROBLEM SAMPLER SEED TRIALS [window=P] [option=value ...]
 *   bench_sampler PROBLEM SAMPLER SEED TRIALS workers=W [spread=S] [window=P]
 *   bench_sampler speed SAMPLER PARAMETERS TRIALS
 *
 * prints the best value so far after each trial, where the last P - 1 results
 * are not known yet; the best value, the makespan, the idle share and the
 * number of points equal to a running one, of W workers on a simulated clock
 * whose trials take times of mean 1 and standard deviation S, in order of
 * arrival or, with a window, in strict order; or the time of one suggestion.
 * sampler_quality.py compares it with Optuna on the same functions. */
#include "../fleet.h"
#include "hpo/clock.h"
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "hpo/sampler.h"

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

static void add(hpo_plan *plan, hpo_param p, const char *name) {
  hpo_error err = {0};

  p.name = p.full_name = (char *)(uintptr_t)name;
  must(hpo_space_add(&plan->space, &p, &err), &err);
}

static hpo_param number(double low, double high, bool is_log) {
  return (hpo_param){.kind = HPO_PARAM_FLOAT,
                     .low = low,
                     .high = high,
                     .log = is_log,
                     .parent = -1};
}

static hpo_param whole(double low, double high, bool is_log) {
  return (hpo_param){.kind = HPO_PARAM_INT,
                     .low = low,
                     .high = high,
                     .step = 1,
                     .log = is_log,
                     .parent = -1};
}

static char *letter[] = {"a", "b", "c", "d"};

static hpo_param choice(size_t n) {
  return (hpo_param){.kind = HPO_PARAM_CATEGORICAL,
                     .choice = letter,
                     .n_choice = n,
                     .parent = -1};
}

static hpo_param when(hpo_param p, ptrdiff_t parent, size_t which) {
  p.parent = parent;
  p.parent_choice = which;
  return p;
}

static double branin(const double *x) {
  const double pi = 3.14159265358979323846;
  double y = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6;

  return y * y + 10 * (1 - 1 / (8 * pi)) * cos(x[0]) + 10;
}

static double hartmann6(const double *x) {
  static const double c[4] = {1, 1.2, 3, 3.2};
  static const double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                 {0.05, 10, 17, 0.1, 8, 14},
                                 {3, 3.5, 1.7, 10, 17, 8},
                                 {17, 8, 0.05, 10, 0.1, 14}};
  static const double p[4][6] = {
      {0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
      {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
      {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
      {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  double sum = 0;

  for (int i = 0; i < 4; i++) {
    double e = 0;
    for (int j = 0; j < 6; j++)
      e += a[i][j] * (x[j] - p[i][j]) * (x[j] - p[i][j]);
    sum -= c[i] * exp(-e);
  }
  return sum;
}

/* Like the validation loss of boosted trees: rate, depth and rounds trade
 * against each other, row and column sampling matter a little. */
static double boosting(const double *x) {
  double budget = log(x[0] * x[2]) - log(15), depth = x[1] - 7;
  double rows = x[3] - 0.8, columns = x[4] - 0.65;

  return 0.3 + 0.02 * budget * budget + 0.0015 * depth * depth +
         0.006 * depth * budget / 4 + 0.08 * rows * rows +
         0.05 * columns * columns + 0.01 * log(x[2] / 0.01) / 3.4;
}

/* One of three models; one has a condition of its own. */
static double mixed(const double *x) {
  if (x[0] == 0) {
    double a = log10(x[1]) + 2, b = x[2] - 7;
    return 0.1 + a * a * 0.2 + b * b * 0.01;
  }
  if (x[0] == 1) {
    double c = log10(x[3]) - 1, r = x[4] == 2 ? x[5] - 0.3 : 0.5;
    return 0.08 + c * c * 0.05 + r * r + (x[4] == 0 ? 0.3 : 0);
  }
  return 0.3 + (x[6] - 0.5) * (x[6] - 0.5) + (x[7] - 3) * (x[7] - 3) * 0.01;
}

static double sphere(const double *x) {
  double sum = 0;

  for (int i = 0; i < 4; i++)
    sum += (x[i] - i) * (x[i] - i);
  return sum;
}

/* The optimum's place, away from the centre: alternating, along the golden
 * ratio's sequence. */
static double moved(const double *x, int i, double most) {
  double u = (i + 1) * 0.61803398874989485, move = 0.5 + 0.5 * (u - floor(u));

  return x[i] + (i % 2 == 0 ? -most : most) * move;
}

static double rosenbrock5(const double *x) {
  double sum = 0;

  for (int i = 0; i < 4; i++) {
    double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    sum += 100 * a * a + b * b;
  }
  return sum;
}

static double ackley10(const double *x) {
  double square = 0, waves = 0;

  for (int i = 0; i < 10; i++) {
    double y = moved(x, i, 4);
    square += y * y / 10;
    waves += cos(6.283185307179586 * y) / 10;
  }
  return 20 + exp(1) - 20 * exp(-0.2 * sqrt(square)) - exp(waves);
}

static double rastrigin5(const double *x) {
  double sum = 50;

  for (int i = 0; i < 5; i++) {
    double y = moved(x, i, 1);
    sum += y * y - 10 * cos(6.283185307179586 * y);
  }
  return sum;
}

/* Like a learning rate that diverges and rounds that run out of time: a third
 * of the space fails, next to where it is best. */
static double failing(const double *x) {
  double a = x[0] - 0.6, b = x[1] - 0.55, c = x[2] - 0.3;

  if (x[0] + x[1] > 1.2)
    return (double)NAN;
  return a * a + b * b + c * c + 0.5 * a * b + fabs(x[3] - 0.9) * 0.1;
}

typedef double function(const double *x);

typedef struct cube {
  const char *name;
  int n;
  double low, high;
  function *value;
} cube;
static const cube cubes[] = {{"hartmann6", 6, 0, 1, hartmann6},
                             {"failing", 4, 0, 1, failing},
                             {"rosenbrock5", 5, -5, 10, rosenbrock5},
                             {"ackley10", 10, -32.768, 32.768, ackley10},
                             {"rastrigin5", 5, -5.12, 5.12, rastrigin5}};

static function *set_problem(hpo_plan *plan, const char *name) {
  static const char *const x[] = {"x0", "x1", "x2", "x3", "x4",
                                  "x5", "x6", "x7", "x8", "x9"};

  if (strcmp(name, "branin") == 0) {
    add(plan, number(-5, 10, false), x[0]);
    add(plan, number(0, 15, false), x[1]);
    return branin;
  }
  for (size_t c = 0; c < sizeof cubes / sizeof *cubes; c++)
    if (strcmp(name, cubes[c].name) == 0) {
      for (int i = 0; i < cubes[c].n; i++)
        add(plan, number(cubes[c].low, cubes[c].high, false), x[i]);
      return cubes[c].value;
    }
  if (strcmp(name, "boosting") == 0) {
    add(plan, whole(50, 300, false), x[0]);
    add(plan, whole(3, 15, false), x[1]);
    add(plan, number(0.01, 0.3, true), x[2]);
    add(plan, number(0.5, 1, false), x[3]);
    add(plan, number(0.5, 1, false), x[4]);
    return boosting;
  }
  if (strcmp(name, "mixed") == 0) {
    add(plan, choice(3), x[0]);
    add(plan, when(number(1e-4, 1, true), 0, 0), x[1]);
    add(plan, when(whole(3, 15, false), 0, 0), x[2]);
    add(plan, when(number(1e-4, 1e4, true), 0, 1), x[3]);
    add(plan, when(choice(3), 0, 1), x[4]);
    add(plan, when(number(0, 1, false), 4, 2), x[5]);
    add(plan, when(number(0, 1, false), 0, 2), x[6]);
    add(plan, when(whole(1, 100, true), 0, 2), x[7]);
    return mixed;
  }
  for (int i = 0; i < 4; i++)
    add(plan, whole(-3, 6, false), x[i]);
  return sphere;
}

static void tell(hpo_ledger *ledger, hpo_id n, const double *x, double value) {
  const hpo_plan *plan = hpo_ledger_plan(ledger);
  hpo_error err = {0};
  hpo_trial *t = NULL;

  must(hpo_trial_create(plan->space.n_param, 1, 0, &t, &err), &err);
  t->number = t->job = n;
  t->state = HPO_TRIAL_COMPLETE;
  t->value[0] = value;
  memcpy(t->x, x, plan->space.n_param * sizeof *x);
  must(hpo_ledger_put(ledger, t, &err), &err);
}

static void quality(hpo_plan *plan, function *f, hpo_id n, hpo_id window) {
  hpo_error err = {0};
  hpo_sampler *s = NULL;
  hpo_ledger *ledger = NULL;
  double x[16], best = (double)INFINITY;

  must(hpo_sampler_create(plan, &s, &err), &err);
  must(hpo_ledger_create(plan, &ledger, &err), &err);
  for (hpo_id i = 0; i < n; i++) {
    hpo_view view = {.ledger = ledger, .horizon = i - window, .trials = i};
    must(hpo_sampler_suggest(s, &view, i, NULL, x, &err), &err);
    double value = f(x);
    tell(ledger, i, x, value);
    best = fmin(best, value);
    printf("%.9g\n", best);
  }
  hpo_sampler_destroy(s);
  hpo_ledger_destroy(ledger);
}

/* workers, spread and window of a run on a simulated clock. */
static void parallel(hpo_plan *plan, function *value, hpo_id n, fleet *f) {
  f->plan = plan;
  f->value = value;
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

int main(int argc, char **argv) {
  hpo_plan plan = {.n_objective = 1};
  hpo_plan_objective objective = {.metric = letter[0]};
  static char none[] = "none";
  fleet f = {0};
  hpo_error err = {0};
  function *value_at = NULL;
  hpo_id window = 0;

  if (argc < 5)
    return 2;
  plan.objective = &objective;
  plan.pruner.name = none;
  plan.sampler.name = argv[2];
  plan.seed = (uint64_t)strtoull(argv[3], NULL, 10);
  if (strcmp(argv[1], "speed") == 0) {
    static const char *const p[] = {"p0", "p1", "p2", "p3", "p4"};
    for (uint64_t i = 0; i < plan.seed; i++)
      add(&plan,
          i % 5 == 4   ? whole(3, 15, false)
          : i % 5 == 3 ? whole(50, 300, false)
                       : number(0.01, 1, i % 2 == 0),
          p[i % 5]);
  } else {
    value_at = set_problem(&plan, argv[1]);
  }
  for (int i = 5; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL)
      return 2;
    *value++ = '\0';
    if (strcmp(argv[i], "window") == 0) {
      window = strtoll(value, NULL, 10);
      continue;
    }
    if (strcmp(argv[i], "workers") == 0) {
      f.workers = atoi(value);
      continue;
    }
    if (strcmp(argv[i], "spread") == 0) {
      f.spread = strtod(value, NULL);
      continue;
    }
    must(hpo_settings_add(&plan.sampler.options, argv[i], value, 0, &err),
         &err);
  }
  plan.window = window;
  if (f.workers > 0 && value_at != NULL)
    parallel(&plan, value_at, strtoll(argv[4], NULL, 10), &f);
  else if (value_at != NULL)
    quality(&plan, value_at, strtoll(argv[4], NULL, 10),
            window > 0 ? window : 1);
  else
    speed(&plan, strtoll(argv[4], NULL, 10));
  hpo_settings_free(&plan.sampler.options);
  hpo_space_free(&plan.space);
  return 0;
}
