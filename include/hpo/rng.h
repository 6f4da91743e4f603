/* SPDX-License-Identifier: BSD-3-Clause */
/** \file rng.h
 *  Counter-based random numbers: a value is a pure function of its key.
 *
 *  Philox4x32-10 (Salmon, Moraes, Dror, Shaw, Parallel random numbers: as
 *  easy as 1, 2, 3, SC 2011).  Nothing is ever keyed by rank, time or order
 *  of arrival.  Samplers are keyed by (seed, trial, parameter), training by
 *  (seed, purpose, round, row or feature) without the trial, so equal
 *  parameters give equal models and a shorter trial is a prefix.
 */
#ifndef HPO_RNG_H
#define HPO_RNG_H

#include "hpo/status.h"

/** What a stream is for; never renumber: studies depend on it. */
typedef enum hpo_rng_purpose {
  HPO_RNG_SAMPLER = 1,
  HPO_RNG_SPLIT = 2,     /* validation fraction, folds */
  HPO_RNG_ROUND = 3,     /* stochastic rounding of gradients */
  HPO_RNG_SUBSAMPLE = 4, /* rows of a boosting round */
  HPO_RNG_COLSAMPLE = 5, /* columns of a tree, a level, a node */
  HPO_RNG_GENERATE = 6,
  HPO_RNG_TEST = 7,
  HPO_RNG_UUID = 8,
  HPO_RNG_IMPORTANCE = 9,
  HPO_RNG_BOOTSTRAP = 10, /* rows drawn to judge a winner */
  HPO_RNG_WEIGHTS = 16,   /* that a network begins with */
  HPO_RNG_SHUFFLE = 17,   /* rows of an epoch */
  HPO_RNG_DROPOUT = 18
} hpo_rng_purpose;

/** One block: out[4] from key (seed, purpose) and counter (a, b).
 *  The counter's words are low(b), high(b), low(a), high(a); the key is the
 *  low and high words of mix(seed, purpose). */
typedef struct hpo_rng_key {
  uint32_t k[2];
} hpo_rng_key;
hpo_rng_key hpo_rng_key_make(uint64_t seed, hpo_rng_purpose purpose);
void hpo_rng_block(hpo_rng_key key, uint64_t a, uint64_t b, uint32_t out[4]);
/** out[4 i ..] = hpo_rng_block(key, a, b0 + i) for i < n_blocks; vectorised,
 *  same bits. */
void hpo_rng_blocks(hpo_rng_key key, uint64_t a, uint64_t b0, size_t n_blocks,
                    uint32_t *out /* [4 * n_blocks] */);

/** 64 random bits (the block's first two words, low first) / a uniform double
 * in [0, 1) with 53 bits. */
uint64_t hpo_rng_hash(hpo_rng_key key, uint64_t a, uint64_t b);
double hpo_rng_uniform(hpo_rng_key key, uint64_t a, uint64_t b);

/** A stream of numbers under one key: block counter b counts up from 0 in
 *  its low 32 bits, its high 32 bits are fixed at creation. */
typedef struct hpo_rng {
  hpo_rng_key key;
  uint64_t a, b;
  uint32_t word[4];
  unsigned used; /* words of `word` already given out */
} hpo_rng;
hpo_rng hpo_rng_make(uint64_t seed, hpo_rng_purpose purpose, uint64_t a,
                     uint32_t b_high);
uint32_t hpo_rng_next32(hpo_rng *r);
uint64_t hpo_rng_next64(hpo_rng *r);
double hpo_rng_next(hpo_rng *r);                /* uniform in [0, 1) */
uint64_t hpo_rng_below(hpo_rng *r, uint64_t n); /* unbiased, 0..n-1; n > 0 */
double hpo_rng_normal(hpo_rng *r); /* by inversion, hpo_num_ndtri */

#endif
