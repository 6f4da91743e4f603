/* SPDX-License-Identifier: BSD-3-Clause */
/* The study's state machine: events in, actions out.
 *
 * An event changes the books and may put actions into the queue; when the
 * queue is empty, the next action is decided on demand: a job that is ready
 * goes to an idle team, else the order (arrival.c, strict.c) is asked for
 * the next one.  So a first team starts while the points of others are still
 * to be found.
 *
 * Contents: life; events; actions on demand. */
#include "sched/sched_private.h"

#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *hpo_end_name(hpo_end e) {
  static const char *const name[] = {"running",     "trials",  "target",
                                     "patience",    "timeout", "stopped",
                                     "no team left"};
  return name[e];
}

void hpo_action_free(hpo_action *a) {
  hpo_job_free(&a->job);
  hpo_buffer_free(&a->model);
  *a = (hpo_action){.kind = a->kind};
}

static void pending_free(hpo_pending *p) {
  hpo_mem_free(p->threshold);
  *p = (hpo_pending){.trial = -1};
}

hpo_status hpo_sched_create(const hpo_plan *plan, hpo_ledger *ledger,
                            double seconds_before, int n_teams,
                            hpo_sched **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sched *s = NULL;
  size_t n = n_teams > 0 ? (size_t)n_teams : 0;

  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  s->plan = plan;
  s->session = s->ahead_number = -1;
  s->seconds = s->seconds_before = seconds_before;
  s->progress = (hpo_progress){.plan = plan, .best = (double)NAN};
  HPO_TRY(status, hpo_mem_new(n, sizeof *s->team, &s->team, err));
  s->n_team = s->n_alive = n;
  for (size_t i = 0; i < n; i++)
    s->team[i] = (hpo_team){.is_alive = true, .job.trial = -1};
  HPO_TRY(status, hpo_sampler_create(plan, &s->sampler, err));
  HPO_TRY(status, hpo_pruner_create(plan, &s->pruner, err));
  HPO_TRY(status,
          hpo_mem_new(plan->space.n_param, sizeof *s->ahead, &s->ahead, err));
  s->ledger = ledger;
  if (!plan->strict)
    HPO_TRY(status, hpo_arrival_begin(s, err));
  *out = s;
  s = NULL; /* now the caller's */
  ledger = NULL;
done:
  if (s != NULL)
    s->ledger = NULL;
  hpo_sched_destroy(s);
  hpo_ledger_destroy(ledger);
  return status;
}

void hpo_sched_destroy(hpo_sched *s) {
  if (s == NULL)
    return;
  for (size_t i = 0; s->team != NULL && i < s->n_team; i++)
    pending_free(&s->team[i].job);
  for (size_t i = 0; i < s->n_ready; i++)
    pending_free(&s->ready[i]);
  for (size_t i = s->first_action; i < s->n_action; i++)
    hpo_action_free(&s->action[i]);
  for (size_t i = 0; i < s->n_kept; i++)
    hpo_trial_destroy(s->kept[i]);
  hpo_mem_free(s->team);
  hpo_mem_free(s->ready);
  hpo_mem_free(s->action);
  hpo_mem_free(s->kept);
  hpo_mem_free(s->failures);
  hpo_mem_free(s->ahead);
  hpo_mem_free(s->slot);
  hpo_progress_free(&s->progress);
  hpo_sampler_destroy(s->sampler);
  hpo_pruner_destroy(s->pruner);
  hpo_ledger_destroy(s->ledger);
  hpo_mem_free(s);
}

const hpo_ledger *hpo_sched_ledger(const hpo_sched *s) { return s->ledger; }

hpo_end hpo_sched_ended(const hpo_sched *s) { return s->end; }

void hpo_sched_set_session(hpo_sched *s, int64_t session) {
  s->session = session;
}

/* ---- events ---- */

static hpo_team *team_of(hpo_sched *s, int team) {
  return team >= 0 && (size_t)team < s->n_team && s->team[team].is_alive
             ? &s->team[team]
             : NULL;
}

