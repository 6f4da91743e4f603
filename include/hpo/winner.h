/* SPDX-License-Identifier: BSD-3-Clause */
/** \file winner.h
 *  Which trial a study is to be remembered for, and how good it may be
 *  expected to be: a pure function of plan and ledger.
 *
 *  - rule "best": the best value, ties to the lowest number; with
 *    constraints the least violation first, which the others must keep to.
 *  - rule "one-se": of the complete trials within one standard error of the
 *    best, the simplest (Breiman, Friedman, Olshen, Stone 1984,
 *    Classification and regression trees, section 3.4.3; Hastie, Tibshirani,
 *    Friedman 2009, section 7.10).  The standard error is that of the best
 *    trial's mean over the folds; simpler is what has less of a metric or
 *    parameter, model_bytes unless told.
 */
#ifndef HPO_WINNER_H
#define HPO_WINNER_H

#include "hpo/ledger.h"
#include "hpo/plan.h"
#include "hpo/status.h"

/** How the winner's value was corrected for the choice. */
typedef enum hpo_winner_method {
  HPO_WINNER_PLAIN, /* it was not */
  HPO_WINNER_BBC,   /* exam.h, hpo_exam_luck */
  HPO_WINNER_TT     /* hpo_winner_correct */
} hpo_winner_method;

typedef struct hpo_winner {
  hpo_id trial, best;    /* -1: no trial has succeeded */
  int64_t trials;        /* final trials that were chosen among */
  int64_t candidates;    /* within a standard error, the best among them; 1 */
  double value;          /* objective of the winner */
  double best_value;     /* of the best */
  double standard_error; /* of the best over its folds; NaN: unknown */
  hpo_winner_method method;
  double corrected, low, high; /* NaN: unknown */
  int64_t models, samples;     /* that the correction compared, drew */
} hpo_winner;

/** Values of the complete trials in each fold, by trial. */
typedef struct hpo_fold_values {
  double *value; /* [n_trial][n_fold] NaN: unknown; owned */
  size_t n_trial, n_fold;
} hpo_fold_values;
/** The step of a curve at which its (mean) value is the trial's: the last if
 *  that is, else the first, where it stopped early; 0: none. */
int64_t hpo_winner_step(const hpo_trial *curve, double value);
/** The folds' values at that step.
 *  \param [out] out [n_fold] */
void hpo_winner_folds(const hpo_trial *curve, double value, size_t n_fold,
                      double *out);

/** Applies the rule (best where the plan names none); sets all but the
 *  correction.  folds: n_fold 0 without. */
HPO_MUST_USE hpo_status hpo_winner_choose(const hpo_plan *plan,
                                          const hpo_ledger *ledger,
                                          const hpo_fold_values *folds,
                                          hpo_winner *out, hpo_error *err);
/** Correction by the folds (Tibshirani, Tibshirani 2009, A bias correction
 *  for the minimum error rate in cross-validation, Annals of Applied
 *  Statistics 3, equation 2): on average over the folds, how much better
 *  each fold's own best trial is there than the best trial.  The interval is
 *  that of Student's t over the folds around it, which is too narrow as far
 *  as the folds share training rows. */
void hpo_winner_correct(const hpo_plan *plan, const hpo_fold_values *folds,
                        hpo_winner *w);

#endif
