/* SPDX-License-Identifier: BSD-3-Clause */
/* The scheduler with simulated teams: strict order gives the same study on
 * any number of teams, at any timing, after any kills; exact counts; the
 * rules that end a study. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sched/rungs.h"
#include "simulator.h"
#include "tinyplan.h"

static hpo_plan *curve_plan(bool strict) {
  hpo_plan *p = tinyplan_make();

  p->strict = strict;
  p->trials = 60;
  tinyplan_text(&p->sampler.name, "tpe");
  tinyplan_text(&p->pruner.name, "median");
  tinyplan_float(p, -3, 3, false, -1, 0);
  tinyplan_float(p, 0.1, 4, true, -1, 0);
  tinyplan_choice(p, 3, -1, 0);
  tinyplan_int(p, -2, 9, 2, 1);
  return p;
}

static void terminate(hpo_plan *p, const char *error) {
  tinyplan_text(&p->terminator.name, "regret-bound");
  assert_int_equal(
      hpo_settings_add(&p->terminator.options, "error", error, 0, NULL),
      HPO_OK);
}

static size_t finals(const simulation *s) {
  return simulation_count(s, HPO_TRIAL_COMPLETE) +
         simulation_count(s, HPO_TRIAL_PRUNED) +
         simulation_count(s, HPO_TRIAL_FAILED);
}

/* Invariants of a whole study that ended by its budget. */
static void check_whole(const simulation *s) {
  const hpo_plan *p = s->plan;

  assert_int_equal(s->end, HPO_END_TRIALS);
  assert_int_equal(finals(s), (size_t)p->trials);
  assert_int_equal(s->n_row, (size_t)p->trials);
}

static void check_models(const simulation *s) {
  for (size_t i = 0; i < s->n_row; i++) {
    size_t better = 0;
    if (s->row[i]->state != HPO_TRIAL_COMPLETE) {
      assert_false(s->has_model[i]);
      continue;
    }
    for (size_t j = 0; j < s->n_row; j++)
      better += s->row[j]->state == HPO_TRIAL_COMPLETE &&
                        s->row[j]->value[0] < s->row[i]->value[0]
                    ? 1
                    : 0;
    if ((int64_t)better < s->plan->keep_models)
      assert_true(s->has_model[i]);
  }
}

static void strict_is_the_same(void **state) {
  static const int teams[] = {1, 2, 3, 5, 9};
  static const int64_t windows[] = {1, 3, 16};
  uint64_t seed = tinyplan_seed(1);
  size_t again = 0, retries = 0, pruned = 0, failed = 0;

  (void)state;
  for (size_t w = 0; w < 3; w++) {
    hpo_plan *p = curve_plan(true);
    uint64_t expected = 0;
    p->window = windows[w];
    p->retries = 2;
    for (uint64_t i = 0; i < 25; i++) {
      simulation s = {.plan = p,
                      .teams = teams[i % 5],
                      .seed = seed + i,
                      .kill = i < 10   ? 0
                              : i < 20 ? 0.01
                                       : 0.04,
                      .lose = i % 4 == 3 ? 0.0003 : 0,
                      .fail = 0.45,
                      .stop_at = -1,
                      .prepares = i % 3 == 1};
      simulate(&s);
      if (s.end == HPO_END_LOST) { /* go on with new teams */
        s.lose = 0;
        simulate(&s);
      }
      check_whole(&s);
      check_models(&s);
      assert_true(s.most_running <= (size_t)windows[w]);
      if (i == 0)
        expected = simulation_digest(&s);
      assert_int_equal(simulation_digest(&s), expected);
      again += s.again;
      retries += s.retries;
      pruned += simulation_count(&s, HPO_TRIAL_PRUNED);
      failed += simulation_count(&s, HPO_TRIAL_FAILED);
      simulation_free(&s);
    }
    hpo_plan_destroy(p);
  }
  printf("again %zu, retries %zu, pruned %zu, failed %zu\n", again, retries,
         pruned, failed);
  assert_true(again > 0 && retries > 0 && pruned > 0 && failed > 0);
}

