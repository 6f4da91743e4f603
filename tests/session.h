/* SPDX-License-Identifier: BSD-3-Clause */
/** \file session.h
 *  Sessions of a study in one process, for tests: manager and workers over
 *  mailboxes, with a real study file.
 */
#ifndef HPO_SESSION_H
#define HPO_SESSION_H

#include "hpo/manager.h"
#include "hpo/worker.h"

#define SESSION_MOST_WORKERS 5

/** How a session is to go. */
typedef struct session {
  const hpo_plan *plan;
  const char *path;
  int n;           /* workers */
  int lanes;       /* of each; 0: one */
  uint64_t seed;   /* of delays and of who takes turns; 0: no delays */
  int kill_after;  /* trials that ended, 0: not; the process exits */
  int stop_after;  /* the same, for a soft stop */
  bool drop;       /* kill_after destroys the objects instead */
  bool is_unready; /* the last worker can't start */
  int lose;        /* workers 0 .. lose-1 hang after lose_after trials */
  int lose_after;
  bool return_late;   /* they come back when all else is over */
  double stuck_after; /* see hpo_manager_input */
} session;

/** What the listener hears. */
typedef struct session_heard {
  int trials, best;
} session_heard;

/** A study without data: 24 trials of rastrigin in 6 steps, tpe, median. */
hpo_plan *session_plan(bool strict);
/** A path for a study file of this process, with nothing there. */
const char *session_fresh(char path[64]);
/** A new study file, and a row for a session in it. */
hpo_store *session_create_file(const hpo_plan *plan, const char *path);
hpo_id session_add(hpo_store *store);
/** A whole session: creates the file or goes on; how it ended.  expect:
 *  HPO_OK, or what the manager must return, then in *err_out. */
hpo_end session_run(const session *s, session_heard *h, hpo_status expect,
                    hpo_error *err_out);
/** The same in a child process; -1: killed early, else its hpo_end. */
int session_child(const session *s, int *heard_trials);
/** What the file holds. */
hpo_ledger *session_load(const hpo_plan *plan, const char *path,
                         hpo_store **store, double *seconds);
/** Over numbers, jobs, states, points, values, curves and models of all
 *  trials, which must be final. */
uint32_t session_digest(const hpo_plan *plan, const char *path);

#endif
