/* SPDX-License-Identifier: BSD-3-Clause */
/* Random trials of a plan for tests: a legal point, a state and what goes
 * with it (trial.h, 4), a curve. */
#include "hpo/trial.h"

#include "hpo/rng.h"

#include <math.h>
#include <stdio.h>

static void sample_end(hpo_rng *rng, hpo_trial *t) {
  t->state = (hpo_trial_state)hpo_rng_below(rng, HPO_TRIAL_STATES);
  t->job = (hpo_id)hpo_rng_below(rng, 100);
  t->attempt = (int64_t)hpo_rng_below(rng, 3);
  t->start = (int64_t)(hpo_rng_next64(rng) >> 1);
  t->end = t->start + 5;
  t->wall = hpo_rng_next(rng);
  t->cpu = hpo_rng_next(rng);
  t->peak_memory = (int64_t)hpo_rng_below(rng, 1u << 30);
  t->bytes_sent = -1;
  t->steps = (int64_t)hpo_rng_below(rng, 20);
  t->team = (int64_t)hpo_rng_below(rng, 4);
  t->session = 0;
  t->reused = (int64_t)hpo_rng_below(rng, 3) - 1;
  snprintf(t->host, sizeof t->host, "node%u",
           (unsigned)hpo_rng_below(rng, 10));
  if (t->state == HPO_TRIAL_FAILED)
    snprintf(t->reason, sizeof t->reason, "diverged in “step” 3");
  if (t->state == HPO_TRIAL_COMPLETE) {
    t->model_offset = (int64_t)hpo_rng_below(rng, 1000);
    t->model_length = 10;
    t->model_crc = (int64_t)hpo_rng_next32(rng);
    snprintf(t->model_format, sizeof t->model_format, "xgboost-ubj");
  }
}

hpo_status hpo_trial_sample(uint64_t seed, const hpo_plan *plan, hpo_id number,
                            hpo_trial **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 5, 0);
  hpo_names metrics = {0};
  hpo_trial *t = NULL;

  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  HPO_TRY(status, hpo_trial_create(plan->space.n_param, plan->n_objective,
                                   metrics.n, &t, err));
  t->number = number;
  for (size_t i = 0; i < t->n_param; i++)
    t->x[i] = hpo_param_from_unit(&plan->space.param[i], hpo_rng_next(&rng));
  hpo_space_mask(&plan->space, t->x);
  sample_end(&rng, t);
  if (t->state == HPO_TRIAL_COMPLETE)
    for (size_t i = 0; i < t->n_objective; i++)
      t->value[i] = floor(hpo_rng_next(&rng) * 50) / 10; /* with ties */
  for (size_t i = 0; i < t->n_metric; i++)
    if (hpo_rng_below(&rng, 2) == 0)
      t->metric[i] = hpo_rng_next(&rng);
  for (int64_t k = 1; k <= t->steps; k++)
    HPO_TRY(status,
            hpo_trial_add_curve(
                t, (hpo_curve_point){.step = k, .value = hpo_rng_next(&rng)},
                err));
  *out = t;
  t = NULL;
done:
  hpo_names_free(&metrics);
  hpo_trial_destroy(t);
  return status;
}
