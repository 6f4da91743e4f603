/* SPDX-License-Identifier: BSD-3-Clause */
/* Order of arrival: a free team gets the next trial at once.  Trials that
 * were interrupted or called off come first, lowest first, then retries of
 * failed ones, then new ones. */
#include "sched/sched_private.h"

#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* In the order in which they ended, as far as it is known. */
static int by_end(const void *a, const void *b) {
  const hpo_trial *t = *(const hpo_trial *const *)a;
  const hpo_trial *u = *(const hpo_trial *const *)b;

  if (t->end != u->end)
    return t->end < u->end ? -1 : 1;
  return t->number < u->number ? -1 : t->number > u->number;
}

static hpo_status count_finals(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = hpo_ledger_trials(s->ledger), n_final = 0;
  const hpo_trial **final = NULL;

  HPO_TRY(status, hpo_mem_new(n, sizeof *final, &final, err));
  for (size_t i = 0; i < n; i++) {
    const hpo_trial *t = hpo_ledger_get(s->ledger, (hpo_id)i);
    if (hpo_trial_is_final(t->state))
      final[n_final++] = t;
  }
  qsort(final, n_final, sizeof *final, by_end);
  for (size_t i = 0; i < n_final; i++)
    HPO_TRY(status, hpo_sched_add_final(s, final[i], err));
done:
  hpo_mem_free(final);
  return status;
}

static hpo_status count_failure(hpo_sched *s, hpo_id trial, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&s->failures, &s->failures_room,
                               (size_t)trial + 1, sizeof *s->failures, err));
  s->failures[trial]++;
done:
  return status;
}

/* The rungs that a trial has done; *rung: the one to be done if it is run
 * again. */
static hpo_status recall(hpo_sched *s, const hpo_trial *t, int64_t *rung,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t k = 0;

  for (; k <= t->rung && hpo_sched_has_paused(s, t, k); k++)
    HPO_TRY(status, hpo_sched_add_rung(s, t, k, k < t->rung, err));
  *rung = k;
done:
  return status;
}

hpo_status hpo_arrival_begin(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_end end;

  HPO_TRY(status, count_finals(s, err));
  for (size_t i = 0; i < hpo_ledger_trials(s->ledger); i++) {
    const hpo_trial *t = hpo_ledger_get(s->ledger, (hpo_id)i);
    hpo_pending again = {
        .trial = t->number, .attempt = t->attempt + 1, .decision = "again"};
    if (t->job >= s->next_job)
      s->next_job = t->job + 1;
    if (s->has_rungs)
      HPO_TRY(status, recall(s, t, &again.rung, err));
    if (hpo_trial_is_final(t->state) ||
        (s->has_rungs && t->state == HPO_TRIAL_PAUSED))
      continue;
    if (t->state == HPO_TRIAL_WAITING) {
      again.decision = "retry";
      HPO_TRY(status, count_failure(s, t->number, err));
    }
    HPO_TRY(status, hpo_sched_add_ready(s, &again, err));
  }
  end = hpo_progress_end(&s->progress);
  if (end != HPO_END_NONE)
    HPO_TRY(status, hpo_sched_finish(s, end, true, err));
done:
  return status;
}

/* Whether one more trial may become final. */
bool hpo_arrival_has_budget(const hpo_sched *s) {
  return s->trials <= 0 ||
         s->progress.n_final + (int64_t)s->n_running < s->trials;
}

static bool is_ahead(const hpo_sched *s, hpo_id number) {
  return s->ahead_number == number &&
         s->ahead_version == hpo_ledger_version(s->ledger);
}

static hpo_status look_ahead(hpo_sched *s, hpo_id number, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (is_ahead(s, number))
    goto done;
  s->ahead_number = -1;
  HPO_TRY(status, hpo_sched_suggest(s, INT64_MAX, number, s->ahead, err));
  s->ahead_number = number;
  s->ahead_version = hpo_ledger_version(s->ledger);
done:
  return status;
}

/* Whether there may be one more trial: with rungs paused ones count too. */
static bool may_add(const hpo_sched *s) {
  return s->trials <= 0 || !s->has_rungs ||
         (int64_t)hpo_ledger_trials(s->ledger) < s->trials;
}

hpo_status hpo_arrival_prepare(hpo_sched *s, hpo_error *err) {
  if (!hpo_arrival_has_budget(s) || !may_add(s))
    return HPO_OK;
  return look_ahead(s, (hpo_id)hpo_ledger_trials(s->ledger), err);
}

/* A trial whose row was torn gets a point again. */
static hpo_status mend(hpo_sched *s, const hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  double *x = NULL;

  if (hpo_sched_has_point(s, t))
    goto done;
  HPO_TRY(status, hpo_mem_new(t->n_param, sizeof *x, &x, err));
  HPO_TRY(status, hpo_sched_suggest(s, INT64_MAX, t->number, x, err));
  HPO_TRY(status, hpo_sched_put_waiting(s, t->number, t->job, t, x, err));
done:
  hpo_mem_free(x);
  return status;
}

