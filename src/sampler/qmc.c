/* SPDX-License-Identifier: BSD-3-Clause */
/* Quasi-random search: trial n is point n of a Sobol sequence, so points
 * spread more evenly than random ones, over each parameter and over pairs.
 *
 * A parameter has a dimension of its own, whether it is active or not; what
 * there is beyond the table's dimensions is drawn at random.  Scrambling is
 * keyed by the study's seed (sobol.h).
 *
 * J. Bergstra, Y. Bengio, JMLR 13 (2012), section 4. */
#include "hpo/mem.h"
#include "sampler/draw.h"
#include "sampler/kinds.h"
#include "sampler/sobol.h"

#include <math.h>

typedef struct qmc {
  const hpo_plan *plan;
  hpo_rng_key key;
  bool scramble;
  ptrdiff_t *dimension;          /* [n_param] -1: none */
  uint32_t (*v)[HPO_SOBOL_BITS]; /* [dimensions] */
} qmc;

static void destroy(void *self) {
  qmc *q = self;

  if (q == NULL)
    return;
  hpo_mem_free(q->dimension);
  hpo_mem_free(q->v);
  hpo_mem_free(q);
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *space = &plan->space;
  qmc *q = NULL;
  size_t used = 0;

  HPO_TRY(status, hpo_mem_new(1, sizeof *q, &q, err));
  q->plan = plan;
  q->key = hpo_rng_key_make(plan->seed, HPO_RNG_SAMPLER);
  q->scramble = hpo_options_get_bool(options, "scramble");
  HPO_TRY(status, hpo_mem_new(space->n_param, sizeof *q->dimension,
                              &q->dimension, err));
  HPO_TRY(status, hpo_mem_new(HPO_SOBOL_DIMENSIONS, sizeof *q->v, &q->v, err));
  for (size_t i = 0; i < space->n_param; i++) {
    q->dimension[i] = -1;
    if (hpo_param_cardinality(&space->param[i]) > 1 &&
        used < HPO_SOBOL_DIMENSIONS) {
      hpo_sobol_directions(used, q->v[used]);
      q->dimension[i] = (ptrdiff_t)used++;
    }
  }
  *self = q;
  q = NULL; /* now the caller's */
done:
  destroy(q);
  return status;
}

static double coordinate(const qmc *q, hpo_id number, size_t dimension) {
  uint32_t x = hpo_sobol_point(q->v[dimension], (uint64_t)number);

  return q->scramble ? hpo_sobol_scramble(
                           q->key, HPO_DRAW_QMC | (uint64_t)dimension << 6, x)
                     : x * 0x1p-32;
}

static hpo_status suggest(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  const qmc *q = self;
  const hpo_space *space = &q->plan->space;

  (void)options, (void)view, (void)err;
  for (size_t i = 0; i < space->n_param; i++)
    x[i] = (double)NAN;
  for (size_t i = 0; i < space->n_param; i++) {
    if (!hpo_space_active(space, x, i))
      continue;
    if (given != NULL && !isnan(given[i]))
      x[i] = given[i];
    else if (q->dimension[i] >= 0)
      x[i] = hpo_param_from_unit(
          &space->param[i], coordinate(q, number, (size_t)q->dimension[i]));
    else
      x[i] = hpo_param_from_unit(&space->param[i],
                                 hpo_rng_uniform(q->key, (uint64_t)number, i));
  }
  return HPO_OK;
}

static const hpo_option option[] = {
    {.name = "scramble",
     .kind = HPO_OPTION_BOOL,
     .value = "yes",
     .help = "Owen's scrambling, by the study's seed; no: the plain "
             "sequence, whose first point is the lowest corner."},
};

const hpo_sampler_kind hpo_sampler_qmc = {
    .name = "qmc",
    .help = "Scrambled Sobol points: more even than random ones, for up to "
            "128 parameters (any more are random); where most trials run at "
            "the same time, or to map a space.  Best with a power of two "
            "trials (Joe and Kuo 2008; Owen 1995).",
    .option = option,
    .n_option = sizeof option / sizeof *option,
    .is_built = true,
    .create = create,
    .destroy = destroy,
    .suggest = suggest};
