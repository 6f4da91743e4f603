/* SPDX-License-Identifier: BSD-3-Clause */
/* Two children of a node: their rows and their histograms.
 *
 * Of two children one is added up and the other is what remains of the
 * parent. */
#include "grow.h"

#include <string.h>

gbt_rows gbt_grow_rows(const gbt_grower *g, const gbt_work *node) {
  const gbt_ground *on = g->ground;

  return (gbt_rows){.row = on->idx + node->begin,
                    .n = node->n,
                    .total = node->total,
                    .gh = on->gh,
                    .code = on->code,
                    .start = on->start,
                    .cell = on->cell,
                    .set = gbt_draw_is_part(&g->draw) ? &g->draw.tree : NULL};
}

gbt_node gbt_grow_node(const gbt_work *w) {
  return (gbt_node){.feature = w->split.feature,
                    .bin = w->split.bin,
                    .categorical = w->split.categorical,
                    .default_left = w->split.default_left};
}

size_t gbt_grow_part(gbt_grower *g, const gbt_work *node) {
  const gbt_ground *on = g->ground;
  gbt_node split = gbt_grow_node(node);
  gbt_rule rule = gbt_rule_get(&split, 0, g->bins);
  gbt_column column = {on->column + rule.feature * on->feature_step,
                       on->row_step, g->bins->code_bytes};
  uint32_t *row = on->idx + node->begin;
  size_t n = gbt_kernel_partition(&rule, &column, row, node->n, g->right);

  memcpy(row + n, g->right, (node->n - n) * sizeof *row);
  return n;
}

/* Bounds of two children's weights. */
static void bound(gbt_grower *g, const gbt_work *w, gbt_work *left,
                  gbt_work *right) {
  const gbt_gain *rule = gbt_grow_rule(g, w);
  int direction = 0;
  double middle = 0;

  left->lower = right->lower = w->lower;
  left->upper = right->upper = w->upper;
  if (!rule->is_bound)
    return;
  direction = g->limits.direction[w->split.feature];
  middle = (gbt_gain_weight(rule, w->split.left) +
            gbt_gain_weight(rule, w->split.right)) /
           2;
  if (direction > 0)
    left->upper = right->lower = middle;
  else if (direction < 0)
    left->lower = right->upper = middle;
}

hpo_status gbt_grow_pair(gbt_grower *g, int32_t at, size_t n_left,
                         hpo_row total_left, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_work *w = &g->work[at];
  gbt_work left = {.parent = at, .left = -1, .owner = w->owner}, right = left;

  left.depth = right.depth = w->depth + 1;
  left.path = 2 * w->path;
  right.path = left.path + 1;
  left.begin = w->begin;
  left.n = n_left;
  right.begin = w->begin + n_left;
  right.n = w->n - n_left;
  left.total = total_left;
  right.total = w->total - total_left;
  left.sums = w->split.left;
  right.sums = w->split.right;
  bound(g, w, &left, &right);
  w->left = (int32_t)g->n_work;
  HPO_TRY(status, gbt_grow_add(g, left, err));
  HPO_TRY(status, gbt_grow_add(g, right, err));
done:
  return status;
}

void gbt_grow_order(const gbt_grower *g, int32_t at, int32_t *small,
                    int32_t *large) {
  int32_t left = g->work[at].left;

  *small = left + (g->work[left + 1].total < g->work[left].total);
  *large = 2 * left + 1 - *small;
}

/* Histograms of two children from the parent's: the smaller is added up.
 * Children that need none are left without. */
static hpo_status prepare(gbt_grower *g, const gbt_scale *scale,
                          gbt_hist *parent, gbt_work *small, gbt_work *large,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_rows rows = gbt_grow_rows(g, small);
  bool full_small =
      gbt_grow_may_split(g, small) && !gbt_grow_is_small(g, small);
  bool full_large =
      gbt_grow_may_split(g, large) && !gbt_grow_is_small(g, large);
  gbt_hist h = {.cell = NULL};

  if (full_large && gbt_grow_is_small(g, small)) {
    gbt_hist_remove(&g->pool, parent, &rows, scale, large->total);
  } else if (full_large || full_small) {
    HPO_TRY(status, gbt_pool_take(&g->pool, &h, err));
    gbt_hist_build(&g->pool, &rows, scale, &h);
    if (full_large)
      gbt_hist_subtract(&g->pool, parent, &h, scale, large->total);
  }
  if (full_large) {
    large->hist = *parent;
    parent->cell = NULL;
  }
  if (full_small) {
    small->hist = h;
    h.cell = NULL;
  }
done:
  gbt_pool_give(&g->pool, &h);
  gbt_pool_give(&g->pool, parent);
  return status;
}

hpo_status gbt_grow_children(gbt_grower *g, const gbt_scale *scale, int32_t at,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t small = 0, large = 0;
  gbt_hist hist = g->work[at].hist;
  size_t n_left = gbt_grow_part(g, &g->work[at]);

  HPO_TRY(status, gbt_grow_pair(g, at, n_left, (hpo_row)n_left, err));
  gbt_grow_order(g, at, &small, &large);
  g->work[at].hist.cell = NULL;
  if (hist.cell != NULL)
    HPO_TRY(status,
            prepare(g, scale, &hist, &g->work[small], &g->work[large], err));
done:
  return status;
}
