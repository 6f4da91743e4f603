/* SPDX-License-Identifier: BSD-3-Clause */
/* How good a trial is to a sampler that learns: for one objective two numbers
 * to be compared, for several the best of the fronts. */
#ifndef HPO_SAMPLER_MERIT_H
#define HPO_SAMPLER_MERIT_H

#include "hpo/front.h"

/** One objective: less is better, step first.  Before all come feasible
 *  complete trials, then pruned ones, those that went further first, then
 *  infeasible ones by their violation, then failed ones. */
void hpo_merit_get(const hpo_plan *plan, const hpo_trial *t, double *step,
                   double *value);

/** Several objectives: picks the best `most` outcomes whose rows take part:
 *  whole fronts, of the last one those that together have the largest
 *  hypervolume; infeasible ones by number.  What each adds to the hypervolume
 *  of those picked is its weight.
 *
 *  Y. Ozaki, Y. Tanigaki, S. Watanabe, M. Nomura, M. Onishi, Multiobjective
 *  tree-structured Parzen estimator, JAIR 73, 2022, sections 4.2 and 4.3; the
 *  reference is 1.1 times the worst loss, 0.9 times where that is below 0, as
 *  in Optuna.
 *
 *  \param [in]  f        all fronts; item.number is a row
 *  \param [in]  active   [rows] not NaN: the row takes part
 *  \param [out] is_best  [rows] set to 1 for those picked
 *  \param [out] weight   [rows] in (0, 1], for those picked */
HPO_MUST_USE hpo_status hpo_merit_pick(const hpo_fronts *f,
                                       const float *active, size_t most,
                                       uint8_t *is_best, double *weight,
                                       hpo_error *err);

#endif
