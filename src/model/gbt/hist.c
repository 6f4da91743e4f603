/* SPDX-License-Identifier: BSD-3-Clause */
/* Histograms of nodes.
 *
 * A node of at most GBT_NARROW_ROWS rows has narrow cells, a larger one (or
 * any, where 30 bits are taken) wide ones; both hold the same sums.  The
 * rows of a large node go into a narrow scratch, which is emptied into wide
 * cells before it could overflow. */
#include "gbt.h"
#include "kernels.h"

#include <string.h>

/* Steps that the adds are built for: powers of two, and eight more so that
   equal bins of neighbours do not share a line of the cache. */
static const size_t steps[] = {GBT_STEP_1, GBT_STEP_2, GBT_STEP_3};
#define N_STEPS (sizeof steps / sizeof *steps)
/* Most cells to one that is used, for a constant step. */
#define LOOSE 2

static size_t choose_step(const hpo_bins *bins, size_t used) {
  size_t most = 0;

  if (bins->csr.start != NULL)
    return 0;
  for (size_t f = 0; f < bins->columns; f++)
    if (bins->offset[f + 1] - bins->offset[f] > most)
      most = bins->offset[f + 1] - bins->offset[f];
  for (size_t i = 0; bins->code_bytes == 1 && i < N_STEPS; i++)
    if (most <= steps[i] && steps[i] * bins->columns <= UINT32_MAX)
      return steps[i] * bins->columns <= LOOSE * used ? steps[i] : 0;
  return 0;
}

size_t gbt_layout_cells(const hpo_bins *bins) {
  size_t used = bins->offset[bins->columns], step = choose_step(bins, used);

  return step > 0 ? step * bins->columns : used;
}

hpo_status gbt_layout_create(const hpo_bins *bins, gbt_layout *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_layout l = {.used = bins->offset[bins->columns]};

  l.step = choose_step(bins, l.used);
  l.cells = gbt_layout_cells(bins);
  HPO_TRY(status,
          hpo_mem_new(bins->columns + 1, sizeof *l.offset, &l.offset, err));
  for (size_t f = 0; f <= bins->columns; f++)
    l.offset[f] = l.step > 0 ? (uint32_t)(f * l.step) : bins->offset[f];
  *out = l;
done:
  return status;
}

void gbt_pool_free(gbt_pool *p) {
  for (size_t i = 0; i < p->n_slot; i++)
    hpo_mem_free(p->slot[i]);
  hpo_mem_free(p->layout.offset);
  hpo_mem_free(p->slot);
  hpo_mem_free(p->used);
  hpo_mem_free(p->narrow);
  hpo_mem_free(p->sparse);
  hpo_mem_free(p->mask);
  memset(p, 0, sizeof *p);
}

hpo_status gbt_pool_create(const hpo_bins *bins, gbt_pool *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_pool p = {.bins = bins};
  size_t words = 0;

  HPO_TRY(status, gbt_layout_create(bins, &p.layout, err));
  p.cells = p.layout.cells;
  words = (p.cells + 63) / 64;
  HPO_TRY(status,
          hpo_mem_new_aligned(p.cells, sizeof *p.narrow, &p.narrow, err));
  HPO_TRY(status,
          hpo_mem_new_aligned(p.cells, 2 * sizeof *p.sparse, &p.sparse, err));
  HPO_TRY(status, hpo_mem_new_aligned(words, sizeof *p.mask, &p.mask, err));
  *out = p;
  memset(&p, 0, sizeof p);
done:
  gbt_pool_free(&p);
  return status;
}

hpo_status gbt_pool_take(gbt_pool *p, gbt_hist *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t room = p->slot_room, i = 0;

  while (i < p->n_slot && p->used[i])
    i++;
  if (i == p->n_slot) {
    HPO_TRY(status,
            hpo_mem_grow(&p->slot, &room, i + 1, sizeof *p->slot, err));
    room = p->slot_room;
    HPO_TRY(status,
            hpo_mem_grow(&p->used, &room, i + 1, sizeof *p->used, err));
    p->slot_room = room;
    HPO_TRY(status, hpo_mem_new_aligned(p->cells, 2 * sizeof **p->slot,
                                        &p->slot[i], err));
    p->n_slot = i + 1;
  }
  p->used[i] = true;
  *out = (gbt_hist){.cell = p->slot[i]};
done:
  return status;
}

void gbt_pool_give(gbt_pool *p, gbt_hist *h) {
  for (size_t i = 0; h->cell != NULL && i < p->n_slot; i++)
    if (p->slot[i] == h->cell)
      p->used[i] = false;
  h->cell = NULL;
}

