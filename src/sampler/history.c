/* SPDX-License-Identifier: BSD-3-Clause */
/* What tpe has seen: see history.h. */
#include "sampler/history.h"

#include "hpo/mem.h"
#include "sampler/merit.h"

#include <math.h>
#include <string.h>

hpo_status hpo_history_init(hpo_history *h, const hpo_plan *plan,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = plan->space.n_param;

  *h = (hpo_history){.plan = plan,
                     .space = &plan->space,
                     .fronts = {.d = plan->n_objective},
                     .points = {.space = &plan->space}};
  HPO_TRY(status, hpo_mem_new(n, sizeof *h->axis, &h->axis, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *h->column, &h->column, err));
  for (size_t i = 0; i < n; i++)
    h->axis[i] = hpo_axis_make(&plan->space.param[i]);
done:
  return status;
}

void hpo_history_free(hpo_history *h) {
  for (size_t i = 0; h->column != NULL && i < h->space->n_param; i++)
    hpo_mem_free(h->column[i]);
  hpo_mem_free(h->column);
  hpo_mem_free(h->axis);
  hpo_mem_free(h->kind);
  hpo_mem_free(h->best);
  hpo_fronts_free(&h->fronts);
  hpo_points_free(&h->points);
  hpo_seen_free(&h->seen);
  *h = (hpo_history){0};
}

static hpo_status reserve(hpo_history *h, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t most = h->room > 0 ? h->room : 256;

  while (most < n)
    most *= 2;
  if (most > h->room) {
    for (size_t i = 0; i < h->space->n_param; i++) {
      size_t room = h->room;
      HPO_TRY(status, hpo_mem_grow(&h->column[i], &room, most,
                                   sizeof *h->column[i], err));
    }
    size_t room = h->room;
    HPO_TRY(status, hpo_mem_grow(&h->kind, &room, most, sizeof *h->kind, err));
    h->room = most;
  }
done:
  return status;
}

static size_t row_of(const hpo_history *h, const hpo_trial *t) {
  return (size_t)(t->number + (hpo_id)h->n_known);
}

static bool is_better(const hpo_merit *a, const hpo_merit *b) {
  if (a->step != b->step)
    return a->step < b->step;
  if (a->value != b->value)
    return a->value < b->value;
  return a->row < b->row;
}

static hpo_status add_merit(hpo_history *h, hpo_merit m, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t low = 0, high = h->n_best;

  HPO_TRY(status, hpo_mem_grow(&h->best, &h->best_room, h->n_best + 1,
                               sizeof *h->best, err));
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (is_better(&h->best[mid], &m))
      low = mid + 1;
    else
      high = mid;
  }
  memmove(h->best + low + 1, h->best + low,
          (h->n_best - low) * sizeof *h->best);
  h->best[low] = m;
  h->n_best++;
done:
  return status;
}

/* The point of a trial, if it is a point of the space at all. */
static hpo_status add_row(hpo_history *h, const hpo_trial *t, bool is_final,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t row = row_of(h, t);
  bool known = hpo_space_check(h->space, t->x, NULL) == HPO_OK;

  h->kind[row] = HPO_ROW_NONE;
  for (size_t i = 0; i < h->space->n_param; i++)
    h->column[i][row] =
        known ? (float)hpo_axis_place(&h->axis[i], t->x[i]) : NAN;
  if (!known)
    goto done;
  if (t->number >= 0)
    HPO_TRY(status, hpo_points_add(&h->points, t->x, err));
  h->kind[row] = HPO_ROW_OPEN;
  if (!is_final)
    goto done;
  h->n_final_points = h->points.n;
  h->kind[row] = HPO_ROW_FAILED;
  if (t->state == HPO_TRIAL_FAILED) {
    h->n_failed++;
    goto done;
  }
  h->kind[row] = HPO_ROW_GOOD;
  hpo_merit m = {.row = (uint32_t)row};
  hpo_merit_get(h->plan, t, &m.step, &m.value);
  HPO_TRY(status, add_merit(h, m, err));
  if (h->plan->n_objective > 1 && t->state == HPO_TRIAL_COMPLETE) {
    hpo_outcome o = hpo_outcome_of(t, h->plan);
    o.number = (hpo_id)row;
    HPO_TRY(status, hpo_fronts_add(&h->fronts, &o, err));
  }
done:
  return status;
}

/* Open trials that pause count as pruned ones: those that went further come
 * first.  With several models, whose steps are not alike, the value alone
 * counts, beside that of complete trials.  As there are few complete ones
 * until late, the best of the highest rungs are what is learnt from (S.
 * Falkner, A. Klein, F. Hutter, BOHB, ICML 2018, section 3). */
static hpo_status add_paused(hpo_history *h, const hpo_view *view,
                             hpo_id number, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < h->seen.n_open; i++) {
    hpo_id n = h->seen.open[i];
    size_t row = h->n_known + (size_t)n;
    hpo_pause p = hpo_view_pause(view, n);
    if (p.step == 0 || n == number || h->kind[row] != HPO_ROW_OPEN)
      continue;
    h->kind[row] = HPO_ROW_PAUSED;
    HPO_TRY(status,
            add_merit(
                h,
                (hpo_merit){.row = (uint32_t)row,
                            .step = h->plan->n_model > 1 ? -(double)INFINITY
                                                         : -(double)p.step,
                            .value = h->plan->objective[0].maximize ? -p.value
                                                                    : p.value},
                err));
    h->n_paused++;
  }
done:
  return status;
}

/* Takes those out again that add_paused put in before, which now may stand
 * elsewhere. */
static void drop_paused(hpo_history *h) {
  size_t n = 0;

  if (h->n_paused == 0)
    return;
  for (size_t i = 0; i < h->n_best; i++)
    if (h->kind[h->best[i].row] != HPO_ROW_PAUSED)
      h->best[n++] = h->best[i];
  h->n_best = n;
  h->n_paused = 0;
}

hpo_status hpo_history_update(hpo_history *h, const hpo_view *view,
                              hpo_id number, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool reset = false;

  drop_paused(h);
  HPO_TRY(status, hpo_seen_update(&h->seen, view, &reset, err));
  if (reset) {
    h->n_best = h->n_failed = h->n_final_points = 0;
    hpo_fronts_clear(&h->fronts);
    hpo_points_cut(&h->points, 0);
  }
  hpo_points_cut(&h->points, h->n_final_points);
  h->n_known = hpo_view_known(view);
  h->n_row = h->n_known + (size_t)view->trials;
  HPO_TRY(status, reserve(h, h->n_row, err));
  for (size_t i = 0; i < h->seen.n_fresh; i++)
    HPO_TRY(status,
            add_row(h, hpo_view_trial(view, h->seen.fresh[i]), true, err));
  for (size_t i = 0; i < h->seen.n_open; i++) {
    hpo_id n = h->seen.open[i];
    if (n == number)
      h->kind[h->n_known + (size_t)n] = HPO_ROW_NONE;
    else
      HPO_TRY(status, add_row(h, hpo_view_trial(view, n), false, err));
  }
  HPO_TRY(status, add_paused(h, view, number, err));
done:
  return status;
}
