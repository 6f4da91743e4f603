/* SPDX-License-Identifier: BSD-3-Clause */
/** \file manager.h
 *  Rank 0's role, as a step that can be polled, never a loop: events from
 *  messages into sched, actions from sched into messages and rows of the
 *  study file.
 */
#ifndef HPO_MANAGER_H
#define HPO_MANAGER_H

#include "hpo/comm.h"
#include "hpo/plan.h"
#include "hpo/sched.h"
#include "hpo/status.h"
#include "hpo/store.h"

/** What the manager tells whoever listens (the progress display): trials that
 *  end or pause; context is the listener's own. */
typedef struct hpo_listener {
  void *context;
  void (*trial)(void *context, const hpo_trial *t, const hpo_ledger *ledger,
                bool is_best);
} hpo_listener;

/** What is left to do once the search is over and before the workers leave:
 *  jobs of its own, one after the other, on the first team.  Asked only where
 *  the study has ended, not where it was stopped. */
typedef struct hpo_finale {
  void *context;
  /** The next job; *have false: that was all.  NULL: nothing is left. */
  hpo_status (*next)(void *context, const hpo_ledger *ledger, hpo_job *job,
                     bool *have, hpo_error *err);
  /** Its result, complete or failed; may take the model. */
  hpo_status (*take)(void *context, hpo_result *result, hpo_error *err);
  /** Whether nothing more came of next because it was asked to stop. */
  bool (*was_stopped)(const void *context);
} hpo_finale;

/** What must be known of models so that one trial answers another. */
typedef struct hpo_reuse_rules {
  const ptrdiff_t *steps_param; /* [plan->n_model] the parameter that says the
                                   number of steps and nothing else, -1: none;
                                   borrowed; NULL: no trial is answered */
  /** Patience of early stopping at point x; 0: there is none, -1: unknown. */
  int64_t (*patience)(const hpo_plan *plan, const double *x);
} hpo_reuse_rules;

typedef struct hpo_manager_input {
  const hpo_plan *plan;
  hpo_store *store;   /* open for writing; borrowed */
  hpo_ledger *ledger; /* taken by the manager's sched */
  hpo_comm comm;
  int n_teams;
  const int *team_rank;  /* [n_teams] comm rank of each team's worker */
  int lanes;             /* jobs that a worker holds at once, 1 or more: for
                            sched each is a team, n_teams * lanes of them */
  int team_size;         /* ranks of a team: that one and those after it */
  double lost_after;     /* seconds of silence after which a rank and its team
                            are lost; 0: never */
  double stuck_after;    /* seconds without a step of any trial after which
                            the session stops without those that run; 0 */
  double seconds_before; /* of earlier sessions */
  hpo_id session;        /* row of /sessions, already appended */
  double sync_seconds;   /* fdatasync at most every so many; 0: never */
  int64_t refit_rows;    /* training rows, where stored models are trained on
                            all of them after the trial; 0: they are not */
  hpo_listener listener;
  hpo_reuse_rules reuse;
  hpo_finale finale;
  const bool *stop_asked;    /* set by the caller (signal, deadline); read at
                                each poll */
  const char *stop_reason;   /* for stop_asked */
  double stop_deadline;      /* monotonic seconds: when it will be set, so that
                                no trial starts in vain; 0: unknown */
  const double *stop_latest; /* monotonic seconds: after it a stop waits for
                                no step any more; NULL: it always does */
} hpo_manager_input;

typedef struct hpo_manager hpo_manager;
HPO_MUST_USE hpo_status hpo_manager_create(const hpo_manager_input *in,
                                           hpo_manager **out, hpo_error *err);
/** One turn: takes what arrived, decides, writes, commits with one flush.
 *  *worked: there was something; *over: all workers said bye or are lost. */
HPO_MUST_USE hpo_status hpo_manager_poll(hpo_manager *m, bool *worked,
                                         bool *over, hpo_error *err);
hpo_end hpo_manager_end(const hpo_manager *m);
/** Why the session stopped by itself (stuck_after, stop_latest) or the
 *  terminator ended the study; "": neither. */
const char *hpo_manager_why(const hpo_manager *m);
/** Workers that were lost; nothing collective is possible any more. */
int hpo_manager_lost(const hpo_manager *m);
const hpo_ledger *hpo_manager_ledger(const hpo_manager *m);
void hpo_manager_destroy(hpo_manager *m);

/** Reads the ledger back from the file: final trials as they stand, those
 *  that ran become interrupted (their rows torn or not).
 *  \param [out] seconds wall seconds of earlier sessions */
HPO_MUST_USE hpo_status hpo_manager_load(const hpo_plan *plan,
                                         hpo_store *store, hpo_ledger **out,
                                         double *seconds, hpo_error *err);

#endif
