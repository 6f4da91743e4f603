/* SPDX-License-Identifier: BSD-3-Clause */
/* Strict order: the sequence of decisions is a function of the study alone.
 *
 * Job numbers are slots 0, 1, 2, ...  Slot j is decided when all jobs up to
 * j - window are done, and sees only their results; then it is, in this
 * order,
 *   - the end, if target, patience or terminator say so (what was decided
 * before still runs to its end),
 *   - the retry of job j - window, if that failed and has retries left,
 *   - with rungs, the paused trial that goes on (rungs.h),
 *   - the next new trial, if the budget has one,
 *   - else nothing: its number stays unused.  After a window of such slots
 *     every result has been seen, and the study ends.
 *
 * A continued study goes through the same slots from the first on, with the
 * ledger as memory: a slot whose result is there is not run again, one whose
 * trial was interrupted is.  The row of a trial holds the job of its last
 * attempt (of the next one, where it waits for a retry), and attempts that
 * failed are a window apart; so the rows alone tell what each slot was.  With
 * rungs a slot is a trial's way to a rung: the row's rung and curve tell
 * whether it was done. */
#include "sched/sched_private.h"

#include "hpo/mem.h"

#include <math.h>

static hpo_id window(const hpo_sched *s) {
  return s->plan->window > 0 ? s->plan->window : 1;
}

void hpo_strict_result(hpo_sched *s, hpo_id job, bool retries) {
  s->slot[job].is_done = true;
  s->slot[job].retries = retries;
  while (s->n_done < s->n_slot && s->slot[s->n_done].is_done)
    s->n_done++;
}

bool hpo_strict_failed(const hpo_sched *s, hpo_id job, hpo_id *next) {
  if (s->has_rungs || s->slot[job].failures >= s->plan->retries)
    return false;
  *next = job + window(s);
  return true;
}

/* A job that is to be run: its point, and what its start may know. */
static hpo_status make_ready(hpo_sched *s, hpo_id j, hpo_id trial,
                             int64_t rung, const char *decision,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = hpo_ledger_get(s->ledger, trial);
  bool goes_on = t != NULL && t->state == HPO_TRIAL_PAUSED;
  hpo_view view = {.ledger = s->ledger, .horizon = j - window(s)};
  hpo_pending p = {.job = j,
                   .trial = trial,
                   .rung = rung,
                   .attempt = t == NULL ? 0 : t->attempt + (goes_on ? 0 : 1),
                   .decision = decision};
  double *x = NULL;

  if (t == NULL || !hpo_sched_has_point(s, t)) {
    HPO_TRY(status, hpo_mem_new(s->plan->space.n_param, sizeof *x, &x, err));
    HPO_TRY(status, hpo_sched_suggest(s, view.horizon, trial, x, err));
    HPO_TRY(status, hpo_sched_put_waiting(s, trial, j, t, x, err));
  }
  view.trials = s->n_trials;
  HPO_TRY(status, hpo_pruner_thresholds(s->pruner, &view, trial, &p.threshold,
                                        &p.n_threshold, err));
  p.bar = hpo_progress_bar(&s->progress);
  HPO_TRY(status, hpo_sched_add_ready(s, &p, err));
done:
  hpo_mem_free(x);
  hpo_mem_free(p.threshold);
  return status;
}

/* Slot j is an attempt of a trial: from the ledger, or to be run. */
static hpo_status place(hpo_sched *s, hpo_id j, hpo_slot slot,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = hpo_ledger_get(s->ledger, slot.trial);
  bool is_final = t != NULL && hpo_trial_is_final(t->state);

  s->slot[j] = slot;
  s->n_slot++;
  s->passes = 0;
  if (t != NULL && s->has_rungs && hpo_sched_has_paused(s, t, slot.rung))
    hpo_strict_result(s, j, false);
  else if (t != NULL && !s->has_rungs && t->job > j)
    hpo_strict_result(s, j, true); /* it failed here, and went on later */
  else if (is_final && (!s->has_rungs || t->rung == slot.rung))
    hpo_strict_result(s, j, false);
  else
    HPO_TRY(status, make_ready(s, j, slot.trial, slot.rung,
                               t == NULL                      ? "new"
                               : slot.failures > 0            ? "retry"
                               : t->state == HPO_TRIAL_PAUSED ? "promote"
                                                              : "again",
                               err));
done:
  return status;
}

/* The result of a job comes to be known. */
static hpo_status see(hpo_sched *s, const hpo_slot *old, hpo_error *err) {
  const hpo_trial *t;

  if (old == NULL || old->trial < 0 || old->retries)
    return HPO_OK;
  t = hpo_ledger_get(s->ledger, old->trial);
  return s->has_rungs && hpo_sched_has_paused(s, t, old->rung)
             ? hpo_sched_add_rung(s, t, old->rung, false, err)
             : hpo_sched_add_final(s, t, err);
}

/* A paused trial that goes on; is_last: every result is known. */
static bool promotes(hpo_sched *s, bool is_last, hpo_slot *to) {
  *to = (hpo_slot){0};
  return hpo_sched_promotes(s, is_last, &to->trial, &to->rung);
}

static hpo_status decide_slot(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_id j = (hpo_id)s->n_slot, seen = j - window(s);
  const hpo_slot *old;
  hpo_slot next;
  hpo_end end;

  HPO_TRY(status, hpo_mem_grow(&s->slot, &s->slot_room, s->n_slot + 1,
                               sizeof *s->slot, err));
  old = seen >= 0 ? &s->slot[seen] : NULL;
  HPO_TRY(status, see(s, old, err));
  end = hpo_progress_end(&s->progress);
  if (end != HPO_END_NONE) {
    HPO_TRY(status, hpo_sched_finish(s, end, false, err));
  } else if (old != NULL && old->retries) {
    next = (hpo_slot){.trial = old->trial, .failures = old->failures + 1};
    HPO_TRY(status, place(s, j, next, err));
  } else if (promotes(s, false, &next)) {
    HPO_TRY(status, place(s, j, next, err));
  } else if (s->trials <= 0 || s->n_trials < s->trials) {
    HPO_TRY(status, place(s, j, (hpo_slot){.trial = s->n_trials++}, err));
  } else if (s->passes + 1 >= window(s) && promotes(s, true, &next)) {
    HPO_TRY(status, place(s, j, next, err));
  } else {
    s->slot[s->n_slot++] = (hpo_slot){.trial = -1};
    hpo_strict_result(s, j, false);
    if (++s->passes >= window(s))
      HPO_TRY(status, hpo_sched_finish(s, HPO_END_TRIALS, false, err));
  }
done:
  return status;
}

hpo_status hpo_strict_decide(hpo_sched *s, bool is_wanted, hpo_error *err) {
  hpo_status status = HPO_OK;

  while (s->n_ready == 0 && s->end == HPO_END_NONE &&
         (hpo_id)s->n_slot < (hpo_id)s->n_done + window(s)) {
    bool is_new = s->trials <= 0 || s->n_trials < s->trials;
    if (!is_wanted && is_new &&
        s->n_trials >= (hpo_id)hpo_ledger_trials(s->ledger))
      break;
    HPO_TRY(status, decide_slot(s, err));
  }
done:
  return status;
}
