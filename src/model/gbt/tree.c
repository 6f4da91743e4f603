/* SPDX-License-Identifier: BSD-3-Clause */
/* A finished tree: how its nodes route codes, and walking rows down. */
#include "gbt.h"
#include "kernels.h"

#include <string.h>

/* Rows that walk side by side: their loads overlap. */
#define LANES 32

gbt_rule gbt_rule_get(const gbt_node *node, int32_t self,
                      const hpo_bins *bins) {
  gbt_rule r = {.left = self, .width = UINT32_MAX, .flip = 1};
  uint32_t missing = 0;
  bool is_odd = false; /* missing values do not go where large codes do */

  if (node->left < 0)
    return r;
  missing = bins->n_bin[node->feature];
  r.feature = node->feature;
  r.left = node->left;
  if (node->categorical) {
    r.low = node->bin;
    r.width = 0;
    r.flip = 0;
    is_odd = !node->default_left;
  } else {
    r.width = node->bin;
    is_odd = node->default_left;
  }
  r.extra = is_odd && bins->has_missing[node->feature] ? missing : r.low;
  return r;
}

static size_t row_at(const gbt_walk *w, size_t i) {
  if (w->id != NULL)
    return (size_t)w->id[i];
  return (size_t)w->base + w->row[i];
}

/* Codes of up to LANES rows from the from-th on, and the next ones fetched. */
static size_t find_rows(const gbt_walk *walk, const hpo_bins *bins,
                        size_t from, const uint8_t **code) {
  const uint8_t *matrix = bins->code;
  size_t n = walk->n - from < LANES ? walk->n - from : LANES;

  for (size_t i = 0; i < n; i++)
    code[i] = matrix + row_at(walk, from + i) * bins->stride;
  for (size_t i = from + n; i < from + 2 * LANES && i < walk->n; i++) {
    const uint8_t *next = matrix + row_at(walk, i) * bins->stride;
    __builtin_prefetch(next);
    __builtin_prefetch(next + bins->stride - 1);
  }
  return n;
}

/* Leaves of n <= LANES rows; a leaf's rule leads to itself, so the loop
   ends when nobody moves. */
HPO_INLINE void walk_lanes(const gbt_rule *rule, unsigned bytes,
                           const uint8_t *const *code, size_t n, int32_t *at) {
  int32_t change = 1;

  memset(at, 0, n * sizeof *at);
  while (change != 0) {
    change = 0;
    for (size_t i = 0; i < n; i++) {
      const gbt_rule *r = &rule[at[i]];
      uint32_t v = gbt_code_at(code[i], r->feature, bytes);
      int32_t next = r->left + (int32_t)gbt_rule_right(r, v);
      change |= next ^ at[i];
      at[i] = next;
    }
  }
}

void gbt_tree_add(const gbt_tree *tree, const hpo_bins *bins,
                  const gbt_walk *walk, gbt_rule *rule, float *margin) {
  const uint8_t *code[LANES];
  int32_t at[LANES];

  for (size_t j = 0; j < tree->n; j++)
    rule[j] = gbt_rule_get(&tree->node[j], (int32_t)j, bins);
  for (size_t from = 0, n = 0; from < walk->n; from += n) {
    n = find_rows(walk, bins, from, code);
    if (bins->code_bytes == 1)
      walk_lanes(rule, 1, code, n, at);
    else
      walk_lanes(rule, 2, code, n, at);
    for (size_t i = 0; i < n; i++) {
      size_t to = walk->id != NULL ? from + i : walk->row[from + i];
      margin[to] += tree->node[at[i]].value;
    }
  }
}
