/* SPDX-License-Identifier: BSD-3-Clause */
/* The role of a team's first rank.  Each of its lanes goes through
 *
 *      idle --JOB--> [waiting for memory] --> training --over or STOP--> idle
 *                                                        RESULT
 *
 *  and all of them together through create --READY--> ... --QUIT, BYE--> over.
 *
 *  1. Each JOB is answered by exactly one RESULT in its lane, unless QUIT
 *     comes first.
 *  2. A STOP for another trial than the one in its lane came too late and is
 *     ignored.
 *  3. If the worker itself can't go on, a RESULT says so, and it waits for
 *     QUIT.
 *  4. A turn takes one step of every trial in training; that is all that
 *     lanes have in common.
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

typedef struct lane {
  hpo_evaluation *evaluation; /* NULL: idle, or: */
  bool waits;                 /* job is to be started when there is room */
  hpo_message job;
  bool is_stopped; /* as stop says, once it has started */
  hpo_message stop;
  bool is_over; /* the evaluation has ended */
  bool wants_reports;
  double reported; /* when, monotonic seconds */
  hpo_rng rng;     /* tests: of delays */
  double asleep_until;
} lane;

struct hpo_worker {
  hpo_comm comm;
  int manager, team;
  const hpo_coll *coll; /* the team's ranks */
  bool is_torn;         /* they can't be told anything any more */
  hpo_evaluator *evaluator;
  lane *lane; /* [n] */
  size_t n;
  hpo_evaluation **active; /* [n] scratch: those that take a step */
  double pulse;            /* seconds between two; 0: none */
  double pulsed;           /* when, monotonic seconds */
  bool said_bye;
  hpo_buffer scratch;
  bool delays; /* tests */
};

static void clear(lane *l) {
  hpo_evaluation_destroy(l->evaluation);
  hpo_message_free(&l->job);
  l->evaluation = NULL;
  l->waits = l->is_stopped = l->is_over = false;
}

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
  HPO_ASSERT(in->lanes == 1 || (in->lanes > 1 && in->coll->size == 1));
  HPO_TRY(status,
          hpo_mem_new((size_t)in->lanes, sizeof *w->lane, &w->lane, err));
  w->n = (size_t)in->lanes;
  HPO_TRY(status, hpo_mem_new(w->n, sizeof *w->active, &w->active, err));
  for (size_t i = 0; i < w->n; i++)
    w->lane[i].rng = hpo_rng_make(in->delay_seed, HPO_RNG_TEST,
                                  (uint64_t)in->team, 1 + (uint32_t)i);
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
  for (size_t i = 0; i < w->n; i++)
    clear(&w->lane[i]);
  hpo_mem_free(w->lane);
  hpo_mem_free(w->active);
  hpo_buffer_free(&w->scratch);
  hpo_mem_free(w);
}

/* --- answers ----------------------------------------------------------- */

static int number(const hpo_worker *w, const lane *l) {
  return (int)(l - w->lane);
}

static void drop_all(hpo_worker *w) {
  for (size_t i = 0; i < w->n; i++)
    clear(&w->lane[i]);
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

  drop_all(w);
  w->is_torn = true;
  snprintf(msg.text, sizeof msg.text, "%.1000s", own->text);
  return send(w, &msg, err);
}

static hpo_status make_result(hpo_worker *w, lane *l, hpo_message *msg,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, order(w, HPO_ORDER_RESULT, err));
  HPO_TRY(status, hpo_evaluation_result(l->evaluation, &msg->result, err));
  msg->result.trial->team = w->team;
  hpo_clock_host(msg->result.trial->host, sizeof msg->result.trial->host);
done:
  return status;
}

static hpo_status send_result(hpo_worker *w, lane *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message msg = {.tag = HPO_TAG_RESULT, .lane = number(w, l)};
  hpo_error own = {0};

  if (make_result(w, l, &msg, &own) != HPO_OK) {
    HPO_TRY(status, send_failure(w, &own, err));
  } else {
    HPO_TRY(status, send(w, &msg, err));
    clear(l);
  }
done:
  hpo_message_free(&msg);
  return status;
}

static hpo_status send_report(hpo_worker *w, lane *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  double now = hpo_clock_seconds();
  hpo_message msg = {.tag = HPO_TAG_REPORT,
                     .lane = number(w, l),
                     .trial = hpo_evaluation_trial(l->evaluation),
                     .step = hpo_evaluation_steps(l->evaluation),
                     .value = hpo_evaluation_report(l->evaluation)};

  if (!l->wants_reports || isnan(msg.value) ||
      now - l->reported < REPORT_GAP * (double)w->n)
    goto done;
  HPO_TRY(status, send(w, &msg, err));
  l->reported = now;
done:
  return status;
}

/* --- messages ---------------------------------------------------------- */

static hpo_status create_evaluation(hpo_worker *w, lane *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_order job = {.kind = HPO_ORDER_JOB};
  hpo_buffer bytes = {0};

  if (w->coll->size > 1)
    HPO_TRY(status, hpo_proto_encode(&l->job, &bytes, err));
  HPO_TRY(status, hpo_order_send(w->coll, &job, &bytes, err));
  HPO_TRY(status, hpo_evaluation_create(w->evaluator, &l->job.job,
                                        &l->evaluation, err));
done:
  hpo_buffer_free(&bytes);
  return status;
}

