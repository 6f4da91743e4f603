/* SPDX-License-Identifier: BSD-3-Clause */
/** \file radix.h
 *  Sorting float32 values.  Private to data/.
 */
#ifndef HPO_DATA_RADIX_H
#define HPO_DATA_RADIX_H

#include "hpo/status.h"

/** The bits of a float as a number in the order of the values: the sign bit
 *  of the positive ones flipped, all bits of the negative ones. */
static inline uint32_t hpo_radix_key(uint32_t bits) {
  return bits ^ ((uint32_t) - (int32_t)(bits >> 31) | 0x80000000u);
}

/** Sorts ascending (-0 before +0), stable or not makes no difference.
 *  \param [in,out] x    [n] values without NaN
 *  \param [in,out] room [n] scratch
 *  O(n); n < 2^32. */
void hpo_radix_sort(float *x, size_t n, float *room);

#endif
