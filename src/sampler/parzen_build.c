/* SPDX-License-Identifier: BSD-3-Clause */
/* Building a Parzen estimator: weights, bandwidths, the observations' places
 * and what the bounds cut off their kernels.  See parzen.h, parzen.c. */
#include "sampler/parzen_private.h"

#include "hpo/clones.h"
#include "hpo/mem.h"
#include "hpo/num.h"

#include <math.h>
#include <string.h>

/* measured on test functions and tuning-like surfaces; Optuna has 0.2 */
#define BANDWIDTH 0.14
/* of the range: the narrowest kernel where bandwidths follow the spread */
#define NARROWEST 0.03
#define BLOCK HPO_PARZEN_BLOCK

/* --- Room and weights ------------------------------------------------- */

/* Grows every array of a set to the same room. */
static hpo_status grow(void *array, size_t *room, size_t need, size_t size,
                       hpo_error *err) {
  size_t now = *room;
  return hpo_mem_grow(array, &now, need, size, err);
}

static hpo_status reserve(hpo_parzen *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = p->pad + 1, cells = p->n_axis * p->pad;

  p->most = 1;
  for (size_t a = 0; a < p->n_axis; a++)
    if (p->axis[a].n_level > p->most)
      p->most = p->axis[a].n_level;
  if (n > p->room_n) {
    n += n / 2;
    HPO_TRY(status, grow(&p->weight, &p->room_n, n, sizeof *p->weight, err));
    HPO_TRY(status, grow(&p->offset, &p->room_n, n, sizeof *p->offset, err));
    HPO_TRY(status, grow(&p->mu, &p->room_n, n, sizeof *p->mu, err));
    HPO_TRY(status, grow(&p->sd, &p->room_n, n, sizeof *p->sd, err));
    HPO_TRY(status, grow(&p->scale, &p->room_n, n, sizeof *p->scale, err));
    HPO_TRY(status, grow(&p->order, &p->room_n, n, sizeof *p->order, err));
    HPO_TRY(status, grow(&p->e, &p->room_n, n, sizeof *p->e, err));
    HPO_TRY(status, grow(&p->ee, &p->room_n, n, sizeof *p->ee, err));
    HPO_TRY(status, grow(&p->who, &p->room_n, n, sizeof *p->who, err));
    p->room_n = n;
  }
  if (cells > p->room_cells) {
    cells += cells / 2;
    HPO_TRY(status, grow(&p->at, &p->room_cells, cells, sizeof *p->at, err));
    HPO_TRY(status,
            grow(&p->level, &p->room_cells, cells, sizeof *p->level, err));
    p->room_cells = cells;
  }
  HPO_TRY(status, hpo_mem_grow(&p->knot, &p->room_knot, HPO_PARZEN_KNOTS + 1,
                               sizeof *p->knot, err));
  HPO_TRY(status,
          hpo_mem_grow(&p->fall, &p->room_fall, p->n_axis * HPO_AXIS_LEVELS,
                       sizeof *p->fall, err));
  HPO_TRY(status,
          hpo_mem_grow(&p->prior, &p->room_prior, p->n_axis * HPO_AXIS_LEVELS,
                       sizeof *p->prior, err));
  HPO_TRY(status, hpo_mem_grow(&p->sigma, &p->room_sigma, p->n_axis,
                               sizeof *p->sigma, err));
  HPO_TRY(status,
          hpo_mem_grow(&p->own, &p->room_own, p->n_axis, sizeof *p->own, err));
  HPO_TRY(status, hpo_mem_grow(&p->table, &p->room_table, p->n_axis * p->most,
                               sizeof *p->table, err));
done:
  return status;
}

/* As given, or the newest 25 weigh 1, older ones rise from 1 / n. */
static void set_weights(hpo_parzen *p, const double *weight) {
  size_t n = p->n, old = n > 25 ? n - 25 : 0;
  double first = n > 0 ? 1.0 / (double)n : 1;

  p->total = p->options.prior_weight;
  for (size_t i = 0; i < n; i++) {
    double ramp = old > 1 ? (double)i / (double)(old - 1) : 0;
    p->weight[i] = weight != NULL ? weight[i]
                   : i < old      ? first + (1 - first) * ramp
                                  : 1;
    p->total += p->weight[i];
  }
}

