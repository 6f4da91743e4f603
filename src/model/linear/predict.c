/* SPDX-License-Identifier: BSD-3-Clause */
/* A stored linear model, to predict new rows.  Coefficients of standardised
 * features become those of raw ones: one weight for each number, one for
 * each category. */
#include "model/predict.h"

#include <math.h>
#include <string.h>

/* A coefficient: x[feature] times it, or it where the category is there. */
typedef struct term {
  size_t feature;
  int64_t category;   /* -1: a number */
  double impute;      /* for a missing number; NaN: none */
  double mean, scale; /* of the standardised feature; 0, 1 */
} term;

typedef struct linear_stored {
  term *term;        /* [n] */
  double *coef;      /* [k][n] */
  double *intercept; /* [k] */
  size_t n, room, k, columns;
} linear_stored;

static void destroy(void *self) {
  linear_stored *m = self;

  hpo_mem_free(m->term);
  hpo_mem_free(m->coef);
  hpo_mem_free(m->intercept);
  hpo_mem_free(m);
}

static hpo_status damaged(hpo_error *err, const char *what) {
  return hpo_error_set(err, HPO_ESTUDY, "the model is damaged: %s", what);
}

static hpo_status add_term(linear_stored *m, size_t feature, int64_t category,
                           double impute, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status,
          hpo_mem_grow(&m->term, &m->room, m->n + 1, sizeof *m->term, err));
  m->term[m->n++] = (term){
      .feature = feature, .category = category, .impute = impute, .scale = 1};
done:
  return status;
}

static hpo_status read_feature(const hpo_doc *d, const hpo_dataset *facts,
                               linear_stored *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = hpo_doc_text(hpo_doc_find(d, "name"));
  const hpo_doc *onehot = hpo_doc_find(d, "onehot");
  size_t j = 0;

  while (name && j < facts->columns && strcmp(facts->column[j].name, name))
    j++;
  if (!name || j == facts->columns)
    return damaged(err, "its features");
  if (!onehot)
    return add_term(m, j, -1, hpo_doc_number(hpo_doc_find(d, "impute")), err);
  if (onehot->kind != HPO_DOC_ARRAY ||
      onehot->n != facts->column[j].n_category)
    return damaged(err, "its categories");
  for (size_t c = 0; c < onehot->n; c++)
    HPO_TRY(status, add_term(m, j, (int64_t)c, NAN, err));
done:
  return status;
}

static hpo_status read_numbers(const hpo_doc *d, size_t n, double *to,
                               const char *name, hpo_error *err) {
  if (!hpo_doc_is_array(d) || d->n != n)
    return damaged(err, name);
  for (size_t i = 0; i < n; i++) {
    to[i] = hpo_doc_item(d, i);
    if (!isfinite(to[i]))
      return damaged(err, name);
  }
  return HPO_OK;
}

static hpo_status read_scales(const hpo_doc *d, linear_stored *m,
                              hpo_error *err) {
  const hpo_doc *mean = hpo_doc_find(d, "mean_");
  const hpo_doc *scale = hpo_doc_find(d, "scale_");

  if (!mean && !scale)
    return HPO_OK;
  if (!hpo_doc_is_array(mean) || !hpo_doc_is_array(scale) || mean->n != m->n ||
      scale->n != m->n)
    return damaged(err, "mean_ and scale_");
  for (size_t i = 0; i < m->n; i++) {
    m->term[i].mean = hpo_doc_item(mean, i);
    m->term[i].scale = hpo_doc_item(scale, i);
    if (!isfinite(m->term[i].mean) || !(m->term[i].scale > 0))
      return damaged(err, "mean_ and scale_");
  }
  return HPO_OK;
}

