/* SPDX-License-Identifier: BSD-3-Clause */
/** \file simulator.h
 *  A study without ranks: a scheduler, simulated teams that train a synthetic
 *  learning curve with random delays, and a file that survives a kill.
 *
 *  The simulator checks the invariants of sched.h at every action.
 */
#ifndef HPO_SIMULATOR_H
#define HPO_SIMULATOR_H

#include "hpo/sched.h"

typedef struct simulation {
  const hpo_plan *plan;
  int teams;
  uint64_t seed;   /* of delays, kills, losses */
  double kill;     /* chance of a kill after an action */
  double lose;     /* chance that a team is lost, per turn */
  double fail;     /* share of jobs that fail, by (trial, job) */
  int64_t stop_at; /* soft stop after so many results; -1: never */
  double seconds;  /* that a turn takes */
  bool prepares;   /* hpo_sched_prepare at random moments */
  /* what came of it */
  hpo_trial **row; /* [n_row] the rows of the file */
  uint8_t *torn;   /* [n_row] 1: the row can't be read any more */
  bool *has_model; /* [n_row] */
  size_t n_row, row_room, torn_room, model_room;
  hpo_end end;
  double clock; /* seconds of all sessions */
  int sessions;
  size_t steps; /* trained, without those that a paused trial kept */
  size_t results, most_running, again, retries;
} simulation;

/** Runs session after session until one ends by itself. */
void simulate(simulation *s);
void simulation_free(simulation *s);
/** Digest of what strict order promises: points, states, values, steps, jobs,
 *  models. */
uint64_t simulation_digest(const simulation *s);
size_t simulation_count(const simulation *s, hpo_trial_state state);

#endif
