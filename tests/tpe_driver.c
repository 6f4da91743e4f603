/* SPDX-License-Identifier: BSD-3-Clause */
/* Parzen estimators for check_tpe.py.  Standard input, blanks between:
 *
 *   multivariate(0|1) spread(0|1) parameters
 *   a line for each: kind(float|int|choice) low high step log(0|1)
 *   observations points, then their values, row by row
 *
 * Standard output: the log density at each point, then 1000 draws. */
#include "hpo/mem.h"
#include "sampler/parzen.h"

#include <stdio.h>
#include <string.h>

static double number(void) {
  double x = 0;

  HPO_ASSERT(scanf("%lf", &x) == 1);
  return x;
}

static void read_param(hpo_param *p) {
  char kind[16] = "";

  HPO_ASSERT(scanf("%15s", kind) == 1);
  *p = (hpo_param){.parent = -1,
                   .kind = strcmp(kind, "float") == 0 ? HPO_PARAM_FLOAT
                           : strcmp(kind, "int") == 0 ? HPO_PARAM_INT
                                                      : HPO_PARAM_CATEGORICAL};
  p->low = number();
  p->high = number();
  p->step = number();
  p->log = number() > 0;
  p->n_choice = (size_t)p->high + 1;
}

int main(void) {
  hpo_parzen_options options = {.magic_clip = true, .prior_weight = 1};
  size_t d, n, m;
  hpo_param param[16];
  hpo_axis axis[16];
  float *column[16];
  uint32_t *row = NULL;
  hpo_parzen *p = NULL;
  hpo_rng rng = hpo_rng_make(1, HPO_RNG_TEST, 0, 0);
  double *x = NULL;
  hpo_status status = HPO_OK;

  options.multivariate = number() > 0;
  options.spread = number() > 0;
  d = (size_t)number();
  HPO_ASSERT(d <= 16);
  for (size_t a = 0; a < d; a++) {
    read_param(&param[a]);
    axis[a] = hpo_axis_make(&param[a]);
  }
  n = (size_t)number();
  m = (size_t)number();
  HPO_TRY(status, hpo_mem_new(n, sizeof *row, &row, NULL));
  HPO_TRY(status, hpo_mem_new((m + 1) * d, sizeof *x, &x, NULL));
  for (size_t a = 0; a < d; a++)
    HPO_TRY(status, hpo_mem_new(n, sizeof **column, &column[a], NULL));
  for (size_t i = 0; i < n; i++) {
    row[i] = (uint32_t)i;
    for (size_t a = 0; a < d; a++)
      column[a][i] = (float)hpo_axis_place(&axis[a], number());
  }
  for (size_t i = 0; i < m * d; i++)
    x[i] = hpo_axis_place(&axis[i % d], number());
  HPO_TRY(status, hpo_parzen_create(&options, &p, NULL));
  HPO_TRY(status, hpo_parzen_build(p, axis, d, (const float *const *)column,
                                   row, NULL, n, NULL));
  for (size_t i = 0; i < m; i++)
    printf("%.17g\n", hpo_parzen_density(p, x + i * d));
  for (size_t i = 0; i < 1000; i++) {
    hpo_parzen_draw(p, &rng, x);
    for (size_t a = 0; a < d; a++)
      printf("%.17g%c", hpo_axis_value(&axis[a], x[a]),
             a + 1 < d ? ' ' : '\n');
  }
  for (size_t a = 0; a < d; a++)
    hpo_mem_free(column[a]);
done:
  hpo_parzen_destroy(p);
  hpo_mem_free(row);
  hpo_mem_free(x);
  return status == HPO_OK ? 0 : 1;
}
