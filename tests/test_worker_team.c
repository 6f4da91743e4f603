/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker whose team are threads: jobs, stops, failures and quits reach the
 * others, and the results are those of a worker alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/proto.h"
#include "hpo/worker.h"
#include "session.h"
#include "team.h"
#include "tinyplan.h"

#define MUST(call) must((call), &err, __LINE__)

/* What the first rank gets back for its three jobs. */
typedef struct script {
  const hpo_plan *plan;
  uint64_t delay_seed;
  bool quits_early; /* in the middle of the last job */
  double value[3];
  int64_t steps[3];
  hpo_trial_state state[3];
} script;

static void must(hpo_status status, const hpo_error *err, int line) {
  if (status == HPO_OK)
    return;
  fprintf(stderr, "test_worker_team.c:%d: %s\n", line, err->text);
  abort();
}

static void send_job(const script *s, hpo_comm *manager, hpo_id trial) {
  hpo_error err = {0};
  hpo_message job = {.tag = HPO_TAG_JOB};

  job.job = (hpo_job){.trial = trial,
                      .job = trial,
                      .to_step = INT64_MAX,
                      .n_param = s->plan->space.n_param,
                      .send_model = (double)INFINITY,
                      .want_reports = true};
  MUST(hpo_mem_new(job.job.n_param, sizeof *job.job.x, &job.job.x, &err));
  for (size_t i = 0; i < job.job.n_param; i++)
    job.job.x[i] = (double)(trial + (hpo_id)i) / 2;
  job.job.x[2] = 1;
  MUST(hpo_proto_send(manager, 1, &job, &err));
  hpo_message_free(&job);
}

/* Polls until a message of that tag; stop_at: sends a STOP after the report
 * of that step; 0: never. */
static void wait_for(hpo_comm *manager, hpo_worker *w, hpo_tag tag,
                     int64_t stop_at, hpo_message *msg) {
  hpo_error err = {0};
  hpo_buffer scratch = {0};
  hpo_message stop = {
      .tag = HPO_TAG_STOP, .state = HPO_TRIAL_PRUNED, .text = "enough"};
  bool worked = false, over = false, have = false;
  int from = -1;

  while (!have || msg->tag != tag) {
    if (!over)
      MUST(hpo_worker_poll(w, &worked, &over, &err));
    hpo_message_free(msg);
    MUST(hpo_proto_receive(manager, false, &scratch, &have, &from, msg, &err));
    if (have && msg->tag == HPO_TAG_REPORT && stop_at > 0 &&
        msg->step >= stop_at) {
      stop.trial = msg->trial;
      MUST(hpo_proto_send(manager, 1, &stop, &err));
    }
  }
  hpo_buffer_free(&scratch);
}

static void lead(script *s, const hpo_worker_input *in, hpo_comm *manager) {
  hpo_error err = {0};
  hpo_worker *w = NULL;
  hpo_message msg = {.tag = HPO_TAG_BYE}, quit = {.tag = HPO_TAG_QUIT};

  MUST(hpo_worker_create(in, &w, &err));
  for (int i = 0; i < 3; i++) {
    send_job(s, manager, i);
    if (i == 2 && s->quits_early)
      break;
    wait_for(manager, w, HPO_TAG_RESULT, i == 1 ? 1 : 0, &msg);
    HPO_ASSERT(msg.status == HPO_OK);
    s->value[i] = msg.result.trial->value[0];
    s->steps[i] = msg.result.trial->steps;
    s->state[i] = msg.result.trial->state;
  }
  MUST(hpo_proto_send(manager, 1, &quit, &err));
  wait_for(manager, w, HPO_TAG_BYE, 0, &msg);
  hpo_message_free(&msg);
  hpo_worker_destroy(w);
}

static void work(const hpo_coll *coll, void *argument) {
  script *s = argument;
  hpo_error err = {0};
  hpo_comm *comms = NULL;
  hpo_evaluator *evaluator = NULL;
  hpo_worker_input in = {
      .coll = coll, .lanes = 1, .delay_seed = s->delay_seed};

  MUST(hpo_evaluator_create(s->plan, NULL, coll, &evaluator, &err));
  in.evaluator = evaluator;
  if (coll->rank > 0) {
    MUST(hpo_worker_follow(&in, &err));
  } else {
    MUST(hpo_comm_local_create(2, &comms, &err));
    in.comm = comms[1];
    lead(s, &in, &comms[0]);
    hpo_comm_local_destroy(comms);
  }
  hpo_evaluator_destroy(evaluator);
}

static void test_teams_answer_as_one(void **state) {
  hpo_plan *plan = session_plan(true);
  script alone = {.plan = plan};

  (void)state;
  team_run(1, work, &alone);
  assert_int_equal(alone.state[0], HPO_TRIAL_COMPLETE);
  assert_int_equal(alone.steps[0], 6);
  assert_int_equal(alone.state[1], HPO_TRIAL_PRUNED);
  assert_true(alone.steps[1] < 6);
  for (int size = 2; size <= 5; size++) {
    script s = {.plan = plan, .delay_seed = (uint64_t)size};
    team_run(size, work, &s);
    assert_int_equal(s.state[1], HPO_TRIAL_PRUNED);
    for (int i = 0; i < 3; i += 2) {
      assert_true(s.value[i] == alone.value[i]);
      assert_int_equal(s.steps[i], alone.steps[i]);
      assert_int_equal(s.state[i], alone.state[i]);
    }
  }
  hpo_plan_destroy(plan);
}

static void test_quit_in_a_trial(void **state) {
  hpo_plan *plan = session_plan(true);

  (void)state;
  for (int size = 1; size <= 3; size++) {
    script s = {.plan = plan, .quits_early = true};
    team_run(size, work, &s);
    assert_int_equal(s.state[0], HPO_TRIAL_COMPLETE);
  }
  hpo_plan_destroy(plan);
}

/* A function that needs more parameters: all ranks know it at once. */
static void test_a_failed_trial(void **state) {
  hpo_plan *plan = session_plan(true);
  script s = {.plan = plan};

  (void)state;
  hpo_mem_free(plan->model[0].fixed.item[0].value);
  plan->model[0].fixed.item[0].value = NULL;
  tinyplan_text(&plan->model[0].fixed.item[0].value, "hartmann6");
  team_run(3, work, &s);
  for (int i = 0; i < 3; i++)
    assert_int_equal(s.state[i], HPO_TRIAL_FAILED);
  hpo_plan_destroy(plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_teams_answer_as_one),
      cmocka_unit_test(test_quit_in_a_trial),
      cmocka_unit_test(test_a_failed_trial)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
