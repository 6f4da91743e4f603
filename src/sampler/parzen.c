/* SPDX-License-Identifier: BSD-3-Clause */
/* Parzen estimators with product kernels: a kernel on each observation is
 * the product over axes of normals cut off at the bounds (of their mass in a
 * grid's cell), or of a table for unordered choices.  Weights, bandwidths and
 * the observations' places: parzen_build.c.
 *
 * Contents: drawing; the density.
 *
 * J. Bergstra, R. Bardenet, Y. Bengio, B. Kegl, Algorithms for
 * hyper-parameter optimization, NIPS 2011, section 4.
 * S. Falkner, A. Klein, F. Hutter, BOHB, ICML 2018, section 3.2 (one joint
 * density instead of one per parameter).
 * S. Watanabe, Tree-structured Parzen estimator, arXiv:2304.11127, 2023 (the
 * choices that are left open, and what they are worth).
 * Departures: on numbers a kernel enters with its height, not divided by its
 * bandwidth, so the prior weighs the more the more dimensions there are; the
 * ratio of two densities from few points is steadier so, and the search
 * better (measured; Optuna 3.1 does the same).  A kernel that adds less than
 * e^-25 of the prior is left out; distances are in single precision; the mass
 * that bounds cut off is interpolated. */
#include "sampler/parzen_private.h"

#include "hpo/clones.h"
#include "hpo/mem.h"
#include "hpo/num.h"

#include <math.h>
#include <string.h>

#define LOG_SQRT_2PI 0.91893853320467274178
#define BLOCK HPO_PARZEN_BLOCK

double hpo_parzen_log_mass(double a, double b) {
  double mass;

  if (a > 0) { /* the upper tail is the lower one, mirrored: no loss there */
    double swap = -a;
    a = -b;
    b = swap;
  }
  mass = hpo_num_ndtr(b) - hpo_num_ndtr(a);
  return hpo_num_log(fmax(mass, 1e-35));
}

/* By rejection: with mu in [0, 1] and sd <= 1 a third is accepted at least. */
double hpo_parzen_truncated(hpo_rng *rng, double mu, double sd) {
  for (int i = 0; i < 64; i++) {
    double u = ((double)hpo_rng_next32(rng) + 0.5) * 0x1p-32;
    double x = mu + sd * hpo_num_ndtri(u);
    if (x >= 0 && x <= 1)
      return x;
  }
  return mu;
}

double hpo_parzen_prior(const hpo_axis *a, double x) {
  const double within = -0.95991613217498; /* log(Phi(1/2) - Phi(-1/2)) */
  double n = (double)a->n_level;

  if (a->kind == HPO_AXIS_CHOICE)
    return -hpo_num_log(n);
  if (a->kind == HPO_AXIS_LEVEL)
    return hpo_parzen_log_mass(x / n - 0.5, (x + 1) / n - 0.5) - within;
  return -0.5 * (x - 0.5) * (x - 0.5) - LOG_SQRT_2PI - within;
}

hpo_status hpo_parzen_create(const hpo_parzen_options *options,
                             hpo_parzen **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_parzen *p = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  p->options = *options;
  hpo_parzen_set_cdf(p);
  *out = p;
done:
  return status;
}

void hpo_parzen_destroy(hpo_parzen *p) {
  if (p == NULL)
    return;
  hpo_mem_free(p->weight);
  hpo_mem_free(p->at);
  hpo_mem_free(p->level);
  hpo_mem_free(p->offset);
  hpo_mem_free(p->fall);
  hpo_mem_free(p->prior);
  hpo_mem_free(p->knot);
  hpo_mem_free(p->mu);
  hpo_mem_free(p->sd);
  hpo_mem_free(p->sigma);
  hpo_mem_free(p->own);
  hpo_mem_free(p->scale);
  hpo_mem_free(p->order);
  hpo_mem_free(p->table);
  hpo_mem_free(p->e);
  hpo_mem_free(p->ee);
  hpo_mem_free(p->who);
  hpo_mem_free(p);
}

/* One of the observations by weight, n for the prior. */
static size_t pick(const hpo_parzen *p, hpo_rng *rng) {
  double u = hpo_rng_next(rng) * p->total;

  for (size_t i = 0; i < p->n; i++) {
    u -= p->weight[i];
    if (u < 0)
      return i;
  }
  return p->n;
}

static double draw_choice(const hpo_parzen *p, size_t a, size_t i,
                          hpo_rng *rng) {
  double n = (double)p->axis[a].n_level;
  double u = hpo_rng_next(rng), any = n * p->miss / (1 + n * p->miss);

  if (i == p->n)
    any = 1;
  return u < any ? fmin(floor(u / any * n), n - 1)
                 : (double)p->level[a * p->pad + i];
}

static double middle(const hpo_parzen *p, size_t a, size_t i) {
  size_t cell = a * p->pad + i;

  if (p->axis[a].kind == HPO_AXIS_LEVEL)
    return ((double)p->level[cell] + 0.5) / (double)p->axis[a].n_level;
  return (double)p->at[cell] * p->sigma[a] * SQRT_2;
}

