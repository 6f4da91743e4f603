/* SPDX-License-Identifier: BSD-3-Clause */
/* Rank 0's role: messages to events, actions to messages and rows.
 *
 *      create --> (running) --SHUTDOWN--> [finale] --> (quitting) --> over
 *                     |                                     all BYE
 *                     +--error: QUIT to all, the error to the caller
 *
 *  1. Events come in the order in which messages arrived; all that arrived
 *     come before the actions that follow, so that a suggestion knows them.
 *  2. What the actions of one turn write is committed together (books.h)
 *     before the listener hears of it.
 *  3. Each worker that is there gets QUIT exactly once.
 *  4. A lost team (lookout.h) is told to leave and never heard again; its
 *     trial is put back by sched.
 *  5. The finale begins once all that the search has to write is written.
 */
#include "hpo/manager.h"

#include <stdio.h>
#include <string.h>

#include "hpo/clock.h"
#include "hpo/log.h"
#include "hpo/mem.h"
#include "hpo/proto.h"
#include "roles/books.h"
#include "roles/lookout.h"
#include "roles/reuse.h"

/* Known results that one turn takes at most: between two turns stops are
 * heard and books are closed. */
enum { ANSWERS = 64 };

struct hpo_manager {
  const hpo_plan *plan;
  hpo_comm comm;
  hpo_lookout lookout;
  hpo_listener listener;
  hpo_finale finale;
  hpo_id finale_trial; /* in training for the finale; -1: none */
  int finale_rank;     /* whose team trains it */
  const bool *stop_asked;
  const char *stop_reason;
  const double *stop_latest;
  hpo_sched *sched;
  hpo_books books;
  hpo_reuse reuse;
  int n_answered;     /* from it, in this turn */
  hpo_buffer scratch; /* of receive */
  double began;       /* monotonic seconds */
  bool is_stopping;   /* sched knows of stop_asked */
  bool is_over;       /* the search is */
  bool is_quitting;
  hpo_end end;
  char why[192]; /* it stopped by itself; "": it did not */
};

hpo_status hpo_manager_create(const hpo_manager_input *in, hpo_manager **out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_manager *m = NULL;
  hpo_ledger *ledger = in->ledger;

  HPO_ASSERT(in->n_teams >= 1 && in->lanes >= 1);
  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->plan = in->plan;
  m->comm = in->comm;
  m->listener = in->listener;
  m->finale = in->finale;
  m->finale_trial = -1;
  m->stop_asked = in->stop_asked;
  m->stop_reason = in->stop_reason;
  m->stop_latest = in->stop_latest;
  m->began = hpo_clock_seconds();
  HPO_TRY(status,
          hpo_lookout_start(&m->lookout, in->comm, in->team_rank, in->n_teams,
                            in->lanes, in->team_size, err));
  m->lookout.lost_after = in->lost_after;
  m->lookout.stuck_after = in->stuck_after;
  HPO_TRY(status, hpo_books_start(&m->books, in->plan, in->store, ledger,
                                  in->sync_seconds, err));
  m->books.refit_rows = in->refit_rows;
  if (in->reuse.steps_param)
    HPO_TRY(status,
            hpo_reuse_start(&m->reuse, in->plan, &in->reuse, ledger, err));
  status = hpo_sched_create(in->plan, ledger, in->seconds_before,
                            m->lookout.n_teams, &m->sched, err);
  ledger = NULL; /* taken, also on failure */
  HPO_TRY(status, status);
  HPO_TRY(status, hpo_sched_set_groups(m->sched, in->n_teams, err));
  hpo_sched_set_session(m->sched, in->session);
  if (in->stop_deadline > 0)
    hpo_sched_set_deadline(m->sched, in->stop_deadline - m->began);
  *out = m;
  m = NULL;
done:
  hpo_ledger_destroy(ledger);
  hpo_manager_destroy(m);
  return status;
}

void hpo_manager_destroy(hpo_manager *m) {
  if (!m)
    return;
  hpo_sched_destroy(m->sched);
  hpo_books_free(&m->books);
  hpo_reuse_free(&m->reuse);
  hpo_buffer_free(&m->scratch);
  hpo_lookout_free(&m->lookout);
  hpo_mem_free(m);
}

hpo_end hpo_manager_end(const hpo_manager *m) { return m->end; }

const char *hpo_manager_why(const hpo_manager *m) {
  return m->end == HPO_END_REGRET ? hpo_sched_why(m->sched) : m->why;
}

int hpo_manager_lost(const hpo_manager *m) { return m->lookout.n_lost; }

const hpo_ledger *hpo_manager_ledger(const hpo_manager *m) {
  return hpo_sched_ledger(m->sched);
}

/* --- the finale -------------------------------------------------------- */

