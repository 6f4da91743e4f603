/* SPDX-License-Identifier: BSD-3-Clause */
/* A space's points as those of a Gaussian process: see gauss_space.h. */
#include "sampler/gauss_space.h"

#include <math.h>

size_t hpo_gauss_params(const hpo_space *space, size_t *param) {
  size_t n = 0;

  for (size_t i = 0; i < space->n_param; i++)
    if (hpo_param_cardinality(&space->param[i]) > 1)
      param[n++] = i;
  return n;
}

void hpo_gauss_mark(hpo_gauss *g, const hpo_space *space,
                    const size_t *param) {
  for (size_t a = 0; a < g->d; a++)
    g->is_choice[a] = hpo_param_is_unordered(&space->param[param[a]]);
}

void hpo_gauss_place(const hpo_space *space, const size_t *param, size_t n,
                     const double *x, double *place) {
  for (size_t a = 0; a < n; a++) {
    const hpo_param *p = &space->param[param[a]];
    double value = x[param[a]];
    bool is_choice = hpo_param_is_unordered(p);
    place[a] = isnan(value) ? (is_choice ? (double)p->n_choice : 0.5)
               : is_choice  ? value
                            : hpo_param_to_unit(p, value);
  }
}

bool hpo_gauss_is_smooth(const hpo_param *p) {
  return !hpo_param_is_unordered(p) &&
         hpo_param_cardinality(p) > HPO_GAUSS_SHORT;
}
