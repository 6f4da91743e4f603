/* SPDX-License-Identifier: BSD-3-Clause */
/* Hyperparameters of a Gaussian process from what was observed. */
#ifndef HPO_SAMPLER_GAUSS_FIT_H
#define HPO_SAMPLER_GAUSS_FIT_H

#include "sampler/descent.h"
#include "sampler/gauss.h"

/** Length scales are in units of a parameter's range, values standardised. */
typedef struct hpo_prior {
  double mean, deviation; /* of a log */
  double low, high;       /* bounds of the log */
} hpo_prior;

/** Priors [d + HPO_GAUSS_EXTRA] of a process on d coordinates; noise < 0: to
 *  be found, else known. */
void hpo_gauss_priors(size_t d, double noise, hpo_prior *prior);
/** The most probable hyperparameters of g's points (a local maximum, from the
 *  priors' means) are set; search is a workspace of d + HPO_GAUSS_EXTRA
 *  coordinates.  About 30 times hpo_gauss_build with its gradient. */
void hpo_gauss_fit(hpo_gauss *g, const hpo_prior *prior, hpo_descent *search);

#endif
