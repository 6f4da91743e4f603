/* SPDX-License-Identifier: BSD-3-Clause */
/* Two children of a node: their rows and their histograms.
 *
 * Of two children one is added up and the other is what remains of the
 * parent. */
#include "grow.h"

#include <string.h>

gbt_rows gbt_grow_rows(const gbt_grower *g, const gbt_task *task,
                       const gbt_work *node) {
  return (gbt_rows){.row = task->idx + node->begin,
                    .n = node->n,
                    .total = node->total,
                    .gh = task->gh,
                    .code = g->code,
                    .start = g->start,
                    .set = gbt_draw_is_part(&g->draw) ? &g->draw.tree : NULL};
}

const gbt_gain *gbt_grow_rule(gbt_grower *g, const gbt_work *node) {
  g->search.rule.lower = node->lower;
  g->search.rule.upper = node->upper;
  return &g->search.rule;
}

bool gbt_grow_may_split(const gbt_grower *g, const gbt_work *node) {
  const gbt_gain *r = &g->search.rule;

  return node->depth < g->config->max_depth && node->total >= 2 &&
         (double)node->sums.h * r->unit_h >= 2 * r->min_hess;
}

bool gbt_grow_is_small(const gbt_grower *g, const gbt_work *node) {
  size_t adds = g->start != NULL ? g->bins->csr.per_row : g->draw.tree.n;

  return g->coll->size == 1 &&
         node->n * adds * GBT_SMALL < g->pool.layout.used;
}

hpo_status gbt_grow_add(gbt_grower *g, gbt_work node, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&g->work, &g->work_room, g->n_work + 1,
                               sizeof *g->work, err));
  g->work[g->n_work++] = node;
done:
  return status;
}

const uint8_t *gbt_grow_column(const gbt_grower *g, uint32_t feature) {
  const hpo_bins *b = g->bins;

  return (const uint8_t *)b->column +
         ((size_t)feature * (size_t)b->rows + g->base) * b->code_bytes;
}

gbt_node gbt_grow_node(const gbt_work *w) {
  return (gbt_node){.feature = w->split.feature,
                    .bin = w->split.bin,
                    .categorical = w->split.categorical,
                    .default_left = w->split.default_left};
}

/* Parts the rows of a node: n_left and, over the team, total_left. */
static hpo_status part_rows(gbt_grower *g, const gbt_task *task,
                            const gbt_work *w, size_t *n_left,
                            hpo_row *total_left, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_node node = gbt_grow_node(w);
  gbt_rule rule = gbt_rule_get(&node, 0, g->bins);
  uint32_t *row = task->idx + w->begin;
  size_t n = gbt_kernel_partition(&rule, gbt_grow_column(g, rule.feature),
                                  g->bins->code_bytes, row, w->n, g->right);
  int64_t total = (int64_t)n;

  memcpy(row + n, g->right, (w->n - n) * sizeof *row);
  if (g->coll->size > 1)
    HPO_TRY(status, g->coll->sum(g->coll->self, &total, 1, err));
  *n_left = n;
  *total_left = total;
done:
  return status;
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

/* Parts the rows of a node and makes its children. */
static hpo_status split_node(gbt_grower *g, const gbt_task *task, int32_t at,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_work *w = &g->work[at];
  gbt_work left = {.parent = at, .left = -1}, right = left;

  HPO_TRY(status, part_rows(g, task, w, &left.n, &left.total, err));
  left.depth = right.depth = w->depth + 1;
  left.path = 2 * w->path;
  right.path = left.path + 1;
  left.begin = w->begin;
  right.begin = w->begin + left.n;
  right.n = w->n - left.n;
  right.total = w->total - left.total;
  left.sums = w->split.left;
  right.sums = w->split.right;
  bound(g, w, &left, &right);
  w->left = (int32_t)g->n_work;
  HPO_TRY(status, gbt_grow_add(g, left, err));
  HPO_TRY(status, gbt_grow_add(g, right, err));
done:
  return status;
}

/* Histograms of two children from the parent's: the smaller is added up.
 * Children that need none are left without. */
static hpo_status prepare(gbt_grower *g, const gbt_task *task,
                          gbt_hist *parent, gbt_work *small, gbt_work *large,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_rows rows = gbt_grow_rows(g, task, small);
  bool full_small =
      gbt_grow_may_split(g, small) && !gbt_grow_is_small(g, small);
  bool full_large =
      gbt_grow_may_split(g, large) && !gbt_grow_is_small(g, large);
  gbt_hist h = {.cell = NULL};

  if (full_large && gbt_grow_is_small(g, small)) {
    gbt_hist_remove(&g->pool, parent, &rows, &task->scale, large->total);
  } else if (full_large || full_small) {
    HPO_TRY(status, gbt_pool_take(&g->pool, &h, err));
    HPO_TRY(status,
            gbt_hist_build(&g->pool, &rows, &task->scale, g->coll, &h, err));
    if (full_large)
      gbt_hist_subtract(&g->pool, parent, &h, &task->scale, large->total);
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

hpo_status gbt_grow_children(gbt_grower *g, const gbt_task *task, int32_t at,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t left = 0, small = 0;
  gbt_hist hist = {.cell = NULL};

  HPO_TRY(status, split_node(g, task, at, err));
  left = g->work[at].left;
  small = left + (g->work[left + 1].total < g->work[left].total);
  hist = g->work[at].hist;
  g->work[at].hist.cell = NULL;
  if (hist.cell != NULL)
    HPO_TRY(status, prepare(g, task, &hist, &g->work[small],
                            &g->work[2 * left + 1 - small], err));
done:
  return status;
}
