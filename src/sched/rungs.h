/* SPDX-License-Identifier: BSD-3-Clause */
/* The rungs of halving and hyperband: which paused trial goes on.  Each model
 * has rungs of its own, since a step of one tells nothing about another's.
 *
 * A trial that has done the steps of a rung stands there with its value.  Of
 * n trials at a rung the best n / factor (rounded down) may go on; whoever
 * asks gets the best of the highest rung that has one (Li and others 2020,
 * algorithm 2). */
#ifndef HPO_SCHED_RUNGS_H
#define HPO_SCHED_RUNGS_H

#include "hpo/ledger.h"
#include "hpo/pruner.h"

typedef struct hpo_rung_entry {
  hpo_id trial;
  double value;
  bool is_gone; /* went on, or can't any more */
} hpo_rung_entry;

typedef struct hpo_rung {
  hpo_rung_entry *entry; /* [n] best first, ties by trial */
  size_t n, room;
} hpo_rung;

typedef struct hpo_rungs {
  hpo_ladder ladder;
  bool maximize;
  hpo_rung *rung;    /* [brackets][height], owned */
  int64_t height;    /* rungs of the longest bracket, without the end */
  bool has_complete; /* a trial of the model is known to be complete */
} hpo_rungs;

HPO_MUST_USE hpo_status hpo_rungs_make(const hpo_ladder *ladder, bool maximize,
                                       hpo_rungs *out, hpo_error *err);
void hpo_rungs_free(hpo_rungs *r);
/** Steps after which a trial has done a rung; INT64_MAX: its end.  Rung -1
 *  is the start, 0 steps. */
int64_t hpo_rungs_steps(const hpo_rungs *r, hpo_id trial, int64_t rung);
/** A trial stands at a rung (0...); gone: it counts, but does not go on. */
HPO_MUST_USE hpo_status hpo_rungs_add(hpo_rungs *r, hpo_id trial, int64_t rung,
                                      double value, bool is_gone,
                                      hpo_error *err);
/** The trial that goes on, and the rung that it goes for; it is then gone.
 *  \return false: none */
bool hpo_rungs_next(hpo_rungs *r, hpo_id *trial, int64_t *rung);
/** As hpo_rungs_next, where no trial comes any more.  If none is good enough:
 *  the best of the highest rung as long as no trial of the model is complete;
 *  then the best of a rung if it is better than `best`, that of all complete
 *  trials. */
bool hpo_rungs_last(hpo_rungs *r, double best, hpo_id *trial, int64_t *rung);

/** The objective of a trial after a step, NaN where its curve has none. */
double hpo_rungs_value(const hpo_trial *t, int64_t step);

#endif
