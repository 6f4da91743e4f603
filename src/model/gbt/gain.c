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
#include "search.h"

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
  HPO_TRY(status, hpo_mem_new_aligned(offset[bins->columns] + 1,
                                      sizeof *s.mark, &s.mark, err));
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
  hpo_mem_free(s->mark);
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

/* Left sums of candidate `at`. */
static gbt_sums left_of(const gbt_search *s, const gbt_candidates *c,
                        size_t at, gbt_sums add) {
  gbt_sums left = {s->pre[at], 0};

  if (c->is_wide)
    left.h = s->pre_h[at];
  else
    left = gbt_sums_unpack(s->pre[at]);
  return (gbt_sums){left.g + add.g, left.h + add.h};
}

static double bound_gains(gbt_search *s, const gbt_candidates *c,
                          gbt_sums add) {
  double most = s->rule.none;

  for (size_t i = 0; i < c->n; i++) {
    s->gain[i] = gbt_gain_bound(&s->rule, left_of(s, c, i, add),
                                s->direction[c->feature]);
    most = s->gain[i] > most ? s->gain[i] : most;
  }
  return most;
}

/* Gains with `add` on the left sums; the largest. */
static double compute_gains(gbt_search *s, const gbt_candidates *c,
                            gbt_sums add) {
  if (s->rule.is_bound)
    return bound_gains(s, c, add);
  if (c->is_wide)
    return gbt_kernel_gain_wide(&s->rule, s->pre, s->pre_h, c->n, add,
                                s->gain);
  return gbt_kernel_gain(&s->rule, s->pre, c->n, gbt_sums_pack(add), s->gain);
}

/* The first candidate of such a gain. */
static size_t find_gain(const gbt_search *s, double gain) {
  size_t at = 0;

  while (s->gain[at] != gain)
    at++;
  return at;
}

static uint32_t bin_of(const gbt_search *s, const gbt_candidates *c,
                       size_t at) {
  return c->is_run ? s->bin[0] + (uint32_t)at : s->bin[at];
}

/* Takes candidate `at`. */
static void take(const gbt_search *s, const gbt_candidates *c, size_t at,
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

void gbt_search_candidates(gbt_search *s, const gbt_candidates *c,
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
