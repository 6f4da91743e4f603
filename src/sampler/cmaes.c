/* SPDX-License-Identifier: BSD-3-Clause */
/* CMA-ES as a sampler: numbers without condition come from its distribution
 * (evolve.h), the other parameters are drawn at random, as in Optuna's
 * CmaEsSampler. */
#include "hpo/mem.h"
#include "sampler/draw.h"
#include "sampler/evolve.h"
#include "sampler/kinds.h"

#include <math.h>
#include <string.h>

typedef struct cmaes {
  const hpo_plan *plan;
  hpo_evolve *evolve;
  double *value; /* [n_param] what the distribution and `given` say */
} cmaes;

static void destroy(void *self) {
  cmaes *c = self;

  if (c == NULL)
    return;
  hpo_evolve_destroy(c->evolve);
  hpo_mem_free(c->value);
  hpo_mem_free(c);
}

static hpo_restart restart_of(const char *name) {
  return strcmp(name, "ipop") == 0    ? HPO_RESTART_IPOP
         : strcmp(name, "bipop") == 0 ? HPO_RESTART_BIPOP
                                      : HPO_RESTART_NONE;
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  cmaes *c = NULL;
  int64_t population = hpo_options_get_int(options, "population");
  hpo_evolve_options o = {
      .sigma = hpo_options_get_float(options, "sigma"),
      .tolerance = hpo_options_get_float(options, "tolerance"),
      .population = population > 0 ? (size_t)population : 0,
      .restart = restart_of(hpo_options_get_text(options, "restart")),
      .margin = hpo_options_get_bool(options, "margin"),
      .adapt = hpo_options_get_bool(options, "learning-rate-adaptation")};
  bool is_center =
      strcmp(hpo_options_get_text(options, "start"), "center") == 0;

  HPO_TRY(status, hpo_mem_new(1, sizeof *c, &c, err));
  c->plan = plan;
  HPO_TRY(status,
          hpo_mem_new(plan->space.n_param, sizeof *c->value, &c->value, err));
  HPO_TRY(status, hpo_evolve_create(
                      &o, plan,
                      is_center || plan->n_enqueue == 0 ? NULL : plan->enqueue,
                      &c->evolve, err));
  *self = c;
  c = NULL; /* now the caller's */
done:
  destroy(c);
  return status;
}

static void draw(cmaes *c, hpo_id number, uint32_t attempt,
                 const double *given, double *x) {
  const hpo_space *space = &c->plan->space;

  if (c->evolve->n > 0) {
    hpo_evolve_draw(c->evolve, number, attempt, c->value);
    for (size_t i = 0; given != NULL && i < space->n_param; i++)
      if (!isnan(given[i]))
        c->value[i] = given[i];
    given = c->value;
  }
  hpo_draw_point(space, c->plan->seed, number, attempt, given, x);
}

static hpo_status suggest(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  cmaes *c = self;

  (void)options;
  HPO_TRY(status, hpo_evolve_update(c->evolve, view, number, err));
  for (uint32_t i = 0; i < HPO_EVOLVE_ATTEMPTS; i++) {
    draw(c, number, i, given, x);
    if (!hpo_points_find(&c->evolve->points, x))
      break;
  }
  hpo_points_move(&c->evolve->points, c->plan->seed, number, given, x);
done:
  return status;
}

static const hpo_option option[] = {
    {.name = "sigma",
     .kind = HPO_OPTION_FLOAT,
     .value = "0.16666666666666666",
     .low = 0,
     .high = 10,
     .low_open = true,
     .help = "First standard deviation, as a share of each range."},
    {.name = "start",
     .kind = HPO_OPTION_CHOICE,
     .value = "center",
     .choices = "center enqueued",
     .help = "The first mean: the centre of all ranges (after <warm-start> "
             "where the other studies' best trials lie, with their spread "
             "instead of sigma=), or the first enqueued point where there is "
             "one."},
    {.name = "population",
     .kind = HPO_OPTION_INT,
     .low = 3,
     .high = 1e6,
     .help = "Results of a generation; unset: 4 + 3 log(parameters)."},
    {.name = "margin",
     .kind = HPO_OPTION_BOOL,
     .value = "yes",
     .help = "Integers and steps keep a chance of moving on, however small "
             "the distribution has become."},
    {.name = "restart",
     .kind = HPO_OPTION_CHOICE,
     .value = "none",
     .choices = "none ipop bipop",
     .help = "What follows a run that has converged: ipop starts one with "
             "twice the population, bipop takes turns with small ones."},
    {.name = "tolerance",
     .kind = HPO_OPTION_FLOAT,
     .value = "1e-06",
     .low = 0,
     .high = 1,
     .low_open = true,
     .help = "A run has converged when each standard deviation is below this "
             "share of the range (restart only)."},
    {.name = "learning-rate-adaptation",
     .kind = HPO_OPTION_BOOL,
     .value = "no",
     .help = "Slower updates where values are noisy or have many local "
             "minima; for a thousand trials and more (Nomura and others "
             "2023)."},
};

const hpo_sampler_kind hpo_sampler_cmaes = {
    .name = "cmaes",
    .help = "CMA-ES: a normal distribution moves to where it is good and "
            "takes its shape; for numbers that depend on each other and some "
            "hundred trials.  Choices and conditional parameters are drawn "
            "at random.  Under 0.1 ms a point (Hansen 2016; integers: "
            "Hamano and others 2022; warm start: Nomura and others 2021).",
    .option = option,
    .n_option = sizeof option / sizeof *option,
    .is_built = true,
    .one_objective = true,
    .create = create,
    .destroy = destroy,
    .suggest = suggest};