static hpo_status load(const hpo_doc *d, const hpo_dataset *facts, void **self,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_stored *m = NULL;
  const hpo_doc *features = hpo_doc_find(d, "features");
  const hpo_doc *coef = hpo_doc_find(d, "coef_");

  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->k = facts->n_class > 2 ? facts->n_class : 1;
  m->columns = facts->columns;
  if (!features || features->kind != HPO_DOC_ARRAY)
    HPO_TRY(status, damaged(err, "its features"));
  for (size_t i = 0; i < features->n; i++)
    HPO_TRY(status, read_feature(&features->child[i], facts, m, err));
  if (!coef || coef->kind != HPO_DOC_ARRAY || coef->n != m->k)
    HPO_TRY(status, damaged(err, "coef_"));
  HPO_TRY(status, hpo_mem_new(m->k * m->n, sizeof *m->coef, &m->coef, err));
  for (size_t c = 0; c < m->k; c++)
    HPO_TRY(status, read_numbers(&coef->child[c], m->n, m->coef + c * m->n,
                                 "coef_", err));
  HPO_TRY(status, hpo_mem_new(m->k, sizeof(double), &m->intercept, err));
  HPO_TRY(status, read_numbers(hpo_doc_find(d, "intercept_"), m->k,
                               m->intercept, "intercept_", err));
  HPO_TRY(status, read_scales(d, m, err));
  *self = m;
  m = NULL;
done:
  if (m)
    destroy(m);
  return status;
}

static double term_value(const term *t, const float *x) {
  double v = (double)x[t->feature];

  if (t->category >= 0)
    v = v == (double)t->category ? 1 : 0;
  else if (isnan(v))
    v = t->impute;
  return (v - t->mean) / t->scale;
}

static hpo_status margins(const void *self, const float *x, size_t n,
                          double *out, hpo_error *err) {
  const linear_stored *m = self;

  for (size_t i = 0; i < n; i++) {
    double *to = out + i * m->k;
    memcpy(to, m->intercept, m->k * sizeof *to);
    for (size_t j = 0; j < m->n; j++) {
      double v = term_value(&m->term[j], x + i * m->columns);
      if (isnan(v))
        return hpo_error_set(err, HPO_EDATA,
                             "feature %zu is missing, and this linear model "
                             "knows no value for it: no row it was trained "
                             "on had it missing",
                             m->term[j].feature);
      for (size_t c = 0; c < m->k; c++)
        to[c] += v * m->coef[c * m->n + j];
    }
  }
  return HPO_OK;
}

static hpo_status write_c(const void *self, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const linear_stored *m = self;

  HPO_TRY(status, hpo_buffer_format(
                      out, err,
                      "/* feature, category (-1: a number), what stands for "
                      "a missing number, mean, scale */\nstatic const struct "
                      "{ int feature, category; double impute, mean, scale; "
                      "} term[] = {\n"));
  for (size_t j = 0; j < m->n; j++) {
    const term *t = &m->term[j];
    HPO_TRY(status, hpo_buffer_format(out, err, "  {%zu, %lld, ", t->feature,
                                      (long long)t->category));
    HPO_TRY(status, isnan(t->impute)
                        ? hpo_buffer_format(out, err, "NAN")
                        : hpo_buffer_format(out, err, "%.17g", t->impute));
    HPO_TRY(status, hpo_buffer_format(out, err, ", %.17g, %.17g},\n", t->mean,
                                      t->scale));
  }
  HPO_TRY(status,
          hpo_buffer_format(
              out, err, "};\nstatic const double coef[][%zu] = {\n", m->n));
  for (size_t i = 0; i < m->k * m->n; i++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s%.17g%s", i % m->n ? ", " : "  {",
                              m->coef[i], (i + 1) % m->n ? "" : "},\n"));
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
              "    double v = x[term[j].feature];\n"
              "    if (term[j].category >= 0)\n"
              "      v = v == term[j].category;\n"
              "    else if (isnan(v))\n      v = term[j].impute;\n"
              "    v = (v - term[j].mean) / term[j].scale;\n"
              "    for (k = 0; k < HPOTUNE_OUTPUTS; k++)\n"
              "      m[k] += v * coef[k][j];\n  }\n}\n",
              m->n));
done:
  return status;
}

const hpo_predict_kind hpo_predict_linear = {load, destroy, margins, NULL,
                                             write_c};
