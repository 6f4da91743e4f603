/* SPDX-License-Identifier: BSD-3-Clause */
/* A linear model as JSON, in scikit-learn's shapes (docs/models.md). */
#include "linear.h"

#include "hpo/mem.h"
#include "model/json.h"

#include <math.h>
#include <string.h>

/* Options with their values. */
static hpo_status put_params(hpo_buffer *b, const linear_saved *m,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const linear_config *c = m->config;

  HPO_TRY(status,
          hpo_buffer_format(
              b, err, ",\n \"params\": {\"penalty\": \"%s\", \"%s\": %.17g, ",
              c->penalty, c->is_logistic ? "C" : "alpha", c->strength));
  if (c->has_penalty)
    HPO_TRY(status,
            hpo_buffer_format(b, err, "\"l1_ratio\": %.17g, ", c->l1_ratio));
  if (c->is_logistic)
    HPO_TRY(status,
            hpo_buffer_format(b, err, "\"class_weight\": %s, ",
                              c->is_balanced ? "\"balanced\"" : "null"));
  HPO_TRY(status,
          hpo_buffer_format(b, err, "\"fit_intercept\": %s, \"tol\": %.17g}",
                            c->has_intercept ? "true" : "false", c->tol));
done:
  return status;
}

/* u as the study's: of standardised features or of raw ones. */
typedef struct coefficients {
  double *coef;      /* [k][columns] */
  double *intercept; /* [k] */
} coefficients;

/* Without a penalty, what is added to a feature's coefficients of all classes
 * is free: they sum to 0, as scikit-learn's. */
static void centre_classes(double *coef, size_t k, size_t n) {
  for (size_t j = 0; j < n; j++) {
    double mean = 0;
    for (size_t c = 0; c < k; c++)
      mean += coef[c * n + j] / (double)k;
    for (size_t c = 0; c < k; c++)
      coef[c * n + j] -= mean;
  }
}

static void set_coefficients(const linear_saved *m, const coefficients *to) {
  const linear_scaler *s = m->scaler;
  size_t n = s->columns;
  bool standardize = m->in->part.design->standardize;
  double mean = 0;

  for (size_t c = 0; c < m->k; c++) {
    to->intercept[c] = m->config->has_intercept ? m->u[c * s->ld + n] : 0;
    for (size_t j = 0; j < n; j++) {
      double u = m->u[c * s->ld + j];
      double raw = u * s->scale.factor[j];
      to->coef[c * n + j] = standardize ? u : raw;
      if (!standardize)
        to->intercept[c] -= raw * s->scale.center[j];
    }
    mean += to->intercept[c] / (double)m->k;
  }
  for (size_t c = 0; m->k > 1 && c < m->k; c++)
    to->intercept[c] -= mean;
  if (m->k > 1 && !m->config->has_penalty)
    centre_classes(to->coef, m->k, n);
}

static hpo_status put_coefficients(hpo_buffer *b, const linear_saved *m,
                                   hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = m->scaler->columns;
  coefficients c = {NULL, NULL};

  HPO_TRY(status, hpo_mem_new(m->k * n, sizeof *c.coef, &c.coef, err));
  HPO_TRY(status, hpo_mem_new(m->k, sizeof *c.intercept, &c.intercept, err));
  set_coefficients(m, &c);
  HPO_TRY(status, hpo_buffer_format(b, err, ",\n \"coef_\": ["));
  for (size_t k = 0; k < m->k; k++) {
    HPO_TRY(status, hpo_buffer_format(b, err, "%s\n  [", k > 0 ? "," : ""));
    for (size_t j = 0; j < n; j++) {
      HPO_TRY(status, hpo_buffer_add(b, ", ", j > 0 ? 2 : 0, err));
      HPO_TRY(status, hpo_json_add_number(b, c.coef[k * n + j], err));
    }
    HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
  HPO_TRY(status,
          hpo_json_add_numbers(b, "intercept_", c.intercept, m->k, err));
done:
  hpo_mem_free(c.coef);
  hpo_mem_free(c.intercept);
  return status;
}

hpo_status linear_save(const linear_saved *m, hpo_buffer *out,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = m->in->part.data;
  const linear_scaler *s = m->scaler;

  HPO_TRY(status,
          hpo_buffer_format(out, err,
                            "{\"format\": \"hpotune-linear\", \"version\": 1,"
                            "\n \"kind\": \"%s\", \"task\": \"%s\"",
                            m->config->is_logistic ? "logistic" : "linear",
                            hpo_task_name(d->task)));
  HPO_TRY(status, put_params(out, m, err));
  HPO_TRY(status, hpo_buffer_format(out, err,
                                    ",\n \"n_iter_\": %lld, \"converged\": "
                                    "%s",
                                    (long long)m->n_iter,
                                    m->converged ? "true" : "false"));
  if (d->n_class > 0) {
    HPO_TRY(status, hpo_buffer_format(out, err, ",\n "));
    HPO_TRY(status, hpo_json_add_texts(out, "classes_", d->class_name,
                                       d->n_class, err));
  }
  HPO_TRY(status,
          hpo_json_add_features(out, d, m->in->part.design, s->impute, err));
  HPO_TRY(status, hpo_json_add_names(out, d, m->in->part.design, err));
  if (m->in->part.design->standardize) {
    HPO_TRY(status,
            hpo_json_add_numbers(out, "mean_", s->mean, s->columns, err));
    HPO_TRY(status, hpo_json_add_numbers(out, "scale_", s->deviation,
                                         s->columns, err));
  }
  HPO_TRY(status, put_coefficients(out, m, err));
  HPO_TRY(status, hpo_buffer_format(out, err, "}\n"));
done:
  return status;
}
