/* SPDX-License-Identifier: BSD-3-Clause */
/* The null model: the training rows' weighted class shares, or their mean.
 * What any other model has to beat. */
#include "model/kinds.h"

#include "hpo/num.h"

#include <string.h>

typedef struct baseline {
  hpo_model_input in; /* borrowed parts */
  size_t k;           /* values of a prediction, as in metric.h */
  double *value;      /* [max(k, 1)] */
} baseline;

static hpo_status baseline_check(const hpo_options *o, hpo_task task,
                                 const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;

  (void)o;
  if (task == HPO_TASK_NONE)
    HPO_FAIL(status, err, HPO_EINVAL, "model baseline needs <data>");
  if (data != NULL && data->n_train == 0)
    HPO_FAIL(status, err, HPO_EDATA, "there are no training rows");
done:
  return status;
}

static int64_t baseline_steps(const hpo_options *o) {
  (void)o;
  return 1;
}

static void baseline_destroy(void *self) {
  baseline *b = self;

  if (b == NULL)
    return;
  hpo_mem_free(b->value);
  hpo_mem_free(b);
}

/* Sum over the team of weight * what, for what = [y = class], y or 1. */
typedef enum what { WHAT_CLASS, WHAT_TARGET, WHAT_ONE } what;

static hpo_status team_sum(const hpo_model_input *in, what kind, double class,
                           double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = in->part.data;
  hpo_sum s = {{0}, 0, 0};

  for (size_t i = 0; i < in->part.n_train; i++) {
    hpo_row r = in->part.train[i];
    double w = d->weight != NULL ? d->weight[r] : 1.0;
    if (kind == WHAT_TARGET)
      hpo_sum_add_product(&s, w, d->y[r]);
    else if (kind == WHAT_ONE || d->y[r] == class)
      hpo_sum_add(&s, w);
  }
  HPO_TRY(status, in->coll->sum(in->coll->self, s.chunk, HPO_SUM_CHUNKS, err));
  *out = hpo_sum_get(&s);
done:
  return status;
}

static hpo_status fit(baseline *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_task task = b->in.part.data->task;
  double all = 0;

  HPO_TRY(status, team_sum(&b->in, WHAT_ONE, 0, &all, err));
  if (!(all > 0))
    HPO_FAIL(status, err, HPO_ETRIAL,
             "the weights of the training rows sum to %g", all);
  for (size_t k = 0; k < b->k; k++) {
    double class = task == HPO_TASK_BINARY ? 1.0 : (double)k;
    what kind = task == HPO_TASK_REGRESSION ? WHAT_TARGET : WHAT_CLASS;
    HPO_TRY(status, team_sum(&b->in, kind, class, &b->value[k], err));
    b->value[k] /= all;
  }
done:
  return status;
}

static hpo_status baseline_create(const hpo_model_input *in, void **self,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  baseline *b = NULL;
  const hpo_dataset *d = in->part.data;

  HPO_TRY(status, hpo_mem_new(1, sizeof *b, &b, err));
  b->in = *in;
  b->k = hpo_dataset_outputs(d);
  HPO_TRY(status, hpo_mem_new(b->k, sizeof *b->value, &b->value, err));
  HPO_TRY(status, fit(b, err));
  *self = b;
  b = NULL;
done:
  baseline_destroy(b);
  return status;
}

static hpo_status baseline_step(void *self, hpo_error *err) {
  (void)self;
  (void)err;
  return HPO_OK;
}

static hpo_status baseline_predict(void *self, double *p, hpo_error *err) {
  const baseline *b = self;

  (void)err;
  for (size_t i = 0; i < b->in.part.n_valid; i++)
    memcpy(p + i * b->k, b->value, b->k * sizeof *p);
  return HPO_OK;
}

static hpo_status baseline_save(void *self, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const baseline *b = self;
  char text[32];

  if (b->in.coll->rank != 0)
    return HPO_OK;
  HPO_TRY(status, hpo_buffer_format(
                      out, err,
                      "{\"format\": \"hpotune-baseline\", \"task\": \"%s\", "
                      "\"prediction\": [",
                      hpo_task_name(b->in.part.data->task)));
  for (size_t k = 0; k < b->k; k++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s%s", k == 0 ? "" : ", ",
                              hpo_options_format_float(b->value[k], text)));
  HPO_TRY(status, hpo_buffer_format(out, err, "]}\n"));
done:
  return status;
}

const hpo_model_kind hpo_model_baseline = {
    .name = "baseline",
    .help = "the training rows' class shares or mean, whatever the features",
    .is_built = true,
    .tasks = 1U << HPO_TASK_BINARY | 1U << HPO_TASK_MULTICLASS |
             1U << HPO_TASK_REGRESSION,
    .format = "json",
    .check = baseline_check,
    .steps = baseline_steps,
    .create = baseline_create,
    .destroy = baseline_destroy,
    .step = baseline_step,
    .predict_valid = baseline_predict,
    .save = baseline_save,
};
