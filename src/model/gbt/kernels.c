/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loops of gbt.
 *
 * Adds        rows into histogram cells; bound by one store each
 * Partition   rows of a node to its children
 * Gains       of all cuts of a feature at once
 * Gradients   of a chunk of rows, their maximum, their fixed point
 *
 * The last two are element by element and vectorise; HPO_CLONES builds them
 * for several instruction sets. */
#include "kernels.h"

#include "hpo/clones.h"

#include <math.h>
#include <string.h>

#define INLINE HPO_INLINE
/* Rows ahead whose codes and gradients are fetched. */
#define AHEAD 16
/* Elements that a vectorised loop takes at once. */
#define TILE 16

/* --- Adds ------------------------------------------------------------- */

/* What a row adds: packed, and its halves. */
typedef struct addend {
  int64_t v, g, h;
} addend;

INLINE addend addend_make(int64_t v, int sign) {
  return (addend){v * sign, (v >> 32) * sign, (v & 0xffffffff) * sign};
}

INLINE size_t code_at(const uint8_t *c, size_t f, unsigned bytes) {
  uint16_t v = 0;

  if (bytes == 1)
    return c[f];
  memcpy(&v, c + 2 * f, 2);
  return v;
}

INLINE void add_one(int64_t *restrict cell, size_t at, addend v, bool wide) {
  if (wide) {
    cell[2 * at] += v.g;
    cell[2 * at + 1] += v.h;
  } else {
    cell[at] += v.v;
  }
}

INLINE void add_row(int64_t *restrict cell, const uint8_t *restrict c,
                    const gbt_adds *a, const uint32_t *restrict offset,
                    unsigned bytes, bool whole, addend v, bool wide) {
  size_t n = whole ? a->columns : a->set->n;

  for (size_t j = 0; j < n; j++) {
    size_t f = whole ? j : a->set->item[j];
    add_one(cell, offset[f] + code_at(c, f, bytes), v, wide);
  }
}

INLINE void add_rows(const gbt_adds *a, int64_t *restrict cell, int sign,
                     unsigned bytes, bool whole, bool wide) {
  for (size_t i = 0; i < a->n; i++) {
    size_t r = a->row[i];

    if (i + AHEAD < a->n) {
      size_t next = a->row[i + AHEAD];
      __builtin_prefetch(a->code + next * a->stride);
      __builtin_prefetch(a->gh + next);
    }
    add_row(cell, a->code + r * a->stride, a, a->offset, bytes, whole,
            addend_make(a->gh[r], sign), wide);
  }
}

/* One loop for each width of codes, with and without a choice of columns. */
INLINE void add_any(const gbt_adds *a, int64_t *restrict cell, int sign,
                    bool wide) {
  if (a->code_bytes == 1 && a->set == NULL)
    add_rows(a, cell, sign, 1, true, wide);
  else if (a->code_bytes == 1)
    add_rows(a, cell, sign, 1, false, wide);
  else if (a->set == NULL)
    add_rows(a, cell, sign, 2, true, wide);
  else
    add_rows(a, cell, sign, 2, false, wide);
}

void gbt_kernel_add(const gbt_adds *a, int64_t *cell, int sign) {
  if (sign > 0)
    add_any(a, cell, 1, false);
  else
    add_any(a, cell, -1, false);
}

void gbt_kernel_add_wide(const gbt_adds *a, int64_t *cell, int sign) {
  add_any(a, cell, sign, true);
}

INLINE void add_marked(const gbt_adds *a, int64_t *restrict cell,
                       uint64_t *restrict mask, unsigned bytes, bool wide) {
  size_t n = a->set == NULL ? a->columns : a->set->n;

  for (size_t i = 0; i < a->n; i++) {
    size_t r = a->row[i];
    const uint8_t *c = a->code + r * a->stride;
    addend v = addend_make(a->gh[r], 1);

    for (size_t j = 0; j < n; j++) {
      size_t f = a->set == NULL ? j : a->set->item[j];
      size_t at = a->offset[f] + code_at(c, f, bytes);
      add_one(cell, at, v, wide);
      mask[at >> 6] |= (uint64_t)1 << (at & 63);
    }
  }
}

