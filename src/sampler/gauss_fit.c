/* SPDX-License-Identifier: BSD-3-Clause */
/* Hyperparameters of a Gaussian process: see gauss_fit.h. */
#include "sampler/gauss_fit.h"

#include "hpo/num.h"

#include <math.h>

#define MOST_BUILDS 40
#define ENOUGH 0.01 /* gain of log posterior that is not worth a step */

void hpo_gauss_priors(size_t d, double noise, hpo_prior *prior) {
  /* wider scales where there are more coordinates, so that the typical
     distance of two points keeps its meaning (C. Hvarfner, E. O. Hellsten,
     L. Nardi, Vanilla Bayesian optimization performs great in high
     dimensions, ICML 2024) */
  double wide = 0.5 * hpo_num_log((double)(d > 0 ? d : 1));

  for (size_t a = 0; a < d; a++)
    prior[a] = (hpo_prior){
        .mean = wide - 1.2, .deviation = 1, .low = -4, .high = wide + 4};
  prior[d] = (hpo_prior){.mean = 0, .deviation = 1.5, .low = -5, .high = 8};
  prior[d + 1] =
      (hpo_prior){.mean = -12, .deviation = 3, .low = -13.8, .high = 0};
  if (noise >= 0)
    prior[d + 1].low = prior[d + 1].high = prior[d + 1].mean =
        hpo_num_log(fmax(noise, 1e-8));
}

/* minus log posterior and its slope at g's hyperparameters */
static double loss(hpo_gauss *g, const hpo_prior *prior, double *slope) {
  size_t n = g->d + HPO_GAUSS_EXTRA;
  double value;

  if (!hpo_gauss_build(g, slope))
    return (double)NAN;
  value = -g->likelihood;
  for (size_t i = 0; i < n; i++) {
    double z = (g->theta[i] - prior[i].mean) / prior[i].deviation;
    value += 0.5 * z * z;
    slope[i] = z / prior[i].deviation - slope[i];
  }
  return value;
}

void hpo_gauss_fit(hpo_gauss *g, const hpo_prior *prior, hpo_descent *search) {
  size_t n = g->d + HPO_GAUSS_EXTRA;
  double value;

  for (size_t i = 0; i < n; i++) {
    search->low[i] = prior[i].low;
    search->high[i] = prior[i].high;
    search->x[i] = prior[i].mean;
  }
  hpo_descent_begin(search, search->x, ENOUGH, MOST_BUILDS);
  do {
    hpo_gauss_set(g, search->ask);
    value = loss(g, prior, search->reply);
  } while (hpo_descent_answer(search, value));
  hpo_gauss_set(g, search->x);
}
