/* SPDX-License-Identifier: BSD-3-Clause */
/* PED-ANOVA (importance.h). */
#include "hpo/importance.h"
#include "hpo/mem.h"
#include "hpo/num.h"

#include <math.h>
#include <stdlib.h>

enum { GRID = 50, MOST_CELLS = 64 };

static int by_number(const void *a, const void *b) {
  const double *u = a, *v = b;
  return *u < *v ? -1 : *u > *v;
}

/* Scott's bandwidth, not below half a cell. */
static double bandwidth(const double *x, size_t n) {
  double mean = 0, square = 0;

  for (size_t i = 0; i < n; i++)
    mean += x[i] / (double)n;
  for (size_t i = 0; i < n; i++)
    square += (x[i] - mean) * (x[i] - mean) / (double)n;
  return fmax(1.059 * sqrt(square) * hpo_num_pow((double)n, -0.2), 0.5 / GRID);
}

/* Density over the cells of one dimension, with one uniform prior point. */
static void density(const double *x, size_t n, size_t n_category,
                    double *out) {
  size_t cells = n_category ? n_category : GRID;
  double h = n_category ? 0 : bandwidth(x, n), sum = 0;

  for (size_t c = 0; c < cells; c++)
    out[c] = 0;
  for (size_t i = 0; i < n; i++) {
    double whole = 0, k[MOST_CELLS];
    if (n_category) {
      out[(size_t)x[i]] += 1;
      continue;
    }
    for (size_t c = 0; c < cells; c++) {
      double z = (((double)c + 0.5) / GRID - x[i]) / h;
      k[c] = hpo_num_exp(-0.5 * z * z);
      whole += k[c];
    }
    for (size_t c = 0; c < cells && whole > 0; c++)
      out[c] += k[c] / whole;
  }
  for (size_t c = 0; c < cells; c++) {
    out[c] += 1 / (double)cells;
    sum += out[c];
  }
  for (size_t c = 0; c < cells; c++)
    out[c] /= sum;
}

/* Copies dimension j of the rows with y <= limit. */
static size_t collect(const hpo_points *p, size_t j, double limit,
                      double *out) {
  size_t n = 0;

  for (size_t i = 0; i < p->n; i++)
    if (p->y[i] <= limit)
      out[n++] = p->x[i * p->d + j];
  return n;
}

hpo_status hpo_importance_ped_anova(const hpo_points *p, double *share,
                                    hpo_error *err) {
  hpo_status status = HPO_OK;
  double *y = NULL, *x = NULL, limit, sum = 0;
  double top[MOST_CELLS], all[MOST_CELLS];
  size_t wanted = p->n / 10 > 2 ? p->n / 10 : 2;

  HPO_TRY(status, hpo_mem_copy(p->y, p->n * sizeof *y, &y, err));
  HPO_TRY(status, hpo_mem_new(p->n, sizeof *x, &x, err));
  qsort(y, p->n, sizeof *y, by_number);
  limit = y[wanted < p->n ? wanted - 1 : p->n - 1];
  for (size_t j = 0; j < p->d; j++) {
    size_t cells = p->n_category[j] ? p->n_category[j] : GRID;
    density(x, collect(p, j, limit, x), p->n_category[j], top);
    density(x, collect(p, j, INFINITY, x), p->n_category[j], all);
    share[j] = 0;
    for (size_t c = 0; c < cells; c++)
      share[j] += all[c] * (top[c] / all[c] - 1) * (top[c] / all[c] - 1);
    sum += share[j];
  }
  for (size_t j = 0; j < p->d && sum > 0; j++)
    share[j] /= sum;
done:
  hpo_mem_free(y);
  hpo_mem_free(x);
  return status;
}
