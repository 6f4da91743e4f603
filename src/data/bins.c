/* SPDX-License-Identifier: BSD-3-Clause */
/* The binned matrix.
 *
 * The node's leader sorts each feature's training values, finds the cuts
 * (cuts.c) and writes the codes (encode.c); the others attach and get the
 * cuts by broadcast.
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
#include "radix.h"

enum {
  ROW_TILE = 4096, /* rows coded at once: their codes stay in cache */
  SLACK = 64       /* bytes after the last row that kernels may read */
};

typedef struct block {
  void *code;       /* [rows * stride + SLACK] and [columns * rows], shared */
  float *value;     /* all features' cuts, each padded to 2^steps - 1 */
  hpo_coder *coder; /* [columns] */
} block;

/* Value bins that a numeric feature may have. */
static int bins_allowed(int max_bin, bool has_missing) {
  return has_missing && max_bin == 256 ? 255 : max_bin;
}

static size_t cuts_of(const hpo_bins *b, size_t j) {
  return b->categorical[j] ? 0 : b->n_bin[j] - 1;
}

/* Training values of a feature that are here and not missing; how many. */
static size_t take_column(const hpo_dataset *d, size_t j, float *x) {
  const hpo_row first = d->team != NULL ? d->train_first : 0;
  const hpo_row end = d->team != NULL ? d->train_end : d->n_train;
  const float *from = d->x + j * (size_t)d->rows;
  size_t n = 0;

  for (hpo_row i = first; i < end; i++) {
    const float v = from[d->train[i]];

    x[n] = v;
    n += isnan(v) ? 0 : 1;
  }
  return n;
}

/* Those of the whole team, on its rank 0; *n there, else 0.  One column at a
 * time: no rank ever holds two. */
static hpo_status gather_column(const hpo_dataset *d, const float *x,
                                size_t *n, float **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = d->team;
  float *all = NULL;
  size_t *count = NULL, bytes = 0;

  HPO_TRY(status, hpo_mem_new((size_t)team->size, sizeof *count, &count, err));
  HPO_TRY(status,
          team->gather(team->self, x, *n * sizeof *x, &all, count, err));
  for (int k = 0; all != NULL && k < team->size; k++)
    bytes += count[k];
  *n = bytes / sizeof *x;
  *out = all;
done:
  hpo_mem_free(count);
  return status;
}

/* Cuts of one feature from values in any order. */
static hpo_status cut_column(hpo_bins *b, const hpo_column *c, size_t j,
                             float *x, size_t n, hpo_buffer *cuts,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  float *room = NULL, *cut = NULL;
  size_t n_cut = 0;

  HPO_TRY(status, hpo_mem_new(n + 1, sizeof *room, &room, err));
  HPO_TRY(status, hpo_mem_new((size_t)b->max_bin, sizeof *cut, &cut, err));
  hpo_radix_sort(x, n, room);
  hpo_bins_cuts(x, n, bins_allowed(b->max_bin, c->missing > 0), cut, &n_cut);
  b->n_bin[j] = (uint32_t)n_cut + 1;
  HPO_TRY(status, hpo_buffer_add(cuts, cut, n_cut * sizeof *cut, err));
done:
  hpo_mem_free(room);
  hpo_mem_free(cut);
  return status;
}

/* Leader: n_bin of each feature, and the cuts one after the other. */
static hpo_status find_cuts(const hpo_dataset *d, hpo_bins *b,
                            hpo_buffer *cuts, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_row held =
      d->team != NULL ? d->train_end - d->train_first : d->n_train;
  float *x = NULL, *all = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)held + 1, sizeof *x, &x, err));
  for (size_t j = 0; j < b->columns; j++) {
    const hpo_column *c = &d->column[j];
    size_t n = 0;

    if (c->categorical) {
      b->n_bin[j] = c->n_category > 0 ? (uint32_t)c->n_category : 1;
      continue;
    }
    n = take_column(d, j, x);
    if (d->team != NULL && d->team->size > 1)
      HPO_TRY(status, gather_column(d, x, &n, &all, err));
    if (d->team == NULL || d->team->rank == 0)
      HPO_TRY(status,
              cut_column(b, c, j, all != NULL ? all : x, n, cuts, err));
    hpo_mem_free(all);
    all = NULL;
  }
done:
  hpo_mem_free(x);
  hpo_mem_free(all);
  return status;
}

typedef hpo_status broadcast(void *self, void *bytes, size_t n,
                             hpo_error *err);

/* Gives n_bin and the cuts to all ranks of the node, or of the team. */
static hpo_status share_cuts(hpo_bins *b, const hpo_coll *team,
                             hpo_buffer *cuts, hpo_error *err) {
  hpo_status status = HPO_OK;
  broadcast *tell = team != NULL ? team->broadcast : b->node->broadcast;
  void *self = team != NULL ? team->self : b->node->self;
  uint64_t bytes = cuts->n;

  HPO_TRY(status, tell(self, b->n_bin, b->columns * sizeof *b->n_bin, err));
  HPO_TRY(status, tell(self, &bytes, sizeof bytes, err));
  HPO_TRY(status, hpo_mem_grow(&cuts->byte, &cuts->capacity, (size_t)bytes + 1,
                               1, err));
  HPO_TRY(status, tell(self, cuts->byte, (size_t)bytes, err));
done:
  return status;
}

