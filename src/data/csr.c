/* SPDX-License-Identifier: BSD-3-Clause */
/* The binned matrix by compressed rows, where most codes are implicit.
 *
 * A feature's implicit code is that of 0 or that of a missing value, which
 * ever more rows have: what sparse data leave out.  Whether it pays is
 * decided from the counts of all rows, so every rank of a team decides the
 * same. */
#include "csr.h"

#include <string.h>

#include "block.h"
#include "hpo/mem.h"

enum {
  LEAST_COLUMNS = 32, /* fewer: a dense row is short enough */
  STORED_IN = 3       /* pays where at most one code in three is stored */
};

static uint32_t zero_code(const hpo_bins *b, size_t j) {
  return hpo_bins_code(b, j, 0.0F);
}

static size_t count_code(const void *column, unsigned bytes, size_t first,
                         size_t end, uint32_t code) {
  const uint8_t *narrow = column;
  const uint16_t *wide = column;
  size_t n = 0;

  if (bytes == 1)
    for (size_t i = first; i < end; i++)
      n += narrow[i] == code;
  else
    for (size_t i = first; i < end; i++)
      n += wide[i] == code;
  return n;
}

/* Rows with code 0 and rows without a value, by feature, on this rank. */
static void count_codes(const hpo_dataset *d, const hpo_bins *b,
                        int64_t *count) {
  hpo_row first = 0, end = 0;

  hpo_dataset_held(d, &first, &end);
  for (size_t j = 0; j < b->columns; j++) {
    const uint8_t *column =
        (const uint8_t *)b->column + j * (size_t)b->rows * b->code_bytes;
    count[2 * j] = (int64_t)count_code(column, b->code_bytes, (size_t)first,
                                       (size_t)end, zero_code(b, j));
    count[2 * j + 1] = (int64_t)count_code(
        column, b->code_bytes, (size_t)first, (size_t)end, b->n_bin[j]);
  }
}

/* Implicit codes, and how many codes of all rows are stored. */
static uint64_t choose_codes(const hpo_bins *b, const int64_t *count,
                             uint32_t *implicit) {
  uint64_t stored = 0;

  for (size_t j = 0; j < b->columns; j++) {
    bool is_missing = count[2 * j + 1] > count[2 * j];
    implicit[j] = is_missing ? b->n_bin[j] : zero_code(b, j);
    stored += (uint64_t)(b->rows - count[2 * j + is_missing]);
  }
  return stored;
}

static uint32_t code_at(const uint8_t *row, size_t j, unsigned bytes) {
  uint16_t v = 0;

  if (bytes == 1)
    return row[j];
  memcpy(&v, row + 2 * j, 2);
  return v;
}

/* Leader: the cells of the rows that are held; those before hold none. */
static void write_rows(const hpo_dataset *d, const hpo_bins *b,
                       const uint32_t *implicit, uint64_t *start,
                       uint32_t *cell) {
  hpo_row first = 0, end = 0;
  uint64_t n = 0;

  hpo_dataset_held(d, &first, &end);
  for (size_t i = (size_t)first; i < (size_t)end; i++) {
    const uint8_t *row = (const uint8_t *)b->code + i * b->stride;
    start[i] = n;
    for (size_t j = 0; j < b->columns; j++) {
      uint32_t code = code_at(row, j, b->code_bytes);
      if (code != implicit[j])
        cell[n++] = b->offset[j] + code;
    }
  }
  start[end] = n;
}

static hpo_status make_rows(const hpo_dataset *d, hpo_bins *b, uint64_t stored,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = b->node;
  hpo_csr *c = &b->csr;
  bool is_shared = false;
  size_t starts = ((size_t)b->rows + 1) * sizeof *c->start;
  size_t bytes = starts + (size_t)stored * sizeof *c->cell;

  HPO_TRY(status, node->alloc(node->self, bytes, &c->block, &is_shared, err));
  c->start = c->block;
  c->cell = (uint32_t *)((uint8_t *)c->block + starts);
  c->per_row = (size_t)((stored + (uint64_t)b->rows - 1) / (uint64_t)b->rows);
  if (node->node_rank == 0)
    write_rows(d, b, c->implicit, c->block,
               (uint32_t *)((uint8_t *)c->block + starts));
  HPO_TRY(status, node->ready(node->self, c->block, bytes, err));
done:
  return status;
}

hpo_status hpo_csr_create(const hpo_dataset *d, hpo_bins *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = d->team;
  int64_t *count = NULL;
  uint64_t stored = 0, all = (uint64_t)b->rows * b->columns;
  size_t n = 2 * b->columns;

  if (b->columns < LEAST_COLUMNS || b->rows == 0)
    goto done;
  HPO_TRY(status, hpo_mem_new(n, sizeof *count, &count, err));
  HPO_TRY(status, hpo_mem_new(b->columns, sizeof *b->csr.implicit,
                              &b->csr.implicit, err));
  if (b->node->node_rank == 0)
    count_codes(d, b, count);
  if (team != NULL)
    HPO_TRY(status, team->sum(team->self, count, n, err));
  else
    HPO_TRY(status,
            b->node->broadcast(b->node->self, count, n * sizeof *count, err));
  stored = choose_codes(b, count, b->csr.implicit);
  if (stored <= all / STORED_IN)
    HPO_TRY(status, make_rows(d, b, stored, err));
done:
  hpo_mem_free(count);
  return status;
}

void hpo_csr_destroy(hpo_bins *b) {
  if (b->csr.block != NULL)
    b->node->free(b->node->self, b->csr.block);
  hpo_mem_free(b->csr.implicit);
  memset(&b->csr, 0, sizeof b->csr);
}
