/* SPDX-License-Identifier: BSD-3-Clause */
/* The best split of a node.
 *
 * Candidates of a numeric feature are its non-empty bins in the node: rows
 * with codes up to the bin go left, missing ones left or right.  Candidates
 * of a categorical feature are its non-empty categories, each alone to the
 * right.  Both searches below first list the candidates' left sums, then
 * compute all gains at once (kernels.c), then take the first of the largest.
 * An empty bin behind the first that is not has the gain of the bin before
 * it, so it may stand in the list: it is never the first.
 * Ties: lower feature, lower bin, default left. */
#include "gbt.h"
#include "kernels.h"

#include <math.h>
#include <string.h>

hpo_status gbt_search_create(const hpo_bins *bins, const uint32_t *offset,
                             gbt_search *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_search s = {.bins = bins, .offset = offset};
  size_t most = 1;

  for (size_t f = 0; f < bins->columns; f++)
    if (bins->offset[f + 1] - bins->offset[f] > most)
      most = bins->offset[f + 1] - bins->offset[f];
  most += 2 * GBT_PAD;
  HPO_TRY(status, hpo_mem_new_aligned(most, sizeof *s.pre, &s.pre, err));
  HPO_TRY(status, hpo_mem_new_aligned(most, sizeof *s.pre_h, &s.pre_h, err));
  HPO_TRY(status, hpo_mem_new_aligned(most, sizeof *s.bin, &s.bin, err));
  HPO_TRY(status, hpo_mem_new_aligned(most, sizeof *s.gain, &s.gain, err));
  if (bins->csr.start != NULL)
    HPO_TRY(status,
            hpo_mem_new_aligned(most, 2 * sizeof *s.whole, &s.whole, err));
  *out = s;
  memset(&s, 0, sizeof s);
done:
  gbt_search_free(&s);
  return status;
}

void gbt_search_free(gbt_search *s) {
  hpo_mem_free(s->pre);
  hpo_mem_free(s->pre_h);
  hpo_mem_free(s->bin);
  hpo_mem_free(s->gain);
  hpo_mem_free(s->whole);
  memset(s, 0, sizeof *s);
}

void gbt_search_begin(gbt_search *s, const gbt_config *c,
                      const gbt_scale *scale) {
  s->rule = (gbt_gain){.lambda = c->reg_lambda,
                       .alpha = c->reg_alpha,
                       .max_delta_step = c->max_delta_step,
                       .min_hess = fmax(c->min_child_weight, scale->h),
                       .mcw = c->min_child_weight,
                       .lower = (double)-INFINITY,
                       .upper = (double)INFINITY,
                       .is_bound = s->direction != NULL,
                       .none = s->direction != NULL ? (double)-INFINITY : -1.0,
                       .unit_g = scale->g,
                       .unit_h = scale->h};
}

static gbt_sums unpack(int64_t v) {
  return (gbt_sums){v >> 32, v & 0xffffffff};
}

static int64_t pack(gbt_sums s) { return s.g * ((int64_t)1 << 32) + s.h; }

/* The candidates of one feature, as the listing below leaves them. */
typedef struct candidates {
  size_t n;
  bool is_run; /* bins follow one another from s->bin[0] */
  uint32_t feature;
  bool is_wide, categorical;
  gbt_sums missing; /* gradients of rows that lack the feature */
} candidates;

/* Left sums of candidate `at`. */
static gbt_sums left_of(const gbt_search *s, const candidates *c, size_t at,
                        gbt_sums add) {
  gbt_sums left = {s->pre[at], 0};

  if (c->is_wide)
    left.h = s->pre_h[at];
  else
    left = unpack(s->pre[at]);
  return (gbt_sums){left.g + add.g, left.h + add.h};
}

static double bound_gains(gbt_search *s, const candidates *c, gbt_sums add) {
  double most = s->rule.none;

  for (size_t i = 0; i < c->n; i++) {
    s->gain[i] = gbt_gain_bound(&s->rule, left_of(s, c, i, add),
                                s->direction[c->feature]);
    most = s->gain[i] > most ? s->gain[i] : most;
  }
  return most;
}

