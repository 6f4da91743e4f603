/* SPDX-License-Identifier: BSD-3-Clause */
/* Objectives: predictions from margins, gradients from predictions.
 *
 * Margins and gradients are float32 and computed as XGBoost does
 * (src/objective/regression_loss.h, multiclass_obj.cu); exponentials are
 * taken in double by hpo_num_exp and then rounded. */
#include "gbt.h"
#include "kernels.h"
#include "median.h"

#include "hpo/num.h"

#include <math.h>
#include <string.h>

void gbt_loss_free(gbt_loss *l) {
  hpo_mem_free(l->row);
  hpo_mem_free(l->y);
  hpo_mem_free(l->w);
  hpo_mem_free(l->class);
  hpo_mem_free(l->margin);
  hpo_mem_free(l->p);
  hpo_mem_free(l->max);
  hpo_mem_free(l->work);
  memset(l, 0, sizeof *l);
}

static hpo_status loss_alloc(gbt_loss *l, bool has_weight, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_new_aligned(l->n, sizeof *l->row, &l->row, err));
  HPO_TRY(status, hpo_mem_new_aligned(l->n, sizeof *l->y, &l->y, err));
  if (has_weight)
    HPO_TRY(status, hpo_mem_new_aligned(l->n, sizeof *l->w, &l->w, err));
  HPO_TRY(status, hpo_mem_new_aligned(l->span, l->k * sizeof *l->margin,
                                      &l->margin, err));
  HPO_TRY(status, hpo_mem_new_aligned(l->n, l->k * sizeof *l->p, &l->p, err));
  HPO_TRY(status, hpo_mem_new(l->k, 2 * sizeof *l->max, &l->max, err));
  HPO_TRY(status,
          hpo_mem_new_aligned(2 * l->k + 2, GBT_CHUNK * sizeof *l->work,
                              &l->work, err));
done:
  return status;
}

/* Weights of classes by scikit-learn's rule: rows / (classes * rows of the
   class), of the whole team's rows. */
static hpo_status balance(const hpo_model_input *in, double **out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_part *part = &in->part;
  size_t k = part->data->n_class;
  int64_t *count = NULL;

  HPO_TRY(status, hpo_mem_new(k, sizeof *count, &count, err));
  HPO_TRY(status, hpo_mem_new(k, sizeof **out, out, err));
  for (size_t i = 0; i < part->n_train; i++)
    count[(size_t)part->data->y[part->train[i]]]++;
  HPO_TRY(status, in->coll->sum(in->coll->self, count, k, err));
  for (size_t j = 0; j < k; j++)
    (*out)[j] = count[j] > 0 ? (double)part->train_total /
                                   ((double)k * (double)count[j])
                             : 1;
done:
  hpo_mem_free(count);
  return status;
}

static double row_weight(const hpo_dataset *d, const double *class,
                         hpo_row r) {
  double w = d->weight != NULL ? d->weight[r] : 1.0;
  return class != NULL ? w * class[(size_t)d->y[r]] : w;
}

hpo_status gbt_loss_create(const hpo_model_input *in, const gbt_config *c,
                           gbt_loss *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_part *part = &in->part;
  const hpo_dataset *d = part->data;
  double spw = c->objective == GBT_LOGISTIC ? c->scale_pos_weight : 1.0;
  bool has_weight = d->weight != NULL || spw != 1.0 || c->is_balanced;
  gbt_loss l = {.objective = c->objective,
                .n = part->n_train,
                .k = 1,
                .lift = (float)hpo_num_exp(c->max_delta_step)};

  if (c->objective == GBT_SOFTPROB)
    l.k = d->n_class;
  l.base = l.n == 0 ? 0 : part->train[0];
  l.span = l.n == 0 ? 0 : (size_t)(part->train[l.n - 1] - l.base + 1);
  if (l.span > UINT32_MAX)
    HPO_FAIL(status, err, HPO_ETRIAL,
             "gbt can hold 4294967295 rows on one rank, here are %zu", l.span);
  HPO_TRY(status, loss_alloc(&l, has_weight, err));
  if (c->is_balanced)
    HPO_TRY(status, balance(in, &l.class, err));
  for (size_t i = 0; i < l.n; i++) {
    hpo_row r = part->train[i];
    double w = row_weight(d, l.class, r);
    l.row[i] = (uint32_t)(r - l.base);
    l.y[i] = (float)d->y[r];
    if (has_weight)
      l.w[i] = (float)w * (d->y[r] == 1.0 ? (float)spw : 1.0F);
  }
  *out = l;
  memset(&l, 0, sizeof l);
done:
  gbt_loss_free(&l);
  return status;
}

