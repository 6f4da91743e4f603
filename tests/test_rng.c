/* SPDX-License-Identifier: BSD-3-Clause */
/* rng: the known answers of Philox4x32-10, streams, distributions. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/rng.h"

/* The vectors of the Random123 distribution (kat_vectors). */
static void test_known_answers(void **state) {
  static const struct {
    hpo_rng_key key;
    uint64_t a, b;
    uint32_t right[4];
  } v[] = {{{{0, 0}}, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
           {{{0xffffffff, 0xffffffff}},
            UINT64_MAX,
            UINT64_MAX,
            {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
           {{{0xa4093822, 0x299f31d0}},
            0x0370734413198a2e,
            0x85a308d3243f6a88,
            {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  uint32_t out[4];
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    hpo_rng_block(v[i].key, v[i].a, v[i].b, out);
    assert_memory_equal(out, v[i].right, sizeof out);
    hpo_rng_blocks(v[i].key, v[i].a, v[i].b, 1, out);
    assert_memory_equal(out, v[i].right, sizeof out);
  }
}

static void test_blocks(void **state) {
  enum { MOST = 70 };
  static const uint64_t first[] = {0, 5, 0xfffffff0, UINT64_MAX - 20};
  hpo_rng_key key = hpo_rng_key_make(42, HPO_RNG_ROUND);
  uint32_t out[4 * MOST + 1], one[4];
  (void)state;
  for (size_t k = 0; k < 4; k++)
    for (size_t n = 0; n <= MOST; n++) {
      out[4 * n] = 77;
      hpo_rng_blocks(key, 3, first[k], n, out);
      assert_int_equal(out[4 * n], 77);
      for (size_t i = 0; i < n; i++) {
        hpo_rng_block(key, 3, first[k] + i, one);
        assert_memory_equal(out + 4 * i, one, sizeof one);
      }
    }
}

/* Keys, purposes, counters and streams must never change: studies hang on
 * them. */
static void test_frozen(void **state) {
  hpo_rng_key key = hpo_rng_key_make(42, HPO_RNG_SAMPLER);
  hpo_rng r = hpo_rng_make(42, HPO_RNG_SAMPLER, 7, 3);
  (void)state;
  assert_int_equal(hpo_rng_hash(key, 7, 3), UINT64_C(0xea504b81e550430f));
  for (uint64_t b = 0; b < 3; b++) {
    uint32_t block[4];
    hpo_rng_block(key, 7, (uint64_t)3 << 32 | b, block);
    for (int i = 0; i < 4; i++)
      assert_int_equal(hpo_rng_next32(&r), block[i]);
  }
  assert_true(hpo_rng_uniform(key, 7, 3) ==
              (double)(hpo_rng_hash(key, 7, 3) >> 11) * 0x1p-53);
}

/* The block counter wraps within its 32 bits: the high ones stay. */
static void test_wrap(void **state) {
  hpo_rng r = hpo_rng_make(1, HPO_RNG_TEST, 0, 9);
  (void)state;
  r.b |= 0xffffffffu;
  for (int i = 0; i < 5; i++)
    hpo_rng_next32(&r);
  assert_int_equal(r.b, ((uint64_t)9 << 32) + 1);
}

static void test_keys_differ(void **state) {
  enum { N = 64 };
  uint64_t seen[N * 8];
  size_t n = 0;
  (void)state;
  for (uint64_t seed = 0; seed < N; seed++)
    for (int p = 1; p <= 8; p++) {
      hpo_rng_key k = hpo_rng_key_make(seed, (hpo_rng_purpose)p);
      seen[n] = k.k[0] | (uint64_t)k.k[1] << 32;
      for (size_t i = 0; i < n; i++)
        assert_true(seen[i] != seen[n]);
      n++;
    }
}

static void test_below(void **state) {
  enum { TRIES = 60000 };
  static const uint64_t size[] = {1, 2, 3, 10, 1000};
  hpo_rng r = hpo_rng_make(5, HPO_RNG_TEST, 0, 0);
  (void)state;
  for (size_t k = 0; k < 5; k++) {
    size_t count[1000] = {0};
    double chi = 0, mean = TRIES / (double)size[k];
    for (int t = 0; t < TRIES; t++) {
      uint64_t x = hpo_rng_below(&r, size[k]);
      assert_true(x < size[k]);
      count[x]++;
    }
    for (uint64_t i = 0; i < size[k]; i++)
      chi += ((double)count[i] - mean) * ((double)count[i] - mean) / mean;
    double free = (double)size[k] - 1; /* mean and variance of chi^2 */
    assert_true(chi <= free + 5 * sqrt(2 * free) + 5);
  }
  /* With n = 3 2^62, every third of 2^64 is refused; were it not, the lower
   * third of the results would come twice as often. */
  size_t low = 0;
  for (int t = 0; t < TRIES; t++)
    low += hpo_rng_below(&r, UINT64_C(3) << 62) < UINT64_C(1) << 62;
  assert_true(fabs((double)low / TRIES - 1.0 / 3) < 0.01);
}

static void test_uniform_and_normal(void **state) {
  enum { TRIES = 200000 };
  hpo_rng r = hpo_rng_make(6, HPO_RNG_TEST, 0, 0);
  double u1 = 0, u2 = 0, n1 = 0, n2 = 0, n4 = 0;
  (void)state;
  for (int t = 0; t < TRIES; t++) {
    double u = hpo_rng_next(&r), x = hpo_rng_normal(&r);
    assert_true(u >= 0 && u < 1 && isfinite(x));
    u1 += u;
    u2 += u * u;
    n1 += x;
    n2 += x * x;
    n4 += x * x * x * x;
  }
  assert_true(fabs(u1 / TRIES - 0.5) < 0.003);
  assert_true(fabs(u2 / TRIES - 1.0 / 3) < 0.003);
  assert_true(fabs(n1 / TRIES) < 0.01);
  assert_true(fabs(n2 / TRIES - 1) < 0.02);
  assert_true(fabs(n4 / TRIES - 3) < 0.15);
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_known_answers),
      cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_frozen),
      cmocka_unit_test(test_wrap),
      cmocka_unit_test(test_keys_differ),
      cmocka_unit_test(test_below),
      cmocka_unit_test(test_uniform_and_normal),
  };
  return cmocka_run_group_tests(test, NULL, NULL);
}
