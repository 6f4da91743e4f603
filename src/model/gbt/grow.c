/* SPDX-License-Identifier: BSD-3-Clause */
/* One tree.
 *
 * Nodes do not depend on one another, so they are worked off depth first,
 * the smaller child before the larger: then at most log2(rows) histograms
 * are alive at a time, whatever the depth, and a node's rows are still in
 * the cache when its children need them.  Nodes of few rows need no
 * histogram: their cells are added, searched and cleared.
 *
 *   stack --search--> no split -----------------------------> leaf
 *     ^                |  split
 *     |                v
 *     +------------- two children (children.c)
 *
 * With max_leaves a node is searched as soon as it is made, and the first by
 * grow_policy is split next (leaves.c); without, the policy does not matter.
 * Several ranks work on many nodes at a time (wave.c).
 *
 * At the end nodes are numbered breadth first with right = left + 1. */
#include "grow.h"
#include "median.h"

#include <math.h>
#include <string.h>

/* Least gain of a split, as in XGBoost (kRtEps). */
#define LEAST_GAIN 1e-6

static gbt_ground make_home(const hpo_bins *b, size_t base) {
  return (gbt_ground){
      .code = (const uint8_t *)b->code + base * b->stride,
      .start = b->csr.start != NULL ? b->csr.start + base : NULL,
      .cell = b->csr.cell,
      .column = (const uint8_t *)b->column + base * b->code_bytes,
      .feature_step = (size_t)b->rows * b->code_bytes,
      .row_step = b->code_bytes};
}

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
  g->home = make_home(bins, (size_t)base);
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
  g->right_room = span;
  if (g->coll->size > 1)
    HPO_TRY(status, gbt_team_create(g, &g->team, err));
  *out = g;
  g = NULL;
done:
  gbt_grower_destroy(g);
  return status;
}

void gbt_grower_destroy(gbt_grower *g) {
  if (g == NULL)
    return;
  gbt_team_destroy(g->team);
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
  size_t adds =
      g->ground->start != NULL ? g->bins->csr.per_row : g->draw.tree.n;

  return node->n * adds * GBT_SMALL < g->pool.layout.used;
}

hpo_status gbt_grow_add(gbt_grower *g, gbt_work node, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&g->work, &g->work_room, g->n_work + 1,
                               sizeof *g->work, err));
  node.number = (int32_t)g->n_work;
  g->work[g->n_work++] = node;
done:
  return status;
}

hpo_status gbt_grow_push(gbt_grower *g, int32_t node, hpo_error *err) {
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
                   .owner = -1,
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
  g->n_work = g->n_open = 0;
  HPO_TRY(status, gbt_grow_add(g, root, err));
done:
  return status;
}

hpo_status gbt_grow_columns(gbt_grower *g, const gbt_work *node,
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

void gbt_grow_judge(gbt_grower *g, gbt_work *node) {
  const gbt_gain *rule = gbt_grow_rule(g, node);

  node->gain = node->split.score - gbt_gain_node(rule, node->sums);
  node->is_open = node->split.score > rule->none && node->gain > LEAST_GAIN &&
                  node->gain >= g->config->gamma;
}

hpo_status gbt_grow_search(gbt_grower *g, const gbt_scale *scale,
                           gbt_work *node, hpo_error *err) {
  hpo_status status = HPO_OK;
  const gbt_set *set = NULL;

  (void)gbt_grow_rule(g, node);
  HPO_TRY(status, gbt_grow_columns(g, node, &set, err));
  if (node->hist.cell == NULL) {
    gbt_rows rows = gbt_grow_rows(g, node);
    gbt_hist_sparse(&g->pool, &rows, scale);
    gbt_search_sparse(&g->search, g->pool.sparse, g->pool.mask, scale->is_wide,
                      node->sums, set, &node->split);
  } else {
    gbt_search_full(&g->search, &node->hist, node->sums, set, &node->split);
  }
  gbt_grow_judge(g, node);
done:
  return status;
}

hpo_status gbt_grow_start(gbt_grower *g, const gbt_scale *scale,
                          gbt_work *node, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_rows rows = gbt_grow_rows(g, node);

  if (gbt_grow_is_small(g, node))
    goto done;
  HPO_TRY(status, gbt_pool_take(&g->pool, &node->hist, err));
  gbt_hist_build(&g->pool, &rows, scale, &node->hist);
done:
  return status;
}

/* --- Trees -------------------------------------------------------------- */

/* Splits a node and opens its children, the smaller to be taken first. */
static hpo_status expand(gbt_grower *g, const gbt_scale *scale, int32_t at,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t small = 0, large = 0;

  HPO_TRY(status, gbt_grow_children(g, scale, at, err));
  gbt_grow_order(g, at, &small, &large);
  if (gbt_grow_may_split(g, &g->work[large]))
    HPO_TRY(status, gbt_grow_push(g, large, err));
  if (gbt_grow_may_split(g, &g->work[small]))
    HPO_TRY(status, gbt_grow_push(g, small, err));
done:
  return status;
}

hpo_status gbt_grow_all(gbt_grower *g, const gbt_scale *scale,
                        hpo_error *err) {
  hpo_status status = HPO_OK;

  while (g->n_open > 0) {
    int32_t at = g->open[--g->n_open];
    HPO_TRY(status, gbt_grow_search(g, scale, &g->work[at], err));
    if (g->work[at].is_open)
      HPO_TRY(status, expand(g, scale, at, err));
    else
      gbt_pool_give(&g->pool, &g->work[at].hist);
  }
done:
  return status;
}

/* The tree of the root, whose rows all lie at home. */
static hpo_status grow_alone(gbt_grower *g, const gbt_scale *scale,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, gbt_grow_start(g, scale, &g->work[0], err));
  if (g->config->max_leaves > 0) {
    HPO_TRY(status, gbt_grow_some(g, scale, err));
  } else {
    HPO_TRY(status, gbt_grow_push(g, 0, err));
    HPO_TRY(status, gbt_grow_all(g, scale, err));
  }
done:
  return status;
}

hpo_status gbt_grower_tree(gbt_grower *g, const gbt_task *task, gbt_tree *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;

  gbt_search_begin(&g->search, g->config, &task->scale);
  gbt_draw_tree(&g->draw, task->tree);
  g->home.idx = task->idx;
  g->home.gh = task->gh;
  g->ground = &g->home;
  HPO_TRY(status, make_root(g, task, err));
  if (gbt_grow_may_split(g, &g->work[0]))
    HPO_TRY(status, g->team != NULL ? gbt_team_grow(g, &task->scale, err)
                                    : grow_alone(g, &task->scale, err));
  HPO_TRY(status, gbt_grow_finish(g, task, out, err));
done:
  return status;
}