/* The window is a part of the study: another one gives another. */
static void window_counts(void **state) {
  uint64_t digest[2];

  (void)state;
  for (int i = 0; i < 2; i++) {
    hpo_plan *p = curve_plan(true);
    simulation s = {.plan = p, .teams = 3, .seed = 1, .stop_at = -1};
    p->window = 2 + 6 * i;
    simulate(&s);
    digest[i] = simulation_digest(&s);
    simulation_free(&s);
    hpo_plan_destroy(p);
  }
  assert_true(digest[0] != digest[1]);
}

/* A study of 25 trials that is raised to 60 is the study of 60. */
static void strict_budget_can_be_raised(void **state) {
  hpo_plan *p = curve_plan(true);
  simulation whole = {
      .plan = p, .teams = 3, .seed = 5, .fail = 0.3, .stop_at = -1};
  simulation parts = whole;

  (void)state;
  p->retries = 1;
  parts.teams = 2;
  parts.kill = 0.01;
  simulate(&whole);
  p->trials = 25;
  simulate(&parts);
  assert_int_equal(parts.n_row, 25);
  p->trials = 60;
  simulate(&parts);
  check_whole(&parts);
  assert_int_equal(simulation_digest(&parts), simulation_digest(&whole));
  simulation_free(&whole);
  simulation_free(&parts);
  hpo_plan_destroy(p);
}

static void strict_ends_early(void **state) {
  static const hpo_end end[] = {HPO_END_TARGET, HPO_END_PATIENCE,
                                HPO_END_REGRET};

  (void)state;
  for (int kind = 0; kind < 3; kind++) {
    hpo_plan *p = curve_plan(true);
    uint64_t expected = 0;
    p->trials = kind == 1 ? 0 : 200;
    p->retries = 1;
    if (kind == 0)
      p->target = 1.3;
    else if (kind == 1)
      p->patience = 12;
    else
      terminate(p, "2");
    for (uint64_t i = 0; i < 8; i++) {
      simulation s = {.plan = p,
                      .teams = 1 + (int)(i % 4) * 2,
                      .seed = i,
                      .kill = i < 4 ? 0 : 0.02,
                      .fail = 0.2,
                      .stop_at = -1};
      simulate(&s);
      assert_int_equal(s.end, end[kind]);
      if (i == 0)
        expected = simulation_digest(&s);
      assert_int_equal(simulation_digest(&s), expected);
      assert_int_equal(finals(&s) + simulation_count(&s, HPO_TRIAL_CANCELLED),
                       s.n_row);
      simulation_free(&s);
    }
    hpo_plan_destroy(p);
  }
}

static void arrival_counts_exactly(void **state) {
  uint64_t seed = tinyplan_seed(11);

  (void)state;
  for (uint64_t i = 0; i < 30; i++) {
    hpo_plan *p = curve_plan(false);
    simulation s = {.plan = p,
                    .teams = 1 + (int)(i * 7 % 12),
                    .seed = seed + i,
                    .kill = i % 3 == 0 ? 0.02 : 0,
                    .lose = i % 5 == 4 ? 0.0002 : 0,
                    .fail = i % 2 == 0 ? 0.2 : 0,
                    .stop_at = -1,
                    .prepares = i % 4 == 0};
    p->retries = (int)(i % 3);
    simulate(&s);
    if (s.end == HPO_END_LOST) {
      s.lose = 0;
      simulate(&s);
    }
    check_whole(&s);
    check_models(&s);
    if (s.kill == 0 && s.lose == 0 && s.teams > 1)
      assert_int_equal(s.most_running, (size_t)s.teams);
    simulation_free(&s);
    hpo_plan_destroy(p);
  }
}