static hpo_status send_quit(hpo_manager *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message msg = {.tag = HPO_TAG_QUIT};

  m->is_quitting = true;
  for (int t = 0; t < m->lookout.n_groups; t++)
    if (m->lookout.presence[t] == HPO_TEAM_THERE)
      HPO_TRY(status,
              hpo_proto_send(&m->comm, m->lookout.team_rank[t], &msg, err));
done:
  return status;
}

/* Its next job to the first team that is there, which is idle, or the end of
 * all. */
static hpo_status go_on_with_finale(hpo_manager *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message msg = {.tag = HPO_TAG_JOB};
  bool have = false;

  if (m->finale.next && m->lookout.n_there == 0)
    m->end = HPO_END_LOST;
  if (m->finale.next && m->end != HPO_END_STOPPED && m->end != HPO_END_LOST)
    HPO_TRY(status,
            m->finale.next(m->finale.context, hpo_sched_ledger(m->sched),
                           &msg.job, &have, err));
  if ((have && m->is_stopping) ||
      (m->finale.was_stopped && m->finale.was_stopped(m->finale.context)))
    m->end = HPO_END_STOPPED;
  have = have && !m->is_stopping;
  m->finale_trial = have ? msg.job.trial : -1;
  m->finale_rank = hpo_lookout_first(&m->lookout);
  if (have)
    HPO_TRY(status, hpo_proto_send(&m->comm, m->finale_rank, &msg, err));
  else
    HPO_TRY(status, send_quit(m, err));
done:
  hpo_message_free(&msg);
  return status;
}

static hpo_status take_finale(hpo_manager *m, hpo_result *result,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  if (result->trial->state == HPO_TRIAL_INTERRUPTED)
    m->end = HPO_END_STOPPED;
  else
    HPO_TRY(status, m->finale.take(m->finale.context, result, err));
  HPO_TRY(status, go_on_with_finale(m, err));
done:
  return status;
}

static hpo_status stop_finale(hpo_manager *m, hpo_error *err) {
  hpo_message msg = {.tag = HPO_TAG_STOP,
                     .trial = m->finale_trial,
                     .state = HPO_TRIAL_INTERRUPTED};

  return hpo_proto_send(&m->comm, m->finale_rank, &msg, err);
}

/* --- messages to events ------------------------------------------------ */

/* The trials of all lanes of a team that is gone are put back. */
static hpo_status put_back(hpo_manager *m, int team, const char *why,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_lookout *l = &m->lookout;

  for (int t = team; t >= 0; t = hpo_lookout_next_lane(l, t)) {
    hpo_event e = {.kind = HPO_EVENT_LOST,
                   .team = t,
                   .reason = why,
                   .is_innocent = !hpo_lookout_had_begun(l, t)};
    HPO_TRY(status, hpo_sched_event(m->sched, &e, err));
  }
done:
  return status;
}

/* The team is out of work for ever; its trials are put back.  With a job of
 * the finale the session stops: the next one does what is left of it. */
static hpo_status lose(hpo_manager *m, int team, const char *why,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_lookout *l = &m->lookout;

  if (!m->is_over) /* who had begun is known as long as it is there */
    HPO_TRY(status, put_back(m, team, why, err));
  hpo_lookout_lose(l, team);
  hpo_log(HPO_LOG_WARN, "manager", "%s: team %d is lost, %d of %d go on", why,
          team, l->n_there / l->lanes, l->n_groups);
  if (m->is_over && m->finale_trial >= 0 &&
      m->finale_rank == l->team_rank[team]) {
    (void)snprintf(m->why, sizeof m->why, "%s", why);
    m->end = HPO_END_STOPPED;
    HPO_TRY(status, go_on_with_finale(m, err));
  }
done:
  return status;
}

/* A worker that can't go on ends the session, unless a peer of its is lost
 * and teams may be. */
static hpo_status check_peer(hpo_manager *m, const hpo_message *msg, int rank,
                             hpo_error *err) {
  char why[192];

  if (msg->status == HPO_OK)
    return HPO_OK;
  if (msg->status == HPO_EPEER && m->lookout.lost_after > 0) {
    (void)snprintf(why, sizeof why, "rank %d: %.150s", rank, msg->text);
    return lose(m, hpo_lookout_find(&m->lookout, rank, 0), why, err);
  }
  return hpo_error_set(
      err, msg->status, "rank %d %s: %s", rank,
      msg->tag == HPO_TAG_READY ? "can't start" : "can't go on", msg->text);
}

/* All lanes of a team are idle. */
static hpo_status take_ready(hpo_manager *m, int team, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (int t = team; t >= 0; t = hpo_lookout_next_lane(&m->lookout, t)) {
    hpo_event e = {.kind = HPO_EVENT_IDLE, .team = t};
    HPO_TRY(status, hpo_sched_event(m->sched, &e, err));
  }
done:
  return status;
}

