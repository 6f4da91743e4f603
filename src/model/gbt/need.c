/* SPDX-License-Identifier: BSD-3-Clause */
/* What training would take, before anything of it is allocated.
 *
 * Rows, gradients and margins are counted; histograms and trees, all of which
 * stay, follow from the leaves that depth, max_leaves and the rows that a leaf
 * needs allow. */
#include "gbt.h"

#include <math.h>

/* Bytes of a training row in all classes, of one in each, and of a validation
 * row in each: see gbt_loss, gbt_model and hpo_fit. */
enum { ROW_BYTES = 36, CLASS_BYTES = 8, VALID_BYTES = 20 };
/* Bytes of a cell of scratch (narrow, sparse, marks), and in a histogram of
 * many rows or few. */
enum { SCRATCH_BYTES = 40, WIDE_BYTES = 16, NARROW_BYTES = 8 };
/* Of the leaves that rows allow, one in so many is there in the mean of trees:
 * splits must also be worth it, and hessians shrink as trees fit. */
enum { SPARE = 4 };

/* Hessian that a row adds at most, by which min_child_weight asks for rows;
 * 0: there is no such bound. */
static double most_hessian(const hpo_model_input *in, const gbt_config *c) {
  if (in->part.data->weight != NULL || c->is_balanced)
    return 0;
  switch (c->objective) {
  case GBT_LOGISTIC:
    return 0.25 * fmax(c->scale_pos_weight, 1);
  case GBT_SOFTPROB:
    return 0.5;
  case GBT_SQUARED:
  case GBT_ABSOLUTE:
    return 1;
  case GBT_POISSON:
    break;
  }
  return 0;
}

static double most_leaves(const hpo_model_input *in, const gbt_config *c) {
  double rows = (double)in->part.train_total * c->subsample;
  double hessian = most_hessian(in, c), least = 1;
  double leaves = rows;

  if (hessian > 0 && c->min_child_weight > hessian)
    least = c->min_child_weight / hessian;
  leaves = rows / least / SPARE;
  if (c->max_depth > 0 && c->max_depth < 60)
    leaves = fmin(leaves, ldexp(1, (int)c->max_depth));
  if (c->max_leaves > 0)
    leaves = fmin(leaves, (double)c->max_leaves);
  return fmax(leaves, 1);
}

/* Histograms alive at once: of a path down, the smaller child first, and with
 * max_leaves of all leaves that wait, but those with few rows have none. */
static double histogram_bytes(const hpo_model_input *in, const gbt_config *c,
                              double leaves) {
  const hpo_bins *bins = in->part.bins;
  double rows = (double)in->part.train_total, few = 1, deep = log2(rows + 1);
  double adds = bins->csr.start != NULL ? (double)bins->csr.per_row
                                        : (double)bins->columns * c->by_tree;

  few = fmax((double)bins->offset[bins->columns] / (adds * GBT_SMALL), 1);
  if (c->max_depth > 0)
    deep = fmin(deep, (double)c->max_depth);
  if (c->max_leaves > 0)
    deep = 1;
  else
    leaves = 0;
  return (double)gbt_layout_cells(bins) *
         ((deep + 2) * WIDE_BYTES + fmin(leaves, rows / few) * NARROW_BYTES);
}

/* In a team: what its ranks hand over of histograms, and the rows of subtrees
 * as they are packed, come and lie at their owner, in arrays that double. */
static double team_bytes(const hpo_model_input *in) {
  const hpo_bins *bins = in->part.bins;
  double row = 2 * 3 * (double)(bins->stride + sizeof(int64_t));

  if (in->coll->size == 1)
    return 0;
  return 2 * (double)gbt_layout_cells(bins) * WIDE_BYTES +
         row * (double)in->part.train_total / in->coll->size;
}

double gbt_need(const hpo_model_input *in) {
  const hpo_part *part = &in->part;
  gbt_config c;
  double k, leaves, span = 0, bytes;

  gbt_config_get(in->options, part->data->task, &c);
  k = c.objective == GBT_SOFTPROB ? (double)part->data->n_class : 1;
  leaves = most_leaves(in, &c);
  if (part->n_train > 0)
    span = (double)(part->train[part->n_train - 1] - part->train[0] + 1);
  bytes = span * (ROW_BYTES + CLASS_BYTES * k) +
          (double)part->n_valid * VALID_BYTES * k;
  bytes += (double)gbt_layout_cells(part->bins) * SCRATCH_BYTES;
  bytes += histogram_bytes(in, &c, leaves) + team_bytes(in);
  return bytes + (double)c.n_estimators * k * (2 * leaves - 1) *
                     (double)sizeof(gbt_node);
}