/* Stopped softly again and again, a study still comes to its exact end. */
static void soft_stops(void **state) {
  (void)state;
  for (int strict = 0; strict < 2; strict++) {
    hpo_plan *p = curve_plan(strict == 1);
    simulation s = {.plan = p, .teams = 4, .seed = 3, .stop_at = 10};
    simulation whole = {.plan = p, .teams = 4, .seed = 4, .stop_at = -1};
    size_t before = 0;
    simulate(&s);
    assert_int_equal(s.end, HPO_END_STOPPED);
    assert_int_equal(simulation_count(&s, HPO_TRIAL_RUNNING), 0);
    assert_true(simulation_count(&s, HPO_TRIAL_INTERRUPTED) > 0);
    for (size_t i = 0; i < s.n_row; i++)
      if (s.row[i]->state == HPO_TRIAL_INTERRUPTED)
        assert_string_equal(s.row[i]->reason, "a signal");
    before = finals(&s);
    s.stop_at = -1;
    simulate(&s);
    check_whole(&s);
    assert_true(before < finals(&s) && s.again > 0);
    simulate(&whole);
    if (strict == 1)
      assert_int_equal(simulation_digest(&s), simulation_digest(&whole));
    simulation_free(&s);
    simulation_free(&whole);
    hpo_plan_destroy(p);
  }
}

static void arrival_target_stops_others(void **state) {
  hpo_plan *p = curve_plan(false);
  simulation s = {.plan = p, .teams = 6, .seed = 2, .stop_at = -1};
  double best = (double)INFINITY;

  (void)state;
  p->target = 1;
  p->trials = 500;
  simulate(&s);
  assert_int_equal(s.end, HPO_END_TARGET);
  for (size_t i = 0; i < s.n_row; i++)
    if (s.row[i]->state == HPO_TRIAL_COMPLETE)
      best = fmin(best, s.row[i]->value[0]);
  assert_true(best <= 1);
  assert_true(simulation_count(&s, HPO_TRIAL_CANCELLED) > 0);
  assert_int_equal(finals(&s) + simulation_count(&s, HPO_TRIAL_CANCELLED),
                   s.n_row);
  simulate(&s); /* finished is finished */
  assert_int_equal(s.end, HPO_END_TARGET);
  p->target = (double)NAN; /* cancelled trials are run first */
  p->trials = (int64_t)s.n_row;
  simulate(&s);
  check_whole(&s);
  simulation_free(&s);
  hpo_plan_destroy(p);
}

static void timeout_cancels(void **state) {
  (void)state;
  for (int strict = 0; strict < 2; strict++) {
    hpo_plan *p = curve_plan(strict == 1);
    simulation s = {
        .plan = p, .teams = 4, .seed = 2, .stop_at = -1, .seconds = 1};
    p->timeout = 600;
    simulate(&s);
    assert_int_equal(s.end, HPO_END_TIMEOUT);
    assert_true(s.clock >= 600 && s.clock < 800);
    assert_true(finals(&s) < (size_t)p->trials);
    assert_true(simulation_count(&s, HPO_TRIAL_CANCELLED) > 0);
    p->timeout = 1e9;
    simulate(&s);
    check_whole(&s);
    simulation_free(&s);
    hpo_plan_destroy(p);
  }
}

/* One job of a team by hand: it takes `wall` seconds; false: there is none,
 * the session ends. */
static bool run_job(hpo_sched *s, double wall, hpo_end *end) {
  hpo_action a = {0};
  hpo_result r = {0};
  bool have = true;

  while (have) {
    assert_int_equal(hpo_sched_next(s, &a, &have, NULL), HPO_OK);
    if (have && a.kind == HPO_ACTION_SHUTDOWN)
      *end = a.end;
    if (have && a.kind == HPO_ACTION_ASSIGN) {
      hpo_event done = {.kind = HPO_EVENT_RESULT, .result = &r};
      assert_int_equal(
          hpo_trial_copy(hpo_ledger_get(hpo_sched_ledger(s), a.trial),
                         &r.trial, NULL),
          HPO_OK);
      r.trial->state = HPO_TRIAL_COMPLETE;
      r.trial->value[0] = (double)a.trial;
      r.trial->wall = wall;
      hpo_action_free(&a);
      assert_int_equal(hpo_sched_event(s, &done, NULL), HPO_OK);
      return true;
    }
    hpo_action_free(&a);
  }
  return false;
}

