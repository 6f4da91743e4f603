/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums over the training rows, with the same bits for any number of ranks:
 * within a block row by row, then the blocks in their order on the team's
 * rank 0. */
#include "linear.h"

#include "hpo/mem.h"

#include <string.h>

static hpo_status find_blocks(linear_rows *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t room =
      r->n == 0
          ? 0
          : (size_t)((r->row[r->n - 1] - r->row[0]) / HPO_DESIGN_BLOCK) + 2;

  if (room > r->n)
    room = r->n;
  HPO_TRY(status, hpo_mem_new(room + 1, sizeof *r->block, &r->block, err));
  for (size_t i = 0; i < r->n; i++)
    if (i == 0 ||
        r->row[i] / HPO_DESIGN_BLOCK != r->row[i - 1] / HPO_DESIGN_BLOCK)
      r->block[r->n_block++] = i;
  r->block[r->n_block] = r->n;
done:
  return status;
}

hpo_status linear_rows_create(const hpo_model_input *in, size_t ld,
                              linear_rows *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_rows r = {.design = in->part.design,
                   .row = in->part.train,
                   .coll = in->coll,
                   .n = in->part.n_train,
                   .ld = ld};

  HPO_TRY(status, find_blocks(&r, err));
  HPO_TRY(status,
          hpo_mem_new_aligned(LINEAR_TILE * ld, sizeof *r.z, &r.z, err));
  *out = r;
  r = (linear_rows){0};
done:
  linear_rows_free(&r);
  return status;
}

void linear_rows_free(linear_rows *r) {
  hpo_mem_free(r->block);
  hpo_mem_free(r->z);
  hpo_mem_free(r->sums);
  *r = (linear_rows){0};
}

hpo_status linear_rows_reserve(linear_rows *r, size_t m, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t blocks = r->coll->size == 1 || r->n_block == 0 ? 1 : r->n_block;
  double *more = NULL;

  if (m <= r->sums_room)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new_aligned(blocks, m * sizeof *more, &more, err));
  hpo_mem_free(r->sums);
  r->sums = more;
  r->sums_room = m;
done:
  return status;
}

static void add_block(linear_rows *r, size_t b, const linear_work *w,
                      double *sums) {
  const hpo_design *d = r->design;
  const linear_coded *c = w->coded;
  size_t ld = c != NULL ? 8 * c->n_group : r->ld;

  for (size_t i = r->block[b]; i < r->block[b + 1]; i += LINEAR_TILE) {
    size_t left = r->block[b + 1] - i;
    linear_part tile = {
        .z = r->z, .first = i, .n = left < LINEAR_TILE ? left : LINEAR_TILE};

    for (size_t k = 0; k < tile.n; k++) {
      const float *x = d->x + (size_t)r->row[i + k] * d->stride;
      if (c != NULL)
        linear_decode_groups(x, c->group, c->n_group, &c->scale,
                             r->z + k * ld);
      else
        linear_decode(x, ld, r->scale, r->z + k * ld);
    }
    if (tile.n < LINEAR_TILE)
      memset(r->z + tile.n * ld, 0,
             (LINEAR_TILE - tile.n) * ld * sizeof *r->z);
    w->visit(w->self, &tile, sums);
  }
}

static void add(double *to, const double *from, size_t m) {
  for (size_t i = 0; i < m; i++)
    to[i] += from[i];
}

/* All ranks' blocks to rank 0, which adds them in order. */
static hpo_status combine(linear_rows *r, size_t blocks, size_t m,
                          double *total, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *c = r->coll;
  double *all = NULL;
  size_t *count = NULL, bytes = 0;

  if (c->rank == 0)
    HPO_TRY(status, hpo_mem_new((size_t)c->size, sizeof *count, &count, err));
  HPO_TRY(status, c->gather(c->self, r->sums, blocks * m * sizeof *all, &all,
                            count, err));
  if (c->rank != 0)
    goto done;
  for (int k = 0; k < c->size; k++)
    bytes += count[k];
  memset(total, 0, m * sizeof *total);
  for (size_t at = 0; at < bytes / sizeof *all; at += m)
    add(total, all + at, m);
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

hpo_status linear_pass(linear_rows *r, const linear_work *w, double *total,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_alone = r->coll->size == 1;
  size_t m = w->m, blocks = 0;

  HPO_TRY(status, linear_rows_reserve(r, m, err));
  if (is_alone)
    memset(total, 0, m * sizeof *total);
  for (size_t b = 0; b < r->n_block; b++) {
    if (r->row[r->block[b]] / HPO_DESIGN_BLOCK % w->share != 0)
      continue;
    double *sums = r->sums + (is_alone ? 0 : blocks * m);
    memset(sums, 0, m * sizeof *sums);
    add_block(r, b, w, sums);
    if (is_alone)
      add(total, sums, m);
    blocks++;
  }
  if (!is_alone)
    HPO_TRY(status, combine(r, blocks, m, total, err));
done:
  return status;
}

hpo_status linear_pass_all(linear_rows *r, const linear_work *w, double *total,
                           hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, linear_pass(r, w, total, err));
  if (r->coll->size > 1)
    HPO_TRY(status, r->coll->broadcast(r->coll->self, total,
                                       w->m * sizeof *total, err));
done:
  return status;
}
