/* SPDX-License-Identifier: BSD-3-Clause */
/* A study without ranks: see simulator.h. */
#include "simulator.h"

#include "hpo/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEPS 24

typedef struct worker {
  bool is_ready, is_lost;
  hpo_job job; /* n_param 0 and trial -1: none */
  int64_t step;
  hpo_watch watch;
  bool is_told;
  hpo_trial_state told;
  char reason[64];
} worker;

typedef struct session {
  simulation *s;
  hpo_sched *sched;
  hpo_rng rng;
  worker *team;
  bool is_over, is_killed;
  hpo_id last_job;
} session;

static hpo_error error;

static void check(hpo_status status) {
  if (status != HPO_OK)
    fprintf(stderr, "%s\n", error.text);
  HPO_ASSERT(status == HPO_OK);
}

static bool chance(session *v, double p) {
  return p > 0 && hpo_rng_next(&v->rng) < p;
}

/* ---- the problem ---- */

/* With two models the first is soon at its end, and the second is better, but
 * only late. */
static bool is_slow(const session *v, const hpo_job *j) {
  return v->s->plan->n_model > 1 && j->x[0] > 0;
}

static int64_t steps_of(const session *v, const hpo_job *j) {
  if (v->s->plan->n_model > 1)
    return is_slow(v, j) ? STEPS - 1 : 1 + (int64_t)(fabs(j->x[1]) * 7) % 5;
  return 5 + (int64_t)(fabs(j->x[0]) * 7) % (STEPS - 5);
}

static double value_at(const session *v, const hpo_job *j, int64_t step) {
  double sum = v->s->plan->n_model < 2 ? 0 : is_slow(v, j) ? 1 : 50;

  for (size_t i = 0; i < j->n_param; i++)
    if (!isnan(j->x[i]))
      sum += (j->x[i] - 1) * (j->x[i] - 1);
  return sum + (is_slow(v, j) ? 300.0 : 3.0) / (double)step;
}

static bool fails(const session *v, const hpo_job *j) {
  hpo_rng_key key = hpo_rng_key_make(99, HPO_RNG_TEST);
  uint64_t job = v->s->plan->strict ? (uint64_t)j->job : (uint64_t)j->attempt;

  return hpo_rng_uniform(key, (uint64_t)j->trial, job) < v->s->fail;
}

/* ---- the file ---- */

static void write_row(simulation *s, const hpo_trial *t, bool has_model) {
  size_t n = (size_t)t->number;

  HPO_ASSERT(n <= s->n_row);
  check(hpo_mem_grow(&s->row, &s->row_room, n + 1, sizeof *s->row, &error));
  check(hpo_mem_grow(&s->torn, &s->torn_room, n + 1, sizeof *s->torn, &error));
  check(hpo_mem_grow(&s->has_model, &s->model_room, n + 1,
                     sizeof *s->has_model, &error));
  if (n == s->n_row) {
    s->n_row++;
  } else {
    HPO_ASSERT(!hpo_trial_is_final(s->row[n]->state) || s->torn[n]);
    hpo_trial_destroy(s->row[n]);
  }
  s->torn[n] = 0;
  s->has_model[n] = has_model;
  check(hpo_trial_copy(t, &s->row[n], &error));
}

/* As the manager reads it: what ran is interrupted, torn rows are empty. */
static hpo_ledger *read_file(simulation *s) {
  hpo_ledger *ledger = NULL;

  check(hpo_ledger_create(s->plan, &ledger, &error));
  for (size_t i = 0; i < s->n_row; i++) {
    hpo_trial *t = NULL;
    check(hpo_trial_copy(s->row[i], &t, &error));
    if (s->torn[i]) {
      hpo_trial_destroy(t);
      t = NULL;
      check(hpo_trial_create(s->row[i]->n_param, s->row[i]->n_objective,
                             s->row[i]->n_metric, &t, &error));
      t->number = (hpo_id)i;
      t->state = HPO_TRIAL_INTERRUPTED;
    }
    if (t->state == HPO_TRIAL_RUNNING)
      t->state = HPO_TRIAL_INTERRUPTED;
    check(hpo_ledger_put(ledger, t, &error));
  }
  return ledger;
}

/* ---- actions ---- */

static void on_assign(session *v, hpo_action *a) {
  worker *w = &v->team[a->team];
  const hpo_trial *row = v->s->row[a->job.trial];

  HPO_ASSERT(w->job.trial < 0 && w->is_ready && !w->is_lost);
  HPO_ASSERT(row->state == HPO_TRIAL_RUNNING && row->job == a->job.job &&
             row->attempt == a->job.attempt);
  HPO_ASSERT(a->job.from_step == 0 ||
             (int64_t)row->n_curve == a->job.from_step);
  HPO_ASSERT(a->job.from_step < a->job.to_step);
  for (int i = 0; i < v->s->teams; i++)
    HPO_ASSERT(v->team[i].job.trial != a->job.trial);
  check(hpo_space_check(&v->s->plan->space, a->job.x, &error));
  if (!v->s->plan->strict) {
    HPO_ASSERT(a->job.job == v->last_job + 1 || v->last_job < 0);
    v->last_job = a->job.job;
  }
  hpo_watch_free(&w->watch);
  *w = (worker){.is_ready = true,
                .job = a->job,
                .watch = hpo_watch_make(&a->job.rule, false)};
  a->job = (hpo_job){0};
  /* a team that keeps the paused trial goes on, another trains it again */
  if (w->job.from_step > 0 && chance(v, 0.5))
    w->step = w->job.from_step;
  v->s->steps -= (size_t)w->step;
}