/* No trial starts that has less time than the shortest so far took. */
static void nothing_starts_in_vain(void **state) {
  (void)state;
  for (int strict = 0; strict < 2; strict++) {
    hpo_plan *p = curve_plan(strict == 1);
    hpo_ledger *ledger = NULL;
    hpo_sched *s = NULL;
    hpo_end end = HPO_END_NONE;
    hpo_event idle = {.kind = HPO_EVENT_IDLE},
              clock = {.kind = HPO_EVENT_CLOCK};

    assert_int_equal(hpo_ledger_create(p, &ledger, NULL), HPO_OK);
    assert_int_equal(hpo_sched_create(p, ledger, 0, 1, &s, NULL), HPO_OK);
    hpo_sched_set_deadline(s, 100);
    assert_int_equal(hpo_sched_event(s, &idle, NULL), HPO_OK);
    clock.seconds = 99; /* nothing is known yet: it starts */
    assert_int_equal(hpo_sched_event(s, &clock, NULL), HPO_OK);
    assert_true(run_job(s, 20, &end));
    assert_true(run_job(s, 10, &end));
    assert_true(run_job(s, 30, &end));
    assert_false(run_job(s, 30, &end)); /* the shortest took 10 */
    assert_int_equal(end, HPO_END_STOPPED);
    assert_true(hpo_sched_is_late(s));
    hpo_sched_destroy(s);

    assert_int_equal(hpo_ledger_create(p, &ledger, NULL), HPO_OK);
    assert_int_equal(hpo_sched_create(p, ledger, 0, 1, &s, NULL), HPO_OK);
    hpo_sched_set_deadline(s, 100);
    assert_int_equal(hpo_sched_event(s, &idle, NULL), HPO_OK);
    clock.seconds = 89; /* may just do */
    assert_int_equal(hpo_sched_event(s, &clock, NULL), HPO_OK);
    end = HPO_END_NONE;
    while (run_job(s, 10, &end))
      continue;
    assert_int_equal(end, HPO_END_TRIALS);
    assert_false(hpo_sched_is_late(s));
    hpo_sched_destroy(s);
    hpo_plan_destroy(p);
  }
}

/* What trials took in earlier sessions, perhaps many at a time, tells nothing:
 * a session that starts none would be followed by such another. */
static void every_session_starts_trials(void **state) {
  hpo_plan *p = curve_plan(true);
  hpo_ledger *ledger = NULL;
  hpo_sched *s = NULL;
  hpo_end end = HPO_END_NONE;
  hpo_event idle = {.kind = HPO_EVENT_IDLE};
  const double x[8] = {0};

  (void)state;
  HPO_ASSERT(p->space.n_param <= 8);
  assert_int_equal(hpo_ledger_create(p, &ledger, NULL), HPO_OK);
  for (hpo_id i = 0; i < 4; i++) {
    hpo_trial *t = tinyplan_trial(p, i, HPO_TRIAL_COMPLETE, x, 1);
    t->wall = 1000;
    assert_int_equal(hpo_ledger_put(ledger, t, NULL), HPO_OK);
  }
  assert_int_equal(hpo_sched_create(p, ledger, 4000, 1, &s, NULL), HPO_OK);
  hpo_sched_set_deadline(s, 100);
  assert_int_equal(hpo_sched_event(s, &idle, NULL), HPO_OK);
  for (int i = 0; i < 4; i++)
    assert_true(run_job(s, 10, &end));
  assert_false(hpo_sched_is_late(s));
  hpo_sched_destroy(s);
  hpo_plan_destroy(p);
}

static void no_team_is_left(void **state) {
  hpo_plan *p = curve_plan(false);
  simulation s = {
      .plan = p, .teams = 3, .seed = 9, .stop_at = -1, .lose = 0.01};

  (void)state;
  simulate(&s);
  assert_int_equal(s.end, HPO_END_LOST);
  assert_int_equal(simulation_count(&s, HPO_TRIAL_RUNNING), 0);
  simulation_free(&s);
  hpo_plan_destroy(p);
}

