/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of CMA-ES: see cma.h.
 *
 * Contents: constants; the update; the margin; when to stop. */
#include "sampler/cma.h"

#include "hpo/mem.h"
#include "hpo/num.h"
#include "sampler/eigen.h"

#include <math.h>
#include <string.h>

#define TINY 1e-8

/* --- Constants -------------------------------------------------------- */

size_t hpo_cma_population(size_t n) {
  return 4 + (size_t)floor(3 * hpo_num_log((double)n));
}

/* Equations 49 to 53. */
static void set_weights(hpo_cma *c) {
  double sum[2] = {0, 0}, square[2] = {0, 0};
  double n = (double)c->n, plus = 0, minus = 0, mu_eff_minus, alpha;

  for (size_t i = 0; i < c->lambda; i++) {
    double w =
        hpo_num_log(((double)c->lambda + 1) / 2) - hpo_num_log((double)i + 1);
    c->weight[i] = w;
    sum[i >= c->mu] += w;
    square[i >= c->mu] += w * w;
    *(w > 0 ? &plus : &minus) += fabs(w);
  }
  c->mu_eff = sum[0] * sum[0] / square[0];
  mu_eff_minus = sum[1] * sum[1] / square[1];
  c->c_1 = 2 / ((n + 1.3) * (n + 1.3) + c->mu_eff);
  c->c_mu = fmin(1 - c->c_1 - TINY, 2 * (c->mu_eff - 2 + 1 / c->mu_eff) /
                                        ((n + 2) * (n + 2) + c->mu_eff));
  alpha = fmin(1 + c->c_1 / c->c_mu, 1 + 2 * mu_eff_minus / (c->mu_eff + 2));
  alpha = fmin(alpha, (1 - c->c_1 - c->c_mu) / (n * c->c_mu));
  for (size_t i = 0; i < c->lambda; i++)
    c->weight[i] *= c->weight[i] >= 0 ? 1 / plus : alpha / minus;
}

/* Equations 55 and 56. */
static void set_rates(hpo_cma *c) {
  double n = (double)c->n, m = c->mu_eff;

  c->c_sigma = (m + 2) / (n + m + 5);
  c->d_sigma = 1 + 2 * fmax(0, sqrt((m - 1) / (n + 1)) - 1) + c->c_sigma;
  c->c_c = (4 + m / n) / (n + 4 + 2 * m / n);
  c->chi_n = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
}

hpo_status hpo_cma_create(size_t n, size_t lambda, const double *mean,
                          double sigma, hpo_cma **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_cma *c = NULL;

  HPO_ASSERT(n >= 1 && lambda >= 3 && sigma > 0);
  HPO_TRY(status, hpo_mem_new(1, sizeof *c, &c, err));
  c->n = n;
  c->lambda = lambda;
  c->mu = lambda / 2;
  c->sigma = c->sigma_start = sigma;
  c->n_past = 10 + (30 * n + lambda - 1) / lambda;
  HPO_TRY(status, hpo_mem_new(lambda, sizeof(double), &c->weight, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof(double), &c->mean, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof(double), &c->stretch, err));
  HPO_TRY(status, hpo_mem_new(n * n, sizeof(double), &c->cov, err));
  HPO_TRY(status, hpo_mem_new(n * n, sizeof(double), &c->basis, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof(double), &c->scale, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof(double), &c->path_sigma, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof(double), &c->path_c, err));
  HPO_TRY(status, hpo_mem_new(n * (n + 4), sizeof(double), &c->work, err));
  HPO_TRY(status, hpo_mem_new(c->n_past, sizeof(double), &c->best, err));
  HPO_TRY(status, hpo_mem_new(c->n_past, sizeof(double), &c->worst, err));
  memcpy(c->mean, mean, n * sizeof *mean);
  for (size_t i = 0; i < n; i++)
    c->stretch[i] = c->scale[i] = c->cov[i * n + i] = c->basis[i * n + i] = 1;
  set_weights(c);
  set_rates(c);
  *out = c;
  c = NULL; /* now the caller's */
done:
  hpo_cma_destroy(c);
  return status;
}

