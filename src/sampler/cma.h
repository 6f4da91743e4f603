/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of CMA-ES: a normal distribution that moves towards good points.
 *
 * N. Hansen, The CMA evolution strategy: a tutorial, arXiv:1604.00772, with
 * its constants and negative weights; equation numbers are of that paper, as
 * in the package cmaes.  Integers: R. Hamano and others, CMA-ES with margin,
 * GECCO 2022.  Noise: cma_rate.h.  Knows no space and no trials. */
#ifndef HPO_SAMPLER_CMA_H
#define HPO_SAMPLER_CMA_H

#include "sampler/cma_rate.h"

typedef struct hpo_cma {
  size_t n;      /* coordinates, >= 1 */
  size_t lambda; /* population, >= 3 */
  size_t mu, generation;
  double mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu, chi_n;
  double sigma, sigma_start;
  double *weight;              /* [lambda] */
  double *mean, *stretch;      /* [n] stretch: 1 but where a margin asks */
  double *cov;                 /* [n][n] */
  double *basis, *scale;       /* [n][n] eigenvectors in columns; [n] square
                                  roots of eigenvalues */
  double *path_sigma, *path_c; /* [n] */
  double *work;                /* [n][n + 4] */
  double *best, *worst;        /* [n_past] of the last generations */
  size_t n_past;
  hpo_cma_rate *rate; /* NULL: the learning rates stay 1 */
} hpo_cma;

/** 4 + floor(3 log n), equation 48. */
size_t hpo_cma_population(size_t n);
/** mean [n] is copied. */
HPO_MUST_USE hpo_status hpo_cma_create(size_t n, size_t lambda,
                                       const double *mean, double sigma,
                                       hpo_cma **out, hpo_error *err);
void hpo_cma_destroy(hpo_cma *c);
/** Before the first generation: sigma and C become those of a covariance
 *  [n][n], positive definite, det C being 1. */
void hpo_cma_shape(hpo_cma *c, const double *cov);
/** From here on the learning rates are adapted. */
HPO_MUST_USE hpo_status hpo_cma_adapt(hpo_cma *c, hpo_error *err);

/** |C^(-1/2) y|: how many standard deviations y [n] is off. */
double hpo_cma_distance(const hpo_cma *c, const double *y);
/** The next generation from y [lambda][n], (point - mean) / sigma, best
 *  first; value_best, value_worst for hpo_cma_is_done. */
void hpo_cma_tell(hpo_cma *c, const double *y, double value_best,
                  double value_worst);
/** Keeps the chance of other values of a discrete coordinate i at no less
 *  than alpha on either side: the mean's cell reaches from low to high; at
 *  the first or the last cell both are its inner end.  Moves mean and
 *  stretch (Hamano, section 4). */
void hpo_cma_margin(hpo_cma *c, size_t i, double low, double high,
                    double alpha);
/** Whether there is nothing to be gained any more: every standard deviation
 *  is below tolerance, or the values of the last 10 + 30 n / lambda
 *  generations are equal, or C is singular in double precision. */
bool hpo_cma_is_done(const hpo_cma *c, double tolerance);

#endif
