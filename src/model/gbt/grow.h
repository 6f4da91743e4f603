/* SPDX-License-Identifier: BSD-3-Clause */
/** \file grow.h
 *  A tree while it grows, for grow.c (order of the work, search, the
 *  finished tree) and children.c (rows and histograms of two children).
 */
#ifndef HPO_MODEL_GBT_GROW_H
#define HPO_MODEL_GBT_GROW_H

#include "gbt.h"
#include "kernels.h"
#include "limits.h"

typedef struct gbt_work {
  int32_t parent, left; /* indices of work nodes; -1: none */
  int64_t depth;
  uint64_t path;   /* 1, then twice the parent's, + 1 on the right */
  size_t begin, n; /* rows of this rank: idx[begin .. begin + n) */
  hpo_row total;   /* rows of the team */
  gbt_sums sums;
  double lower, upper; /* bounds of the weight by monotone constraints */
  gbt_hist hist;       /* cell NULL: small, or a leaf */
  gbt_split split;
  double gain;
} gbt_work;

struct gbt_grower {
  const gbt_config *config;
  const hpo_bins *bins;
  const hpo_coll *coll;
  size_t base;           /* id of row 0 */
  const uint8_t *code;   /* of row 0 */
  const uint64_t *start; /* the same in compressed rows; NULL: none */
  gbt_pool pool;
  gbt_search search;
  gbt_draw draw;
  gbt_limits limits;
  const double *y, *weight; /* of row 0; weight NULL: all 1 */
  double weight_unit;       /* of medians */
  uint32_t *right;          /* [span] rows that go right */
  gbt_work *work;           /* [n_work] */
  size_t n_work, work_room;
  int32_t *open; /* stack [n_open], and the order of numbering */
  size_t n_open, open_room;
};

/** The rows of a node. */
gbt_rows gbt_grow_rows(const gbt_grower *g, const gbt_task *task,
                       const gbt_work *node);
/** How the node's sums become weights and gains; borrowed until the next call.
 */
const gbt_gain *gbt_grow_rule(gbt_grower *g, const gbt_work *node);
/** Whether a split of the node could have two children with enough. */
bool gbt_grow_may_split(const gbt_grower *g, const gbt_work *node);
/** Whether the node has so few rows that it needs no histogram. */
bool gbt_grow_is_small(const gbt_grower *g, const gbt_work *node);
/** A new node at the end of g->work, which may move. */
hpo_status gbt_grow_add(gbt_grower *g, gbt_work node, hpo_error *err);
/** Codes of a feature, of row 0 and on. */
const uint8_t *gbt_grow_column(const gbt_grower *g, uint32_t feature);
/** The node's split as a tree's node has it. */
gbt_node gbt_grow_node(const gbt_work *w);

/** Parts the rows of node `at` by its split and makes its children, each
 *  with the histogram that it needs; the node's own is used up. Collective. */
hpo_status gbt_grow_children(gbt_grower *g, const gbt_task *task, int32_t at,
                             hpo_error *err);

/** The tree of g->work; its leaves are added to the margins of the task's
 *  rows. Collective. */
hpo_status gbt_grow_finish(gbt_grower *g, const gbt_task *task, gbt_tree *out,
                           hpo_error *err);

#endif