static hpo_status stop_trial(hpo_worker *w, lane *l, const hpo_message *msg,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_order o = {.kind = HPO_ORDER_STOP, .state = (int32_t)msg->state};

  HPO_TRY(status, hpo_order_send(w->coll, &o, NULL, err));
  hpo_evaluation_stop(l->evaluation, msg->state, msg->text);
  l->is_over = true;
done:
  return status;
}

/* A job that was taken, unless memory is to be waited for. */
static hpo_status start_job(hpo_worker *w, lane *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};

  if (w->n > 1 && hpo_evaluator_is_full(w->evaluator, &l->job.job))
    return HPO_OK;
  l->waits = false;
  if (create_evaluation(w, l, &own) != HPO_OK)
    HPO_TRY(status, send_failure(w, &own, err));
  else if (l->is_stopped)
    HPO_TRY(status, stop_trial(w, l, &l->stop, err));
done:
  return status;
}

static hpo_status take_job(hpo_worker *w, lane *l, hpo_message *msg,
                           hpo_error *err) {
  if (l->evaluation || l->waits)
    return hpo_error_set(
        err, HPO_EBUG,
        "a job for trial %lld came while another is in training",
        (long long)msg->job.trial);
  hpo_message_free(&l->job);
  l->job = *msg;
  msg->job = (hpo_job){0}; /* now the lane's */
  l->waits = true;
  l->wants_reports = l->job.job.want_reports;
  l->reported = 0;
  return start_job(w, l, err);
}

static hpo_status take_stop(hpo_worker *w, lane *l, const hpo_message *msg,
                            hpo_error *err) {
  if (l->waits && l->job.job.trial == msg->trial) {
    l->stop = *msg;
    l->is_stopped = true;
  } else if (l->evaluation && !l->is_over &&
             hpo_evaluation_trial(l->evaluation) == msg->trial) {
    return stop_trial(w, l, msg, err);
  }
  return HPO_OK;
}

static hpo_status take_message(hpo_worker *w, hpo_message *msg,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message bye = {.tag = HPO_TAG_BYE};
  lane *l = (size_t)msg->lane < w->n ? &w->lane[msg->lane] : NULL;

  if (!l)
    HPO_FAIL(status, err, HPO_EBUG, "a message is for lane %d of %zu",
             msg->lane, w->n);
  switch (msg->tag) {
  case HPO_TAG_JOB:
    HPO_TRY(status, take_job(w, l, msg, err));
    break;
  case HPO_TAG_STOP:
    HPO_TRY(status, take_stop(w, l, msg, err));
    break;
  case HPO_TAG_QUIT:
    drop_all(w);
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

/* So that a long trial does not look like one that hangs. */
static hpo_status send_pulse(hpo_worker *w, hpo_error *err) {
  double now = hpo_clock_seconds();
  hpo_message msg = {.tag = HPO_TAG_PULSE};

  if (w->pulse <= 0 || now - w->pulsed < w->pulse)
    return HPO_OK;
  w->pulsed = now;
  return send(w, &msg, err);
}

/* Tests: whether a lane sleeps through this turn; one in four starts a sleep
 * of up to 2 ms, without blocking whoever else takes turns in the process. */
static bool is_delayed(const hpo_worker *w, lane *l) {
  double now;

  if (!w->delays)
    return false;
  now = hpo_clock_seconds();
  if (now < l->asleep_until)
    return true;
  if (hpo_rng_next(&l->rng) < 0.25)
    l->asleep_until = now + 2e-3 * hpo_rng_next(&l->rng);
  return now < l->asleep_until;
}

static hpo_status step(hpo_worker *w, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, order(w, HPO_ORDER_STEP, err));
  HPO_TRY(status, hpo_evaluation_step_together(w->active, n, err));
done:
  return status;
}

/* What came of a lane's step. */
static hpo_status tell_step(hpo_worker *w, lane *l, bool *worked,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  l->is_over = hpo_evaluation_is_over(l->evaluation);
  if (!l->is_over)
    HPO_TRY(status, send_report(w, l, err));
  if (!hpo_evaluation_waits(l->evaluation)) {
    *worked = true;
    HPO_TRY(status, send_pulse(w, err));
  }
done:
  return status;
}

/* One step of all that are in training. */
static hpo_status train(hpo_worker *w, bool *worked, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};
  size_t n = 0;

  for (size_t i = 0; i < w->n; i++)
    if (w->lane[i].evaluation && !w->lane[i].is_over &&
        !is_delayed(w, &w->lane[i]))
      w->active[n++] = w->lane[i].evaluation;
  if (n == 0)
    goto done;
  if (step(w, n, &own) != HPO_OK) {
    HPO_TRY(status, send_failure(w, &own, err));
    goto done;
  }
  for (size_t i = 0, k = 0; k < n; i++)
    if (w->lane[i].evaluation == w->active[k]) {
      HPO_TRY(status, tell_step(w, &w->lane[i], worked, err));
      k++;
    }
done:
  return status;
}

static hpo_status turn(hpo_worker *w, bool *worked, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, take_messages(w, worked, err));
  for (size_t i = 0; i < w->n; i++)
    if (w->lane[i].waits)
      HPO_TRY(status, start_job(w, &w->lane[i], err));
  HPO_TRY(status, train(w, worked, err));
  for (size_t i = 0; i < w->n; i++) {
    lane *l = &w->lane[i];
    if (!l->evaluation || !l->is_over || is_delayed(w, l) ||
        !hpo_evaluation_settle(l->evaluation))
      continue;
    HPO_TRY(status, send_result(w, l, err));
    *worked = true;
  }
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
