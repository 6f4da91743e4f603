/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, as it enters the books: results, reports, lost teams, the
 * clock, a stop. */
#include "sched/sched_private.h"

#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Teams that a trial may cost before it fails. */
enum { MOST_LOST = 3 };

static hpo_team *team_of(hpo_sched *s, int team) {
  return team >= 0 && (size_t)team < s->n_team && s->team[team].is_alive
             ? &s->team[team]
             : NULL;
}

static void let_go(hpo_sched *s, hpo_team *team) {
  hpo_pending_free(&team->job);
  team->is_told = false;
  s->n_running--;
  hpo_sched_group(s, team)->n_running--;
  hpo_sched_group(s, team)->is_taken = false;
}

/* The trial goes back to those that are ready, with what it was given. */
static hpo_status put_back(hpo_sched *s, hpo_team *team, hpo_error *err) {
  team->job.attempt++;
  if (!s->plan->strict)
    team->job.job = 0; /* it gets a new number */
  team->job.decision = "again";
  return hpo_sched_add_ready(s, &team->job, err);
}

/* A result as it enters the books: the identity is ours, a value that cannot
 * be is a failure. */
static void settle(const hpo_sched *s, const hpo_pending *job, size_t team,
                   hpo_trial *t) {
  const hpo_trial *ours = hpo_ledger_get(s->ledger, job->trial);

  t->number = job->trial;
  t->job = job->job;
  t->attempt = job->attempt;
  t->rung = s->has_rungs ? job->rung : -1;
  t->session = s->session;
  t->team = (int64_t)team;
  memcpy(t->x, ours->x, t->n_param * sizeof *t->x);
  for (size_t i = 0; i < t->n_objective; i++)
    if ((t->state == HPO_TRIAL_COMPLETE || t->state == HPO_TRIAL_PAUSED) &&
        !isfinite(t->value[i])) {
      t->state = HPO_TRIAL_FAILED;
      snprintf(t->reason, sizeof t->reason, "the objective%s%s is not finite",
               t->n_objective > 1 ? " " : "",
               t->n_objective > 1 ? s->plan->objective[i].metric : "");
    }
  if (t->state == HPO_TRIAL_PRUNED && !isfinite(t->value[0]))
    t->value[0] = (double)NAN;
  if (t->state != HPO_TRIAL_COMPLETE && t->state != HPO_TRIAL_PRUNED &&
      t->state != HPO_TRIAL_PAUSED)
    for (size_t i = 0; i < t->n_objective; i++)
      t->value[i] = (double)NAN;
}

/* A trial that did not do its rung keeps what it had before. */
static hpo_status keep_rungs(const hpo_sched *s, const hpo_pending *job,
                             hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *before = hpo_ledger_get(s->ledger, job->trial);
  int64_t from =
      hpo_rungs_steps(hpo_sched_rungs(s, before), job->trial, job->rung - 1);

  if (hpo_trial_is_final(t->state) && t->steps >= from)
    goto done;
  t->n_curve = 0;
  for (size_t i = 0; i < before->n_curve; i++)
    HPO_TRY(status, hpo_trial_add_curve(t, before->curve[i], err));
  t->steps = from;
done:
  return status;
}

/* A failed attempt that is to be tried again waits, or is called off where
 * the study has ended. */
static hpo_status judge_failure(hpo_sched *s, hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_id next = t->job;
  bool again = false;

  if (s->plan->strict)
    again = hpo_strict_failed(s, t->job, &next);
  else
    HPO_TRY(status, hpo_arrival_failed(s, t->number, &again, err));
  if (!again)
    goto done;
  t->job = next;
  t->state = s->end == HPO_END_NONE      ? HPO_TRIAL_WAITING
             : s->end == HPO_END_STOPPED ? HPO_TRIAL_INTERRUPTED
                                         : HPO_TRIAL_CANCELLED;
done:
  return status;
}

/* The team is free; what follows from its result, which stands in the ledger
 * as t. */
