/* SPDX-License-Identifier: BSD-3-Clause */
/** \file team.h
 *  Trees that several ranks grow, for wave.c and subtree.c.
 *
 *  Of a node of many rows each rank has some.  Each adds up its rows; the
 *  sums of the features of its slice come to each rank, which finds the best
 *  split among them; the best of all is the node's.  So a histogram is sent
 *  once, whatever the number of ranks, and each rank keeps its slice alone.
 *
 *  A node of few rows would still send a whole histogram: its rows are
 *  gathered at one rank instead, which grows all below it as one rank would.
 */
#ifndef HPO_MODEL_GBT_TEAM_H
#define HPO_MODEL_GBT_TEAM_H

#include "grow.h"

/** Indices of work nodes. */
typedef struct gbt_list {
  int32_t *at; /* [n] */
  size_t n, room;
} gbt_list;

static inline hpo_status gbt_list_add(gbt_list *l, int32_t at,
                                      hpo_error *err) {
  hpo_status status =
      hpo_mem_grow(&l->at, &l->room, l->n + 1, sizeof *l->at, err);

  if (status == HPO_OK)
    l->at[l->n++] = at;
  return status;
}

/** The rows of the subtrees that this rank owns. */
typedef struct gbt_lent {
  size_t n;      /* rows */
  int64_t *gh;   /* [n] */
  uint8_t *code; /* [n] of bins->stride bytes */
  uint32_t *idx; /* [n] */
  /* compressed rows, where the data have such: */
  uint64_t *start; /* [n + 1] */
  uint32_t *cell;  /* [start[n]] */
  size_t gh_room, code_room, idx_room, start_room, cell_room;
  gbt_ground ground;
} gbt_lent;

struct gbt_team {
  size_t ranks, rank;
  size_t *first;    /* [ranks + 1] features where slices begin */
  size_t *bound;    /* [ranks + 1] their cells */
  uint32_t *offset; /* [columns + 1] cells of features in this slice */
  gbt_pool slices;  /* histograms of this slice over the team */
  int64_t *send, *got;
  size_t send_room, got_room;
  int64_t **part; /* [ranks] */
  size_t *n_part; /* [ranks] */
  int64_t *count; /* [count_room] rows that go left */
  size_t count_room;
  gbt_split *found; /* [found_room] */
  size_t found_room;
  gbt_list split;    /* nodes to split in this wave */
  gbt_list fresh;    /* their children whose splits are wanted */
  gbt_list build;    /* of these those whose rows are added up */
  gbt_list roots;    /* of all subtrees of this tree */
  size_t n_gathered; /* so many of the roots have their rows at the owner */
  gbt_lent lent;
  hpo_buffer out, in;
  size_t *to, *came; /* [ranks] bytes */
  hpo_row *load;     /* [ranks] rows of the subtrees that they own */
  uint32_t *idlest;  /* [ranks] heap of the ranks by load */
};

/** Whether a node of the team is worth gathering. */
bool gbt_subtree_pays(const gbt_grower *g, const gbt_work *node);
/** New tree: nothing is gathered. */
void gbt_subtrees_begin(gbt_team *t);
/** Gathers the rows of the roots that were added to t->roots, each at the
 *  rank that becomes its owner, whose begin and n then mean t->lent.
 *  Collective. */
hpo_status gbt_subtrees_gather(gbt_grower *g, hpo_error *err);
/** Grows all that is worth it below the roots. Collective. */
hpo_status gbt_subtrees_grow(gbt_grower *g, const gbt_scale *scale,
                             hpo_error *err);
/** Moves this rank's rows down the subtrees, once the tree is grown. */
hpo_status gbt_subtrees_route(gbt_grower *g, hpo_error *err);
void gbt_subtrees_free(gbt_team *t);
#endif
