/* SPDX-License-Identifier: BSD-3-Clause */
/* How much better than the best so far a point may still be, at most.
 *
 * A Gaussian process (gauss.h) is fitted to the trials.  With the root of
 *
 *   beta = 2 / 5 log(d n^2 pi^2 / (6 delta)),  delta = 0.1
 *
 * for d coordinates and n trials, mean + root * deviation is above the
 * objective and mean - root * deviation below it, everywhere and with
 * probability 1 - delta.  The regret of the best trial is then at most the
 * lowest upper bound at a trial less the lowest lower bound in the space.
 *
 * A. Makarova and others, Automatic termination for hyperparameter
 * optimization, AutoML 2022, section 3 and appendix (scaled down by 5 as in
 * N. Srinivas and others, Gaussian process optimization in the bandit
 * setting, ICML 2010); d in the place of the size of the space, as Optuna's
 * RegretBoundEvaluator has it. */
#ifndef HPO_SAMPLER_REGRET_H
#define HPO_SAMPLER_REGRET_H

#include "sampler/gauss_fit.h"
#include "sampler/points.h"
#include "sampler/quasi.h"

typedef struct hpo_regret {
  const hpo_space *space; /* borrowed */
  size_t n;               /* coordinates */
  size_t *param;          /* [n] parameters with several values */
  hpo_quasi quasi;
  hpo_points failed; /* that have no value that counts: the
                        lower bound leaves them out; added by the owner */
  hpo_gauss *gauss;
  hpo_prior *prior;     /* [n + HPO_GAUSS_EXTRA] */
  hpo_descent *fitting; /* [n + HPO_GAUSS_EXTRA] */
  hpo_descent *lane;    /* [n] */
  double *x;            /* starts, and a batch of points, [n_param] each */
  double *place, *mean_slope, *variance_slope; /* [HPO_GAUSS_BATCH][n] */
  /* of the last bound: values are standardised, less is better */
  double root, upper, lower;
  double mean, deviation; /* of the values */
} hpo_regret;

HPO_MUST_USE hpo_status hpo_regret_init(hpo_regret *r, const hpo_space *space,
                                        uint64_t seed, hpo_error *err);
void hpo_regret_free(hpo_regret *r);
/** The bound, in units of the values, from n >= 2 points x [n][n_param] with
 *  values y [n], less is better.  0 where all values are the same, or the
 *  space has one point.  About 40 n^3. */
HPO_MUST_USE hpo_status hpo_regret_find(hpo_regret *r, const double *const *x,
                                        const double *y, size_t n,
                                        double *bound, hpo_error *err);

#endif
