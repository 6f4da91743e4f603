/* SPDX-License-Identifier: BSD-3-Clause */
/* A grown tree as the model keeps it: leaves' values, which go into the
 * margins of the rows that grew it, and nodes numbered breadth first. */
#include "grow.h"
#include "median.h"

/* reg:absoluteerror: the median of what the leaf's rows leave (XGBoost,
   adaptive.cc), in place of a step. */
static hpo_status refresh_leaf(gbt_grower *g, const gbt_task *task,
                               const gbt_work *w, double *weight,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const uint32_t *row = task->idx + w->begin;
  gbt_points p = {.key = g->right,
                  .row = row,
                  .n = w->n,
                  .weight = g->weight,
                  .unit = g->weight_unit};
  float median = (float)*weight;

  gbt_median_residuals(row, w->n, g->y, task->margin, g->right);
  HPO_TRY(status, gbt_median(&p, g->coll, &median, err));
  *weight = (double)median;
done:
  return status;
}

static hpo_status finish_node(gbt_grower *g, const gbt_task *task,
                              const gbt_work *w, gbt_node *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  double weight = gbt_gain_weight(gbt_grow_rule(g, w), w->sums);

  *out = gbt_grow_node(w);
  out->left = out->parent = -1;
  out->cover = (float)((double)w->sums.h * g->search.rule.unit_h);
  out->weight = (float)weight;
  if (w->left >= 0) {
    out->gain = (float)w->gain;
    goto done;
  }
  if (g->config->objective == GBT_ABSOLUTE)
    HPO_TRY(status, refresh_leaf(g, task, w, &weight, err));
  *out = (gbt_node){.parent = -1, .left = -1, .cover = out->cover};
  out->value = (float)(weight * g->config->learning_rate);
  out->weight = out->value;
  for (size_t i = w->begin; i < w->begin + w->n; i++)
    task->margin[task->idx[i]] += out->value;
done:
  return status;
}

hpo_status gbt_grow_finish(gbt_grower *g, const gbt_task *task, gbt_tree *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_node *node = NULL;
  size_t next = 1;

  HPO_TRY(status, hpo_mem_new(g->n_work, sizeof *node, &node, err));
  HPO_TRY(status, hpo_mem_grow(&g->open, &g->open_room, g->n_work,
                               sizeof *g->open, err));
  g->open[0] = 0;
  node[0].parent = -1;
  for (size_t i = 0; i < next; i++) {
    const gbt_work *w = &g->work[g->open[i]];
    int32_t parent = node[i].parent;
    HPO_TRY(status, finish_node(g, task, w, &node[i], err));
    node[i].parent = parent;
    for (int32_t side = 0; w->left >= 0 && side < 2; side++, next++) {
      g->open[next] = w->left + side;
      node[next].parent = (int32_t)i;
    }
    if (w->left >= 0)
      node[i].left = (int32_t)next - 2;
  }
  *out = (gbt_tree){node, next};
  node = NULL;
done:
  hpo_mem_free(node);
  return status;
}
