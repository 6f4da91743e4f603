/* SPDX-License-Identifier: BSD-3-Clause */
/* The binned matrix.
 *
 * The node's ranks share the features out: each sorts its own once for all
 * max_bin (quantiles.c, cuts.c) and writes their codes (encode.c), column by
 * column; then each writes a stretch of rows.  Where the values are not
 * shared the leader does it all.
 *
 * Memory: `block` is one piece for what is not shared (cuts padded for the
 * search) and a pointer to the codes. */

#include "hpo/bins.h"

#include <math.h>
#include <string.h>

#include "block.h"
#include "csr.h"
#include "encode.h"
#include "hpo/mem.h"
#include "quantiles.h"

enum {
  ROW_TILE = 512, /* rows laid out at once: they stay in cache */
  SLACK = 64,     /* bytes after the last row that kernels may read */
  MOST_CODES = 65537
};

typedef struct block {
  void *code;       /* [rows * stride + SLACK] and [columns * rows], shared */
  float *value;     /* all features' cuts, each padded to 2^steps */
  hpo_coder *coder; /* [columns] */
} block;

static size_t cuts_of(const hpo_bins *b, size_t j) {
  return b->categorical[j] ? 0 : b->n_bin[j] - 1;
}

/* The histogram's cells, and how wide codes are. */
static hpo_status set_offsets(hpo_bins *b, const uint32_t *n_bin,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  uint64_t cells = 0;

  memcpy(b->n_bin, n_bin, b->columns * sizeof *n_bin);
  for (size_t j = 0; j < b->columns; j++)
    cells += (uint64_t)b->n_bin[j] + b->has_missing[j];
  if (cells > UINT32_MAX)
    HPO_FAIL(status, err, HPO_EDATA,
             "the %zu features have %llu bins in all; allowed: up to "
             "4294967295; take fewer features or a smaller max_bin",
             b->columns, (unsigned long long)cells);
  for (size_t j = 0; j < b->columns; j++) {
    b->offset[j + 1] = b->offset[j] + b->n_bin[j] + b->has_missing[j];
    if (b->n_bin[j] + b->has_missing[j] > 256)
      b->code_bytes = 2;
  }
  b->stride = b->columns * b->code_bytes;
done:
  return status;
}

/* Coders and the cuts' places, from each feature's cuts, room apart. */
static hpo_status set_cuts(hpo_bins *b, const float *cut, size_t room,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  block *k = b->block;
  size_t places = 0, at = 0;

  for (size_t j = 0; j < b->columns; j++)
    places += (size_t)1 << hpo_coder_steps(cuts_of(b, j));
  HPO_TRY(status, hpo_mem_new(places, sizeof *k->value, &k->value, err));
  for (size_t j = 0; j < b->columns; j++) {
    const size_t n_cut = cuts_of(b, j);
    hpo_coder *c = &k->coder[j];

    c->categorical = b->categorical[j];
    c->missing = b->n_bin[j];
    if (c->categorical)
      continue;
    b->cut[j] = k->value + at;
    c->cut = b->cut[j];
    c->steps = hpo_coder_steps(n_cut);
    memcpy(b->cut[j], cut + j * room, n_cut * sizeof(float));
    at += (size_t)1 << c->steps;
    for (size_t i = n_cut; i < (size_t)1 << c->steps; i++)
      b->cut[j][i] = INFINITY;
  }
done:
  return status;
}

/* Bytes of the row-major matrix; the column-major one begins there. */
static size_t matrix_bytes(const hpo_bins *b) {
  return ((size_t)b->rows * b->stride + SLACK + 63) / 64 * 64;
}

static size_t code_bytes_of_all(const hpo_bins *b) {
  return matrix_bytes(b) + (size_t)b->rows * b->stride;
}

static uint8_t *column_at(const hpo_bins *b, size_t j, size_t row) {
  const block *k = b->block;

  return (uint8_t *)k->code + matrix_bytes(b) +
         (j * (size_t)b->rows + row) * b->code_bytes;
}

/* Codes of one feature; those of `fine`, if not NULL, are there already. */
static void write_column(const hpo_dataset *d, const hpo_bins *fine,
                         const hpo_bins *b, size_t j) {
  const hpo_coder *to = &((const block *)b->block)->coder[j];
  uint16_t map[MOST_CODES];
  hpo_row first = 0, end = 0;
  size_t n = 0;

  hpo_dataset_held(d, &first, &end);
  n = (size_t)(end - first);
  if (fine != NULL && !b->categorical[j] &&
      hpo_coder_compare(&((const block *)fine->block)->coder[j],
                        cuts_of(fine, j), to, cuts_of(b, j), map))
    hpo_coder_coarsen(map, column_at(fine, j, (size_t)first), fine->code_bytes,
                      n, b->code_bytes, column_at(b, j, (size_t)first));
  else
    hpo_coder_column(to, d->x + j * (size_t)d->rows + first, n, b->code_bytes,
                     column_at(b, j, (size_t)first));
}

