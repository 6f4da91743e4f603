/* SPDX-License-Identifier: BSD-3-Clause */
/* Random search: every parameter is drawn independently, keyed by (seed,
 * trial, parameter) alone; so it does not look at any result, and a
 * continued study repeats nothing.
 *
 * J. Bergstra, Y. Bengio, Random search for hyper-parameter optimization,
 * JMLR 13 (2012). */
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "sampler/draw.h"
#include "sampler/kinds.h"

#include <math.h>

void hpo_draw_point(const hpo_space *space, uint64_t seed, hpo_id trial,
                    uint32_t attempt, const double *given, double *x) {
  hpo_rng_key key = hpo_rng_key_make(seed, HPO_RNG_SAMPLER);

  for (size_t i = 0; i < space->n_param; i++)
    x[i] = (double)NAN;
  for (size_t i = 0; i < space->n_param; i++) {
    if (!hpo_space_active(space, x, i))
      continue;
    if (given != NULL && !isnan(given[i])) {
      x[i] = given[i];
      continue;
    }
    x[i] = hpo_param_from_unit(
        &space->param[i],
        hpo_rng_uniform(key, (uint64_t)trial, (uint64_t)attempt << 32 | i));
  }
}

static hpo_status suggest(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  const hpo_plan *plan = hpo_ledger_plan(view->ledger);

  (void)self, (void)options, (void)err;
  hpo_draw_point(&plan->space, plan->seed, number, 0, given, x);
  return HPO_OK;
}

const hpo_sampler_kind hpo_sampler_random = {
    .name = "random",
    .help = "Independent random points: the honest baseline, and as good as "
            "any where most trials run at the same time (Bergstra and "
            "Bengio 2012).",
    .is_built = true,
    .is_blind = true,
    .suggest = suggest};
