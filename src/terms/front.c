/* SPDX-License-Identifier: BSD-3-Clause */
/* Dominance and fronts: see front.h. */
#include "hpo/front.h"

#include "hpo/hypervolume.h"
#include "hpo/mem.h"

#include <math.h>
#include <string.h>

hpo_outcome hpo_outcome_of(const hpo_trial *t, const hpo_plan *plan) {
  hpo_outcome o = {.number = t->number,
                   .violation = hpo_plan_violation(plan, t->metric)};

  for (size_t i = 0; i < plan->n_objective; i++)
    o.loss[i] = plan->objective[i].maximize ? -t->value[i] : t->value[i];
  return o;
}

bool hpo_outcome_covers(const hpo_outcome *a, const hpo_outcome *b, size_t d) {
  if (a->violation != b->violation || a->violation > 0)
    return a->violation <= b->violation;
  for (size_t i = 0; i < d; i++)
    if (a->loss[i] > b->loss[i])
      return false;
  return true;
}

bool hpo_outcome_dominates(const hpo_outcome *a, const hpo_outcome *b,
                           size_t d) {
  return hpo_outcome_covers(a, b, d) && !hpo_outcome_covers(b, a, d);
}

static bool is_dominated(const hpo_fronts *f, const hpo_front *by,
                         const hpo_outcome *o) {
  for (size_t i = 0; i < by->n; i++)
    if (hpo_outcome_dominates(&f->item[by->member[i]], o, f->d))
      return true;
  return false;
}

size_t hpo_fronts_find(const hpo_fronts *f, const hpo_outcome *o) {
  size_t low = 0, high = f->n_front;

  /* what a front's member dominates, one of each front before does too */
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (is_dominated(f, &f->front[mid], o))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

bool hpo_fronts_covers(const hpo_fronts *f, const hpo_outcome *o) {
  for (size_t i = 0; f->n_front > 0 && i < f->front[0].n; i++)
    if (hpo_outcome_covers(&f->item[f->front[0].member[i]], o, f->d))
      return true;
  return false;
}

/* Into the front, which is in order of trials. */
static hpo_status put(const hpo_fronts *f, hpo_front *to, size_t item,
                      hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t at = to->n;

  HPO_TRY(status, hpo_mem_grow(&to->member, &to->room, to->n + 1,
                               sizeof *to->member, err));
  while (at > 0 && f->item[to->member[at - 1]].number > f->item[item].number)
    at--;
  memmove(to->member + at + 1, to->member + at,
          (to->n - at) * sizeof *to->member);
  to->member[at] = item;
  to->n++;
done:
  return status;
}

/* Takes out of a front what move[0] [n] dominates, into move[1]. */
static hpo_status push_out(hpo_fronts *f, hpo_front *from, size_t n,
                           size_t *n_out, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t kept = 0, out = 0;

  HPO_TRY(status, hpo_mem_grow(&f->move[1], &f->move_room[1], from->n + 1,
                               sizeof *f->move[1], err));
  for (size_t i = 0; i < from->n; i++) {
    size_t item = from->member[i];
    bool stays = true;
    for (size_t k = 0; k < n && stays; k++)
      stays = !hpo_outcome_dominates(&f->item[f->move[0][k]], &f->item[item],
                                     f->d);
    if (stays)
      from->member[kept++] = item;
    else
      f->move[1][out++] = item;
  }
  from->n = kept;
  *n_out = out;
done:
  return status;
}

static void swap_moves(hpo_fronts *f) {
  size_t *move = f->move[0], room = f->move_room[0];

  f->move[0] = f->move[1];
  f->move_room[0] = f->move_room[1];
  f->move[1] = move;
  f->move_room[1] = room;
}

hpo_status hpo_fronts_add(hpo_fronts *f, const hpo_outcome *o,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t at = hpo_fronts_find(f, o), n = 1, out = 0;

  HPO_TRY(status,
          hpo_mem_grow(&f->item, &f->room, f->n + 1, sizeof *f->item, err));
  HPO_TRY(status, hpo_mem_grow(&f->move[0], &f->move_room[0], 1,
                               sizeof *f->move[0], err));
  f->item[f->n] = *o;
  f->move[0][0] = f->n++;
  for (; n > 0 && (f->depth == 0 || at < f->depth); at++, n = out) {
    HPO_TRY(status, hpo_mem_grow(&f->front, &f->front_room, at + 1,
                                 sizeof *f->front, err));
    if (at == f->n_front)
      f->n_front++;
    HPO_TRY(status, push_out(f, &f->front[at], n, &out, err));
    for (size_t i = 0; i < n; i++)
      HPO_TRY(status, put(f, &f->front[at], f->move[0][i], err));
    swap_moves(f);
  }
done:
  return status;
}

static double worst_of(const hpo_fronts *f, size_t k) {
  double worst = -(double)INFINITY;

  for (size_t i = 0; i < f->n; i++)
    if (f->item[i].violation == 0 && f->item[i].loss[k] > worst)
      worst = f->item[i].loss[k];
  return worst;
}

hpo_status hpo_fronts_volume(const hpo_fronts *f,
                             const hpo_plan_objective *objective,
                             double *reference, double *volume,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  double *loss = NULL;
  size_t n = 0, d = f->d;
  const hpo_front *front = f->n_front > 0 ? &f->front[0] : NULL;

  for (size_t k = 0; k < d; k++)
    reference[k] = (double)NAN;
  *volume = (double)NAN;
  if (front == NULL || f->item[front->member[0]].violation > 0)
    goto done;
  HPO_TRY(status, hpo_mem_new(front->n * d, sizeof *loss, &loss, err));
  for (; n < front->n; n++)
    memcpy(loss + n * d, f->item[front->member[n]].loss, d * sizeof *loss);
  for (size_t k = 0; k < d; k++) {
    double given = objective[k].reference;
    reference[k] = isnan(given)            ? worst_of(f, k)
                   : objective[k].maximize ? -given
                                           : given;
  }
  HPO_TRY(status, hpo_hypervolume(loss, n, d, reference, volume, err));
done:
  hpo_mem_free(loss);
  return status;
}

void hpo_fronts_clear(hpo_fronts *f) {
  for (size_t i = 0; i < f->n_front; i++)
    f->front[i].n = 0;
  f->n = f->n_front = 0;
}

void hpo_fronts_free(hpo_fronts *f) {
  for (size_t i = 0; i < f->front_room; i++)
    hpo_mem_free(f->front[i].member);
  hpo_mem_free(f->front);
  hpo_mem_free(f->item);
  hpo_mem_free(f->move[0]);
  hpo_mem_free(f->move[1]);
  *f = (hpo_fronts){.d = f->d, .depth = f->depth};
}