/* Which of n ranks' `rank`-th share of a number of rows begins where. */
static size_t share(hpo_row rows, int rank, int n) {
  return (size_t)(rows * rank / n);
}

/* This rank's stretch of the row-major matrix, from the columns. */
static void write_rows(const hpo_dataset *d, const hpo_bins *b, int ranks) {
  const block *k = b->block;
  uint8_t *by_row = k->code;
  const int rank = d->node->node_rank;
  hpo_row first = 0, end = 0;
  size_t i = 0, stop = 0;

  hpo_dataset_held(d, &first, &end);
  i = (size_t)first + share(end - first, rank, ranks);
  stop = (size_t)first + share(end - first, rank + 1, ranks);
  for (; i < stop; i += ROW_TILE) {
    const size_t n = stop - i < ROW_TILE ? stop - i : ROW_TILE;

    for (size_t j = 0; j < b->columns; j++)
      hpo_coder_spread(column_at(b, j, i), n, b->code_bytes,
                       by_row + i * b->stride + j * b->code_bytes, b->stride);
  }
  if (rank == 0)
    memset(by_row + (size_t)b->rows * b->stride, 0, SLACK);
}

static hpo_status bins_alloc(const hpo_dataset *d, int max_bin, hpo_bins **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = d->columns;
  hpo_bins *b = NULL;
  block *k = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *b, &b, err));
  HPO_TRY(status, hpo_mem_new(1, sizeof *k, &k, err));
  b->block = k;
  b->node = d->node;
  b->rows = d->rows;
  b->columns = n;
  b->max_bin = max_bin;
  b->code_bytes = 1;
  HPO_TRY(status, hpo_mem_new(n, sizeof *b->n_bin, &b->n_bin, err));
  HPO_TRY(status,
          hpo_mem_new(n, sizeof *b->has_missing, &b->has_missing, err));
  HPO_TRY(status,
          hpo_mem_new(n, sizeof *b->categorical, &b->categorical, err));
  HPO_TRY(status, hpo_mem_new(n + 1, sizeof *b->offset, &b->offset, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *b->cut, &b->cut, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *k->coder, &k->coder, err));
  for (size_t j = 0; j < n; j++) {
    b->has_missing[j] = d->column[j].missing > 0;
    b->categorical[j] = d->column[j].categorical;
  }
  *out = b;
  b = NULL;
done:
  hpo_bins_destroy(b);
  return status;
}

/* A matrix with cuts and room for codes. */
static hpo_status bins_start(const hpo_dataset *d, const hpo_quantiles *q,
                             size_t k, int max_bin, bool *is_shared,
                             hpo_bins **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = d->node;
  hpo_bins *b = NULL;
  block *to = NULL;

  HPO_TRY(status, bins_alloc(d, max_bin, &b, err));
  to = b->block;
  HPO_TRY(status, set_offsets(b, q->n_bin[k], err));
  HPO_TRY(status, set_cuts(b, q->cut[k], q->room[k], err));
  HPO_TRY(status, node->alloc(node->self, code_bytes_of_all(b), &to->code,
                              is_shared, err));
  b->code = to->code;
  b->column = (const uint8_t *)to->code + matrix_bytes(b);
  *out = b;
  b = NULL;
done:
  hpo_bins_destroy(b);
  return status;
}

/* The place of the largest max_bin: the finest cuts. */
static size_t finest_of(const int *max_bin, size_t n) {
  size_t best = 0;

  for (size_t k = 1; k < n; k++)
    if (max_bin[k] > max_bin[best])
      best = k;
  return best;
}

/* This rank's features in all matrices, the finest one first. */
static void write_columns(const hpo_dataset *d, hpo_bins *const *b, size_t n,
                          size_t finest, int ranks, bool drops) {
  for (size_t j = (size_t)d->node->node_rank; j < d->columns;
       j += (size_t)ranks) {
    write_column(d, NULL, b[finest], j);
    for (size_t k = 0; k < n; k++)
      if (k != finest)
        write_column(d, b[finest], b[k], j);
    if (drops)
      hpo_block_drop_column(d, j);
  }
}