/* --- Bandwidths ------------------------------------------------------- */

/* n^(-1/(d + more)): Scott's rule has 4; where bandwidths follow the spread
 * of the best few, 2 finds better points (measured). */
static double shrink(const hpo_parzen *p, double more) {
  double n = (double)(p->n > 0 ? p->n : 1), d = (double)p->n_axis;

  return hpo_num_pow(n, -1 / (d + more));
}

static double same_bandwidth(const hpo_parzen *p) {
  double least =
      p->options.magic_clip ? 1 / fmin(100, (double)p->n + 2) : 1e-12;

  return fmin(fmax(BANDWIDTH * shrink(p, 4), least), 1);
}

static double center(const hpo_axis *axis, float place) {
  return axis->kind == HPO_AXIS_LEVEL
             ? ((double)place + 0.5) / (double)axis->n_level
             : (double)place;
}

/* The standard deviation of the observations by their weights, the prior
 * (uniform: mean 1/2, variance 1/12) being one of them. */
static double spread(const hpo_parzen *p, size_t a, const float *column,
                     const uint32_t *row) {
  double prior = p->options.prior_weight, mean = 0.5 * prior, var = 0;

  for (size_t i = 0; i < p->n; i++)
    mean += p->weight[i] * center(&p->axis[a], column[row[i]]);
  mean /= p->total;
  var = prior * (1.0 / 12 + (mean - 0.5) * (mean - 0.5));
  for (size_t i = 0; i < p->n; i++) {
    double off = center(&p->axis[a], column[row[i]]) - mean;
    var += p->weight[i] * off * off;
  }
  return sqrt(var / p->total);
}

static void set_bandwidths(hpo_parzen *p, const float *const *column,
                           const uint32_t *row) {
  double same = same_bandwidth(p);
  double least = p->options.magic_clip ? NARROWEST : 1e-12;
  double share = shrink(p, 2);

  for (size_t a = 0; a < p->n_axis; a++) {
    p->sigma[a] = same;
    if (p->options.spread && p->axis[a].kind != HPO_AXIS_CHOICE)
      p->sigma[a] = fmin(fmax(spread(p, a, column[a], row) * share, least), 1);
  }
}

/* --- What the bounds cut off ------------------------------------------ */

void hpo_parzen_set_cdf(hpo_parzen *p) {
  for (size_t k = 0; k <= HPO_PARZEN_CDF; k++)
    p->cdf[k] = hpo_num_ndtr((double)k / HPO_PARZEN_CDF_STEPS);
}

/* Phi(z), z >= 0, to 1e-5. */
static double cdf(const hpo_parzen *p, double z) {
  double t = z * HPO_PARZEN_CDF_STEPS;
  size_t k = (size_t)fmin(t, HPO_PARZEN_CDF - 1);

  t = fmin(t - (double)k, 1);
  return p->cdf[k] + t * (p->cdf[k + 1] - p->cdf[k]);
}

static double log_within(const hpo_parzen *p, double place, double sigma) {
  double above = cdf(p, (1 - place) / sigma), below = cdf(p, place / sigma);

  return hpo_num_log(above + below - 1);
}

/* A table for many observations with one bandwidth. */
static void set_knots(hpo_parzen *p) {
  double sigma = p->sigma[0];
  size_t half = (size_t)fmin(ceil(4 / sigma), HPO_PARZEN_KNOTS / 2);

  p->n_knot = p->options.spread ? 0 : 2 * half;
  for (size_t k = 0; k <= half && p->n_knot > 0; k++)
    p->knot[k] = p->knot[p->n_knot - k] =
        (float)log_within(p, (double)k / (double)p->n_knot, sigma);
}

HPO_INLINE float look_up(const float *knot, size_t n_knot, float place) {
  float t = place * (float)n_knot;
  int32_t k = (int32_t)t, last = (int32_t)n_knot - 1;

  k = k < last ? k : last;
  return knot[k] + (t - (float)k) * (knot[k + 1] - knot[k]);
}

