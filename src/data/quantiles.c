/* SPDX-License-Identifier: BSD-3-Clause */
/* The cuts of all features for several max_bin. */

#include "quantiles.h"

#include <math.h>
#include <string.h>

#include "hpo/bins.h"
#include "hpo/mem.h"
#include "radix.h"

/* Value bins that a numeric feature may have. */
static int bins_allowed(int max_bin, bool has_missing) {
  return has_missing && max_bin == 256 ? 255 : max_bin;
}

/* Training values of a feature that are here and not missing; how many. */
static size_t take_column(const hpo_dataset *d, size_t j, float *x) {
  const hpo_row first = d->team != NULL ? d->train_first : 0;
  const hpo_row end = d->team != NULL ? d->train_end : d->n_train;
  const float *from = d->x + j * (size_t)d->rows;
  size_t n = 0;

  for (hpo_row i = first; i < end; i++) {
    const float v = from[d->train[i]];

    x[n] = v;
    n += isnan(v) ? 0 : 1;
  }
  return n;
}

/* Those of the whole team, on its rank 0; *n there, else 0.  One column at a
 * time: no rank ever holds two. */
static hpo_status gather_column(const hpo_dataset *d, const float *x,
                                size_t *n, float **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = d->team;
  float *all = NULL;
  size_t *count = NULL, bytes = 0;

  HPO_TRY(status, hpo_mem_new((size_t)team->size, sizeof *count, &count, err));
  HPO_TRY(status,
          team->gather(team->self, x, *n * sizeof *x, &all, count, err));
  for (int k = 0; all != NULL && k < team->size; k++)
    bytes += count[k];
  *n = bytes / sizeof *x;
  *out = all;
done:
  hpo_mem_free(count);
  return status;
}

/* Cuts of one feature from n values in any order; room [n] is scratch. */
static void cut_column(const hpo_quantiles *q, const int *max_bin,
                       const hpo_column *c, size_t j, float *x, size_t n,
                       float *room) {
  hpo_radix_sort(x, n, room);
  for (size_t k = 0; k < q->n; k++) {
    size_t n_cut = 0;

    hpo_bins_cuts(x, n, bins_allowed(max_bin[k], c->missing > 0), room,
                  &n_cut);
    q->n_bin[k][j] = (uint32_t)n_cut + 1;
    memcpy(q->cut[k] + j * q->room[k], room, n_cut * sizeof *room);
  }
}

static int most_of(const int *max_bin, size_t n) {
  int most = 0;

  for (size_t k = 0; k < n; k++)
    most = max_bin[k] > most ? max_bin[k] : most;
  return most;
}

/* Room for n values to be sorted, and for as many cuts as there can be. */
static hpo_status make_room(size_t n, int most, float **out, hpo_error *err) {
  return hpo_mem_new(n + (size_t)most, sizeof **out, out, err);
}

/* The features of a team. */
static hpo_status cut_team(const hpo_dataset *d, const int *max_bin,
                           const hpo_quantiles *q, float *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  const int most = most_of(max_bin, q->n);
  float *all = NULL, *room = NULL;

  for (size_t j = 0; j < d->columns; j++) {
    size_t n = 0;

    if (d->column[j].categorical)
      continue;
    n = take_column(d, j, x);
    if (d->team->size > 1)
      HPO_TRY(status, gather_column(d, x, &n, &all, err));
    if (d->team->rank == 0) {
      HPO_TRY(status, make_room(n, most, &room, err));
      cut_column(q, max_bin, &d->column[j], j, all != NULL ? all : x, n, room);
    }
    hpo_mem_free(all);
    hpo_mem_free(room);
    all = NULL;
    room = NULL;
  }
done:
  hpo_mem_free(all);
  return status;
}

/* This rank's features, or all that the team has. */
static hpo_status cut_columns(const hpo_dataset *d, const int *max_bin,
                              const hpo_quantiles *q, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_row held =
      d->team != NULL ? d->train_end - d->train_first : d->n_train;
  float *x = NULL, *room = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)held + 1, sizeof *x, &x, err));
  if (d->team != NULL) {
    HPO_TRY(status, cut_team(d, max_bin, q, x, err));
    goto done;
  }
  HPO_TRY(status, make_room((size_t)held, most_of(max_bin, q->n), &room, err));
  for (size_t j = (size_t)d->node->node_rank; j < d->columns;
       j += (size_t)q->ranks)
    if (!d->column[j].categorical)
      cut_column(q, max_bin, &d->column[j], j, x, take_column(d, j, x), room);