void hpo_cma_destroy(hpo_cma *c) {
  if (c == NULL)
    return;
  hpo_mem_free(c->weight);
  hpo_mem_free(c->mean);
  hpo_mem_free(c->stretch);
  hpo_mem_free(c->cov);
  hpo_mem_free(c->basis);
  hpo_mem_free(c->scale);
  hpo_mem_free(c->path_sigma);
  hpo_mem_free(c->path_c);
  hpo_mem_free(c->work);
  hpo_cma_rate_destroy(c->rate);
  hpo_mem_free(c->best);
  hpo_mem_free(c->worst);
  hpo_mem_free(c);
}

hpo_status hpo_cma_adapt(hpo_cma *c, hpo_error *err) {
  return hpo_cma_rate_create(c->n, &c->rate, err);
}

/* --- The update ------------------------------------------------------- */

/* B^T y / D, into out [n]. */
static void whiten(const hpo_cma *c, const double *y, double *out) {
  size_t n = c->n;

  for (size_t j = 0; j < n; j++)
    out[j] = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      out[j] += c->basis[i * n + j] * y[i];
  for (size_t j = 0; j < n; j++)
    out[j] /= c->scale[j];
}

static double norm(const double *x, size_t n) {
  double sum = 0;

  for (size_t i = 0; i < n; i++)
    sum += x[i] * x[i];
  return sqrt(sum);
}

double hpo_cma_distance(const hpo_cma *c, const double *y) {
  double *out = c->work;

  whiten(c, y, out);
  return norm(out, c->n);
}

/* Equation 43, and the step size; the length of the path. */
static double move_path_sigma(hpo_cma *c, const double *y_w) {
  size_t n = c->n;
  double *white = c->work + n;
  double keep = 1 - c->c_sigma, length;
  double gain = sqrt(c->c_sigma * (2 - c->c_sigma) * c->mu_eff);

  whiten(c, y_w, white);
  for (size_t i = 0; i < n; i++) {
    double z = 0;
    for (size_t j = 0; j < n; j++)
      z += c->basis[i * n + j] * white[j];
    c->path_sigma[i] = keep * c->path_sigma[i] + gain * z;
  }
  length = norm(c->path_sigma, n);
  c->sigma *= hpo_num_exp(c->c_sigma / c->d_sigma * (length / c->chi_n - 1));
  return length;
}

/* Equations 45 to 47. */
static void move_cov(hpo_cma *c, const double *y, const double *y_w,
                     bool is_long) {
  size_t n = c->n;
  double gain = is_long ? 0 : sqrt(c->c_c * (2 - c->c_c) * c->mu_eff);
  double delta = is_long ? c->c_c * (2 - c->c_c) : 0, sum = 0, keep;

  for (size_t i = 0; i < c->lambda; i++)
    sum += c->weight[i];
  keep = 1 + c->c_1 * delta - c->c_1 - c->c_mu * sum;
  for (size_t i = 0; i < n; i++)
    c->path_c[i] = (1 - c->c_c) * c->path_c[i] + gain * y_w[i];
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      c->cov[i * n + j] =
          keep * c->cov[i * n + j] + c->c_1 * c->path_c[i] * c->path_c[j];
  for (size_t k = 0; k < c->lambda; k++) {
    const double *v = y + k * n;
    double w = c->c_mu * c->weight[k];
    if (w < 0) {
      double d = hpo_cma_distance(c, v);
      w *= (double)n / (d * d + TINY);
    }
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j <= i; j++)
        c->cov[i * n + j] += w * v[i] * v[j];
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      c->cov[j * n + i] = c->cov[i * n + j];
}

/* Basis and scale of the covariance; what is not positive is made so. */
static void decompose(hpo_cma *c) {
  size_t n = c->n;
  bool is_sound = true;

  memcpy(c->work, c->cov, n * n * sizeof *c->cov);
  hpo_eigen_symmetric(n, c->work, c->scale, c->basis);
  for (size_t i = 0; i < n; i++) {
    is_sound = is_sound && c->scale[i] > 0;
    c->scale[i] = sqrt(c->scale[i] > 0 ? c->scale[i] : TINY);
  }
  for (size_t i = 0; !is_sound && i < n; i++)
    for (size_t j = 0; j < n; j++) {
      c->cov[i * n + j] = 0;
      for (size_t k = 0; k < n; k++)
        c->cov[i * n + j] += c->basis[i * n + k] * c->scale[k] * c->scale[k] *
                             c->basis[j * n + k];
    }
}

