/* SPDX-License-Identifier: BSD-3-Clause */
/* A Gaussian process: see gauss.h.
 *
 * Contents: memory; the kernel; building; the posterior. */
#include "sampler/gauss.h"

#include "hpo/clones.h"
#include "hpo/mem.h"
#include "hpo/num.h"

#include <math.h>
#include <string.h>

#define TILE HPO_DENSE_TILE
#define BATCH HPO_GAUSS_BATCH
#define LOG_2PI 1.83787706640934548356
#define ROWS 4 /* of the workspace */

/* --- Memory ----------------------------------------------------------- */

hpo_status hpo_gauss_create(size_t d, hpo_gauss **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_gauss *g = NULL;
  size_t n_theta = d + HPO_GAUSS_EXTRA;

  HPO_TRY(status, hpo_mem_new(1, sizeof *g, &g, err));
  g->d = d;
  HPO_TRY(status, hpo_mem_new(d, sizeof *g->is_choice, &g->is_choice, err));
  HPO_TRY(status, hpo_mem_new(n_theta, sizeof *g->theta, &g->theta, err));
  HPO_TRY(status, hpo_mem_new(d, sizeof *g->weight, &g->weight, err));
  *out = g;
  g = NULL; /* now the caller's */
done:
  hpo_gauss_destroy(g);
  return status;
}

static void free_room(hpo_gauss *g) {
  double **all[] = {&g->x,     &g->y,   &g->inverse, &g->alpha, &g->u,   &g->v,
                    &g->slope, &g->row, &g->near,    &g->bend,  &g->gain};

  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    hpo_mem_free(*all[i]);
    *all[i] = NULL;
  }
  g->room_pad = 0;
}

void hpo_gauss_destroy(hpo_gauss *g) {
  if (g == NULL)
    return;
  free_room(g);
  hpo_mem_free(g->is_choice);
  hpo_mem_free(g->theta);
  hpo_mem_free(g->weight);
  hpo_mem_free(g);
}

static hpo_status make_room(hpo_gauss *g, size_t pad, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t one = sizeof(double);

  free_room(g);
  HPO_TRY(status, hpo_mem_new_aligned(g->d * pad, one, &g->x, err));
  HPO_TRY(status, hpo_mem_new_aligned(pad, one, &g->y, err));
  HPO_TRY(status, hpo_mem_new_aligned(pad * pad, one, &g->inverse, err));
  HPO_TRY(status, hpo_mem_new_aligned(pad, one, &g->alpha, err));
  HPO_TRY(status, hpo_mem_new_aligned(pad * pad, one, &g->u, err));
  HPO_TRY(status, hpo_mem_new_aligned(pad * pad, one, &g->v, err));
  HPO_TRY(status, hpo_mem_new_aligned(pad * pad, one, &g->slope, err));
  HPO_TRY(status, hpo_mem_new_aligned(ROWS * pad, one, &g->row, err));
  HPO_TRY(status, hpo_mem_new_aligned(2 * BATCH * pad, one, &g->near, err));
  HPO_TRY(status, hpo_mem_new_aligned(BATCH * pad, one, &g->bend, err));
  HPO_TRY(status, hpo_mem_new_aligned(BATCH * pad, one, &g->gain, err));
  g->room_pad = pad;
done:
  return status;
}

hpo_status hpo_gauss_reserve(hpo_gauss *g, size_t n, size_t n_seen,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t pad = hpo_dense_pad(n);

  HPO_ASSERT(n_seen <= n);
  if (pad > g->room_pad)
    HPO_TRY(status, make_room(g, pad + pad / 2 / TILE * TILE, err));
  g->n = n;
  g->n_seen = n_seen;
  g->pad = pad;
  memset(g->x, 0, g->d * pad * sizeof *g->x);
  memset(g->y, 0, pad * sizeof *g->y);
done:
  return status;
}

