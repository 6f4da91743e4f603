/* SPDX-License-Identifier: BSD-3-Clause */
/* The threshold pruner: a trial whose value lies beyond a fixed one is
 * stopped.  As in Optuna; it looks at no other trial. */
#include "sampler/kinds.h"

#include <math.h>

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  double lower = hpo_options_get_float(options, "lower");
  double upper = hpo_options_get_float(options, "upper");

  (void)plan, (void)self;
  if (isnan(lower) && isnan(upper))
    return hpo_error_set(err, HPO_EINVAL,
                         "pruner \"threshold\" needs lower=, upper= or both");
  if (lower > upper)
    return hpo_error_set(err, HPO_EINVAL,
                         "pruner \"threshold\": lower=\"%.6g\" is above "
                         "upper=\"%.6g\", so every value is beyond",
                         lower, upper);
  return HPO_OK;
}

static void rule(const hpo_options *options, hpo_rule *out) {
  out->has_bounds = true;
  out->lower = hpo_options_get_float(options, "lower");
  out->upper = hpo_options_get_float(options, "upper");
  out->warmup = hpo_options_get_int(options, "warmup-steps");
  out->interval = hpo_options_get_int(options, "interval-steps");
}

static const hpo_option option[] = {
    {.name = "lower",
     .kind = HPO_OPTION_FLOAT,
     .low = -(double)INFINITY,
     .high = (double)INFINITY,
     .help = "A trial with a smaller value is stopped; none: no such end."},
    {.name = "upper",
     .kind = HPO_OPTION_FLOAT,
     .low = -(double)INFINITY,
     .high = (double)INFINITY,
     .help = "A trial with a larger value is stopped; none: no such end."},
    {.name = "warmup-steps",
     .kind = HPO_OPTION_INT,
     .value = "0",
     .low = 0,
     .high = 1e12,
     .help = "Steps of a trial after which it can't be pruned yet."},
    {.name = "interval-steps",
     .kind = HPO_OPTION_INT,
     .value = "1",
     .low = 1,
     .high = 1e12,
     .help = "Steps from one check to the next."},
};

const hpo_pruner_kind hpo_pruner_bounds = {
    .name = "threshold",
    .help = "Stops a trial whose value is below lower= or above upper= (as "
            "in Optuna); for trials that diverge or are known to be "
            "hopeless.",
    .option = option,
    .n_option = sizeof option / sizeof *option,
    .is_built = true,
    .create = create,
    .rule = rule};