/* p = 1 / (1 + exp(-margin)) of n rows */
static void link_logistic(double *work, size_t n, float *p) {
  for (size_t i = 0; i < n; i++)
    work[i] = -work[i];
  hpo_num_exp_array(work, work, n);
  for (size_t i = 0; i < n; i++)
    p[i] = (float)(1.0 / (1.0 + work[i]));
}

/* p_k = exp(m_k - max) / sum, of n rows; work [k][GBT_CHUNK] is used up */
static void link_softmax(double *work, size_t n, size_t classes) {
  double *top = work + classes * GBT_CHUNK, *sum = top + GBT_CHUNK;

  memcpy(top, work, n * sizeof *top);
  for (size_t k = 1; k < classes; k++)
    for (size_t i = 0; i < n; i++)
      top[i] =
          work[k * GBT_CHUNK + i] > top[i] ? work[k * GBT_CHUNK + i] : top[i];
  memset(sum, 0, n * sizeof *sum);
  for (size_t k = 0; k < classes; k++) {
    double *e = work + k * GBT_CHUNK;
    for (size_t i = 0; i < n; i++)
      e[i] -= top[i];
    hpo_num_exp_array(e, e, n);
    for (size_t i = 0; i < n; i++)
      sum[i] += e[i];
  }
  for (size_t k = 0; k < classes; k++)
    for (size_t i = 0; i < n; i++)
      work[k * GBT_CHUNK + i] /= sum[i];
}

/* Predictions of rows [from, from + n). */
static void predict_chunk(gbt_loss *l, size_t from, size_t n) {
  const uint32_t *row = l->row + from;

  for (size_t k = 0; k < l->k; k++) {
    const float *margin = l->margin + k * l->span;
    double *work = l->work + k * GBT_CHUNK;
    for (size_t i = 0; i < n; i++)
      work[i] = (double)margin[row[i]];
  }
  if (l->objective == GBT_LOGISTIC) {
    link_logistic(l->work, n, l->p + from);
    return;
  }
  if (l->objective == GBT_SOFTPROB)
    link_softmax(l->work, n, l->k);
  if (l->objective == GBT_POISSON)
    hpo_num_exp_array(l->work, l->work, n);
  for (size_t k = 0; k < l->k; k++)
    for (size_t i = 0; i < n; i++)
      l->p[k * l->n + from + i] = (float)l->work[k * GBT_CHUNK + i];
}

void gbt_loss_gradients(const gbt_loss *l, size_t k, size_t from, size_t n,
                        float *g, float *h) {
  const float *p = l->p + k * l->n + from, *y = l->y + from;
  const float *w = l->w == NULL ? NULL : l->w + from;

  if (l->objective == GBT_LOGISTIC)
    gbt_kernel_logistic(p, y, w, n, g, h);
  else if (l->objective == GBT_SOFTPROB)
    gbt_kernel_softmax(p, y, w, (float)k, n, g, h);
  else if (l->objective == GBT_POISSON)
    gbt_kernel_poisson(p, y, w, l->lift, n, g, h);
  else if (l->objective == GBT_ABSOLUTE)
    gbt_kernel_absolute(p, y, w, n, g, h);
  else
    gbt_kernel_squared(p, y, w, n, g, h);
}

/* NaN has the largest bits and becomes infinity here, which max keeps. */
static double max_value(int32_t bits) {
  float x = 0;

  memcpy(&x, &bits, sizeof x);
  return isfinite(x) ? (double)x : (double)INFINITY;
}

hpo_status gbt_loss_update(gbt_loss *l, const hpo_coll *coll, hpo_error *err) {
  hpo_status status = HPO_OK;
  float g[GBT_CHUNK], h[GBT_CHUNK];

  for (size_t from = 0; from < l->n; from += GBT_CHUNK)
    predict_chunk(l, from, l->n - from < GBT_CHUNK ? l->n - from : GBT_CHUNK);
  for (size_t k = 0; k < l->k; k++) {
    int32_t max[2] = {0, 0};
    for (size_t from = 0; from < l->n; from += GBT_CHUNK) {
      size_t n = l->n - from < GBT_CHUNK ? l->n - from : GBT_CHUNK;
      gbt_loss_gradients(l, k, from, n, g, h);
      gbt_kernel_max(g, h, n, max);
    }
    l->max[2 * k] = max_value(max[0]);
    l->max[2 * k + 1] = max_value(max[1]);
  }
  HPO_TRY(status, coll->max(coll->self, l->max, 2 * l->k, err));
  for (size_t k = 0; k < 2 * l->k; k++)
    if (!isfinite(l->max[k]))
      HPO_FAIL(status, err, HPO_ETRIAL,
               "training diverged: a gradient is not finite");
done:
  return status;
}

