/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside of the evaluator, for evaluation.c. */
#ifndef EVALUATE_EVALUATOR_H
#define EVALUATE_EVALUATOR_H

#include "hpo/evaluate.h"

struct hpo_evaluator {
  const hpo_plan *plan;    /* borrowed, as are data and team */
  const hpo_dataset *data; /* NULL: no data */
  const hpo_coll *team;
  hpo_bins **bins; /* [n_bins], one for each max_bin */
  size_t n_bins;
  hpo_design *design;   /* NULL unless a model needs it */
  double *valid_y;      /* [n_valid] truth of the validation rows, in the
                           order of data->valid */
  double *valid_weight; /* [n_valid] or NULL: all 1 */
};

/** The matrix for one max_bin, or NULL. */
const hpo_bins *hpo_evaluator_find(const hpo_evaluator *e, int64_t max_bin);

#endif