static void let_go(hpo_sched *s, hpo_team *team) {
  pending_free(&team->job);
  team->is_told = false;
  s->n_running--;
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
  t->session = s->session;
  t->team = (int64_t)team;
  memcpy(t->x, ours->x, t->n_param * sizeof *t->x);
  if (t->state == HPO_TRIAL_COMPLETE && !isfinite(t->value[0])) {
    t->state = HPO_TRIAL_FAILED;
    snprintf(t->reason, sizeof t->reason, "the objective is not finite");
  }
  if (t->state == HPO_TRIAL_PRUNED && !isfinite(t->value[0]))
    t->value[0] = (double)NAN;
  if (t->state != HPO_TRIAL_COMPLETE && t->state != HPO_TRIAL_PRUNED)
    for (size_t i = 0; i < t->n_objective; i++)
      t->value[i] = (double)NAN;
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
  bool is_off =
      t->state == HPO_TRIAL_INTERRUPTED || t->state == HPO_TRIAL_CANCELLED;

  if (s->plan->strict && (is_final || t->job != job))
    hpo_strict_result(s, job, !is_final);
  else if (is_off && !s->is_cut)
    HPO_TRY(status, put_back(s, team, err));
  let_go(s, team);
  team->is_idle = true;
  if (!s->plan->strict)
    HPO_TRY(status, hpo_arrival_result(s, t, err));
done:
  return status;
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
      t->state == HPO_TRIAL_PAUSED)
    HPO_FAIL(status, err, HPO_EBUG,
             "team %d sent a result for trial %lld, which it does not run",
             e->team, (long long)(t != NULL ? t->number : number));
  number = t->number;
  job = team->job.job;
  settle(s, &team->job, (size_t)e->team, t);
  if (t->state == HPO_TRIAL_FAILED)
    HPO_TRY(status, judge_failure(s, t, err));
  if (!hpo_trial_is_final(t->state))
    t->n_curve = 0;
  keeps = t->state == HPO_TRIAL_COMPLETE &&
          hpo_progress_keeps(s->plan,
                             s->plan->strict ? team->job.bar
                                             : hpo_progress_bar(&s->progress),
                             t->value[0]);
  HPO_TRY(status, hpo_ledger_put(s->ledger, t, err));
  e->result->trial = NULL; /* now the ledger's */
  HPO_TRY(status,
          hpo_sched_write(s, number, keeps ? &e->result->model : NULL, err));
  HPO_TRY(status, follow_up(s, team, job, t, err));
done:
  hpo_result_free(e->result);
  *e->result = (hpo_result){0};
  return status;
}

static hpo_status on_lost(hpo_sched *s, const hpo_event *e, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_team *team = team_of(s, e->team);
  hpo_trial *t = NULL;
  hpo_id number;

  if (team == NULL)
    goto done;
  team->is_alive = team->is_idle = false;
  s->n_alive--;
  number = team->job.trial;
  if (number >= 0) {
    HPO_TRY(status,
            hpo_trial_copy(hpo_ledger_get(s->ledger, number), &t, err));
    t->state = HPO_TRIAL_INTERRUPTED;
    snprintf(t->reason, sizeof t->reason, "%s",
             e->reason != NULL ? e->reason : "its team was lost");
    HPO_TRY(status, hpo_ledger_put(s->ledger, t, err));
    t = NULL; /* now the ledger's */
    HPO_TRY(status, hpo_sched_write(s, number, NULL, err));
    if (!s->is_cut)
      HPO_TRY(status, put_back(s, team, err));
    let_go(s, team);
  }
  if (s->n_alive == 0 && !s->is_cut)
    HPO_TRY(status, hpo_sched_finish(s, HPO_END_LOST, true, err));
done:
  hpo_trial_destroy(t);
  return status;
}

hpo_status hpo_sched_stop_all(hpo_sched *s, hpo_trial_state state,
                              const char *reason, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < s->n_team; i++) {
    hpo_team *team = &s->team[i];
    if (team->job.trial < 0 || team->is_told)
      continue;
    team->is_told = true;
    snprintf(team->reason, sizeof team->reason, "%s", reason);
    HPO_TRY(status, hpo_sched_push(s,
                                   &(hpo_action){.kind = HPO_ACTION_STOP,
                                                 .team = (int)i,
                                                 .trial = team->job.trial,
                                                 .state = state,
                                                 .reason = team->reason},
                                   err));
  }
done:
  return status;
}

static hpo_status check_time(hpo_sched *s, hpo_error *err) {
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

  if (s->is_cut)
    goto done;
  snprintf(s->reason, sizeof s->reason, "%s",
           e->reason != NULL ? e->reason : "a stop was asked for");
  HPO_TRY(status, hpo_sched_finish(s, HPO_END_STOPPED, true, err));
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
      HPO_TRY(status, check_time(s, err));
    break;
  case HPO_EVENT_STOP:
    HPO_TRY(status, on_stop(s, e, err));
    break;
  }
done:
  return status;
}

/* ---- actions on demand ---- */

static hpo_id job_after(const hpo_sched *s, hpo_id job) {
  return job >= s->next_job ? job + 1 : s->next_job;
}

