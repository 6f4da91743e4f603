/* SPDX-License-Identifier: BSD-3-Clause */
/* A finished tree: how its nodes route codes, and walking rows down. */
#include "gbt.h"
#include "kernels.h"

#include <string.h>

/* Rows that walk side by side: their loads overlap. */
#define LANES 32
/* Rows up to so many are parted node by node instead. */
#define FEW_ROWS 16384

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

/* Every row down side by side, LANES at a time. */
static void add_by_rows(const gbt_tree *tree, const hpo_bins *bins,
                        const gbt_walk *walk, const gbt_rule *rule,
                        float *margin) {
  const uint8_t *code[LANES];
  int32_t at[LANES];

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

/* Parts places of rows by a rule: those left of it stay, those right of it go
   to right; \return how many stay. */
HPO_INLINE size_t part(const gbt_walk *walk, const gbt_rule *rule,
                       const uint8_t *column, unsigned bytes, uint32_t *place,
                       size_t n, uint32_t *right) {
  const gbt_rule r = *rule;
  const hpo_row *id = walk->id;
  size_t stay = 0, gone = 0;

  if (id == NULL)
    column += (size_t)walk->base * bytes;
  for (size_t i = 0; i < n; i++) {
    const uint32_t p = place[i];
    const size_t at = id != NULL ? (size_t)id[p] : p;
    const uint32_t goes = gbt_rule_right(&r, gbt_code_at(column, at, bytes));
    place[stay] = right[gone] = p;
    gone += goes;
    stay += 1 - goes;
  }
  return stay;
}

/* The rows of each node in turn, parted by its column: a column of few rows
   lies in the nearest cache. */
static void add_by_nodes(const gbt_tree *tree, const hpo_bins *bins,
                         const gbt_walk *walk, gbt_router *w, float *margin) {
  const uint8_t *column = bins->column;
  const size_t bytes = bins->code_bytes;

  for (size_t i = 0; i < walk->n; i++)
    w->place[i] = walk->id != NULL ? (uint32_t)i : walk->row[i];
  w->begin[0] = 0;
  w->end[0] = (uint32_t)walk->n;
  for (size_t j = 0; j < tree->n; j++) {
    const gbt_rule *r = &w->rule[j];
    const size_t n = w->end[j] - w->begin[j];
    uint32_t *place = w->place + w->begin[j];
    size_t left = 0;
    if (tree->node[j].left < 0) {
      for (size_t i = 0; i < n; i++)
        margin[place[i]] += tree->node[j].value;
      continue;
    }
    if (n > 0) {
      const uint8_t *c = column + r->feature * (size_t)bins->rows * bytes;
      left = bytes == 1 ? part(walk, r, c, 1, place, n, w->right)
                        : part(walk, r, c, 2, place, n, w->right);
      memcpy(place + left, w->right, (n - left) * sizeof *place);
    }
    w->begin[r->left] = w->begin[j];
    w->end[r->left] = w->begin[r->left + 1] = w->begin[j] + (uint32_t)left;
    w->end[r->left + 1] = w->end[j];
  }
}

hpo_status gbt_tree_add(const gbt_tree *tree, const hpo_bins *bins,
                        const gbt_walk *walk, gbt_router *w, float *margin,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t room = w->node_room;

  HPO_TRY(status,
          hpo_mem_grow(&w->rule, &room, tree->n, sizeof *w->rule, err));
  room = w->node_room;
  HPO_TRY(status,
          hpo_mem_grow(&w->begin, &room, tree->n, sizeof *w->begin, err));
  room = w->node_room;
  HPO_TRY(status, hpo_mem_grow(&w->end, &room, tree->n, sizeof *w->end, err));
  w->node_room = room;
  for (size_t j = 0; j < tree->n; j++)
    w->rule[j] = gbt_rule_get(&tree->node[j], (int32_t)j, bins);
  if (walk->n > FEW_ROWS) {
    add_by_rows(tree, bins, walk, w->rule, margin);
    goto done;
  }
  room = w->row_room;
  HPO_TRY(status,
          hpo_mem_grow(&w->place, &room, walk->n, sizeof *w->place, err));
  room = w->row_room;
  HPO_TRY(status,
          hpo_mem_grow(&w->right, &room, walk->n, sizeof *w->right, err));
  w->row_room = room;
  add_by_nodes(tree, bins, walk, w, margin);
done:
  return status;
}

void gbt_router_free(gbt_router *w) {
  hpo_mem_free(w->rule);
  hpo_mem_free(w->begin);
  hpo_mem_free(w->end);
  hpo_mem_free(w->place);
  hpo_mem_free(w->right);
  *w = (gbt_router){0};
}
