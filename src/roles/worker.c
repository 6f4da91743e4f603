/* SPDX-License-Identifier: BSD-3-Clause */
/* The role of a team's first rank.
 *
 *      create --READY--> idle --JOB--> training --over or STOP--> idle
 *                         |               |        RESULT
 *                         +---- QUIT -----+--BYE--> over
 *
 *  1. Each JOB is answered by exactly one RESULT, unless QUIT comes first.
 *  2. A STOP for another trial than the one in training came too late and is
 *     ignored.
 *  3. If the worker itself can't go on, its RESULT says so, and it waits for
 *     QUIT.
 */
#include "hpo/worker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/clock.h"
#include "hpo/mem.h"
#include "hpo/proto.h"
#include "hpo/rng.h"
#include "roles/worker_team.h"

/* Reports closer than this, in seconds, are left out. */
#define REPORT_GAP 1e-3

struct hpo_worker {
  hpo_comm comm;
  int manager, team;
  const hpo_coll *coll; /* the team's ranks */
  bool is_torn;         /* they can't be told anything any more */
  hpo_evaluator *evaluator;
  hpo_evaluation *evaluation; /* NULL: idle */
  bool is_over;               /* the evaluation has ended */
  bool wants_reports;
  double pulse;    /* seconds between two; 0: none */
  double reported; /* when, monotonic seconds; a PULSE as well: */
  double pulsed;
  bool said_bye;
  hpo_buffer scratch;
  bool delays; /* tests: */
  hpo_rng rng;
  double asleep_until;
};

static hpo_status send(hpo_worker *w, const hpo_message *msg, hpo_error *err) {
  return hpo_proto_send(&w->comm, w->manager, msg, err);
}

hpo_status hpo_worker_create(const hpo_worker_input *in, hpo_worker **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_worker *w = NULL;
  hpo_message ready = {.tag = HPO_TAG_READY};

  HPO_TRY(status, hpo_mem_new(1, sizeof *w, &w, err));
  w->comm = in->comm;
  w->manager = in->manager;
  w->team = in->team;
  w->coll = in->coll;
  w->evaluator = in->evaluator;
  w->pulse = in->pulse;
  w->delays = in->delay_seed != 0;
  w->rng = hpo_rng_make(in->delay_seed, HPO_RNG_TEST, (uint64_t)in->team, 1);
  if (in->not_ready) {
    ready.status = in->not_ready->code;
    snprintf(ready.text, sizeof ready.text, "%.1000s", in->not_ready->text);
  }
  HPO_TRY(status, send(w, &ready, err));
  *out = w;
  w = NULL;
done:
  hpo_worker_destroy(w);
  return status;
}

void hpo_worker_destroy(hpo_worker *w) {
  if (!w)
    return;
  hpo_evaluation_destroy(w->evaluation);
  hpo_buffer_free(&w->scratch);
  hpo_mem_free(w);
}

/* --- answers ----------------------------------------------------------- */

static void drop_evaluation(hpo_worker *w) {
  hpo_evaluation_destroy(w->evaluation);
  w->evaluation = NULL;
  w->is_over = false;
}

static hpo_status order(hpo_worker *w, hpo_order_kind kind, hpo_error *err) {
  return hpo_order_send(w->coll, &(hpo_order){.kind = (int32_t)kind}, NULL,
                        err);
}

/* Tells the manager that this worker can't go on; own: why.  Its team stands
 * somewhere in a step, where no order reaches it. */
static hpo_status send_failure(hpo_worker *w, const hpo_error *own,
                               hpo_error *err) {
  hpo_message msg = {.tag = HPO_TAG_RESULT, .status = own->code};

  drop_evaluation(w);
  w->is_torn = true;
  snprintf(msg.text, sizeof msg.text, "%.1000s", own->text);
  return send(w, &msg, err);
}

static hpo_status make_result(hpo_worker *w, hpo_message *msg,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, order(w, HPO_ORDER_RESULT, err));
  HPO_TRY(status, hpo_evaluation_result(w->evaluation, &msg->result, err));
  msg->result.trial->team = w->team;
  hpo_clock_host(msg->result.trial->host, sizeof msg->result.trial->host);
done:
  return status;
}

static hpo_status send_result(hpo_worker *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message msg = {.tag = HPO_TAG_RESULT};
  hpo_error own = {0};

  if (make_result(w, &msg, &own) != HPO_OK) {
    HPO_TRY(status, send_failure(w, &own, err));
  } else {
    HPO_TRY(status, send(w, &msg, err));
    drop_evaluation(w);
  }
done:
  hpo_message_free(&msg);
  return status;
}

static hpo_status send_report(hpo_worker *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  double now = hpo_clock_seconds();
  hpo_message msg = {.tag = HPO_TAG_REPORT,
                     .trial = hpo_evaluation_trial(w->evaluation),
                     .step = hpo_evaluation_steps(w->evaluation),
                     .value = hpo_evaluation_report(w->evaluation)};

  if (!w->wants_reports || isnan(msg.value) || now - w->reported < REPORT_GAP)
    goto done;
  HPO_TRY(status, send(w, &msg, err));
  w->reported = now;
done:
  return status;
}

/* --- messages ---------------------------------------------------------- */

