/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean loss over the training rows with its penalties: value, gradient,
 * diagonal of the Hessian, and products with the Hessian.
 *
 * A row's loss is half the squared error, or minus the log of the class's
 * probability.  Weights are divided by their sum, so the penalties are those
 * of scikit-learn's objective divided by the same: 1 / (C sum w) for
 * logistic, alpha / sum w for Ridge, alpha for Lasso and ElasticNet. */
#include "linear.h"

#include "hpo/mem.h"
#include "hpo/num.h"

#include <math.h>
#include <string.h>

/* --- Weights and penalties -------------------------------------------- */

static double own_weight(const hpo_dataset *d, hpo_row r) {
  return d->weight != NULL ? d->weight[r] : 1;
}

hpo_status linear_class_weights(const hpo_model_input *in, bool is_balanced,
                                double **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = in->part.data;
  size_t k = d->n_class > 0 ? d->n_class : 1;
  int64_t *count = NULL, all = 0;
  double *weight = NULL;

  HPO_TRY(status, hpo_mem_new(k, sizeof *weight, &weight, err));
  HPO_TRY(status, hpo_mem_new(k, sizeof *count, &count, err));
  for (size_t i = 0; d->n_class > 0 && i < in->part.n_train; i++)
    count[(size_t)d->y[in->part.train[i]]]++;
  HPO_TRY(status, in->coll->sum(in->coll->self, count, k, err));
  for (size_t c = 0; c < k; c++)
    all += count[c];
  for (size_t c = 0; c < k; c++)
    weight[c] = is_balanced && count[c] > 0
                    ? (double)all / ((double)k * (double)count[c])
                    : 1;
  *out = weight;
  weight = NULL;
done:
  hpo_mem_free(count);
  hpo_mem_free(weight);
  return status;
}

/* The rows' weights divided by their sum; *sum: before that. */
static hpo_status row_weights(const hpo_model_input *in, bool is_balanced,
                              linear_objective *o, double *sum,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_part *part = &in->part;
  const hpo_dataset *d = part->data;
  double *class = NULL;
  hpo_sum s = {{0}, 0, 0};

  HPO_TRY(status,
          hpo_mem_new(part->n_train, sizeof *o->weight, &o->weight, err));
  HPO_TRY(status, linear_class_weights(in, is_balanced, &class, err));
  for (size_t i = 0; i < part->n_train; i++) {
    hpo_row r = part->train[i];
    size_t c = d->n_class > 0 ? (size_t)d->y[r] : 0;
    o->weight[i] = own_weight(d, r) * class[c];
    hpo_sum_add(&s, o->weight[i]);
  }
  HPO_TRY(status,
          in->coll->sum(in->coll->self, (int64_t *)&s, HPO_SUM_WORDS, err));
  *sum = hpo_sum_get(&s);
  if (!(*sum > 0) || isinf(*sum))
    HPO_FAIL(status, err, HPO_ETRIAL,
             "the weights of the training rows sum to %g", *sum);
  for (size_t i = 0; i < part->n_train; i++)
    o->weight[i] /= *sum;
done:
  hpo_mem_free(class);
  return status;
}

static hpo_status set_penalties(const linear_config *c, const linear_scaler *s,
                                bool standardize, double sum,
                                linear_objective *o, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = o->ld * o->kp;
  bool is_ridge = !c->is_logistic && strcmp(c->penalty, "l2") == 0;
  double all = c->is_logistic ? 1 / (c->strength * sum)
               : is_ridge     ? c->strength / sum
                              : c->strength;

  HPO_TRY(status, hpo_mem_new_aligned(n, sizeof *o->l2, &o->l2, err));
  if (!c->has_penalty)
    goto done;
  if (c->l1_ratio > 0 && all > 0)
    HPO_TRY(status, hpo_mem_new_aligned(n, sizeof *o->l1, &o->l1, err));
  for (size_t j = 0; j < s->columns; j++)
    for (size_t k = 0; k < o->k; k++) {
      double raw = standardize ? 1 : 1 / s->deviation[j];
      o->l2[j * o->kp + k] = all * (1 - c->l1_ratio) * raw * raw;
      if (o->l1 != NULL)
        o->l1[j * o->kp + k] = all * c->l1_ratio * raw;
    }
done:
  return status;
}

/* --- Making it -------------------------------------------------------- */

/* Sums of a pass: gradient, diagonal, loss; or the Hessian. */
static size_t sums_of(const linear_objective *o) {
  size_t m = 2 * o->ld * o->kp + 8;
  return o->is_dense && o->ld * o->ld > m ? o->ld * o->ld : m;
}

