/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations that have been trained: a hash table of trials. */
#include "roles/reuse.h"

#include <math.h>
#include <string.h>

#include "hpo/clock.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/watch.h"

void hpo_reuse_free(hpo_reuse *r) {
  hpo_mem_free(r->slot);
  *r = (hpo_reuse){0};
}

/* FNV-1a over the bits of a point and its shard. */
static uint64_t hash(const hpo_reuse *r, const double *x, hpo_id trial) {
  uint64_t h = 14695981039346656037u;

  for (size_t i = 0; i <= r->plan->space.n_param; i++) {
    const double v = i < r->plan->space.n_param
                         ? x[i]
                         : (double)hpo_plan_shard(r->plan, trial);
    uint64_t bits = 0;
    if (!isnan(v) && v != 0) /* all NaN alike, and both zeros */
      memcpy(&bits, &v, sizeof bits);
    h = (h ^ (bits ^ bits >> 32)) * 1099511628211u;
  }
  return h ^ h >> 29;
}

static bool is_equal(const hpo_reuse *r, const double *a, hpo_id trial_a,
                     const double *b, hpo_id trial_b) {
  for (size_t i = 0; i < r->plan->space.n_param; i++)
    if (!(a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))))
      return false;
  return hpo_plan_shard(r->plan, trial_a) == hpo_plan_shard(r->plan, trial_b);
}

/* Where the configuration stands, or would. */
static size_t find(const hpo_reuse *r, const hpo_ledger *ledger,
                   const double *x, hpo_id trial) {
  size_t i = (size_t)hash(r, x, trial) & (r->room - 1);

  while (r->slot[i] >= 0 && !is_equal(r, hpo_ledger_get(ledger, r->slot[i])->x,
                                      r->slot[i], x, trial))
    i = (i + 1) & (r->room - 1);
  return i;
}

static hpo_status grow(hpo_reuse *r, const hpo_ledger *ledger,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_id *old = r->slot;
  const size_t n = r->room, room = n > 0 ? 2 * n : 64;
  hpo_id *made = NULL;

  HPO_TRY(status, hpo_mem_new(room, sizeof *made, &made, err));
  for (size_t i = 0; i < room; i++)
    made[i] = -1;
  r->slot = made;
  r->room = room;
  for (size_t i = 0; i < n; i++)
    if (old[i] >= 0)
      r->slot[find(r, ledger, hpo_ledger_get(ledger, old[i])->x, old[i])] =
          old[i];
  hpo_mem_free(old);
done:
  return status;
}

hpo_status hpo_reuse_add(hpo_reuse *r, const hpo_ledger *ledger, hpo_id trial,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = hpo_ledger_get(ledger, trial);
  size_t i;

  if (!r->plan || !t || t->state != HPO_TRIAL_COMPLETE)
    return HPO_OK;
  if (2 * r->n >= r->room)
    HPO_TRY(status, grow(r, ledger, err));
  i = find(r, ledger, t->x, trial);
  /* in strict order the one that is seen first counts */
  if (r->slot[i] < 0)
    r->n++;
  if (r->slot[i] < 0 || hpo_ledger_get(ledger, r->slot[i])->job > t->job)
    r->slot[i] = trial;
done:
  return status;
}

hpo_status hpo_reuse_start(hpo_reuse *r, const hpo_plan *plan,
                           const hpo_ledger *ledger, hpo_error *err) {
  hpo_status status = HPO_OK;

  *r = (hpo_reuse){.plan = plan};
  HPO_TRY(status, grow(r, ledger, err));
  for (size_t i = 0; i < hpo_ledger_trials(ledger); i++)
    HPO_TRY(status, hpo_reuse_add(r, ledger, (hpo_id)i, err));
done:
  return status;
}

/* Whether the job may be answered by this trial at all. */
static bool may_answer(const hpo_reuse *r, const hpo_job *job,
                       const hpo_trial *t) {
  const hpo_plan *plan = r->plan;
  const double bar = job->send_model, value = t->value[0];
  const bool is_below =
      plan->n_objective == 1 && !isnan(bar) &&
      (plan->objective[0].maximize ? bar > value : bar < value);

  if (plan->strict && t->job > job->job - plan->window)
    return false;
  return isinf(bar) || is_below;
}

static hpo_status read_curve(hpo_store *store, const hpo_trial *from,
                             hpo_trial *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;
  const size_t n = (size_t)from->curve_length;

  if (to->n_curve > 0 || from->curve_offset < 0 || n == 0)
    return HPO_OK;
  HPO_TRY(status,
          hpo_store_read(store, HPO_TABLE_CURVES, (size_t)from->curve_offset,
                         n, NULL, 0, &rows, NULL, err));
  HPO_TRY(status, hpo_layout_curve_read(rows, 0, n, to, err));
done:
  hpo_record_destroy(rows);
  return status;
}

/* Whether the job's rule or thresholds would stop it before its end. */
static hpo_status is_pruned(const hpo_reuse *r, const hpo_job *job,
                            const hpo_trial *t, bool *pruned, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan_objective *o = &r->plan->objective[0];
  hpo_watch w = hpo_watch_make(&job->rule, o->maximize);
  char reason[sizeof t->reason];

  *pruned = false;
  for (size_t i = 0; i < t->n_curve && !*pruned; i++) {
    const hpo_curve_point *p = &t->curve[i];
    if (p->fold != 0 || p->metric != 0)
      continue;
    HPO_TRY(status, hpo_watch_add(&w, p->value, err));
    const double threshold =
        p->step >= 1 && p->step <= (int64_t)job->n_threshold
            ? job->threshold[p->step - 1]
            : (double)NAN;
    *pruned = p->step < t->steps && hpo_watch_prunes(&w, threshold, o->metric,
                                                     reason, sizeof reason);
  }
done:
  hpo_watch_free(&w);
  return status;
}

hpo_status hpo_reuse_answer(const hpo_reuse *r, const hpo_ledger *ledger,
                            hpo_store *store, const hpo_job *job,
                            hpo_result *out, bool *answered, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *from = NULL;
  hpo_trial *t = NULL;
  bool pruned = false;
  size_t i;

  *answered = false;
  if (!r->plan || job->from_step > 0 || job->to_step != INT64_MAX)
    return HPO_OK;
  i = find(r, ledger, job->x, job->trial);
  from = r->slot[i] < 0 ? NULL : hpo_ledger_get(ledger, r->slot[i]);
  if (!from || !may_answer(r, job, from))
    return HPO_OK;
  HPO_TRY(status, hpo_trial_copy(from, &t, err));
  HPO_TRY(status, read_curve(store, from, t, err));
  HPO_TRY(status, is_pruned(r, job, t, &pruned, err));
  if (pruned)
    goto done;
  t->number = job->trial;
  t->reused = from->reused >= 0 ? from->reused : from->number;
  t->start = t->end = hpo_clock_wall_ns();
  t->wall = t->cpu = 0;
  t->peak_memory = t->bytes_sent = -1;
  t->host[0] = 0;
  *out = (hpo_result){.trial = t};
  t = NULL; /* now the result's */
  *answered = true;
done:
  hpo_trial_destroy(t);
  return status;
}