static hpo_status take_message(hpo_manager *m, hpo_message *msg, int rank,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_event e = {.trial = msg->trial,
                 .team = hpo_lookout_find(&m->lookout, rank, msg->lane)};

  if (e.team < 0) /* of one that was given up */
    goto done;
  hpo_lookout_moved(&m->lookout);
  switch (msg->tag) {
  case HPO_TAG_READY:
    HPO_TRY(status, check_peer(m, msg, rank, err));
    if (msg->status == HPO_OK && !m->is_quitting)
      HPO_TRY(status, take_ready(m, e.team, err));
    goto done;
  case HPO_TAG_PULSE:
    goto done;
  case HPO_TAG_REPORT:
    e.kind = HPO_EVENT_REPORT;
    e.step = msg->step;
    e.value = msg->value;
    break;
  case HPO_TAG_RESULT:
    HPO_TRY(status, check_peer(m, msg, rank, err));
    if (msg->status != HPO_OK)
      goto done;
    if (m->finale_trial >= 0)
      return take_finale(m, &msg->result, err);
    e.kind = HPO_EVENT_RESULT;
    e.trial = msg->result.trial->number;
    e.result = &msg->result;
    break;
  case HPO_TAG_BYE:
    hpo_lookout_part(&m->lookout, e.team);
    goto done;
  case HPO_TAG_JOB:
  case HPO_TAG_STOP:
  case HPO_TAG_QUIT:
    HPO_ASSERT(false); /* receive refuses what is for workers */
  }
  if (!m->is_quitting)
    HPO_TRY(status, hpo_sched_event(m->sched, &e, err));
  if (e.kind == HPO_EVENT_RESULT)
    HPO_TRY(status, hpo_reuse_add(&m->reuse, hpo_sched_ledger(m->sched),
                                  e.trial, err));
done:
  return status;
}

static hpo_status take_messages(hpo_manager *m, bool *worked, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message msg = {0};
  bool have = true;
  int from = -1;

  while (true) {
    HPO_TRY(status, hpo_proto_receive(&m->comm, false, &m->scratch, &have,
                                      &from, &msg, err));
    if (!have)
      goto done;
    *worked = true;
    HPO_TRY(status, take_message(m, &msg, from, err));
    hpo_message_free(&msg);
  }
done:
  hpo_message_free(&msg);
  return status;
}

/* The session stops without those that still train. */
static hpo_status stop_without(hpo_manager *m, const char *why,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_event stop = {.kind = HPO_EVENT_STOP, .team = -1, .reason = why};

  hpo_log(HPO_LOG_WARN, "manager", "stopping: %s", why);
  (void)snprintf(m->why, sizeof m->why, "%s", why);
  if (!m->is_over)
    HPO_TRY(status, hpo_sched_event(m->sched, &stop, err));
  for (int t = 0; t < m->lookout.n_groups; t++)
    if (m->lookout.presence[t] == HPO_TEAM_THERE)
      HPO_TRY(status, lose(m, t, why, err));
done:
  return status;
}

static hpo_status take_losses(hpo_manager *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_lookout *l = &m->lookout;
  char why[192];
  int team;

  hpo_lookout_tick(l);
  while ((team = hpo_lookout_silent(l, why, sizeof why)) >= 0)
    HPO_TRY(status, lose(m, team, why, err));
  if (l->n_there > 0 && hpo_lookout_is_stuck(l)) {
    (void)snprintf(why, sizeof why, "no progress for %.3g s", l->stuck_after);
    HPO_TRY(status, stop_without(m, why, err));
  } else if (l->n_there > 0 && m->is_stopping && m->stop_latest &&
             hpo_clock_seconds() > *m->stop_latest) {
    HPO_TRY(status,
            stop_without(m, "a step outlasts the job's time limit", err));
  }
done:
  return status;
}

static hpo_status take_time(hpo_manager *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_event clock = {.kind = HPO_EVENT_CLOCK,
                     .team = -1,
                     .seconds = hpo_clock_seconds() - m->began};
  hpo_event stop = {
      .kind = HPO_EVENT_STOP, .team = -1, .reason = m->stop_reason};

  HPO_TRY(status, hpo_sched_event(m->sched, &clock, err));
  if (m->stop_asked && *m->stop_asked && !m->is_stopping) {
    m->is_stopping = true;
    HPO_TRY(status, hpo_sched_event(m->sched, &stop, err));
    if (m->finale_trial >= 0)
      HPO_TRY(status, stop_finale(m, err));
  }
done:
  return status;
}

/* --- actions to messages and rows -------------------------------------- */

/* A result of a team, as if it had sent it. */
static hpo_status answer(hpo_manager *m, int team, hpo_result *result,
                         hpo_error *err) {
  hpo_event e = {.kind = HPO_EVENT_RESULT,
                 .team = team,
                 .trial = result->trial->number,
                 .result = result};

  m->n_answered++;
  return hpo_sched_event(m->sched, &e, err);
}

