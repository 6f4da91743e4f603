/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of /pareto: see books_pareto.h. */
#include "roles/books_pareto.h"

#include <math.h>
#include <string.h>

#include "hpo/clock.h"
#include "hpo/hypervolume.h"
#include "hpo/layout.h"
#include "hpo/mem.h"

static hpo_status append(hpo_books_pareto *p, hpo_id trial,
                         hpo_pareto_event event, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  hpo_layout_pareto line = {.trial = trial,
                            .event = (int)event,
                            .time = hpo_clock_wall_ns(),
                            .hypervolume = p->volume};

  line.front = p->fronts.n_front > 0 ? (int64_t)p->fronts.front[0].n : 0;
  for (size_t k = 0; k < HPO_PLAN_OBJECTIVES; k++)
    line.reference[k] = k >= p->fronts.d                 ? (double)NAN
                        : p->plan->objective[k].maximize ? -p->reference[k]
                                                         : p->reference[k];
  HPO_TRY(status, hpo_layout_pareto_row(&line, &row, err));
  HPO_TRY(status,
          hpo_store_append(p->store, HPO_TABLE_PARETO, row, NULL, err));
  p->is_new = true;
done:
  hpo_record_destroy(row);
  return status;
}

static hpo_id number_of(const hpo_fronts *f, size_t i) {
  return f->item[f->front[0].member[i]].number;
}

static bool holds(const hpo_id *sorted, size_t n, hpo_id number) {
  size_t low = 0, high = n;

  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (sorted[mid] < number)
      low = mid + 1;
    else
      high = mid;
  }
  return low < n && sorted[low] == number;
}

/* Lines for what the front has now and did not have in before [n], which is
 * ascending like the front, and the other way round. */
static hpo_status append_changes(hpo_books_pareto *p, const hpo_id *before,
                                 size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_fronts *f = &p->fronts;
  size_t size = f->n_front > 0 ? f->front[0].n : 0;
  hpo_id *now = NULL;

  HPO_TRY(status, hpo_mem_new(size, sizeof *now, &now, err));
  for (size_t i = 0; i < size; i++)
    now[i] = number_of(f, i);
  for (size_t i = 0; i < n; i++)
    if (!holds(now, size, before[i]))
      HPO_TRY(status, append(p, before[i], HPO_PARETO_LEFT, err));
  for (size_t i = 0; i < size; i++)
    if (!holds(before, n, now[i]))
      HPO_TRY(status, append(p, now[i], HPO_PARETO_JOINED, err));
done:
  hpo_mem_free(now);
  return status;
}

/* --- the start ---------------------------------------------------------- */

/* The trials whose last line says that they joined, ascending. */
static hpo_status read_front(hpo_store *store, size_t n_trial, hpo_id **out,
                             size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *lines = NULL;
  uint8_t *good = NULL, *is_on = NULL;
  hpo_id *found = NULL;

  HPO_TRY(status, hpo_store_read(store, HPO_TABLE_PARETO, 0, SIZE_MAX, NULL, 0,
                                 &lines, &good, err));
  const hpo_field *trial = hpo_record_find(lines, "trial");
  const hpo_field *event = hpo_record_find(lines, "event");
  HPO_TRY(status, hpo_mem_new(n_trial, 1, &is_on, err));
  HPO_TRY(status, hpo_mem_new(n_trial, sizeof *found, &found, err));
  for (size_t i = 0; trial && event && i < trial->n; i++) {
    int64_t t = hpo_field_int(trial, i);
    if (good[i] && t >= 0 && (size_t)t < n_trial)
      is_on[t] = hpo_field_int(event, i) == HPO_PARETO_JOINED;
  }
  *n = 0;
  for (size_t i = 0; i < n_trial; i++)
    if (is_on[i])
      found[(*n)++] = (hpo_id)i;
  *out = found;
  found = NULL; /* now the caller's */
done:
  hpo_mem_free(found);
  hpo_mem_free(is_on);
  hpo_mem_free(good);
  hpo_record_destroy(lines);
  return status;
}

