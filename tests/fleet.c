/* SPDX-License-Identifier: BSD-3-Clause */
/* A study on a simulated clock: see fleet.h. */
#include "fleet.h"

#include "hpo/num.h"
#include "hpo/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct ship {
  hpo_job job; /* trial -1: none */
  double end;
} ship;

typedef struct voyage {
  fleet *f;
  hpo_sched *sched;
  ship *ship; /* [workers] */
  double clock, busy;
  size_t room_x, room_curve, ended;
  bool is_over;
} voyage;

static hpo_error error;

static void check(hpo_status status) {
  if (status != HPO_OK)
    fprintf(stderr, "%s\n", error.text);
  HPO_ASSERT(status == HPO_OK);
}

/* Log-normal of mean 1, by trial alone. */
static double time_of(const fleet *f, hpo_id trial) {
  double variance = hpo_num_log(1 + f->spread * f->spread);
  hpo_rng rng = hpo_rng_make(f->seed, HPO_RNG_TEST, (uint64_t)trial, 77);

  return hpo_num_exp(sqrt(variance) * hpo_rng_normal(&rng) - variance / 2);
}

static void assign(voyage *v, hpo_action *a) {
  fleet *f = v->f;
  const hpo_space *space = &f->plan->space;
  size_t n = space->n_param, at = (size_t)a->job.trial;
  bool is_repeated = false;

  for (int i = 0; i < f->workers; i++)
    if (v->ship[i].job.trial >= 0 &&
        hpo_space_equal_points(space, v->ship[i].job.x, a->job.x)) {
      f->equal++;
      break;
    }
  for (size_t k = 0; k < at && !is_repeated; k++)
    is_repeated = hpo_space_equal_points(space, f->x + k * n, a->job.x);
  f->repeated += is_repeated ? 1 : 0;
  check(hpo_mem_grow(&f->x, &v->room_x, (at + 1) * n, sizeof *f->x, &error));
  memcpy(f->x + at * n, a->job.x, n * sizeof *f->x);
  v->ship[a->team].end = v->clock + time_of(f, a->job.trial);
  v->busy += v->ship[a->team].end - v->clock;
  v->ship[a->team].job = a->job;
  a->job = (hpo_job){0};
}

static void carry_out(voyage *v) {
  bool have = true;

  while (have) {
    hpo_action a;
    check(hpo_sched_next(v->sched, &a, &have, &error));
    if (!have)
      break;
    if (a.kind == HPO_ACTION_ASSIGN)
      assign(v, &a);
    v->is_over = v->is_over || a.kind == HPO_ACTION_SHUTDOWN;
    hpo_action_free(&a);
  }
}

static void end_trial(voyage *v, int team) {
  fleet *f = v->f;
  ship *s = &v->ship[team];
  hpo_result r = {0};
  hpo_names metrics = {0};
  double value = f->value(s->job.x);

  check(hpo_plan_metrics(f->plan, &metrics, &error));
  check(hpo_trial_create(s->job.n_param, 1, metrics.n, &r.trial, &error));
  hpo_names_free(&metrics);
  r.trial->number = s->job.trial;
  r.trial->state = isnan(value) ? HPO_TRIAL_FAILED : HPO_TRIAL_COMPLETE;
  r.trial->steps = 1;
  r.trial->end = (int64_t)(v->clock * 1e9);
  r.trial->value[0] = r.trial->metric[0] = value;
  if (!isnan(value))
    f->best = fmin(f->best, value);
  check(hpo_mem_grow(&f->curve, &v->room_curve, v->ended + 1, sizeof *f->curve,
                     &error));
  f->curve[v->ended++] = f->best;
  hpo_job_free(&s->job);
  s->job.trial = -1;
  check(hpo_sched_event(v->sched,
                        &(hpo_event){.kind = HPO_EVENT_RESULT,
                                     .team = team,
                                     .trial = r.trial->number,
                                     .result = &r},
                        &error));
  carry_out(v);
}

/* The team whose trial ends next, the lower number first; -1: none runs. */
static int next_end(const voyage *v) {
  int next = -1;

  for (int i = 0; i < v->f->workers; i++)
    if (v->ship[i].job.trial >= 0 &&
        (next < 0 || v->ship[i].end < v->ship[next].end))
      next = i;
  return next;
}

void fleet_run(fleet *f) {
  voyage v = {.f = f};
  hpo_ledger *ledger = NULL;
  int team;

  fleet_free(f);
  f->best = (double)INFINITY;
  check(hpo_mem_new((size_t)f->workers, sizeof *v.ship, &v.ship, &error));
  for (int i = 0; i < f->workers; i++)
    v.ship[i].job.trial = -1;
  check(hpo_ledger_create(f->plan, &ledger, &error));
  check(hpo_sched_create(f->plan, ledger, 0, f->workers, &v.sched, &error));
  carry_out(&v);
  for (int i = 0; i < f->workers; i++) {
    check(hpo_sched_event(
        v.sched, &(hpo_event){.kind = HPO_EVENT_IDLE, .team = i}, &error));
    carry_out(&v);
  }
  while ((team = next_end(&v)) >= 0) {
    v.clock = v.ship[team].end;
    end_trial(&v, team);
  }
  HPO_ASSERT(v.is_over);
  f->trials = v.ended;
  f->makespan = v.clock;
  f->idle = 1 - v.busy / (v.clock * (double)f->workers);
  hpo_sched_destroy(v.sched);
  hpo_mem_free(v.ship);
}

void fleet_free(fleet *f) {
  hpo_mem_free(f->x);
  hpo_mem_free(f->curve);
  f->x = f->curve = NULL;
  f->equal = f->repeated = f->trials = 0;
}