void gbt_kernel_add_marked(const gbt_adds *a, int64_t *cell, uint64_t *mask,
                           bool is_wide) {
  if (a->code_bytes == 1 && !is_wide)
    add_marked(a, cell, mask, 1, false);
  else
    add_marked(a, cell, mask, a->code_bytes, is_wide);
}

INLINE void subtract(int64_t *restrict a, const int64_t *restrict b,
                     size_t n) {
  for (size_t i = 0; i < n; i++)
    a[i] -= b[i];
}

HPO_CLONES
void gbt_kernel_subtract(int64_t *a, const int64_t *b, size_t n) {
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    subtract(a + i, b + i, TILE);
  subtract(a + i, b + i, n - i);
}

/* --- Partition -------------------------------------------------------- */

INLINE size_t partition(const gbt_rule *rule, const uint8_t *code,
                        size_t stride, unsigned bytes, bool is_plain,
                        uint32_t *restrict row, size_t n,
                        uint32_t *restrict right) {
  size_t stay = 0, gone = 0;
  gbt_rule q = *rule;

  for (size_t i = 0; i < n; i++) {
    uint32_t r = row[i];
    uint32_t c = (uint32_t)code_at(code + r * stride, q.feature, bytes);
    uint32_t goes = is_plain ? c > q.width : gbt_rule_right(&q, c);
    row[stay] = r;
    right[gone] = r;
    gone += goes;
    stay += 1 - goes;
  }
  return stay;
}

size_t gbt_kernel_partition(const gbt_rule *rule, const uint8_t *code,
                            size_t stride, unsigned code_bytes, uint32_t *row,
                            size_t n, uint32_t *right) {
  bool is_plain = rule->flip == 1 && rule->low == 0 && rule->extra == 0;

  if (code_bytes == 1 && is_plain)
    return partition(rule, code, stride, 1, true, row, n, right);
  if (code_bytes == 1)
    return partition(rule, code, stride, 1, false, row, n, right);
  return partition(rule, code, stride, 2, false, row, n, right);
}

/* --- Gains ------------------------------------------------------------ */

INLINE double threshold(double g, double alpha) {
  return g > alpha ? g - alpha : g < -alpha ? g + alpha : 0.0;
}

/* XGBoost, eq. 7, of one child; with a limit on the weight, eq. 5 at the
   limited weight. */
INLINE double part_gain(double g, double h, const gbt_gain *r, bool is_plain) {
  double t = 0, w = 0, limit = r->max_delta_step;

  if (is_plain)
    return g * g / (h + r->lambda);
  t = threshold(g, r->alpha);
  if (limit <= 0)
    return t * t / (h + r->lambda);
  w = -t / (h + r->lambda);
  w = w > limit ? limit : w < -limit ? -limit : w;
  return -(2.0 * g * w + (h + r->lambda) * w * w);
}

INLINE double both_gain(double gl, double hl, const gbt_gain *r, double gt,
                        double ht, bool is_plain) {
  double gr = gt - gl, hr = ht - hl;
  double x = part_gain(gl, hl, r, is_plain) + part_gain(gr, hr, r, is_plain);

  return ((hl >= r->min_hess) & (hr >= r->min_hess)) != 0 ? x : -1.0;
}

INLINE void gain_tile(const gbt_gain *r, const int64_t *restrict pre,
                      int64_t add, double gt, double ht,
                      double *restrict gain) {
  for (size_t i = 0; i < GBT_PAD; i++) {
    int64_t v = pre[i] + add;
    double g = (double)(int32_t)(v >> 32) * r->unit_g;
    double h = (double)(int32_t)v * r->unit_h;
    gain[i] = both_gain(g, h, r, gt, ht, true);
  }
}

