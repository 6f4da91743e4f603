/* SPDX-License-Identifier: BSD-3-Clause */
/* The Parzen estimator on one axis: a kernel is as wide as the larger gap to
 * its neighbours, the prior in the middle being one of them.
 *
 * J. Bergstra, R. Bardenet, Y. Bengio, B. Kegl, Algorithms for
 * hyper-parameter optimization, NIPS 2011, section 4.2. */
#include "sampler/parzen_private.h"

#include "hpo/num.h"

#include <math.h>
#include <stdlib.h>

#define LOG_SQRT_2PI 0.91893853320467274178

static int by_place(const void *a, const void *b, void *context) {
  const double *mu = context;
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;

  if (mu[i] != mu[j])
    return mu[i] < mu[j] ? -1 : 1;
  return i < j ? -1 : i > j;
}

/* Deviations from the gaps; mu has n + 1 entries, the last is the prior. */
static void set_deviations(hpo_parzen *p) {
  size_t n = p->n + 1;
  double least = p->options.magic_clip ? 1 / fmin(100, (double)n + 1) : 1e-12;

  for (size_t i = 0; i < n; i++)
    p->order[i] = (uint32_t)i;
  qsort_r(p->order, n, sizeof *p->order, by_place, p->mu);
  for (size_t k = 0; k < n; k++) {
    double mu = p->mu[p->order[k]];
    double left = mu - (k > 0 ? p->mu[p->order[k - 1]] : 0);
    double right = (k + 1 < n ? p->mu[p->order[k + 1]] : 1) - mu;
    double gap = fmax(left, right);
    if (!p->options.consider_endpoints && n >= 2) {
      if (k == 0)
        gap = right;
      else if (k + 1 == n)
        gap = left;
    }
    p->sd[p->order[k]] = fmin(fmax(gap, least), 1);
  }
}

hpo_status hpo_parzen_one_build(hpo_parzen *p, const float *column,
                                const uint32_t *row, hpo_error *err) {
  const hpo_axis *axis = &p->axis[0];

  (void)err;
  for (size_t i = 0; i < p->n; i++) {
    double place = (double)column[row[i]];
    if (axis->kind != HPO_AXIS_UNIT)
      p->level[i] = (uint16_t)place;
    p->mu[i] = axis->kind == HPO_AXIS_LEVEL
                   ? (place + 0.5) / (double)axis->n_level
                   : place;
  }
  if (axis->kind == HPO_AXIS_CHOICE)
    return HPO_OK;
  p->mu[p->n] = 0.5;
  set_deviations(p);
  for (size_t i = 0; i < p->n; i++)
    p->scale[i] =
        -hpo_parzen_log_mass(-p->mu[i] / p->sd[i], (1 - p->mu[i]) / p->sd[i]) -
        (axis->kind == HPO_AXIS_UNIT ? hpo_num_log(p->sd[i]) + LOG_SQRT_2PI
                                     : 0);
  return HPO_OK;
}

/* log of kernel i at x. */
static double kernel(const hpo_parzen *p, size_t i, double x) {
  const hpo_axis *axis = &p->axis[0];
  double n = (double)axis->n_level;

  if (axis->kind == HPO_AXIS_CHOICE)
    return hpo_num_log((x == (double)p->level[i] ? p->hit : p->miss) /
                       (1 + n * p->miss));
  if (axis->kind == HPO_AXIS_LEVEL)
    return p->scale[i] +
           hpo_parzen_log_mass((x / n - p->mu[i]) / p->sd[i],
                               ((x + 1) / n - p->mu[i]) / p->sd[i]);
  double z = (x - p->mu[i]) / p->sd[i];
  return p->scale[i] - 0.5 * z * z;
}

double hpo_parzen_one_density(const hpo_parzen *p, double x) {
  double sum =
      p->options.prior_weight * hpo_num_exp(hpo_parzen_prior(&p->axis[0], x));

  for (size_t i = 0; i < p->n; i++)
    sum += p->weight[i] * hpo_num_exp(kernel(p, i, x));
  return hpo_num_log(sum / p->total);
}
