/* SPDX-License-Identifier: BSD-3-Clause */
/** \file ledger.h
 *  The books in memory: every trial of the study, by number.
 *
 *  Samplers and pruners see the ledger only through a view, which hides
 *  results that strict order does not show yet.  So a suggestion is a pure
 *  function of (options, view, trial number), and resume is: read the
 *  ledger back from the file.
 */
#ifndef HPO_LEDGER_H
#define HPO_LEDGER_H

#include "hpo/front.h"
#include "hpo/plan.h"
#include "hpo/status.h"
#include "hpo/trial.h"

typedef struct hpo_ledger hpo_ledger;

/** plan is borrowed and must outlive the ledger.  What it knows from other
 *  studies is shown to samplers, and is none of the ledger's trials. */
HPO_MUST_USE hpo_status hpo_ledger_create(const hpo_plan *plan,
                                          hpo_ledger **out, hpo_error *err);
void hpo_ledger_destroy(hpo_ledger *l);

/** Takes t: its number must be n_trials, or that of a trial that is not
 *  final, which it replaces and destroys.  A complete trial's values must be
 *  finite.  Else HPO_EBUG, and t stays the caller's, as on HPO_EMEM. */
HPO_MUST_USE hpo_status hpo_ledger_put(hpo_ledger *l, hpo_trial *t,
                                       hpo_error *err);
size_t hpo_ledger_trials(const hpo_ledger *l);
const hpo_trial *hpo_ledger_get(const hpo_ledger *l, hpo_id number);
size_t hpo_ledger_count(const hpo_ledger *l, hpo_trial_state s);
/** Grows by one whenever a trial becomes final: cheap "anything new?". */
uint64_t hpo_ledger_version(const hpo_ledger *l);
const hpo_plan *hpo_ledger_plan(const hpo_ledger *l);

/** The best complete trial, or NULL: the least violation of the constraints,
 *  then objective 0, then the lowest number. */
const hpo_trial *hpo_ledger_best(const hpo_ledger *l);
/** Complete trials that no other dominates (front.h), by number: how many,
 *  and the i-th of them, valid until the next put. */
size_t hpo_ledger_front_size(const hpo_ledger *l);
const hpo_outcome *hpo_ledger_front(const hpo_ledger *l, size_t i);
/** Whether a trial is the best one, or one of the front where there are
 *  several objectives. */
bool hpo_ledger_is_best(const hpo_ledger *l, hpo_id number);
/** Value of the k-th best complete trial (k from 1), NaN if fewer. */
double hpo_ledger_kth_best(const hpo_ledger *l, size_t k);
/** Rank of a value among complete trials: how many are strictly better (all
 *  for NaN). */
size_t hpo_ledger_better(const hpo_ledger *l, double value);

/** Where a trial stands that pauses on its way (halving). */
typedef struct hpo_pause {
  int64_t step; /* that it has done; 0: it has not paused */
  double value; /* of the objective then */
} hpo_pause;

/** What a decision may see. */
typedef struct hpo_view {
  const hpo_ledger *ledger;
  hpo_id horizon; /* results of jobs with number <= horizon are seen;
                     INT64_MAX: all (arrival order) */
  hpo_id trials;  /* trials with number < trials exist for this decision */
  const hpo_pause *pause; /* [n_pause] by number: the last that is seen */
  size_t n_pause;
} hpo_view;

/** Trials of other studies that are known (known.h): they have the numbers
 *  -n to -1, are complete or pruned, and every view shows them. */
size_t hpo_view_known(const hpo_view *v);
/** The last pause that the view shows of a trial that is not final in it. */
hpo_pause hpo_view_pause(const hpo_view *v, hpo_id number);

/** A trial's state as the view shows it: final if its job is within the
 *  horizon, else running (its point is known). */
hpo_trial_state hpo_view_state(const hpo_view *v, hpo_id number);
/** The trial itself; look at value and curve only if the state is final. */
const hpo_trial *hpo_view_trial(const hpo_view *v, hpo_id number);

#endif
