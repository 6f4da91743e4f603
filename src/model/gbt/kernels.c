/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loops of gbt.
 *
 * Adds        rows into histogram cells; bound by one store each
 * Partition   rows of a node to its children
 * Gains       of all cuts of a feature at once: element by element, so
 *             HPO_CLONES builds them for several instruction sets
 *
 * Those over gradients are in kernels_loss.c. */
#include "kernels.h"

#define INLINE HPO_INLINE
/* Rows ahead whose codes and gradients are fetched. */
#define AHEAD 32
/* Of the next compressed row: so many cells, and as many lie in a line. */
#define FETCHED 128
#define CELLS_OF_LINE 16
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

INLINE void add_one(int64_t *restrict cell, size_t at, addend v, bool wide) {
  if (wide) {
    cell[2 * at] += v.g;
    cell[2 * at + 1] += v.h;
  } else {
    cell[at] += v.v;
  }
}

INLINE void add_row(int64_t *restrict cell, const uint8_t *restrict c,
                    const gbt_adds *a, unsigned bytes, bool whole, addend v,
                    bool wide) {
  const uint32_t *offset = a->offset;
  size_t n = whole ? a->columns : a->set->n;

  for (size_t j = 0; j < n; j++) {
    size_t f = whole ? j : a->set->item[j];
    add_one(cell, offset[f] + gbt_code_at(c, f, bytes), v, wide);
  }
}

/* All columns at a constant step: the addresses cost nothing. */
INLINE void add_steps(int64_t *restrict cell, const uint8_t *restrict c,
                      size_t columns, size_t step, int64_t v) {
  size_t f = 0;

  for (; f + 4 <= columns; f += 4, cell += 4 * step) {
    cell[c[f]] += v;
    cell[step + c[f + 1]] += v;
    cell[2 * step + c[f + 2]] += v;
    cell[3 * step + c[f + 3]] += v;
  }
  for (; f < columns; f++, cell += step)
    cell[c[f]] += v;
}

/* step 0: by offset */
INLINE void add_rows(const gbt_adds *a, int64_t *restrict cell, int sign,
                     unsigned bytes, bool whole, size_t step, bool wide) {
  size_t last = a->stride < 64 ? a->stride - 1 : 64;

  for (size_t i = 0; i < a->n; i++) {
    size_t r = a->row[i];
    const uint8_t *c = a->code + r * a->stride;
    addend v = addend_make(a->gh[r], sign);

    if (i + AHEAD < a->n) {
      size_t next = a->row[i + AHEAD];
      __builtin_prefetch(a->code + next * a->stride);
      __builtin_prefetch(a->code + next * a->stride + last);
      __builtin_prefetch(a->gh + next);
    }
    if (step > 0)
      add_steps(cell, c, a->columns, step, v.v);
    else
      add_row(cell, c, a, bytes, whole, v, wide);
  }
}

/* Compressed rows; columns outside the tree's get sums that nobody reads. */
INLINE void add_stored(const gbt_adds *a, int64_t *restrict cell, int sign,
                       bool wide) {
  for (size_t i = 0; i < a->n; i++) {
    size_t r = a->row[i];
    addend v = addend_make(a->gh[r], sign);

    if (i + 1 < a->n) {
      const uint32_t *next = a->cell + a->start[a->row[i + 1]];
      for (size_t k = 0; k < FETCHED; k += CELLS_OF_LINE)
        __builtin_prefetch(next + k);
    }
    for (uint64_t e = a->start[r]; e < a->start[r + 1]; e++)
      add_one(cell, a->cell[e], v, wide);
  }
}

/* A loop for each width of codes, with and without a choice of columns, and
   for each constant step. */
INLINE void add_any(const gbt_adds *a, int64_t *restrict cell, int sign,
                    bool wide) {
  bool whole = a->set == NULL;

  if (a->start != NULL) {
    add_stored(a, cell, sign, wide);
    return;
  }
  if (whole && !wide && a->step == GBT_STEP_1)
    add_rows(a, cell, sign, 1, true, GBT_STEP_1, false);
  else if (whole && !wide && a->step == GBT_STEP_2)
    add_rows(a, cell, sign, 1, true, GBT_STEP_2, false);
  else if (whole && !wide && a->step == GBT_STEP_3)
    add_rows(a, cell, sign, 1, true, GBT_STEP_3, false);
  else if (whole && a->code_bytes == 1)
    add_rows(a, cell, sign, 1, true, 0, wide);
  else if (a->code_bytes == 1)
    add_rows(a, cell, sign, 1, false, 0, wide);
  else if (whole)
    add_rows(a, cell, sign, 2, true, 0, wide);
  else
    add_rows(a, cell, sign, 2, false, 0, wide);
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
      size_t at = a->offset[f] + gbt_code_at(c, f, bytes);
      add_one(cell, at, v, wide);
      mask[at >> 6] |= (uint64_t)1 << (at & 63);
    }
  }
}

