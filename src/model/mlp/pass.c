/* SPDX-License-Identifier: BSD-3-Clause */
/* Forward and backward through the layers, one tile of rows at a time
 * (D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by
 * back-propagating errors, 1986).  Dropout: N. Srivastava et al., Dropout: a
 * simple way to prevent neural networks from overfitting, 2014, with kept
 * units scaled up in training instead of all scaled down afterwards. */
#include "hpo/blas.h"
#include "hpo/mem.h"
#include "hpo/num.h"
#include "mlp.h"

#include <math.h>
#include <string.h>

/* --- Room -------------------------------------------------------------- */

static size_t widest(const mlp_net *net) {
  size_t most = 0;

  for (size_t l = 1; l <= net->n_layer; l++)
    most = net->unit[l] > most ? net->unit[l] : most;
  return most;
}

hpo_status mlp_tile_create(const mlp_net *net, size_t rows, mlp_tile *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  mlp_tile t = {.delta = NULL};
  size_t last = net->unit[net->n_layer], most = mlp_padded(rows * widest(net));

  for (size_t l = 0; l <= net->n_layer; l++)
    HPO_TRY(status, hpo_mem_new_aligned(mlp_padded(rows * net->unit[l]),
                                        sizeof *t.act[l], &t.act[l], err));
  for (size_t l = 1; net->dropout > 0 && l < net->n_layer; l++)
    HPO_TRY(status, hpo_mem_new_aligned(mlp_padded(rows * net->unit[l]),
                                        sizeof *t.mask[l], &t.mask[l], err));
  HPO_TRY(status, hpo_mem_new_aligned(most, sizeof *t.delta, &t.delta, err));
  HPO_TRY(status, hpo_mem_new_aligned(most, sizeof *t.next, &t.next, err));
  HPO_TRY(status, hpo_mem_new(rows * last, sizeof *t.p, &t.p, err));
  HPO_TRY(status, hpo_mem_new(rows, sizeof *t.y, &t.y, err));
  HPO_TRY(status, hpo_mem_new(rows, sizeof *t.weight, &t.weight, err));
  *out = t;
  t = (mlp_tile){0};
done:
  mlp_tile_free(&t);
  return status;
}

void mlp_tile_free(mlp_tile *t) {
  for (size_t l = 0; l <= MLP_MOST_LAYERS; l++)
    hpo_mem_free(t->act[l]);
  for (size_t l = 0; l < MLP_MOST_LAYERS; l++)
    hpo_mem_free(t->mask[l]);
  hpo_mem_free(t->delta);
  hpo_mem_free(t->next);
  hpo_mem_free(t->p);
  hpo_mem_free(t->y);
  hpo_mem_free(t->weight);
  *t = (mlp_tile){0};
}

/* --- Forward ----------------------------------------------------------- */

/* The units of layer l lose what its mask says; the mask then holds what the
 * way back is multiplied with, the activation's derivative as well. */
static void drop(const mlp_net *net, mlp_tile *t, size_t l, size_t n) {
  memcpy(t->next, t->mask[l], n * sizeof *t->next);
  mlp_derive(net->activation, t->act[l], t->mask[l], n);
  mlp_times(t->act[l], t->next, n);
}

void mlp_forward(const mlp_net *net, const float *w, mlp_tile *t, size_t rows,
                 bool has_dropout) {
  for (size_t l = 0; l < net->n_layer; l++) {
    const hpo_blas_matrix x = {t->act[l], false}, v = {w + net->w[l], false};
    size_t in = net->unit[l], out = net->unit[l + 1];

    hpo_blas_multiply(&x, &v, rows, out, in, false, t->act[l + 1]);
    mlp_add_intercepts(t->act[l + 1], rows, out, w + net->b[l]);
    if (l + 1 == net->n_layer)
      break;
    mlp_activate(net->activation, t->act[l + 1], mlp_padded(rows * out));
    if (has_dropout && t->mask[l + 1] != NULL)
      drop(net, t, l + 1, mlp_padded(rows * out));
  }
}

/* --- The last layer ---------------------------------------------------- */

/* Margins to probabilities; p [rows][k].  The logs of the sums of
 * exponentials go to log_sum [rows], or NULL. */
