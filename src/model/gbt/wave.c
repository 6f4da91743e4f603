/* SPDX-License-Identifier: BSD-3-Clause */
/* Trees that several ranks grow: see team.h.
 *
 * A wave splits many nodes at a time, so that ranks wait for one another
 * only a few times for each level:
 *
 *   part rows --> sum of counts --> add up rows of the smaller children
 *     ^                                               |
 *     |                                               v
 *   open nodes <-- best of records <-- search <-- sums of slices
 *
 * Without max_leaves a wave is a level of the tree, less its subtrees. */
#include "team.h"

#include <string.h>

/* Words of histograms that one call sums: they stay in the cache. */
#define WORDS_AT_ONCE ((size_t)1 << 17)
/* Nodes of a wave with max_leaves: of more ever more would be in vain. */
#define NODES_AT_ONCE ((size_t)16)

void gbt_team_destroy(gbt_team *t) {
  if (t == NULL)
    return;
  hpo_mem_free(t->first);
  hpo_mem_free(t->bound);
  hpo_mem_free(t->offset);
  gbt_pool_free(&t->slices);
  hpo_mem_free(t->send);
  hpo_mem_free(t->got);
  hpo_mem_free(t->part);
  hpo_mem_free(t->n_part);
  hpo_mem_free(t->count);
  hpo_mem_free(t->found);
  hpo_mem_free(t->split.at);
  hpo_mem_free(t->fresh.at);
  hpo_mem_free(t->build.at);
  gbt_subtrees_free(t);
  hpo_mem_free(t);
}

/* Slices of whole features with about equally many cells. */
static void cut_slices(gbt_team *t, const gbt_layout *l, size_t columns) {
  size_t f = 0;

  for (size_t r = 0; r <= t->ranks; r++) {
    while (f < columns && l->offset[f] * t->ranks < l->cells * r)
      f++;
    t->first[r] = r < t->ranks ? f : columns;
    t->bound[r] = l->offset[t->first[r]];
  }
  for (f = t->first[t->rank]; f <= t->first[t->rank + 1]; f++)
    t->offset[f] = l->offset[f] - (uint32_t)t->bound[t->rank];
}

hpo_status gbt_team_create(gbt_grower *g, gbt_team **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = NULL;
  size_t ranks = (size_t)g->coll->size;

  HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
  t->ranks = ranks;
  t->rank = (size_t)g->coll->rank;
  HPO_TRY(status, hpo_mem_new(ranks + 1, sizeof *t->first, &t->first, err));
  HPO_TRY(status, hpo_mem_new(ranks + 1, sizeof *t->bound, &t->bound, err));
  HPO_TRY(status, hpo_mem_new(g->bins->columns + 1, sizeof *t->offset,
                              &t->offset, err));
  HPO_TRY(status, hpo_mem_new(ranks, sizeof *t->part, &t->part, err));
  HPO_TRY(status, hpo_mem_new(ranks, sizeof *t->n_part, &t->n_part, err));
  HPO_TRY(status, hpo_mem_new(ranks, sizeof *t->to, &t->to, err));
  HPO_TRY(status, hpo_mem_new(ranks, sizeof *t->came, &t->came, err));
  HPO_TRY(status, hpo_mem_new(ranks, sizeof *t->load, &t->load, err));
  HPO_TRY(status, hpo_mem_new(ranks, sizeof *t->idlest, &t->idlest, err));
  cut_slices(t, &g->pool.layout, g->bins->columns);
  t->slices.cells = t->bound[t->rank + 1] - t->bound[t->rank];
  *out = t;
  t = NULL;
done:
  gbt_team_destroy(t);
  return status;
}

/* --- Histograms --------------------------------------------------------- */

static size_t words_of(const gbt_grower *g, const gbt_scale *scale,
                       int32_t at) {
  return gbt_hist_is_wide(scale, g->work[at].total) ? 2 : 1;
}

