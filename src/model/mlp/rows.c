/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows for the network: standardised and imputed as the linear models take
 * them, from this rank's memory or, where each rank holds some rows alone,
 * brought to all. */
#include "hpo/mem.h"
#include "mlp.h"
#include "model/linear/linear.h"

#include <string.h>

enum { PARTS = 6 };

static bool has_missing(const hpo_design *d) {
  bool has = false;

  for (size_t j = 0; j < d->columns; j++)
    has = has || d->column[j].has_missing;
  return has;
}

static void set_scales(const linear_scaler *s, bool standardize, mlp_rows *r) {
  size_t bytes = r->columns * sizeof *r->mean;

  memcpy(r->impute, s->impute, bytes);
  memcpy(r->mean, s->mean, bytes);
  memcpy(r->deviation, s->deviation, bytes);
  for (size_t j = 0; j < r->columns; j++) {
    r->center[j] = standardize ? s->mean[j] : 0;
    r->factor[j] = standardize ? 1 / s->deviation[j] : 1;
    r->fill[j] = (s->impute[j] - r->center[j]) * r->factor[j];
  }
}

/* Means, deviations, imputation, where the study wants any. */
static hpo_status find_scales(mlp_rows *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_design *d = r->design;
  linear_rows rows = {.row = NULL};
  linear_scaler scaler = {0};

  r->is_plain = !d->standardize && !has_missing(d);
  HPO_TRY(status,
          hpo_mem_new_aligned(mlp_padded(r->columns),
                              PARTS * sizeof *r->center, &r->center, err));
  r->factor = r->center + mlp_padded(r->columns);
  r->fill = r->factor + mlp_padded(r->columns);
  r->impute = r->fill + mlp_padded(r->columns);
  r->mean = r->impute + mlp_padded(r->columns);
  r->deviation = r->mean + mlp_padded(r->columns);
  if (r->is_plain)
    goto done;
  HPO_TRY(status, linear_rows_create(r->in, d->stride, &rows, err));
  HPO_TRY(status, linear_scaler_create(&rows, true, &scaler, err));
  set_scales(&scaler, d->standardize, r);
done:
  linear_scaler_free(&scaler);
  linear_rows_free(&rows);
  return status;
}

hpo_status mlp_rows_create(const hpo_model_input *in, const mlp_config *c,
                           size_t batch, mlp_rows *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_design *d = in->part.design;
  mlp_rows r = {.in = in,
                .design = d,
                .columns = d->columns,
                .is_parted = in->part.data->team != NULL,
                .words = (d->columns + 1) / 2 + 2};

  hpo_dataset_held(in->part.data, &r.first, &r.end);
  HPO_TRY(status, find_scales(&r, err));
  HPO_TRY(status,
          linear_class_weights(in, c->is_balanced, &r.class_weight, err));
  if (r.is_parted)
    HPO_TRY(status,
            hpo_mem_new(batch, r.words * sizeof *r.moved, &r.moved, err));
  *out = r;
  r = (mlp_rows){0};
done:
  mlp_rows_free(&r);
  return status;
}

void mlp_rows_free(mlp_rows *r) {
  hpo_mem_free(r->center);
  hpo_mem_free(r->class_weight);
  hpo_mem_free(r->moved);
  *r = (mlp_rows){0};
}

/* --- One row ----------------------------------------------------------- */

static void decode(const mlp_rows *r, hpo_row row, float *to) {
  const float *x = r->design->x + (size_t)row * r->design->stride;

  if (r->is_plain)
    memcpy(to, x, r->columns * sizeof *to);
  else
    mlp_decode(x, r->columns, r->center, r->factor, r->fill, to);
}

static double weight_of(const mlp_rows *r, hpo_row row) {
  const hpo_dataset *d = r->in->part.data;
  double own = d->weight != NULL ? d->weight[row] : 1;

  return own * r->class_weight[d->n_class > 0 ? (size_t)d->y[row] : 0];
}

/* --- Batches ----------------------------------------------------------- */

/* A row is on one rank alone, the others add 0: sums are copies. */
hpo_status mlp_rows_move(mlp_rows *r, const hpo_row *row, size_t n,
                         hpo_error *err) {
  const hpo_coll *c = r->in->coll;

  if (!r->is_parted)
    return HPO_OK;
  memset(r->moved, 0, n * r->words * sizeof *r->moved);
  for (size_t i = 0; i < n; i++) {
    int64_t *to = r->moved + i * r->words, *last = to + r->words - 2;
    if (row[i] < r->first || row[i] >= r->end)
      continue;
    double weight = weight_of(r, row[i]);
    decode(r, row[i], (float *)(void *)to);
    memcpy(last, &r->in->part.data->y[row[i]], sizeof *last);
    memcpy(last + 1, &weight, sizeof *last);
  }
  return c->sum(c->self, r->moved, n * r->words, err);
}

static void take_moved(const mlp_rows *r, size_t at, size_t i, mlp_tile *t) {
  const int64_t *from = r->moved + at * r->words, *last = from + r->words - 2;

  memcpy(t->act[0] + i * r->columns, from, r->columns * sizeof(float));
  memcpy(t->y + i, last, sizeof *last);
  memcpy(t->weight + i, last + 1, sizeof *last);
}

void mlp_rows_take(const mlp_rows *r, const hpo_row *batch, size_t at,
                   size_t n, size_t rows, mlp_tile *t) {
  for (size_t i = 0; i < n; i++) {
    if (r->is_parted) {
      take_moved(r, at + i, i, t);
      continue;
    }
    decode(r, batch[at + i], t->act[0] + i * r->columns);
    t->y[i] = r->in->part.data->y[batch[at + i]];
    t->weight[i] = weight_of(r, batch[at + i]);
  }
  memset(t->act[0] + n * r->columns, 0,
         (rows - n) * r->columns * sizeof(float));
  memset(t->y + n, 0, (rows - n) * sizeof *t->y);
  memset(t->weight + n, 0, (rows - n) * sizeof *t->weight);
}

void mlp_rows_input(const mlp_rows *r, const hpo_row *row, size_t n, size_t to,
                    mlp_tile *t) {
  for (size_t i = 0; i < n; i++)
    decode(r, row[i], t->act[0] + (to + i) * r->columns);
}