static hpo_status follow_up(hpo_sched *s, hpo_team *team, hpo_id job,
                            const hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_final = hpo_trial_is_final(t->state);
  bool is_paused = t->state == HPO_TRIAL_PAUSED;
  bool is_off =
      t->state == HPO_TRIAL_INTERRUPTED || t->state == HPO_TRIAL_CANCELLED;

  if (s->plan->strict && (is_final || is_paused || t->job != job))
    hpo_strict_result(s, job, !is_final && !is_paused);
  else if (is_off && !s->is_cut)
    HPO_TRY(status, put_back(s, team, err));
  let_go(s, team);
  team->is_idle = true;
  if (!s->plan->strict)
    HPO_TRY(status, hpo_arrival_result(s, t, err));
done:
  return status;
}

/* The time that a trial took counts for the end of the session.  Earlier
 * sessions' does not: with other batches or teams trials take another time,
 * and a session that starts none would be like the one after it. */
static void note_time(hpo_sched *s, const hpo_trial *t) {
  if ((t->state != HPO_TRIAL_COMPLETE && t->state != HPO_TRIAL_PRUNED) ||
      t->reused >= 0)
    return;
  s->n_timed++;
  s->shortest = fmin(s->shortest, t->wall);
}

static hpo_status on_result(hpo_sched *s, const hpo_event *e, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_team *team = team_of(s, e->team);
  hpo_trial *t = e->result->trial;
  hpo_id number = e->trial, job;
  bool keeps;

  if (team == NULL) /* of a team that was given up */
    goto done;
  if (t == NULL || t->n_param != s->plan->space.n_param ||
      team->job.trial < 0 || t->number != team->job.trial ||
      t->state == HPO_TRIAL_WAITING || t->state == HPO_TRIAL_RUNNING ||
      (t->state == HPO_TRIAL_PAUSED && !s->has_rungs))
    HPO_FAIL(status, err, HPO_EBUG,
             "team %d sent a result for trial %lld, which it does not run",
             e->team, (long long)(t != NULL ? t->number : number));
  number = t->number;
  job = team->job.job;
  settle(s, &team->job, (size_t)e->team, t);
  if (t->state == HPO_TRIAL_FAILED)
    HPO_TRY(status, judge_failure(s, t, err));
  if (s->has_rungs && team->job.rung > 0 && t->state != HPO_TRIAL_PAUSED)
    HPO_TRY(status, keep_rungs(s, &team->job, t, err));
  else if (!hpo_trial_is_final(t->state) && t->state != HPO_TRIAL_PAUSED)
    t->n_curve = 0;
  keeps = t->state == HPO_TRIAL_COMPLETE &&
          hpo_progress_keeps(&s->progress,
                             s->plan->strict ? team->job.bar
                                             : hpo_progress_bar(&s->progress),
                             t);
  HPO_TRY(status, hpo_ledger_put(s->ledger, t, err));
  note_time(s, t);
  e->result->trial = NULL; /* now the ledger's */
  if (!keeps) {
    hpo_buffer_free(&e->result->model);
    hpo_tally_free(&e->result->tally);
  }
  HPO_TRY(status, hpo_sched_write(s, number, e->result, err));
  HPO_TRY(status, follow_up(s, team, job, t, err));
done:
  hpo_result_free(e->result);
  *e->result = (hpo_result){0};
  return status;
}

/* Losses are counted in the trial's reason, where the next session finds
 * them; a start that ends in another way begins anew. */
int hpo_sched_count_lost(const hpo_trial *t) {
  int n = 0;

  return sscanf(t->reason, "lost %d worker", &n) == 1 ? n : 0;
}

/* The trial of a team that is lost: it is put back, unless it seems to be
 * what kills its teams. */
