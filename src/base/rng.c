/* SPDX-License-Identifier: BSD-3-Clause */
/* Philox4x32-10 and what is drawn from it.
 *
 * J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel random
 * numbers: as easy as 1, 2, 3, SC 2011, section 3.3.  The counter words are
 * low(b), high(b), low(a), high(a). */
#include "hpo/rng.h"
#include "hpo/clones.h"
#include "hpo/num.h"

#define ROUNDS 10
#define TILE 16 /* blocks that a vectorised step computes at once */

/* The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

hpo_rng_key hpo_rng_key_make(uint64_t seed, hpo_rng_purpose purpose) {
  uint64_t z = mix(mix(seed + 0x9e3779b97f4a7c15u) +
                   (uint64_t)purpose * 0x9e3779b97f4a7c15u);
  return (hpo_rng_key){{(uint32_t)z, (uint32_t)(z >> 32)}};
}

/* One round on four counter words under the round's key. */
HPO_INLINE void philox_round(uint32_t *c0, uint32_t *c1, uint32_t *c2,
                             uint32_t *c3, uint32_t k0, uint32_t k1) {
  uint64_t p = (uint64_t)0xd2511f53u * *c0;
  uint64_t q = (uint64_t)0xcd9e8d57u * *c2;
  uint32_t n0 = (uint32_t)(q >> 32) ^ *c1 ^ k0;
  uint32_t n2 = (uint32_t)(p >> 32) ^ *c3 ^ k1;
  *c1 = (uint32_t)q;
  *c3 = (uint32_t)p;
  *c0 = n0;
  *c2 = n2;
}

/* TILE consecutive blocks; out[4][TILE]. */
HPO_INLINE void philox_tile(hpo_rng_key key, uint64_t a, uint64_t b,
                            uint32_t out[4][TILE]) {
  for (unsigned j = 0; j < TILE; j++) {
    out[0][j] = (uint32_t)(b + j);
    out[1][j] = (uint32_t)((b + j) >> 32);
    out[2][j] = (uint32_t)a;
    out[3][j] = (uint32_t)(a >> 32);
  }
  for (unsigned r = 0; r < ROUNDS; r++) {
    uint32_t k0 = key.k[0] + r * 0x9e3779b9u;
    uint32_t k1 = key.k[1] + r * 0xbb67ae85u;
    for (unsigned j = 0; j < TILE; j++)
      philox_round(&out[0][j], &out[1][j], &out[2][j], &out[3][j], k0, k1);
  }
}

void hpo_rng_block(hpo_rng_key key, uint64_t a, uint64_t b, uint32_t out[4]) {
  uint32_t c0 = (uint32_t)b, c1 = (uint32_t)(b >> 32);
  uint32_t c2 = (uint32_t)a, c3 = (uint32_t)(a >> 32);
  for (unsigned r = 0; r < ROUNDS; r++)
    philox_round(&c0, &c1, &c2, &c3, key.k[0] + r * 0x9e3779b9u,
                 key.k[1] + r * 0xbb67ae85u);
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

HPO_CLONES void hpo_rng_blocks(hpo_rng_key key, uint64_t a, uint64_t b0,
                               size_t n_blocks, uint32_t *out) {
  uint32_t word[4][TILE];
  for (size_t i = 0; i < n_blocks; i += TILE) {
    size_t m = n_blocks - i < TILE ? n_blocks - i : TILE;
    philox_tile(key, a, b0 + i, word);
    if (m == TILE)
      for (size_t j = 0; j < TILE; j++)
        for (size_t k = 0; k < 4; k++)
          out[4 * (i + j) + k] = word[k][j];
    else
      for (size_t j = 0; j < m; j++)
        for (size_t k = 0; k < 4; k++)
          out[4 * (i + j) + k] = word[k][j];
  }
}

uint64_t hpo_rng_hash(hpo_rng_key key, uint64_t a, uint64_t b) {
  uint32_t word[4];
  hpo_rng_block(key, a, b, word);
  return word[0] | (uint64_t)word[1] << 32;
}

double hpo_rng_uniform(hpo_rng_key key, uint64_t a, uint64_t b) {
  return (double)(hpo_rng_hash(key, a, b) >> 11) * 0x1p-53;
}

hpo_rng hpo_rng_make(uint64_t seed, hpo_rng_purpose purpose, uint64_t a,
                     uint32_t b_high) {
  hpo_rng r = {.key = hpo_rng_key_make(seed, purpose),
               .a = a,
               .b = (uint64_t)b_high << 32,
               .used = 4};
  return r;
}

uint32_t hpo_rng_next32(hpo_rng *r) {
  if (r->used >= 4) {
    hpo_rng_block(r->key, r->a, r->b, r->word);
    r->b = (r->b & 0xffffffff00000000u) | (uint32_t)(r->b + 1);
    r->used = 0;
  }
  return r->word[r->used++];
}

uint64_t hpo_rng_next64(hpo_rng *r) {
  uint64_t low = hpo_rng_next32(r);
  return low | (uint64_t)hpo_rng_next32(r) << 32;
}

double hpo_rng_next(hpo_rng *r) {
  return (double)(hpo_rng_next64(r) >> 11) * 0x1p-53;
}

uint64_t hpo_rng_below(hpo_rng *r, uint64_t n) {
  HPO_ASSERT(n > 0);
  /* The first 2^64 mod n values are one too many for some remainders. */
  uint64_t skip = (UINT64_MAX - n + 1) % n, x;
  do
    x = hpo_rng_next64(r);
  while (x < skip);
  return x % n;
}

double hpo_rng_normal(hpo_rng *r) {
  return hpo_num_ndtri(((double)(hpo_rng_next64(r) >> 12) + 0.5) * 0x1p-52);
}
