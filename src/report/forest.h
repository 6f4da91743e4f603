/* SPDX-License-Identifier: BSD-3-Clause */
/** \file forest.h
 *  One regression tree of full depth on a bootstrap sample (Breiman 2001,
 *  without feature sampling), as the boxes of its leaves.  Private to
 *  report/.
 */
#ifndef REPORT_FOREST_H
#define REPORT_FOREST_H

#include "hpo/importance.h"

/** Where a leaf lies in one dimension. */
typedef struct hpo_side {
  double low, high; /* of a number */
  uint64_t mask;    /* of a category: bit c */
} hpo_side;

typedef struct hpo_boxes {
  double *value;  /* [n] the leaf's prediction */
  hpo_side *side; /* [n][d] */
  size_t n;
} hpo_boxes;

/** Grows tree number `tree`; splits that are equally good: lower feature,
 *  then lower threshold. */
HPO_MUST_USE hpo_status hpo_forest_tree(const hpo_points *p, uint64_t seed,
                                        uint64_t tree, hpo_boxes *out,
                                        hpo_error *err);
void hpo_boxes_free(hpo_boxes *b);

#endif