hpo_status hpo_books_pareto_start(hpo_books_pareto *p, const hpo_plan *plan,
                                  hpo_store *store, const hpo_ledger *ledger,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_id *before = NULL;
  size_t n = 0, n_trial = hpo_ledger_trials(ledger);

  *p = (hpo_books_pareto){.plan = plan,
                          .fronts = {.d = plan->n_objective, .depth = 1}};
  if (plan->n_objective < 2)
    goto done;
  p->store = store;
  for (size_t i = 0; i < n_trial; i++) {
    const hpo_trial *t = hpo_ledger_get(ledger, (hpo_id)i);
    if (t->state != HPO_TRIAL_COMPLETE)
      continue;
    const hpo_outcome o = hpo_outcome_of(t, plan);
    HPO_TRY(status, hpo_fronts_add(&p->fronts, &o, err));
  }
  HPO_TRY(status, hpo_fronts_volume(&p->fronts, plan->objective, p->reference,
                                    &p->volume, err));
  HPO_TRY(status, read_front(store, n_trial, &before, &n, err));
  HPO_TRY(status, append_changes(p, before, n, err));
done:
  hpo_mem_free(before);
  return status;
}

void hpo_books_pareto_free(hpo_books_pareto *p) {
  hpo_fronts_free(&p->fronts);
}

/* --- a trial ------------------------------------------------------------ */

/* What o adds to a front that it is not in: its box less the part that the
 * front has of it (L. While, L. Bradstreet, L. Barone, A fast way of
 * calculating exact hypervolumes, IEEE Trans. Evol. Comput. 16, 2012). */
static hpo_status share_of(const hpo_books_pareto *p, const hpo_outcome *o,
                           double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_front *front = &p->fronts.front[0];
  size_t d = p->fronts.d;
  double *limit = NULL, box = 0, had = 0;

  HPO_TRY(status, hpo_mem_new(front->n * d, sizeof *limit, &limit, err));
  for (size_t i = 0; i < front->n; i++)
    for (size_t k = 0; k < d; k++)
      limit[i * d + k] =
          fmax(o->loss[k], p->fronts.item[front->member[i]].loss[k]);
  HPO_TRY(status, hpo_hypervolume(o->loss, 1, d, p->reference, &box, err));
  HPO_TRY(status,
          hpo_hypervolume(limit, front->n, d, p->reference, &had, err));
  *out = fmax(box - had, 0);
done:
  hpo_mem_free(limit);
  return status;
}

/* Whether the reference point stays where it is with o. */
static bool is_within(const hpo_books_pareto *p, const hpo_outcome *o) {
  if (isnan(p->volume)) /* there is none yet */
    return false;
  for (size_t k = 0; k < p->fronts.d; k++)
    if (isnan(p->plan->objective[k].reference) &&
        !(o->loss[k] <= p->reference[k]))
      return false;
  return true;
}

hpo_status hpo_books_pareto_add(hpo_books_pareto *p, const hpo_trial *t,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_fronts *f = &p->fronts;
  hpo_id *before = NULL;
  size_t n = f->n_front > 0 ? f->front[0].n : 0;
  double share = 0;

  if (p->store == NULL || t->state != HPO_TRIAL_COMPLETE)
    goto done;
  const hpo_outcome o = hpo_outcome_of(t, p->plan);
  bool joins = hpo_fronts_find(f, &o) == 0, fits = is_within(p, &o);
  HPO_TRY(status, hpo_mem_new(n, sizeof *before, &before, err));
  for (size_t i = 0; i < n; i++)
    before[i] = number_of(f, i);
  if (joins && fits && o.violation == 0)
    HPO_TRY(status, share_of(p, &o, &share, err));
  HPO_TRY(status, hpo_fronts_add(f, &o, err));
  if (fits)
    p->volume += share;
  else if (o.violation == 0)
    HPO_TRY(status, hpo_fronts_volume(f, p->plan->objective, p->reference,
                                      &p->volume, err));
  if (joins)
    HPO_TRY(status, append_changes(p, before, n, err));
done:
  hpo_mem_free(before);
  return status;
}

hpo_status hpo_books_pareto_end(hpo_books_pareto *p, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (p->store == NULL || p->has_end || p->fronts.n == 0)
    goto done;
  HPO_TRY(status, hpo_fronts_volume(&p->fronts, p->plan->objective,
                                    p->reference, &p->volume, err));
  HPO_TRY(status, append(p, -1, HPO_PARETO_END, err));
  p->has_end = true;
done:
  return status;
}
