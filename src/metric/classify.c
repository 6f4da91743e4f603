/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of predicted classes and probabilities, through sums.
 *
 * Definitions: scikit-learn 1.2, sklearn.metrics (accuracy_score,
 * precision_recall_fscore_support, log_loss).  With two classes precision,
 * recall and f1 are those of class 1; with more the unweighted mean over the
 * classes that occur in y or among the predictions.  A ratio 0/0 is 0.
 */
#include "hpo/mem.h"
#include "metric_impl.h"

#include <math.h>

/* Class by p > 0.5, or the highest p, ties to the lowest class. */
static size_t predicted_class(const hpo_scored *s, size_t i) {
  const double *p = s->p + i * s->k;
  size_t best = 0;

  if (s->k == 1)
    return p[0] > 0.5 ? 1 : 0;
  for (size_t c = 1; c < s->k; c++)
    if (p[c] > p[best])
      best = c;
  return best;
}

/* Accuracy and error: weight of the right rows, weight of all. */

static size_t two_sums(size_t n_class) {
  (void)n_class;
  return 2;
}

static void count_right(const hpo_scored *s, hpo_sum *sum) {
  for (size_t i = 0; i < s->n; i++)
    if (predicted_class(s, i) == (size_t)s->y[i])
      hpo_sum_add(&sum[0], row_weight(s, i));
  add_weights(s, &sum[1]);
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

static hpo_status finish_error(const hpo_sum *sum, size_t n_class, double *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  double right = 0;

  HPO_TRY(status, finish_mean(sum, n_class, &right, err));
  *out = 1.0 - right;
done:
  return status;
}

const hpo_metric hpo_metric_accuracy = {
    .name = "accuracy",
    .help = "share of the rows (of their weight) whose class is predicted; "
            "class by p > 0.5, else by the highest probability "
            "(sklearn.metrics.accuracy_score)",
    .maximize = true,
    .tasks = ON_CLASSES,
    .high = 1,
    .n_sum = two_sums,
    .accumulate = count_right,
    .finish = finish_mean};

const hpo_metric hpo_metric_error = {
    .name = "error",
    .help = "1 - accuracy (sklearn.metrics.zero_one_loss)",
    .tasks = ON_CLASSES,
    .high = 1,
    .n_sum = two_sums,
    .accumulate = count_right,
    .finish = finish_error};

/* Precision, recall, f1: per class the weight that is it, is said to be it,
 * and both; and how many rows or predictions name it at all, because a
 * class whose rows weigh nothing still counts in the mean. */

enum { IS, SAID, BOTH, SEEN, PER_CLASS };

static size_t class_sums(size_t n_class) { return n_class * PER_CLASS; }

static void count_classes(const hpo_scored *s, hpo_sum *sum) {
  for (size_t i = 0; i < s->n; i++) {
    double w = row_weight(s, i);
    size_t is = (size_t)s->y[i], said = predicted_class(s, i);

    hpo_sum_add(&sum[is * PER_CLASS + IS], w);
    hpo_sum_add(&sum[said * PER_CLASS + SAID], w);
    if (is == said)
      hpo_sum_add(&sum[is * PER_CLASS + BOTH], w);
    hpo_sum_add(&sum[is * PER_CLASS + SEEN], 1.0);
    hpo_sum_add(&sum[said * PER_CLASS + SEEN], 1.0);
  }
}

typedef double (*class_score)(double is, double said, double both);

static double ratio(double a, double b) { return b > 0 ? a / b : 0; }

static double score_precision(double is, double said, double both) {
  (void)is;
  return ratio(both, said);
}

static double score_recall(double is, double said, double both) {
  (void)said;
  return ratio(both, is);
}

static double score_f1(double is, double said, double both) {
  return ratio(2.0 * both, is + said);
}

static hpo_status finish_classes(const hpo_sum *sum, size_t n_class,
                                 class_score score, double *out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sum weight = {0}, total = {0};
  double seen = 0;

  for (size_t c = 0; c < n_class; c++) {
    const hpo_sum *of = sum + c * PER_CLASS;
    hpo_sum_merge(&weight, &of[IS]);
    if (n_class == 2 ? c == 0 : hpo_sum_get(&of[SEEN]) == 0)
      continue;
    hpo_sum_add(&total, score(hpo_sum_get(&of[IS]), hpo_sum_get(&of[SAID]),
                              hpo_sum_get(&of[BOTH])));
    seen += 1;
  }
  HPO_TRY(status, hpo_metric_check_weight(hpo_sum_get(&weight), err));
  *out = hpo_sum_get(&total) / seen;
done:
  return status;
}

static hpo_status finish_precision(const hpo_sum *sum, size_t n_class,
                                   double *out, hpo_error *err) {
  return finish_classes(sum, n_class, score_precision, out, err);
}

static hpo_status finish_recall(const hpo_sum *sum, size_t n_class,
                                double *out, hpo_error *err) {
  return finish_classes(sum, n_class, score_recall, out, err);
}

static hpo_status finish_f1(const hpo_sum *sum, size_t n_class, double *out,
                            hpo_error *err) {
  return finish_classes(sum, n_class, score_f1, out, err);
}

const hpo_metric hpo_metric_precision = {
    .name = "precision",
    .help = "tp / (tp + fp) of the positive class, 0 where nothing is said "
            "to be positive; multiclass: macro "
            "(sklearn.metrics.precision_score)",
    .maximize = true,
    .tasks = ON_CLASSES,
    .high = 1,
    .n_sum = class_sums,
    .accumulate = count_classes,
    .finish = finish_precision};

const hpo_metric hpo_metric_recall = {
    .name = "recall",
    .help = "tp / (tp + fn) of the positive class, 0 where no row is "
            "positive; multiclass: macro (sklearn.metrics.recall_score)",
    .maximize = true,
    .tasks = ON_CLASSES,
    .high = 1,
    .n_sum = class_sums,
    .accumulate = count_classes,
    .finish = finish_recall};

const hpo_metric hpo_metric_f1 = {
    .name = "f1",
    .help = "2 tp / (2 tp + fp + fn) of the positive class, 0 for 0/0; "
            "multiclass: macro (sklearn.metrics.f1_score)",
    .maximize = true,
    .tasks = ON_CLASSES,
    .high = 1,
    .n_sum = class_sums,
    .accumulate = count_classes,
    .finish = finish_f1};

/* Logloss: weighted loss, weight. */

static double clip(double p) {
  const double least = 0x1p-52;
  return p < least ? least : p > 1.0 - least ? 1.0 - least : p;
}

static double row_loss(const hpo_scored *s, size_t i) {
  const double *p = s->p + i * s->k;
  size_t is = (size_t)s->y[i];
  double total = 0;

  if (s->k == 1) {
    double yes = clip(p[0]), no = 1.0 - yes;
    return -hpo_num_log((is == 1 ? yes : no) / (no + yes));
  }
  for (size_t c = 0; c < s->k; c++)
    total += clip(p[c]);
  return -hpo_num_log(clip(p[is]) / total);
}

static void add_losses(const hpo_scored *s, hpo_sum *sum) {
  for (size_t i = 0; i < s->n; i++)
    add_term(s, i, &sum[0], row_loss(s, i));
  add_weights(s, &sum[1]);
}

const hpo_metric hpo_metric_logloss = {
    .name = "logloss",
    .help = "weighted mean of -log(probability of the true class), "
            "probabilities clipped to 2^-52 .. 1 - 2^-52 and normalised "
            "(sklearn.metrics.log_loss)",
    .tasks = ON_CLASSES,
    .high = (double)INFINITY,
    .n_sum = two_sums,
    .accumulate = add_losses,
    .finish = finish_mean};

hpo_status hpo_metric_confusion(const hpo_scored *s, double *weight,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sum *sum = NULL;
  size_t cells = s->n_class * s->n_class;

  HPO_TRY(status, hpo_mem_new(cells, sizeof *sum, &sum, err));
  for (size_t i = 0; i < s->n; i++)
    hpo_sum_add(&sum[(size_t)s->y[i] * s->n_class + predicted_class(s, i)],
                row_weight(s, i));
  for (size_t c = 0; c < cells; c++)
    weight[c] = hpo_sum_get(&sum[c]);
done:
  hpo_mem_free(sum);
  return status;
}
