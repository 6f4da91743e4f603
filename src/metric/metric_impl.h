/* SPDX-License-Identifier: BSD-3-Clause */
/* What the metric files share: task bits, the wrapper that scores through
 * sums, and the tables of each file. */
#ifndef HPO_METRIC_IMPL_H
#define HPO_METRIC_IMPL_H

#include "hpo/metric.h"

#define ON_BINARY 1u
#define ON_MULTICLASS 2u
#define ON_CLASSES 3u
#define ON_REGRESSION 4u
#define ON_NOTHING 8u
#define ON_ALL 15u

/* classify.c */
extern const hpo_metric hpo_metric_accuracy, hpo_metric_error,
    hpo_metric_precision, hpo_metric_recall, hpo_metric_f1, hpo_metric_logloss;
/* ranking.c */
extern const hpo_metric hpo_metric_roc_auc, hpo_metric_pr_auc;
/* regress.c */
extern const hpo_metric hpo_metric_rmse, hpo_metric_mae, hpo_metric_r2,
    hpo_metric_mape;

/* The score of m from its own sums over all rows. */
HPO_MUST_USE hpo_status hpo_metric_by_sums(const hpo_metric *m,
                                           const hpo_scored *s, double *out,
                                           hpo_error *err);

static inline double row_weight(const hpo_scored *s, size_t i) {
  return s->weight ? s->weight[i] : 1.0;
}

/* HPO_ETRIAL if a sum of weights is not positive. */
HPO_MUST_USE hpo_status hpo_metric_check_weight(double weight, hpo_error *err);

#endif
