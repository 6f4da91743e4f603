/* SPDX-License-Identifier: BSD-3-Clause */
/* The study's state machine: events in, actions out.
 *
 * An event changes the books and may put actions into the queue; when the
 * queue is empty, the next action is decided on demand: a job that is ready
 * goes to an idle team, else the order (arrival.c, strict.c) is asked for
 * the next one.  So a first team starts while the points of others are still
 * to be found.
 *
 * Contents: life; actions on demand.  Events are in events.c. */
#include "sched/sched_private.h"

#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *hpo_end_name(hpo_end e) {
  static const char *const name[] = {"running",  "trials",       "target",
                                     "patience", "regret-bound", "timeout",
                                     "stopped",  "no team left"};
  return name[e];
}

void hpo_action_free(hpo_action *a) {
  hpo_job_free(&a->job);
  hpo_buffer_free(&a->model);
  hpo_tally_free(&a->tally);
  hpo_buffer_free(&a->output);
  *a = (hpo_action){.kind = a->kind};
}

bool hpo_sched_needs_curves(const hpo_plan *plan) {
  const char *pruner = plan->pruner.name;

  return (pruner[0] != '\0' && strcmp(pruner, "none") != 0) ||
         hpo_terminator_needs_curves(plan);
}

static hpo_status make_rungs(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_ladder ladder;

  HPO_TRY(status,
          hpo_mem_new(s->plan->n_model, sizeof *s->rungs, &s->rungs, err));
  for (size_t m = 0; m < s->plan->n_model; m++) {
    s->has_rungs = hpo_pruner_ladder(s->pruner, m, &ladder);
    if (s->has_rungs)
      HPO_TRY(status, hpo_rungs_make(&ladder, s->plan->objective[0].maximize,
                                     &s->rungs[m], err));
  }
done:
  return status;
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
  s->deadline = s->shortest = (double)INFINITY;
  s->progress = (hpo_progress){.plan = plan,
                               .best = (double)NAN,
                               .fronts = {.d = plan->n_objective, .depth = 1}};
  HPO_TRY(status, hpo_mem_new(n, sizeof *s->team, &s->team, err));
  s->n_team = s->n_alive = n;
  for (size_t i = 0; i < n; i++)
    s->team[i] = (hpo_team){.is_alive = true, .job.trial = -1};
  HPO_TRY(status, hpo_sched_set_groups(s, n_teams, err));
  HPO_TRY(status, hpo_sampler_create(plan, &s->sampler, err));
  s->trials = hpo_sampler_budget(s->sampler);
  HPO_TRY(status, hpo_pruner_create(plan, &s->pruner, err));
  HPO_TRY(status, hpo_terminator_create(plan, &s->progress.terminator, err));
  HPO_TRY(status, make_rungs(s, err));
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
    hpo_pending_free(&s->team[i].job);
  for (size_t i = 0; i < s->n_ready; i++)
    hpo_pending_free(&s->ready[i]);
  for (size_t i = s->first_action; i < s->n_action; i++)
    hpo_action_free(&s->action[i]);
  for (size_t i = 0; i < s->n_kept; i++)
    hpo_trial_destroy(s->kept[i]);
  hpo_mem_free(s->team);
  hpo_mem_free(s->group);
  hpo_mem_free(s->ready);
  hpo_mem_free(s->action);
  hpo_mem_free(s->kept);
  hpo_mem_free(s->failures);
  hpo_mem_free(s->ahead);
  hpo_mem_free(s->slot);
  hpo_progress_free(&s->progress);
  for (size_t m = 0; s->rungs != NULL && m < s->plan->n_model; m++)
    hpo_rungs_free(&s->rungs[m]);
  hpo_mem_free(s->rungs);
  hpo_mem_free(s->pause);
  hpo_sampler_destroy(s->sampler);
  hpo_pruner_destroy(s->pruner);
  hpo_ledger_destroy(s->ledger);
  hpo_mem_free(s);
}

hpo_status hpo_sched_set_groups(hpo_sched *s, int n_group, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = n_group > 0 ? (size_t)n_group : 1;

  hpo_mem_free(s->group);
  s->group = NULL;
  HPO_TRY(status, hpo_mem_new(n, sizeof *s->group, &s->group, err));
  s->n_group = n;
done:
  return status;
}

const hpo_ledger *hpo_sched_ledger(const hpo_sched *s) { return s->ledger; }

hpo_end hpo_sched_ended(const hpo_sched *s) { return s->end; }

const char *hpo_sched_why(const hpo_sched *s) {
  return s->end == HPO_END_REGRET
             ? hpo_terminator_reason(s->progress.terminator)
             : hpo_end_name(s->end);
}

void hpo_sched_set_deadline(hpo_sched *s, double seconds) {
  s->deadline = seconds;
}

bool hpo_sched_is_late(const hpo_sched *s) { return s->is_late; }

void hpo_sched_set_session(hpo_sched *s, int64_t session) {
  s->session = session;
}

static hpo_id job_after(const hpo_sched *s, hpo_id job) {
  return job >= s->next_job ? job + 1 : s->next_job;
}

/* The trial as it begins a job: what it did before stays only where the job
 * goes on from there. */