/* This rank's rows of n nodes into t->send: the slices of rank 0 of all
   nodes, then those of rank 1, and so on; `all` words for each cell. */
static void add_rows(gbt_grower *g, const gbt_scale *scale, const int32_t *at,
                     size_t n, size_t all) {
  gbt_team *t = g->team;
  size_t before = 0;

  for (size_t i = 0; i < n; i++) {
    gbt_rows rows = gbt_grow_rows(g, &g->work[at[i]]);
    for (size_t r = 0; r < t->ranks; r++)
      t->part[r] = t->send + all * t->bound[r] +
                   before * (t->bound[r + 1] - t->bound[r]);
    gbt_hist_deal(&g->pool, &rows, scale, t->bound, t->ranks, t->part);
    before += words_of(g, scale, at[i]);
  }
}

/* Nodes' slices over the team from t->got. */
static hpo_status take_slices(gbt_grower *g, const gbt_scale *scale,
                              const int32_t *at, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;
  const int64_t *from = t->got;

  for (size_t i = 0; i < n; i++) {
    gbt_work *w = &g->work[at[i]];
    size_t words = words_of(g, scale, at[i]) * t->slices.cells;
    HPO_TRY(status, gbt_pool_take(&t->slices, &w->hist, err));
    w->hist.is_wide = gbt_hist_is_wide(scale, w->total);
    memcpy(w->hist.cell, from, words * sizeof *from);
    from += words;
  }
done:
  return status;
}

/* Slices over the team of nodes of which each rank has rows, with `all` words
   for each cell. */
static hpo_status build_some(gbt_grower *g, const gbt_scale *scale,
                             const int32_t *at, size_t n, size_t all,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;

  HPO_TRY(status, hpo_mem_grow(&t->send, &t->send_room, all * g->pool.cells,
                               sizeof *t->send, err));
  HPO_TRY(status, hpo_mem_grow(&t->got, &t->got_room, all * t->slices.cells,
                               sizeof *t->got, err));
  for (size_t r = 0; r < t->ranks; r++)
    t->n_part[r] = all * (t->bound[r + 1] - t->bound[r]);
  add_rows(g, scale, at, n, all);
  HPO_TRY(status,
          g->coll->sum_parts(g->coll->self, t->send, t->n_part, t->got, err));
  HPO_TRY(status, take_slices(g, scale, at, n, err));
done:
  return status;
}

/* All of t->build, as many at once as may be. */
static hpo_status build_all(gbt_grower *g, const gbt_scale *scale,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;

  for (size_t from = 0, to = 0; from < t->build.n; from = to) {
    size_t all = words_of(g, scale, t->build.at[to++]);
    while (to < t->build.n &&
           (all + words_of(g, scale, t->build.at[to])) * g->pool.cells <=
               WORDS_AT_ONCE)
      all += words_of(g, scale, t->build.at[to++]);
    HPO_TRY(status,
            build_some(g, scale, t->build.at + from, to - from, all, err));
  }
done:
  return status;
}

/* --- Children ----------------------------------------------------------- */

static bool is_shared(const gbt_work *w) { return w->owner < 0; }

/* A child of which each rank has rows, if it may be split: it is searched,
   or becomes a subtree. */
static hpo_status open_child(gbt_grower *g, int32_t at, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;

  if (!gbt_grow_may_split(g, &g->work[at]))
    return HPO_OK;
  if (!gbt_subtree_pays(g, &g->work[at]))
    return gbt_list_add(&t->fresh, at, err);
  HPO_TRY(status, gbt_list_add(&t->roots, at, err));
  if (g->config->max_leaves > 0)
    HPO_TRY(status, gbt_list_add(&t->fresh, at, err));
done:
  return status;
}

/* Whether a child needs the histogram of its slice. */
static bool needs_slice(const gbt_grower *g, int32_t at) {
  return gbt_grow_may_split(g, &g->work[at]) &&
         !gbt_subtree_pays(g, &g->work[at]);
}

