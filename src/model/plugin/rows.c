/* SPDX-License-Identifier: BSD-3-Clause */
/* The data as a plugin sees it: see rows.h. */
#include "model/plugin/rows.h"

#include <string.h>

/* Rows that are turned together, so that reads and writes stay near. */
#define TILE 64

static void copy_rows(const hpo_dataset *d, const hpo_row *row, size_t n,
                      float *x, double *y, double *w) {
  for (size_t first = 0; first < n; first += TILE) {
    size_t end = first + TILE < n ? first + TILE : n;
    for (size_t c = 0; c < d->columns; c++) {
      const float *column = d->x + c * (size_t)d->rows;
      for (size_t i = first; i < end; i++)
        x[i * d->columns + c] = column[row[i]];
    }
  }
  for (size_t i = 0; i < n; i++)
    y[i] = d->y[row[i]];
  for (size_t i = 0; w != NULL && i < n; i++)
    w[i] = d->weight[row[i]];
}

static void copy_facts(const hpo_dataset *d, hpo_slab *v) {
  char *at = v->name;

  for (size_t c = 0; c < d->columns; c++) {
    size_t n = strlen(d->column[c].name) + 1;
    memcpy(at, d->column[c].name, n);
    at += n;
    v->categories[c] = d->column[c].categorical ? d->column[c].n_category : 0;
  }
}

hpo_status hpo_plugin_slab(const hpo_dataset *d, const hpo_fold *rows,
                           const void *blob, size_t n_blob, hpo_slab *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_slab v = {.columns = d->columns,
                .classes = d->n_class,
                .outputs = hpo_dataset_outputs(d),
                .n_train = rows ? (size_t)rows->n_train : 0,
                .n_valid = rows ? (size_t)rows->n_valid : 0,
                .n_blob = n_blob,
                .task = HPO_TASK_BIT(d->task),
                .has_weight = rows != NULL && d->weight != NULL};

  for (size_t c = 0; c < d->columns; c++)
    v.names += strlen(d->column[c].name) + 1;
  HPO_TRY(status, hpo_slab_create(&v, err));
  copy_facts(d, &v);
  if (rows != NULL) {
    HPO_ASSERT(d->x != NULL);
    copy_rows(d, rows->train, v.n_train, v.x[0], v.y[0], v.w[0]);
    copy_rows(d, rows->valid, v.n_valid, v.x[1], v.y[1], v.w[1]);
  }
  if (n_blob > 0)
    memcpy(v.blob, blob, n_blob);
  *out = v;
done:
  return status;
}
