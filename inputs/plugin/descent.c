/* SPDX-License-Identifier: BSD-3-Clause */
/* A plugin: linear models by gradient descent, one pass over rows a step. */
#include <hpotune/plugin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const hpotune_option option[] = {
    {"learning_rate", HPOTUNE_FLOAT, "0.1", 1e-6, 100, NULL, "step length"},
    {"alpha", HPOTUNE_FLOAT, "1e-4", 0, 1e3, NULL, "l2 penalty"},
    {"max_iter", HPOTUNE_INT, "100", 1, 1e6, NULL, "passes over the rows"}};

typedef struct descent {
  const hpotune_input *in;
  size_t columns, bytes, iter;
  double *scale, *w, mean[]; /* [columns] each, w one more: what is saved */
} descent;

static descent *make(const hpotune_input *in) {
  size_t bytes = (3 * in->columns + 1) * sizeof(double);
  descent *m = calloc(1, sizeof *m + bytes);
  *m = (descent){in, in->columns,           bytes,
                 0,  m->mean + in->columns, m->mean + 2 * in->columns};
  return m;
}

static int create(const hpotune_input *in, void **model, char *why) {
  descent *m = *model = make(in);
  double n = (double)in->train.n;
  for (size_t j = 0; j < m->columns; j++) {
    for (size_t i = 0; i < in->train.n; i++)
      m->mean[j] += in->train.x[i * m->columns + j] / n;
    for (size_t i = 0; i < in->train.n; i++)
      m->scale[j] += pow(in->train.x[i * m->columns + j] - m->mean[j], 2) / n;
    m->scale[j] = m->scale[j] > 0 ? sqrt(m->scale[j]) : 1;
  }
  return HPOTUNE_OK;
}

static double scaled(const descent *m, const float *x, size_t j) {
  return j == m->columns ? 1 : (x[j] - m->mean[j]) / m->scale[j];
}

static int predict(void *model, const float *x, size_t n, double *out,
                   char *why) {
  const descent *m = model;
  for (size_t i = 0; i < n; i++, x += m->columns) {
    out[i] = 0;
    for (size_t j = 0; j <= m->columns; j++)
      out[i] += m->w[j] * scaled(m, x, j);
    if (m->in->task == HPOTUNE_BINARY)
      out[i] = 1 / (1 + exp(-out[i]));
  }
  return HPOTUNE_OK;
}

static int step(void *model, char *why) {
  descent *m = model;
  const hpotune_value *v = m->in->value; /* in the table's order */
  size_t n = m->in->train.n;
  double *p = malloc(n * sizeof *p), *w = m->w;
  predict(m, m->in->train.x, n, p, why);
  for (size_t j = 0; j <= m->columns; j++) {
    double g = v[1].number * w[j];
    for (size_t i = 0; i < n; i++)
      g += (p[i] - m->in->train.y[i]) / (double)n *
           scaled(m, m->in->train.x + i * m->columns, j);
    w[j] -= v[0].number * g;
  }
  free(p);
  snprintf(why, HPOTUNE_WHY, "it diverged in step %zu", ++m->iter);
  return !isfinite(w[0])                 ? HPOTUNE_FAILED
         : (double)m->iter < v[2].number ? HPOTUNE_OK
                                         : HPOTUNE_DONE;
}

static int save(void *model, const void **bytes, size_t *n, char *why) {
  *bytes = ((descent *)model)->mean;
  *n = ((descent *)model)->bytes;
  return HPOTUNE_OK;
}

static int load(const hpotune_input *in, const void *bytes, size_t n,
                void **model, char *why) {
  descent *m = *model = make(in);
  snprintf(why, HPOTUNE_WHY, "%zu bytes instead of %zu", n, m->bytes);
  memcpy(m->mean, bytes, n < m->bytes ? n : m->bytes);
  return n == m->bytes ? HPOTUNE_OK : HPOTUNE_FAILED;
}

/* clang-format off */
static const hpotune_plugin table = {
    HPOTUNE_PLUGIN_ABI, sizeof table, "descent",
    "logistic or linear regression by gradient descent",
    HPOTUNE_BINARY | HPOTUNE_REGRESSION, 3, option,
    create, step, predict, NULL, save, load, free};
/* clang-format on */
const hpotune_plugin *hpotune_plugin_get(void) { return &table; }
