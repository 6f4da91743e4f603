/* SPDX-License-Identifier: BSD-3-Clause */
/* A stored network, to predict new rows: in double, with the kernels of the
 * linear models, so that a row's bits depend on that row alone. */
#include "model/predict.h"
#include "hpo/num.h"
#include "mlp.h"
#include "model/inputs.h"
#include "model/linear/kernels.h"

#include <math.h>
#include <string.h>

typedef struct layer {
  size_t in, out, padded; /* padded: in as it is stored, a multiple of 8 */
  double *w;              /* [out][padded]; what pads is 0 */
  double *b;              /* [out] */
} layer;

typedef struct mlp_stored {
  hpo_inputs inputs;
  layer *layer; /* [n_layer] */
  size_t n_layer, columns, k;
  mlp_activation activation;
  double *act;    /* [LINEAR_TILE][widest] inputs of a layer */
  double *margin; /* [widest][LINEAR_TILE] */
} mlp_stored;

static void destroy(void *self) {
  mlp_stored *m = self;

  for (size_t l = 0; l < m->n_layer; l++) {
    hpo_mem_free(m->layer[l].w);
    hpo_mem_free(m->layer[l].b);
  }
  hpo_mem_free(m->layer);
  hpo_mem_free(m->act);
  hpo_mem_free(m->margin);
  hpo_inputs_free(&m->inputs);
  hpo_mem_free(m);
}

static size_t eights(size_t n) { return (n + 7) / 8 * 8; }

/* --- Reading ----------------------------------------------------------- */

/* Numbers that were float32, from their 9 digits. */
static hpo_status read_floats(const hpo_doc *d, size_t n, double *to,
                              const char *name, hpo_error *err) {
  hpo_status status = hpo_inputs_read(d, n, to, name, err);

  for (size_t i = 0; status == HPO_OK && i < n; i++)
    to[i] = (double)(float)to[i];
  return status;
}

static hpo_status read_layer(const hpo_doc *w, const hpo_doc *b, size_t in,
                             layer *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  double *row = NULL;

  if (w->kind != HPO_DOC_ARRAY || w->n != in || !hpo_doc_is_array(b) ||
      b->n == 0)
    HPO_FAIL(status, err, HPO_ESTUDY, "the model is damaged: coefs_");
  to->in = in;
  to->out = b->n;
  to->padded = eights(in);
  HPO_TRY(status, hpo_mem_new_aligned(to->out, to->padded * sizeof *to->w,
                                      &to->w, err));
  HPO_TRY(status, hpo_mem_new(to->out, sizeof *to->b, &to->b, err));
  HPO_TRY(status, hpo_mem_new(to->out, sizeof *row, &row, err));
  for (size_t i = 0; i < in; i++) {
    HPO_TRY(status, read_floats(&w->child[i], to->out, row, "coefs_", err));
    for (size_t j = 0; j < to->out; j++)
      to->w[j * to->padded + i] = row[j];
  }
  HPO_TRY(status, read_floats(b, to->out, to->b, "intercepts_", err));
done:
  hpo_mem_free(row);
  return status;
}

static hpo_status read_layers(const hpo_doc *d, mlp_stored *m,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_doc *w = hpo_doc_find(d, "coefs_");
  const hpo_doc *b = hpo_doc_find(d, "intercepts_");
  size_t in = m->inputs.n, most = eights(in);

  if (!w || !b || w->kind != HPO_DOC_ARRAY || b->kind != HPO_DOC_ARRAY ||
      w->n != b->n || w->n == 0 || in == 0)
    HPO_FAIL(status, err, HPO_ESTUDY, "the model is damaged: coefs_");
  HPO_TRY(status, hpo_mem_new(w->n, sizeof *m->layer, &m->layer, err));
  for (size_t l = 0; l < w->n; l++) {
    m->n_layer = l + 1;
    HPO_TRY(status,
            read_layer(&w->child[l], &b->child[l], in, &m->layer[l], err));
    in = m->layer[l].out;
    most = eights(in) > most ? eights(in) : most;
  }
  if (in != m->k)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the model is damaged: it has %zu outputs, and the data ask for "
             "%zu",
             in, m->k);
  HPO_TRY(status, hpo_mem_new_aligned(LINEAR_TILE, most * sizeof *m->act,
                                      &m->act, err));
  HPO_TRY(status, hpo_mem_new_aligned(most, LINEAR_TILE * sizeof *m->margin,
                                      &m->margin, err));
done:
  return status;
}

static hpo_status load(const hpo_doc *d, const hpo_dataset *facts, void **self,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  mlp_stored *m = NULL;
  const char *name = hpo_doc_text(hpo_doc_at(d, "params/activation"));

  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->k = hpo_dataset_outputs(facts);
  m->columns = facts->columns;
  if (name == NULL || !mlp_activation_find(name, &m->activation))
    HPO_FAIL(status, err, HPO_ESTUDY, "the model is damaged: activation");
  HPO_TRY(status, hpo_inputs_get(d, facts, &m->inputs, err));
  HPO_TRY(status, read_layers(d, m, err));
  *self = m;
  m = NULL;
done:
  if (m)
    destroy(m);
  return status;
}

/* --- Rows -------------------------------------------------------------- */