/* Gains with `add` on the left sums; the largest. */
static double compute_gains(gbt_search *s, const candidates *c, gbt_sums add) {
  if (s->rule.is_bound)
    return bound_gains(s, c, add);
  if (c->is_wide)
    return gbt_kernel_gain_wide(&s->rule, s->pre, s->pre_h, c->n, add,
                                s->gain);
  return gbt_kernel_gain(&s->rule, s->pre, c->n, pack(add), s->gain);
}

/* The first candidate of such a gain. */
static size_t find_gain(const gbt_search *s, double gain) {
  size_t at = 0;

  while (s->gain[at] != gain)
    at++;
  return at;
}

static uint32_t bin_of(const gbt_search *s, const candidates *c, size_t at) {
  return c->is_run ? s->bin[0] + (uint32_t)at : s->bin[at];
}

/* Takes candidate `at` if it beats what out has. */
static void take(const gbt_search *s, const candidates *c, size_t at,
                 bool default_left, gbt_sums add, gbt_split *out) {
  gbt_sums total = s->rule.total, left = left_of(s, c, at, add);

  *out = (gbt_split){.score = s->gain[at],
                     .feature = c->feature,
                     .bin = bin_of(s, c, at),
                     .categorical = c->categorical,
                     .default_left = default_left,
                     .left = left,
                     .right = {total.g - left.g, total.h - left.h}};
}

static void search_candidates(gbt_search *s, const candidates *c,
                              gbt_split *out) {
  gbt_sums zero = {0, 0}, m = c->missing, minus = {-m.g, -m.h};
  gbt_sums to_left = c->categorical ? zero : m;
  gbt_sums to_right = c->categorical ? minus : zero;
  double best = 0;
  size_t at = 0;

  if (c->n == 0 || (c->n == 1 && m.g == 0 && m.h == 0))
    return;
  best = compute_gains(s, c, to_left);
  if (best > out->score)
    take(s, c, find_gain(s, best), true, to_left, out);
  if (m.g == 0 && m.h == 0)
    return;
  best = compute_gains(s, c, to_right);
  if (best < out->score || best <= s->rule.none)
    return;
  at = find_gain(s, best);
  if (best > out->score ||
      (out->feature == c->feature && bin_of(s, c, at) < out->bin))
    take(s, c, at, false, to_right, out);
}

/* --- Candidates from a whole histogram -------------------------------- */

static gbt_sums cell_sums(const int64_t *cell, bool is_wide, size_t at) {
  if (is_wide)
    return (gbt_sums){cell[2 * at], cell[2 * at + 1]};
  return unpack(cell[at]);
}

static void list_narrow(gbt_search *s, const int64_t *cell, uint32_t n_bin,
                        candidates *c) {
  int64_t sum = 0;
  uint32_t first = 0;

  while (first < n_bin && cell[first] == 0)
    first++;
  for (uint32_t b = first; b < n_bin; b++) {
    sum += cell[b];
    s->pre[b - first] = sum;
  }
  s->bin[0] = first;
  c->is_run = true;
  c->n = n_bin - first;
}

static void list_wide(gbt_search *s, const int64_t *cell, uint32_t n_bin,
                      candidates *c) {
  gbt_sums sum = {0, 0};
  uint32_t first = 0;

  while (first < n_bin && (cell[2 * first] | cell[2 * first + 1]) == 0)
    first++;
  for (uint32_t b = first; b < n_bin; b++) {
    sum.g += cell[2 * b];
    sum.h += cell[2 * b + 1];
    s->pre[b - first] = sum.g;
    s->pre_h[b - first] = sum.h;
  }
  s->bin[0] = first;
  c->is_run = true;
  c->n = n_bin - first;
}

