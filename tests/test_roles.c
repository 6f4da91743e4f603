/* SPDX-License-Identifier: BSD-3-Clause */
/* Manager and workers over mailboxes, with a real study file: strict order
 * on any number of workers, kills, torn rows, soft stops, failures.
 *
 * A session that is killed is a child process, so that its _exit in the
 * middle leaves the file as SIGKILL would; the parent looks at it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/clock.h"
#include "hpo/rng.h"
#include "session.h"
#include "tinyplan.h"

enum { TRIALS = 24 }; /* of session_plan */

static void test_strict_on_any_workers(void **state) {
  (void)state;
  static const int workers[] = {1, 2, 3, 5}, lanes[] = {0, 2, 4, 32};
  char path[64];
  hpo_plan *plan = session_plan(true);
  uint64_t seed = tinyplan_seed(1);
  uint32_t first = 0;

  for (size_t i = 0; i < 4; i++)
    for (uint64_t round = 0; round < 4; round++) {
      session s = {.plan = plan,
                   .path = session_fresh(path),
                   .n = workers[i],
                   .lanes = lanes[(round + i) % 4],
                   .seed = round ? seed + i : 0};
      session_heard h = {0};
      assert_int_equal(session_run(&s, &h, HPO_OK, NULL), HPO_END_TRIALS);
      assert_int_equal(h.trials, TRIALS);
      assert_true(h.best >= 1);
      uint32_t d = session_digest(plan, path);
      if (i + round == 0)
        first = d;
      assert_int_equal(d, first);
    }
  session_fresh(path);
  hpo_plan_destroy(plan);
}

/* Killed again and again, on changing numbers of workers; returns how many
 * sessions it took. */
static int run_with_kills(const hpo_plan *plan, const char *path,
                          uint64_t seed) {
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 5, 0);
  int sessions = 0, end = -1;

  while (end < 0) {
    session s = {.plan = plan,
                 .path = path,
                 .n = 1 + (int)(hpo_rng_next32(&rng) % SESSION_MOST_WORKERS),
                 .lanes = 1 + (int)(hpo_rng_next32(&rng) % 4),
                 .seed = 1 + hpo_rng_next32(&rng) % 1000,
                 .kill_after = 1 + (int)(hpo_rng_next32(&rng) % 9)};
    end = session_child(&s, NULL);
    sessions++;
    assert_true(sessions <= TRIALS + 1);
  }
  assert_int_equal(end, HPO_END_TRIALS);
  return sessions;
}

static void test_strict_with_kills(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(true);
  uint64_t seed = tinyplan_seed(2);
  session whole = {.plan = plan, .path = session_fresh(path), .n = 2};
  session_heard h = {0};
  uint32_t undisturbed;
  int sessions = 0;

  session_run(&whole, &h, HPO_OK, NULL);
  undisturbed = session_digest(plan, path);
  for (uint64_t i = 0; i < 6; i++) {
    sessions += run_with_kills(plan, session_fresh(path), seed * 100 + i);
    assert_int_equal(session_digest(plan, path), undisturbed);
  }
  assert_true(sessions > 12);
  print_message("%d sessions\n", sessions);
  session_fresh(path);
  hpo_plan_destroy(plan);
}

/* Damages the row of a trial on disk: the byte after its start time, which
 * is unlike anything else in the file. */
static bool tear_row(const char *path, int64_t start) {
  FILE *f = fopen(path, "r+b");
  int64_t seen = 0;
  bool found = false;
  int c;

  assert_non_null(f);
  for (long at = 1; !found && (c = getc(f)) != EOF; at++) {
    seen = (int64_t)((uint64_t)seen >> 8 | (uint64_t)c << 56);
    if (seen == start) {
      assert_int_equal(fseek(f, at, SEEK_SET), 0);
      assert_true(putc(0x5A, f) != EOF);
      found = true;
    }
  }
  assert_int_equal(fclose(f), 0);
  return found;
}

/* A running trial's row that a kill has torn: run again, the same study. */
static void test_torn_row(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(true);
  session_heard h = {0};
  session s = {.plan = plan, .path = session_fresh(path), .n = 3};
  hpo_store *store = NULL;
  double seconds = -1;
  int torn = 0;

  session_run(&s, &h, HPO_OK, NULL);
  uint32_t whole = session_digest(plan, path);
  for (int kill_after = 4; kill_after < 20; kill_after += 3) {
    s.path = session_fresh(path);
    s.kill_after = kill_after;
    assert_int_equal(session_child(&s, NULL), -1);
    hpo_ledger *ledger = session_load(plan, path, &store, &seconds);
    hpo_store_destroy(store);
    for (size_t i = 0; i < hpo_ledger_trials(ledger); i++) {
      const hpo_trial *t = hpo_ledger_get(ledger, (hpo_id)i);
      if (t->state == HPO_TRIAL_INTERRUPTED)
        torn += tear_row(path, t->start);
    }
    hpo_ledger_destroy(ledger);
    ledger = session_load(plan, path, &store, &seconds);
    for (size_t i = 0; i < hpo_ledger_trials(ledger); i++) {
      const hpo_trial *t = hpo_ledger_get(ledger, (hpo_id)i);
      assert_true(hpo_trial_is_final(t->state) || isnan(t->x[0]));
    }
    hpo_ledger_destroy(ledger);
    hpo_store_destroy(store);
    s.kill_after = 0;
    assert_int_equal(session_child(&s, NULL), HPO_END_TRIALS);
    assert_int_equal(session_digest(plan, path), whole);
  }
  print_message("%d torn rows\n", torn);
  assert_true(torn >= 3);
  session_fresh(path);
  hpo_plan_destroy(plan);
}