static void enqueued_points_come_first(void **state) {
  hpo_plan *p = curve_plan(false);
  simulation s = {.plan = p, .teams = 2, .seed = 9, .stop_at = -1};
  size_t n = p->space.n_param;

  (void)state;
  assert_int_equal(hpo_mem_new(2 * n, sizeof *p->enqueue, &p->enqueue, NULL),
                   HPO_OK);
  p->n_enqueue = 2;
  for (size_t i = 0; i < 2 * n; i++)
    p->enqueue[i] = (double)NAN;
  p->enqueue[0] = 0.5;
  p->enqueue[n + 2] = 1;
  p->enqueue[n + 3] = 4;
  simulate(&s);
  assert_true(s.row[0]->x[0] == 0.5 && !isnan(s.row[0]->x[1]));
  assert_true(s.row[1]->x[2] == 1 && s.row[1]->x[3] == 4);
  simulation_free(&s);
  hpo_plan_destroy(p);
}

static void arrival_prunes(void **state) {
  hpo_plan *p = curve_plan(false);
  simulation s = {.plan = p, .teams = 3, .seed = 6, .stop_at = -1};
  size_t pruned = 0;

  (void)state;
  simulate(&s);
  for (size_t i = 0; i < s.n_row; i++)
    if (s.row[i]->state == HPO_TRIAL_PRUNED) {
      pruned++;
      assert_non_null(strstr(s.row[i]->reason, "median of"));
    }
  assert_true(pruned > 5);
  simulation_free(&s);
  hpo_plan_destroy(p);
}

static void many_trials_are_whole(void **state) {
  static const char *const sampler[] = {"random", "tpe"};

  (void)state;
  for (int i = 0; i < 2; i++) {
    hpo_plan *p = tinyplan_make();
    simulation s = {.plan = p, .teams = 3, .seed = 6, .stop_at = -1};
    tinyplan_text(&p->sampler.name, sampler[i]);
    tinyplan_text(&p->pruner.name, "median");
    p->trials = i == 0 ? 10000 : 2000;
    for (int j = 0; j < 10; j++)
      tinyplan_float(p, -3, 3, false, -1, 0);
    simulate(&s);
    check_whole(&s);
    simulation_free(&s);
    hpo_plan_destroy(p);
  }
}

static void add_model(hpo_plan *p) {
  assert_int_equal(hpo_mem_grow(&p->model, &p->model_room, p->n_model + 1,
                                sizeof *p->model, NULL),
                   HPO_OK);
  p->model[p->n_model++] = (hpo_plan_model){0};
}

static hpo_plan *halving_plan(bool strict, bool is_hyperband,
                              const char *factor) {
  static const char *const set[][2] = {{"min-resource", "2"},
                                       {"max-resource", "23"}};
  hpo_plan *p = curve_plan(strict);

  add_model(p);
  tinyplan_text(&p->pruner.name, is_hyperband ? "hyperband" : "halving");
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(
        hpo_settings_add(&p->pruner.options, set[i][0], set[i][1], 0, NULL),
        HPO_OK);
  assert_int_equal(hpo_settings_add(&p->pruner.options, "reduction-factor",
                                    factor, 0, NULL),
                   HPO_OK);
  return p;
}

/* The model is the first parameter, whose second choice trains for long. */
static hpo_plan *mixed_plan(bool strict, bool is_hyperband) {
  hpo_plan *p = halving_plan(strict, is_hyperband, "3");

  hpo_space_free(&p->space);
  tinyplan_choice(p, 2, -1, 0);
  tinyplan_float(p, -3, 3, false, -1, 0);
  add_model(p);
  return p;
}

/* The best trial is of the model that is better in the end, although the
 * other's are complete long before. */
