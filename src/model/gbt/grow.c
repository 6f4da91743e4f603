/* SPDX-License-Identifier: BSD-3-Clause */
/* One tree.
 *
 * Nodes do not depend on one another, so they are worked off depth first,
 * the smaller child before the larger: then at most log2(rows) histograms
 * are alive at a time, whatever the depth, and a node's rows are still in
 * the cache when its children need them.  Nodes of few rows need no
 * histogram: their cells are added, searched and cleared.
 *
 *   open --search--> no split -----------------------------> leaf
 *     ^                |  split
 *     |                v
 *     +------------- two children (children.c)
 *
 * With max_leaves a node is searched as soon as it is made, and the first by
 * grow_policy is split next; without, the policy does not matter.
 *
 * At the end nodes are numbered breadth first with right = left + 1. */
#include "grow.h"
#include "median.h"

#include <math.h>
#include <string.h>

/* Least gain of a split, as in XGBoost (kRtEps). */
#define LEAST_GAIN 1e-6

hpo_status gbt_grower_create(const hpo_model_input *in, const gbt_config *c,
                             hpo_row base, size_t span, gbt_grower **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_grower *g = NULL;
  const hpo_bins *bins = in->part.bins;

  HPO_TRY(status, hpo_mem_new(1, sizeof *g, &g, err));
  g->config = c;
  g->bins = bins;
  g->coll = in->coll;
  g->base = (size_t)base;
  g->code = (const uint8_t *)bins->code + (size_t)base * bins->stride;
  if (bins->csr.start != NULL)
    g->start = bins->csr.start + base;
  HPO_TRY(status, gbt_pool_create(bins, &g->pool, err));
  HPO_TRY(status,
          gbt_search_create(bins, g->pool.layout.offset, &g->search, err));
  HPO_TRY(status,
          gbt_limits_create(in->options, in->part.data, &g->limits, err));
  g->y = in->part.data->y + base;
  if (in->part.data->weight != NULL)
    g->weight = in->part.data->weight + base;
  if (c->objective == GBT_ABSOLUTE)
    HPO_TRY(status, gbt_median_unit(in, &g->weight_unit, err));
  g->search.direction = g->limits.direction;
  HPO_TRY(status, gbt_draw_create(bins->columns, c, in->seed, &g->draw, err));
  HPO_TRY(status, hpo_mem_new_aligned(span, sizeof *g->right, &g->right, err));
  *out = g;
  g = NULL;
done:
  gbt_grower_destroy(g);
  return status;
}

void gbt_grower_destroy(gbt_grower *g) {
  if (g == NULL)
    return;
  gbt_pool_free(&g->pool);
  gbt_search_free(&g->search);
  gbt_draw_free(&g->draw);
  gbt_limits_free(&g->limits);
  hpo_mem_free(g->right);
  hpo_mem_free(g->work);
  hpo_mem_free(g->open);
  hpo_mem_free(g);
}

/* --- Nodes ------------------------------------------------------------ */

static hpo_status push(gbt_grower *g, int32_t node, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&g->open, &g->open_room, g->n_open + 1,
                               sizeof *g->open, err));
  g->open[g->n_open++] = node;
done:
  return status;
}

/* The root: sums of the sample over the team. */
static hpo_status make_root(gbt_grower *g, const gbt_task *task,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_work root = {.parent = -1,
                   .left = -1,
                   .path = 1,
                   .n = task->n,
                   .lower = (double)-INFINITY,
                   .upper = (double)INFINITY};
  int64_t sum[3] = {0, 0, (int64_t)task->n};

  for (size_t i = 0; i < task->n; i++) {
    int64_t v = task->gh[task->idx[i]];
    sum[0] += v >> 32;
    sum[1] += v & 0xffffffff;
  }
  HPO_TRY(status, g->coll->sum(g->coll->self, sum, 3, err));
  root.sums = (gbt_sums){sum[0], sum[1]};
  root.total = sum[2];
  g->n_work = 0;
  HPO_TRY(status, gbt_grow_add(g, root, err));
done:
  return status;
}

/* The columns that a node may use. */
static hpo_status node_columns(gbt_grower *g, const gbt_work *node,
                               const gbt_set **set, hpo_error *err) {
  hpo_status status = HPO_OK;
  const gbt_work *above = node;

  HPO_TRY(status, gbt_draw_node(&g->draw, node->depth, node->path, set, err));
  if (g->limits.n_set == 0 || node->parent < 0)
    goto done;
  gbt_limits_begin(&g->limits);
  while (above->parent >= 0) {
    above = &g->work[above->parent];
    gbt_limits_add(&g->limits, above->split.feature);
  }
  *set = gbt_limits_filter(&g->limits, *set);
done:
  return status;
}

/* Best split of a node; the team's first rank decides. */
static hpo_status search_node(gbt_grower *g, const gbt_task *task,
                              gbt_work *node, hpo_error *err) {
  hpo_status status = HPO_OK;
  const gbt_set *set = NULL;
  gbt_split *split = &node->split;
  bool is_wide = task->scale.is_wide;

  const gbt_gain *rule = gbt_grow_rule(g, node);

  HPO_TRY(status, node_columns(g, node, &set, err));
  if (node->hist.cell == NULL) {
    gbt_rows rows = gbt_grow_rows(g, task, node);
    gbt_hist_sparse(&g->pool, &rows, &task->scale);
    gbt_search_sparse(&g->search, g->pool.sparse, g->pool.mask, is_wide,
                      node->sums, set, split);
  } else if (g->coll->rank == 0) {
    gbt_search_full(&g->search, &node->hist, node->sums, set, split);
  }
  if (g->coll->size > 1)
    HPO_TRY(status,
            g->coll->broadcast(g->coll->self, split, sizeof *split, err));
  node->gain = split->score - gbt_gain_node(rule, node->sums);
done:
  return status;
}

