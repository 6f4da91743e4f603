/* SPDX-License-Identifier: BSD-3-Clause */
/* The inputs of a stored model. */
#include "model/inputs.h"

#include <math.h>
#include <string.h>

static hpo_status damaged(hpo_error *err, const char *what) {
  return hpo_error_set(err, HPO_ESTUDY, "the model is damaged: %s", what);
}

static hpo_status add_input(hpo_inputs *in, size_t feature, int64_t category,
                            double impute, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&in->item, &in->room, in->n + 1,
                               sizeof *in->item, err));
  in->item[in->n++] = (hpo_input){
      .feature = feature, .category = category, .impute = impute, .scale = 1};
done:
  return status;
}

static hpo_status read_feature(const hpo_doc *d, const hpo_dataset *facts,
                               hpo_inputs *in, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = hpo_doc_text(hpo_doc_find(d, "name"));
  const hpo_doc *onehot = hpo_doc_find(d, "onehot");
  size_t j = 0;

  while (name && j < facts->columns && strcmp(facts->column[j].name, name))
    j++;
  if (!name || j == facts->columns)
    return damaged(err, "its features");
  if (!onehot)
    return add_input(in, j, -1, hpo_doc_number(hpo_doc_find(d, "impute")),
                     err);
  if (onehot->kind != HPO_DOC_ARRAY ||
      onehot->n != facts->column[j].n_category)
    return damaged(err, "its categories");
  for (size_t c = 0; c < onehot->n; c++)
    HPO_TRY(status, add_input(in, j, (int64_t)c, NAN, err));
done:
  return status;
}

hpo_status hpo_inputs_read(const hpo_doc *d, size_t n, double *to,
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

static hpo_status read_scales(const hpo_doc *d, hpo_inputs *in,
                              hpo_error *err) {
  const hpo_doc *mean = hpo_doc_find(d, "mean_");
  const hpo_doc *scale = hpo_doc_find(d, "scale_");

  if (!mean && !scale)
    return HPO_OK;
  if (!hpo_doc_is_array(mean) || !hpo_doc_is_array(scale) ||
      mean->n != in->n || scale->n != in->n)
    return damaged(err, "mean_ and scale_");
  for (size_t i = 0; i < in->n; i++) {
    in->item[i].mean = hpo_doc_item(mean, i);
    in->item[i].scale = hpo_doc_item(scale, i);
    if (!isfinite(in->item[i].mean) || !(in->item[i].scale > 0))
      return damaged(err, "mean_ and scale_");
  }
  return HPO_OK;
}

hpo_status hpo_inputs_get(const hpo_doc *model, const hpo_dataset *facts,
                          hpo_inputs *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_inputs in = {NULL, 0, 0};
  const hpo_doc *features = hpo_doc_find(model, "features");

  if (!features || features->kind != HPO_DOC_ARRAY)
    HPO_TRY(status, damaged(err, "its features"));
  for (size_t i = 0; i < features->n; i++)
    HPO_TRY(status, read_feature(&features->child[i], facts, &in, err));
  HPO_TRY(status, read_scales(model, &in, err));
  *out = in;
  in = (hpo_inputs){NULL, 0, 0};
done:
  hpo_inputs_free(&in);
  return status;
}

void hpo_inputs_free(hpo_inputs *in) {
  hpo_mem_free(in->item);
  *in = (hpo_inputs){NULL, 0, 0};
}

static double value_of(const hpo_input *t, const float *x) {
  double v = (double)x[t->feature];

  if (t->category >= 0)
    v = v == (double)t->category ? 1 : 0;
  else if (isnan(v))
    v = t->impute;
  return (v - t->mean) / t->scale;
}

hpo_status hpo_inputs_row(const hpo_inputs *in, const float *x, double *to,
                          hpo_error *err) {
  for (size_t j = 0; j < in->n; j++) {
    to[j] = value_of(&in->item[j], x);
    if (isnan(to[j]))
      return hpo_error_set(err, HPO_EDATA,
                           "feature %zu is missing, and this model knows no "
                           "value for it: no row it was trained on had it "
                           "missing",
                           in->item[j].feature);
  }
  return HPO_OK;
}

static const char input_text[] =
    "};\n\nstatic double input(const float *x, int j) {\n"
    "  double v = x[term[j].feature];\n"
    "  if (term[j].category >= 0)\n"
    "    v = v == term[j].category;\n"
    "  else if (isnan(v))\n    v = term[j].impute;\n"
    "  return (v - term[j].mean) / term[j].scale;\n}\n\n";

hpo_status hpo_inputs_write_c(const hpo_inputs *in, hpo_buffer *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_format(
                      out, err,
                      "/* feature, category (-1: a number), what stands for "
                      "a missing number, mean, scale */\nstatic const struct "
                      "{ int feature, category; double impute, mean, scale; "
                      "} term[] = {\n"));
  for (size_t j = 0; j < in->n; j++) {
    const hpo_input *t = &in->item[j];
    HPO_TRY(status, hpo_buffer_format(out, err, "  {%zu, %lld, ", t->feature,
                                      (long long)t->category));
    HPO_TRY(status, isnan(t->impute)
                        ? hpo_buffer_format(out, err, "NAN")
                        : hpo_buffer_format(out, err, "%.17g", t->impute));
    HPO_TRY(status, hpo_buffer_format(out, err, ", %.17g, %.17g},\n", t->mean,
                                      t->scale));
  }
  HPO_TRY(status, hpo_buffer_add(out, input_text, sizeof input_text - 1, err));
done:
  return status;
}