/* Children of a node of which each rank has rows: the smaller is added up if
   either needs it. */
static hpo_status open_pair(gbt_grower *g, int32_t at, hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t small = 0, large = 0;

  gbt_grow_order(g, at, &small, &large);
  HPO_TRY(status, open_child(g, small, err));
  HPO_TRY(status, open_child(g, large, err));
  if (needs_slice(g, small) || needs_slice(g, large))
    HPO_TRY(status, gbt_list_add(&g->team->build, small, err));
done:
  return status;
}

/* The larger child is what remains of the parent. */
static void subtract(gbt_grower *g, const gbt_scale *scale, int32_t at) {
  gbt_pool *slices = &g->team->slices;
  gbt_hist *parent = &g->work[at].hist;
  int32_t small = 0, large = 0;

  gbt_grow_order(g, at, &small, &large);
  if (needs_slice(g, large)) {
    gbt_hist_subtract(slices, parent, &g->work[small].hist, scale,
                      g->work[large].total);
    g->work[large].hist = *parent;
    parent->cell = NULL;
  }
  if (!needs_slice(g, small))
    gbt_pool_give(slices, &g->work[small].hist);
  gbt_pool_give(slices, parent);
}

/* Parts the rows of the nodes to split, and makes their children. */
static hpo_status make_children(gbt_grower *g, const gbt_scale *scale,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;
  const gbt_list *l = &t->split;

  HPO_TRY(status, hpo_mem_grow(&t->count, &t->count_room, 2 * l->n,
                               sizeof *t->count, err));
  for (size_t i = 0; i < l->n; i++) {
    const gbt_work *w = &g->work[l->at[i]];
    t->count[i] = is_shared(w) ? (int64_t)gbt_grow_part(g, w) : 0;
    t->count[l->n + i] = t->count[i];
  }
  HPO_TRY(status, g->coll->sum(g->coll->self, t->count, l->n, err));
  for (size_t i = 0; i < l->n; i++) {
    int32_t at = l->at[i];
    if ((size_t)g->work[at].owner == t->rank) {
      g->ground = &t->lent.ground;
      HPO_TRY(status, gbt_grow_children(g, scale, at, err));
      g->ground = &g->home;
    } else {
      HPO_TRY(status, gbt_grow_pair(g, at, (size_t)t->count[l->n + i],
                                    t->count[i], err));
    }
  }
done:
  return status;
}

/* --- Search ------------------------------------------------------------- */

/* The features of a set that lie in this rank's slice. */
static gbt_set slice_set(const gbt_team *t, const gbt_set *set) {
  gbt_set mine = *set;

  while (mine.n > 0 && mine.item[0] < t->first[t->rank]) {
    mine.item++;
    mine.n--;
  }
  while (mine.n > 0 && mine.item[mine.n - 1] >= t->first[t->rank + 1])
    mine.n--;
  return mine;
}

/* What this rank knows of a node's best split. */
static hpo_status search_mine(gbt_grower *g, const gbt_scale *scale,
                              gbt_work *w, gbt_split *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;
  const gbt_set *set = NULL;
  gbt_set mine = {NULL, 0};

  *out = (gbt_split){.score = gbt_grow_rule(g, w)->none};
  if (is_shared(w)) {
    gbt_search slice = g->search;
    slice.offset = t->offset;
    HPO_TRY(status, gbt_grow_columns(g, w, &set, err));
    mine = slice_set(t, set);
    gbt_search_full(&slice, &w->hist, w->sums, &mine, out);
  } else if ((size_t)w->owner == t->rank && gbt_grow_may_split(g, w)) {
    g->ground = &t->lent.ground;
    if (is_shared(&g->work[w->parent]))
      HPO_TRY(status, gbt_grow_start(g, scale, w, err));
    HPO_TRY(status, gbt_grow_search(g, scale, w, err));
    g->ground = &g->home;
    *out = w->split;
  }
done:
  return status;
}