INLINE void mark_stored(const gbt_adds *a, int64_t *restrict cell,
                        uint64_t *restrict mask, bool wide) {
  for (size_t i = 0; i < a->n; i++) {
    size_t r = a->row[i];
    addend v = addend_make(a->gh[r], 1);

    for (uint64_t e = a->start[r]; e < a->start[r + 1]; e++) {
      size_t at = a->cell[e];
      add_one(cell, at, v, wide);
      mask[at >> 6] |= (uint64_t)1 << (at & 63);
    }
  }
}

void gbt_kernel_add_marked(const gbt_adds *a, int64_t *cell, uint64_t *mask,
                           bool is_wide) {
  if (a->start != NULL)
    mark_stored(a, cell, mask, is_wide);
  else if (a->code_bytes == 1 && !is_wide)
    add_marked(a, cell, mask, 1, false);
  else
    add_marked(a, cell, mask, a->code_bytes, is_wide);
}

void gbt_kernel_spill(int64_t *narrow, size_t n, int64_t *wide) {
  for (size_t i = 0; i < n; i++) {
    int64_t v = narrow[i];
    wide[2 * i] += v >> 32;
    wide[2 * i + 1] += v & 0xffffffff;
    narrow[i] = 0;
  }
}

HPO_CLONES
bool gbt_kernel_sum(const int64_t *cell, size_t n, int64_t *out) {
  int64_t sum[GBT_PAD] = {0}, any[GBT_PAD] = {0}, all = 0, bits = 0;
  size_t i = 0;

  for (; i + GBT_PAD <= n; i += GBT_PAD)
    for (size_t j = 0; j < GBT_PAD; j++) {
      sum[j] += cell[i + j];
      any[j] |= cell[i + j];
    }
  for (; i < n; i++) {
    sum[0] += cell[i];
    any[0] |= cell[i];
  }
  for (size_t j = 0; j < GBT_PAD; j++) {
    all += sum[j];
    bits |= any[j];
  }
  *out = all;
  return bits != 0;
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

INLINE size_t partition(const gbt_rule *rule, const uint8_t *column,
                        size_t step, unsigned bytes, bool is_plain,
                        uint32_t *restrict row, size_t n,
                        uint32_t *restrict right) {
  size_t stay = 0, gone = 0;
  gbt_rule q = *rule;

  for (size_t i = 0; i < n; i++) {
    size_t r = row[i];
    uint32_t c = gbt_code_at(column + r * step, 0, bytes);
    uint32_t goes = is_plain ? c > q.width : gbt_rule_right(&q, c);
    row[stay] = right[gone] = (uint32_t)r;
    gone += goes;
    stay += 1 - goes;
  }
  return stay;
}

size_t gbt_kernel_partition(const gbt_rule *rule, const gbt_column *column,
                            uint32_t *row, size_t n, uint32_t *right) {
  bool is_plain = rule->flip == 1 && rule->low == 0 && rule->extra == 0;
  const uint8_t *code = column->code;

  if (column->step == 1 && is_plain)
    return partition(rule, code, 1, 1, true, row, n, right);
  if (column->step == 1)
    return partition(rule, code, 1, 1, false, row, n, right);
  if (column->bytes == 1)
    return partition(rule, code, column->step, 1, is_plain, row, n, right);
  return partition(rule, code, column->step, 2, false, row, n, right);
}

/* --- Gains ------------------------------------------------------------ */

INLINE double threshold(double g, double alpha) {
  return g > alpha ? g - alpha : g < -alpha ? g + alpha : 0.0;
}

/* XGBoost, eq. 7, of one child; with a limit on the weight, eq. 5 at the
   limited weight. */
INLINE double part_gain(double g, double h, const gbt_gain *r) {
  double t = threshold(g, r->alpha), limit = r->max_delta_step;
  double w = -t / (h + r->lambda);

  if (limit <= 0)
    return t * t / (h + r->lambda);
  w = w > limit ? limit : w < -limit ? -limit : w;
  return -(2.0 * g * w + (h + r->lambda) * w * w);
}

INLINE double both_gain(double gl, double hl, const gbt_gain *r, double gt,
                        double ht) {
  double gr = gt - gl, hr = ht - hl;

  if (hl < r->min_hess || hr < r->min_hess)
    return -1.0;
  return part_gain(gl, hl, r) + part_gain(gr, hr, r);
}

/* Node totals, and what is the same for all candidates. */
typedef struct totals {
  double g, h, lambda, min_hess;
} totals;

INLINE totals totals_get(const gbt_gain *r) {
  return (totals){(double)r->total.g * r->unit_g,
                  (double)r->total.h * r->unit_h, r->lambda, r->min_hess};
}

/* gl^2 / a + gr^2 / b with one division; first all, then the choice, so that
   both loops are without branches. */
INLINE void gain_tile(const totals *t, const double *restrict g,
                      const double *restrict h, double *restrict gain) {
  double x[GBT_PAD], least[GBT_PAD];

  for (size_t i = 0; i < GBT_PAD; i++) {
    double gr = t->g - g[i], hr = t->h - h[i];
    double a = h[i] + t->lambda, b = hr + t->lambda;
    x[i] = (g[i] * g[i] * b + gr * gr * a) / (a * b);
    least[i] = h[i] < hr ? h[i] : hr;
  }
  for (size_t i = 0; i < GBT_PAD; i++)
    gain[i] = least[i] >= t->min_hess ? x[i] : -1.0;
}

/* 2^52 in the exponent of a double makes its low bits a whole number. */
#define EXPONENT 0x4330000000000000U
#define SIGN 0x8000000000000000U

/* The halves of packed sums as doubles, exactly, without conversions (which
   not every instruction set has): high + 2^31 and low are below 2^32. */
INLINE void unpack_tile(const int64_t *restrict pre, int64_t add,
                        double *restrict g, double *restrict h) {
  uint64_t high[GBT_PAD], low[GBT_PAD];

  for (size_t i = 0; i < GBT_PAD; i++) {
    uint64_t v = (uint64_t)(pre[i] + add);
    high[i] = (v ^ SIGN) >> 32 | EXPONENT;
    low[i] = (v & 0xffffffff) | EXPONENT;
  }
  memcpy(g, high, sizeof high);
  memcpy(h, low, sizeof low);
  for (size_t i = 0; i < GBT_PAD; i++) {
    g[i] -= 0x1p52 + 0x1p31;
    h[i] -= 0x1p52;
  }
}

/* Gains are never NaN and either -1 or positive, so their order is that of
   their bits as whole numbers, which more instruction sets can compare. */
INLINE void keep_larger(const double *restrict gain, int64_t *restrict top) {
  int64_t bits[GBT_PAD];

  memcpy(bits, gain, sizeof bits);
  for (size_t i = 0; i < GBT_PAD; i++)
    top[i] = bits[i] > top[i] ? bits[i] : top[i];
}

static double largest(const int64_t *top) {
  int64_t most = INT64_MIN;
  double gain = 0;

  for (size_t i = 0; i < GBT_PAD; i++)
    most = top[i] > most ? top[i] : most;
  memcpy(&gain, &most, sizeof gain);
  return gain < 0 ? -1.0 : gain;
}

HPO_CLONES
static double gain_plain(const gbt_gain *r, const int64_t *pre, size_t n,
                         int64_t add, double *gain) {
  totals t = totals_get(r);
  double unit_g = r->unit_g, unit_h = r->unit_h;
  int64_t top[GBT_PAD];

  for (size_t j = 0; j < GBT_PAD; j++)
    top[j] = INT64_MIN;
  for (size_t i = 0; i < n; i += GBT_PAD) {
    double g[GBT_PAD], h[GBT_PAD];
    unpack_tile(pre + i, add, g, h);
    for (size_t j = 0; j < GBT_PAD; j++) {
      g[j] *= unit_g;
      h[j] *= unit_h;
    }
    gain_tile(&t, g, h, gain + i);
    keep_larger(gain + i, top);
  }
  return largest(top);
}

static double gain_any(const gbt_gain *r, const int64_t *pre, size_t n,
                       int64_t add, double *gain) {
  totals t = totals_get(r);
  double most = -1.0;

  for (size_t i = 0; i < n; i++) {
    int64_t v = pre[i] + add;
    double g = (double)(int32_t)(v >> 32) * r->unit_g;
    double h = (double)(int32_t)v * r->unit_h;
    gain[i] = both_gain(g, h, r, t.g, t.h);
    most = gain[i] > most ? gain[i] : most;
  }
  return most;
}

static bool is_plain(const gbt_gain *r) {
  return r->alpha == 0 && r->max_delta_step == 0;
}

/* Behind the last candidate stand such without rows on the left, whose gain
   is -1. */
double gbt_kernel_gain(const gbt_gain *r, int64_t *pre, size_t n, int64_t add,
                       double *gain) {
  for (size_t i = 0; i < GBT_PAD; i++)
    pre[n + i] = -add;
  return is_plain(r) ? gain_plain(r, pre, n, add, gain)
                     : gain_any(r, pre, n, add, gain);
}

double gbt_kernel_gain_wide(const gbt_gain *r, int64_t *pre_g, int64_t *pre_h,
                            size_t n, gbt_sums add, double *gain) {
  totals t = totals_get(r);
  double most = -1.0;

  for (size_t i = 0; i < GBT_PAD; i++) {
    pre_g[n + i] = -add.g;
    pre_h[n + i] = -add.h;
  }
  for (size_t i = 0; i < n; i += GBT_PAD) {
    double g[GBT_PAD], h[GBT_PAD];
    for (size_t j = 0; j < GBT_PAD; j++) {
      g[j] = (double)(pre_g[i + j] + add.g) * r->unit_g;
      h[j] = (double)(pre_h[i + j] + add.h) * r->unit_h;
    }
    if (is_plain(r))
      gain_tile(&t, g, h, gain + i);
    else
      for (size_t j = 0; j < GBT_PAD; j++)
        gain[i + j] = both_gain(g[j], h[j], r, t.g, t.h);
    for (size_t j = 0; j < GBT_PAD; j++)
      most = gain[i + j] > most ? gain[i + j] : most;
  }
  return most;
}
