/* SPDX-License-Identifier: BSD-3-Clause */
/* One tree.
 *
 * Nodes do not depend on one another, so they are worked off depth first,
 * the smaller child before the larger: then at most log2(rows) histograms
 * are alive at a time, whatever the depth, and a node's rows are still in
 * the cache when its children need them.  Of two children the smaller is
 * added up and the larger is what remains of the parent.  Nodes of few rows
 * need no histogram: their cells are added, searched and cleared.
 *
 *   open --search--> no split -----------------------------> leaf
 *     ^                |  split
 *     |                v
 *     +-- prepare -- two children
 *
 * At the end nodes are numbered breadth first with right = left + 1. */
#include "gbt.h"
#include "kernels.h"

#include <string.h>

/* Least gain of a split, as in XGBoost (kRtEps). */
#define LEAST_GAIN 1e-6
/* A node is small if its codes, this many times, are fewer than cells. */
#define SMALL 2
/* A node of so many rows is parted in blocks, and a child added up on the
   way. */
#define FUSED_ROWS 8192
#define FUSED_BLOCK 1024

typedef struct work_node {
  int32_t parent, left; /* indices of work nodes; -1: none */
  int64_t depth;
  uint64_t path;   /* 1, then twice the parent's, + 1 on the right */
  size_t begin, n; /* rows of this rank: idx[begin .. begin + n) */
  hpo_row total;   /* rows of the team */
  gbt_sums sums;
  gbt_hist hist; /* cell NULL: small, or a leaf */
  gbt_split split;
  double gain;
} work_node;

struct gbt_grower {
  const gbt_config *config;
  const hpo_bins *bins;
  const hpo_coll *coll;
  const uint8_t *code; /* of row 0 */
  gbt_pool pool;
  gbt_search search;
  gbt_draw draw;
  uint32_t *right; /* [span] rows that go right */
  work_node *work; /* [n_work] */
  size_t n_work, work_room;
  int32_t *open; /* stack [n_open], and the order of numbering */
  size_t n_open, open_room;
};

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
  g->code = (const uint8_t *)bins->code + (size_t)base * bins->stride;
  HPO_TRY(status, gbt_pool_create(bins, &g->pool, err));
  HPO_TRY(status,
          gbt_search_create(bins, g->pool.layout.offset, &g->search, err));
  HPO_TRY(status, gbt_draw_create(bins->columns, c, in->seed, &g->draw, err));
  HPO_TRY(status, hpo_mem_new(span, sizeof *g->right, &g->right, err));
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
  hpo_mem_free(g->right);
  hpo_mem_free(g->work);
  hpo_mem_free(g->open);
  hpo_mem_free(g);
}

/* --- Nodes ------------------------------------------------------------ */

static gbt_rows rows_of(const gbt_grower *g, const gbt_task *task,
                        const work_node *node) {
  return (gbt_rows){.row = task->idx + node->begin,
                    .n = node->n,
                    .total = node->total,
                    .gh = task->gh,
                    .code = g->code,
                    .set = gbt_draw_is_part(&g->draw) ? &g->draw.tree : NULL};
}

/* Whether a split of the node could have two children with enough. */
static bool may_split(const gbt_grower *g, const work_node *node) {
  const gbt_gain *r = &g->search.rule;

  return node->depth < g->config->max_depth && node->total >= 2 &&
         (double)node->sums.h * r->unit_h >= 2 * r->min_hess;
}

static bool is_small(const gbt_grower *g, const work_node *node) {
  return g->coll->size == 1 &&
         node->n * g->draw.tree.n * SMALL < g->pool.layout.used;
}

static hpo_status add_node(gbt_grower *g, work_node node, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&g->work, &g->work_room, g->n_work + 1,
                               sizeof *g->work, err));
  g->work[g->n_work++] = node;
done:
  return status;
}

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
  work_node root = {.parent = -1, .left = -1, .path = 1, .n = task->n};
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
  HPO_TRY(status, add_node(g, root, err));
done:
  return status;
}

/* Best split of a node; the team's first rank decides. */
static hpo_status search_node(gbt_grower *g, const gbt_task *task,
                              work_node *node, hpo_error *err) {
  hpo_status status = HPO_OK;
  const gbt_set *set = NULL;
  gbt_split *split = &node->split;
  bool is_wide = task->scale.is_wide;

  HPO_TRY(status, gbt_draw_node(&g->draw, node->depth, node->path, &set, err));
  if (node->hist.cell == NULL) {
    gbt_rows rows = rows_of(g, task, node);
    gbt_hist_sparse(&g->pool, &rows, &task->scale);
    gbt_search_sparse(&g->search, g->pool.sparse, g->pool.mask, is_wide,
                      node->sums, set, split);
  } else if (g->coll->rank == 0) {
    gbt_search_full(&g->search, &node->hist, node->sums, set, split);
  }
  if (g->coll->size > 1)
    HPO_TRY(status,
            g->coll->broadcast(g->coll->self, split, sizeof *split, err));
  node->gain = split->score - gbt_gain_node(&g->search.rule, node->sums);
done:
  return status;
}

