/* SPDX-License-Identifier: BSD-3-Clause */
/** \file run.h
 *  Inside of `hpotune run`: what its parts hand to each other.
 */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "cmd/args.h"
#include "cmd/run_log.h"
#include "cmd/stopping.h"
#include "hpo/comm.h"
#include "hpo/evaluate.h"
#include "hpo/exam.h"
#include "hpo/manager.h"
#include "hpo/store.h"
#include "hpo/worker.h"

typedef struct hpo_run {
  const hpo_args *args;
  hpo_mpi *mpi;
  hpo_coll world; /* all ranks; setup only */
  hpo_shared node;
  hpo_coll team;
  int team_number, n_teams; /* number -1: of no team */
  int team_size;            /* as many as ranks-per-trial says, or can */
  int lanes;                /* trials that a team trains side by side */
  hpo_plan *plan;
  hpo_buffer xml;         /* rank 0 */
  hpo_dataset *data;      /* NULL: a study without data */
  hpo_record *facts;      /* rank 0: /data */
  hpo_record *cuts;       /* rank 0: /data/cuts; NULL without */
  hpo_exam *test, *valid; /* rank 0: rows for the end; NULL: not wanted */
  char hash[65];          /* of the data; "" without */
  char *hosts;            /* rank 0: "node1:32 node2:32" */
  hpo_evaluator *evaluator;
  hpo_stopping stopping;
  hpo_run_log log;
  double sync_seconds;
  double started;       /* monotonic seconds */
  int64_t started_wall; /* ns UTC */
  int64_t xml_offset;   /* of this session's study file, in the file */
  bool overwrite, quiet;
  double lost_after, stuck_after; /* seconds; 0: never */
  bool agreed;                    /* a failure that all ranks know of */
  bool leaves; /* ranks are lost: no more is done together */
} hpo_run;

/** Collective over the world: a rank's failure becomes everybody's, told in
 *  the words of the lowest rank that failed. */
HPO_MUST_USE hpo_status hpo_run_agree(hpo_run *r, hpo_status mine,
                                      hpo_error *err);
/** Reads study and data on all ranks; collective. */
HPO_MUST_USE hpo_status hpo_run_setup(hpo_run *r, hpo_error *err);
void hpo_run_free(hpo_run *r);

/** Rank 0: makes or opens the study file, appends the session.
 *  \param [out] store   open for writing
 *  \param [out] ledger  what the file holds; empty for a new one
 *  \param [out] seconds wall seconds of earlier sessions
 *  \param [out] session its number */
HPO_MUST_USE hpo_status hpo_run_open_books(hpo_run *r, hpo_store **store,
                                           hpo_ledger **ledger,
                                           double *seconds, hpo_id *session,
                                           hpo_error *err);
/** Whether an open file is of this study. HPO_ESTUDY: no, and what differs. */
HPO_MUST_USE hpo_status hpo_run_check_identity(const hpo_plan *plan,
                                               const char *hash,
                                               hpo_store *store,
                                               hpo_error *err);
/** Rank 0: notes in the session's row how it ended. */
HPO_MUST_USE hpo_status hpo_run_close_session(const hpo_run *r,
                                              hpo_store *store, hpo_id session,
                                              hpo_end end, hpo_error *err);

#endif