/* One category against the rest: what stays left. */
static void list_categories(gbt_search *s, const int64_t *cell, uint32_t n_bin,
                            candidates *c) {
  size_t n = 0;

  for (uint32_t b = 0; b < n_bin; b++) {
    gbt_sums one = cell_sums(cell, c->is_wide, b);
    gbt_sums left = {s->rule.total.g - one.g, s->rule.total.h - one.h};
    if (one.g == 0 && one.h == 0)
      continue;
    s->pre[n] = c->is_wide ? left.g : pack(left);
    s->pre_h[n] = left.h;
    s->bin[n++] = b;
  }
  c->n = n;
}

/* The cells of a feature with its implicit one, which the node's other rows
   have. */
static const int64_t *fill_implicit(gbt_search *s, const int64_t *cell,
                                    uint32_t f, bool is_wide) {
  const hpo_bins *b = s->bins;
  size_t n = (size_t)b->n_bin[f] + b->has_missing[f];
  size_t at = b->csr.implicit[f];
  gbt_sums sum = {0, 0};
  int64_t packed = 0;

  for (size_t i = 0; i < n && !is_wide; i++) {
    s->whole[i] = cell[i];
    packed += cell[i];
  }
  for (size_t i = 0; i < n && is_wide; i++) {
    s->whole[2 * i] = cell[2 * i];
    s->whole[2 * i + 1] = cell[2 * i + 1];
    sum = (gbt_sums){sum.g + cell[2 * i], sum.h + cell[2 * i + 1]};
  }
  s->whole[is_wide ? 2 * at : at] =
      is_wide ? s->rule.total.g - sum.g : pack(s->rule.total) - packed;
  if (is_wide)
    s->whole[2 * at + 1] = s->rule.total.h - sum.h;
  return s->whole;
}

static void search_feature(gbt_search *s, const int64_t *cell, uint32_t f,
                           bool is_wide, gbt_split *out) {
  const hpo_bins *b = s->bins;
  uint32_t n_bin = b->n_bin[f];
  candidates c = {
      .feature = f, .is_wide = is_wide, .categorical = b->categorical[f]};

  if (s->whole != NULL)
    cell = fill_implicit(s, cell, f, is_wide);
  if (b->has_missing[f])
    c.missing = cell_sums(cell, is_wide, n_bin);
  if (c.categorical)
    list_categories(s, cell, n_bin, &c);
  else if (is_wide)
    list_wide(s, cell, n_bin, &c);
  else
    list_narrow(s, cell, n_bin, &c);
  search_candidates(s, &c, out);
}

void gbt_search_full(gbt_search *s, const gbt_hist *h, gbt_sums total,
                     const gbt_set *set, gbt_split *out) {
  *out = (gbt_split){.score = s->rule.none};
  s->rule.total = total;
  for (size_t i = 0; i < set->n; i++) {
    size_t from = s->offset[set->item[i]];
    search_feature(s, h->cell + (h->is_wide ? 2 * from : from), set->item[i],
                   h->is_wide, out);
  }
}

/* --- Candidates from marked cells ------------------------------------- */

/* Bits of one word that stand for cells in [from, to). */
static uint64_t word_of(const uint64_t *mask, size_t word, size_t from,
                        size_t to) {
  uint64_t bits = mask[word];

  if (word == from >> 6)
    bits &= UINT64_MAX << (from & 63);
  if (word == to >> 6)
    bits &= ((uint64_t)1 << (to & 63)) - 1;
  return bits;
}

/* Bins of a feature whose cells in [from, to) are marked; how many. */
static size_t list_marked(const uint64_t *mask, size_t from, size_t to,
                          uint32_t *bin) {
  size_t n = 0;

  for (size_t w = from >> 6; w << 6 < to; w++)
    for (uint64_t bits = word_of(mask, w, from, to); bits; bits &= bits - 1)
      bin[n++] = (uint32_t)((w << 6) + (size_t)__builtin_ctzll(bits) - from);
  return n;
}

/* Fills and marks a feature's implicit cell, which the rows have that none of
   its other cells counts; not where all rows have it. */