done:
  hpo_mem_free(x);
  hpo_mem_free(room);
  return status;
}

/* A categorical feature has a bin for each category. */
static void count_categories(const hpo_dataset *d, const hpo_quantiles *q) {
  for (size_t j = 0; j < d->columns; j++) {
    const hpo_column *c = &d->column[j];
    const size_t n = c->n_category > 0 ? c->n_category : 1;

    for (size_t k = 0; c->categorical && k < q->n; k++)
      q->n_bin[k][j] = (uint32_t)n;
  }
}

/* A rank that sorts takes 8 bytes for each row, two values of a feature: all
 * that sort at a time should take no more than a quarter of the values. */
static int ranks_for(const hpo_dataset *d) {
  const size_t most = d->columns / 8 + 1, size = (size_t)d->node->node_size;

  return (int)(size < most ? size : most);
}

/* Makes room and points into it. */
static hpo_status create(const hpo_dataset *d, const int *max_bin, size_t n,
                         hpo_quantiles *q, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t ranks = (size_t)d->node->node_size, columns = d->columns;
  bool is_shared = false;
  uint8_t *at = NULL;

  *q = (hpo_quantiles){.n = n, .node = d->node};
  HPO_TRY(status, hpo_mem_new(n, sizeof *q->room, &q->room, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *q->n_bin, &q->n_bin, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *q->cut, &q->cut, err));
  q->bytes = ranks * sizeof *q->failed;
  for (size_t k = 0; k < n; k++) {
    q->room[k] = (size_t)max_bin[k] - 1;
    if (d->n_train < (hpo_row)q->room[k])
      q->room[k] = (size_t)d->n_train;
    q->bytes += columns * (sizeof **q->n_bin + q->room[k] * sizeof **q->cut);
  }
  HPO_TRY(status,
          d->node->alloc(d->node->self, q->bytes, &q->block, &is_shared, err));
  q->ranks = d->is_shared && is_shared ? ranks_for(d) : 1;
  q->failed = q->block;
  at = (uint8_t *)q->block + ranks * sizeof *q->failed;
  for (size_t k = 0; k < n; k++) {
    q->n_bin[k] = (uint32_t *)(void *)at;
    q->cut[k] = (float *)(void *)(q->n_bin[k] + columns);
    at = (uint8_t *)(q->cut[k] + columns * q->room[k]);
  }
done:
  return status;
}

/* The verdict of the first rank that failed. */
static hpo_status verdict(const hpo_quantiles *q, hpo_error *err) {
  for (int r = 0; r < q->node->node_size; r++)
    if (q->failed[r] != HPO_OK && r != q->node->node_rank)
      return hpo_error_set(err, (hpo_status)q->failed[r],
                           "a rank of this node has no memory to sort a "
                           "feature's values");
  return (hpo_status)q->failed[q->node->node_rank];
}

hpo_status hpo_quantiles_find(const hpo_dataset *d, const int *max_bin,
                              size_t n, hpo_quantiles *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = d->node;
  const hpo_coll *team = d->team;
  hpo_quantiles q = {0};

  HPO_TRY(status, create(d, max_bin, n, &q, err));
  if (team != NULL) {
    HPO_TRY(status, cut_columns(d, max_bin, &q, err));
    count_categories(d, &q);
    HPO_TRY(status, team->broadcast(team->self, q.block, q.bytes, err));
  } else {
    if (node->node_rank < q.ranks)
      q.failed[node->node_rank] = (int32_t)cut_columns(d, max_bin, &q, err);
    if (node->node_rank == 0)
      count_categories(d, &q);
    for (int r = q.ranks; node->node_rank == 0 && r < node->node_size; r++)
      q.failed[r] = HPO_OK;
    HPO_TRY(status, node->ready(node->self, q.block, q.bytes, err));
    HPO_TRY(status, verdict(&q, err));
  }
  *out = q;
  q = (hpo_quantiles){0};
done:
  hpo_quantiles_free(&q);
  return status;
}

void hpo_quantiles_free(hpo_quantiles *q) {
  if (q->block != NULL)
    q->node->free(q->node->self, q->block);
  hpo_mem_free(q->room);
  hpo_mem_free(q->n_bin);
  hpo_mem_free(q->cut);
  *q = (hpo_quantiles){0};
}
