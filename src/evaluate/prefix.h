/* SPDX-License-Identifier: BSD-3-Clause */
/* Trials that differ in nothing but how many steps they take.
 *
 * Training is keyed without the trial (rng.h), so the shorter of two such
 * trials is a prefix of the longer one, bit for bit.  A rank keeps trials that
 * are over beside those that pause (paused.h), where others like them may
 * come.  A later one takes over what was trained:
 *
 *     known:    | 1 2 3 ............... 40 |
 *     25 steps: | recalled ... 25 | cut, scored
 *     60 steps: | recalled ............ 40 | trained ..... 60 |
 *
 * Recalled steps have the values of the known curve, and all that judges them
 * (thresholds, patience, limits, stops from outside) judges as if they were
 * trained.  All ranks of a team keep and take alike. */
#ifndef EVALUATE_PREFIX_H
#define EVALUATE_PREFIX_H

#include "evaluate/trial.h"

/** Whether v, which is over, may serve a later trial. */
bool hpo_prefix_serves(const hpo_evaluation *v);
/** The evaluation of a job that goes on from one like it, at step 0 with all
 *  of that one's steps to be recalled; NULL: none is kept. */
HPO_MUST_USE hpo_status hpo_prefix_take(hpo_evaluator *e, hpo_job *job,
                                        hpo_evaluation **out, hpo_error *err);
/** Whether a step of the trial was trained before. */
bool hpo_prefix_has(const hpo_evaluation *v, int64_t step);
/** The value of such a step, its last one, and each fold's into the curve; on
 *  the team's rank 0.
 *  \param [out] value untouched where the objective has no curve */
HPO_MUST_USE hpo_status hpo_prefix_recall(hpo_evaluation *v, double *value,
                                          hpo_error *err);
/** The models as they were at the trial's last step, and what they predict,
 *  where that step was recalled. Collective. */
HPO_MUST_USE hpo_status hpo_prefix_cut(hpo_evaluation *v, hpo_error *err);

#endif