/* Sums of weight * label and of weight over the team, exact. */
static hpo_status label_sums(const hpo_model_input *in, const double *class,
                             double spw, double sum[2], hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = in->part.data;
  hpo_sum s[2] = {{{0}, 0, 0}, {{0}, 0, 0}};

  for (size_t i = 0; i < in->part.n_train; i++) {
    hpo_row r = in->part.train[i];
    double w = row_weight(d, class, r);
    if (spw != 1.0 && d->y[r] == 1.0)
      w *= spw;
    hpo_sum_add_product(&s[0], w, d->y[r]);
    hpo_sum_add(&s[1], w);
  }
  for (int i = 0; i < 2; i++) {
    HPO_TRY(status,
            in->coll->sum(in->coll->self, s[i].chunk, HPO_SUM_CHUNKS, err));
    sum[i] = hpo_sum_get(&s[i]);
  }
done:
  return status;
}

static float inside(float p, float margin) {
  return p < margin ? margin : p > 1.0F - margin ? 1.0F - margin : p;
}

/* The median of the training rows' labels. */
static hpo_status label_median(const hpo_model_input *in, const gbt_loss *l,
                               float *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const double *weight = in->part.data->weight;
  uint32_t *key = NULL;
  gbt_points p = {.row = l->row,
                  .n = l->n,
                  .weight = weight != NULL ? weight + l->base : NULL};

  HPO_TRY(status, hpo_mem_new(l->n, sizeof *key, &key, err));
  gbt_median_keys(l->y, l->n, key);
  p.key = key;
  HPO_TRY(status, gbt_median_unit(in, &p.unit, err));
  HPO_TRY(status, gbt_median(&p, in->coll, out, err));
done:
  hpo_mem_free(key);
  return status;
}

/* Counts are not negative. */
static hpo_status check_counts(const hpo_model_input *in, const gbt_loss *l,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  double most = 0;

  for (size_t i = 0; i < l->n; i++)
    most = l->y[i] < 0 && -(double)l->y[i] > most ? -(double)l->y[i] : most;
  HPO_TRY(status, in->coll->max(in->coll->self, &most, 1, err));
  if (most > 0)
    HPO_FAIL(status, err, HPO_ETRIAL,
             "count:poisson needs labels of 0 and more; here is %g", -most);
done:
  return status;
}

hpo_status gbt_loss_base_score(const hpo_model_input *in, const gbt_config *c,
                               const gbt_loss *l, float *score,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  double spw = c->objective == GBT_LOGISTIC ? c->scale_pos_weight : 1.0;
  double sum[2] = {0, 0};
  float s = 0.5F;

  if (c->objective == GBT_POISSON)
    HPO_TRY(status, check_counts(in, l, err));
  if (!isnan(c->base_score)) {
    s = (float)c->base_score;
  } else if (c->objective != GBT_SOFTPROB) {
    HPO_TRY(status, label_sums(in, l->class, spw, sum, err));
    if (!(sum[1] > 0))
      HPO_FAIL(status, err, HPO_ETRIAL,
               "the weights of the training rows sum to %g", sum[1]);
    s = (float)(sum[0] / sum[1]);
    if (c->objective == GBT_ABSOLUTE)
      HPO_TRY(status, label_median(in, l, &s, err));
  }
  if (c->objective == GBT_LOGISTIC)
    s = inside(s, isnan(c->base_score) ? 1e-6F : 0x1p-24F);
  if (c->objective == GBT_POISSON)
    s = s > 1e-6F ? s : 1e-6F; /* its logarithm is the margin */
  *score = s;
done:
  return status;
}

float gbt_loss_base_margin(gbt_objective objective, float score) {
  if (objective == GBT_POISSON)
    return (float)hpo_num_log((double)score);
  if (objective != GBT_LOGISTIC)
    return score;
  return (float)-hpo_num_log((double)(1.0F / score - 1.0F));
}

static void softmax_row(const float *margin, size_t n, size_t k, double *p) {
  double top = (double)margin[0], sum = 0;

  for (size_t j = 1; j < k; j++)
    top = (double)margin[j * n] > top ? (double)margin[j * n] : top;
  for (size_t j = 0; j < k; j++) {
    p[j] = hpo_num_exp((double)margin[j * n] - top);
    sum += p[j];
  }
  for (size_t j = 0; j < k; j++)
    p[j] /= sum;
}

void gbt_loss_predict(gbt_objective objective, const float *margin, size_t n,
                      size_t k, double *p) {
  for (size_t i = 0; i < n; i++) {
    if (objective == GBT_LOGISTIC)
      p[i] = hpo_num_sigmoid((double)margin[i]);
    else if (objective == GBT_SOFTPROB)
      softmax_row(margin + i, n, k, p + i * k);
    else if (objective == GBT_POISSON)
      p[i] = hpo_num_exp((double)margin[i]);
    else
      p[i] = (double)margin[i];
  }
}
