/* SPDX-License-Identifier: BSD-3-Clause */
/** \file median.h
 *  Exact weighted medians over a team's rows: XGBoost's common::Quantile and
 *  WeightedQuantile (quantile 0.5), which reg:absoluteerror needs.
 */
#ifndef HPO_MODEL_GBT_MEDIAN_H
#define HPO_MODEL_GBT_MEDIAN_H

#include "gbt.h"

/** This rank's part of the points. */
typedef struct gbt_points {
  const uint32_t *key; /* [n] */
  const uint32_t *row; /* [n] where their weights lie */
  size_t n;
  const double *weight; /* by row */
  double unit;          /* gbt_median_unit; 0: all weights are 1 */
} gbt_points;

/** What weights are counted in; 0: there are none. Collective. */
hpo_status gbt_median_unit(const hpo_model_input *in, double *unit,
                           hpo_error *err);
/** Keys of n numbers, in their order. */
void gbt_median_keys(const float *x, size_t n, uint32_t *key);
/** Keys of label - margin of rows. */
void gbt_median_residuals(const uint32_t *row, size_t n, const double *y,
                          const float *margin, uint32_t *key);
/** With weights the least number up to which lies half of the weight;
 *  without, halfway to the next one where exactly half of the points lie up
 *  to it.  Untouched where there are no points. Collective. */
hpo_status gbt_median(const gbt_points *p, const hpo_coll *coll, float *out,
                      hpo_error *err);

#endif
