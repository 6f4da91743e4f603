/* SPDX-License-Identifier: BSD-3-Clause */
/* A network as JSON, in scikit-learn's shapes (docs/models.md). */
#include "hpo/mem.h"
#include "mlp.h"
#include "model/json.h"

#include <stdio.h>
#include <string.h>

/* 9 digits read back as the same float; -0 is 0.  Printed once, where
 * hpo_buffer_format prints twice: there are many. */
static hpo_status put_weights(hpo_buffer *b, const float *w, size_t n,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[32];

  for (size_t i = 0; i < n; i++) {
    int used = snprintf(text, sizeof text, "%s%.9g", i > 0 ? ", " : "[",
                        w[i] == 0 ? 0 : (double)w[i]);
    HPO_TRY(status, hpo_buffer_add(b, text, (size_t)used, err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
done:
  return status;
}

static hpo_status put_layers(hpo_buffer *b, const mlp_model *m,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const mlp_net *net = &m->net;

  HPO_TRY(status, hpo_buffer_format(b, err, ",\n \"coefs_\": ["));
  for (size_t l = 0; l < net->n_layer; l++) {
    size_t out = net->unit[l + 1];
    HPO_TRY(status, hpo_buffer_format(b, err, "%s\n  [", l > 0 ? "," : ""));
    for (size_t i = 0; i < net->unit[l]; i++) {
      HPO_TRY(status, hpo_buffer_add(b, ",\n   ", i > 0 ? 5 : 0, err));
      HPO_TRY(status, put_weights(b, m->w + net->w[l] + i * out, out, err));
    }
    HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
  }
  HPO_TRY(status, hpo_buffer_format(b, err, "],\n \"intercepts_\": ["));
  for (size_t l = 0; l < net->n_layer; l++) {
    HPO_TRY(status, hpo_buffer_format(b, err, "%s\n  ", l > 0 ? "," : ""));
    HPO_TRY(status, put_weights(b, m->w + net->b[l], net->unit[l + 1], err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
done:
  return status;
}

/* All options as they are in use. */
static hpo_status put_params(hpo_buffer *b, const mlp_model *m,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_options *o = m->in.options;

  HPO_TRY(status, hpo_buffer_format(b, err, ",\n \"params\": {"));
  HPO_TRY(status, hpo_buffer_format(b, err, "\"hidden_layer_sizes\": ["));
  for (size_t l = 0; l < m->config.n_hidden; l++)
    HPO_TRY(status, hpo_buffer_format(b, err, "%s%zu", l > 0 ? ", " : "",
                                      m->config.width[l]));
  HPO_TRY(status,
          hpo_buffer_format(b, err, "], \"batch_size\": %zu", m->batch));
  for (size_t i = 0; i < MLP_OPTIONS; i++) {
    const hpo_option *t = &mlp_options[i];
    const char *text = hpo_options_text_at(o, i);
    if (strncmp(t->name, "hidden_", 7) == 0 ||
        strcmp(t->name, "batch_size") == 0)
      continue;
    HPO_TRY(status, hpo_buffer_format(b, err, ", \"%s\": ", t->name));
    if (t->kind == HPO_OPTION_BOOL)
      text = strcmp(text, "yes") == 0 ? "true" : "false";
    HPO_TRY(status, t->kind == HPO_OPTION_CHOICE
                        ? hpo_json_add_text(b, text, err)
                        : hpo_buffer_format(b, err, "%s", text));
  }
  HPO_TRY(status, hpo_buffer_add(b, "}", 1, err));
done:
  return status;
}

static const char *out_activation(hpo_task task) {
  return task == HPO_TASK_MULTICLASS ? "softmax"
         : task == HPO_TASK_BINARY   ? "logistic"
                                     : "identity";
}

hpo_status mlp_save(const mlp_model *m, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = m->in.part.data;
  const hpo_design *design = m->in.part.design;
  const mlp_rows *r = &m->rows;

  HPO_TRY(status,
          hpo_buffer_format(out, err,
                            "{\"format\": \"hpotune-mlp\", \"version\": 1,"
                            "\n \"kind\": \"mlp\", \"task\": \"%s\"",
                            hpo_task_name(d->task)));
  HPO_TRY(status, put_params(out, m, err));
  HPO_TRY(status,
          hpo_buffer_format(
              out, err, ",\n \"n_iter_\": %lld, \"out_activation_\": \"%s\"",
              (long long)m->n_iter, out_activation(d->task)));
  HPO_TRY(status, hpo_json_add_numbers(out, "loss_curve_", m->curve,
                                       (size_t)m->n_iter, err));
  if (d->n_class > 0) {
    HPO_TRY(status, hpo_buffer_format(out, err, ",\n "));
    HPO_TRY(status, hpo_json_add_texts(out, "classes_", d->class_name,
                                       d->n_class, err));
  }
  HPO_TRY(status, hpo_json_add_features(out, d, design, r->impute, err));
  HPO_TRY(status, hpo_json_add_names(out, d, design, err));
  if (design->standardize) {
    HPO_TRY(status,
            hpo_json_add_numbers(out, "mean_", r->mean, r->columns, err));
    HPO_TRY(status, hpo_json_add_numbers(out, "scale_", r->deviation,
                                         r->columns, err));
  }
  HPO_TRY(status, put_layers(out, m, err));
  HPO_TRY(status, hpo_buffer_format(out, err, "}\n"));
done:
  return status;
}
