/* SPDX-License-Identifier: BSD-3-Clause */
/* The Gaussian process for check_gp.py.  Standard input, blanks between:
 *
 *   improve n, then n times best, mean, variance
 *   build | fit d n m, d times 1 for an unordered coordinate, hyperparameters
 *   (d logs of length scales, log of scale, log of noise), n points of d
 *   coordinates, n values, m points to predict at
 *   warp n, then n values
 *   regret d n, n points of d numbers from 0 to 1, n values
 *
 * Standard output: for improve a line with log improvement and its two
 * derivatives each; for build the log likelihood with its gradient, then mean,
 * variance and their slopes at each point; for fit the hyperparameters found
 * and those of the prior (mean, deviation, low, high each); for warp the
 * values; for regret the bound, root, upper and lower bound, mean and
 * deviation, then the hyperparameters. */
#include "hpo/mem.h"
#include "sampler/expect.h"
#include "sampler/gauss_fit.h"
#include "sampler/regret.h"
#include "sampler/warp.h"

#include <stdio.h>
#include <string.h>

static double number(void) {
  double x = 0;

  HPO_ASSERT(scanf("%lf", &x) == 1);
  return x;
}

static void print(const double *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    printf("%.17g ", x[i]);
}

static hpo_status improve(void) {
  for (size_t n = (size_t)number(); n-- > 0;) {
    double best = number(), mean = number(), variance = number(), by[2];
    double value = hpo_expect_log(best, mean, variance, by, by + 1);
    print(&value, 1);
    print(by, 2);
    printf("\n");
  }
  return HPO_OK;
}

static hpo_status warp(void) {
  hpo_status status = HPO_OK;
  size_t n = (size_t)number();
  double *y = NULL;

  HPO_TRY(status, hpo_mem_new(n, sizeof *y, &y, NULL));
  for (size_t i = 0; i < n; i++)
    y[i] = number();
  hpo_warp_scale(y, n);
  hpo_warp_bend(y, n);
  print(y, n);
done:
  hpo_mem_free(y);
  return status;
}

static void predict(hpo_gauss *g, size_t m) {
  enum { MOST = 64 };
  double x[HPO_GAUSS_BATCH * MOST] = {0}, mean[HPO_GAUSS_BATCH],
                             variance[HPO_GAUSS_BATCH],
                             slope[2][HPO_GAUSS_BATCH * MOST];

  HPO_ASSERT(g->d <= MOST);
  for (size_t i = 0; i < m; i++) {
    size_t r = i % HPO_GAUSS_BATCH; /* each lane has its turn */
    for (size_t a = 0; a < g->d; a++)
      x[r * g->d + a] = number();
    hpo_gauss_predict(g, x, mean, variance, slope[0], slope[1]);
    print(mean + r, 1);
    print(variance + r, 1);
    print(slope[0] + r * g->d, g->d);
    print(slope[1] + r * g->d, g->d);
    printf("\n");
  }
}

static hpo_status process(bool is_fit) {
  hpo_status status = HPO_OK;
  size_t d = (size_t)number(), n = (size_t)number(), m = (size_t)number();
  size_t n_theta = d + HPO_GAUSS_EXTRA;
  hpo_gauss *g = NULL;
  hpo_descent *search = NULL;
  hpo_prior *prior = NULL;
  double *theta = NULL;

  HPO_TRY(status, hpo_gauss_create(d, &g, NULL));
  HPO_TRY(status, hpo_gauss_reserve(g, n, n, NULL));
  HPO_TRY(status, hpo_descent_create(n_theta, &search, NULL));
  HPO_TRY(status, hpo_mem_new(n_theta, sizeof *prior, &prior, NULL));
  HPO_TRY(status, hpo_mem_new(n_theta, sizeof *theta, &theta, NULL));
  for (size_t a = 0; a < d; a++)
    g->is_choice[a] = number() != 0;
  for (size_t i = 0; i < n_theta; i++)
    theta[i] = number();
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < d; a++)
      g->x[a * g->pad + i] = number();
  for (size_t i = 0; i < n; i++)
    g->y[i] = number();
  if (is_fit) {
    hpo_gauss_priors(d, -1, prior);
    hpo_gauss_fit(g, prior, search);
    print(g->theta, n_theta);
    print(&prior->mean, n_theta * sizeof *prior / sizeof(double));
    goto done;
  }
  hpo_gauss_set(g, theta);
  HPO_ASSERT(hpo_gauss_build(g, theta));
  print(&g->likelihood, 1);
  print(theta, n_theta);
  printf("\n");
  predict(g, m);
done:
  hpo_gauss_destroy(g);
  hpo_descent_destroy(search);
  hpo_mem_free(prior);
  hpo_mem_free(theta);
  return status;
}

static hpo_status regret(void) {
  hpo_status status = HPO_OK;
  hpo_space space = {.n_param = 0};
  hpo_param param = {.name = "x",
                     .full_name = "x",
                     .kind = HPO_PARAM_FLOAT,
                     .high = 1,
                     .parent = -1};
  hpo_regret r = {.n = 0};
  size_t d = (size_t)number(), n = (size_t)number();
  double *x = NULL, *y = NULL, bound = 0;
  const double **row = NULL;

  for (size_t a = 0; a < d; a++)
    HPO_TRY(status, hpo_space_add(&space, &param, NULL));
  HPO_TRY(status, hpo_regret_init(&r, &space, 7, NULL));
  HPO_TRY(status, hpo_mem_new(n * d, sizeof *x, &x, NULL));
  HPO_TRY(status, hpo_mem_new(n, sizeof *y, &y, NULL));
  HPO_TRY(status, hpo_mem_new(n, sizeof *row, &row, NULL));
  for (size_t i = 0; i < n * d; i++)
    x[i] = number();
  for (size_t i = 0; i < n; i++) {
    row[i] = x + i * d;
    y[i] = number();
  }
  HPO_TRY(status, hpo_regret_find(&r, row, y, n, &bound, NULL));
  print((double[]){bound, r.root, r.upper, r.lower, r.mean, r.deviation}, 6);
  print(r.gauss->theta, d + HPO_GAUSS_EXTRA);
done:
  hpo_regret_free(&r);
  hpo_space_free(&space);
  hpo_mem_free(x);
  hpo_mem_free(y);
  hpo_mem_free(row);
  return status;
}

int main(void) {
  char what[16] = "";

  HPO_ASSERT(scanf("%15s", what) == 1);
  return (strcmp(what, "improve") == 0 ? improve()
          : strcmp(what, "warp") == 0  ? warp()
          : strcmp(what, "regret") == 0
              ? regret()
              : process(strcmp(what, "fit") == 0)) == HPO_OK
             ? 0
             : 1;
}
