/* SPDX-License-Identifier: BSD-3-Clause */
/* The logarithm of expected improvement, accurate however small it is.
 *
 * S. Ament and others, Unexpected improvements to expected improvement for
 * Bayesian optimization, NeurIPS 2023, section 4.1. */
#ifndef HPO_SAMPLER_EXPECT_H
#define HPO_SAMPLER_EXPECT_H

/** log h(z), h(z) = phi(z) + z Phi(z): log of the improvement that is expected
 *  of a standard normal on 0 where z is the best so far; *phi and *Phi are
 *  divided by h. */
double hpo_expect_log_h(double z, double *phi, double *Phi);
/** log E[max(best - Y, 0)], Y normal of this mean and variance, and its
 *  derivatives by mean and variance. */
double hpo_expect_log(double best, double mean, double variance,
                      double *by_mean, double *by_variance);

#endif
