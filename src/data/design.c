/* SPDX-License-Identifier: BSD-3-Clause */
/* The design matrix: refusals, columns, values. */
#include "hpo/design.h"

#include <math.h>
#include <string.h>

#include "block.h"
#include "hpo/mem.h"

enum {
  MOST_COLUMNS = 100000,
  ROW_TILE = 64 /* rows written at once: they stay in cache */
};

static const char *const impute_name[] = {"", "mean", "median",
                                          "most_frequent"};

hpo_impute hpo_design_impute(const char *name) {
  for (size_t i = 1; name != NULL && i < 4; i++)
    if (strcmp(name, impute_name[i]) == 0)
      return (hpo_impute)i;
  return HPO_IMPUTE_NONE;
}

/* What linear models and networks can't take, in words. */
static hpo_status check_column(const hpo_dataset *d, const hpo_column *c,
                               hpo_impute impute, hpo_error *err) {
  if (c->categorical && !c->onehot)
    return hpo_error_set(
        err, HPO_EDATA,
        "column '%s' holds categories (%zu, such as '%s'), and linear "
        "models and mlp need numbers; say <categorical columns=\"%s\" "
        "encode=\"onehot\"/> "
        "or <ignore columns=\"%s\"/>",
        c->name, c->n_category, c->n_category > 0 ? c->category[0] : "",
        c->name, c->name);
  if (!c->categorical && c->missing >= d->rows && !d->absent_is_zero)
    return hpo_error_set(err, HPO_EDATA,
                         "column '%s' has no value in any row, so linear "
                         "models and mlp have nothing to impute; say <ignore "
                         "columns=\"%s\"/>",
                         c->name, c->name);
  if (!c->categorical && c->missing > 0 && !d->absent_is_zero &&
      impute == HPO_IMPUTE_NONE)
    return hpo_error_set(
        err, HPO_EDATA,
        "column '%s' has %lld missing value%s, and linear "
        "models and mlp need numbers; say <missing impute=\"mean\"/> "
        "(or median, most_frequent) or <ignore "
        "columns=\"%s\"/>",
        c->name, (long long)c->missing, c->missing == 1 ? "" : "s", c->name);
  return HPO_OK;
}

static hpo_status find_columns(const hpo_dataset *d, hpo_design *m,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = 0;

  for (size_t j = 0; j < d->columns; j++) {
    HPO_TRY(status, check_column(d, &d->column[j], m->impute, err));
    n += d->column[j].categorical ? d->column[j].n_category : 1;
  }
  if (n == 0 || n > MOST_COLUMNS)
    HPO_FAIL(status, err, HPO_EDATA,
             "the features make %zu columns of numbers; "
             "allowed: 1 to %d",
             n, MOST_COLUMNS);
  HPO_TRY(status, hpo_mem_new(n, sizeof *m->column, &m->column, err));
  for (size_t j = 0; j < d->columns; j++) {
    const hpo_column *c = &d->column[j];

    for (size_t k = 0; c->categorical && k < c->n_category; k++)
      m->column[m->columns++] = (hpo_design_column){
          .feature = j, .category = (ptrdiff_t)k, .is_coded = n < UINT16_MAX};
    m->n_coded += c->categorical && n < UINT16_MAX;
    if (!c->categorical)
      m->column[m->columns++] = (hpo_design_column){
          .feature = j,
          .category = -1,
          .has_missing = c->missing > 0 && !d->absent_is_zero};
  }
  m->stride = (m->columns + 1 + 7) / 8 * 8;
done:
  return status;
}

/* n rows from row first of one column, one float every stride. */
static void write_column(const hpo_dataset *d, const hpo_design_column *c,
                         size_t first, size_t n, size_t stride, float *to) {
  const float *from = d->x + c->feature * (size_t)d->rows + first;

  for (size_t i = 0; i < n; i++)
    to[i * stride] =
        c->category < 0 ? from[i] : (float)(from[i] == (float)c->category);
  for (size_t i = 0; d->absent_is_zero && i < n; i++)
    if (isnan(to[i * stride]))
      to[i * stride] = 0;
}

