/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations that have been trained: a hash table of trials, those that
 * differ in their steps alone in a list. */
#include "roles/reuse.h"

#include <math.h>
#include <string.h>

#include "hpo/clock.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpo/watch.h"

void hpo_reuse_free(hpo_reuse *r) {
  hpo_mem_free(r->slot);
  hpo_mem_free(r->next);
  *r = (hpo_reuse){0};
}

/* The parameter that says a point's steps; -1: none. */
static ptrdiff_t steps_param(const hpo_reuse *r, const double *x) {
  const ptrdiff_t i =
      r->plan->n_model > 1 ? hpo_space_find(&r->plan->space, "model") : -1;

  return r->rules.steps_param[i >= 0 ? (size_t)x[i] : 0];
}

/* FNV-1a over the bits of a point but for its steps, and its shard. */
static uint64_t hash(const hpo_reuse *r, const double *x, hpo_id trial) {
  const ptrdiff_t steps = steps_param(r, x);
  uint64_t h = 14695981039346656037u;

  for (size_t i = 0; i <= r->plan->space.n_param; i++) {
    if ((ptrdiff_t)i == steps)
      continue;
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

/* Whether two points are equal, or differ in their steps alone. */
static bool is_alike(const hpo_reuse *r, const double *a, hpo_id trial_a,
                     const double *b, hpo_id trial_b) {
  const ptrdiff_t steps = steps_param(r, a);

  for (size_t i = 0; i < r->plan->space.n_param; i++)
    if ((ptrdiff_t)i != steps && a[i] != b[i] && !(isnan(a[i]) && isnan(b[i])))
      return false;
  return hpo_plan_shard(r->plan, trial_a) == hpo_plan_shard(r->plan, trial_b);
}

/* Steps that a trial at x may take; 0: not said by a parameter. */
static int64_t steps_at(const hpo_reuse *r, const double *x) {
  const ptrdiff_t i = steps_param(r, x);
  const hpo_param *p = i >= 0 ? &r->plan->space.param[i] : NULL;
  int64_t steps = 0;

  if (!p || isnan(x[i]))
    return 0;
  if (p->kind != HPO_PARAM_CATEGORICAL)
    return (int64_t)x[i];
  return hpo_options_parse_int(p->choice[(size_t)x[i]], &steps) ? steps : 0;
}

/* Where the configuration stands, or would. */
static size_t find(const hpo_reuse *r, const hpo_ledger *ledger,
                   const double *x, hpo_id trial) {
  size_t i = (size_t)hash(r, x, trial) & (r->room - 1);

  while (r->slot[i] >= 0 && !is_alike(r, hpo_ledger_get(ledger, r->slot[i])->x,
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

/* The place in a list of the trial with as many steps, or its end. */
static hpo_id *place(const hpo_reuse *r, const hpo_ledger *ledger,
                     hpo_id *head, int64_t steps) {
  while (*head >= 0 && steps_at(r, hpo_ledger_get(ledger, *head)->x) != steps)
    head = &r->next[*head];
  return head;
}

hpo_status hpo_reuse_add(hpo_reuse *r, const hpo_ledger *ledger, hpo_id trial,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = hpo_ledger_get(ledger, trial);
  hpo_id *head, *at;

  if (!r->plan || !t || t->state != HPO_TRIAL_COMPLETE)
    return HPO_OK;
  if (2 * r->n >= r->room)
    HPO_TRY(status, grow(r, ledger, err));
  HPO_TRY(status, hpo_mem_grow(&r->next, &r->next_room, (size_t)trial + 1,
                               sizeof *r->next, err));
  head = &r->slot[find(r, ledger, t->x, trial)];
  if (*head < 0)
    r->n++;
  at = place(r, ledger, head, steps_at(r, t->x));
  /* in strict order the one that is seen first counts */
  if (*at >= 0 && hpo_ledger_get(ledger, *at)->job <= t->job)
    goto done;
  r->next[trial] = *at >= 0 ? r->next[*at] : -1;
  *at = trial;
done:
  return status;
}

hpo_status hpo_reuse_start(hpo_reuse *r, const hpo_plan *plan,
                           const hpo_reuse_rules *rules,
                           const hpo_ledger *ledger, hpo_error *err) {
  hpo_status status = HPO_OK;

  *r = (hpo_reuse){.plan = plan, .rules = *rules};
  HPO_TRY(status, grow(r, ledger, err));
  for (size_t i = 0; i < hpo_ledger_trials(ledger); i++)
    HPO_TRY(status, hpo_reuse_add(r, ledger, (hpo_id)i, err));
done:
  return status;
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

/* Whether the job wants no model of a trial of this value. */
static bool leaves_model(const hpo_reuse *r, const hpo_job *job,
                         double value) {
  const hpo_plan *plan = r->plan;
  const double bar = job->send_model;

  return isinf(bar) ||
         (plan->n_objective == 1 && !isnan(bar) &&
          (plan->objective[0].maximize ? bar > value : bar < value));
}

/* The best value of the first n steps; NaN: the curve has none. */
static double best_of(const hpo_reuse *r, const hpo_trial *t, int64_t n) {
  const bool maximize = r->plan->objective[0].maximize;
  double best = NAN;

  for (size_t i = 0; i < t->n_curve && t->curve[i].step <= n; i++) {
    const hpo_curve_point *p = &t->curve[i];
    if (p->fold == 0 && p->metric == 0 &&
        (isnan(best) || (maximize ? p->value > best : p->value < best)))
      best = p->value;
  }
  return best;
}

/* Makes t, a copy of a complete trial with its curve, what it would be had it
 * had no more than n steps, fewer than it did; false: not all is known, unless
 * it was stopped early and cut at a step among them. */
static bool shorten(const hpo_reuse *r, hpo_trial *t, int64_t n) {
  if (best_of(r, t, n) != t->value[0])
    return false;
  t->steps = n;
  while (t->n_curve > 0 && t->curve[t->n_curve - 1].step > n)
    t->n_curve--;
  return true;
}

/* What a complete trial tells of the job; NULL: not enough. */
static hpo_status tell(const hpo_reuse *r, hpo_store *store,
                       const hpo_job *job, const hpo_trial *from,
                       hpo_trial **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const int64_t n = steps_at(r, job->x), had = steps_at(r, from->x);
  const bool is_whole = n == had || (from->steps < had && n >= from->steps);
  hpo_trial *t = NULL;
  bool pruned = false;

  if ((r->plan->strict && from->job > job->job - r->plan->window) ||
      (!is_whole &&
       (n > from->steps || r->rules.patience(r->plan, from->x) <= 0)))
    return HPO_OK;
  HPO_TRY(status, hpo_trial_copy(from, &t, err));
  HPO_TRY(status, read_curve(store, from, t, err));
  if ((!is_whole && !shorten(r, t, n)) || !leaves_model(r, job, t->value[0]))
    goto done;
  HPO_TRY(status, is_pruned(r, job, t, &pruned, err));
  if (pruned)
    goto done;
  *out = t;
  t = NULL; /* now the caller's */
done:
  hpo_trial_destroy(t);
  return status;
}

/* The first of a list to be asked after a job: the lowest above it, the one
 * with as many steps before all. */
static const hpo_trial *next_of(const hpo_reuse *r, const hpo_ledger *ledger,
                                hpo_id head, hpo_id after) {
  const hpo_trial *best = NULL;

  for (hpo_id i = head; i >= 0; i = r->next[i]) {
    const hpo_trial *t = hpo_ledger_get(ledger, i);
    if (t->job > after && (!best || t->job < best->job))
      best = t;
  }
  return best;
}

hpo_status hpo_reuse_answer(const hpo_reuse *r, const hpo_ledger *ledger,
                            hpo_store *store, const hpo_job *job,
                            hpo_result *out, bool *answered, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *from = NULL;
  hpo_trial *t = NULL;
  hpo_id head;

  *answered = false;
  if (!r->plan || job->from_step > 0 || job->to_step != INT64_MAX ||
      isnan(job->send_model))
    return HPO_OK;
  head = r->slot[find(r, ledger, job->x, job->trial)];
  if (head < 0)
    return HPO_OK;
  from = hpo_ledger_get(ledger, *place(r, ledger, &head, steps_at(r, job->x)));
  if (from)
    HPO_TRY(status, tell(r, store, job, from, &t, err));
  for (from = next_of(r, ledger, head, -1); from && !t;
       from = next_of(r, ledger, head, from->job))
    HPO_TRY(status, tell(r, store, job, from, &t, err));
  if (!t)
    goto done;
  memcpy(t->x, job->x, job->n_param * sizeof *t->x);
  t->reused = t->reused >= 0 ? t->reused : t->number;
  t->number = job->trial;
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
