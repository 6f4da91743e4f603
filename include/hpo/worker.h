/* SPDX-License-Identifier: BSD-3-Clause */
/** \file worker.h
 *  The role of a team's first rank, as a step that can be polled: it talks
 *  to the manager, trains a trial step by step, or several side by side, and
 *  answers each with a result.
 *  The team's other ranks follow it through coll (hpo_worker_follow) and
 *  never talk to the manager.  With one rank alone, run lets manager and
 *  worker take turns.
 */
#ifndef HPO_WORKER_H
#define HPO_WORKER_H

#include "hpo/comm.h"
#include "hpo/evaluate.h"
#include "hpo/status.h"

typedef struct hpo_worker_input {
  hpo_comm comm;
  int manager; /* its comm rank: 0 */
  int team;
  hpo_evaluator *evaluator;   /* borrowed */
  const hpo_coll *coll;       /* the team, the evaluator's; borrowed */
  const hpo_error *not_ready; /* why this rank can't work, told to the
                                 manager instead of READY; NULL: it can */
  int lanes;           /* jobs that it holds at once, 1 or more; more than 1
                          only in a team of one rank */
  double pulse;        /* a PULSE at most every so many seconds; 0: none */
  uint64_t delay_seed; /* tests: random delays before steps and replies;
                          0: none */
} hpo_worker_input;

typedef struct hpo_worker hpo_worker;
HPO_MUST_USE hpo_status hpo_worker_create(const hpo_worker_input *in,
                                          hpo_worker **out, hpo_error *err);
/** One turn: messages, then at most one training step of each trial.  *over:
 *  quit was received and answered. */
HPO_MUST_USE hpo_status hpo_worker_poll(hpo_worker *w, bool *worked,
                                        bool *over, hpo_error *err);
void hpo_worker_destroy(hpo_worker *w);

/** The whole life of a team's other rank: does what its first rank does,
 *  until that quits; asleep while there is nothing to do.  comm, manager and
 *  not_ready are not looked at.  An error is this rank's own, or its team's:
 *  the others can't be told, so the caller ends them all. */
HPO_MUST_USE hpo_status hpo_worker_follow(const hpo_worker_input *in,
                                          hpo_error *err);

#endif