static void write_values(const hpo_dataset *d, const hpo_design *m,
                         float *to) {
  hpo_row first = 0, end = 0;

  hpo_dataset_held(d, &first, &end);
  memset(to + (size_t)first * m->stride, 0,
         (size_t)(end - first) * m->stride * sizeof *to);
  for (size_t i = (size_t)first; i < (size_t)end; i += ROW_TILE) {
    const size_t left = (size_t)end - i, n = left < ROW_TILE ? left : ROW_TILE;

    for (size_t j = 0; j < m->columns; j++)
      write_column(d, &m->column[j], i, n, m->stride, to + i * m->stride + j);
  }
}

/* The columns that are 1. */
static void write_codes(const hpo_dataset *d, const hpo_design *m,
                        uint16_t *to) {
  hpo_row first = 0, end = 0;
  size_t f = 0;

  hpo_dataset_held(d, &first, &end);
  for (size_t j = 0; j < m->columns; j++) {
    const hpo_design_column *c = &m->column[j];
    const float *from = d->x + c->feature * (size_t)d->rows;
    if (!c->is_coded || c->category != 0)
      continue;
    size_t n = d->column[c->feature].n_category;
    for (hpo_row i = first; i < end; i++) {
      float v = from[i];
      bool is_there = v >= 0 && v < (float)n;
      to[(size_t)i * m->n_coded + f] =
          (uint16_t)(is_there ? j + (size_t)v : m->columns);
    }
    f++;
  }
}

hpo_status hpo_design_create(const hpo_plan_data *plan, const hpo_dataset *d,
                             hpo_design **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = d->node;
  hpo_design *m = NULL;
  size_t bytes = 0, values = 0;
  bool is_shared = false;

  HPO_ASSERT(d->x != NULL || d->rows == 0);
  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->rows = d->rows;
  m->node = node;
  m->impute = hpo_design_impute(plan->impute);
  m->standardize = plan->standardize;
  HPO_TRY(status, find_columns(d, m, err));
  values = (size_t)m->rows * m->stride * sizeof(float);
  bytes = values + (size_t)m->rows * m->n_coded * sizeof *m->code;
  HPO_TRY(status, node->alloc(node->self, bytes, &m->block, &is_shared, err));
  m->x = m->block;
  uint16_t *code = (uint16_t *)(void *)((char *)m->block + values);
  m->code = m->n_coded > 0 ? code : NULL;
  if (node->node_rank == 0) {
    write_values(d, m, m->block);
    write_codes(d, m, code);
  }
  HPO_TRY(status, node->ready(node->self, m->block, bytes, err));
  *out = m;
  m = NULL;
done:
  hpo_design_destroy(m);
  return status;
}

void hpo_design_destroy(hpo_design *m) {
  if (m == NULL)
    return;
  if (m->block != NULL)
    m->node->free(m->node->self, m->block);
  hpo_mem_free(m->column);
  hpo_mem_free(m);
}

/* Index of the first row at or behind index i that begins a block. */
static size_t block_start(const hpo_row *row, size_t n, size_t i) {
  if (i == 0 || i >= n)
    return i < n ? i : n;
  hpo_row block = row[i] / HPO_DESIGN_BLOCK;
  if (row[i - 1] / HPO_DESIGN_BLOCK != block)
    return i;
  while (i < n && row[i] / HPO_DESIGN_BLOCK == block)
    i++;
  return i;
}

void hpo_design_share(const hpo_row *row, size_t n, int rank, int size,
                      size_t *first, size_t *out_n) {
  const size_t r = (size_t)rank, k = (size_t)size;

  *first = block_start(row, n, n * r / k);
  *out_n = block_start(row, n, n * (r + 1) / k) - *first;
}