static void act(session *v, hpo_action *a) {
  size_t running = 0;

  HPO_ASSERT(!v->is_over);
  switch (a->kind) {
  case HPO_ACTION_ASSIGN:
    on_assign(v, a);
    break;
  case HPO_ACTION_STOP:
    HPO_ASSERT(v->team[a->team].job.trial == a->trial);
    v->team[a->team].is_told = true;
    v->team[a->team].told = a->state;
    snprintf(v->team[a->team].reason, sizeof v->team[a->team].reason, "%.60s",
             a->reason);
    break;
  case HPO_ACTION_WRITE:
    HPO_ASSERT(a->written->number == a->trial);
    write_row(v->s, a->written, a->model.n > 0);
    break;
  case HPO_ACTION_DECIDED:
    v->s->again += strcmp(a->decision, "again") == 0;
    v->s->retries += strcmp(a->decision, "retry") == 0;
    break;
  case HPO_ACTION_SHUTDOWN:
    v->is_over = true;
    v->s->end = a->end;
    break;
  }
  for (int i = 0; i < v->s->teams; i++)
    running += v->team[i].job.trial >= 0;
  if (running > v->s->most_running)
    v->s->most_running = running;
}

/* A kill may tear rows that are not final; one that has paused has an image
 * beside it. */
static void die(session *v) {
  v->is_killed = true;
  for (size_t i = 0; i < v->s->n_row; i++)
    if (!hpo_trial_is_final(v->s->row[i]->state) &&
        v->s->row[i]->state != HPO_TRIAL_PAUSED && v->s->row[i]->rung < 1 &&
        chance(v, 0.3))
      v->s->torn[i] = 1;
}

static void carry_out(session *v) {
  bool have = true;

  while (have && !v->is_killed) {
    hpo_action a;
    check(hpo_sched_next(v->sched, &a, &have, &error));
    if (!have)
      break;
    act(v, &a);
    hpo_action_free(&a);
    if (chance(v, v->s->kill))
      die(v);
  }
}

static void tell(session *v, const hpo_event *e) {
  check(hpo_sched_event(v->sched, e, &error));
  carry_out(v);
}

/* ---- teams ---- */

static void send_result(session *v, int team, hpo_trial_state state,
                        const char *reason) {
  worker *w = &v->team[team];
  hpo_result r = {0};
  hpo_trial *t = NULL;
  bool wants = isnan(w->job.send_model);

  check(hpo_trial_create(w->job.n_param, 1, 3, &t, &error));
  t->number = w->job.trial;
  t->state = state;
  t->steps = w->step;
  t->end = (int64_t)(v->s->clock * 1e9);
  snprintf(t->reason, sizeof t->reason, "%s", reason);
  if (w->step > 0)
    t->value[0] = value_at(v, &w->job, w->step);
  for (int64_t i = 1; i <= w->step; i++)
    check(hpo_trial_add_curve(
        t, (hpo_curve_point){.step = i, .value = value_at(v, &w->job, i)},
        &error));
  if (state == HPO_TRIAL_COMPLETE && !isinf(w->job.send_model) &&
      (wants || t->value[0] <= w->job.send_model))
    check(hpo_buffer_add(&r.model, "model", 5, &error));
  r.trial = t;
  hpo_job_free(&w->job);
  w->job.trial = -1;
  v->s->results++;
  v->s->steps += (size_t)t->steps;
  tell(v, &(hpo_event){.kind = HPO_EVENT_RESULT,
                       .team = team,
                       .trial = t->number,
                       .result = &r});
}

static void work(session *v, int team) {
  worker *w = &v->team[team];
  hpo_job *j = &w->job;
  double value, bar;
  char reason[192];

  if (w->is_told) {
    send_result(v, team, w->told, w->reason);
    return;
  }
  w->step++;
  if (fails(v, j) && w->step == (j->from_step < 3 ? 3 : j->from_step + 1)) {
    send_result(v, team, HPO_TRIAL_FAILED, "it failed");
    return;
  }
  value = value_at(v, j, w->step);
  check(hpo_watch_add(&w->watch, value, &error));
  if (w->step == steps_of(v, j)) {
    send_result(v, team, HPO_TRIAL_COMPLETE, "");
    return;
  }
  if (w->step == j->to_step) {
    send_result(v, team, HPO_TRIAL_PAUSED, "");
    return;
  }
  bar = w->step <= (int64_t)j->n_threshold ? j->threshold[w->step - 1]
                                           : (double)NAN;
  if (hpo_watch_prunes(&w->watch, bar, "value", reason, sizeof reason))
    send_result(v, team, HPO_TRIAL_PRUNED, reason);
  else if (j->want_reports && hpo_watch_is_open(&w->watch))
    tell(v, &(hpo_event){.kind = HPO_EVENT_REPORT,
                         .team = team,
                         .trial = j->trial,
                         .step = w->step,
                         .value = w->watch.best});
}

