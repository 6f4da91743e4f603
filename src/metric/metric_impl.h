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

static inline double row_weight(const hpo_scored *s, size_t i) {
  return s->weight ? s->weight[i] : 1.0;
}

/* sum += weight of row i times x, exactly. */
static inline void add_term(const hpo_scored *s, size_t i, hpo_sum *sum,
                            double x) {
  if (s->weight)
    hpo_sum_add_product(sum, s->weight[i], x);
  else
    hpo_sum_add(sum, x);
}

/* sum += the weights of all rows. */
static inline void add_weights(const hpo_scored *s, hpo_sum *sum) {
  if (!s->weight)
    hpo_sum_add(sum, (double)s->n);
  for (size_t i = 0; s->weight && i < s->n; i++)
    hpo_sum_add(sum, s->weight[i]);
}

/* hi + lo = a * b exactly.  T. J. Dekker, A floating-point technique for
 * extending the available precision, Numer. Math. 18, 1971, section 5. */
static inline void exact_product(double a, double b, double *hi, double *lo) {
  const double half = 0x1p27 + 1.0;
  double ta = half * a, tb = half * b;
  double a1 = ta - (ta - a), b1 = tb - (tb - b);
  double a2 = a - a1, b2 = b - b1;

  *hi = a * b;
  *lo = ((a1 * b1 - *hi) + a1 * b2 + a2 * b1) + a2 * b2;
}

/* HPO_ETRIAL if a sum of weights is not positive. */
HPO_MUST_USE hpo_status hpo_metric_check_weight(double weight, hpo_error *err);

#endif
