/* SPDX-License-Identifier: BSD-3-Clause */
/* Which nodes are split, where max_leaves does not let all be (XGBoost,
 * driver.h): the first by grow_policy, again and again.
 *
 * One rank splits node by node.  A team splits several at a time, some in
 * vain, and then looks which of them one rank would have split: the gains are
 * known, and in which order nodes would have been made follows from them. */
#include "grow.h"

/* Whether node a is split before node b: by gain or by depth, then by
   number. */
static bool is_before(const gbt_grower *g, int32_t a, int32_t b) {
  const gbt_work *x = &g->work[a], *y = &g->work[b];

  if (g->config->is_lossguide && x->gain != y->gain)
    return x->gain > y->gain;
  if (!g->config->is_lossguide && x->depth != y->depth)
    return x->depth < y->depth;
  return x->number < y->number;
}

/* Takes the first node out of the heap g->open. */
static int32_t take_first(gbt_grower *g) {
  int32_t first = g->open[0], last = g->open[--g->n_open];
  size_t at = 0, child = 1;

  while (child < g->n_open) {
    if (child + 1 < g->n_open &&
        is_before(g, g->open[child + 1], g->open[child]))
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

/* Puts a node into the heap g->open. */
static hpo_status put(gbt_grower *g, int32_t node, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t at = g->n_open;

  HPO_TRY(status, gbt_grow_push(g, node, err));
  for (; at > 0 && is_before(g, node, g->open[(at - 1) / 2]);
       at = (at - 1) / 2)
    g->open[at] = g->open[(at - 1) / 2];
  g->open[at] = node;
done:
  return status;
}

/* Searches a node and puts it into the heap if its split is worth it; it
   waits there with its histogram. */
static hpo_status search_and_put(gbt_grower *g, const gbt_scale *scale,
                                 int32_t at, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (!gbt_grow_may_split(g, &g->work[at]))
    return HPO_OK;
  HPO_TRY(status, gbt_grow_search(g, scale, &g->work[at], err));
  if (g->work[at].is_open)
    HPO_TRY(status, put(g, at, err));
  else
    gbt_pool_give(&g->pool, &g->work[at].hist);
done:
  return status;
}

hpo_status gbt_grow_some(gbt_grower *g, const gbt_scale *scale,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t small = 0, large = 0;

  HPO_TRY(status, search_and_put(g, scale, 0, err));
  for (int64_t leaves = 1; g->n_open > 0; leaves++) {
    int32_t at = take_first(g);
    HPO_TRY(status, gbt_grow_children(g, scale, at, err));
    gbt_grow_order(g, at, &small, &large);
    if (leaves + 1 >= g->config->max_leaves) {
      gbt_pool_give(&g->pool, &g->work[small].hist);
      gbt_pool_give(&g->pool, &g->work[large].hist);
      break;
    }
    HPO_TRY(status, search_and_put(g, scale, small, err));
    HPO_TRY(status, search_and_put(g, scale, large, err));
  }
  for (size_t i = 0; i < g->n_open; i++)
    gbt_pool_give(&g->pool, &g->work[g->open[i]].hist);
  g->n_open = 0;
done:
  return status;
}

/* Numbers the children of a node as one rank would now make them. */
static hpo_status open_pair(gbt_grower *g, int32_t left, int32_t *number,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  for (int32_t i = left; i < left + 2; i++) {
    g->work[i].number = (*number)++;
    if (g->work[i].is_open)
      HPO_TRY(status, put(g, i, err));
  }
done:
  return status;
}

/* A node that is not split yet counts as one whose children are not worth a
   split: more competitors can only keep nodes out, so whoever is not split
   here is not split in the end. */
hpo_status gbt_grow_choose(gbt_grower *g, int32_t *list, size_t most,
                           size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t number = 1;

  *n = g->n_open = 0;
  if (g->work[0].is_open)
    HPO_TRY(status, put(g, 0, err));
  for (int64_t leaves = 1; g->n_open > 0 && leaves < g->config->max_leaves;
       leaves++) {
    int32_t at = take_first(g);
    if (g->work[at].left >= 0)
      HPO_TRY(status, open_pair(g, g->work[at].left, &number, err));
    else if (*n < most)
      list[(*n)++] = at;
  }
  for (size_t i = 0; *n == 0 && i < g->n_open; i++)
    g->work[g->open[i]].left = -1;
  g->n_open = 0;
done:
  return status;
}
