/* SPDX-License-Identifier: BSD-3-Clause */
/** \file sched.h
 *  The study's state machine, without I/O: an event in, actions out.
 *
 *  The manager feeds it what happened (a team is idle, a report or a result
 *  came, a team is lost, the clock moved, a stop was asked for) and carries
 *  out what it says (assign a job, stop a trial, write a trial, shut down).
 *  The order of events is all it depends on; in strict order not even that:
 *  decision j looks only at results of jobs <= j - P, and waits for them.
 *
 *  Invariants
 *  1. Trial numbers are handed out 0, 1, 2, ... without gaps; jobs too, but
 *     in strict order a job number at which nothing could be decided (only
 *     retries may still come) stays unused.
 *  2. Complete + pruned + failed trials never exceed the plan's trials.
 *  3. A team has at most one job; a trial at most one team.  Teams that are
 *     lanes of the same ranks are lost together; so a trial that was lost with
 *     others runs again where nothing else does, and is blamed for itself.
 *  4. Every ASSIGN is preceded by a WRITE of its trial as running; every
 *     result gives exactly one WRITE.
 *  5. After SHUTDOWN no other action comes.
 *
 *  A failed attempt that is to be tried again leaves its trial waiting, with
 *  its attempt; in strict order its job is then that of the retry to come,
 *  the failed one plus the window.  So the rows alone tell all decisions,
 *  and nothing but the ledger is needed to go on.  Retry and interruption
 *  raise attempt.
 *
 *  With halving and hyperband a job is a trial's way from one rung to the
 *  next: it ends PAUSED, and a later job, of decision "promote", goes on.  At
 *  the end of the study paused trials become pruned, "not promoted"; a
 *  session that is stopped leaves them paused.
 *
 *  models="best:N": in strict order a model is kept if its value was among
 *  the N best that the job's start could know, so which are kept depends on
 *  no timing; in order of arrival, if it is when it arrives.
 *
 *  Strict order after target, patience or terminator: what was decided before
 * runs to its end.  In order of arrival, and at a timeout, running trials are
 *  stopped and cancelled.  A soft stop interrupts them.
 */
#ifndef HPO_SCHED_H
#define HPO_SCHED_H

#include "hpo/ledger.h"
#include "hpo/plan.h"
#include "hpo/status.h"
#include "hpo/trial.h"

typedef enum hpo_event_kind {
  HPO_EVENT_IDLE,   /* team is ready for its first job; RESULT says so too,
                       so a second one does no harm */
  HPO_EVENT_REPORT, /* trial's best objective up to step */
  HPO_EVENT_RESULT, /* result: the trial ended on its team */
  HPO_EVENT_LOST,   /* team is gone; its trial is put back */
  HPO_EVENT_CLOCK,  /* seconds of this session so far */
  HPO_EVENT_STOP    /* soft stop asked for: signal, deadline, by hand */
} hpo_event_kind;

typedef struct hpo_event {
  hpo_event_kind kind;
  int team;
  hpo_id trial;
  int64_t step;
  double value;       /* REPORT */
  hpo_result *result; /* RESULT: taken (emptied) by the sched */
  double seconds;     /* CLOCK */
  const char *reason; /* STOP, LOST; borrowed */
  bool is_innocent;   /* LOST: the team was lost before it had its trial */
} hpo_event;

typedef enum hpo_action_kind {
  HPO_ACTION_ASSIGN,  /* job to team */
  HPO_ACTION_STOP,    /* tell team to stop trial: reason and final state */
  HPO_ACTION_WRITE,   /* the trial as it stands; with curve and model */
  HPO_ACTION_DECIDED, /* a line for /decisions: job, trial, attempt, kind */
  HPO_ACTION_SHUTDOWN /* the study or the session is over */
} hpo_action_kind;

/** Why a session ends. */
typedef enum hpo_end {
  HPO_END_NONE,
  HPO_END_TRIALS, /* all trials done */
  HPO_END_TARGET,
  HPO_END_PATIENCE,
  HPO_END_REGRET, /* the terminator regret-bound */
  HPO_END_TIMEOUT,
  HPO_END_STOPPED, /* soft stop: exit 75 */
  HPO_END_LOST     /* no team is left */
} hpo_end;
const char *hpo_end_name(hpo_end e);

typedef struct hpo_action {
  hpo_action_kind kind;
  int team;
  hpo_job job;              /* ASSIGN, DECIDED: freed by hpo_action_free */
  hpo_id trial;             /* STOP, WRITE */
  hpo_trial_state state;    /* STOP: what the trial becomes */
  const char *reason;       /* STOP; borrowed, static */
  const char *decision;     /* DECIDED: "new", "retry", "again", "promote",
                               "end" */
  const hpo_trial *written; /* WRITE: borrowed from the ledger until the
                               next event */
  hpo_buffer model;         /* WRITE: model to store; owned by the action */
  hpo_tally tally;          /* WRITE: of the model's predictions; owned */
  hpo_buffer output;        /* WRITE: what the trial printed; owned */
  hpo_end end;              /* SHUTDOWN */
} hpo_action;
void hpo_action_free(hpo_action *a);

typedef struct hpo_sched hpo_sched;

/** Whether pruner or terminator look at the curves of final trials: the
 *  ledger must have them then. */
bool hpo_sched_needs_curves(const hpo_plan *plan);

/** plan is borrowed.  ledger is taken: empty for a new study, else as read
 *  from the file (trials that ran are interrupted).  seconds_before: wall
 *  seconds of earlier sessions (the timeout counts them).  n_teams teams. */
HPO_MUST_USE hpo_status hpo_sched_create(const hpo_plan *plan,
                                         hpo_ledger *ledger,
                                         double seconds_before, int n_teams,
                                         hpo_sched **out, hpo_error *err);
void hpo_sched_destroy(hpo_sched *s);

HPO_MUST_USE hpo_status hpo_sched_event(hpo_sched *s, const hpo_event *e,
                                        hpo_error *err);
/** The next action, to be asked until *have is false. */
HPO_MUST_USE hpo_status hpo_sched_next(hpo_sched *s, hpo_action *out,
                                       bool *have, hpo_error *err);
/** Prepares a suggestion ahead (arrival order) if none is ready; for idle
 *  moments of rank 0. */
HPO_MUST_USE hpo_status hpo_sched_prepare(hpo_sched *s, hpo_error *err);

const hpo_ledger *hpo_sched_ledger(const hpo_sched *s);
/** HPO_END_NONE until the end is decided; trials may still run then. */
hpo_end hpo_sched_ended(const hpo_sched *s);
/** Why it ended, in words that begin with the end's name. */
const char *hpo_sched_why(const hpo_sched *s);
/** When the session is cut off, in seconds of CLOCK events; INFINITY, as in
 *  the beginning: never.  Once a few trials have ended in this session, no job
 *  starts that has less time left than the shortest of them took: the session
 *  then ends as stopped, after what still runs.  Not with a pruner that pauses
 *  trials. */
void hpo_sched_set_deadline(hpo_sched *s, double seconds);
/** Whether that is why it ended. */
bool hpo_sched_is_late(const hpo_sched *s);
/** Team t trains on the ranks of group t % n_group; without, each has ranks of
 *  its own.  Before the first event. */
HPO_MUST_USE hpo_status hpo_sched_set_groups(hpo_sched *s, int n_group,
                                             hpo_error *err);
/** The session's number, for the rows of trials; -1 before. */
void hpo_sched_set_session(hpo_sched *s, int64_t session);

#endif
