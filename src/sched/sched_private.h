/* SPDX-License-Identifier: BSD-3-Clause */
/* The state machine's books, and what its two orders share.
 *
 *   sched.c    life, and actions on demand
 *   events.c   what happened, as it enters the books
 *   books.c    small steps that all take
 *   arrival.c  a free team gets the next trial at once
 *   strict.c   slots: decision j sees results of jobs <= j - window only
 *   stop.c     target, patience, the terminator */
#ifndef HPO_SCHED_PRIVATE_H
#define HPO_SCHED_PRIVATE_H

#include "hpo/pruner.h"
#include "hpo/sampler.h"
#include "sched/progress.h"
#include "sched/rungs.h"

/* A job that waits for a team, or runs. */
typedef struct hpo_pending {
  hpo_id job, trial;
  int64_t attempt;
  const char *decision; /* static: "new", "retry", "again" */
  double *threshold;    /* [n_threshold], owned */
  size_t n_threshold;
  hpo_bar bar;  /* that its model must pass */
  int64_t rung; /* that it goes for; 0 without rungs */
} hpo_pending;

typedef struct hpo_team {
  bool is_alive, is_idle, is_told; /* told: to stop its trial */
  hpo_pending job;                 /* job.trial -1: none */
  double best;                     /* reported so far, NaN: none */
  int n_lost;                      /* teams that its trial cost before */
  char reason[192];                /* of the stop */
} hpo_team;

/* The ranks of one or more teams. */
typedef struct hpo_group {
  size_t n_running;
  bool is_taken; /* by a trial that runs alone */
} hpo_group;

/* Strict order: what was decided at a job number. */
typedef struct hpo_slot {
  hpo_id trial; /* -1: nothing was to be done */
  int64_t rung; /* that it goes for */
  bool is_done; /* its result is known */
  bool retries; /* it failed, and is tried again a window later */
  int failures; /* of this trial before */
} hpo_slot;

struct hpo_sched {
  const hpo_plan *plan; /* borrowed */
  hpo_ledger *ledger;   /* owned */
  hpo_sampler *sampler;
  hpo_pruner *pruner;
  int64_t trials; /* the budget; 0: none */
  int64_t session;
  double seconds_before, seconds; /* wall time: of earlier sessions, of all */
  double deadline;                /* of this session's; INFINITY */
  double shortest;                /* wall seconds of a trial; INFINITY */
  size_t n_timed;                 /* trials of this session that tell */
  hpo_team *team;                 /* [n_team] */
  size_t n_team, n_alive, n_running;
  hpo_group *group; /* [n_group]; team t is of t % n_group */
  size_t n_group;
  hpo_end end;
  bool is_cut;        /* the end does not wait for what is to be run still */
  bool is_late;       /* it is cut since no trial would end in time */
  bool is_over;       /* SHUTDOWN was said */
  char reason[192];   /* of a soft stop */
  hpo_action *action; /* [first_action .. n_action) to be said */
  size_t first_action, n_action, action_room;
  hpo_trial **kept; /* [n_kept] copies behind WRITE until the next event */
  size_t n_kept, kept_room;
  hpo_pending *ready; /* [n_ready] ascending by job, then trial */
  size_t n_ready, ready_room;
  hpo_progress progress;
  bool has_rungs;   /* halving: trials pause */
  hpo_rungs *rungs; /* [plan->n_model] what decisions may know of them */
  hpo_pause *pause; /* [n_pause] by trial, for what samplers may see */
  size_t n_pause, pause_room;
  /* arrival */
  hpo_id next_job;
  uint16_t *failures; /* [failures_room] of a trial in this session */
  size_t failures_room;
  double *ahead;       /* [n_param] the point prepared for ahead_number */
  hpo_id ahead_number; /* -1: none */
  uint64_t ahead_version;
  /* strict */
  hpo_slot *slot; /* [n_slot] */
  size_t n_slot, slot_room;
  size_t n_done;   /* leading slots whose result is known */
  hpo_id n_trials; /* trials handed out by the slots */
  int64_t passes;  /* slots at the end in which nothing was to be done */
};

static inline hpo_group *hpo_sched_group(const hpo_sched *s,
                                         const hpo_team *team) {
  return &s->group[(size_t)(team - s->team) % s->n_group];
}

void hpo_pending_free(hpo_pending *p);
/** Whether x is a point of the space (a torn row has none). */
bool hpo_sched_has_point(const hpo_sched *s, const hpo_trial *t);
/** The sampler's point for a trial, an enqueued one before all. */
HPO_MUST_USE hpo_status hpo_sched_suggest(hpo_sched *s, hpo_id horizon,
                                          hpo_id number, double *x,
                                          hpo_error *err);
