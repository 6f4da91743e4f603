/* SPDX-License-Identifier: BSD-3-Clause */
/* Small steps on the state machine's books that both orders take. */
#include "sched/sched_private.h"

#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void hpo_pending_free(hpo_pending *p) {
  hpo_mem_free(p->threshold);
  *p = (hpo_pending){.trial = -1};
}

bool hpo_sched_has_point(const hpo_sched *s, const hpo_trial *t) {
  return hpo_space_check(&s->plan->space, t->x, NULL) == HPO_OK;
}

hpo_status hpo_sched_suggest(hpo_sched *s, hpo_id horizon, hpo_id number,
                             double *x, hpo_error *err) {
  hpo_view view = {.ledger = s->ledger,
                   .horizon = horizon,
                   .trials = number,
                   .pause = s->pause,
                   .n_pause = s->n_pause};
  const double *given =
      (size_t)number < s->plan->n_enqueue
          ? s->plan->enqueue + (size_t)number * s->plan->space.n_param
          : NULL;

  return hpo_sampler_suggest(s->sampler, &view, number, given, x, err);
}

hpo_status hpo_sched_put_waiting(hpo_sched *s, hpo_id number, hpo_id job,
                                 const hpo_trial *from, const double *x,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;
  hpo_names metrics = {0};

  if (from != NULL) {
    HPO_TRY(status, hpo_trial_copy(from, &t, err));
  } else {
    HPO_TRY(status, hpo_plan_metrics(s->plan, &metrics, err));
    HPO_TRY(status,
            hpo_trial_create(s->plan->space.n_param, s->plan->n_objective,
                             metrics.n, &t, err));
    t->number = number;
  }
  t->job = job;
  t->state = HPO_TRIAL_WAITING;
  memcpy(t->x, x, t->n_param * sizeof *x);
  HPO_TRY(status, hpo_ledger_put(s->ledger, t, err));
  t = NULL; /* now the ledger's */
done:
  hpo_names_free(&metrics);
  hpo_trial_destroy(t);
  return status;
}

static bool is_before(const hpo_pending *a, const hpo_pending *b) {
  return a->job != b->job ? a->job < b->job : a->trial < b->trial;
}

hpo_status hpo_sched_add_ready(hpo_sched *s, hpo_pending *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t i = s->n_ready;

  HPO_TRY(status, hpo_mem_grow(&s->ready, &s->ready_room, s->n_ready + 1,
                               sizeof *s->ready, err));
  while (i > 0 && is_before(p, &s->ready[i - 1]))
    i--;
  memmove(s->ready + i + 1, s->ready + i, (s->n_ready - i) * sizeof *s->ready);
  s->ready[i] = *p;
  s->n_ready++;
  p->threshold = NULL; /* now the list's */
done:
  return status;
}

hpo_status hpo_sched_push(hpo_sched *s, const hpo_action *a, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&s->action, &s->action_room, s->n_action + 1,
                               sizeof *s->action, err));
  s->action[s->n_action++] = *a;
done:
  return status;
}

/* A trial that is not final may be replaced in the ledger before its WRITE is
 * carried out: what is written is then a copy. */
static hpo_status keep_copy(hpo_sched *s, const hpo_trial **t,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *copy = NULL;

  HPO_TRY(status, hpo_mem_grow(&s->kept, &s->kept_room, s->n_kept + 1,
                               sizeof *s->kept, err));
  HPO_TRY(status, hpo_trial_copy(*t, &copy, err));
  s->kept[s->n_kept++] = copy;
  *t = copy;
done:
  return status;
}

hpo_status hpo_sched_write(hpo_sched *s, hpo_id trial, hpo_result *kept,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_action a = {.kind = HPO_ACTION_WRITE, .trial = trial};

  a.written = hpo_ledger_get(s->ledger, trial);
  if (!hpo_trial_is_final(a.written->state))
    HPO_TRY(status, keep_copy(s, &a.written, err));
  if (kept != NULL) {
    a.model = kept->model;
    a.tally = kept->tally;
    a.output = kept->output;
  }
  HPO_TRY(status, hpo_sched_push(s, &a, err));
  if (kept != NULL) { /* now the action's */
    kept->model = (hpo_buffer){0};
    kept->tally = (hpo_tally){0};
    kept->output = (hpo_buffer){0};
  }
done:
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

hpo_status hpo_sched_finish(hpo_sched *s, hpo_end end, bool is_cut,
                            hpo_error *err) {
  s->end = end;
  s->is_cut = is_cut;
  return hpo_sched_push(
      s,
      &(hpo_action){
          .kind = HPO_ACTION_DECIDED,
          .decision = "end",
          .end = end,
          .job = {.job = s->plan->strict ? (hpo_id)s->n_slot : s->next_job,
                  .trial = -1}},
      err);
}

hpo_rungs *hpo_sched_rungs(const hpo_sched *s, const hpo_trial *t) {
  /* a torn row names no model */
  return &s->rungs[s->plan->n_model > 1 && t->x[0] >= 0 &&
                           t->x[0] < (double)s->plan->n_model
                       ? (size_t)t->x[0]
                       : 0];
}

bool hpo_sched_has_paused(const hpo_sched *s, const hpo_trial *t,
                          int64_t rung) {
  if (t->rung == rung)
    return t->state == HPO_TRIAL_PAUSED || t->state == HPO_TRIAL_PRUNED;
  return t->rung > rung &&
         !isnan(hpo_rungs_value(
             t, hpo_rungs_steps(hpo_sched_rungs(s, t), t->number, rung)));
}

static hpo_status note_pause(hpo_sched *s, hpo_id trial, hpo_pause pause,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = (size_t)trial + 1;

  HPO_TRY(status,
          hpo_mem_grow(&s->pause, &s->pause_room, n, sizeof *s->pause, err));
  while (s->n_pause < n)
    s->pause[s->n_pause++] = (hpo_pause){0};
  if (pause.step > s->pause[trial].step)
    s->pause[trial] = pause;
done:
  return status;
}

hpo_status hpo_sched_add_rung(hpo_sched *s, const hpo_trial *t, int64_t rung,
                              bool is_gone, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_rungs *r = hpo_sched_rungs(s, t);
  hpo_pause p = {.step = hpo_rungs_steps(r, t->number, rung)};

  p.value = hpo_rungs_value(t, p.step);
  HPO_TRY(status, hpo_rungs_add(r, t->number, rung, p.value,
                                is_gone || (t->rung == rung &&
                                            t->state == HPO_TRIAL_PRUNED),
                                err));
  HPO_TRY(status, note_pause(s, t->number, p, err));
done:
  return status;
}

hpo_status hpo_sched_add_final(hpo_sched *s, const hpo_trial *t,
                               hpo_error *err) {
  if (s->has_rungs && t->state == HPO_TRIAL_COMPLETE)
    hpo_sched_rungs(s, t)->has_complete = true;
  return hpo_progress_add(&s->progress, t, err);
}

bool hpo_sched_promotes(hpo_sched *s, bool is_last, hpo_id *trial,
                        int64_t *rung) {
  for (size_t m = 0; s->has_rungs && m < s->plan->n_model; m++)
    if (is_last ? hpo_rungs_last(&s->rungs[m], s->progress.best, trial, rung)
                : hpo_rungs_next(&s->rungs[m], trial, rung))
      return true;
  return false;
}