void hpo_parzen_draw(const hpo_parzen *p, hpo_rng *rng, double *x) {
  size_t i = pick(p, rng);

  for (size_t a = 0; a < p->n_axis; a++) {
    double mu = 0.5, sd = 1;
    if (p->axis[a].kind == HPO_AXIS_CHOICE) {
      x[a] = draw_choice(p, a, i, rng);
      continue;
    }
    if (i < p->n) {
      mu = p->options.multivariate ? middle(p, a, i) : p->mu[i];
      sd = p->options.multivariate ? p->sigma[a] : p->sd[i];
    }
    x[a] = hpo_axis_snap(&p->axis[a], hpo_parzen_truncated(rng, mu, sd));
  }
}

/* Tables of one point's kernels by the observation's level; its own places
 * in units of the kernels. */
static void set_tables(const hpo_parzen *p, const double *x) {
  for (size_t a = 0; a < p->n_axis; a++) {
    const hpo_axis *axis = &p->axis[a];
    float *table = p->table + a * p->most;
    const float *fall = p->fall + a * HPO_AXIS_LEVELS;
    size_t n = axis->n_level,
           k = axis->kind == HPO_AXIS_UNIT ? 0 : (size_t)x[a];
    double sum = 1 + (double)n * p->miss;

    p->own[a] = (float)(x[a] / (p->sigma[a] * SQRT_2));
    for (size_t j = 0; j < n && axis->kind == HPO_AXIS_LEVEL; j++)
      table[j] = fall[j > k ? j - k : k - j];
    if (axis->kind == HPO_AXIS_CHOICE) {
      float miss = (float)hpo_num_log(p->miss / sum);
      for (size_t j = 0; j < n; j++)
        table[j] = miss;
      table[k] = (float)hpo_num_log(p->hit / sum);
    }
  }
}

HPO_INLINE void add_unit(float *restrict acc, const float *restrict at,
                         float own) {
  for (size_t i = 0; i < BLOCK; i++) {
    float d = at[i] - own;
    acc[i] -= d * d;
  }
}

HPO_INLINE void add_level(float *restrict acc, const uint16_t *restrict level,
                          const float *restrict table) {
  for (size_t i = 0; i < BLOCK; i++)
    acc[i] += table[level[i]];
}

HPO_INLINE int32_t count_above(const float *acc, float cut) {
  int32_t n = 0;

  for (size_t i = 0; i < BLOCK; i++)
    n += acc[i] > cut ? 1 : 0;
  return n;
}

/* Logs of the kernels that count, and whose they are. */
HPO_CLONES static size_t collect(hpo_parzen *p, float cut) {
  size_t n = 0;
  float acc[BLOCK];

  for (size_t from = 0; from < p->pad; from += BLOCK) {
    memcpy(acc, p->offset + from, sizeof acc);
    for (size_t a = 0; a < p->n_axis; a++) {
      size_t cell = a * p->pad + from;
      if (p->axis[a].kind == HPO_AXIS_UNIT)
        add_unit(acc, p->at + cell, p->own[a]);
      else
        add_level(acc, p->level + cell, p->table + a * p->most);
    }
    if (count_above(acc, cut) == 0)
      continue;
    for (size_t i = 0; i < BLOCK; i++)
      if (acc[i] > cut) {
        p->e[n] = (double)acc[i];
        p->who[n++] = (uint32_t)(from + i);
      }
  }
  return n;
}

/* log of the prior, of all axes, and of the heights that all kernels on
 * numbers have in common. */
static void prior_of(const hpo_parzen *p, const double *x, double *prior,
                     double *base) {
  *prior = *base = 0;
  for (size_t a = 0; a < p->n_axis; a++) {
    *prior += p->options.multivariate && p->axis[a].kind == HPO_AXIS_LEVEL
                  ? p->prior[a * HPO_AXIS_LEVELS + (size_t)x[a]]
                  : hpo_parzen_prior(&p->axis[a], x[a]);
    if (p->axis[a].kind == HPO_AXIS_UNIT)
      *base -= LOG_SQRT_2PI;
  }
}

double hpo_parzen_least(const hpo_parzen *p, const double *x) {
  double prior, base;

  prior_of(p, x, &prior, &base);
  return prior + p->log_prior - p->log_total;
}

static double joint_density(hpo_parzen *p, const double *x) {
  double prior, base, top, sum;
  size_t n;

  prior_of(p, x, &prior, &base);
  set_tables(p, x);
  top = prior - base;
  n = collect(p, (float)(top + p->log_prior - 25));
  for (size_t i = 0; i < n; i++)
    top = p->e[i] > top ? p->e[i] : top;
  for (size_t i = 0; i < n; i++)
    p->e[i] -= top;
  hpo_num_exp_array(p->e, p->ee, n);
  sum = p->options.prior_weight * hpo_num_exp(prior - base - top);
  for (size_t i = 0; i < n; i++)
    sum += p->weight[p->who[i]] * p->ee[i];
  return base + top + hpo_num_log(sum) - p->log_total;
}

double hpo_parzen_density(hpo_parzen *p, const double *x) {
  return p->options.multivariate ? joint_density(p, x)
                                 : hpo_parzen_one_density(p, x[0]);
}
