/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of metrics, and what is checked before any of them. */
#include "metric_impl.h"

#include <math.h>
#include <string.h>

#include "hpo/mem.h"

static const hpo_metric train_seconds = {
    .name = "train_seconds",
    .help = "wall seconds that the trial took, training and scoring",
    .tasks = ON_ALL,
    .high = (double)INFINITY,
    .of_trial = true};
static const hpo_metric model_bytes = {
    .name = "model_bytes",
    .help = "bytes of the model as it would be stored",
    .tasks = ON_ALL,
    .high = (double)INFINITY,
    .of_trial = true};
static const hpo_metric value = {
    .name = "value",
    .help = "what the test function of the model \"function\" returns",
    .tasks = ON_NOTHING,
    .of_trial = true};

#define FURTHER(n)                                                            \
  static const hpo_metric value##n = {.name = "value" #n,                     \
                                      .help = "the same, value " #n           \
                                              " of a function with several",  \
                                      .tasks = ON_NOTHING,                    \
                                      .of_trial = true}
FURTHER(2);
FURTHER(3);
FURTHER(4);
#undef FURTHER

static const hpo_metric *const registry[] = {&hpo_metric_accuracy,
                                             &hpo_metric_precision,
                                             &hpo_metric_recall,
                                             &hpo_metric_f1,
                                             &hpo_metric_roc_auc,
                                             &hpo_metric_pr_auc,
                                             &hpo_metric_logloss,
                                             &hpo_metric_error,
                                             &hpo_metric_rmse,
                                             &hpo_metric_mae,
                                             &hpo_metric_r2,
                                             &hpo_metric_mape,
                                             &train_seconds,
                                             &model_bytes,
                                             &value,
                                             &value2,
                                             &value3,
                                             &value4};

const hpo_metric *const *hpo_metric_kinds(size_t *n) {
  *n = sizeof registry / sizeof registry[0];
  return registry;
}

const hpo_metric *hpo_metric_find(const char *name) {
  size_t n = 0;
  const hpo_metric *const *m = hpo_metric_kinds(&n);

  for (size_t i = 0; i < n; i++)
    if (strcmp(m[i]->name, name) == 0)
      return m[i];
  return NULL;
}

hpo_status hpo_metric_check_weight(double weight, hpo_error *err) {
  return weight > 0
             ? HPO_OK
             : hpo_error_set(err, HPO_ETRIAL,
                             "the validation rows have no weight: all their "
                             "weights are 0");
}

static hpo_status by_sums(const hpo_metric *m, const hpo_scored *s,
                          double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sum *sum = NULL;

  HPO_TRY(status, hpo_mem_new(m->n_sum(s->n_class), sizeof *sum, &sum, err));
  m->accumulate(s, sum);
  HPO_TRY(status, m->finish(sum, s->n_class, out, err));
done:
  hpo_mem_free(sum);
  return status;
}

static hpo_status check_rows(const hpo_scored *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool in_range = true;

  if (s->n == 0)
    HPO_FAIL(status, err, HPO_ETRIAL, "there are no validation rows");
  for (size_t i = 0; i < s->n * s->k; i++)
    if (!isfinite(s->p[i]))
      HPO_FAIL(status, err, HPO_ETRIAL,
               "the prediction for validation row %zu is %s", i / s->k,
               isnan(s->p[i]) ? "not a number" : "infinite");
  if (s->n_class > 0)
    for (size_t i = 0; i < s->n; i++)
      in_range = in_range && s->y[i] >= 0 && s->y[i] < (double)s->n_class;
  HPO_ASSERT(in_range);
done:
  return status;
}

hpo_status hpo_metric_finish(const hpo_metric *m, const hpo_sum *sum,
                             size_t n_class, double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  double score = NAN;

  HPO_TRY(status, m->finish(sum, n_class, &score, err));
  if (!isfinite(score))
    HPO_FAIL(status, err, HPO_ETRIAL, "%s is not finite", m->name);
  *out = score;
done:
  if (status == HPO_ETRIAL)
    hpo_error_prefix(err, "%s is undefined: ", m->name);
  return status;
}

hpo_status hpo_metric_compute(const hpo_metric *m, const hpo_scored *s,
                              double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  double score = NAN;

  HPO_ASSERT(m->compute || m->n_sum);
  HPO_ASSERT(s->n_class == 0 ? s->k == 1 : s->n_class == 2 || s->k > 2);
  HPO_TRY(status, check_rows(s, err));
  HPO_TRY(status, m->compute ? m->compute(s, &score, err)
                             : by_sums(m, s, &score, err));
  if (!isfinite(score))
    HPO_FAIL(status, err, HPO_ETRIAL, "%s is not finite", m->name);
  *out = score;
done:
  if (status == HPO_ETRIAL)
    hpo_error_prefix(err, "%s is undefined: ", m->name);
  return status;
}