/** Teams that were lost with this trial, one after the other. */
int hpo_sched_count_lost(const hpo_trial *t);
/** Puts a trial that waits with point x into the ledger; from: its row
 *  before, NULL for a new one. */
HPO_MUST_USE hpo_status hpo_sched_put_waiting(hpo_sched *s, hpo_id number,
                                              hpo_id job,
                                              const hpo_trial *from,
                                              const double *x, hpo_error *err);
/** Adds to ready; takes p (its thresholds). */
HPO_MUST_USE hpo_status hpo_sched_add_ready(hpo_sched *s, hpo_pending *p,
                                            hpo_error *err);
HPO_MUST_USE hpo_status hpo_sched_push(hpo_sched *s, const hpo_action *a,
                                       hpo_error *err);
/** WRITE of the trial as it stands in the ledger, with the model and tally of
 *  kept (taken); NULL: none. */
HPO_MUST_USE hpo_status hpo_sched_write(hpo_sched *s, hpo_id trial,
                                        hpo_result *kept, hpo_error *err);
/** The rungs of a trial's model. */
hpo_rungs *hpo_sched_rungs(const hpo_sched *s, const hpo_trial *t);
/** Whether a trial has done a rung and paused there, now or once, by its
 *  row. */
bool hpo_sched_has_paused(const hpo_sched *s, const hpo_trial *t,
                          int64_t rung);
/** The trial stands at the rung for decisions to come; gone: it counts there,
 *  but does not go on (nor does a pruned one). */
HPO_MUST_USE hpo_status hpo_sched_add_rung(hpo_sched *s, const hpo_trial *t,
                                           int64_t rung, bool is_gone,
                                           hpo_error *err);
/** A final trial counts for decisions to come. */
HPO_MUST_USE hpo_status hpo_sched_add_final(hpo_sched *s, const hpo_trial *t,
                                            hpo_error *err);
/** The paused trial that goes on, and the rung that it goes for; is_last:
 *  nothing else is to be done (rungs.h).  false: none. */
bool hpo_sched_promotes(hpo_sched *s, bool is_last, hpo_id *trial,
                        int64_t *rung);
/** Tells all teams to stop their trials. */
HPO_MUST_USE hpo_status hpo_sched_stop_all(hpo_sched *s, hpo_trial_state state,
                                           const char *reason, hpo_error *err);
/** Ends the study if its timeout is over. */
HPO_MUST_USE hpo_status hpo_sched_check_time(hpo_sched *s, hpo_error *err);
/** A line "end" for /decisions, and the end. */
HPO_MUST_USE hpo_status hpo_sched_finish(hpo_sched *s, hpo_end end,
                                         bool is_cut, hpo_error *err);

/* The two orders, with the same three questions. */

/** Starts from the ledger as it was read. */
HPO_MUST_USE hpo_status hpo_arrival_begin(hpo_sched *s, hpo_error *err);
/** Makes the next job ready if a team wants one and there is one to start
 *  now; ends where the budget is used up. */
HPO_MUST_USE hpo_status hpo_arrival_decide(hpo_sched *s, bool is_wanted,
                                           hpo_error *err);
/** Whether one more trial may become final. */
bool hpo_arrival_has_budget(const hpo_sched *s);
/** A trial's attempt failed: whether it is to be tried again. */
HPO_MUST_USE hpo_status hpo_arrival_failed(hpo_sched *s, hpo_id trial,
                                           bool *again, hpo_error *err);
/** A result is in the ledger; job as it ran. */
HPO_MUST_USE hpo_status hpo_arrival_result(hpo_sched *s, const hpo_trial *t,
                                           hpo_error *err);
HPO_MUST_USE hpo_status hpo_arrival_report(hpo_sched *s, hpo_team *team,
                                           int64_t step, double value,
                                           hpo_error *err);
HPO_MUST_USE hpo_status hpo_arrival_prepare(hpo_sched *s, hpo_error *err);

/** Decides slots until a job is ready or results are missing; new trials
 *  only if wanted. */
HPO_MUST_USE hpo_status hpo_strict_decide(hpo_sched *s, bool is_wanted,
                                          hpo_error *err);
/** Whether a failed attempt is to be tried again, at job *next. */
bool hpo_strict_failed(const hpo_sched *s, hpo_id job, hpo_id *next);
/** The result of a job is known. */
void hpo_strict_result(hpo_sched *s, hpo_id job, bool retries);

#endif