static bool is_worth(const gbt_grower *g, const gbt_work *node) {
  return node->split.score > g->search.rule.none && node->gain > LEAST_GAIN &&
         node->gain >= g->config->gamma;
}

/* Splits a node and opens its children, the smaller to be taken first. */
static hpo_status expand(gbt_grower *g, const gbt_task *task, int32_t at,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t left = 0, small = 0, large = 0;

  HPO_TRY(status, gbt_grow_children(g, task, at, err));
  left = g->work[at].left;
  small = left + (g->work[left + 1].total < g->work[left].total);
  large = 2 * left + 1 - small;
  if (gbt_grow_may_split(g, &g->work[large]))
    HPO_TRY(status, push(g, large, err));
  if (gbt_grow_may_split(g, &g->work[small]))
    HPO_TRY(status, push(g, small, err));
done:
  return status;
}

/* --- Order of the work ------------------------------------------------- */

/* All nodes that are worth it, depth first. */
static hpo_status grow_all(gbt_grower *g, const gbt_task *task,
                           hpo_error *err) {
  hpo_status status = HPO_OK;

  while (g->n_open > 0) {
    int32_t at = g->open[--g->n_open];
    HPO_TRY(status, search_node(g, task, &g->work[at], err));
    if (is_worth(g, &g->work[at]))
      HPO_TRY(status, expand(g, task, at, err));
    else
      gbt_pool_give(&g->pool, &g->work[at].hist);
  }
done:
  return status;
}

/* Whether node a is split before node b: by gain or by depth, then by
   number, which is the order in which nodes were made. */
static bool is_before(const gbt_grower *g, int32_t a, int32_t b) {
  const gbt_work *x = &g->work[a], *y = &g->work[b];

  if (g->config->is_lossguide && x->gain != y->gain)
    return x->gain > y->gain;
  if (!g->config->is_lossguide && x->depth != y->depth)
    return x->depth < y->depth;
  return a < b;
}

/* Takes the first of the searched nodes out of the heap g->open[0 .. n). */
static int32_t take_first(gbt_grower *g, size_t *n) {
  int32_t first = g->open[0], last = g->open[--*n];
  size_t at = 0, child = 1;

  while (child < *n) {
    if (child + 1 < *n && is_before(g, g->open[child + 1], g->open[child]))
      child++;
    if (is_before(g, last, g->open[child]))
      break;
    g->open[at] = g->open[child];
    at = child;
    child = 2 * at + 1;
  }
  g->open[at] = last;
  return first;
}

/* Searches the nodes behind the heap of n and puts those that are worth it
   into it; the smaller child lies behind the larger. */
static hpo_status search_open(gbt_grower *g, const gbt_task *task, size_t *n,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t fresh[2] = {0, 0};
  size_t n_fresh = g->n_open - *n;

  for (size_t i = 0; i < n_fresh; i++)
    fresh[i] = g->open[--g->n_open];
  for (size_t i = 0; i < n_fresh; i++) {
    gbt_work *w = &g->work[fresh[i]];
    size_t at = *n;
    HPO_TRY(status, search_node(g, task, w, err));
    if (!is_worth(g, w)) {
      gbt_pool_give(&g->pool, &w->hist);
      continue;
    }
    for (; at > 0 && is_before(g, fresh[i], g->open[(at - 1) / 2]);
         at = (at - 1) / 2)
      g->open[at] = g->open[(at - 1) / 2];
    g->open[at] = fresh[i];
    g->n_open = ++*n;
  }
done:
  return status;
}

/* The first nodes by the policy until there are max_leaves leaves (XGBoost's
   driver.h); each waits with its histogram. */
static hpo_status grow_some(gbt_grower *g, const gbt_task *task,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = 0;

  HPO_TRY(status, search_open(g, task, &n, err));
  for (int64_t leaves = 1; n > 0; leaves++) {
    int32_t at = take_first(g, &n);
    g->n_open = n;
    HPO_TRY(status, expand(g, task, at, err));
    if (leaves + 1 >= g->config->max_leaves)
      break;
    HPO_TRY(status, search_open(g, task, &n, err));
  }
  for (size_t i = 0; i < g->n_open; i++)
    gbt_pool_give(&g->pool, &g->work[g->open[i]].hist);
  g->n_open = 0;
done:
  return status;
}

hpo_status gbt_grower_tree(gbt_grower *g, const gbt_task *task, gbt_tree *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_work *root = NULL;
  gbt_rows rows = {.n = 0};

  gbt_search_begin(&g->search, g->config, &task->scale);
  gbt_draw_tree(&g->draw, task->tree);
  g->n_open = 0;
  HPO_TRY(status, make_root(g, task, err));
  root = &g->work[0];
  rows = gbt_grow_rows(g, task, root);
  if (gbt_grow_may_split(g, root)) {
    if (!gbt_grow_is_small(g, root)) {
      HPO_TRY(status, gbt_pool_take(&g->pool, &root->hist, err));
      HPO_TRY(status, gbt_hist_build(&g->pool, &rows, &task->scale, g->coll,
                                     &root->hist, err));
    }
    HPO_TRY(status, push(g, 0, err));
  }
  HPO_TRY(status, g->config->max_leaves > 0 ? grow_some(g, task, err)
                                            : grow_all(g, task, err));
  HPO_TRY(status, gbt_grow_finish(g, task, out, err));
done:
  return status;
}