/* A job for a team: DECIDED, WRITE as running, ASSIGN. */
static hpo_status start(hpo_sched *s, size_t i, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_team *team = &s->team[i];
  hpo_pending *p = &s->ready[0];
  hpo_trial *t = NULL;
  hpo_job job = {.job = p->job,
                 .trial = p->trial,
                 .attempt = p->attempt,
                 .to_step = INT64_MAX,
                 .n_param = s->plan->space.n_param,
                 .n_threshold = p->n_threshold,
                 .want_reports =
                     !s->plan->strict && hpo_pruner_needs_reports(s->pruner)};
  hpo_action decided = {
      .kind = HPO_ACTION_DECIDED, .job = job, .decision = p->decision};

  decided.job.n_param = decided.job.n_threshold = 0;
  HPO_TRY(status,
          hpo_trial_copy(hpo_ledger_get(s->ledger, p->trial), &t, err));
  HPO_TRY(status, hpo_mem_copy(t->x, t->n_param * sizeof *t->x, &job.x, err));
  if (p->n_threshold > 0)
    HPO_TRY(status,
            hpo_mem_copy(p->threshold, p->n_threshold * sizeof *p->threshold,
                         &job.threshold, err));
  job.send_model = s->plan->strict ? p->bar : hpo_progress_bar(&s->progress);
  t->state = HPO_TRIAL_RUNNING;
  t->job = p->job;
  t->attempt = p->attempt;
  t->team = (int64_t)i;
  t->session = s->session;
  t->reason[0] = '\0';
  HPO_TRY(status, hpo_ledger_put(s->ledger, t, err));
  t = NULL; /* now the ledger's */
  HPO_TRY(status, hpo_sched_push(s, &decided, err));
  HPO_TRY(status, hpo_sched_write(s, p->trial, NULL, err));
  HPO_TRY(status, hpo_sched_push(s,
                                 &(hpo_action){.kind = HPO_ACTION_ASSIGN,
                                               .team = (int)i,
                                               .trial = p->trial,
                                               .job = job},
                                 err));
  job = (hpo_job){0}; /* now the action's */
  team->job = *p;
  team->is_idle = false;
  team->best = (double)NAN;
  s->n_running++;
  s->next_job = job_after(s, team->job.job);
  memmove(s->ready, s->ready + 1, --s->n_ready * sizeof *s->ready);
done:
  hpo_trial_destroy(t);
  hpo_job_free(&job);
  return status;
}

/* Trials that were to be tried again after a failure, and now are not. */
static hpo_status call_off(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;
  size_t n = hpo_ledger_trials(s->ledger);
  bool is_stop = s->end == HPO_END_STOPPED || s->end == HPO_END_LOST;

  for (size_t i = 0; i < n; i++) {
    const hpo_trial *now = hpo_ledger_get(s->ledger, (hpo_id)i);
    if (now->state != HPO_TRIAL_WAITING || now->team < 0)
      continue; /* the file knows no waiting trial that never ran */
    HPO_TRY(status, hpo_trial_copy(now, &t, err));
    t->state = is_stop ? HPO_TRIAL_INTERRUPTED : HPO_TRIAL_CANCELLED;
    HPO_TRY(status, hpo_ledger_put(s->ledger, t, err));
    t = NULL; /* now the ledger's */
    HPO_TRY(status, hpo_sched_write(s, (hpo_id)i, NULL, err));
  }
done:
  hpo_trial_destroy(t);
  return status;
}

static hpo_status shut_down(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;

  s->is_over = true;
  if (hpo_ledger_count(s->ledger, HPO_TRIAL_WAITING) > 0)
    HPO_TRY(status, call_off(s, err));
  HPO_TRY(
      status,
      hpo_sched_push(
          s, &(hpo_action){.kind = HPO_ACTION_SHUTDOWN, .end = s->end}, err));
done:
  return status;
}

/* Strict jobs were decided on; else the budget may be lower than what is to be
 * run again. */
static bool may_start(const hpo_sched *s) {
  return s->plan->strict || hpo_arrival_has_budget(s);
}

static size_t idle_team(const hpo_sched *s) {
  size_t i = 0;

  while (i < s->n_team && !(s->team[i].is_alive && s->team[i].is_idle))
    i++;
  return i;
}

/* Fills the queue with what is to be done now, if there is anything. */
static hpo_status drive(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t team = idle_team(s);
  bool is_idle = team < s->n_team;

  if (s->end == HPO_END_NONE) {
    if (s->plan->strict)
      HPO_TRY(status, hpo_strict_decide(s, is_idle, err));
    else
      HPO_TRY(status, hpo_arrival_decide(s, is_idle, err));
  }
  if (!s->is_cut && s->n_ready > 0 && is_idle)
    HPO_TRY(status, check_time(s, err));
  if (s->first_action < s->n_action)
    goto done;
  if (s->end != HPO_END_NONE && s->n_running == 0 &&
      (s->is_cut || s->n_ready == 0))
    HPO_TRY(status, shut_down(s, err));
  else if (!s->is_cut && s->n_ready > 0 && is_idle && may_start(s))
    HPO_TRY(status, start(s, team, err));
done:
  return status;
}

hpo_status hpo_sched_next(hpo_sched *s, hpo_action *out, bool *have,
                          hpo_error *err) {
  hpo_status status = HPO_OK;

  if (s->first_action == s->n_action) {
    s->first_action = s->n_action = 0;
    if (!s->is_over)
      HPO_TRY(status, drive(s, err));
  }
  *have = s->first_action < s->n_action;
  if (*have)
    *out = s->action[s->first_action++];
done:
  return status;
}

hpo_status hpo_sched_prepare(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (s->end != HPO_END_NONE || s->n_ready > 0)
    goto done;
  if (s->plan->strict)
    HPO_TRY(status, hpo_strict_decide(s, true, err));
  else
    HPO_TRY(status, hpo_arrival_prepare(s, err));
done:
  return status;
}
