/* SPDX-License-Identifier: BSD-3-Clause */
/** \file kernels.h
 *  The hot loops of gbt.  Each gives the same bits on every instruction
 *  set: integers, or doubles and floats element by element.
 */
#ifndef HPO_MODEL_GBT_KERNELS_H
#define HPO_MODEL_GBT_KERNELS_H

#include "gbt.h"

#include "hpo/clones.h"

#include <string.h>

/** The i-th of codes of so many bytes. */
HPO_INLINE uint32_t gbt_code_at(const uint8_t *code, size_t i,
                                unsigned bytes) {
  uint16_t v = 0;

  if (bytes == 1)
    return code[i];
  memcpy(&v, code + 2 * i, 2);
  return v;
}

/** Steps of a layout that the adds are built for. */
#define GBT_STEP_1 72
#define GBT_STEP_2 136
#define GBT_STEP_3 264

/** Rows to add to cells: row[i] of gh and code, columns by offset. */
typedef struct gbt_adds {
  const uint32_t *row; /* [n] */
  size_t n;
  const int64_t *gh;
  const uint8_t *code; /* of row 0 */
  size_t stride;
  const uint32_t *offset; /* [columns] first cell of a column */
  size_t step;            /* offset[f] = f * step, or 0 */
  size_t columns;
  const gbt_set *set; /* NULL: all columns */
  unsigned code_bytes;
  /* compressed rows, in place of codes and columns; NULL: none */
  const uint64_t *start; /* of row 0 */
  const uint32_t *cell;
} gbt_adds;

/** cell[offset + code] += sign * gh, packed. */
void gbt_kernel_add(const gbt_adds *a, int64_t *cell, int sign);
/** cell[2 (offset + code)] += sign * g, [... + 1] += sign * h. */
void gbt_kernel_add_wide(const gbt_adds *a, int64_t *cell, int sign);
/** Adds, and marks the cells in mask. */
void gbt_kernel_add_marked(const gbt_adds *a, int64_t *cell, uint64_t *mask,
                           bool is_wide);

/** \return whether any of n numbers is not zero; their sum */
bool gbt_kernel_sum(const int64_t *cell, size_t n, int64_t *out);
/** wide[2 i], [2 i + 1] += the halves of narrow[i], which is then zero. */
void gbt_kernel_spill(int64_t *narrow, size_t n, int64_t *wide);
/** a -= b */
void gbt_kernel_subtract(int64_t *a, const int64_t *b, size_t n);

/** Codes of one feature: that of row r at code + r * step. */
typedef struct gbt_column {
  const uint8_t *code;
  size_t step;
  unsigned bytes; /* of a code */
} gbt_column;

/** Rows left of a rule stay in row, those right of it go to right; both
 *  keep their order.
 *  \return how many stayed */
size_t gbt_kernel_partition(const gbt_rule *rule, const gbt_column *column,
                            uint32_t *row, size_t n, uint32_t *right);

/** Gains of both children for n left sums pre + add; -1 where a child has
 *  too little hessian.  The arrays have room for GBT_PAD more, which are
 *  overwritten.  \return the largest, -1 where n is 0 */
double gbt_kernel_gain(const gbt_gain *r, int64_t *pre, size_t n, int64_t add,
                       double *gain);
double gbt_kernel_gain_wide(const gbt_gain *r, int64_t *pre_g, int64_t *pre_h,
                            size_t n, gbt_sums add, double *gain);

/** g = (p - y) w, h = max(p (1 - p), 1e-16) w */
void gbt_kernel_logistic(const float *p, const float *y, const float *w,
                         size_t n, float *g, float *h);
/** g = (p - [y = k]) w, h = max(2 p (1 - p) w, 1e-16) */
void gbt_kernel_softmax(const float *p, const float *y, const float *w,
                        float k, size_t n, float *g, float *h);
/** g = (p - y) w, h = w */
void gbt_kernel_squared(const float *p, const float *y, const float *w,
                        size_t n, float *g, float *h);
/** g = (p - y) w, h = p lift w */
void gbt_kernel_poisson(const float *p, const float *y, const float *w,
                        float lift, size_t n, float *g, float *h);
/** g = sign(p - y) w, h = w */
void gbt_kernel_absolute(const float *p, const float *y, const float *w,
                         size_t n, float *g, float *h);
/** Largest |g| and h, as the bits of non-negative floats (NaN is above
 *  infinity): max[0], max[1] grow. */
void gbt_kernel_max(const float *g, const float *h, size_t n, int32_t max[2]);
/** Stochastic rounding of g and h to at most 2^bits - 1 in size: the low
 *  and high half of random[i] are what is added before rounding down.
 *  sum[0] += |g|, sum[1] += h, in units. */
void gbt_kernel_round(const float *g, const float *h, const uint32_t *random,
                      size_t n, const gbt_scale *scale, int64_t *gh,
                      int64_t sum[2]);

#endif