/* The same with objects destroyed instead of a kill, for leak checkers. */
static void test_dropped_objects(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(true);
  session_heard h = {0};
  session s = {.plan = plan, .path = session_fresh(path), .n = 3, .seed = 5};
  int sessions = 1;

  s.drop = true;
  s.kill_after = 5;
  while (session_run(&s, &h, HPO_OK, NULL) != HPO_END_TRIALS) {
    h = (session_heard){0};
    sessions++;
  }
  assert_true(sessions >= 4);
  session whole = {.plan = plan, .path = path, .n = 2};
  uint32_t d = session_digest(plan, path);
  h = (session_heard){0};
  whole.path = session_fresh(path);
  session_run(&whole, &h, HPO_OK, NULL);
  assert_int_equal(session_digest(plan, path), d);
  session_fresh(path);
  hpo_plan_destroy(plan);
}

static void test_arrival_counts(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(false);
  uint64_t seed = tinyplan_seed(3);
  int more = -1;

  for (uint64_t i = 0; i < 4; i++) {
    run_with_kills(plan, session_fresh(path), seed * 100 + i);
    (void)session_digest(plan, path); /* exactly plan->trials, all final */
  }
  /* a finished study ends at once and touches nothing */
  session again = {.plan = plan, .path = path, .n = 2};
  uint32_t before = session_digest(plan, path);
  assert_int_equal(session_child(&again, &more), HPO_END_TRIALS);
  assert_int_equal(more, 0);
  assert_int_equal(session_digest(plan, path), before);
  /* a raised budget goes on */
  plan->trials += 6;
  assert_int_equal(session_child(&again, &more), HPO_END_TRIALS);
  assert_int_equal(more, 6);
  (void)session_digest(plan, path);
  session_fresh(path);
  hpo_plan_destroy(plan);
}

static void test_soft_stop(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(true);
  session_heard h = {0};
  session s = {.plan = plan,
               .path = session_fresh(path),
               .n = 3,
               .seed = 8,
               .stop_after = 9};
  hpo_store *store = NULL;
  double seconds = -1;
  size_t finals = 0, interrupted = 0;

  plan->window = 16; /* all workers are busy, for long */
  tinyplan_text(&plan->model[0].fixed.item[1].value, "60");
  assert_int_equal(session_run(&s, &h, HPO_OK, NULL), HPO_END_STOPPED);
  hpo_ledger *ledger = session_load(plan, path, &store, &seconds);
  for (size_t i = 0; i < hpo_ledger_trials(ledger); i++) {
    const hpo_trial *t = hpo_ledger_get(ledger, (hpo_id)i);
    finals += hpo_trial_is_final(t->state);
    interrupted += t->state == HPO_TRIAL_INTERRUPTED;
    if (t->state == HPO_TRIAL_INTERRUPTED)
      assert_string_equal(t->reason, "told to stop");
  }
  assert_int_equal(finals, h.trials);
  assert_in_range(finals, 9, 15);
  assert_int_equal(finals + interrupted, hpo_ledger_trials(ledger));
  assert_true(interrupted >= 1);
  hpo_ledger_destroy(ledger);
  hpo_store_destroy(store);

  s.stop_after = 0;
  assert_int_equal(session_run(&s, &h, HPO_OK, NULL), HPO_END_TRIALS);
  assert_int_equal(h.trials, TRIALS);
  uint32_t stopped = session_digest(plan, path);
  s.path = session_fresh(path);
  session_run(&s, &h, HPO_OK, NULL);
  assert_int_equal(session_digest(plan, path), stopped);
  session_fresh(path);
  hpo_plan_destroy(plan);
}

/* Workers hang in the middle of a trial: it is put back and runs on another,
 * to the same bits; when they wake, they are not believed. */