static hpo_status lose_trial(hpo_sched *s, hpo_team *team, const hpo_event *e,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;
  const hpo_trial *put = NULL;
  const hpo_id number = team->job.trial, job = team->job.job;
  const int n_lost = team->n_lost + !e->is_innocent;
  const char *why = e->reason != NULL ? e->reason : "its team was lost";
  const bool is_failed = !s->is_cut && n_lost >= MOST_LOST;

  HPO_TRY(status, hpo_trial_copy(hpo_ledger_get(s->ledger, number), &t, err));
  t->state = is_failed ? HPO_TRIAL_FAILED : HPO_TRIAL_INTERRUPTED;
  if (s->is_cut || n_lost == 0) /* the session leaves it: that is no loss */
    snprintf(t->reason, sizeof t->reason, "%s", why);
  else
    snprintf(t->reason, sizeof t->reason, "lost %d worker%s: %s", n_lost,
             n_lost > 1 ? "s" : "", why);
  HPO_TRY(status, hpo_ledger_put(s->ledger, t, err));
  put = t;
  t = NULL; /* now the ledger's */
  HPO_TRY(status, hpo_sched_write(s, number, NULL, err));
  if (!is_failed && !s->is_cut)
    HPO_TRY(status, put_back(s, team, err));
  let_go(s, team);
  if (is_failed && s->plan->strict)
    hpo_strict_result(s, job, false);
  else if (is_failed)
    HPO_TRY(status, hpo_arrival_result(s, put, err));
done:
  hpo_trial_destroy(t);
  return status;
}

static hpo_status on_lost(hpo_sched *s, const hpo_event *e, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_team *team = team_of(s, e->team);

  if (team == NULL)
    goto done;
  team->is_alive = team->is_idle = false;
  s->n_alive--;
  if (team->job.trial >= 0)
    HPO_TRY(status, lose_trial(s, team, e, err));
  if (s->n_alive == 0 && !s->is_cut)
    HPO_TRY(status, hpo_sched_finish(s, HPO_END_LOST, true, err));
done:
  return status;
}

hpo_status hpo_sched_check_time(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (s->plan->timeout <= 0 || s->seconds < s->plan->timeout || s->is_cut)
    goto done;
  HPO_TRY(status, hpo_sched_finish(s, HPO_END_TIMEOUT, true, err));
  HPO_TRY(status, hpo_sched_stop_all(s, HPO_TRIAL_CANCELLED,
                                     "the study's timeout is over", err));
done:
  return status;
}

static hpo_status on_stop(hpo_sched *s, const hpo_event *e, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (s->is_cut && !s->is_late)
    goto done;
  snprintf(s->reason, sizeof s->reason, "%s",
           e->reason != NULL ? e->reason : "a stop was asked for");
  if (!s->is_cut)
    HPO_TRY(status, hpo_sched_finish(s, HPO_END_STOPPED, true, err));
  s->is_late = false;
  HPO_TRY(status,
          hpo_sched_stop_all(s, HPO_TRIAL_INTERRUPTED, s->reason, err));
done:
  return status;
}

hpo_status hpo_sched_event(hpo_sched *s, const hpo_event *e, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_team *team = team_of(s, e->team);

  if (s->first_action == s->n_action) { /* all WRITEs were carried out */
    for (size_t i = 0; i < s->n_kept; i++)
      hpo_trial_destroy(s->kept[i]);
    s->n_kept = 0;
  }
  switch (e->kind) {
  case HPO_EVENT_IDLE:
    if (team != NULL && team->job.trial < 0)
      team->is_idle = true;
    break;
  case HPO_EVENT_REPORT:
    if (!s->plan->strict && team != NULL && team->job.trial == e->trial &&
        e->trial >= 0 && !team->is_told)
      HPO_TRY(status, hpo_arrival_report(s, team, e->step, e->value, err));
    break;
  case HPO_EVENT_RESULT:
    HPO_TRY(status, on_result(s, e, err));
    break;
  case HPO_EVENT_LOST:
    HPO_TRY(status, on_lost(s, e, err));
    break;
  case HPO_EVENT_CLOCK:
    s->seconds = s->seconds_before + e->seconds;
    if (s->n_running > 0)
      HPO_TRY(status, hpo_sched_check_time(s, err));
    break;
  case HPO_EVENT_STOP:
    HPO_TRY(status, on_stop(s, e, err));
    break;
  }
done:
  return status;
}