static hpo_status create_evaluation(hpo_worker *w, hpo_message *msg,
                                    hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_order job = {.kind = HPO_ORDER_JOB};
  hpo_buffer bytes = {0};

  if (w->coll->size > 1)
    HPO_TRY(status, hpo_proto_encode(msg, &bytes, err));
  HPO_TRY(status, hpo_order_send(w->coll, &job, &bytes, err));
  HPO_TRY(status,
          hpo_evaluation_create(w->evaluator, &msg->job, &w->evaluation, err));
done:
  hpo_buffer_free(&bytes);
  return status;
}

static hpo_status start_job(hpo_worker *w, hpo_message *msg, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_job *job = &msg->job;
  hpo_error own = {0};

  if (w->evaluation)
    HPO_FAIL(status, err, HPO_EBUG,
             "a job for trial %lld came while trial %lld is in training",
             (long long)job->trial,
             (long long)hpo_evaluation_trial(w->evaluation));
  w->wants_reports = job->want_reports;
  w->reported = 0;
  if (create_evaluation(w, msg, &own) != HPO_OK)
    HPO_TRY(status, send_failure(w, &own, err));
done:
  return status;
}

static hpo_status stop_trial(hpo_worker *w, const hpo_message *msg,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_order o = {.kind = HPO_ORDER_STOP, .state = (int32_t)msg->state};

  HPO_TRY(status, hpo_order_send(w->coll, &o, NULL, err));
  hpo_evaluation_stop(w->evaluation, msg->state, msg->text);
  w->is_over = true;
done:
  return status;
}

static hpo_status take_message(hpo_worker *w, hpo_message *msg,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message bye = {.tag = HPO_TAG_BYE};

  switch (msg->tag) {
  case HPO_TAG_JOB:
    HPO_TRY(status, start_job(w, msg, err));
    break;
  case HPO_TAG_STOP:
    if (w->evaluation && !w->is_over &&
        hpo_evaluation_trial(w->evaluation) == msg->trial)
      HPO_TRY(status, stop_trial(w, msg, err));
    break;
  case HPO_TAG_QUIT:
    drop_evaluation(w);
    if (!w->is_torn)
      HPO_TRY(status, order(w, HPO_ORDER_QUIT, err));
    HPO_TRY(status, send(w, &bye, err));
    w->said_bye = true;
    break;
  case HPO_TAG_READY:
  case HPO_TAG_REPORT:
  case HPO_TAG_RESULT:
  case HPO_TAG_BYE:
  case HPO_TAG_PULSE:
    HPO_ASSERT(false); /* receive refuses what is for the manager */
  }
done:
  return status;
}

static hpo_status take_messages(hpo_worker *w, bool *worked, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message msg = {0};
  bool have = true;
  int from = -1;

  while (!w->said_bye) {
    HPO_TRY(status, hpo_proto_receive(&w->comm, true, &w->scratch, &have,
                                      &from, &msg, err));
    if (!have)
      goto done;
    *worked = true;
    HPO_TRY(status, take_message(w, &msg, err));
    hpo_message_free(&msg);
  }
done:
  hpo_message_free(&msg);
  return status;
}

/* --- turns ------------------------------------------------------------- */

static hpo_status step(hpo_worker *w, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, order(w, HPO_ORDER_STEP, err));
  HPO_TRY(status, hpo_evaluation_step(w->evaluation, &w->is_over, err));
done:
  return status;
}

/* So that a long trial does not look like one that hangs. */
static hpo_status send_pulse(hpo_worker *w, hpo_error *err) {
  double now = hpo_clock_seconds();
  hpo_message msg = {.tag = HPO_TAG_PULSE};

  if (w->pulse <= 0 || now - w->pulsed < w->pulse ||
      hpo_evaluation_waits(w->evaluation))
    return HPO_OK;
  w->pulsed = now;
  return send(w, &msg, err);
}

static hpo_status train(hpo_worker *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};

  if (step(w, &own) != HPO_OK)
    HPO_TRY(status, send_failure(w, &own, err));
  else if (!w->is_over)
    HPO_TRY(status, send_report(w, err));
  if (w->evaluation)
    HPO_TRY(status, send_pulse(w, err));
done:
  return status;
}

/* Tests: whether this turn is slept through; one in four starts a sleep of
 * up to 2 ms, without blocking whoever else takes turns in the process. */
static bool is_delayed(hpo_worker *w) {
  double now;

  if (!w->delays)
    return false;
  now = hpo_clock_seconds();
  if (now < w->asleep_until)
    return true;
  if (hpo_rng_next(&w->rng) < 0.25)
    w->asleep_until = now + 2e-3 * hpo_rng_next(&w->rng);
  return now < w->asleep_until;
}

static hpo_status turn(hpo_worker *w, bool *worked, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, take_messages(w, worked, err));
  if (!w->evaluation || is_delayed(w))
    goto done;
  if (!w->is_over)
    HPO_TRY(status, train(w, err));
  if (w->evaluation && w->is_over && hpo_evaluation_settle(w->evaluation) &&
      !is_delayed(w))
    HPO_TRY(status, send_result(w, err));
  *worked = *worked || !w->evaluation || !hpo_evaluation_waits(w->evaluation);
done:
  return status;
}

hpo_status hpo_worker_poll(hpo_worker *w, bool *worked, bool *over,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  bool did = false;

  HPO_TRY(status, turn(w, &did, err));
  *worked = did;
  *over = w->said_bye;
done:
  return status;
}
