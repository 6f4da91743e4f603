/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of predicted numbers, through sums.
 *
 * Definitions: scikit-learn 1.2, sklearn.metrics (mean_squared_error,
 * mean_absolute_error, r2_score, mean_absolute_percentage_error).
 */
#include <math.h>

#include "metric_impl.h"

/* Means of a term per row: sum 0 weighted terms, sum 1 weights. */

static size_t two_sums(size_t n_class) {
  (void)n_class;
  return 2;
}

static hpo_status finish_mean(const hpo_sum *sum, size_t n_class, double *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  double weight = hpo_sum_get(&sum[1]);

  (void)n_class;
  HPO_TRY(status, hpo_metric_check_weight(weight, err));
  *out = hpo_sum_get(&sum[0]) / weight;
done:
  return status;
}

static void add_squares(const hpo_scored *s, hpo_sum *sum) {
  for (size_t i = 0; i < s->n; i++) {
    double d = s->y[i] - s->p[i];
    add_term(s, i, &sum[0], d * d);
  }
  add_weights(s, &sum[1]);
}

static hpo_status finish_rmse(const hpo_sum *sum, size_t n_class, double *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  double mean = 0;

  HPO_TRY(status, finish_mean(sum, n_class, &mean, err));
  *out = sqrt(mean);
done:
  return status;
}

static void add_distances(const hpo_scored *s, hpo_sum *sum) {
  for (size_t i = 0; i < s->n; i++)
    add_term(s, i, &sum[0], fabs(s->y[i] - s->p[i]));
  add_weights(s, &sum[1]);
}

static void add_shares(const hpo_scored *s, hpo_sum *sum) {
  for (size_t i = 0; i < s->n; i++) {
    double share = fabs(s->y[i] - s->p[i]) / fmax(fabs(s->y[i]), 0x1p-52);
    add_term(s, i, &sum[0], share);
  }
  add_weights(s, &sum[1]);
}

const hpo_metric hpo_metric_rmse = {
    .name = "rmse",
    .help = "root of the weighted mean of (y - p)^2 "
            "(sklearn.metrics.mean_squared_error, squared=False)",
    .tasks = ON_REGRESSION,
    .high = (double)INFINITY,
    .n_sum = two_sums,
    .accumulate = add_squares,
    .finish = finish_rmse};

const hpo_metric hpo_metric_mae = {
    .name = "mae",
    .help = "weighted mean of |y - p| (sklearn.metrics.mean_absolute_error)",
    .tasks = ON_REGRESSION,
    .high = (double)INFINITY,
    .n_sum = two_sums,
    .accumulate = add_distances,
    .finish = finish_mean};

const hpo_metric hpo_metric_mape = {
    .name = "mape",
    .help = "weighted mean of |y - p| / max(|y|, 2^-52), a share, not per "
            "cent (sklearn.metrics.mean_absolute_percentage_error)",
    .tasks = ON_REGRESSION,
    .high = (double)INFINITY,
    .n_sum = two_sums,
    .accumulate = add_shares,
    .finish = finish_mean};

/* r2 in one pass: the spread of y about its mean is
 * (sum w y^2 - (sum w y)^2 / sum w), which cancels; the sums are exact, so
 * three doubles of each keep 159 bits of it. */

enum { DISTANCE, WEIGHT, FIRST, SECOND, ROWS, R2_SUMS };

static size_t r2_sums(size_t n_class) {
  (void)n_class;
  return R2_SUMS;
}

static void add_moments(const hpo_scored *s, hpo_sum *sum) {
  for (size_t i = 0; i < s->n; i++) {
    double w = row_weight(s, i), y = s->y[i], d = y - s->p[i], hi, lo;
    exact_product(w, y, &hi, &lo);
    add_term(s, i, &sum[DISTANCE], d * d);
    hpo_sum_add(&sum[FIRST], hi);
    hpo_sum_add_product(&sum[SECOND], hi, y);
    if (s->weight) { /* else lo is 0 */
      hpo_sum_add(&sum[FIRST], lo);
      hpo_sum_add_product(&sum[SECOND], lo, y);
    }
  }
  add_weights(s, &sum[WEIGHT]);
  hpo_sum_add(&sum[ROWS], (double)s->n);
}

static void sum_parts(const hpo_sum *sum, double part[3]) {
  hpo_sum rest = *sum;

  for (size_t j = 0; j < 3; j++) {
    part[j] = hpo_sum_get(&rest);
    hpo_sum_add(&rest, -part[j]);
  }
}

static hpo_status finish_r2(const hpo_sum *sum, size_t n_class, double *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  double w[3], first[3], second[3];
  hpo_sum spread = {0};

  (void)n_class;
  HPO_TRY(status, hpo_metric_check_weight(hpo_sum_get(&sum[WEIGHT]), err));
  if (hpo_sum_get(&sum[ROWS]) < 2)
    HPO_FAIL(status, err, HPO_ETRIAL, "it needs at least two rows");
  sum_parts(&sum[WEIGHT], w);
  sum_parts(&sum[FIRST], first);
  sum_parts(&sum[SECOND], second);
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < 3; j++) {
      hpo_sum_add_product(&spread, w[i], second[j]);
      hpo_sum_add_product(&spread, -first[i], first[j]);
    }
  double about_mean = hpo_sum_get(&spread) / w[0];
  double distance = hpo_sum_get(&sum[DISTANCE]);
  if (about_mean > 0)
    *out = 1.0 - distance / about_mean;
  else /* y is constant: sklearn's force_finite */
    *out = distance == 0 ? 1.0 : 0.0;
done:
  return status;
}

const hpo_metric hpo_metric_r2 = {
    .name = "r2",
    .help = "1 - sum w (y - p)^2 / sum w (y - mean)^2; where y is constant "
            "1 if exact, else 0 (sklearn.metrics.r2_score)",
    .maximize = true,
    .tasks = ON_REGRESSION,
    .low = -(double)INFINITY,
    .high = 1,
    .n_sum = r2_sums,
    .accumulate = add_moments,
    .finish = finish_r2};