static void soften(double *p, size_t rows, size_t k, double *log_sum) {
  for (size_t i = 0; i < rows; i++) {
    double *m = p + i * k, most = m[0];
    for (size_t c = 1; c < k; c++)
      most = m[c] > most ? m[c] : most;
    for (size_t c = 0; c < k; c++)
      m[c] -= most;
    if (log_sum != NULL)
      log_sum[i] = most;
  }
  hpo_num_exp_array(p, p, rows * k);
  for (size_t i = 0; i < rows; i++) {
    double *m = p + i * k, sum = 0;
    for (size_t c = 0; c < k; c++)
      sum += m[c];
    for (size_t c = 0; c < k; c++)
      m[c] /= sum;
    if (log_sum != NULL)
      log_sum[i] += hpo_num_log(sum);
  }
}

static void take_margins(const mlp_net *net, mlp_tile *t, size_t rows) {
  const float *z = t->act[net->n_layer];

  for (size_t i = 0; i < rows * net->unit[net->n_layer]; i++)
    t->p[i] = (double)z[i];
}

void mlp_predict(hpo_task task, const mlp_net *net, mlp_tile *t, size_t rows) {
  take_margins(net, t, rows);
  if (task == HPO_TASK_MULTICLASS)
    soften(t->p, rows, net->unit[net->n_layer], NULL);
  for (size_t i = 0; task == HPO_TASK_BINARY && i < rows; i++)
    t->p[i] = hpo_num_sigmoid(t->p[i]);
}

/* What one row adds where there is one output; p becomes its prediction. */
static double single_loss(hpo_task task, double y, double *p) {
  double m = *p, t = y > 0 ? m : -m;

  if (task == HPO_TASK_REGRESSION)
    return (m - y) * (m - y) / 2;
  double e = hpo_num_exp(-fabs(t)); /* log(1 + exp(-t)) */
  *p = (m >= 0 ? 1 : e) / (1 + e);
  return hpo_num_log1p(e) + (t < 0 ? -t : 0);
}

double mlp_loss(hpo_task task, const mlp_net *net, mlp_tile *t, size_t rows) {
  const size_t k = net->unit[net->n_layer];
  const float *z = t->act[net->n_layer];
  double sum = 0, log_sum[MLP_TILE];

  take_margins(net, t, rows);
  if (task == HPO_TASK_MULTICLASS)
    soften(t->p, rows, k, log_sum);
  for (size_t i = 0; i < rows; i++) {
    double *p = t->p + i * k, w = t->weight[i], loss = 0;

    if (task == HPO_TASK_MULTICLASS)
      loss = log_sum[i] - (double)z[i * k + (size_t)t->y[i]];
    else
      loss = single_loss(task, t->y[i], p);
    sum += w == 0 ? 0 : w * loss;
    for (size_t c = 0; c < k; c++) {
      double right =
          task == HPO_TASK_MULTICLASS ? (size_t)t->y[i] == c : t->y[i];
      t->delta[i * k + c] = w == 0 ? 0 : (float)(w * (p[c] - right));
    }
  }
  return sum;
}

/* --- Backward ---------------------------------------------------------- */

/* The deltas of the units of layer l, from those of the layer above. */
static void step_back(const mlp_net *net, const float *w, mlp_tile *t,
                      size_t rows, size_t l) {
  const hpo_blas_matrix d = {t->delta, false}, v = {w + net->w[l], true};
  size_t n = mlp_padded(rows * net->unit[l]);
  float *other = t->delta;

  hpo_blas_multiply(&d, &v, rows, net->unit[l], net->unit[l + 1], false,
                    t->next);
  if (t->mask[l] != NULL)
    mlp_times(t->next, t->mask[l], n);
  else
    mlp_derive(net->activation, t->act[l], t->next, n);
  t->delta = t->next;
  t->next = other;
}

void mlp_backward(const mlp_net *net, const float *w, mlp_tile *t, size_t rows,
                  bool is_added, float *gradient) {
  for (size_t l = net->n_layer; l-- > 0;) {
    const hpo_blas_matrix x = {t->act[l], true}, d = {t->delta, false};
    size_t in = net->unit[l], out = net->unit[l + 1];
    float *b = gradient + net->b[l];

    hpo_blas_multiply(&x, &d, in, out, rows, is_added, gradient + net->w[l]);
    if (!is_added)
      memset(b, 0, out * sizeof *b);
    mlp_sum_rows(t->delta, rows, out, b);
    if (l > 0)
      step_back(net, w, t, rows, l);
  }
}