static void lose(session *v, int team) {
  worker *w = &v->team[team];

  w->is_lost = true;
  hpo_job_free(&w->job);
  w->job.trial = -1;
  tell(v, &(hpo_event){.kind = HPO_EVENT_LOST, .team = team});
}

static void turn(session *v) {
  int team = (int)hpo_rng_below(&v->rng, (uint64_t)v->s->teams);
  worker *w = &v->team[team];

  if (v->s->stop_at >= 0 && (int64_t)v->s->results >= v->s->stop_at)
    tell(v, &(hpo_event){
                .kind = HPO_EVENT_STOP, .team = -1, .reason = "a signal"});
  if (v->s->seconds > 0 && !v->is_over) {
    v->s->clock += v->s->seconds;
    tell(v, &(hpo_event){
                .kind = HPO_EVENT_CLOCK, .team = -1, .seconds = v->s->clock});
  }
  if (v->is_over || v->is_killed || w->is_lost)
    return;
  if (v->s->prepares && chance(v, 0.3))
    check(hpo_sched_prepare(v->sched, &error));
  if (chance(v, v->s->lose)) {
    lose(v, team);
  } else if (!w->is_ready) {
    w->is_ready = true;
    tell(v, &(hpo_event){.kind = HPO_EVENT_IDLE, .team = team});
  } else if (w->job.trial >= 0) {
    /* some teams are far slower than others */
    if (chance(v, 1.0 / (1 + 3 * (team % 3))))
      work(v, team);
  }
}

static void run_session(simulation *s) {
  session v = {.s = s, .last_job = -1};
  size_t turns = 0;

  s->sessions++;
  s->end = HPO_END_NONE;
  v.rng = hpo_rng_make(s->seed, HPO_RNG_TEST, (uint64_t)s->sessions, 5);
  check(hpo_mem_new((size_t)s->teams, sizeof *v.team, &v.team, &error));
  for (int i = 0; i < s->teams; i++)
    v.team[i].job.trial = -1;
  check(
      hpo_sched_create(s->plan, read_file(s), 0, s->teams, &v.sched, &error));
  carry_out(&v);
  while (!v.is_over && !v.is_killed) {
    turn(&v);
    HPO_ASSERT(++turns < 50000000);
  }
  if (v.is_over) {
    bool have = false;
    hpo_action a;
    check(hpo_sched_next(v.sched, &a, &have, &error));
    HPO_ASSERT(!have && hpo_sched_ended(v.sched) == s->end);
  }
  hpo_sched_destroy(v.sched);
  for (int i = 0; i < s->teams; i++)
    hpo_watch_free(&v.team[i].watch);
  for (int i = 0; i < s->teams; i++)
    hpo_job_free(&v.team[i].job);
  hpo_mem_free(v.team);
}

void simulate(simulation *s) {
  do {
    run_session(s);
    HPO_ASSERT(s->sessions < 100000);
  } while (s->end == HPO_END_NONE);
}

void simulation_free(simulation *s) {
  for (size_t i = 0; i < s->n_row; i++)
    hpo_trial_destroy(s->row[i]);
  hpo_mem_free(s->row);
  hpo_mem_free(s->torn);
  hpo_mem_free(s->has_model);
  s->row = NULL;
  s->torn = NULL;
  s->has_model = NULL;
  s->n_row = s->row_room = s->torn_room = s->model_room = 0;
  s->results = s->steps = s->again = s->retries = s->most_running = 0;
  s->sessions = 0;
  s->clock = 0;
}

static uint64_t mix(uint64_t h, double x) {
  uint64_t bits = 1;

  if (!isnan(x))
    memcpy(&bits, &x, sizeof bits);
  h = (h ^ bits) * 0xff51afd7ed558ccdu;
  return h ^ h >> 33;
}

uint64_t simulation_digest(const simulation *s) {
  uint64_t h = s->n_row;

  for (size_t i = 0; i < s->n_row; i++) {
    const hpo_trial *t = s->row[i];
    for (size_t j = 0; j < t->n_param; j++)
      h = mix(h, t->x[j]);
    h = mix(h, (double)t->state);
    h = mix(h, t->value[0]);
    h = mix(h, (double)t->steps);
    h = mix(h, (double)t->job);
    h = mix(h, s->has_model[i] ? 1 : 0);
    h = mix(h, (double)t->n_curve);
    h = mix(h, (double)t->rung);
  }
  return h;
}

size_t simulation_count(const simulation *s, hpo_trial_state state) {
  size_t n = 0;

  for (size_t i = 0; i < s->n_row; i++)
    n += s->row[i]->state == state ? 1 : 0;
  return n;
}
