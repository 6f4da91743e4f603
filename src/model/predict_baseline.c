/* SPDX-License-Identifier: BSD-3-Clause */
/* A stored baseline: every row gets the class shares or the mean. */
#include "model/predict.h"

#include <math.h>
#include <string.h>

#include "hpo/num.h"

typedef struct constant {
  size_t k;
  double *margin; /* [k] */
} constant;

static void destroy(void *self) {
  constant *c = self;

  hpo_mem_free(c->margin);
  hpo_mem_free(c);
}

/* Shares become margins that sigmoid and softmax turn back; a share of 0 is
 * a margin that they turn into 0 or nearly. */
static double margin_of(double p, hpo_task task) {
  enum { MOST = 700 };
  double m = p;

  if (task == HPO_TASK_MULTICLASS)
    m = p > 0 ? hpo_num_log(p) : -MOST;
  else if (task == HPO_TASK_BINARY)
    m = p <= 0 ? -MOST : p >= 1 ? MOST : hpo_num_log(p / (1 - p));
  return m;
}

static hpo_status load(const hpo_doc *d, const hpo_dataset *facts, void **self,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  constant *c = NULL;
  const hpo_doc *p = hpo_doc_find(d, "prediction");
  size_t k = hpo_dataset_outputs(facts);

  HPO_TRY(status, hpo_mem_new(1, sizeof *c, &c, err));
  HPO_TRY(status, hpo_mem_new(k, sizeof *c->margin, &c->margin, err));
  c->k = k;
  if (!hpo_doc_is_array(p) || p->n != k)
    HPO_FAIL(status, err, HPO_ESTUDY, "the model is damaged: prediction");
  for (size_t i = 0; i < k; i++) {
    double share = hpo_doc_item(p, i);
    if (!isfinite(share) ||
        (facts->n_class > 0 && !(share >= 0 && share <= 1)))
      HPO_FAIL(status, err, HPO_ESTUDY, "the model is damaged: prediction");
    c->margin[i] = margin_of(share, facts->task);
  }
  *self = c;
  c = NULL;
done:
  if (c)
    destroy(c);
  return status;
}

static hpo_status margins(const void *self, const float *x, size_t n,
                          double *out, hpo_error *err) {
  const constant *c = self;

  (void)x;
  (void)err;
  for (size_t i = 0; i < n; i++)
    memcpy(out + i * c->k, c->margin, c->k * sizeof *out);
  return HPO_OK;
}

static hpo_status write_c(const void *self, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const constant *c = self;

  HPO_TRY(status, hpo_buffer_format(
                      out, err,
                      "static void margins(const float *x, double *m) {\n"
                      "  (void)x;\n"));
  for (size_t i = 0; i < c->k; i++)
    HPO_TRY(status, hpo_buffer_format(out, err, "  m[%zu] = %.17g;\n", i,
                                      c->margin[i]));
  HPO_TRY(status, hpo_buffer_format(out, err, "}\n"));
done:
  return status;
}

const hpo_predict_kind hpo_predict_baseline = {load, destroy, margins,
                                               NULL, write_c, false};
