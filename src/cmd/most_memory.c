/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune check: the most memory that a trial of the study would need.
 *
 * From a corner of the space, each parameter in turn is set to that end of
 * its range, or that choice, which needs most, until none changes: what
 * models need rises or falls with each of their options. */
#include "cmd/prepare.h"
#include "hpo/clock.h"
#include "hpo/options.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 4 };

typedef struct corner {
  const hpo_plan *plan;
  hpo_evaluator *evaluator;
  double *want; /* [n_param] all set */
  double *x;    /* [n_param] the same, inactive ones NaN */
} corner;

/* 0: the model refuses such options. */
static double need_at(const corner *c) {
  const hpo_space *s = &c->plan->space;
  double need = 0;

  if (s->n_param > 0)
    memcpy(c->x, c->want, s->n_param * sizeof *c->x);
  hpo_space_mask(s, c->x);
  return hpo_evaluator_need(c->evaluator, c->x, &need, NULL) == HPO_OK ? need
                                                                       : 0;
}

/* Sets parameter i to what needs most; whether that is more than before. */
static bool raise(const corner *c, size_t i, double *most) {
  const hpo_param *p = &c->plan->space.param[i];
  bool is_choice = p->kind == HPO_PARAM_CATEGORICAL, rose = false;
  size_t n = is_choice ? p->n_choice : 2;
  double best = c->want[i];

  for (size_t k = 0; k < n; k++) {
    c->want[i] = is_choice ? (double)k : k > 0 ? p->high : p->low;
    double need = need_at(c);
    if (need <= *most)
      continue;
    *most = need;
    best = c->want[i];
    rose = true;
  }
  c->want[i] = best;
  return rose;
}

hpo_status hpo_prepare_most_memory(const hpo_plan *plan, hpo_evaluator *e,
                                   double *bytes, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = plan->space.n_param;
  corner c = {.plan = plan, .evaluator = e};
  bool rose = true;

  HPO_TRY(status, hpo_mem_new(n + 1, sizeof *c.want, &c.want, err));
  HPO_TRY(status, hpo_mem_new(n + 1, sizeof *c.x, &c.x, err));
  for (size_t i = 0; i < n; i++)
    c.want[i] = plan->space.param[i].kind == HPO_PARAM_CATEGORICAL
                    ? 0
                    : plan->space.param[i].high;
  *bytes = need_at(&c);
  for (int round = 0; rose && round < MOST_ROUNDS; round++) {
    rose = false;
    for (size_t i = 0; i < n; i++)
      rose = raise(&c, i, bytes) || rose;
  }
done:
  hpo_mem_free(c.want);
  hpo_mem_free(c.x);
  return status;
}

double hpo_prepare_memory_left(void) {
  const char *text = getenv("HPOTUNE_TEST_MEMORY");
  int64_t bytes = 0;

  return text && hpo_options_parse_int(text, &bytes) ? (double)bytes
                                                     : hpo_clock_memory_left();
}
