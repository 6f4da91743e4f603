/* SPDX-License-Identifier: BSD-3-Clause */
/* Learning rates of CMA-ES that follow the signal: where values are noisy or
 * have many local minima, mean and covariance take a share of each step only,
 * so that many small steps average the noise out.
 *
 * M. Nomura, Y. Akimoto, I. Ono, CMA-ES with learning rate adaptation: can
 * CMA-ES with default population size solve multimodal and noisy problems?,
 * GECCO 2023; equation numbers are of that paper. */
#ifndef HPO_SAMPLER_CMA_RATE_H
#define HPO_SAMPLER_CMA_RATE_H

#include "hpo/status.h"

typedef struct hpo_cma hpo_cma;

/** Moving averages of one kind of step, in the old distribution's units. */
typedef struct hpo_cma_signal {
  size_t n;      /* numbers of a step */
  double *mean;  /* [n] of steps */
  double square; /* of their squared length */
  double forget; /* weight of the newest, beta */
  double rate;   /* in (0, 1], eta */
} hpo_cma_signal;

typedef struct hpo_cma_rate {
  hpo_cma_signal mean, cov; /* of n and of n^2 numbers */
  double *old_mean;         /* [n] before the step, as the next two */
  double *old_cov;          /* [n][n] sigma^2 C */
  double *white;            /* [n][n] its inverse square root */
  double *step, *work;      /* [n][n] */
} hpo_cma_rate;

HPO_MUST_USE hpo_status hpo_cma_rate_create(size_t n, hpo_cma_rate **out,
                                            hpo_error *err);
void hpo_cma_rate_destroy(hpo_cma_rate *r);
/** Before a step: what the distribution is. */
void hpo_cma_rate_begin(hpo_cma *c);
/** After it: the rates, and the share of the step that is taken.  C's basis
 *  and scale are to be found anew. */
void hpo_cma_rate_end(hpo_cma *c);

#endif
