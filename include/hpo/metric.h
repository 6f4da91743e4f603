/* SPDX-License-Identifier: BSD-3-Clause */
/** \file metric.h
 *  Scores of predictions; definitions: scikit-learn's.
 *
 *  Sums are exact (num.h), so a metric does not depend on the order of the
 *  rows nor on how they are spread over ranks.
 */
#ifndef HPO_METRIC_H
#define HPO_METRIC_H

#include "hpo/num.h"
#include "hpo/status.h"

/** Predictions beside the truth; all borrowed. */
typedef struct hpo_scored {
  size_t n;             /* rows */
  size_t k;             /* values per row in p: binary 1 (probability of the
                           positive class), multiclass K, regression 1 */
  size_t n_class;       /* 2, K, or 0 for regression */
  const double *y;      /* [n] class index or target */
  const double *p;      /* [n][k] */
  const double *weight; /* [n] or NULL: all 1 */
} hpo_scored;

typedef struct hpo_metric hpo_metric;
/** One row of the registry. */
struct hpo_metric {
  const char *name; /* "roc_auc" */
  const char *help; /* formula in words, and its source */
  bool maximize;
  double low, high; /* no value lies outside; both 0: not known */
  unsigned tasks;   /* bits: 1 binary, 2 multiclass, 4 regression, 8
                       none; as 1u << hpo_task */
  bool of_trial;    /* train_seconds, model_bytes, value: not
                       computed from predictions */
  /** Sums that a rank's rows give, and the score from all ranks' sums;
   *  NULL for metrics that need all rows at once (AUC). */
  size_t (*n_sum)(size_t n_class);
  void (*accumulate)(const hpo_scored *s, hpo_sum *sum);
  hpo_status (*finish)(const hpo_sum *sum, size_t n_class, double *out,
                       hpo_error *err);
  /** The score from all rows at once; NULL where the sums give it, and for
   *  metrics of_trial. */
  hpo_status (*compute)(const hpo_scored *s, double *out, hpo_error *err);
};

const hpo_metric *const *hpo_metric_kinds(size_t *n);
const hpo_metric *hpo_metric_find(const char *name);

/** The score.  HPO_ETRIAL: undefined (one class only in y where two are
 *  needed, no rows, all weights 0, a NaN in p); the sentence says why. */
HPO_MUST_USE hpo_status hpo_metric_compute(const hpo_metric *m,
                                           const hpo_scored *s, double *out,
                                           hpo_error *err);

/** The same from the sums of all ranks' rows, for a metric without compute;
 *  every p was finite and there was at least one row. */
HPO_MUST_USE hpo_status hpo_metric_finish(const hpo_metric *m,
                                          const hpo_sum *sum, size_t n_class,
                                          double *out, hpo_error *err);

/** Weight of the rows of each class that are said to be of each, by p > 0.5
 *  or the highest p (ties: the lowest class).
 *  sklearn.metrics.confusion_matrix.
 *  \param [out] weight [n_class truth][n_class predicted] */
HPO_MUST_USE hpo_status hpo_metric_confusion(const hpo_scored *s,
                                             double *weight, hpo_error *err);

/** Weight of the rows whose score for a class is at least threshold: hits
 *  are of the class, alarms are not. */
typedef struct hpo_roc_point {
  double threshold, hits, alarms;
} hpo_roc_point;

/** Points of the ROC curve of a class against the others, threshold falling;
 *  the last is the lowest score, so it has the weight of all rows.  Each
 *  distinct score (of rows with weight) is a point if there are no more than
 * most of them, else every first one by which the sum of both rates has passed
 * the next of most - 2 even marks, and the last. sklearn.metrics.roc_curve,
 * drop_intermediate=False. \param [in]  most  at least 3 \param [out] point
 * [most] \param [out] n     how many; 0: no weight on one side */
HPO_MUST_USE hpo_status hpo_metric_roc(const hpo_scored *s, size_t positive,
                                       size_t most, hpo_roc_point *point,
                                       size_t *n, hpo_error *err);

#endif
