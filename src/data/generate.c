/* SPDX-License-Identifier: BSD-3-Clause */
/* Synthetic tables: the registry and the two recipes with any number of
 * features.
 *
 * friedman is Friedman's first function (J. H. Friedman, Multivariate
 * adaptive regression splines, Ann. Statist. 19, 1991, equation 61), as in
 * scikit-learn's make_friedman1 with noise 1. */
#include "generate.h"

#include "hpo/num.h"

#include <math.h>
#include <string.h>

static void make_friedman(hpo_rng *r, uint64_t seed, size_t n, double *x) {
  const double pi = 3.14159265358979323846;

  (void)seed;
  for (size_t j = 0; j < n; j++)
    x[j] = hpo_rng_next(r);
  x[n] = 10 * hpo_num_sin(pi * x[0] * x[1]) +
         20 * (x[2] - 0.5) * (x[2] - 0.5) + 10 * x[3] + 5 * x[4] +
         hpo_rng_normal(r);
}

/* Weight of feature j: a tenth of the features matter. */
static double sparse_weight(uint64_t seed, size_t j) {
  hpo_rng r = hpo_rng_make(seed, HPO_RNG_GENERATE, j, 1);

  return hpo_rng_below(&r, 10) == 0 ? 2 * hpo_rng_normal(&r) : 0;
}

/* Gaps between the features that are there are geometric: 1 % of all. */
static void make_sparse(hpo_rng *r, uint64_t seed, size_t n, double *x) {
  const double step = 1 / hpo_num_log1p(-0.01);
  double margin = 0;

  for (size_t j = 0; j <= n; j++)
    x[j] = 0;
  for (double at = 0;; at++) {
    at += floor(hpo_num_log(1 - hpo_rng_next(r)) * step);
    if (at >= (double)n)
      break;
    size_t j = (size_t)at;
    x[j] = 0.1 + hpo_rng_next(r) * 1.9;
    margin += sparse_weight(seed, j) * x[j];
  }
  x[n] = hpo_rng_next(r) < hpo_num_sigmoid(margin) ? 1 : 0;
}

static const hpo_made_column friedman[] = {{.decimals = 6},
                                           {.name = "target", .decimals = 6}};
static const hpo_made_column sparse[] = {{.decimals = 3}, {.name = "label"}};

static const hpo_generator made_friedman = {
    .name = "friedman",
    .help = "regression on Friedman's first function, 5 features matter",
    .task = HPO_TASK_REGRESSION,
    .column = friedman,
    .n_column = 2,
    .least_features = 5,
    .usual_features = 10,
    .make = make_friedman};

static const hpo_generator made_sparse = {
    .name = "sparse",
    .help = "two classes, 1 % of the values are not 0, a tenth of them matter",
    .task = HPO_TASK_BINARY,
    .column = sparse,
    .n_column = 2,
    .least_features = 1,
    .usual_features = 1000,
    .make = make_sparse};

static const hpo_generator *const all[] = {&hpo_made_loans, &hpo_made_higgs,
                                           &made_friedman, &made_sparse};

const hpo_generator *const *hpo_generators(size_t *n) {
  *n = sizeof all / sizeof *all;
  return all;
}

const hpo_generator *hpo_generator_find(const char *name) {
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(all[i]->name, name) == 0)
      return all[i];
  return NULL;
}

const hpo_made_column *hpo_generator_column(const hpo_generator *g,
                                            size_t features, size_t j) {
  if (g->least_features > 0)
    return &g->column[j < features ? 0 : 1];
  return &g->column[j];
}

void hpo_generate(const hpo_generator *g, uint64_t seed, size_t features,
                  hpo_row first, size_t n, double *value) {
  static const double power[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

  for (size_t i = 0; i < n; i++) {
    double *row = value + i * (features + 1);
    hpo_rng r = hpo_rng_make(seed, HPO_RNG_GENERATE, (uint64_t)first + i, 0);

    g->make(&r, seed, features, row);
    for (size_t j = 0; j <= features; j++) {
      double p = power[hpo_generator_column(g, features, j)->decimals];
      if (!isnan(row[j]))
        row[j] = floor(row[j] * p + 0.5) / p;
    }
  }
}