HPO_CLONES
static void gain_plain(const gbt_gain *r, const int64_t *pre, size_t n,
                       int64_t add, double *gain) {
  gbt_gain q = *r;
  double gt = (double)q.total.g * q.unit_g, ht = (double)q.total.h * q.unit_h;

  for (size_t i = 0; i < n; i += GBT_PAD)
    gain_tile(&q, pre + i, add, gt, ht, gain + i);
}

static void gain_any(const gbt_gain *r, const int64_t *pre, size_t n,
                     int64_t add, double *gain) {
  double gt = (double)r->total.g * r->unit_g;
  double ht = (double)r->total.h * r->unit_h;

  for (size_t i = 0; i < n; i++) {
    int64_t v = pre[i] + add;
    double g = (double)(int32_t)(v >> 32) * r->unit_g;
    double h = (double)(int32_t)v * r->unit_h;
    gain[i] = both_gain(g, h, r, gt, ht, false);
  }
}

void gbt_kernel_gain(const gbt_gain *r, const int64_t *pre, size_t n,
                     int64_t add, double *gain) {
  if (r->alpha == 0 && r->max_delta_step == 0)
    gain_plain(r, pre, n, add, gain);
  else
    gain_any(r, pre, n, add, gain);
}

void gbt_kernel_gain_wide(const gbt_gain *r, const int64_t *pre_g,
                          const int64_t *pre_h, size_t n, gbt_sums add,
                          double *gain) {
  double gt = (double)r->total.g * r->unit_g;
  double ht = (double)r->total.h * r->unit_h;
  bool is_plain = r->alpha == 0 && r->max_delta_step == 0;

  for (size_t i = 0; i < n; i++) {
    double g = (double)(pre_g[i] + add.g) * r->unit_g;
    double h = (double)(pre_h[i] + add.h) * r->unit_h;
    gain[i] = both_gain(g, h, r, gt, ht, is_plain);
  }
}

/* --- Gradients -------------------------------------------------------- */

/* Where a chunk's gradients come from and go to. */
typedef struct chunk {
  const float *p, *y, *w; /* w NULL: all 1 */
  float *g, *h;
  float k; /* class */
} chunk;

INLINE void logistic(const float *restrict p, const float *restrict y,
                     float *restrict g, float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float v = p[i] * (1.0F - p[i]);
    g[i] = p[i] - y[i];
    h[i] = v > 1e-16F ? v : 1e-16F;
  }
}

INLINE void softmax(const float *restrict p, const float *restrict y, float k,
                    float *restrict g, float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    g[i] = y[i] == k ? p[i] - 1.0F : p[i];
    h[i] = 2.0F * p[i] * (1.0F - p[i]);
  }
}

INLINE void squared(const float *restrict p, const float *restrict y,
                    float *restrict g, float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    g[i] = p[i] - y[i];
    h[i] = 1.0F;
  }
}

INLINE void weigh(const float *restrict w, float *restrict g,
                  float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    g[i] *= w[i];
    h[i] *= w[i];
  }
}

INLINE void at_least(float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++)
    h[i] = h[i] > 1e-16F ? h[i] : 1e-16F;
}

INLINE void gradients(const chunk *c, gbt_objective objective, size_t at,
                      size_t n) {
  if (objective == GBT_LOGISTIC)
    logistic(c->p + at, c->y + at, c->g + at, c->h + at, n);
  else if (objective == GBT_SOFTPROB)
    softmax(c->p + at, c->y + at, c->k, c->g + at, c->h + at, n);
  else
    squared(c->p + at, c->y + at, c->g + at, c->h + at, n);
  if (c->w != NULL)
    weigh(c->w + at, c->g + at, c->h + at, n);
  if (objective == GBT_SOFTPROB)
    at_least(c->h + at, n);
}

