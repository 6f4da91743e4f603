/* SPDX-License-Identifier: BSD-3-Clause */
/* Data sets made in memory. */

#include "testdata.h"

#include <math.h>
#include <string.h>

#include "data/block.h"
#include "hpo/mem.h"

#define MUST(call) HPO_ASSERT((call) == HPO_OK)

static void name_columns(hpo_dataset *d, const size_t *n_category) {
  MUST(hpo_mem_new(d->columns, sizeof *d->column, &d->column, NULL));
  for (size_t j = 0; j < d->columns; j++) {
    hpo_column *c = &d->column[j];

    MUST(hpo_mem_format(&c->name, NULL, "f%zu", j));
    if (n_category == NULL || n_category[j] == 0)
      continue;
    c->categorical = true;
    c->n_category = n_category[j];
    MUST(hpo_mem_new(c->n_category, sizeof *c->category, &c->category, NULL));
    for (size_t k = 0; k < c->n_category; k++)
      MUST(hpo_mem_format(&c->category[k], NULL, "c%06zu", k));
  }
}

static void name_classes(hpo_dataset *d) {
  MUST(hpo_mem_string("y", &d->label_name, NULL));
  MUST(hpo_mem_new(d->n_class, sizeof *d->class_name, &d->class_name, NULL));
  for (size_t k = 0; k < d->n_class; k++)
    MUST(hpo_mem_format(&d->class_name[k], NULL, "%zu", k));
}

hpo_dataset *testdata_make_full(size_t rows, size_t cols, const float *x,
                                const double *y, size_t n_class,
                                const uint8_t *role, const double *weight,
                                const size_t *n_category) {
  static hpo_shared node;
  hpo_dataset *d = NULL;
  hpo_arrays to = {0};
  uint8_t *all_train = NULL;

  node = hpo_shared_serial();
  MUST(hpo_mem_new(1, sizeof *d, &d, NULL));
  MUST(hpo_mem_new(rows, 1, &all_train, NULL));
  if (role == NULL)
    role = all_train;
  d->task = n_class == 0   ? HPO_TASK_REGRESSION
            : n_class == 2 ? HPO_TASK_BINARY
                           : HPO_TASK_MULTICLASS;
  d->rows = (hpo_row)rows;
  d->columns = cols;
  d->n_class = n_class;
  d->node = &node;
  memset(d->hash, '0', 64);
  name_columns(d, n_category);
  name_classes(d);
  for (size_t i = 0; i < rows * cols; i++)
    d->column[i / rows].missing += isnan(x[i]) != 0;
  hpo_block_count(role, d->rows, &d->n_train, &d->n_valid);
  MUST(hpo_block_create(d, weight != NULL, &to, NULL));
  if (rows * cols > 0)
    memcpy(to.x, x, rows * cols * sizeof *x);
  memcpy(to.y, y, rows * sizeof *y);
  if (weight != NULL)
    memcpy(to.weight, weight, rows * sizeof *weight);
  memcpy(to.role, role, rows);
  hpo_block_list(role, 0, d->rows, to.train, to.valid);
  MUST(hpo_block_ready(d, NULL));
  hpo_mem_free(all_train);
  return d;
}

hpo_dataset *testdata_make(size_t rows, size_t cols, const float *x,
                           const double *y, size_t n_class,
                           const uint8_t *role) {
  return testdata_make_full(rows, cols, x, y, n_class, role, NULL, NULL);
}