static void check_mixed(const simulation *s) {
  const hpo_trial *best = NULL;

  for (size_t i = 0; i < s->n_row; i++) {
    const hpo_trial *t = s->row[i];
    if (t->state == HPO_TRIAL_COMPLETE &&
        (best == NULL || t->value[0] < best->value[0]))
      best = t;
  }
  assert_non_null(best);
  assert_true(best->x[0] > 0);
}

/* Each trial has gone as far as its rung says, with its whole curve; whoever
 * went on was good enough at last. */
static void check_rungs(const simulation *s) {
  for (size_t i = 0; i < s->n_row; i++) {
    const hpo_trial *t = s->row[i];
    assert_true(t->rung >= 0);
    assert_int_equal(t->n_curve, (size_t)t->steps);
    for (size_t k = 0; k < t->n_curve; k++)
      assert_int_equal(t->curve[k].step, (int64_t)k + 1);
    if (t->state == HPO_TRIAL_PRUNED)
      assert_non_null(strstr(t->reason, "not promoted"));
  }
}

static void halving_strict_is_the_same(void **state) {
  static const int teams[] = {1, 2, 3, 5, 9};
  uint64_t seed = tinyplan_seed(31);
  size_t again = 0, kills = 0;

  (void)state;
  for (int kind = 0; kind < 8; kind++) {
    hpo_plan *p = kind < 6
                      ? halving_plan(true, kind % 2 == 1, kind < 4 ? "2" : "3")
                      : mixed_plan(true, kind % 2 == 1);
    uint64_t expected = 0;
    size_t steps = 0;
    p->window = kind < 2 ? 1 : kind < 4 ? 5 : 16;
    for (uint64_t i = 0; i < 30; i++) {
      simulation s = {.plan = p,
                      .teams = teams[i % 5],
                      .seed = seed + i,
                      .kill = i < 8    ? 0
                              : i < 20 ? 0.01
                                       : 0.04,
                      .lose = i % 4 == 3 ? 0.0003 : 0,
                      .fail = kind < 6 && kind % 3 == 2 ? 0.1 : 0,
                      .stop_at = i % 6 == 5 ? 20 : -1,
                      .prepares = i % 3 == 1};
      simulate(&s);
      if (s.end != HPO_END_TRIALS) { /* go on with new teams */
        s.lose = 0;
        s.stop_at = -1;
        simulate(&s);
      }
      check_whole(&s);
      check_rungs(&s);
      if (p->n_model > 1)
        check_mixed(&s);
      if (i == 0)
        expected = simulation_digest(&s);
      assert_int_equal(simulation_digest(&s), expected);
      assert_true(simulation_count(&s, HPO_TRIAL_COMPLETE) > 0);
      if (i == 0)
        for (size_t k = 0; k < s.n_row; k++)
          steps += (size_t)s.row[k]->steps;
      again += s.again;
      kills += (size_t)s.sessions - 1;
      simulation_free(&s);
    }
    assert_true(steps < (size_t)p->trials * (kind % 2 == 1 ? 14 : 9));
    hpo_plan_destroy(p);
  }
  assert_true(again > 0 && kills > 0);
}

static void halving_in_arrival_counts_exactly(void **state) {
  uint64_t seed = tinyplan_seed(41);

  (void)state;
  for (uint64_t i = 0; i < 60; i++) {
    bool is_mixed = i % 4 == 1;
    hpo_plan *p =
        is_mixed ? mixed_plan(false, i % 8 == 1)
                 : halving_plan(false, i % 2 == 1, i % 3 == 0 ? "2" : "4");
    simulation s = {.plan = p,
                    .teams = 1 + (int)(i * 7 % 12),
                    .seed = seed + i,
                    .kill = i % 3 == 0 ? 0.02 : 0,
                    .lose = i % 5 == 4 ? 0.0002 : 0,
                    .fail = i % 4 == 0 ? 0.2 : 0,
                    .stop_at = i % 7 == 6 ? 20 : -1,
                    .prepares = i % 4 == 0};
    p->retries = (int)(i % 3);
    simulate(&s);
    if (s.end != HPO_END_TRIALS) {
      s.lose = 0;
      s.stop_at = -1;
      simulate(&s);
    }
    check_whole(&s);
    check_rungs(&s);
    if (is_mixed)
      check_mixed(&s);
    simulation_free(&s);
    hpo_plan_destroy(p);
  }
}