/* Every rank: coders and the cuts' places, from n_bin and the cuts. */
static hpo_status set_cuts(hpo_bins *b, const hpo_buffer *cuts,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  block *k = b->block;
  const uint8_t *from = cuts->byte;
  size_t room = 0, at = 0;
  uint64_t cells = 0;

  for (size_t j = 0; j < b->columns; j++)
    cells += (uint64_t)b->n_bin[j] + b->has_missing[j];
  if (cells > UINT32_MAX)
    HPO_FAIL(status, err, HPO_EDATA,
             "the %zu features have %llu bins in all; allowed: up to "
             "4294967295; take fewer features or a smaller max_bin",
             b->columns, (unsigned long long)cells);
  for (size_t j = 0; j < b->columns; j++)
    room += ((size_t)1 << hpo_coder_steps(cuts_of(b, j))) - 1;
  HPO_TRY(status, hpo_mem_new(room, sizeof *k->value, &k->value, err));
  for (size_t j = 0; j < b->columns; j++) {
    const size_t n_cut = cuts_of(b, j);
    hpo_coder *c = &k->coder[j];

    c->categorical = b->categorical[j];
    c->missing = b->n_bin[j];
    b->offset[j + 1] = b->offset[j] + b->n_bin[j] + b->has_missing[j];
    if (b->n_bin[j] + b->has_missing[j] > 256)
      b->code_bytes = 2;
    if (c->categorical)
      continue;
    b->cut[j] = k->value + at;
    c->cut = b->cut[j];
    c->steps = hpo_coder_steps(n_cut);
    memcpy(b->cut[j], from, n_cut * sizeof(float));
    from += n_cut * sizeof(float);
    at += ((size_t)1 << c->steps) - 1;
    for (size_t i = n_cut; i < ((size_t)1 << c->steps) - 1; i++)
      b->cut[j][i] = INFINITY;
  }
  b->stride = b->columns * b->code_bytes;
done:
  return status;
}

/* Bytes of the row-major matrix; the column-major one begins there. */
static size_t matrix_bytes(const hpo_bins *b) {
  return ((size_t)b->rows * b->stride + SLACK + 63) / 64 * 64;
}

/* Leader: both matrices, in tiles of rows. */
static void write_codes(const hpo_dataset *d, const hpo_bins *b) {
  const block *k = b->block;
  const size_t rows = (size_t)d->rows, bytes = b->code_bytes;
  hpo_row first = 0, end = 0;
  uint8_t *by_row = k->code, *by_column = by_row + matrix_bytes(b);

  hpo_dataset_held(d, &first, &end);
  for (size_t i = (size_t)first; i < (size_t)end; i += ROW_TILE) {
    const size_t left = (size_t)end - i, n = left < ROW_TILE ? left : ROW_TILE;

    for (size_t j = 0; j < b->columns; j++) {
      uint8_t *column = by_column + (j * rows + i) * bytes;
      hpo_coder_column(&k->coder[j], d->x + j * rows + i, n, b->code_bytes,
                       column);
      hpo_coder_spread(column, n, b->code_bytes,
                       by_row + i * b->stride + j * bytes, b->stride);
    }
  }
  memset(by_row + rows * b->stride, 0, SLACK);
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

hpo_status hpo_bins_create(const hpo_dataset *d, int max_bin, hpo_bins **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = d->node;
  hpo_bins *b = NULL;
  block *k = NULL;
  hpo_buffer cuts = {0};
  bool is_shared = false;
  size_t bytes = 0;

  HPO_ASSERT(d->x != NULL || d->rows == 0 || d->columns == 0);
  if (max_bin < 2 || max_bin > 65535)
    HPO_FAIL(status, err, HPO_EINVAL, "max_bin is %d; allowed: 2..65535",
             max_bin);
  HPO_TRY(status, bins_alloc(d, max_bin, &b, err));
  k = b->block;
  if (node->node_rank == 0)
    status = find_cuts(d, b, &cuts, err);
  HPO_TRY(status, hpo_facts_verdict(node, status, err));
  HPO_TRY(status, share_cuts(b, d->team, &cuts, err));
  HPO_TRY(status, set_cuts(b, &cuts, err));
  bytes = matrix_bytes(b) + (size_t)b->rows * b->stride;
  HPO_TRY(status, node->alloc(node->self, bytes, &k->code, &is_shared, err));
  b->code = k->code;
  b->column = (const uint8_t *)k->code + matrix_bytes(b);
  if (node->node_rank == 0)
    write_codes(d, b);
  HPO_TRY(status, node->ready(node->self, k->code, bytes, err));
  HPO_TRY(status, hpo_csr_create(d, b, err));

  *out = b;
  b = NULL;
done:
  hpo_buffer_free(&cuts);
  hpo_bins_destroy(b);
  return status;
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
