/* SPDX-License-Identifier: BSD-3-Clause */
/* A bound on the regret: see regret.h. */
#include "sampler/regret.h"

#include "hpo/mem.h"
#include "hpo/num.h"
#include "sampler/gauss_space.h"

#include <math.h>
#include <string.h>

#define BATCH HPO_GAUSS_BATCH
#define SAMPLES 2048 /* Sobol points at which the lower bound is looked up */
#define STARTS 4     /* of them, from where it is followed down */
#define MOST_STEPS 30
#define ENOUGH 1e-4 /* of the values' deviation */
#define DELTA 0.1
#define PI 3.14159265358979323846

/* --- Making ----------------------------------------------------------- */

hpo_status hpo_regret_init(hpo_regret *r, const hpo_space *space,
                           uint64_t seed, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t one = sizeof(double);

  *r = (hpo_regret){.space = space, .failed.space = space};
  HPO_TRY(status,
          hpo_mem_new(space->n_param, sizeof *r->param, &r->param, err));
  r->n = hpo_gauss_params(space, r->param);
  size_t n = r->n, n_theta = n + HPO_GAUSS_EXTRA;
  HPO_TRY(status, hpo_quasi_init(&r->quasi, space, seed, true, err));
  HPO_TRY(status, hpo_gauss_create(n, &r->gauss, err));
  hpo_gauss_mark(r->gauss, space, r->param);
  HPO_TRY(status, hpo_mem_new(n_theta, sizeof *r->prior, &r->prior, err));
  hpo_gauss_priors(n, -1, r->prior);
  HPO_TRY(status, hpo_descent_create(n_theta, &r->fitting, err));
  HPO_TRY(status, hpo_descent_create(n, &r->lane, err));
  HPO_TRY(status,
          hpo_mem_new((STARTS + BATCH) * space->n_param, one, &r->x, err));
  HPO_TRY(status, hpo_mem_new(BATCH * n, one, &r->place, err));
  HPO_TRY(status, hpo_mem_new(BATCH * n, one, &r->mean_slope, err));
  HPO_TRY(status, hpo_mem_new(BATCH * n, one, &r->variance_slope, err));
done:
  return status;
}

void hpo_regret_free(hpo_regret *r) {
  hpo_quasi_free(&r->quasi);
  hpo_points_free(&r->failed);
  hpo_gauss_destroy(r->gauss);
  hpo_descent_destroy(r->fitting);
  hpo_descent_destroy(r->lane);
  hpo_mem_free(r->param);
  hpo_mem_free(r->prior);
  hpo_mem_free(r->x);
  hpo_mem_free(r->place);
  hpo_mem_free(r->mean_slope);
  hpo_mem_free(r->variance_slope);
  *r = (hpo_regret){.n = 0};
}

/* --- The model -------------------------------------------------------- */

/* Values to mean 0 and deviation 1; false: they are all the same. */
static bool scale(hpo_regret *r, const double *y, size_t n, double *to) {
  double mean = 0, square = 0, low = y[0], high = y[0];

  for (size_t i = 0; i < n; i++) {
    mean += y[i] / (double)n;
    low = fmin(low, y[i]);
    high = fmax(high, y[i]);
  }
  for (size_t i = 0; i < n; i++)
    square += (y[i] - mean) / (double)n * (y[i] - mean);
  r->mean = mean;
  r->deviation = high > low ? sqrt(square) : 0;
  for (size_t i = 0; i < n && r->deviation > 0; i++)
    to[i] = (y[i] - mean) / r->deviation;
  return r->deviation > 0;
}

static void place(const hpo_regret *r, const double *x, double *to) {
  hpo_gauss_place(r->space, r->param, r->n, x, to);
}

static void fit(hpo_regret *r, const double *const *x, size_t n) {
  hpo_gauss *g = r->gauss;

  for (size_t i = 0; i < n; i++) {
    place(r, x[i], r->place);
    for (size_t a = 0; a < r->n; a++)
      g->x[a * g->pad + i] = r->place[a];
  }
  hpo_gauss_fit(g, r->prior, r->fitting);
  while (!hpo_gauss_build(g, NULL)) /* nearly equal points */
    g->noise *= 8;
  double all = (double)r->n * (double)n * (double)n;
  r->root = sqrt(2.0 / 5 * hpo_num_log(all * PI * PI / (6 * DELTA)));
}

/* --- The bounds ------------------------------------------------------- */

