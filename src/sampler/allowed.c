/* SPDX-License-Identifier: BSD-3-Clause */
/* Points that <forbidden> leaves: see allowed.h. */
#include "sampler/allowed.h"

#include "hpo/mem.h"
#include "hpo/rng.h"
#include "sampler/draw.h"

#include <math.h>
#include <string.h>

#define MOST_DRAWS 10000
/* Attempts that no kind makes. */
#define REDRAW 0x1000u
#define MOVE 0x8000u

hpo_status hpo_allowed_draw(const hpo_plan *plan, hpo_id number,
                            const double *given, double *x, hpo_error *err) {
  for (uint32_t i = 1; i <= MOST_DRAWS; i++) {
    hpo_draw_point(&plan->space, plan->seed, number, REDRAW + i, given, x);
    if (hpo_space_forbids(&plan->space, x) < 0)
      return HPO_OK;
  }
  return hpo_error_set(err, HPO_EINVAL,
                       "<forbidden> leaves nothing to try%s: each of %d "
                       "random points is forbidden",
                       given != NULL ? " with what <enqueue> sets" : "",
                       MOST_DRAWS);
}

/* A choice or an activity that differs is as far as the whole range. */
static double distance(const hpo_space *s, const double *x, const double *y) {
  double sum = 0;

  for (size_t i = 0; i < s->n_param; i++) {
    const hpo_param *p = &s->param[i];
    if (isnan(x[i]) || isnan(y[i]))
      sum += isnan(x[i]) != isnan(y[i]);
    else if (hpo_param_is_unordered(p))
      sum += x[i] != y[i];
    else
      sum += fabs(hpo_param_to_unit(p, x[i]) - hpo_param_to_unit(p, y[i]));
  }
  return sum;
}

static const double *nearest(const hpo_space *s, const hpo_view *view,
                             hpo_id number, const double *x) {
  const double *best = NULL;
  double least = (double)INFINITY;

  for (hpo_id i = 0; i < view->trials; i++) {
    const double *y = hpo_view_trial(view, i)->x;
    if (i == number || hpo_space_check(s, y, NULL) != HPO_OK)
      continue;
    double d = distance(s, x, y);
    if (d < least) {
      least = d;
      best = y;
    }
  }
  return best;
}

hpo_status hpo_allowed_move(const hpo_plan *plan, const hpo_view *view,
                            hpo_id number, double *x, bool *moved,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *s = &plan->space;
  const double *from = nearest(s, view, number, x);
  double *held = NULL;

  *moved = from != NULL;
  if (from == NULL)
    goto done;
  HPO_TRY(status, hpo_mem_new(s->n_param, sizeof *held, &held, err));
  for (uint32_t i = 1; i <= MOST_DRAWS; i++) {
    size_t free = ((size_t)number + i) % s->n_param;
    memcpy(held, from, s->n_param * sizeof *held);
    held[free] = (double)NAN;
    hpo_draw_point(s, plan->seed, number, MOVE + i, held, x);
    if (hpo_space_forbids(s, x) < 0 && !hpo_space_equal_points(s, x, from))
      goto done;
  }
  memcpy(x, from, s->n_param * sizeof *x);
done:
  hpo_mem_free(held);
  return status;
}