static hpo_status write_codes(const hpo_dataset *d, hpo_bins *const *b,
                              size_t n, size_t finest, int ranks, bool drops,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = d->node;
  const bool works = node->node_rank < ranks;

  if (works)
    write_columns(d, b, n, finest, ranks, drops);
  for (size_t k = 0; k < n; k++) { /* all columns are there */
    const block *to = b[k]->block;

    HPO_TRY(status, node->ready(node->self, to->code, 0, err));
  }
  for (size_t k = 0; k < n; k++) {
    const block *to = b[k]->block;

    if (works)
      write_rows(d, b[k], ranks);
    HPO_TRY(status,
            node->ready(node->self, to->code, code_bytes_of_all(b[k]), err));
    HPO_TRY(status, hpo_csr_create(d, b[k], err));
  }
done:
  return status;
}

static hpo_status check_all(const int *max_bin, size_t n, hpo_error *err) {
  for (size_t k = 0; k < n; k++)
    if (max_bin[k] < 2 || max_bin[k] > 65535)
      return hpo_error_set(err, HPO_EINVAL, "max_bin is %d; allowed: 2..65535",
                           max_bin[k]);
  return HPO_OK;
}

hpo_status hpo_bins_create_all(const hpo_dataset *d, const int *max_bin,
                               size_t n, bool drops, hpo_bins **out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_quantiles q = {0};
  hpo_bins **b = NULL;
  int ranks = 0;
  bool is_shared = false;

  HPO_ASSERT(n > 0 && (d->x != NULL || d->rows == 0 || d->columns == 0));
  HPO_TRY(status, check_all(max_bin, n, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof(hpo_bins *), &b, err));
  HPO_TRY(status, hpo_quantiles_find(d, max_bin, n, &q, err));
  ranks = q.ranks;
  for (size_t k = 0; k < n; k++) {
    HPO_TRY(status, bins_start(d, &q, k, max_bin[k], &is_shared, &b[k], err));
    ranks = is_shared ? ranks : 1;
  }
  hpo_quantiles_free(&q);
  HPO_TRY(status,
          write_codes(d, b, n, finest_of(max_bin, n), ranks, drops, err));
  memcpy(out, b, n * sizeof(hpo_bins *));
  memset(b, 0, n * sizeof(hpo_bins *));
done:
  hpo_quantiles_free(&q);
  for (size_t k = 0; b != NULL && k < n; k++)
    hpo_bins_destroy(b[k]);
  hpo_mem_free(b);
  return status;
}

hpo_status hpo_bins_create(const hpo_dataset *d, int max_bin, hpo_bins **out,
                           hpo_error *err) {
  return hpo_bins_create_all(d, &max_bin, 1, false, out, err);
}

void hpo_bins_destroy(hpo_bins *b) {
  block *k = NULL;

  if (b == NULL)
    return;
  hpo_csr_destroy(b);
  k = b->block;
  if (k != NULL && k->code != NULL)
    b->node->free(b->node->self, k->code);
  if (k != NULL) {
    hpo_mem_free(k->value);
    hpo_mem_free(k->coder);
  }
  hpo_mem_free(k);
  hpo_mem_free(b->n_bin);
  hpo_mem_free(b->has_missing);
  hpo_mem_free(b->categorical);
  hpo_mem_free(b->offset);
  hpo_mem_free(b->cut);
  hpo_mem_free(b);
}

uint32_t hpo_bins_code(const hpo_bins *b, size_t feature, float x) {
  const block *k = b->block;

  return hpo_coder_code(&k->coder[feature], x);
}

hpo_status hpo_bins_record(const hpo_bins *b, hpo_record **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  int64_t *offset = NULL;
  float *cut = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_mem_new(b->columns + 1, sizeof *offset, &offset, err));
  for (size_t j = 0; j < b->columns; j++) {
    n += cuts_of(b, j);
    offset[j + 1] = (int64_t)n;
  }
  HPO_TRY(status, hpo_mem_new(n, sizeof *cut, &cut, err));
  for (size_t j = 0; j < b->columns; j++)
    if (cuts_of(b, j) > 0)
      memcpy(cut + offset[j], b->cut[j], cuts_of(b, j) * sizeof *cut);
  HPO_TRY(status, hpo_record_create("cuts", &r, err));
  HPO_TRY(status, hpo_record_add(r, "cuts", HPO_FIELD_F32, 0, cut, n, "",
                                 "cuts of feature 0, then 1 ...: each the "
                                 "smallest value of the bin to its right",
                                 err));
  HPO_TRY(status, hpo_record_add(r, "cut_offsets", HPO_FIELD_INT, 0, offset,
                                 b->columns + 1, "",
                                 "feature j has cuts[offset j] up to, "
                                 "without, cuts[offset j+1]",
                                 err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  hpo_mem_free(offset);
  hpo_mem_free(cut);
  return status;
}
