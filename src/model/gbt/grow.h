/* SPDX-License-Identifier: BSD-3-Clause */
/** \file grow.h
 *  A tree while it grows.
 *
 *  grow.c      nodes, and trees whose rows all lie here
 *  children.c  rows and histograms of two children
 *  leaves.c    which nodes are split, where max_leaves limits them
 *  wave.c      trees that several ranks grow: nodes of many rows
 *  subtree.c   the same: nodes of few rows, each of which one rank grows
 *  finish.c    the finished tree
 */
#ifndef HPO_MODEL_GBT_GROW_H
#define HPO_MODEL_GBT_GROW_H

#include "gbt.h"
#include "kernels.h"
#include "limits.h"

typedef struct gbt_work {
  int32_t parent, left; /* indices of work nodes; -1: none */
  int32_t number;       /* in the order in which one rank makes nodes */
  int32_t owner;        /* rank that has all the node's rows; -1: all ranks
                           have some of them */
  bool is_open;         /* its split is worth it, whether it is made or not */
  int64_t depth;
  uint64_t path;   /* 1, then twice the parent's, + 1 on the right */
  size_t begin, n; /* rows of this rank: idx[begin .. begin + n) of where the
                      node's rows lie */
  size_t home[2];  /* begin and n at home, of the root of an owner's subtree */
  hpo_row total;   /* rows of the team; unknown to ranks that don't own it */
  gbt_sums sums;
  double lower, upper; /* bounds of the weight by monotone constraints */
  gbt_hist hist;       /* cell NULL: small, or a leaf */
  gbt_split split;
  double gain;
} gbt_work;

/** Where rows lie: this rank's own, or those of its subtrees. */
typedef struct gbt_ground {
  const uint8_t *code;   /* of row 0, by rows */
  const uint64_t *start; /* the same in compressed rows; NULL: none */
  const uint32_t *cell;  /* of compressed rows */
  const uint8_t *column; /* code of feature f in row r at
                            column + f * feature_step + r * row_step */
  size_t feature_step, row_step;
  uint32_t *idx;     /* rows; those of a node lie side by side */
  const int64_t *gh; /* by row */
} gbt_ground;

typedef struct gbt_team gbt_team; /* wave.c */

struct gbt_grower {
  const gbt_config *config;
  const hpo_bins *bins;
  const hpo_coll *coll;
  gbt_ground home;
  const gbt_ground *ground; /* of the node that is worked on */
  gbt_pool pool;
  gbt_search search;
  gbt_draw draw;
  gbt_limits limits;
  const double *y, *weight; /* of row 0 at home; weight NULL: all 1 */
  double weight_unit;       /* of medians */
  uint32_t *right;          /* [right_room] rows that go right */
  size_t right_room;
  gbt_work *work; /* [n_work] */
  size_t n_work, work_room;
  int32_t *open; /* [n_open] stack or heap, and the order of numbering */
  size_t n_open, open_room;
  gbt_team *team; /* NULL: one rank */
};

/* grow.c ---------------------------------------------------------------*/

/** How the node's sums become weights and gains; borrowed until the next call.
 */
const gbt_gain *gbt_grow_rule(gbt_grower *g, const gbt_work *node);
/** Whether a split of the node could have two children with enough. */
bool gbt_grow_may_split(const gbt_grower *g, const gbt_work *node);
/** Whether the node has so few rows that it needs no histogram. */
bool gbt_grow_is_small(const gbt_grower *g, const gbt_work *node);
/** A new node at the end of g->work, which may move. */
hpo_status gbt_grow_add(gbt_grower *g, gbt_work node, hpo_error *err);
/** The columns that a node may use; borrowed until the next call. */
hpo_status gbt_grow_columns(gbt_grower *g, const gbt_work *node,
                            const gbt_set **set, hpo_error *err);
/** What follows from node->split: gain and is_open. */
void gbt_grow_judge(gbt_grower *g, gbt_work *node);
/** Best split of a node that may be split and whose rows all lie on
 *  g->ground. */
hpo_status gbt_grow_search(gbt_grower *g, const gbt_scale *scale,
                           gbt_work *node, hpo_error *err);
/** Makes the histogram of such a node if it needs one. */
hpo_status gbt_grow_start(gbt_grower *g, const gbt_scale *scale,
                          gbt_work *node, hpo_error *err);
/** Puts a node onto the stack g->open. */
hpo_status gbt_grow_push(gbt_grower *g, int32_t node, hpo_error *err);
/** Grows all that is worth it below the nodes of the stack. */
hpo_status gbt_grow_all(gbt_grower *g, const gbt_scale *scale, hpo_error *err);

/* children.c -----------------------------------------------------------*/

/** The rows of a node on g->ground. */
gbt_rows gbt_grow_rows(const gbt_grower *g, const gbt_work *node);
/** The node's split as a tree's node has it. */
gbt_node gbt_grow_node(const gbt_work *w);
/** Parts the rows of a node by its split. \return how many go left */
size_t gbt_grow_part(gbt_grower *g, const gbt_work *node);
/** The two children of node `at`, whose rows are parted. */
hpo_status gbt_grow_pair(gbt_grower *g, int32_t at, size_t n_left,
                         hpo_row total_left, hpo_error *err);
/** Of two children: the smaller and the larger, of equals the left one
 *  first. */
void gbt_grow_order(const gbt_grower *g, int32_t at, int32_t *small,
                    int32_t *large);
/** Parts the rows of node `at`, all of which lie on g->ground, and makes its
 *  children, each with the histogram that it needs; the node's own is used
 *  up. */
hpo_status gbt_grow_children(gbt_grower *g, const gbt_scale *scale, int32_t at,
                             hpo_error *err);

/* leaves.c -------------------------------------------------------------*/

/** Grows the first nodes by grow_policy until there are max_leaves leaves. */
hpo_status gbt_grow_some(gbt_grower *g, const gbt_scale *scale,
                         hpo_error *err);
/** Of a tree that was grown by several nodes at a time: up to `most` nodes
 *  that may have to be split next, in list; none: the tree is complete, and
 *  what one rank would not have split is a leaf again. */
hpo_status gbt_grow_choose(gbt_grower *g, int32_t *list, size_t most,
                           size_t *n, hpo_error *err);

/* wave.c ---------------------------------------------------------------*/

hpo_status gbt_team_create(gbt_grower *g, gbt_team **out, hpo_error *err);
void gbt_team_destroy(gbt_team *t);
/** Grows the tree of the root g->work[0]. Collective. */
hpo_status gbt_team_grow(gbt_grower *g, const gbt_scale *scale,
                         hpo_error *err);

/* finish.c -------------------------------------------------------------*/

/** The tree of g->work; its leaves are added to the margins of the task's
 *  rows. Collective. */
hpo_status gbt_grow_finish(gbt_grower *g, const gbt_task *task, gbt_tree *out,
                           hpo_error *err);

#endif