static float within(const hpo_parzen *p, size_t a, float place) {
  return p->n_knot > 0 ? look_up(p->knot, p->n_knot, place)
                       : (float)log_within(p, (double)place, p->sigma[a]);
}

/* --- The prior --------------------------------------------------------- */

static void set_priors(hpo_parzen *p) {
  for (size_t a = 0; a < p->n_axis; a++)
    for (size_t k = 0; k < p->axis[a].n_level; k++)
      if (p->axis[a].kind == HPO_AXIS_LEVEL)
        p->prior[a * HPO_AXIS_LEVELS + k] =
            hpo_parzen_prior(&p->axis[a], (double)k);
  p->prior_axis = p->axis;
}

/* --- The observations ------------------------------------------------- */

/* Of a block of places: what the bounds leave, and units of the kernels. */
HPO_CLONES static void scale_blocks(const hpo_parzen *p, float *restrict at,
                                    float scale) {
  float *restrict offset = p->offset;

  for (size_t from = 0; from < p->pad; from += BLOCK)
    for (size_t i = from; i < from + BLOCK; i++) {
      offset[i] -= look_up(p->knot, p->n_knot, at[i]);
      at[i] *= scale;
    }
}

static void gather_unit(hpo_parzen *p, size_t a, const float *column,
                        const uint32_t *row) {
  float scale = (float)(1 / (p->sigma[a] * SQRT_2)), *at = p->at + a * p->pad;

  for (size_t i = 0; i < p->n; i++)
    at[i] = column[row[i]];
  for (size_t i = p->n; i < p->pad; i++)
    at[i] = 0;
  if (p->n_knot > 0) {
    scale_blocks(p, at, scale);
    return;
  }
  for (size_t i = 0; i < p->n; i++) {
    p->offset[i] -= within(p, a, at[i]);
    at[i] *= scale;
  }
}

static void gather_level(hpo_parzen *p, size_t a, const float *column,
                         const uint32_t *row) {
  const hpo_axis *axis = &p->axis[a];
  uint16_t *level = p->level + a * p->pad;
  float *fall = p->fall + a * HPO_AXIS_LEVELS, cut[HPO_AXIS_LEVELS];
  double width = 1 / ((double)axis->n_level * p->sigma[a]);

  for (size_t i = 0; i < p->n; i++)
    level[i] = (uint16_t)column[row[i]];
  memset(level + p->n, 0, (p->pad - p->n) * sizeof *level);
  if (axis->kind == HPO_AXIS_CHOICE)
    return;
  for (size_t k = 0; k < axis->n_level; k++) {
    double d = (double)k;
    fall[k] = (float)hpo_parzen_log_mass((d - 0.5) * width, (d + 0.5) * width);
    cut[k] = within(p, a, (float)((d + 0.5) / (double)axis->n_level));
  }
  for (size_t i = 0; i < p->n; i++)
    p->offset[i] -= cut[level[i]];
}

hpo_status hpo_parzen_build(hpo_parzen *p, const hpo_axis *axis, size_t n_axis,
                            const float *const *column, const uint32_t *row,
                            const double *weight, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_ASSERT(n_axis > 0 && (p->options.multivariate || n_axis == 1));
  p->axis = axis;
  p->n_axis = n_axis;
  p->n = n;
  p->pad = (n + BLOCK - 1) / BLOCK * BLOCK;
  HPO_TRY(status, reserve(p, err));
  set_weights(p, weight);
  p->log_prior = hpo_num_log(p->options.prior_weight);
  p->log_total = hpo_num_log(p->total);
  p->miss = p->options.prior_weight / (double)(n + 1);
  p->hit = 1 + p->miss;
  if (!p->options.multivariate) {
    HPO_TRY(status, hpo_parzen_one_build(p, column[0], row, err));
    goto done;
  }
  if (p->prior_axis != axis)
    set_priors(p);
  set_bandwidths(p, column, row);
  set_knots(p);
  for (size_t i = 0; i < p->pad; i++)
    p->offset[i] = i < n ? 0 : -INFINITY;
  for (size_t a = 0; a < n_axis; a++)
    (axis[a].kind == HPO_AXIS_UNIT ? gather_unit
                                   : gather_level)(p, a, column[a], row);
done:
  return status;
}