static void begin(const hpo_sched *s, const hpo_pending *p, size_t team,
                  hpo_trial *t) {
  t->state = HPO_TRIAL_RUNNING;
  t->job = p->job;
  t->attempt = p->attempt;
  t->team = (int64_t)team;
  t->session = s->session;
  t->reason[0] = '\0';
  t->rung = s->has_rungs ? p->rung : -1;
  if (p->rung == 0)
    t->n_curve = 0;
  for (size_t i = 0; i < t->n_objective; i++)
    t->value[i] = (double)NAN;
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
                 .rule = hpo_pruner_rule(s->pruner),
                 .want_reports =
                     !s->plan->strict && hpo_pruner_needs_reports(s->pruner)};
  if (s->has_rungs) {
    const hpo_rungs *r =
        hpo_sched_rungs(s, hpo_ledger_get(s->ledger, p->trial));
    job.from_step = hpo_rungs_steps(r, p->trial, p->rung - 1);
    job.to_step = hpo_rungs_steps(r, p->trial, p->rung);
  }
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
  job.send_model =
      (s->plan->strict ? p->bar : hpo_progress_bar(&s->progress)).value;
  team->n_lost = hpo_sched_count_lost(t);
  begin(s, p, i, t);
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
  hpo_sched_group(s, team)->n_running++;
  hpo_sched_group(s, team)->is_taken = team->n_lost > 0;
  s->next_job = job_after(s, team->job.job);
  memmove(s->ready, s->ready + 1, --s->n_ready * sizeof *s->ready);
done:
  hpo_trial_destroy(t);
  hpo_job_free(&job);
  return status;
}

/* What a trial that waits or pauses becomes as the session ends; its own
 * state: it stays. */
static hpo_trial_state state_at_end(const hpo_sched *s, const hpo_trial *t) {
  bool is_stop = s->end == HPO_END_STOPPED || s->end == HPO_END_LOST;

  if (t->state == HPO_TRIAL_PAUSED && !is_stop)
    return HPO_TRIAL_PRUNED;
  if (t->state != HPO_TRIAL_WAITING || t->team < 0)
    return t->state; /* the file knows no waiting trial that never ran */
  return is_stop ? HPO_TRIAL_INTERRUPTED : HPO_TRIAL_CANCELLED;
}

/* Trials that were to be tried again after a failure, and now are not; paused
 * ones that are not promoted. */
static hpo_status call_off(hpo_sched *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;
  size_t n = hpo_ledger_trials(s->ledger);

  for (size_t i = 0; i < n; i++) {
    const hpo_trial *now = hpo_ledger_get(s->ledger, (hpo_id)i);
    if (state_at_end(s, now) == now->state)
      continue;
    HPO_TRY(status, hpo_trial_copy(now, &t, err));
    t->state = state_at_end(s, now);
    if (t->state == HPO_TRIAL_PRUNED)
      snprintf(t->reason, sizeof t->reason, "not promoted from step %lld",
               (long long)t->steps);
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
  if (hpo_ledger_count(s->ledger, HPO_TRIAL_WAITING) > 0 ||
      hpo_ledger_count(s->ledger, HPO_TRIAL_PAUSED) > 0)
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

/* Whether the next ready job may start on a team: a trial that workers were
 * lost with is to be alone with its ranks. */
static bool is_free(const hpo_sched *s, size_t i, bool is_alone) {
  const hpo_team *team = &s->team[i];
  const hpo_group *group = hpo_sched_group(s, team);

  return team->is_alive && team->is_idle && !group->is_taken &&
         !(is_alone && group->n_running > 0);
}

static bool runs_alone(const hpo_sched *s) {
  return s->n_ready > 0 && s->n_group < s->n_team &&
         hpo_sched_count_lost(hpo_ledger_get(s->ledger, s->ready[0].trial)) >
             0;
}

static size_t idle_team(const hpo_sched *s) {
  const bool is_alone = runs_alone(s);
  size_t i = 0;

  while (i < s->n_team && !is_free(s, i, is_alone))
    i++;
  return i;
}

/* The team that a ready job goes to: the one that keeps the paused trial, if
 * it is idle. */
static size_t team_for(const hpo_sched *s, size_t otherwise) {
  const hpo_pending *p = &s->ready[0];
  const hpo_trial *t = hpo_ledger_get(s->ledger, p->trial);
  size_t i = t->team >= 0 ? (size_t)t->team : s->n_team;

  if (p->rung > 0 && i < s->n_team && t->session == s->session &&
      is_free(s, i, runs_alone(s)))
    return i;
  return otherwise;
}

/* Whether the next job would be cut off: none that is known was so short. */
static bool is_too_late(const hpo_sched *s) {
  enum { FEW = 3 };
  const double now = s->seconds - s->seconds_before;

  return !s->has_rungs && s->n_timed >= FEW && now + s->shortest > s->deadline;
}

static hpo_status finish_late(hpo_sched *s, hpo_error *err) {
  s->is_late = true;
  return hpo_sched_finish(s, HPO_END_STOPPED, true, err);
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
    HPO_TRY(status, hpo_sched_check_time(s, err));
  if (s->first_action < s->n_action)
    goto done;
  if (s->end != HPO_END_NONE && s->n_running == 0 &&
      (s->is_cut || s->n_ready == 0))
    HPO_TRY(status, shut_down(s, err));
  else if (!s->is_cut && s->n_ready > 0 && is_idle && may_start(s) &&
           is_too_late(s))
    HPO_TRY(status, finish_late(s, err));
  else if (!s->is_cut && s->n_ready > 0 && is_idle && may_start(s))
    HPO_TRY(status, start(s, team_for(s, team), err));
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
