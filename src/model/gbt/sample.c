/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of a round and columns of a tree, a level, a node. */
#include "gbt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void gbt_sample_rows(const gbt_loss *l, double rate, uint64_t seed,
                     uint64_t round, uint32_t *idx, uint32_t *tmp,
                     size_t *n_in) {
  hpo_rng_key key = hpo_rng_key_make(seed, HPO_RNG_SUBSAMPLE);
  uint64_t limit = (uint64_t)ceil(rate * 0x1p32);
  uint32_t word[GBT_CHUNK];
  size_t in = 0, out = 0;

  if (rate >= 1.0) {
    memcpy(idx, l->row, l->n * sizeof *idx);
    *n_in = l->n;
    return;
  }
  for (size_t from = 0; from < l->n; from += GBT_CHUNK) {
    const uint32_t *row = l->row + from;
    size_t n = l->n - from < GBT_CHUNK ? l->n - from : GBT_CHUNK;
    gbt_random_words(key, round, row, l->base, n, word);
    for (size_t i = 0; i < n; i++) {
      idx[in] = row[i];
      tmp[out] = row[i];
      in += word[i] < limit;
      out += word[i] >= limit;
    }
  }
  memcpy(idx + in, tmp, out * sizeof *idx);
  *n_in = in;
}

static int compare_u64(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return (x > y) - (x < y);
}

static int compare_u32(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

  return (x > y) - (x < y);
}

/* Keys are 40 random bits above the place in `from`: all are different. */
void gbt_sample_columns(const gbt_set *from, double rate, hpo_rng_key key,
                        uint64_t a, uint64_t b, uint64_t *work, gbt_set *to) {
  size_t n = (size_t)floor(rate * (double)from->n);

  to->n = n < 1 ? 1 : n < from->n ? n : from->n;
  if (to->n == from->n) {
    memcpy(to->item, from->item, from->n * sizeof *to->item);
    return;
  }
  for (size_t i = 0; i < from->n; i++) {
    uint64_t hash = hpo_rng_hash(key, a, b + from->item[i]);
    work[i] = (hash >> 24 << 24) | i;
  }
  qsort(work, from->n, sizeof *work, compare_u64);
  for (size_t i = 0; i < to->n; i++)
    to->item[i] = from->item[work[i] & 0xffffff];
  qsort(to->item, to->n, sizeof *to->item, compare_u32);
}
