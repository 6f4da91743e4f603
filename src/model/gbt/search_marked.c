/* SPDX-License-Identifier: BSD-3-Clause */
/* The best split of a node from marked cells: what few rows left. */
#include "search.h"

/* Marked cells in ascending order, and the mask empty; how many. */
static size_t take_marked(uint64_t *mask, size_t words, uint32_t *cell) {
  size_t n = 0;

  for (size_t w = 0; w < words; w++) {
    for (uint64_t bits = mask[w]; bits != 0; bits &= bits - 1)
      cell[n++] = (uint32_t)((w << 6) + (size_t)__builtin_ctzll(bits));
    mask[w] = 0;
  }
  return n;
}

static void clear_cell(int64_t *cell, bool is_wide, size_t at) {
  cell[is_wide ? 2 * at : at] = 0;
  cell[is_wide ? 2 * at + 1 : at] = 0;
}

/* Fills a feature's implicit cell: the node's other rows have it. */
static void set_implicit(const gbt_search *s, const gbt_marks *m,
                         int64_t *cell, bool is_wide) {
  size_t at = s->offset[m->feature] + s->bins->csr.implicit[m->feature];
  gbt_sums rest = s->rule.total;

  for (size_t i = 0; i < m->n; i++) {
    gbt_sums one = gbt_sums_at(cell, is_wide, m->mark[i]);
    rest = (gbt_sums){rest.g - one.g, rest.h - one.h};
  }
  cell[is_wide ? 2 * at : at] = is_wide ? rest.g : gbt_sums_pack(rest);
  if (is_wide)
    cell[2 * at + 1] = rest.h;
}

/* The bins of the marks below n_bin, in order, and with them the implicit
   one; how many. */
static size_t list_bins(const gbt_search *s, const gbt_marks *m,
                        uint32_t *bin) {
  const hpo_bins *b = s->bins;
  uint32_t from = s->offset[m->feature], n_bin = b->n_bin[m->feature];
  uint32_t implicit =
      gbt_search_is_sparse(s) ? b->csr.implicit[m->feature] : n_bin;
  size_t n = 0;

  for (size_t i = 0; i < m->n && m->mark[i] - from < n_bin; i++) {
    uint32_t at = m->mark[i] - from;
    if (implicit < at && implicit < n_bin) {
      bin[n++] = implicit;
      implicit = n_bin;
    }
    bin[n++] = at;
  }
  if (implicit < n_bin)
    bin[n++] = implicit;
  return n;
}

/* Left sums of the n bins that s->bin lists, without the empty ones. */
static void list_sums(gbt_search *s, const int64_t *cell, size_t n,
                      gbt_candidates *c) {
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
static void list_any_sums(gbt_search *s, const int64_t *cell, size_t n,
                          gbt_candidates *c) {
  gbt_sums sum = {0, 0};

  for (size_t i = 0; i < n; i++) {
    gbt_sums one = gbt_sums_at(cell, c->is_wide, s->bin[i]);
    gbt_sums left = {s->rule.total.g - one.g, s->rule.total.h - one.h};
    sum = (gbt_sums){sum.g + one.g, sum.h + one.h};
    if (!c->categorical)
      left = sum;
    s->pre[c->n] = c->is_wide ? left.g : gbt_sums_pack(left);
    s->pre_h[c->n] = left.h;
    s->bin[c->n] = s->bin[i];
    c->n += one.g != 0 || one.h != 0;
  }
}

void gbt_search_marks(gbt_search *s, const gbt_marks *m, int64_t *cell,
                      bool is_wide, gbt_split *out) {
  const hpo_bins *b = s->bins;
  uint32_t f = m->feature;
  size_t from = s->offset[f], n = 0;
  gbt_candidates c = {
      .feature = f, .is_wide = is_wide, .categorical = b->categorical[f]};

  if (gbt_search_is_sparse(s))
    set_implicit(s, m, cell, is_wide);
  n = list_bins(s, m, s->bin);
  if (b->has_missing[f])
    c.missing = gbt_sums_at(cell, is_wide, from + b->n_bin[f]);
  if (is_wide || c.categorical)
    list_any_sums(s, cell + (is_wide ? 2 * from : from), n, &c);
  else
    list_sums(s, cell + from, n, &c);
  gbt_search_candidates(s, &c, out);
  if (gbt_search_is_sparse(s))
    clear_cell(cell, is_wide, from + b->csr.implicit[f]);
}

void gbt_search_sparse(gbt_search *s, int64_t *cell, uint64_t *mask,
                       bool is_wide, gbt_sums total, const gbt_set *set,
                       gbt_split *out) {
  size_t words = ((size_t)s->offset[s->bins->columns] + 63) / 64;
  size_t n = take_marked(mask, words, s->mark), at = 0;

  *out = (gbt_split){.score = s->rule.none};
  s->rule.total = total;
  for (size_t i = 0; i < set->n; i++) {
    gbt_marks m = {.feature = set->item[i]};
    while (at < n && s->mark[at] < s->offset[m.feature])
      at++;
    m.mark = s->mark + at;
    while (at < n && s->mark[at] < s->offset[m.feature + 1])
      at++;
    m.n = (size_t)(s->mark + at - m.mark);
    if (m.n > 0)
      gbt_search_marks(s, &m, cell, is_wide, out);
  }
  for (size_t i = 0; i < n; i++)
    clear_cell(cell, is_wide, s->mark[i]);
}