/* One trial alone is not left at its first rung. */
static void one_trial_goes_to_its_end(void **state) {
  (void)state;
  for (int strict = 0; strict < 2; strict++) {
    hpo_plan *p = halving_plan(strict == 1, false, "4");
    simulation s = {.plan = p, .teams = 2, .seed = 3, .stop_at = -1};
    p->trials = 2;
    simulate(&s);
    check_whole(&s);
    assert_int_equal(simulation_count(&s, HPO_TRIAL_COMPLETE), 1);
    simulation_free(&s);
    hpo_plan_destroy(p);
  }
}

/* ASHA as in the paper, on one team: the sequence of jobs by hand. */
static void halving_by_hand(void **state) {
  hpo_ladder l = {.least = 1, .most = 9, .factor = 3, .brackets = 1};
  hpo_rungs r = {0};
  hpo_id trial = -1;
  int64_t rung = 0;

  (void)state;
  assert_int_equal(hpo_rungs_make(&l, false, &r, NULL), HPO_OK);
  assert_int_equal(hpo_rungs_steps(&r, 0, -1), 0);
  assert_int_equal(hpo_rungs_steps(&r, 0, 0), 1);
  assert_int_equal(hpo_rungs_steps(&r, 0, 1), 3);
  assert_true(hpo_rungs_steps(&r, 0, 2) == INT64_MAX);
  for (hpo_id i = 0; i < 9; i++) {
    assert_int_equal(hpo_rungs_add(&r, i, 0, (double)(i % 4), false, NULL),
                     HPO_OK);
    bool expected = i % 3 == 2;
    assert_int_equal(hpo_rungs_next(&r, &trial, &rung), expected);
    if (expected) {
      assert_int_equal(rung, 1);
      assert_int_equal(trial, i == 2 ? 0 : i == 5 ? 4 : 8);
      assert_int_equal(hpo_rungs_add(&r, trial, 1, 5, false, NULL), HPO_OK);
    }
  }
  assert_true(hpo_rungs_next(&r, &trial, &rung));
  assert_true(rung == 2 && trial == 0);
  assert_false(hpo_rungs_next(&r, &trial, &rung));
  assert_true(hpo_rungs_last(&r, (double)NAN, &trial, &rung));
  assert_true(rung == 2 && trial == 4);
  r.has_complete = true; /* now only the best of a rung, if it is better */
  assert_int_equal(hpo_rungs_add(&r, 20, 0, -1, false, NULL), HPO_OK);
  assert_int_equal(hpo_rungs_add(&r, 21, 1, 4, false, NULL), HPO_OK);
  assert_true(hpo_rungs_next(&r, &trial, &rung));
  hpo_rungs_free(&r);
}

/* Hyperband's brackets: Optuna's budgets, and their shares of the trials. */
static void brackets_have_their_shares(void **state) {
  hpo_ladder l = {.least = 1, .most = 81, .factor = 3, .brackets = 5};
  static const double share[] = {81, 34, 15, 8, 5}; /* ceil(5 3^s / (s+1)) */
  size_t n[5] = {0};

  (void)state;
  for (hpo_id i = 0; i < 1430; i++)
    n[hpo_ladder_bracket(&l, i)]++;
  for (size_t b = 0; b < 5; b++)
    assert_true(fabs((double)n[b] - share[b] * 10) < 4);
  assert_int_equal(hpo_ladder_steps(&l, 0, 0), 1);
  assert_int_equal(hpo_ladder_steps(&l, 3, 0), 27);
  assert_true(hpo_ladder_steps(&l, 4, 0) == INT64_MAX);
}

/* What a scheduler wants done until it waits: the teams of its ASSIGNs, and
 * the trial that each has, in [n] `has`. */
