/* SPDX-License-Identifier: BSD-3-Clause */
/* Gradients in fixed point.
 *
 * Stochastic rounding, floor(x + u) with u uniform, is unbiased; u comes
 * from Philox keyed by (seed, round, class, row), four rows to a block, 16
 * bits each for g and h.  Bits depend on the number of rows of the team
 * alone, the unit on the largest value in the team, and whether 30 bits are
 * taken on exact sums over the team: nothing depends on how rows are spread
 * (Shi et al., Quantized training of GBDT, NeurIPS 2022, section 4.2; there
 * 2 to 5 bits, here 15 and more). */
#include "gbt.h"
#include "kernels.h"

#include "hpo/num.h"

#include <math.h>

#define WIDE_BITS 30
/* Units that the mean |g| or h must have; below, 30 bits are taken. */
#define LEAST_MEAN 64
/* Blocks of random numbers at a time; four rows each. */
#define BLOCKS (GBT_CHUNK / 4 * 4)

int gbt_quant_bits(hpo_row total) {
  int bits = 31;

  for (hpo_row n = 1; n < total && bits > 15; n *= 2)
    bits--;
  return bits > 22 ? 22 : bits;
}

/* Value of a unit such that max is below 2^bits units. */
static double unit_of(double max, int bits) {
  int exponent = 0;

  if (max <= 0)
    return 1.0;
  frexp(max, &exponent);
  return ldexp(1.0, exponent - bits);
}

void gbt_random_words(hpo_rng_key key, uint64_t a, const uint32_t *row,
                      hpo_row base, size_t n, uint32_t *random) {
  uint32_t block[BLOCKS][4];
  uint64_t first = ((uint64_t)base + row[0]) >> 2;
  uint64_t last = ((uint64_t)base + row[n - 1]) >> 2;

  if (last - first < BLOCKS) {
    hpo_rng_blocks(key, a, first, (size_t)(last - first + 1), block[0]);
    for (size_t i = 0; i < n; i++) {
      uint64_t id = (uint64_t)base + row[i];
      random[i] = block[(id >> 2) - first][id & 3];
    }
    return;
  }
  for (size_t i = 0; i < n; i++) {
    uint64_t id = (uint64_t)base + row[i];
    hpo_rng_block(key, a, id >> 2, block[0]);
    random[i] = block[0][id & 3];
  }
}

/* Rounds all rows of class k; sum: |g| and h in units over this rank. */
static void round_rows(gbt_loss *l, size_t k, hpo_rng_key key, uint64_t a,
                       const gbt_scale *scale, int64_t *gh, int64_t sum[2]) {
  float g[GBT_CHUNK], h[GBT_CHUNK];
  uint32_t random[GBT_CHUNK];
  int64_t rounded[GBT_CHUNK];

  sum[0] = sum[1] = 0;
  for (size_t from = 0; from < l->n; from += GBT_CHUNK) {
    size_t n = l->n - from < GBT_CHUNK ? l->n - from : GBT_CHUNK;
    const uint32_t *row = l->row + from;
    gbt_loss_gradients(l, k, from, n, g, h);
    gbt_random_words(key, a, row, l->base, n, random);
    gbt_kernel_round(g, h, random, n, scale, rounded, sum);
    for (size_t i = 0; i < n; i++)
      gh[row[i]] = rounded[i];
  }
}

hpo_status gbt_quant_round(gbt_loss *l, size_t k, uint64_t seed,
                           uint64_t round, const hpo_part *part,
                           const hpo_coll *coll, int64_t *gh, gbt_scale *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_rng_key key = hpo_rng_key_make(seed, HPO_RNG_ROUND);
  uint64_t a = round << 32 | k;
  int64_t sum[2] = {0, 0};
  gbt_scale s = {.bits = gbt_quant_bits(part->train_total)};

  for (;;) {
    s.g = unit_of(l->max[2 * k], s.bits);
    s.h = unit_of(l->max[2 * k + 1], s.bits);
    round_rows(l, k, key, a, &s, gh, sum);
    if (s.is_wide)
      break;
    HPO_TRY(status, coll->sum(coll->self, sum, 2, err));
    if (sum[0] >= LEAST_MEAN * part->train_total &&
        sum[1] >= LEAST_MEAN * part->train_total)
      break;
    s.is_wide = true;
    s.bits = WIDE_BITS;
  }
  *out = s;
done:
  return status;
}