void hpo_gauss_set(hpo_gauss *g, const double *theta) {
  memcpy(g->theta, theta, (g->d + HPO_GAUSS_EXTRA) * sizeof *theta);
  for (size_t a = 0; a < g->d; a++)
    g->weight[a] = hpo_num_exp(-2 * theta[a]);
  g->scale = hpo_num_exp(theta[g->d]);
  g->noise = hpo_num_exp(theta[g->d + 1]);
}

/* --- The kernel ------------------------------------------------------- */

/* sum += w (x - at)^2, or w where they differ */
HPO_INLINE void add_distance(double *restrict sum, const double *restrict x,
                             size_t from, size_t to, double at, double w,
                             bool is_choice) {
  for (size_t i = from; i < to; i += TILE)
    for (size_t j = i; j < i + TILE; j++) {
      double diff = x[j] - at;
      double far = is_choice ? (diff != 0 ? 1 : 0) : diff * diff;
      sum[j] += w * far;
    }
}

/* Kernel value k and slope -2 dk / d(distance) = 5/3 s (1 + t) exp(-t) from
 * the point `at` (coordinate a at at[a * stride]) to points from..to-1. */
HPO_CLONES static void kernel(const hpo_gauss *g, const double *at,
                              size_t stride, size_t from, double *t, double *e,
                              double *k, double *slope) {
  size_t to = g->pad;

  memset(t + from, 0, (to - from) * sizeof *t);
  for (size_t a = 0; a < g->d; a++) {
    double *x = g->x + a * g->pad;
    if (g->is_choice[a])
      add_distance(t, x, from, to, at[a * stride], g->weight[a], true);
    else
      add_distance(t, x, from, to, at[a * stride], g->weight[a], false);
  }
  for (size_t i = from; i < to; i += TILE)
    for (size_t j = i; j < i + TILE; j++) {
      t[j] = sqrt(5 * t[j]);
      e[j] = -t[j];
    }
  hpo_num_exp_array(e + from, e + from, to - from);
  for (size_t i = from; i < to; i += TILE)
    for (size_t j = i; j < i + TILE; j++) {
      double fall = g->scale * e[j], linear = 1 + t[j];
      k[j] = (linear + t[j] * t[j] / 3) * fall;
      slope[j] = 5.0 / 3 * linear * fall;
    }
}

/* --- Building --------------------------------------------------------- */

static void make_matrix(hpo_gauss *g) {
  size_t pad = g->pad;

  for (size_t i = 0; i < pad; i++) {
    double *row = g->u + i * pad;
    size_t from = i / TILE * TILE;
    if (i < g->n)
      kernel(g, g->x + i, pad, from, g->row, g->row + pad, row,
             g->slope + i * pad);
    else
      memset(row + from, 0, (pad - from) * sizeof *row);
    for (size_t j = i < g->n ? g->n : i; j < pad; j++)
      row[j] = 0;
    row[i] = i < g->n ? row[i] + g->noise : 1;
  }
}

/* Sums over pairs i < j of m w diff^2, where m = (alpha_i alpha_j -
 * inverse_ij) slope_ij, for each coordinate. */
HPO_CLONES static void add_slopes(const hpo_gauss *g, double *m,
                                  double *gradient) {
  size_t pad = g->pad;
  double part[TILE];

  for (size_t i = 0; i < g->n; i++) {
    size_t from = i / TILE * TILE;
    const double *inverse = g->inverse + i * pad, *slope = g->slope + i * pad;
    for (size_t b = from; b < pad; b += TILE)
      for (size_t j = b; j < b + TILE; j++)
        m[j] = (g->alpha[i] * g->alpha[j] - inverse[j]) * slope[j];
    for (size_t j = from; j <= i; j++)
      m[j] = 0;
    for (size_t j = g->n; j < pad; j++)
      m[j] = 0;
    for (size_t a = 0; a < g->d; a++) {
      const double *x = g->x + a * pad;
      double at = x[i], sum = 0;
      memset(part, 0, sizeof part);
      for (size_t b = from; b < pad; b += TILE)
        for (size_t j = 0; j < TILE; j++) {
          double diff = x[b + j] - at;
          double far = g->is_choice[a] ? (diff != 0 ? 1 : 0) : diff * diff;
          part[j] += m[b + j] * far;
        }
      for (size_t j = 0; j < TILE; j++)
        sum += part[j];
      gradient[a] += g->weight[a] * sum;
    }
  }
}