static gbt_adds adds_of(const gbt_pool *p, const gbt_rows *rows) {
  return (gbt_adds){.row = rows->row,
                    .n = rows->n,
                    .gh = rows->gh,
                    .code = rows->code,
                    .stride = p->bins->stride,
                    .offset = p->layout.offset,
                    .step = p->layout.step,
                    .columns = p->bins->columns,
                    .set = rows->set,
                    .start = rows->start,
                    .cell = rows->cell,
                    .code_bytes = p->bins->code_bytes};
}

bool gbt_hist_is_wide(const gbt_scale *scale, hpo_row total) {
  return scale->is_wide || total > GBT_NARROW_ROWS;
}

/* Rows into wide cells through the narrow scratch. */
static void add_spilling(gbt_pool *p, const gbt_rows *rows, int64_t *wide) {
  gbt_adds a = adds_of(p, rows);
  size_t left = a.n;

  for (; left > 0; left -= a.n, a.row += a.n) {
    a.n = left < GBT_NARROW_ROWS ? left : GBT_NARROW_ROWS;
    gbt_kernel_add(&a, p->narrow, 1);
    gbt_kernel_spill(p->narrow, p->cells, wide);
  }
}

/* Wide cells of a node that narrow ones can hold. */
static void make_narrow(gbt_pool *p, gbt_hist *h, const gbt_scale *scale,
                        hpo_row total) {
  if (!h->is_wide || gbt_hist_is_wide(scale, total))
    return;
  for (size_t i = 0; i < p->cells; i++)
    h->cell[i] = h->cell[2 * i] * ((int64_t)1 << 32) + h->cell[2 * i + 1];
  h->is_wide = false;
}

void gbt_hist_build(gbt_pool *p, const gbt_rows *rows, const gbt_scale *scale,
                    gbt_hist *h) {
  gbt_adds a = adds_of(p, rows);

  h->is_wide = gbt_hist_is_wide(scale, rows->total);
  memset(h->cell, 0, (h->is_wide ? 2 : 1) * p->cells * sizeof *h->cell);
  if (scale->is_wide)
    gbt_kernel_add_wide(&a, h->cell, 1);
  else if (h->is_wide)
    add_spilling(p, rows, h->cell);
  else
    gbt_kernel_add(&a, h->cell, 1);
}

/* Moves a scratch histogram of so many words a cell to its parts. */
static void move_parts(int64_t *from, size_t words, const size_t *bound,
                       size_t n_part, int64_t *const *part) {
  for (size_t i = 0; i < n_part; i++)
    memcpy(part[i], from + words * bound[i],
           words * (bound[i + 1] - bound[i]) * sizeof *from);
  memset(from, 0, words * bound[n_part] * sizeof *from);
}

void gbt_hist_deal(gbt_pool *p, const gbt_rows *rows, const gbt_scale *scale,
                   const size_t *bound, size_t n_part, int64_t *const *part) {
  gbt_adds a = adds_of(p, rows);

  if (scale->is_wide) {
    gbt_kernel_add_wide(&a, p->sparse, 1);
    move_parts(p->sparse, 2, bound, n_part, part);
  } else if (gbt_hist_is_wide(scale, rows->total)) {
    add_spilling(p, rows, p->sparse);
    move_parts(p->sparse, 2, bound, n_part, part);
  } else {
    gbt_kernel_add(&a, p->narrow, 1);
    move_parts(p->narrow, 1, bound, n_part, part);
  }
}

void gbt_hist_subtract(gbt_pool *p, gbt_hist *parent, const gbt_hist *child,
                       const gbt_scale *scale, hpo_row total) {
  if (parent->is_wide && !child->is_wide)
    for (size_t i = 0; i < p->cells; i++) {
      parent->cell[2 * i] -= child->cell[i] >> 32;
      parent->cell[2 * i + 1] -= child->cell[i] & 0xffffffff;
    }
  else
    gbt_kernel_subtract(parent->cell, child->cell,
                        parent->is_wide ? 2 * p->cells : p->cells);
  make_narrow(p, parent, scale, total);
}

void gbt_hist_remove(gbt_pool *p, gbt_hist *parent, const gbt_rows *rows,
                     const gbt_scale *scale, hpo_row total) {
  gbt_adds a = adds_of(p, rows);

  if (parent->is_wide)
    gbt_kernel_add_wide(&a, parent->cell, -1);
  else
    gbt_kernel_add(&a, parent->cell, -1);
  make_narrow(p, parent, scale, total);
}

void gbt_hist_sparse(gbt_pool *p, const gbt_rows *rows,
                     const gbt_scale *scale) {
  gbt_adds a = adds_of(p, rows);

  gbt_kernel_add_marked(&a, p->sparse, p->mask, scale->is_wide);
}
