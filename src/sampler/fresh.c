/* SPDX-License-Identifier: BSD-3-Clause */
/* No point twice: see fresh.h. */
#include "sampler/fresh.h"

#include "hpo/mem.h"
#include "sampler/draw.h"

#include <string.h>

/* Redraws before the search takes the next point in order. */
#define ATTEMPTS 64

hpo_status hpo_fresh_init(hpo_fresh *f, const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;

  *f = (hpo_fresh){.plan = plan,
                   .is_countable = hpo_space_is_countable(&plan->space),
                   .points = {.space = &plan->space}};
  HPO_TRY(status,
          hpo_mem_new(plan->space.n_param, sizeof *f->work, &f->work, err));
done:
  return status;
}

void hpo_fresh_free(hpo_fresh *f) {
  hpo_points_free(&f->points);
  hpo_seen_free(&f->seen);
  hpo_mem_free(f->work);
  *f = (hpo_fresh){0};
}

static hpo_status add(hpo_fresh *f, const hpo_view *view, hpo_id n,
                      hpo_error *err) {
  const double *x = hpo_view_trial(view, n)->x;

  return n >= 0 && hpo_space_check(&f->plan->space, x, NULL) == HPO_OK
             ? hpo_points_add(&f->points, x, err)
             : HPO_OK;
}

static hpo_status update(hpo_fresh *f, const hpo_view *view, hpo_id number,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  bool reset = false;

  HPO_TRY(status, hpo_seen_update(&f->seen, view, &reset, err));
  hpo_points_cut(&f->points, reset ? 0 : f->n_final_points);
  for (size_t i = 0; i < f->seen.n_fresh; i++)
    HPO_TRY(status, add(f, view, f->seen.fresh[i], err));
  f->n_final_points = f->points.n;
  for (size_t i = 0; i < f->seen.n_open; i++)
    if (f->seen.open[i] != number)
      HPO_TRY(status, add(f, view, f->seen.open[i], err));
done:
  return status;
}

hpo_status hpo_fresh_move(hpo_fresh *f, const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = f->plan;
  size_t bytes = plan->space.n_param * sizeof *x;

  if (!f->is_countable)
    goto done;
  HPO_TRY(status, update(f, view, number, err));
  if (!hpo_points_find(&f->points, x))
    goto done;
  memcpy(f->work, x, bytes);
  for (uint32_t i = 1; i <= ATTEMPTS && hpo_points_find(&f->points, x); i++)
    hpo_draw_point(&plan->space, plan->seed, number, i, given, x);
  hpo_points_move(&f->points, plan->seed, number, given, x);
  if (hpo_points_find(&f->points, x)) /* all were: or it is forbidden */
    memcpy(x, f->work, bytes);
done:
  return status;
}