/* With rungs: the paused trial that goes on.  Where nothing runs, the last
 * ones do. */
static hpo_status promote(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_pending p = {.decision = "promote"};
  bool is_last = !may_add(s) && s->n_running == 0;

  if (!hpo_sched_promotes(s, is_last, &p.trial, &p.rung))
    goto done;
  p.attempt = hpo_ledger_get(s->ledger, p.trial)->attempt;
  HPO_TRY(status, hpo_sched_add_ready(s, &p, err));
done:
  return status;
}

hpo_status hpo_arrival_decide(hpo_sched *s, bool is_wanted, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_id number = (hpo_id)hpo_ledger_trials(s->ledger);

  if (!hpo_arrival_has_budget(s)) {
    if (s->n_running == 0)
      HPO_TRY(status, hpo_sched_finish(s, HPO_END_TRIALS, true, err));
    goto done;
  }
  if (!is_wanted)
    goto done;
  if (s->n_ready == 0)
    HPO_TRY(status, promote(s, err));
  if (s->n_ready == 0 && !may_add(s)) {
    if (s->n_running == 0)
      HPO_TRY(status, hpo_sched_finish(s, HPO_END_TRIALS, true, err));
    goto done;
  }
  if (s->n_ready == 0) {
    hpo_pending p = {.trial = number, .decision = "new"};
    HPO_TRY(status, look_ahead(s, number, err));
    HPO_TRY(status, hpo_sched_put_waiting(s, number, -1, NULL, s->ahead, err));
    HPO_TRY(status, hpo_sched_add_ready(s, &p, err));
  }
  HPO_TRY(status, mend(s, hpo_ledger_get(s->ledger, s->ready[0].trial), err));
  s->ready[0].job = s->next_job;
done:
  return status;
}

hpo_status hpo_arrival_failed(hpo_sched *s, hpo_id trial, bool *again,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, count_failure(s, trial, err));
  *again = (int)s->failures[trial] <= s->plan->retries;
done:
  return status;
}

hpo_status hpo_arrival_result(hpo_sched *s, const hpo_trial *t,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_end end;

  if (t->state == HPO_TRIAL_WAITING) {
    hpo_pending p = {
        .trial = t->number, .attempt = t->attempt + 1, .decision = "retry"};
    p.rung = t->rung > 0 ? t->rung : 0;
    HPO_TRY(status, hpo_sched_add_ready(s, &p, err));
  }
  if (t->state == HPO_TRIAL_PAUSED)
    HPO_TRY(status, hpo_sched_add_rung(s, t, t->rung, false, err));
  if (!hpo_trial_is_final(t->state))
    goto done;
  HPO_TRY(status, hpo_sched_add_final(s, t, err));
  end = hpo_progress_end(&s->progress);
  if (end == HPO_END_NONE || s->is_cut)
    goto done;
  HPO_TRY(status, hpo_sched_finish(s, end, true, err));
  HPO_TRY(status, hpo_sched_stop_all(s, HPO_TRIAL_CANCELLED,
                                     end == HPO_END_TARGET
                                         ? "the study's target is reached"
                                     : end == HPO_END_PATIENCE
                                         ? "the study's patience is over"
                                         : "the study's terminator ended it",
                                     err));
done:
  return status;
}

hpo_status hpo_arrival_report(hpo_sched *s, hpo_team *team, int64_t step,
                              double value, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_view view = {.ledger = s->ledger,
                   .horizon = INT64_MAX,
                   .trials = (hpo_id)hpo_ledger_trials(s->ledger)};
  hpo_pruner_verdict v;

  if (isnan(team->best) || hpo_progress_better(s->plan, value, team->best))
    team->best = value;
  if (isnan(team->best))
    goto done;
  HPO_TRY(status, hpo_pruner_threshold(s->pruner, &view, team->job.trial, step,
                                       &v, err));
  if (isnan(v.threshold) ||
      !hpo_progress_better(s->plan, v.threshold, team->best))
    goto done;
  snprintf(team->reason, sizeof team->reason,
           "%s of %zu trials at step %lld is %.6g, the best so far %.6g",
           s->plan->pruner.name, v.trials, (long long)step, v.threshold,
           team->best);
  team->is_told = true;
  HPO_TRY(status, hpo_sched_push(s,
                                 &(hpo_action){.kind = HPO_ACTION_STOP,
                                               .team = (int)(team - s->team),
                                               .trial = team->job.trial,
                                               .state = HPO_TRIAL_PRUNED,
                                               .reason = team->reason},
                                 err));
done:
  return status;
}
