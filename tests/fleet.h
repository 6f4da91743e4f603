/* SPDX-License-Identifier: BSD-3-Clause */
/** \file fleet.h
 *  A study of a function by the real scheduler on a simulated clock: workers
 *  whose trials take times of a given spread, and no waiting.
 */
#ifndef HPO_FLEET_H
#define HPO_FLEET_H

#include "hpo/sched.h"

typedef struct fleet {
  const hpo_plan *plan;             /* order, window, trials; no pruner */
  double (*value)(const double *x); /* at a point; NaN: the trial fails */
  int workers;
  double spread; /* standard deviation of a trial's time, whose mean is 1;
                    0: all take the same (log-normal) */
  uint64_t seed; /* of the times */
  /* what came of it */
  double best;     /* INFINITY: nothing */
  double makespan; /* when the last trial ended */
  double idle;     /* share of the workers' time until then */
  size_t trials;   /* complete and failed */
  size_t equal;    /* trials that began at the point of a running one */
  size_t repeated; /* at the point of any earlier one */
  double *x;       /* [trials][n_param] by number */
  double *curve;   /* [trials] best so far, by order of ends */
} fleet;

/** Runs the study to its end. */
void fleet_run(fleet *f);
void fleet_free(fleet *f);

#endif