static bool dense_pays(const linear_objective *o, const hpo_part *part) {
  size_t blocks = (size_t)part->train_total / HPO_DESIGN_BLOCK + 1;
  size_t most =
      o->loss == LINEAR_SQUARED ? LINEAR_MOST_LD : LINEAR_MOST_LD / 4;

  return o->kp == 1 && o->ld <= most &&
         o->ld * o->ld <= LINEAR_MOST_DENSE / blocks;
}

hpo_status linear_objective_create(const hpo_model_input *in,
                                   const linear_config *c,
                                   const linear_scaler *s, linear_rows *rows,
                                   linear_objective *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = in->part.data;
  linear_objective o = {.loss = c->loss, .ld = s->ld, .rows = rows, .y = d->y};
  double sum = 0;

  o.k = c->loss == LINEAR_MULTINOMIAL ? d->n_class : 1;
  o.kp = o.k == 1 ? 1 : (o.k + 7) / 8 * 8;
  o.is_dense = dense_pays(&o, &in->part);
  size_t wide = o.is_dense && o.ld > o.kp ? o.ld : o.kp;
  HPO_TRY(status, row_weights(in, c->is_balanced, &o, &sum, err));
  HPO_TRY(status,
          set_penalties(c, s, in->part.design->standardize, sum, &o, err));
  HPO_TRY(status, hpo_mem_new(in->part.n_train, o.k * sizeof *o.p, &o.p, err));
  HPO_TRY(status,
          hpo_mem_new_aligned(LINEAR_TILE * o.kp, sizeof *o.m, &o.m, err));
  HPO_TRY(status,
          hpo_mem_new_aligned(LINEAR_TILE * wide, sizeof *o.r, &o.r, err));
  HPO_TRY(status,
          hpo_mem_new_aligned(sums_of(&o), sizeof *o.total, &o.total, err));
  if (o.is_dense)
    HPO_TRY(status, hpo_mem_new_aligned(o.ld * o.ld, sizeof *o.hessian,
                                        &o.hessian, err));
  HPO_TRY(status, linear_rows_reserve(rows, sums_of(&o), err));
  *out = o;
  o = (linear_objective){0};
done:
  linear_objective_free(&o);
  return status;
}

void linear_objective_free(linear_objective *o) {
  hpo_mem_free(o->weight);
  hpo_mem_free(o->p);
  hpo_mem_free(o->m);
  hpo_mem_free(o->r);
  hpo_mem_free(o->l1);
  hpo_mem_free(o->l2);
  hpo_mem_free(o->hessian);
  hpo_mem_free(o->total);
  *o = (linear_objective){0};
}

/* --- Rows ------------------------------------------------------------- */

/* Margins [k] to probabilities; returns the log of the sum of exponentials.
 */
static double softmax(double *m, size_t k) {
  double most = m[0], sum = 0;

  for (size_t c = 1; c < k; c++)
    most = m[c] > most ? m[c] : most;
  for (size_t c = 0; c < k; c++)
    m[c] -= most;
  hpo_num_exp_array(m, m, k);
  for (size_t c = 0; c < k; c++)
    sum += m[c];
  for (size_t c = 0; c < k; c++)
    m[c] /= sum;
  return most + hpo_num_log(sum);
}

void linear_link(linear_loss loss, double *m, size_t k) {
  if (loss == LINEAR_LOGISTIC)
    m[0] = hpo_num_sigmoid(m[0]);
  else if (loss == LINEAR_MULTINOMIAL)
    (void)softmax(m, k);
}

/* One row's loss from its margins m; m becomes the derivatives by them, p
 * what products need. */
static double row_loss(linear_loss loss, double y, double *m, size_t k,
                       double *p) {
  double value = 0;

  if (loss == LINEAR_SQUARED) {
    p[0] = 1;
    m[0] -= y;
    return m[0] * m[0] / 2;
  }
  if (loss == LINEAR_LOGISTIC) {
    double t = y > 0 ? m[0] : -m[0]; /* log(1 + exp(-t)) */
    double e = hpo_num_exp(-fabs(t));
    p[0] = m[0] >= 0 ? 1 / (1 + e) : e / (1 + e);
    m[0] = y > 0 ? -(t >= 0 ? e : 1) / (1 + e) : p[0];
    return hpo_num_log1p(e) + (t < 0 ? -t : 0);
  }
  size_t c = (size_t)y;
  value = -m[c];
  value += softmax(m, k);
  memcpy(p, m, k * sizeof *p);
  m[c] -= 1;
  return value;
}