/* Of m points in r->place, the rest of which is anything. */
static void bounds(hpo_regret *r, size_t m, double *lower, double *upper) {
  double mean[BATCH], variance[BATCH];

  hpo_gauss_predict(r->gauss, r->place, mean, variance, NULL, NULL);
  for (size_t i = 0; i < m; i++) {
    lower[i] = mean[i] - r->root * sqrt(variance[i]);
    upper[i] = mean[i] + r->root * sqrt(variance[i]);
  }
}

static void look_at_trials(hpo_regret *r, const double *const *x, size_t n) {
  double lower[BATCH], upper[BATCH];

  r->upper = (double)INFINITY;
  r->lower = (double)INFINITY;
  for (size_t i = 0; i < n; i += BATCH) {
    size_t m = n - i < BATCH ? n - i : BATCH;
    for (size_t k = 0; k < m; k++)
      place(r, x[i + k], r->place + k * r->n);
    bounds(r, m, lower, upper);
    for (size_t k = 0; k < m; k++) {
      r->upper = fmin(r->upper, upper[k]);
      r->lower = fmin(r->lower, lower[k]);
    }
  }
}

/* x [n_param] comes among the `n` kept starts if it is low enough. */
static size_t keep(hpo_regret *r, const double *x, double lower, double *low,
                   size_t n) {
  const size_t m = r->space->n_param;
  size_t i = n;

  if (n == STARTS && !(lower < low[STARTS - 1]))
    return n;
  n = n < STARTS ? n + 1 : n;
  for (i = i < n ? i : n - 1; i > 0 && lower < low[i - 1]; i--) {
    low[i] = low[i - 1];
    memcpy(r->x + i * m, r->x + (i - 1) * m, m * sizeof *x);
  }
  low[i] = lower;
  memcpy(r->x + i * m, x, m * sizeof *x);
  return n;
}

/* The Sobol points with the lowest bounds are the starts; how many. */
static size_t look_around(hpo_regret *r) {
  const size_t n_param = r->space->n_param;
  double *batch = r->x + STARTS * n_param;
  double low[STARTS], lower[BATCH], upper[BATCH];
  size_t n = 0;

  for (uint32_t i = 0; i < SAMPLES; i += BATCH) {
    for (uint32_t k = 0; k < BATCH; k++) {
      hpo_quasi_start(&r->quasi, 0, i + k, NULL, batch + k * n_param);
      place(r, batch + k * n_param, r->place + k * r->n);
    }
    bounds(r, BATCH, lower, upper);
    for (size_t k = 0; k < BATCH; k++)
      if (!hpo_points_find(&r->failed, batch + k * n_param))
        n = keep(r, batch + k * n_param, lower[k], low, n);
  }
  if (n > 0)
    r->lower = fmin(r->lower, low[0]);
  return n;
}

/* From a start along the slope of the lower bound in what is continuous. */
static void follow(hpo_regret *r, const double *x) {
  hpo_descent *d = r->lane;
  double mean[BATCH], variance[BATCH], value;

  place(r, x, d->x);
  for (size_t a = 0; a < r->n; a++) {
    size_t i = r->param[a];
    bool moves = !isnan(x[i]) && hpo_gauss_is_smooth(&r->space->param[i]);
    d->low[a] = moves ? 0 : d->x[a];
    d->high[a] = moves ? 1 : d->x[a];
  }
  hpo_descent_begin(d, d->x, ENOUGH, MOST_STEPS);
  do {
    for (size_t k = 0; k < BATCH; k++)
      memcpy(r->place + k * r->n, d->ask, r->n * sizeof *r->place);
    hpo_gauss_predict(r->gauss, r->place, mean, variance, r->mean_slope,
                      r->variance_slope);
    value = mean[0] - r->root * sqrt(variance[0]);
    for (size_t a = 0; a < r->n; a++)
      d->reply[a] = r->mean_slope[a] -
                    r->root / (2 * sqrt(variance[0])) * r->variance_slope[a];
  } while (hpo_descent_answer(d, value));
  r->lower = fmin(r->lower, d->value);
}

hpo_status hpo_regret_find(hpo_regret *r, const double *const *x,
                           const double *y, size_t n, double *bound,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n_start;

  HPO_ASSERT(n >= 2);
  *bound = r->root = r->upper = r->lower = 0;
  if (r->n == 0)
    goto done;
  HPO_TRY(status, hpo_gauss_reserve(r->gauss, n, n, err));
  if (!scale(r, y, n, r->gauss->y))
    goto done;
  fit(r, x, n);
  look_at_trials(r, x, n);
  n_start = look_around(r);
  for (size_t i = 0; i < n_start; i++)
    follow(r, r->x + i * r->space->n_param);
  *bound = (r->upper - r->lower) * r->deviation;
done:
  return status;
}
