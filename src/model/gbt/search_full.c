/* SPDX-License-Identifier: BSD-3-Clause */
/* The best split of a node from its whole histogram. */
#include "kernels.h"
#include "search.h"

/* `rest` is what the cell of bin `at` lacks; at n_bin: none does. */
static void list_narrow(gbt_search *s, const int64_t *cell, uint32_t n_bin,
                        uint32_t at, int64_t rest, gbt_candidates *c) {
  int64_t sum = 0;
  uint32_t first = 0, b = 0;

  while (first < n_bin && cell[first] == 0 && (first != at || rest == 0))
    first++;
  for (b = first; b < at && b < n_bin; b++)
    s->pre[b - first] = sum += cell[b];
  for (sum += at >= first ? rest : 0; b < n_bin; b++)
    s->pre[b - first] = sum += cell[b];
  s->bin[0] = first;
  c->is_run = true;
  c->n = n_bin - first;
}

static void list_wide(gbt_search *s, const int64_t *cell, uint32_t n_bin,
                      gbt_candidates *c) {
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
                            gbt_candidates *c) {
  size_t n = 0;

  for (uint32_t b = 0; b < n_bin; b++) {
    gbt_sums one = gbt_sums_at(cell, c->is_wide, b);
    gbt_sums left = {s->rule.total.g - one.g, s->rule.total.h - one.h};
    if (one.g == 0 && one.h == 0)
      continue;
    s->pre[n] = c->is_wide ? left.g : gbt_sums_pack(left);
    s->pre_h[n] = left.h;
    s->bin[n++] = b;
  }
  c->n = n;
}

static void search_feature(gbt_search *s, const int64_t *cell, uint32_t f,
                           bool is_wide, gbt_split *out) {
  const hpo_bins *b = s->bins;
  uint32_t n_bin = b->n_bin[f];
  gbt_candidates c = {
      .feature = f, .is_wide = is_wide, .categorical = b->categorical[f]};

  if (b->has_missing[f])
    c.missing = gbt_sums_at(cell, is_wide, n_bin);
  if (c.categorical)
    list_categories(s, cell, n_bin, &c);
  else if (is_wide)
    list_wide(s, cell, n_bin, &c);
  else
    list_narrow(s, cell, n_bin, n_bin, 0, &c);
  gbt_search_candidates(s, &c, out);
}

/* Sparse data with narrow cells: the implicit one is what the others leave. */
static void search_stored(gbt_search *s, const int64_t *cell, uint32_t f,
                          gbt_split *out) {
  const hpo_bins *b = s->bins;
  uint32_t n_bin = b->n_bin[f], implicit = b->csr.implicit[f];
  int64_t stored = 0, rest = 0;
  gbt_candidates c = {.feature = f};

  if (!gbt_kernel_sum(cell, (size_t)n_bin + b->has_missing[f], &stored))
    return;
  rest = gbt_sums_pack(s->rule.total) - stored;
  if (b->has_missing[f])
    c.missing = gbt_sums_unpack(implicit == n_bin ? rest : cell[n_bin]);
  list_narrow(s, cell, n_bin, implicit, implicit < n_bin ? rest : 0, &c);
  gbt_search_candidates(s, &c, out);
}

/* Sparse data of other kinds: through marks. */
static void search_any_stored(gbt_search *s, int64_t *cell, uint32_t f,
                              bool is_wide, gbt_split *out) {
  gbt_marks m = {.mark = s->mark, .feature = f};

  for (uint32_t at = s->offset[f]; at < s->offset[f + 1]; at++) {
    gbt_sums one = gbt_sums_at(cell, is_wide, at);
    s->mark[m.n] = at;
    m.n += one.g != 0 || one.h != 0;
  }
  if (m.n > 0)
    gbt_search_marks(s, &m, cell, is_wide, out);
}

void gbt_search_full(gbt_search *s, const gbt_hist *h, gbt_sums total,
                     const gbt_set *set, gbt_split *out) {
  *out = (gbt_split){.score = s->rule.none};
  s->rule.total = total;
  for (size_t i = 0; i < set->n; i++) {
    uint32_t f = set->item[i];
    size_t from = s->offset[f];
    if (!gbt_search_is_sparse(s))
      search_feature(s, h->cell + (h->is_wide ? 2 * from : from), f,
                     h->is_wide, out);
    else if (h->is_wide || s->bins->categorical[f])
      search_any_stored(s, h->cell, f, h->is_wide, out);
    else
      search_stored(s, h->cell + from, f, out);
  }
}
