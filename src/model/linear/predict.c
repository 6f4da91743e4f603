/* SPDX-License-Identifier: BSD-3-Clause */
/* A stored linear model, to predict new rows. */
#include "model/predict.h"
#include "model/inputs.h"

#include <string.h>

typedef struct linear_stored {
  hpo_inputs inputs;
  double *coef;      /* [k][inputs] */
  double *intercept; /* [k] */
  double *input;     /* [inputs] of one row */
  size_t k, columns;
} linear_stored;

static void destroy(void *self) {
  linear_stored *m = self;

  hpo_inputs_free(&m->inputs);
  hpo_mem_free(m->coef);
  hpo_mem_free(m->intercept);
  hpo_mem_free(m->input);
  hpo_mem_free(m);
}

static hpo_status load(const hpo_doc *d, const hpo_dataset *facts, void **self,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_stored *m = NULL;
  const hpo_doc *coef = hpo_doc_find(d, "coef_");

  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->k = hpo_dataset_outputs(facts);
  m->columns = facts->columns;
  HPO_TRY(status, hpo_inputs_get(d, facts, &m->inputs, err));
  size_t n = m->inputs.n;
  if (!coef || coef->kind != HPO_DOC_ARRAY || coef->n != m->k)
    HPO_FAIL(status, err, HPO_ESTUDY, "the model is damaged: coef_");
  HPO_TRY(status, hpo_mem_new(n, sizeof *m->input, &m->input, err));
  HPO_TRY(status, hpo_mem_new(m->k * n, sizeof *m->coef, &m->coef, err));
  for (size_t c = 0; c < m->k; c++)
    HPO_TRY(status, hpo_inputs_read(&coef->child[c], n, m->coef + c * n,
                                    "coef_", err));
  HPO_TRY(status, hpo_mem_new(m->k, sizeof(double), &m->intercept, err));
  HPO_TRY(status, hpo_inputs_read(hpo_doc_find(d, "intercept_"), m->k,
                                  m->intercept, "intercept_", err));
  *self = m;
  m = NULL;
done:
  if (m)
    destroy(m);
  return status;
}

static hpo_status margins(const void *self, const float *x, size_t n,
                          double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const linear_stored *m = self;

  for (size_t i = 0; i < n; i++) {
    double *to = out + i * m->k;
    HPO_TRY(status,
            hpo_inputs_row(&m->inputs, x + i * m->columns, m->input, err));
    memcpy(to, m->intercept, m->k * sizeof *to);
    for (size_t j = 0; j < m->inputs.n; j++)
      for (size_t c = 0; c < m->k; c++)
        to[c] += m->input[j] * m->coef[c * m->inputs.n + j];
  }
done:
  return status;
}

static hpo_status write_c(const void *self, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const linear_stored *m = self;
  size_t n = m->inputs.n;

  HPO_TRY(status, hpo_inputs_write_c(&m->inputs, out, err));
  HPO_TRY(status, hpo_buffer_format(
                      out, err, "static const double coef[][%zu] = {\n", n));
  for (size_t i = 0; i < m->k * n; i++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s%.17g%s", i % n ? ", " : "  {",
                              m->coef[i], (i + 1) % n ? "" : "},\n"));
  HPO_TRY(status, hpo_buffer_format(
                      out, err, "};\nstatic const double intercept[] = {"));
  for (size_t c = 0; c < m->k; c++)
    HPO_TRY(status, hpo_buffer_format(out, err, "%.17g, ", m->intercept[c]));
  HPO_TRY(status,
          hpo_buffer_format(
              out, err,
              "};\n\nstatic void margins(const float *x, double *m) {\n"
              "  int j, k;\n  for (k = 0; k < HPOTUNE_OUTPUTS; k++)\n"
              "    m[k] = intercept[k];\n  for (j = 0; j < %zu; j++) {\n"
              "    double v = input(x, j);\n"
              "    for (k = 0; k < HPOTUNE_OUTPUTS; k++)\n"
              "      m[k] += v * coef[k][j];\n  }\n}\n",
              n));
done:
  return status;
}

const hpo_predict_kind hpo_predict_linear = {load, destroy, margins,
                                             NULL, write_c, false};
