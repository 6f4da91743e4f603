/* SPDX-License-Identifier: BSD-3-Clause */
/* Learning rates of CMA-ES: see cma_rate.h. */
#include "sampler/cma_rate.h"

#include "hpo/mem.h"
#include "hpo/num.h"
#include "sampler/cma.h"
#include "sampler/eigen.h"

#include <math.h>
#include <string.h>

/* section 3.4, recommended */
#define SIGNAL 1.4 /* of the noise that is wanted, alpha */
#define SPEED 0.1  /* of a rate's change, gamma */
#define FORGET_MEAN 0.1
#define FORGET_COV 0.03
#define TINY 1e-8
#define ROOT_HALF 0.70710678118654752440

hpo_status hpo_cma_rate_create(size_t n, hpo_cma_rate **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_cma_rate *r = NULL;
  const size_t one = sizeof(double);

  HPO_TRY(status, hpo_mem_new(1, sizeof *r, &r, err));
  r->mean = (hpo_cma_signal){.n = n, .forget = FORGET_MEAN, .rate = 1};
  r->cov = (hpo_cma_signal){.n = n * n, .forget = FORGET_COV, .rate = 1};
  HPO_TRY(status, hpo_mem_new(n, one, &r->mean.mean, err));
  HPO_TRY(status, hpo_mem_new(n * n, one, &r->cov.mean, err));
  HPO_TRY(status, hpo_mem_new(n, one, &r->old_mean, err));
  HPO_TRY(status, hpo_mem_new(n * n, one, &r->old_cov, err));
  HPO_TRY(status, hpo_mem_new(n * n, one, &r->white, err));
  HPO_TRY(status, hpo_mem_new(n * n, one, &r->step, err));
  HPO_TRY(status, hpo_mem_new(n * n, one, &r->work, err));
  *out = r;
  r = NULL; /* now the caller's */
done:
  hpo_cma_rate_destroy(r);
  return status;
}

void hpo_cma_rate_destroy(hpo_cma_rate *r) {
  if (r == NULL)
    return;
  hpo_mem_free(r->mean.mean);
  hpo_mem_free(r->cov.mean);
  hpo_mem_free(r->old_mean);
  hpo_mem_free(r->old_cov);
  hpo_mem_free(r->white);
  hpo_mem_free(r->step);
  hpo_mem_free(r->work);
  hpo_mem_free(r);
}

void hpo_cma_rate_begin(hpo_cma *c) {
  hpo_cma_rate *r = c->rate;
  size_t n = c->n;

  memcpy(r->old_mean, c->mean, n * sizeof *c->mean);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++)
        sum += c->basis[i * n + k] * c->basis[j * n + k] / c->scale[k];
      r->white[i * n + j] = sum / c->sigma;
      r->old_cov[i * n + j] = c->sigma * c->sigma * c->cov[i * n + j];
    }
}

static void multiply(size_t n, size_t columns, const double *a,
                     const double *b, double *out) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < columns; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++)
        sum += a[i * n + k] * b[k * columns + j];
      out[i * columns + j] = sum;
    }
}

/* Equations 13 to 18: a step [n] moves the averages, they the rate. */
static void learn(hpo_cma_signal *s, const double *step) {
  double length = 0, mean = 0, keep = 1 - s->forget, signal;

  for (size_t i = 0; i < s->n; i++) {
    length += step[i] * step[i];
    s->mean[i] = keep * s->mean[i] + s->forget * step[i];
    mean += s->mean[i] * s->mean[i];
  }
  s->square = keep * s->square + s->forget * length;
  signal =
      (mean - s->forget / (2 - s->forget) * s->square) / (s->square - mean);
  signal = fmin(fmax(signal / (SIGNAL * s->rate) - 1, -1), 1);
  if (isnan(signal))
    return; /* nothing moves */
  s->rate *= hpo_num_exp(fmin(SPEED * s->rate, s->forget) * signal);
  s->rate = fmin(s->rate, 1);
}

/* The covariance step of C is split into sigma^2, by the determinant, and
 * C. */
static void split(hpo_cma *c, const double *cov) {
  size_t n = c->n;
  double logs = 0;

  memcpy(c->rate->work, cov, n * n * sizeof *cov);
  hpo_eigen_symmetric(n, c->rate->work, c->scale, c->basis);
  for (size_t i = 0; i < n; i++)
    logs += hpo_num_log(c->scale[i] > 0 ? c->scale[i] : TINY * TINY);
  c->sigma = hpo_num_exp(logs / (2 * (double)n));
  for (size_t i = 0; i < n * n; i++)
    c->cov[i] = cov[i] / (c->sigma * c->sigma);
}

void hpo_cma_rate_end(hpo_cma *c) {
  hpo_cma_rate *r = c->rate;
  size_t n = c->n;
  double before = r->mean.rate, square = c->sigma * c->sigma;

  for (size_t i = 0; i < n; i++)
    r->step[i] = c->mean[i] - r->old_mean[i];
  multiply(n, 1, r->white, r->step, r->work);
  learn(&r->mean, r->work);
  for (size_t i = 0; i < n; i++)
    c->mean[i] = r->old_mean[i] + r->mean.rate * r->step[i];
  for (size_t i = 0; i < n * n; i++)
    c->cov[i] = square * c->cov[i] - r->old_cov[i];
  multiply(n, n, r->white, c->cov, r->work);
  multiply(n, n, r->work, r->white, r->step);
  for (size_t i = 0; i < n * n; i++)
    r->step[i] *= ROOT_HALF;
  learn(&r->cov, r->step);
  for (size_t i = 0; i < n * n; i++)
    r->step[i] = r->old_cov[i] + r->cov.rate * c->cov[i];
  split(c, r->step);
  c->sigma *= before / r->mean.rate; /* equation 21 */
}