/* Second derivative by margin c, and what a product makes of margins m of
 * the direction. */
static double curvature(const linear_objective *o, const double *p, size_t c) {
  return o->loss == LINEAR_SQUARED ? 1 : p[c] * (1 - p[c]);
}

static void row_product(const linear_objective *o, const double *p, double w,
                        const double *m, double *r) {
  double mean = 0;

  if (o->loss != LINEAR_MULTINOMIAL) {
    r[0] = w * curvature(o, p, 0) * m[0];
    return;
  }
  for (size_t c = 0; c < o->k; c++)
    mean += p[c] * m[c];
  for (size_t c = 0; c < o->k; c++)
    r[c] = w * p[c] * (m[c] - mean);
}

/* --- Tiles ------------------------------------------------------------ */

static void visit_eval(void *self, const linear_part *t, double *sums) {
  linear_objective *o = self;
  size_t n = o->ld * o->kp;

  linear_forward(t->z, t->n, o->ld, o->point, o->kp, o->m);
  for (size_t i = 0; i < t->n; i++) {
    size_t row = t->first + i;
    double w = o->weight[row], *p = o->p + row * o->k, *m = o->m + i * o->kp;
    double y = o->y[o->rows->row[row]];

    sums[2 * n] += w * row_loss(o->loss, y, m, o->k, p);
    for (size_t c = 0; c < o->k; c++) {
      m[c] *= w;
      o->r[i * o->kp + c] = w * curvature(o, p, c);
    }
    for (size_t c = o->k; c < o->kp; c++)
      m[c] = 0;
  }
  linear_backward(t->z, t->n, o->ld, o->m, o->kp, sums);
  linear_square(t->z, t->n, o->ld);
  linear_backward(t->z, t->n, o->ld, o->r, o->kp, sums + n);
}

static void visit_product(void *self, const linear_part *t, double *sums) {
  linear_objective *o = self;

  linear_forward(t->z, t->n, o->ld, o->point, o->kp, o->m);
  for (size_t i = 0; i < t->n; i++) {
    size_t row = t->first + i;
    row_product(o, o->p + row * o->k, o->weight[row], o->m + i * o->kp,
                o->r + i * o->kp);
  }
  linear_backward(t->z, t->n, o->ld, o->r, o->kp, sums);
}

static void visit_hessian(void *self, const linear_part *t, double *sums) {
  linear_objective *o = self;

  for (size_t i = 0; i < t->n; i++) {
    size_t row = t->first + i;
    double q = o->weight[row] * curvature(o, o->p + row * o->k, 0);
    for (size_t j = 0; j < o->ld; j++)
      o->r[i * o->ld + j] = q * t->z[i * o->ld + j];
  }
  linear_backward(t->z, t->n, o->ld, o->r, o->ld, sums);
}

/* --- Passes ----------------------------------------------------------- */

hpo_status linear_eval(linear_objective *o, const double *u, double *f,
                       double *gradient, double *diagonal, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = o->ld * o->kp;
  double penalty = 0;

  o->point = u;
  o->has_hessian = o->has_hessian && o->loss == LINEAR_SQUARED;
  HPO_TRY(status,
          linear_pass(o->rows, 2 * n + 8, visit_eval, o, o->total, err));
  if (o->rows->coll->rank != 0)
    goto done;
  for (size_t i = 0; i < n; i++) {
    penalty += o->l2[i] * u[i] * u[i];
    gradient[i] = o->total[i] + o->l2[i] * u[i];
    diagonal[i] = o->total[n + i] + o->l2[i];
  }
  *f = o->total[2 * n] + penalty / 2;
done:
  return status;
}

hpo_status linear_hessian(linear_objective *o, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, linear_pass(o->rows, o->ld * o->ld, visit_hessian, o,
                              o->hessian, err));
  o->has_hessian = true;
done:
  return status;
}

hpo_status linear_product(linear_objective *o, const double *v, double *out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = o->ld * o->kp;

  if (o->has_hessian) {
    linear_forward(o->hessian, o->ld, o->ld, v, 1, o->total);
  } else {
    o->point = v;
    HPO_TRY(status, linear_pass(o->rows, n, visit_product, o, o->total, err));
  }
  for (size_t i = 0; o->rows->coll->rank == 0 && i < n; i++)
    out[i] = o->total[i] + o->l2[i] * v[i];
done:
  return status;
}