static void mark_implicit(gbt_search *s, int64_t *cell, uint64_t *mask,
                          bool is_wide, uint32_t f) {
  const hpo_bins *b = s->bins;
  size_t from = s->offset[f], at = from + b->csr.implicit[f];
  size_t to = from + b->n_bin[f] + b->has_missing[f];
  size_t n = list_marked(mask, from, to, s->bin);
  gbt_sums rest = s->rule.total;

  if (n == 0)
    return;
  for (size_t i = 0; i < n; i++) {
    gbt_sums one = cell_sums(cell, is_wide, from + s->bin[i]);
    rest = (gbt_sums){rest.g - one.g, rest.h - one.h};
  }
  cell[is_wide ? 2 * at : at] = is_wide ? rest.g : pack(rest);
  if (is_wide)
    cell[2 * at + 1] = rest.h;
  mask[at >> 6] |= (uint64_t)1 << (at & 63);
}

/* Left sums of the bins that s->bin lists and that are not empty. */
static void list_bins(gbt_search *s, const int64_t *cell, size_t n,
                      candidates *c) {
  int64_t sum = 0;

  for (size_t i = 0; i < n; i++) {
    int64_t v = cell[s->bin[i]];
    sum += v;
    s->pre[c->n] = sum;
    s->bin[c->n] = s->bin[i];
    c->n += v != 0;
  }
}

/* The same of wide cells and of categories. */
static void list_any_bins(gbt_search *s, const int64_t *cell, size_t n,
                          candidates *c) {
  gbt_sums sum = {0, 0};

  for (size_t i = 0; i < n; i++) {
    gbt_sums one = cell_sums(cell, c->is_wide, s->bin[i]);
    gbt_sums left = {s->rule.total.g - one.g, s->rule.total.h - one.h};
    sum = (gbt_sums){sum.g + one.g, sum.h + one.h};
    if (!c->categorical)
      left = sum;
    s->pre[c->n] = c->is_wide ? left.g : pack(left);
    s->pre_h[c->n] = left.h;
    s->bin[c->n] = s->bin[i];
    c->n += one.g != 0 || one.h != 0;
  }
}

static void search_marked(gbt_search *s, const int64_t *cell,
                          const uint64_t *mask, bool is_wide, uint32_t f,
                          gbt_split *out) {
  const hpo_bins *b = s->bins;
  size_t from = s->offset[f], to = from + b->n_bin[f];
  size_t n = list_marked(mask, from, to, s->bin);
  candidates c = {
      .feature = f, .is_wide = is_wide, .categorical = b->categorical[f]};

  if (b->has_missing[f])
    c.missing = cell_sums(cell, is_wide, to);
  cell += is_wide ? 2 * from : from;
  if (is_wide || c.categorical)
    list_any_bins(s, cell, n, &c);
  else
    list_bins(s, cell, n, &c);
  search_candidates(s, &c, out);
}

static void clear_marked(int64_t *cell, uint64_t *mask, size_t words,
                         bool is_wide) {
  for (size_t w = 0; w < words; w++) {
    for (uint64_t bits = mask[w]; bits; bits &= bits - 1) {
      size_t at = (w << 6) + (size_t)__builtin_ctzll(bits);
      cell[is_wide ? 2 * at : at] = 0;
      cell[is_wide ? 2 * at + 1 : at] = 0;
    }
    mask[w] = 0;
  }
}

void gbt_search_sparse(gbt_search *s, int64_t *cell, uint64_t *mask,
                       bool is_wide, gbt_sums total, const gbt_set *set,
                       gbt_split *out) {
  *out = (gbt_split){.score = s->rule.none};
  s->rule.total = total;
  for (size_t i = 0; i < set->n; i++) {
    if (s->whole != NULL)
      mark_implicit(s, cell, mask, is_wide, set->item[i]);
    search_marked(s, cell, mask, is_wide, set->item[i], out);
  }
  clear_marked(cell, mask, ((size_t)s->offset[s->bins->columns] + 63) / 64,
               is_wide);
}
