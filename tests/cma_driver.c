/* SPDX-License-Identifier: BSD-3-Clause */
/* CMA-ES updates for check_samplers.py.  Standard input, blanks between:
 *
 *   coordinates population sigma, 1 for adapted learning rates, the mean, the
 *   number of values of each
 *   coordinate (0: continuous, else 0, 1, ...), generations, then for each
 *   generation its points, best first
 *
 * Standard output, a line for each generation: sigma, mean, stretch,
 * covariance. */
#include "hpo/mem.h"
#include "sampler/cma.h"

#include <math.h>
#include <stdio.h>

static double number(void) {
  double x = 0;

  HPO_ASSERT(scanf("%lf", &x) == 1);
  return x;
}

static void correct(hpo_cma *c, size_t i, double cells) {
  double k = fmin(fmax(floor(c->mean[i] + 0.5), 0), cells - 1);

  hpo_cma_margin(c, i, fmax(k, 1) - 0.5, fmin(k, cells - 2) + 0.5,
                 1 / (double)(c->n * c->lambda));
}

static void print(const hpo_cma *c) {
  printf("%.17g", c->sigma);
  for (size_t i = 0; i < c->n; i++)
    printf(" %.17g", c->mean[i]);
  for (size_t i = 0; i < c->n; i++)
    printf(" %.17g", c->stretch[i]);
  for (size_t i = 0; i < c->n * c->n; i++)
    printf(" %.17g", c->cov[i]);
  printf("\n");
}

int main(void) {
  size_t n = (size_t)number(), lambda = (size_t)number(), generations;
  double sigma = number(), adapt = number(), *mean = NULL, *cells = NULL,
         *y = NULL;
  hpo_cma *c = NULL;
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_new(n, sizeof *mean, &mean, NULL));
  HPO_TRY(status, hpo_mem_new(n, sizeof *cells, &cells, NULL));
  HPO_TRY(status, hpo_mem_new(n * lambda, sizeof *y, &y, NULL));
  for (size_t i = 0; i < n; i++)
    mean[i] = number();
  for (size_t i = 0; i < n; i++)
    cells[i] = number();
  HPO_TRY(status, hpo_cma_create(n, lambda, mean, sigma, &c, NULL));
  if (adapt != 0)
    HPO_TRY(status, hpo_cma_adapt(c, NULL));
  generations = (size_t)number();
  for (size_t g = 0; g < generations; g++) {
    for (size_t i = 0; i < n * lambda; i++)
      y[i] = (number() - c->mean[i % n]) / c->sigma;
    hpo_cma_tell(c, y, 0, 1);
    for (size_t i = 0; i < n; i++)
      if (cells[i] > 0)
        correct(c, i, cells[i]);
    print(c);
  }
done:
  hpo_cma_destroy(c);
  hpo_mem_free(mean);
  hpo_mem_free(cells);
  hpo_mem_free(y);
  return status == HPO_OK ? 0 : 1;
}