/* To its team, unless the result is known. */
static hpo_status send_job(hpo_manager *m, hpo_action *a, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message msg = {.tag = HPO_TAG_JOB,
                     .lane = hpo_lookout_lane(&m->lookout, a->team),
                     .job = a->job}; /* still a's */
  hpo_result known = {0};
  bool is_known = false;

  HPO_TRY(status,
          hpo_reuse_answer(&m->reuse, hpo_sched_ledger(m->sched),
                           m->books.store, &a->job, &known, &is_known, err));
  if (is_known)
    HPO_TRY(status, answer(m, a->team, &known, err));
  else
    HPO_TRY(status, hpo_proto_send(&m->comm, m->lookout.team_rank[a->team],
                                   &msg, err));
  hpo_lookout_gave(&m->lookout, a->team);
done:
  hpo_result_free(&known);
  return status;
}

static hpo_status send_stop(hpo_manager *m, const hpo_action *a,
                            hpo_error *err) {
  hpo_message msg = {.tag = HPO_TAG_STOP,
                     .lane = hpo_lookout_lane(&m->lookout, a->team),
                     .trial = a->trial,
                     .state = a->state};
  size_t n = a->reason ? strnlen(a->reason, sizeof msg.text - 1) : 0;

  if (m->lookout.presence[a->team] != HPO_TEAM_THERE)
    return HPO_OK;
  if (n > 0)
    memcpy(msg.text, a->reason, n);
  return hpo_proto_send(&m->comm, m->lookout.team_rank[a->team], &msg, err);
}

static hpo_status carry_out(hpo_manager *m, hpo_action *a, hpo_error *err) {
  switch (a->kind) {
  case HPO_ACTION_ASSIGN:
    return send_job(m, a, err);
  case HPO_ACTION_STOP:
    return send_stop(m, a, err);
  case HPO_ACTION_WRITE:
    return hpo_books_add(&m->books, a, err);
  case HPO_ACTION_DECIDED:
    return hpo_books_decide(&m->books, a, err);
  case HPO_ACTION_SHUTDOWN:
    m->end = a->end;
    m->is_over = true;
    if (hpo_sched_is_late(m->sched))
      (void)snprintf(
          m->why, sizeof m->why,
          "the job's time limit is near: no trial would end before it");
  }
  return HPO_OK;
}

static hpo_status act(hpo_manager *m, bool *worked, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_action a = {0};
  bool have = false;

  m->n_answered = 0;
  while (!m->is_over && m->n_answered < ANSWERS) {
    HPO_TRY(status, hpo_sched_next(m->sched, &a, &have, err));
    if (!have)
      goto done;
    *worked = true;
    HPO_TRY(status, carry_out(m, &a, err));
    hpo_action_free(&a);
  }
done:
  hpo_action_free(&a);
  return status;
}

/* --- turns ------------------------------------------------------------- */

static void tell_listener(const hpo_manager *m) {
  const hpo_ledger *ledger = hpo_sched_ledger(m->sched);

  for (size_t i = 0; m->listener.trial && i < m->books.n; i++) {
    const hpo_trial *t = m->books.entry[i].trial;
    if (hpo_trial_is_final(t->state) || t->state == HPO_TRIAL_PAUSED)
      m->listener.trial(m->listener.context, t, ledger,
                        hpo_ledger_is_best(ledger, t->number));
  }
}

static hpo_status turn(hpo_manager *m, bool *worked, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, take_time(m, err));
  HPO_TRY(status, take_messages(m, worked, err));
  HPO_TRY(status, take_losses(m, err));
  HPO_TRY(status, act(m, worked, err));
  HPO_TRY(status, hpo_books_commit(&m->books, err));
  tell_listener(m);
  hpo_books_clear(&m->books);
  if (m->is_over && m->finale_trial < 0 && !m->is_quitting)
    HPO_TRY(status, go_on_with_finale(m, err));
  HPO_TRY(status, hpo_books_tick(&m->books, m->lookout.n_there == 0, err));
  /* with one team every suggestion waits for the last result anyway */
  if (!*worked && !m->is_over && m->lookout.n_teams > 1)
    HPO_TRY(status, hpo_sched_prepare(m->sched, err));
done:
  return status;
}

hpo_status hpo_manager_poll(hpo_manager *m, bool *worked, bool *over,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  bool did = false;

  status = turn(m, &did, err);
  if (status != HPO_OK && !m->is_quitting) {
    hpo_status told = send_quit(m, NULL); /* as far as it goes */
    (void)told;
  }
  HPO_TRY(status, status);
  *worked = did;
  *over = m->lookout.n_there == 0 && m->is_quitting;
done:
  return status;
}
