/* SPDX-License-Identifier: BSD-3-Clause */
/* Successive halving and hyperband: the steps at which trials pause.  Who
 * goes on is decided where results come in (sched/rungs.c).
 *
 * L. Li and others, A system for massively parallel hyperparameter tuning,
 * MLSys 2020, algorithm 2 (ASHA); L. Li and others, Hyperband, JMLR 18
 * (2018), algorithm 1. */
#include "sampler/kinds.h"

#include <math.h>
#include <string.h>

/* The first rung, by default, is after one step in so many: earlier ones
 * favour large learning rates (tests/bench/asha_rounds.py). */
#define SHARE 12

/* --- the ladder -------------------------------------------------------- */

int64_t hpo_ladder_steps(const hpo_ladder *l, int64_t bracket, int64_t rung) {
  int64_t steps = l->least;

  for (int64_t i = 0; i < l->first + bracket + rung && steps < l->most; i++)
    steps = steps > l->most / l->factor ? l->most : steps * l->factor;
  return steps < l->most ? steps : INT64_MAX;
}

/* Trials of bracket b in one round of hyperband, which has brackets of all
 * first rungs. */
static double share(const hpo_ladder *l, int64_t b) {
  double n = (double)l->brackets, size = n;
  int64_t more = l->brackets - 1 - b;

  for (int64_t i = 0; i < more; i++)
    size *= (double)l->factor;
  return ceil(size / (double)(more + 1));
}

int64_t hpo_ladder_bracket(const hpo_ladder *l, hpo_id number) {
  /* multiples of the golden ratio: every stretch of trials has the shares */
  double at = (double)number * 0.6180339887498949, all = 0, sum = 0;
  int64_t b = 0;

  for (int64_t i = 0; i < l->brackets; i++)
    all += share(l, i);
  at = (at - floor(at)) * all;
  while (b + 1 < l->brackets && at >= (sum += share(l, b)))
    b++;
  return b;
}

/* --- how far trials go ------------------------------------------------- */

static bool is_steps(const char *name) {
  return strcmp(name, "n_estimators") == 0 || strcmp(name, "max_iter") == 0 ||
         strcmp(name, "steps") == 0;
}

static int64_t larger(int64_t a, double b) {
  return b > (double)a ? (int64_t)b : a;
}

/* The most steps that a trial of a model can take. */
static int64_t most_steps(const hpo_plan *plan, size_t model) {
  const hpo_settings *fixed = &plan->model[model].fixed;
  int64_t most = 1, value;

  for (size_t i = 0; i < plan->space.n_param; i++) {
    const hpo_param *p = &plan->space.param[i];
    if (p->model != (int)model || !is_steps(p->name))
      continue;
    if (p->kind != HPO_PARAM_CATEGORICAL)
      most = larger(most, p->high);
    for (size_t c = 0; c < p->n_choice; c++)
      if (hpo_options_parse_int(p->choice[c], &value))
        most = larger(most, (double)value);
  }
  for (size_t i = 0; i < fixed->n; i++)
    if (is_steps(fixed->item[i].name) &&
        hpo_options_parse_int(fixed->item[i].value, &value))
      most = larger(most, (double)value);
  return most;
}

static void fill(const hpo_options *options, const hpo_plan *plan,
                 size_t model, hpo_ladder *out) {
  int64_t most = hpo_options_get_int(options, "max-resource");
  int64_t least = hpo_options_get_int(options, "min-resource");

  out->most = most > 0 ? most : most_steps(plan, model);
  out->least = least > 0               ? least
               : out->most / SHARE > 1 ? out->most / SHARE
                                       : 1;
  out->factor = hpo_options_get_int(options, "reduction-factor");
  out->brackets = 1;
}

static void halving_ladder(const hpo_options *options, const hpo_plan *plan,
                           size_t model, hpo_ladder *out) {
  fill(options, plan, model, out);
  out->first = hpo_options_get_int(options, "min-early-stopping-rate");
}

/* As many brackets as there are rungs: floor(log(most / least)) + 1. */
static void hyperband_ladder(const hpo_options *options, const hpo_plan *plan,
                             size_t model, hpo_ladder *out) {
  int64_t steps;

  fill(options, plan, model, out);
  out->first = 0;
  for (steps = out->least; steps <= out->most / out->factor;
       steps *= out->factor)
    out->brackets++;
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  (void)options, (void)self;
  if (plan->strict && plan->retries > 0)
    return hpo_error_set(err, HPO_EINVAL,
                         "pruner \"%s\" with on-fail=\"retry\" in strict "
                         "order is not built yet in this version",
                         plan->pruner.name);
  return HPO_OK;
}

/* --- the registry ------------------------------------------------------ */

#define MAX_RESOURCE                                                          \
  {                                                                           \
    .name = "max-resource", .kind = HPO_OPTION_INT, .low = 1, .high = 1e12,   \
    .help =                                                                   \
        "Steps from which on a trial runs to its end; none: the largest "     \
        "n_estimators, max_iter or steps that the study allows its model."    \
  }
#define MIN_RESOURCE                                                          \
  {                                                                           \
    .name = "min-resource", .kind = HPO_OPTION_INT, .low = 1, .high = 1e12,   \
    .help = "Steps up to the first rung (hyperband: of the first bracket); "  \
            "none: a twelfth of the most."                                    \
  }
#define FACTOR                                                                \
  {                                                                           \
    .name = "reduction-factor", .kind = HPO_OPTION_INT, .value = "3",         \
    .low = 2, .high = 1000,                                                   \
    .help = "One in so many trials of a rung goes on, to so many times the "  \
            "steps."                                                          \
  }

static const hpo_option halving_option[] = {
    MIN_RESOURCE,
    MAX_RESOURCE,
    FACTOR,
    {.name = "min-early-stopping-rate",
     .kind = HPO_OPTION_INT,
     .value = "0",
     .low = 0,
     .high = 60,
     .help = "The first rung is as many times reduction-factor higher."}};

static const hpo_option hyperband_option[] = {MIN_RESOURCE, MAX_RESOURCE,
                                              FACTOR};

const hpo_pruner_kind hpo_pruner_halving = {
    .name = "halving",
    .help =
        "Asynchronous successive halving (ASHA, Li and others 2020): trials "
        "pause at rungs, and the best of each rung go on.\nFor many trials "
        "with many steps each: most of the steps go to the best few. No step "
        "is trained twice while the team that trained a trial keeps it in "
        "memory. Paused "
        "trials that are not promoted by the end of the study are pruned. "
        "Costs "
        "the memory of the paused models, at most 512 MiB a rank.",
    .option = halving_option,
    .n_option = sizeof halving_option / sizeof *halving_option,
    .is_built = true,
    .create = create,
    .ladder = halving_ladder};

const hpo_pruner_kind hpo_pruner_hyperband = {
    .name = "hyperband",
    .help = "Asynchronous halving in several brackets, whose first rungs lie "
            "at different steps (Hyperband, Li and others 2018), for curves "
            "that may cross late.\nCosts up to twice the steps of halving, "
            "and is surer to find the best where early steps mislead. The "
            "bracket follows from the trial's "
            "number; brackets that stop early have more trials.",
    .option = hyperband_option,
    .n_option = sizeof hyperband_option / sizeof *hyperband_option,
    .is_built = true,
    .create = create,
    .ladder = hyperband_ladder};