static void find_gradient(hpo_gauss *g, double fit, double *gradient) {
  double trace = 0, square = hpo_dense_dot(g->alpha, g->alpha, g->pad);

  for (size_t i = 0; i < g->n; i++)
    trace += g->inverse[i * g->pad + i];
  memset(gradient, 0, g->d * sizeof *gradient);
  add_slopes(g, g->row, gradient);
  gradient[g->d] =
      0.5 * ((fit - g->noise * square) - ((double)g->n - g->noise * trace));
  gradient[g->d + 1] = 0.5 * g->noise * (square - trace);
}

bool hpo_gauss_build(hpo_gauss *g, double *gradient) {
  double logs = 0, fit, *half = g->row;

  HPO_ASSERT(gradient == NULL || g->n_seen == g->n);
  make_matrix(g);
  if (!hpo_dense_factor(g->u, g->pad))
    return false;
  hpo_dense_invert(g->u, g->pad, g->v);
  hpo_dense_square(g->v, g->pad, g->inverse);
  for (size_t i = 0; i < g->n_seen; i++)
    logs += hpo_num_log(g->u[i * g->pad + i]);
  hpo_dense_right(g->v, g->pad, g->n_seen, g->y, half);
  fit = hpo_dense_dot(half, half, g->pad);
  hpo_dense_left(g->v, g->pad, g->n_seen, half, g->alpha);
  g->likelihood = -0.5 * (fit + (double)g->n_seen * LOG_2PI) - logs;
  if (gradient != NULL)
    find_gradient(g, fit, gradient);
  return true;
}

/* --- The posterior ---------------------------------------------------- */

/* Of point r: slopes of mean and variance, from z = inverse k. */
static void find_slopes(const hpo_gauss *g, size_t r, const double *at,
                        const double *z, double *mean, double *variance) {
  size_t pad = g->pad;
  const double *bend = g->bend + r * pad;
  double *by_alpha = g->row, *by_z = g->row + pad, *diff = g->row + 2 * pad;

  for (size_t j = 0; j < pad; j++) {
    by_alpha[j] = g->alpha[j] * bend[j];
    by_z[j] = z[j] * bend[j];
  }
  for (size_t a = 0; a < g->d; a++) {
    const double *x = g->x + a * pad;
    mean[a] = variance[a] = 0;
    if (g->is_choice[a])
      continue;
    for (size_t j = 0; j < pad; j++)
      diff[j] = at[a] - x[j];
    mean[a] = -g->weight[a] * hpo_dense_dot(by_alpha, diff, pad);
    variance[a] = 2 * g->weight[a] * hpo_dense_dot(by_z, diff, pad);
  }
}

void hpo_gauss_predict(hpo_gauss *g, const double *x, double *mean,
                       double *variance, double *mean_slope,
                       double *variance_slope) {
  size_t pad = g->pad;
  double *turned = g->near + BATCH * pad;

  for (size_t r = 0; r < BATCH; r++) {
    double *k = g->near + r * pad;
    kernel(g, x + r * g->d, 1, 0, g->row, g->row + pad, k, g->bend + r * pad);
    for (size_t j = g->n; j < pad; j++)
      k[j] = 0;
    for (size_t j = 0; j < pad; j++)
      turned[j * BATCH + r] = k[j];
  }
  hpo_dense_times(g->inverse, pad, turned, g->gain);
  for (size_t r = 0; r < BATCH; r++) {
    const double *k = g->near + r * pad, *z = g->gain + r * pad;
    mean[r] = hpo_dense_dot(k, g->alpha, pad);
    variance[r] = fmax(g->scale - hpo_dense_dot(k, z, pad), 1e-12 * g->scale);
    if (mean_slope != NULL)
      find_slopes(g, r, x + r * g->d, z, mean_slope + r * g->d,
                  variance_slope + r * g->d);
  }
}
