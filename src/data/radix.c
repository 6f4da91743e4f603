/* SPDX-License-Identifier: BSD-3-Clause */
/* Least significant digit radix sort of float32 in three passes of 11 bits.
 *
 * The bits of a float, read as an unsigned integer, are in the order of the
 * values once the sign bit of the positive ones and all bits of the negative
 * ones are flipped (M. Herf, Radix tricks, 2001).  The counts of all three
 * passes come from one reading; a pass whose digit is the same everywhere is
 * skipped. */

#include "radix.h"

#include <string.h>

enum { DIGITS = 3, BITS = 11, SIZE = 1 << BITS, SMALL = 64 };

static uint32_t from_key(uint32_t key) {
  return key ^ (((key >> 31) - 1) | 0x80000000u);
}

static void sort_small(float *x, size_t n) {
  for (size_t i = 1; i < n; i++) {
    const float v = x[i];
    size_t j = i;

    for (; j > 0 && x[j - 1] > v; j--)
      x[j] = x[j - 1];
    x[j] = v;
  }
}

/* Where each digit's first key goes; false: one digit has them all. */
static bool starts(uint32_t count[SIZE], size_t n) {
  uint32_t sum = 0;

  for (size_t d = 0; d < SIZE; d++) {
    const uint32_t c = count[d];

    if (c == n)
      return false;
    count[d] = sum;
    sum += c;
  }
  return true;
}

void hpo_radix_sort(float *x, size_t n, float *room) {
  uint32_t count[DIGITS][SIZE];
  uint32_t *from = (uint32_t *)(void *)x, *to = (uint32_t *)(void *)room;

  HPO_ASSERT(n <= UINT32_MAX);
  if (n <= SMALL) {
    sort_small(x, n);
    return;
  }
  memset(count, 0, sizeof count);
  for (size_t i = 0; i < n; i++) {
    uint32_t key;

    memcpy(&key, &from[i], sizeof key);
    key = hpo_radix_key(key);
    memcpy(&from[i], &key, sizeof key);
    for (unsigned p = 0; p < DIGITS; p++)
      count[p][key >> (p * BITS) & (SIZE - 1)]++;
  }
  for (unsigned p = 0; p < DIGITS; p++) {
    uint32_t *swap = from;

    if (!starts(count[p], n))
      continue;
    for (size_t i = 0; i < n; i++) {
      uint32_t key;

      memcpy(&key, &from[i], sizeof key);
      memcpy(&to[count[p][key >> (p * BITS) & (SIZE - 1)]++], &key,
             sizeof key);
    }
    from = to;
    to = swap;
  }
  for (size_t i = 0; i < n; i++) {
    uint32_t key;

    memcpy(&key, &from[i], sizeof key);
    key = from_key(key);
    memcpy(&x[i], &key, sizeof key);
  }
}
