/* SPDX-License-Identifier: BSD-3-Clause */
/* Imputation, means and scales, as scikit-learn's SimpleImputer and
 * StandardScaler fit them on the training rows. */
#include "linear.h"

#include "hpo/mem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 6 };

void linear_scaler_free(linear_scaler *s) {
  hpo_mem_free(s->mean);
  *s = (linear_scaler){0};
}

static hpo_status scaler_alloc(const linear_rows *r, linear_scaler *s,
                               hpo_error *err) {
  hpo_status status = HPO_OK;

  s->columns = r->design->columns;
  s->ld = r->ld;
  HPO_TRY(status,
          hpo_mem_new_aligned(s->ld, PARTS * sizeof *s->mean, &s->mean, err));
  s->deviation = s->mean + s->ld;
  s->impute = s->mean + 2 * s->ld;
  s->scale = (linear_scale){.center = s->mean + 3 * s->ld,
                            .factor = s->mean + 4 * s->ld,
                            .fill = s->mean + 5 * s->ld};
  for (size_t j = 0; j < s->columns; j++)
    s->scale.factor[j] = 1;
done:
  return status;
}

/* --- Imputation ------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* The first of the longest run of equal values. */
static double most_frequent(const float *x, size_t n) {
  size_t best = 0, length = 0;

  for (size_t i = 0, end = 0; i < n; i = end) {
    for (end = i; end < n && x[end] == x[i];)
      end++;
    if (end - i > length) {
      length = end - i;
      best = i;
    }
  }
  return (double)x[best];
}

double linear_impute(hpo_impute how, float *x, size_t n) {
  double sum = 0;

  if (n == 0)
    return NAN;
  qsort(x, n, sizeof *x, by_value);
  if (how == HPO_IMPUTE_MEDIAN)
    return ((double)x[(n - 1) / 2] + (double)x[n / 2]) / 2;
  if (how == HPO_IMPUTE_MOST_FREQUENT)
    return most_frequent(x, n);
  for (size_t i = 0; i < n; i++)
    sum += (double)x[i];
  return sum / (double)n;
}

/* All ranks' values of a column, then what replaces a missing one. */
static hpo_status impute_column(const linear_rows *r, size_t j, float *room,
                                double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_design *d = r->design;
  const hpo_coll *c = r->coll;
  float *all = NULL;
  size_t n = 0, *count = NULL;

  for (size_t i = 0; i < r->n; i++) {
    float v = d->x[(size_t)r->row[i] * d->stride + j];
    if (!isnan(v))
      room[n++] = v;
  }
  HPO_TRY(status, hpo_mem_new((size_t)c->size, sizeof *count, &count, err));
  HPO_TRY(status,
          c->gather(c->self, room, n * sizeof *room, &all, count, err));
  n = 0;
  for (int k = 0; c->rank == 0 && k < c->size; k++)
    n += count[k] / sizeof *all;
  if (c->rank == 0)
    *out = linear_impute(d->impute, all, n);
  HPO_TRY(status, c->broadcast(c->self, out, sizeof *out, err));
  if (isnan(*out))
    HPO_FAIL(status, err, HPO_ETRIAL,
             "a feature with missing values has no other in the training "
             "rows, so there is nothing to impute");
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

static hpo_status impute(const linear_rows *r, linear_scaler *s,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  float *room = NULL;

  HPO_TRY(status, hpo_mem_new(r->n, sizeof *room, &room, err));
  for (size_t j = 0; j < s->columns; j++)
    if (r->design->column[j].has_missing)
      HPO_TRY(status, impute_column(r, j, room, &s->impute[j], err));
done:
  hpo_mem_free(room);
  return status;
}

/* --- Mean and scale --------------------------------------------------- */

typedef struct moment {
  size_t ld;
  double *one; /* [LINEAR_TILE] */
  bool squared;
} moment;

static void visit(void *self, const linear_part *tile, double *sums) {
  const moment *m = self;

  if (m->squared)
    linear_square(tile->z, tile->n, m->ld);
  linear_backward(tile->z, tile->n, m->ld, m->one, 1, sums);
}

/* Column sums of z or of z * z. */
static hpo_status column_sums(linear_rows *r, bool squared, double *total,
                              hpo_error *err) {
  double one[LINEAR_TILE];
  moment m = {.ld = r->ld, .one = one, .squared = squared};
  const linear_work w = {.visit = visit, .self = &m, .m = r->ld, .share = 1};

  for (size_t i = 0; i < LINEAR_TILE; i++)
    one[i] = 1;
  return linear_pass_all(r, &w, total, err);
}

/* A column whose variance is rounding alone, as StandardScaler decides. */
static bool is_constant(double variance, double mean, double n) {
  double bound = n * mean * DBL_EPSILON;
  return variance <= n * DBL_EPSILON * variance + bound * bound;
}

static hpo_status scale_columns(linear_rows *r, linear_scaler *s, double n,
                                bool is_centred, hpo_error *err) {
  hpo_status status = HPO_OK;
  const linear_scale *c = &s->scale;
  double *total = NULL;

  HPO_TRY(status, hpo_mem_new_aligned(r->ld, 2 * sizeof *total, &total, err));
  memcpy(c->fill, s->impute, s->ld * sizeof *c->fill);
  HPO_TRY(status, column_sums(r, false, total, err));
  for (size_t j = 0; j < s->columns; j++) {
    s->mean[j] = total[j] / n;
    c->center[j] = is_centred ? s->mean[j] : 0;
    c->fill[j] = s->impute[j] - c->center[j];
  }
  HPO_TRY(status, column_sums(r, true, total, err));
  for (size_t j = 0; j < s->columns; j++) {
    double variance = total[j] / n;
    bool flat = is_constant(variance, c->center[j], n);
    s->deviation[j] = flat ? 1 : sqrt(variance);
    c->factor[j] = flat ? 0 : 1 / s->deviation[j];
    c->fill[j] *= c->factor[j];
  }
done:
  hpo_mem_free(total);
  return status;
}

hpo_status linear_scaler_create(linear_rows *r, bool has_intercept,
                                linear_scaler *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_scaler s = {0};
  int64_t n = (int64_t)r->n;
  bool is_centred = has_intercept || r->design->standardize;

  HPO_TRY(status, scaler_alloc(r, &s, err));
  r->scale = &s.scale;
  HPO_TRY(status, r->coll->sum(r->coll->self, &n, 1, err));
  if (n == 0)
    HPO_FAIL(status, err, HPO_ETRIAL, "there are no training rows");
  HPO_TRY(status, impute(r, &s, err));
  HPO_TRY(status, scale_columns(r, &s, (double)n, is_centred, err));
  if (has_intercept) { /* (0 - -1) * 1 */
    s.scale.center[s.columns] = -1;
    s.scale.factor[s.columns] = 1;
  }
  *out = s;
  r->scale = &out->scale;
  s = (linear_scaler){0};
done:
  linear_scaler_free(&s);
  return status;
}