static void test_lost_workers(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(true);
  session_heard h = {0};
  session whole = {.plan = plan, .path = session_fresh(path), .n = 2};

  session_run(&whole, &h, HPO_OK, NULL);
  uint32_t undisturbed = session_digest(plan, path);
  for (int lose = 1; lose < 4; lose++)
    for (int after = 0; after < TRIALS; after += 7) {
      session s = {.plan = plan,
                   .path = session_fresh(path),
                   .n = 4,
                   .lanes = 1 + after % 3,
                   .seed = (uint64_t)(10 * lose + after),
                   .lose = lose,
                   .lose_after = after,
                   .return_late = true};
      h = (session_heard){0};
      assert_int_equal(session_run(&s, &h, HPO_OK, NULL), HPO_END_TRIALS);
      assert_int_equal(h.trials, TRIALS);
      assert_int_equal(session_digest(plan, path), undisturbed);
    }
  session_fresh(path);
  hpo_plan_destroy(plan);
}

/* All hang: what is there is saved, and another session goes on. */
static void test_all_workers_lost(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(true);
  session_heard h = {0};
  session s = {.plan = plan,
               .path = session_fresh(path),
               .n = 3,
               .seed = 4,
               .lose = 3,
               .lose_after = 9};

  assert_int_equal(session_run(&s, &h, HPO_OK, NULL), HPO_END_LOST);
  assert_in_range(h.trials, 9, TRIALS - 1);
  s.lose = 0;
  assert_int_equal(session_run(&s, &h, HPO_OK, NULL), HPO_END_TRIALS);
  assert_int_equal(h.trials, TRIALS);
  uint32_t gone_on = session_digest(plan, path);
  s.path = session_fresh(path);
  session_run(&s, &h, HPO_OK, NULL);
  assert_int_equal(session_digest(plan, path), gone_on);
  session_fresh(path);
  hpo_plan_destroy(plan);
}

/* Every trial fails (branin takes two coordinates), is tried once more. */
static void test_failures(void **state) {
  (void)state;
  for (int strict = 0; strict < 2; strict++) {
    char path[64];
    hpo_plan *plan = session_plan(strict == 1);
    session_heard h = {0};
    session s = {.plan = plan, .path = session_fresh(path), .n = 2, .seed = 4};
    hpo_store *store = NULL;
    double seconds = -1;

    tinyplan_text(&plan->model[0].fixed.item[0].value, "branin");
    plan->trials = 7;
    plan->retries = 1;
    assert_int_equal(session_run(&s, &h, HPO_OK, NULL), HPO_END_TRIALS);
    assert_int_equal(h.trials, 7);
    assert_int_equal(h.best, 0);
    hpo_ledger *ledger = session_load(plan, path, &store, &seconds);
    assert_int_equal(hpo_ledger_count(ledger, HPO_TRIAL_FAILED), 7);
    for (hpo_id i = 0; i < 7; i++) {
      const hpo_trial *t = hpo_ledger_get(ledger, i);
      assert_int_equal(t->attempt, 1);
      assert_non_null(strstr(t->reason, "branin"));
    }
    hpo_ledger_destroy(ledger);
    hpo_store_destroy(store);
    session_fresh(path);
    hpo_plan_destroy(plan);
  }
}

static void test_unready_worker(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(true);
  session_heard h = {0};
  hpo_error err = {0};
  session s = {
      .plan = plan, .path = session_fresh(path), .n = 2, .is_unready = true};

  session_run(&s, &h, HPO_EDATA, &err);
  assert_non_null(strstr(err.text, "rank 2 can't start"));
  assert_non_null(strstr(err.text, "white.csv is not here"));
  session_fresh(path);
  hpo_plan_destroy(plan);
}

/* Seconds of earlier sessions: of killed ones up to their last trial. */
static void test_seconds(void **state) {
  (void)state;
  char path[64];
  hpo_plan *plan = session_plan(false);
  session s = {.plan = plan,
               .path = session_fresh(path),
               .n = 1,
               .seed = 6,
               .kill_after = 12};
  hpo_store *store = NULL;
  double began = hpo_clock_seconds(), seconds = -1;

  assert_int_equal(session_child(&s, NULL), -1);
  hpo_ledger *ledger = session_load(plan, path, &store, &seconds);
  print_message("%.3f s of %.3f s\n", seconds, hpo_clock_seconds() - began);
  assert_true(seconds > 0.005);
  assert_true(seconds < hpo_clock_seconds() - began);
  hpo_ledger_destroy(ledger);
  hpo_store_destroy(store);
  session_fresh(path);
  hpo_plan_destroy(plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strict_on_any_workers),
      cmocka_unit_test(test_strict_with_kills),
      cmocka_unit_test(test_torn_row),
      cmocka_unit_test(test_dropped_objects),
      cmocka_unit_test(test_arrival_counts),
      cmocka_unit_test(test_soft_stop),
      cmocka_unit_test(test_lost_workers),
      cmocka_unit_test(test_all_workers_lost),
      cmocka_unit_test(test_failures),
      cmocka_unit_test(test_unready_worker),
      cmocka_unit_test(test_seconds),
  };
  return cmocka_run_group_tests_name("roles", tests, NULL, NULL);
}
