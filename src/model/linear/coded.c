/* SPDX-License-Identifier: BSD-3-Clause */
/* One-hot columns by their codes.  A centred and scaled column of 0 and 1,
 * z = (x - center) factor, gives a margin factor u where x is 1 and a constant
 * everywhere; its gradient is factor (sum of r where x is 1 - center sum of
 * r).  The intercept is such a constant too.  Outputs lie side by side, each
 * adding in the same order whatever their number. */
#include "linear.h"

#include "hpo/mem.h"

#include <string.h>

enum { GROUP = 8, ADD_COST = 4 };

static bool is_dense(const hpo_design *d, size_t j) {
  return j < d->columns && !d->column[j].is_coded;
}

static bool has_dense(const hpo_design *d, size_t first) {
  for (size_t j = first; j < first + GROUP; j++)
    if (is_dense(d, j))
      return true;
  return false;
}

static size_t count_groups(const hpo_design *d) {
  size_t n = 0;

  for (size_t j = 0; j < d->stride; j += GROUP)
    n += has_dense(d, j);
  return n;
}

bool linear_coded_pays(const hpo_design *d) {
  return d->n_coded > 0 &&
         GROUP * count_groups(d) + ADD_COST * d->n_coded < d->stride;
}

/* Sums in rows of `wide`: the columns, those without a category, all rows. */
static size_t rows_of(const linear_coded *c) { return c->columns + 2; }

static size_t padded(size_t n) { return (n + 7) / 8 * 8; }

size_t linear_coded_sums(const linear_coded *c, size_t wide) {
  return rows_of(c) * padded(wide);
}

void linear_coded_free(linear_coded *c) {
  hpo_mem_free(c->group);
  hpo_mem_free(c->block);
  *c = (linear_coded){0};
}

hpo_status linear_coded_create(const hpo_design *d, const linear_scaler *s,
                               size_t most_wide, linear_coded *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_coded c = {.n_group = 0, .codes = d->n_coded, .columns = d->columns};
  size_t n = GROUP * count_groups(d);

  HPO_TRY(status, hpo_mem_new(n / GROUP, sizeof *c.group, &c.group, err));
  HPO_TRY(status,
          hpo_mem_new_aligned(3 * n + (rows_of(&c) + LINEAR_TILE) * most_wide,
                              sizeof *c.block, &c.block, err));
  c.scale = (linear_scale){
      .center = c.block, .factor = c.block + n, .fill = c.block + 2 * n};
  c.value = c.block + 3 * n;
  c.base = c.value + (c.columns + 1) * most_wide;
  c.spread = c.base + most_wide;
  for (size_t j = 0; j < d->stride; j += GROUP) {
    if (!has_dense(d, j))
      continue;
    for (size_t k = 0; k < GROUP; k++) {
      size_t at = c.n_group * GROUP + k;
      bool is_in = is_dense(d, j + k);
      c.scale.center[at] = s->scale.center[j + k];
      c.scale.factor[at] = is_in ? s->scale.factor[j + k] : 0;
      c.scale.fill[at] = is_in ? s->scale.fill[j + k] : 0;
    }
    c.group[c.n_group++] = j;
  }
  *out = c;
  c = (linear_coded){0};
done:
  linear_coded_free(&c);
  return status;
}

/* Whether column j goes by its code. */
static bool is_coded(const linear_coded *c, size_t j, size_t *group) {
  while (*group < c->n_group && c->group[*group] + GROUP <= j)
    ++*group;
  return *group == c->n_group || c->group[*group] > j ||
         c->scale.factor[*group * GROUP + j - c->group[*group]] == 0;
}

void linear_coded_pack(linear_coded *c, const linear_scaler *s,
                       const double *point, size_t n, double *to) {
  size_t wide = padded(n), group = 0;

  memset(c->base, 0, wide * sizeof *c->base);
  memset(c->value, 0, (c->columns + 1) * wide * sizeof *c->value);
  for (size_t j = 0; j < c->columns; j++) {
    if (!is_coded(c, j, &group))
      continue;
    for (size_t i = 0; i < n; i++) {
      double v = s->scale.factor[j] * point[i * s->ld + j];
      c->value[j * wide + i] = v;
      c->base[i] -= s->scale.center[j] * v;
    }
  }
  for (size_t i = 0; i < n; i++)
    c->base[i] += point[i * s->ld + c->columns];
  for (size_t i = 0; i < n; i++)
    for (size_t g = 0; g < c->n_group; g++)
      memcpy(to + (i * c->n_group + g) * GROUP,
             point + i * s->ld + c->group[g], GROUP * sizeof *to);
}

void linear_coded_forward(linear_coded *c, const linear_rows *r,
                          const linear_part *t, size_t n, double *m) {
  const hpo_design *d = r->design;
  size_t wide = padded(n);

  for (size_t i = 0; i < t->n; i++)
    c->code[i] = d->code + (size_t)r->row[t->first + i] * c->codes;
  linear_pick(c->code, t->n, c->codes, c->value, c->base, wide, c->spread);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < t->n; i++)
      m[k * LINEAR_TILE + i] += c->spread[i * wide + k];
}

void linear_coded_backward(linear_coded *c, const linear_part *t, size_t n,
                           const double *r, double *sums) {
  size_t wide = padded(n);

  for (size_t i = 0; i < t->n; i++) {
    double *row = c->spread + i * wide;
    for (size_t k = 0; k < n; k++)
      row[k] = r[k * LINEAR_TILE + i];
    for (size_t k = n; k < wide; k++)
      row[k] = 0;
  }
  linear_drop(c->code, t->n, c->codes, c->spread, wide, sums);
  double *all = sums + (c->columns + 1) * wide;
  for (size_t i = 0; i < t->n; i++)
    linear_add(1, c->spread + i * wide, wide, all);
}

void linear_coded_gather(const linear_coded *c, const linear_scaler *s,
                         const double *dense, const double *sums, size_t i,
                         size_t n, double *to) {
  size_t wide = padded(n), group = 0;
  double all = sums[(c->columns + 1) * wide + i];

  memset(to, 0, s->ld * sizeof *to);
  for (size_t g = 0; g < c->n_group; g++)
    memcpy(to + c->group[g], dense + g * GROUP, GROUP * sizeof *to);
  for (size_t j = 0; j < c->columns; j++)
    if (is_coded(c, j, &group))
      to[j] =
          s->scale.factor[j] * (sums[j * wide + i] - s->scale.center[j] * all);
  to[c->columns] = s->scale.factor[c->columns] * all;
}