static bool is_worth(const gbt_grower *g, const work_node *node) {
  return node->split.score >= 0 && node->gain > LEAST_GAIN &&
         node->gain >= g->config->gamma;
}

static gbt_node node_of(const work_node *w) {
  return (gbt_node){.feature = w->split.feature,
                    .bin = w->split.bin,
                    .categorical = w->split.categorical,
                    .default_left = w->split.default_left};
}

/* Whether the histogram of a child is to be added up while its parent's rows
   are parted: they come from memory only once then. */
static bool is_fused(const gbt_grower *g, const work_node *w) {
  const gbt_gain *r = &g->search.rule;
  int64_t l = w->split.left.h, h = w->split.right.h;

  return w->hist.cell != NULL && w->total >= FUSED_ROWS &&
         w->depth + 1 < g->config->max_depth &&
         (double)(l > h ? l : h) * r->unit_h >= 2 * r->min_hess;
}

/* Parts the rows of a node in blocks; adds those of one side to h. */
static size_t part_and_add(gbt_grower *g, const gbt_task *task,
                           const work_node *w, const gbt_rule *rule,
                           bool add_right, gbt_hist *h) {
  gbt_rows rows = rows_of(g, task, w);
  uint32_t *row = task->idx + w->begin;
  size_t stay = 0, gone = 0;

  for (size_t from = 0; from < w->n; from += FUSED_BLOCK) {
    size_t n = w->n - from < FUSED_BLOCK ? w->n - from : FUSED_BLOCK;
    size_t left = gbt_kernel_partition(rule, g->code, g->bins->stride,
                                       g->bins->code_bytes, row + from, n,
                                       g->right + gone);
    memmove(row + stay, row + from, left * sizeof *row);
    rows.row = add_right ? g->right + gone : row + stay;
    rows.n = add_right ? n - left : left;
    gbt_hist_more(&g->pool, &rows, &task->scale, h);
    stay += left;
    gone += n - left;
  }
  return stay;
}

/* Parts the rows of a node: n_left and, over the team, total_left.  h: the
   histogram of the child with less hessian, if it is made at once. */
static hpo_status part_rows(gbt_grower *g, const gbt_task *task,
                            const work_node *w, size_t *n_left,
                            hpo_row *total_left, gbt_hist *h, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_node node = node_of(w);
  gbt_rule rule = gbt_rule_get(&node, 0, g->bins);
  uint32_t *row = task->idx + w->begin;
  bool add_right = w->split.right.h < w->split.left.h;
  size_t n = 0;
  int64_t total = 0;

  if (is_fused(g, w)) {
    HPO_TRY(status, gbt_pool_take(&g->pool, h, err));
    gbt_hist_begin(&g->pool, &task->scale, w->total, h);
    n = part_and_add(g, task, w, &rule, add_right, h);
  } else {
    n = gbt_kernel_partition(&rule, g->code, g->bins->stride,
                             g->bins->code_bytes, row, w->n, g->right);
  }
  memcpy(row + n, g->right, (w->n - n) * sizeof *row);
  total = (int64_t)n;
  if (g->coll->size > 1)
    HPO_TRY(status, g->coll->sum(g->coll->self, &total, 1, err));
  if (h->cell != NULL)
    HPO_TRY(status,
            gbt_hist_end(&g->pool, &task->scale, g->coll,
                         add_right ? w->total - total : total, h, err));
  *n_left = n;
  *total_left = total;
done:
  return status;
}

/* Parts the rows of a node and makes its children. */
static hpo_status split_node(gbt_grower *g, const gbt_task *task, int32_t at,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  work_node *w = &g->work[at];
  work_node left = {.parent = at, .left = -1}, right = left;
  gbt_hist h = {.cell = NULL};

  HPO_TRY(status, part_rows(g, task, w, &left.n, &left.total, &h, err));
  left.depth = right.depth = w->depth + 1;
  left.path = 2 * w->path;
  right.path = left.path + 1;
  left.begin = w->begin;
  right.begin = w->begin + left.n;
  right.n = w->n - left.n;
  right.total = w->total - left.total;
  left.sums = w->split.left;
  right.sums = w->split.right;
  if (right.sums.h < left.sums.h)
    right.hist = h;
  else
    left.hist = h;
  w->left = (int32_t)g->n_work;
  HPO_TRY(status, add_node(g, left, err));
  HPO_TRY(status, add_node(g, right, err));
done:
  return status;
}

/* Histograms of two children from the parent's; small may have its own
 * already.  Children that need none are left without. */