/* The splits of t->fresh. */
static hpo_status search_fresh(gbt_grower *g, const gbt_scale *scale,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;
  const gbt_list *l = &t->fresh;

  HPO_TRY(status, hpo_mem_grow(&t->found, &t->found_room, l->n,
                               sizeof *t->found, err));
  for (size_t i = 0; i < l->n; i++)
    HPO_TRY(status,
            search_mine(g, scale, &g->work[l->at[i]], &t->found[i], err));
  HPO_TRY(status,
          g->coll->best(g->coll->self, t->found, l->n, sizeof *t->found, err));
  for (size_t i = 0; i < l->n; i++) {
    gbt_work *w = &g->work[l->at[i]];
    w->split = t->found[i];
    gbt_grow_judge(g, w);
    if (!w->is_open)
      gbt_pool_give(is_shared(w) ? &t->slices : &g->pool, &w->hist);
  }
done:
  return status;
}

/* --- Waves -------------------------------------------------------------- */

/* Splits t->split; t->fresh: the children that were searched. */
static hpo_status split_wave(gbt_grower *g, const gbt_scale *scale,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;
  const gbt_list *l = &t->split;

  t->fresh.n = t->build.n = 0;
  HPO_TRY(status, make_children(g, scale, err));
  for (size_t i = 0; i < l->n; i++) {
    const gbt_work *w = &g->work[l->at[i]];
    if (is_shared(w)) {
      HPO_TRY(status, open_pair(g, l->at[i], err));
    } else {
      HPO_TRY(status, gbt_list_add(&t->fresh, w->left, err));
      HPO_TRY(status,
              gbt_list_add(&t->fresh, g->work[l->at[i]].left + 1, err));
    }
  }
  HPO_TRY(status, build_all(g, scale, err));
  for (size_t i = 0; i < l->n; i++)
    if (is_shared(&g->work[l->at[i]]))
      subtract(g, scale, l->at[i]);
  if (g->config->max_leaves > 0)
    HPO_TRY(status, gbt_subtrees_gather(g, err));
  HPO_TRY(status, search_fresh(g, scale, err));
done:
  return status;
}

/* The nodes of the next wave, in t->split. */
static hpo_status choose(gbt_grower *g, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;

  t->split.n = 0;
  if (g->config->max_leaves > 0) {
    HPO_TRY(status, hpo_mem_grow(&t->split.at, &t->split.room, NODES_AT_ONCE,
                                 sizeof *t->split.at, err));
    return gbt_grow_choose(g, t->split.at, NODES_AT_ONCE, &t->split.n, err);
  }
  for (size_t i = 0; i < t->fresh.n; i++)
    if (g->work[t->fresh.at[i]].is_open)
      HPO_TRY(status, gbt_list_add(&t->split, t->fresh.at[i], err));
done:
  return status;
}

hpo_status gbt_team_grow(gbt_grower *g, const gbt_scale *scale,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;

  gbt_subtrees_begin(t);
  t->fresh.n = t->build.n = 0;
  HPO_TRY(status, gbt_list_add(&t->fresh, 0, err));
  HPO_TRY(status, gbt_list_add(&t->build, 0, err));
  HPO_TRY(status, build_all(g, scale, err));
  HPO_TRY(status, search_fresh(g, scale, err));
  HPO_TRY(status, choose(g, err));
  while (t->split.n > 0) {
    HPO_TRY(status, split_wave(g, scale, err));
    HPO_TRY(status, choose(g, err));
  }
  if (g->config->max_leaves > 0) {
    for (size_t i = 0; i < g->n_work; i++)
      gbt_pool_give(is_shared(&g->work[i]) ? &t->slices : &g->pool,
                    &g->work[i].hist);
  } else {
    HPO_TRY(status, gbt_subtrees_gather(g, err));
    HPO_TRY(status, gbt_subtrees_grow(g, scale, err));
  }
  HPO_TRY(status, gbt_subtrees_route(g, err));
done:
  return status;
}