void hpo_cma_shape(hpo_cma *c, const double *cov) {
  size_t n = c->n;
  double sum = 0, sigma;

  memcpy(c->cov, cov, n * n * sizeof *cov);
  decompose(c);
  for (size_t i = 0; i < n; i++)
    sum += hpo_num_log(c->scale[i]);
  sigma = hpo_num_exp(sum / (double)n);
  for (size_t i = 0; i < n; i++)
    c->scale[i] /= sigma;
  for (size_t i = 0; i < n * n; i++)
    c->cov[i] /= sigma * sigma;
  c->sigma = c->sigma_start = sigma;
}

void hpo_cma_tell(hpo_cma *c, const double *y, double value_best,
                  double value_worst) {
  size_t n = c->n;
  double *y_w = c->work + 2 * n, length, fade;

  c->best[c->generation % c->n_past] = value_best;
  c->worst[c->generation % c->n_past] = value_worst;
  c->generation++;
  if (c->rate != NULL)
    hpo_cma_rate_begin(c);
  for (size_t i = 0; i < n; i++) {
    y_w[i] = 0;
    for (size_t k = 0; k < c->mu; k++)
      y_w[i] += c->weight[k] * y[k * n + i];
    c->mean[i] += c->sigma * y_w[i];
  }
  length = move_path_sigma(c, y_w);
  fade = 1 - hpo_num_pow(1 - c->c_sigma, 2 * ((double)c->generation + 1));
  move_cov(c, y, y_w,
           length / sqrt(fade) >= (1.4 + 2 / ((double)n + 1)) * c->chi_n);
  if (c->rate != NULL)
    hpo_cma_rate_end(c);
  decompose(c);
}

/* --- The margin ------------------------------------------------------- */

static double clip(double p) { return fmin(fmax(p, 1e-10), 0.5 - 1e-10); }

void hpo_cma_margin(hpo_cma *c, size_t i, double low, double high,
                    double alpha) {
  double *m = &c->mean[i], *a = &c->stretch[i];
  double deviation = c->sigma * sqrt(c->cov[i * c->n + i]);
  double below = hpo_num_ndtr((low - *m) / (deviation * *a));
  double above = hpo_num_ndtr((*m - high) / (deviation * *a));

  if (fmax(below, above) > 0.5) {
    if (fmin(below, above) < alpha)
      *m =
          high + (*m > high ? 1 : -1) * deviation * *a * -hpo_num_ndtri(alpha);
    return;
  }
  double inside = 1 - below - above;
  below = fmax(below, alpha / 2);
  above = fmax(above, alpha / 2);
  double over = 1 - below - above - inside;
  double slack = below + inside + above - 1.5 * alpha;
  double p = clip(below + over * (below - alpha / 2) / slack);
  double q = clip(above + over * (above - alpha / 2) / slack);
  double u = -hpo_num_ndtri(p), v = -hpo_num_ndtri(q);
  *a = (high - low) / ((u + v) * deviation);
  *m = (low * v + high * u) / (u + v);
}

/* --- When to stop ----------------------------------------------------- */

bool hpo_cma_is_done(const hpo_cma *c, double tolerance) {
  double widest = 0, low = INFINITY, high = -INFINITY, least = INFINITY,
         most = 0;

  for (size_t i = 0; i < c->n; i++) {
    widest = fmax(widest, sqrt(c->cov[i * (c->n + 1)]));
    least = fmin(least, c->scale[i]);
    most = fmax(most, c->scale[i]);
  }
  if (c->sigma * widest < tolerance || most > 1e7 * least)
    return true;
  if (c->generation < c->n_past)
    return false;
  for (size_t i = 0; i < c->n_past; i++) {
    low = fmin(low, c->best[i]);
    high = fmax(high, c->worst[i]);
  }
  return high - low < 1e-12;
}