/* n rows' margins a [out][LINEAR_TILE], each with its intercept and
 * activation, to the inputs [n][ld] of the next layer. */
static void finish(const mlp_stored *m, const layer *l, const double *a,
                   size_t n, bool is_hidden, size_t ld, double *to) {
  for (size_t i = 0; i < n; i++) {
    double *z = to + i * ld;
    memset(z, 0, ld * sizeof *z);
    for (size_t j = 0; j < l->out; j++)
      z[j] = a[j * LINEAR_TILE + i] + l->b[j];
    if (is_hidden && m->activation == MLP_TANH)
      hpo_num_tanh_array(z, z, l->out);
    for (size_t j = 0; is_hidden && j < l->out; j++)
      if (m->activation == MLP_LOGISTIC)
        z[j] = hpo_num_sigmoid(z[j]);
      else if (m->activation == MLP_RELU && z[j] < 0)
        z[j] = 0;
  }
}

static void forward(const mlp_stored *m, size_t n, double *out) {
  for (size_t l = 0; l < m->n_layer; l++) {
    const layer *at = &m->layer[l];
    bool is_last = l + 1 == m->n_layer;

    linear_forward(m->act, n, at->padded, at->w, at->out, m->margin);
    finish(m, at, m->margin, n, !is_last, is_last ? at->out : eights(at->out),
           is_last ? out : m->act);
  }
}

static hpo_status margins(const void *self, const float *x, size_t n,
                          double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const mlp_stored *m = self;
  size_t ld = m->layer[0].padded;

  for (size_t i = 0; i < n; i += LINEAR_TILE) {
    size_t count = n - i < LINEAR_TILE ? n - i : LINEAR_TILE;
    for (size_t r = 0; r < count; r++) {
      double *to = m->act + r * ld;
      memset(to, 0, ld * sizeof *to);
      HPO_TRY(status,
              hpo_inputs_row(&m->inputs, x + (i + r) * m->columns, to, err));
    }
    forward(m, count, out + i * m->k);
  }
done:
  return status;
}

/* --- C ----------------------------------------------------------------- */

static hpo_status write_layer(const layer *l, size_t at, hpo_buffer *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_format(out, err,
                                    "static const float coef_%zu[][%zu] = {\n",
                                    at, l->out));
  for (size_t i = 0; i < l->in; i++)
    for (size_t j = 0; j < l->out; j++)
      HPO_TRY(status,
              hpo_buffer_format(out, err, "%s%.9g%s", j > 0 ? ", " : "  {",
                                l->w[j * l->padded + i],
                                j + 1 < l->out ? "" : "},\n"));
  HPO_TRY(status,
          hpo_buffer_format(out, err,
                            "};\nstatic const float intercept_%zu[] = {", at));
  for (size_t j = 0; j < l->out; j++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s%.9g", j > 0 ? ", " : "", l->b[j]));
  HPO_TRY(status, hpo_buffer_format(out, err, "};\n"));
done:
  return status;
}

static const char *activation_text(mlp_activation f) {
  return f == MLP_TANH       ? "tanh(v)"
         : f == MLP_LOGISTIC ? "1 / (1 + exp(-v))"
         : f == MLP_RELU     ? "v > 0 ? v : 0"
                             : "v";
}

static const char layer_text[] =
    "\nstatic void layer(const double *x, int in, const float *coef,\n"
    "                  const float *intercept, int out, int hidden,\n"
    "                  double *y) {\n"
    "  int i, j;\n"
    "  for (j = 0; j < out; j++)\n"
    "    y[j] = intercept[j];\n"
    "  for (i = 0; i < in; i++)\n"
    "    for (j = 0; j < out; j++)\n"
    "      y[j] += x[i] * coef[i * out + j];\n"
    "  for (j = 0; hidden && j < out; j++) {\n"
    "    double v = y[j];\n"
    "    y[j] = %s;\n  }\n}\n\n"
    "static void margins(const float *x, double *m) {\n"
    "  double a[%zu], b[%zu];\n"
    "  int j;\n"
    "  for (j = 0; j < %zu; j++)\n"
    "    a[j] = input(x, j);\n";

static hpo_status write_c(const void *self, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const mlp_stored *m = self;
  size_t most = m->inputs.n;

  HPO_TRY(status, hpo_inputs_write_c(&m->inputs, out, err));
  for (size_t l = 0; l < m->n_layer; l++) {
    HPO_TRY(status, write_layer(&m->layer[l], l, out, err));
    most = m->layer[l].out > most ? m->layer[l].out : most;
  }
  HPO_TRY(status, hpo_buffer_format(out, err, layer_text,
                                    activation_text(m->activation), most, most,
                                    m->inputs.n));
  for (size_t l = 0; l < m->n_layer; l++) {
    bool is_last = l + 1 == m->n_layer;
    HPO_TRY(status,
            hpo_buffer_format(
                out, err,
                "  layer(%s, %zu, coef_%zu[0], intercept_%zu, %zu, %d, %s);\n",
                l % 2 ? "b" : "a", m->layer[l].in, l, l, m->layer[l].out,
                !is_last,
                is_last ? "m"
                : l % 2 ? "a"
                        : "b"));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "}\n"));
done:
  return status;
}

const hpo_predict_kind hpo_predict_mlp = {load, destroy, margins,
                                          NULL, write_c, false};