static size_t take_assigned(hpo_sched *s, hpo_id *has) {
  hpo_error err = {0};
  hpo_action a = {0};
  bool have = true;
  size_t n = 0;

  while (true) {
    assert_int_equal(hpo_sched_next(s, &a, &have, &err), HPO_OK);
    if (!have)
      return n;
    if (a.kind == HPO_ACTION_ASSIGN) {
      has[a.team] = a.job.trial;
      n++;
    }
    hpo_action_free(&a);
  }
}

static void tell(hpo_sched *s, hpo_event e) {
  hpo_error err = {0};
  assert_int_equal(hpo_sched_event(s, &e, &err), HPO_OK);
}

static void tell_done(hpo_sched *s, const hpo_plan *p, int team, hpo_id *has) {
  hpo_error err = {0};
  hpo_result r = {0};

  assert_int_equal(hpo_trial_sample(1, p, has[team], &r.trial, &err), HPO_OK);
  r.trial->state = HPO_TRIAL_COMPLETE;
  r.trial->value[0] = 1;
  tell(s, (hpo_event){.kind = HPO_EVENT_RESULT, .team = team, .result = &r});
  has[team] = -1;
}

/* Two ranks of two lanes, teams 0 and 2, 1 and 3: rank 0 is lost with two
 * trials, each of which then has rank 1 to itself. */
static void lost_ones_run_alone(void **state) {
  hpo_plan *p = curve_plan(false);
  hpo_ledger *ledger = NULL;
  hpo_sched *s = NULL;
  hpo_error err = {0};
  hpo_id has[4] = {-1, -1, -1, -1};

  (void)state;
  assert_int_equal(hpo_ledger_create(p, &ledger, &err), HPO_OK);
  assert_int_equal(hpo_sched_create(p, ledger, 0, 4, &s, &err), HPO_OK);
  assert_int_equal(hpo_sched_set_groups(s, 2, &err), HPO_OK);
  for (int t = 0; t < 4; t++)
    tell(s, (hpo_event){.kind = HPO_EVENT_IDLE, .team = t});
  assert_int_equal(take_assigned(s, has), 4);
  const hpo_id first = has[0], second = has[2];
  for (int t = 0; t < 4; t += 2)
    tell(s, (hpo_event){.kind = HPO_EVENT_LOST, .team = t, .reason = "gone"});
  assert_int_equal(take_assigned(s, has), 0);
  tell_done(s, p, 1, has);
  assert_int_equal(take_assigned(s, has), 0); /* team 3 is still at work */
  tell_done(s, p, 3, has);
  assert_int_equal(take_assigned(s, has), 1);
  assert_true(has[1] == first && has[3] == -1);
  tell_done(s, p, 1, has);
  assert_int_equal(take_assigned(s, has), 1);
  assert_true(has[1] == second && has[3] == -1);
  tell_done(s, p, 1, has);
  assert_int_equal(take_assigned(s, has), 2);
  hpo_sched_destroy(s);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strict_is_the_same),
      cmocka_unit_test(window_counts),
      cmocka_unit_test(strict_budget_can_be_raised),
      cmocka_unit_test(strict_ends_early),
      cmocka_unit_test(arrival_counts_exactly),
      cmocka_unit_test(soft_stops),
      cmocka_unit_test(arrival_target_stops_others),
      cmocka_unit_test(timeout_cancels),
      cmocka_unit_test(nothing_starts_in_vain),
      cmocka_unit_test(every_session_starts_trials),
      cmocka_unit_test(no_team_is_left),
      cmocka_unit_test(lost_ones_run_alone),
      cmocka_unit_test(enqueued_points_come_first),
      cmocka_unit_test(arrival_prunes),
      cmocka_unit_test(many_trials_are_whole),
      cmocka_unit_test(halving_by_hand),
      cmocka_unit_test(brackets_have_their_shares),
      cmocka_unit_test(one_trial_goes_to_its_end),
      cmocka_unit_test(halving_in_arrival_counts_exactly),
      cmocka_unit_test(halving_strict_is_the_same)};

  return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
