/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact medians over the team: of labels, and of what is left to explain in
 * a leaf (reg:absoluteerror).
 *
 * Floats become integers of the same order, whose bytes are found one after
 * another from sums of weights by byte: the same for any number of ranks.
 * Weights are whole multiples of a power of two, 30 bits for the largest. */
#include "median.h"

#include <math.h>
#include <string.h>

#define WEIGHT_BITS 30
#define SIGN 0x80000000U

static uint32_t key_of(float x) {
  uint32_t bits = 0;

  x += 0.0F; /* -0 is 0 */
  memcpy(&bits, &x, sizeof bits);
  return bits & SIGN ? ~bits : bits | SIGN;
}

static float value_of(uint32_t key) {
  uint32_t bits = key & SIGN ? key & ~SIGN : ~key;
  float x = 0;

  memcpy(&x, &bits, sizeof x);
  return x;
}

hpo_status gbt_median_unit(const hpo_model_input *in, double *unit,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const double *weight = in->part.data->weight;
  double most = 0;
  int exponent = 0;

  *unit = 0;
  if (weight == NULL)
    goto done;
  for (size_t i = 0; i < in->part.n_train; i++)
    most = fmax(most, weight[in->part.train[i]]);
  HPO_TRY(status, in->coll->max(in->coll->self, &most, 1, err));
  frexp(most, &exponent);
  *unit = ldexp(1.0, exponent - WEIGHT_BITS);
done:
  return status;
}

/* Of the points whose key begins as prefix does where mask says so: weights
   by the byte at shift. */
static void add_bytes(const gbt_points *p, uint32_t prefix, uint32_t mask,
                      int shift, int64_t sum[256]) {
  memset(sum, 0, 256 * sizeof *sum);
  for (size_t i = 0; i < p->n; i++) {
    uint32_t key = p->key[i];
    if (((key ^ prefix) & mask) != 0)
      continue;
    sum[key >> shift & 255] +=
        p->unit > 0 ? (int64_t)(p->weight[p->row[i]] / p->unit + 0.5) : 1;
  }
}

/* The least key above this one, in the team. */
static hpo_status next_key(const gbt_points *p, const hpo_coll *coll,
                           uint32_t key, uint32_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  double least = -(double)UINT32_MAX;

  for (size_t i = 0; i < p->n; i++)
    if (p->key[i] > key && -(double)p->key[i] > least)
      least = -(double)p->key[i];
  HPO_TRY(status, coll->max(coll->self, &least, 1, err));
  *out = (uint32_t)-least;
done:
  return status;
}

hpo_status gbt_median(const gbt_points *p, const hpo_coll *coll, float *out,
                      hpo_error *err) {
  hpo_status status = HPO_OK;
  uint32_t prefix = 0, mask = 0, above = 0;
  int64_t sum[256], total = 0, upto = 0;

  for (int shift = 24; shift >= 0; shift -= 8) {
    uint32_t byte = 0;
    add_bytes(p, prefix, mask, shift, sum);
    HPO_TRY(status, coll->sum(coll->self, sum, 256, err));
    for (int i = 0; shift == 24 && i < 256; i++)
      total += sum[i];
    if (total <= 0)
      goto done;
    while (upto + sum[byte] < total - upto - sum[byte])
      upto += sum[byte++];
    prefix |= byte << shift;
    mask |= 255U << shift;
    if (shift == 0)
      upto += sum[byte];
  }
  *out = value_of(prefix);
  if (p->unit > 0 || upto != total - upto)
    goto done;
  HPO_TRY(status, next_key(p, coll, prefix, &above, err));
  *out = (float)((double)*out + 0.5 * (double)(value_of(above) - *out));
done:
  return status;
}

void gbt_median_keys(const float *x, size_t n, uint32_t *key) {
  for (size_t i = 0; i < n; i++)
    key[i] = key_of(x[i]);
}

void gbt_median_residuals(const uint32_t *row, size_t n, const double *y,
                          const float *margin, uint32_t *key) {
  for (size_t i = 0; i < n; i++)
    key[i] = key_of((float)y[row[i]] - margin[row[i]]);
}