static hpo_status prepare(gbt_grower *g, const gbt_task *task,
                          gbt_hist *parent, work_node *small, work_node *large,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_rows rows = rows_of(g, task, small);
  bool full_small = may_split(g, small) && !is_small(g, small);
  bool full_large = may_split(g, large) && !is_small(g, large);
  bool is_made = small->hist.cell != NULL;
  gbt_hist h = small->hist;

  small->hist.cell = NULL;
  if (full_large && !is_made && is_small(g, small)) {
    gbt_hist_remove(&g->pool, parent, &rows, &task->scale, large->total);
  } else if (full_large || (full_small && !is_made)) {
    if (!is_made) {
      HPO_TRY(status, gbt_pool_take(&g->pool, &h, err));
      HPO_TRY(status,
              gbt_hist_build(&g->pool, &rows, &task->scale, g->coll, &h, err));
    }
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

/* Which child is added up: the one that is already, else the smaller. */
static bool is_right_small(const work_node *left, const work_node *right) {
  if (left->hist.cell != NULL || right->hist.cell != NULL)
    return right->hist.cell != NULL;
  return right->total < left->total;
}

/* Splits a node and opens its children, the smaller to be taken first. */
static hpo_status expand(gbt_grower *g, const gbt_task *task, int32_t at,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t left = 0, small = 0, large = 0;
  gbt_hist hist = {.cell = NULL};

  HPO_TRY(status, split_node(g, task, at, err));
  left = g->work[at].left;
  small = left + is_right_small(&g->work[left], &g->work[left + 1]);
  large = 2 * left + 1 - small;
  hist = g->work[at].hist;
  g->work[at].hist.cell = NULL;
  if (hist.cell != NULL)
    HPO_TRY(status,
            prepare(g, task, &hist, &g->work[small], &g->work[large], err));
  if (g->work[large].total < g->work[small].total) {
    small = large;
    large = 2 * left + 1 - small;
  }
  if (may_split(g, &g->work[large]))
    HPO_TRY(status, push(g, large, err));
  if (may_split(g, &g->work[small]))
    HPO_TRY(status, push(g, small, err));
done:
  return status;
}

/* --- The finished tree ------------------------------------------------ */

static void finish_node(const gbt_grower *g, const gbt_task *task,
                        const work_node *w, gbt_node *out) {
  double weight = gbt_gain_weight(&g->search.rule, w->sums);

  *out = node_of(w);
  out->left = out->parent = -1;
  out->cover = (float)((double)w->sums.h * g->search.rule.unit_h);
  out->weight = (float)weight;
  if (w->left >= 0) {
    out->gain = (float)w->gain;
    return;
  }
  *out = (gbt_node){.parent = -1, .left = -1, .cover = out->cover};
  out->value = (float)(weight * g->config->learning_rate);
  out->weight = out->value;
  for (size_t i = w->begin; i < w->begin + w->n; i++)
    task->margin[task->idx[i]] += out->value;
}

/* Numbers the nodes breadth first. */
static hpo_status finish(gbt_grower *g, const gbt_task *task, gbt_tree *out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_node *node = NULL;
  size_t next = 1;

  HPO_TRY(status, hpo_mem_new(g->n_work, sizeof *node, &node, err));
  HPO_TRY(status, hpo_mem_grow(&g->open, &g->open_room, g->n_work,
                               sizeof *g->open, err));
  g->open[0] = 0;
  node[0].parent = -1;
  for (size_t i = 0; i < g->n_work; i++) {
    const work_node *w = &g->work[g->open[i]];
    int32_t parent = node[i].parent;
    finish_node(g, task, w, &node[i]);
    node[i].parent = parent;
    for (int32_t side = 0; w->left >= 0 && side < 2; side++, next++) {
      g->open[next] = w->left + side;
      node[next].parent = (int32_t)i;
    }
    if (w->left >= 0)
      node[i].left = (int32_t)next - 2;
  }
  *out = (gbt_tree){node, g->n_work};
done:
  return status;
}

hpo_status gbt_grower_tree(gbt_grower *g, const gbt_task *task, gbt_tree *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  work_node *root = NULL;
  gbt_rows rows = {.n = 0};

  gbt_search_begin(&g->search, g->config, &task->scale);
  gbt_draw_tree(&g->draw, task->tree);
  g->n_open = 0;
  HPO_TRY(status, make_root(g, task, err));
  root = &g->work[0];
  rows = rows_of(g, task, root);
  if (may_split(g, root)) {
    if (!is_small(g, root)) {
      HPO_TRY(status, gbt_pool_take(&g->pool, &root->hist, err));
      HPO_TRY(status, gbt_hist_build(&g->pool, &rows, &task->scale, g->coll,
                                     &root->hist, err));
    }
    HPO_TRY(status, push(g, 0, err));
  }
  while (g->n_open > 0) {
    int32_t at = g->open[--g->n_open];
    HPO_TRY(status, search_node(g, task, &g->work[at], err));
    if (is_worth(g, &g->work[at]))
      HPO_TRY(status, expand(g, task, at, err));
    else
      gbt_pool_give(&g->pool, &g->work[at].hist);
  }
  HPO_TRY(status, finish(g, task, out, err));
done:
  return status;
}