HPO_CLONES
void gbt_kernel_logistic(const float *p, const float *y, const float *w,
                         size_t n, float *g, float *h) {
  chunk c = {p, y, w, g, h, 0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    gradients(&c, GBT_LOGISTIC, i, TILE);
  gradients(&c, GBT_LOGISTIC, i, n - i);
}

HPO_CLONES
void gbt_kernel_softmax(const float *p, const float *y, const float *w,
                        float k, size_t n, float *g, float *h) {
  chunk c = {p, y, w, g, h, k};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    gradients(&c, GBT_SOFTPROB, i, TILE);
  gradients(&c, GBT_SOFTPROB, i, n - i);
}

HPO_CLONES
void gbt_kernel_squared(const float *p, const float *y, const float *w,
                        size_t n, float *g, float *h) {
  chunk c = {p, y, w, g, h, 0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    gradients(&c, GBT_SQUARED, i, TILE);
  gradients(&c, GBT_SQUARED, i, n - i);
}

INLINE void max_bits(const float *restrict x, size_t n,
                     int32_t *restrict max) {
  int32_t bits[TILE];

  memcpy(bits, x, n * sizeof *bits);
  for (size_t i = 0; i < n; i++) {
    int32_t b = bits[i] & 0x7fffffff;
    max[i] = b > max[i] ? b : max[i];
  }
}

HPO_CLONES
void gbt_kernel_max(const float *g, const float *h, size_t n, int32_t max[2]) {
  int32_t top_g[TILE] = {0}, top_h[TILE] = {0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE) {
    max_bits(g + i, TILE, top_g);
    max_bits(h + i, TILE, top_h);
  }
  max_bits(g + i, n - i, top_g);
  max_bits(h + i, n - i, top_h);
  for (i = 0; i < TILE; i++) {
    max[0] = top_g[i] > max[0] ? top_g[i] : max[0];
    max[1] = top_h[i] > max[1] ? top_h[i] : max[1];
  }
}

/* floor(x + u) without a call: x + u + 2^bits is positive and exact. */
INLINE void round_some(const float *restrict x, double up,
                       const uint32_t *restrict random, unsigned shift,
                       int32_t lift, size_t n, int32_t *restrict out) {
  for (size_t i = 0; i < n; i++) {
    int32_t word = (int32_t)(random[i] >> shift & 0xffff);
    double u = ((double)word + 0.5) * 0x1p-16;
    int32_t q = (int32_t)((double)x[i] * up + u + (double)lift) - lift;
    q = q < lift ? q : lift - 1;
    out[i] = q > -lift ? q : 1 - lift;
  }
}

INLINE void pack_some(const int32_t *restrict g, const int32_t *restrict h,
                      size_t n, int64_t *restrict gh, int64_t *restrict sum_g,
                      int64_t *restrict sum_h) {
  for (size_t i = 0; i < n; i++) {
    gh[i] = (int64_t)g[i] * ((int64_t)1 << 32) + h[i];
    sum_g[i] += g[i] < 0 ? -g[i] : g[i];
    sum_h[i] += h[i];
  }
}

HPO_CLONES
void gbt_kernel_round(const float *g, const float *h, const uint32_t *random,
                      size_t n, const gbt_scale *scale, int64_t *gh,
                      int64_t sum[2]) {
  double up_g = 1.0 / scale->g, up_h = 1.0 / scale->h;
  int32_t lift = (int32_t)1 << scale->bits, a[TILE], b[TILE];
  int64_t sum_g[TILE] = {0}, sum_h[TILE] = {0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE) {
    round_some(g + i, up_g, random + i, 0, lift, TILE, a);
    round_some(h + i, up_h, random + i, 16, lift, TILE, b);
    pack_some(a, b, TILE, gh + i, sum_g, sum_h);
  }
  round_some(g + i, up_g, random + i, 0, lift, n - i, a);
  round_some(h + i, up_h, random + i, 16, lift, n - i, b);
  pack_some(a, b, n - i, gh + i, sum_g, sum_h);
  for (i = 0; i < TILE; i++) {
    sum[0] += sum_g[i];
    sum[1] += sum_h[i];
  }
}
