/* SPDX-License-Identifier: BSD-3-Clause */
/* Quasi-random search: trial n is point n of a Sobol sequence, so points
 * spread more evenly than random ones, over each parameter and over pairs.
 *
 * What a parameter's dimension is: quasi.h.  Scrambling is keyed by the
 * study's seed (sobol.h).
 *
 * J. Bergstra, Y. Bengio, JMLR 13 (2012), section 4. */
#include "hpo/mem.h"
#include "sampler/kinds.h"
#include "sampler/quasi.h"

static void destroy(void *self) {
  hpo_quasi *q = self;

  if (q == NULL)
    return;
  hpo_quasi_free(q);
  hpo_mem_free(q);
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_quasi *q = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *q, &q, err));
  HPO_TRY(status,
          hpo_quasi_init(q, &plan->space, plan->seed,
                         hpo_options_get_bool(options, "scramble"), err));
  *self = q;
  q = NULL; /* now the caller's */
done:
  destroy(q);
  return status;
}

static hpo_status suggest(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  (void)options, (void)view, (void)err;
  hpo_quasi_point(self, number, given, x);
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
    .is_blind = true,
    .create = create,
    .destroy = destroy,
    .suggest = suggest};
