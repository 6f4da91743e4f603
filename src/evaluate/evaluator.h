/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside of the evaluator, for fits and evaluations. */
#ifndef EVALUATE_EVALUATOR_H
#define EVALUATE_EVALUATOR_H

#include "hpo/evaluate.h"
#include "hpo/model.h"
#include "hpo/shards.h"

/** What the validation rows of a fold hold, in the order of its list. */
typedef struct hpo_truth {
  double *y;      /* [n_valid] */
  double *weight; /* [n_valid] or NULL: all 1 */
} hpo_truth;

struct hpo_evaluator {
  const hpo_plan *plan;    /* borrowed, as are data and team */
  const hpo_dataset *data; /* NULL: no data */
  const hpo_coll *team;
  hpo_bins **bins; /* [n_bins], one for each max_bin */
  size_t n_bins;
  hpo_shards *shards; /* NULL unless the plan is local */
  hpo_design *design; /* NULL unless a model needs it */
  hpo_shelf shelf;    /* of its trainers */
  hpo_truth *truth;   /* [n_truth], one for each fold */
  size_t n_truth;     /* 1 without folds, 0 without data */
  hpo_row *whole;     /* [n_whole] rows here that train or validate,
                         ascending; NULL until a fit wants them */
  size_t n_whole;
  double room;                  /* bytes that this rank may take; 0: unknown */
  double held;                  /* bytes that the trials in training need */
  size_t n_live;                /* trials in training */
  const hpo_evaluation *blamed; /* for the rank's memory, and still there */
  hpo_evaluation **paused; /* [n_paused] kept to go on, oldest first; owned */
  size_t n_paused, paused_room;
};

/** Lists the rows for HPO_FIT_WHOLE. */
HPO_MUST_USE hpo_status hpo_evaluator_list_whole(hpo_evaluator *e,
                                                 hpo_error *err);
/** The matrix for one max_bin, or NULL. */
const hpo_bins *hpo_evaluator_find(const hpo_evaluator *e, int64_t max_bin);

#endif
