/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean loss over the training rows with its penalties: what rows count,
 * what coefficients cost, and how second derivatives are had.
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

/* What rows of each class count, own weights apart, divided by the sum over
 * all rows; *sum: before that. */
static hpo_status row_weights(const hpo_model_input *in, bool is_balanced,
                              linear_objective *o, double *sum,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_part *part = &in->part;
  const hpo_dataset *d = part->data;
  size_t classes = d->n_class > 0 ? d->n_class : 1;
  hpo_sum s = {{0}, 0, 0};

  HPO_TRY(status,
          linear_class_weights(in, is_balanced, &o->class_weight, err));
  for (size_t i = 0; i < part->n_train; i++) {
    hpo_row r = part->train[i];
    size_t c = d->n_class > 0 ? (size_t)d->y[r] : 0;
    hpo_sum_add(&s, own_weight(d, r) * o->class_weight[c]);
  }
  HPO_TRY(status,
          in->coll->sum(in->coll->self, (int64_t *)&s, HPO_SUM_WORDS, err));
  *sum = hpo_sum_get(&s);
  if (!(*sum > 0) || isinf(*sum))
    HPO_FAIL(status, err, HPO_ETRIAL,
             "the weights of the training rows sum to %g", *sum);
  for (size_t c = 0; c < classes; c++)
    o->class_weight[c] /= *sum;
done:
  return status;
}

static hpo_status set_penalties(const linear_config *c, const linear_scaler *s,
                                bool standardize, double sum,
                                linear_objective *o, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = o->ld * o->k;
  bool is_ridge = !c->is_logistic && strcmp(c->penalty, "l2") == 0;
  double all = c->is_logistic ? 1 / (c->strength * sum)
               : is_ridge     ? c->strength / sum
                              : c->strength;

  HPO_TRY(status, hpo_mem_new_aligned(n, sizeof *o->l2, &o->l2, err));
  if (!c->has_penalty)
    goto done;
  if (c->l1_ratio > 0 && all > 0)
    HPO_TRY(status, hpo_mem_new_aligned(n, sizeof *o->l1, &o->l1, err));
  for (size_t k = 0; k < o->k; k++)
    for (size_t j = 0; j < s->columns; j++) {
      double raw = standardize ? 1 : 1 / s->deviation[j];
      o->l2[k * o->ld + j] = all * (1 - c->l1_ratio) * raw * raw;
      if (o->l1 != NULL)
        o->l1[k * o->ld + j] = all * c->l1_ratio * raw;
    }
done:
  return status;
}

/* --- Second derivatives ------------------------------------------------ */

/* Rows that give a good Hessian: of so many columns, and at least. */
enum { ROWS_PER_COLUMN = 64, LEAST_ROWS = 4096 };

/* The same on all ranks, and for any number of them. */
static void choose_method(linear_objective *o, const hpo_part *part) {
  int64_t rows = part->train_total;
  size_t blocks = (size_t)part->design->rows / HPO_DESIGN_BLOCK + 1;
  size_t wanted = ROWS_PER_COLUMN * o->ld;
  bool is_squared = o->loss == LINEAR_SQUARED;

  wanted = wanted > LEAST_ROWS ? wanted : LEAST_ROWS;
  o->share = o->least_share = 1;
  while (!is_squared && rows / o->share >= 2 * (int64_t)wanted)
    o->share *= 2;
  while ((blocks / (size_t)o->least_share + 1) * o->ld * o->ld >
         LINEAR_MOST_DENSE)
    o->least_share *= 2;
  o->share = o->share > o->least_share ? o->share : o->least_share;
  if (o->k == 1 && o->ld <= LINEAR_MOST_LD / (is_squared ? 1 : 2) &&
      !(is_squared && o->share > 1))
    o->method = NEWTON_MATRIX;
  else
    o->method = o->l1 == NULL ? NEWTON_MEMORY : NEWTON_PRODUCTS;
}

/* Of centred and scaled features, where all classes are as likely. */
static hpo_status set_second(linear_objective *o, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = o->ld * o->k;
  double p = o->k > 1 ? 1 / (double)o->k : 0.5;
  double all = o->loss == LINEAR_SQUARED ? 1 : p * (1 - p);

  HPO_TRY(status, hpo_mem_new_aligned(n, sizeof *o->second, &o->second, err));
  for (size_t i = 0; i < n; i++)
    o->second[i] = all + o->l2[i];
done:
  return status;
}

/* --- Making it -------------------------------------------------------- */

/* Room of a batch: of this model, or of as many as one pass takes. */
static hpo_status make_room(const hpo_model_input *in, linear_objective *o,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t blocks = (size_t)in->part.design->rows / HPO_DESIGN_BLOCK + 1;
  size_t own = o->k * (o->ld + 8), m = LINEAR_MOST_SUMS;

  if (in->coll->size > 1 && m > LINEAR_MOST_DENSE / blocks)
    m = LINEAR_MOST_DENSE / blocks / 8 * 8;
  if (o->method == NEWTON_MATRIX && own < o->ld * o->ld + 8)
    own = o->ld * o->ld + 8;
  m = m > own ? m : own;
  o->most_sums = m;
  o->most_outputs = m / (o->ld + 8);
  HPO_TRY(status, hpo_mem_new_aligned(m, sizeof *o->point, &o->point, err));
  HPO_TRY(status, hpo_mem_new_aligned(o->most_outputs * LINEAR_TILE,
                                      sizeof *o->margin, &o->margin, err));
  HPO_TRY(status, hpo_mem_new_aligned(m, sizeof *o->total, &o->total, err));
  HPO_TRY(status, linear_rows_reserve(o->rows, m, err));
done:
  return status;
}

hpo_status linear_objective_create(const hpo_model_input *in,
                                   const linear_config *c,
                                   const linear_scaler *s, linear_rows *rows,
                                   linear_objective *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = in->part.data;
  linear_objective o = {
      .loss = c->loss, .ld = s->ld, .rows = rows, .data = d, .scaler = s};
  double sum = 0;

  o.k = c->loss == LINEAR_MULTINOMIAL ? d->n_class : 1;
  HPO_TRY(status, row_weights(in, c->is_balanced, &o, &sum, err));
  HPO_TRY(status,
          set_penalties(c, s, in->part.design->standardize, sum, &o, err));
  choose_method(&o, &in->part);
  if (o.method == NEWTON_MEMORY)
    HPO_TRY(status, set_second(&o, err));
  if (o.method == NEWTON_PRODUCTS) {
    HPO_TRY(status,
            hpo_mem_new(in->part.n_train, o.k * sizeof *o.p, &o.p, err));
    HPO_TRY(status, hpo_mem_new_aligned(o.k * LINEAR_TILE, sizeof *o.kept,
                                        &o.kept, err));
  }
  if (o.method == NEWTON_MATRIX)
    HPO_TRY(status, hpo_mem_new_aligned(o.ld * LINEAR_TILE, sizeof *o.weighed,
                                        &o.weighed, err));
  HPO_TRY(status, make_room(in, &o, err));
  *out = o;
  o = (linear_objective){0};
done:
  linear_objective_free(&o);
  return status;
}

void linear_objective_free(linear_objective *o) {
  hpo_mem_free(o->class_weight);
  hpo_mem_free(o->p);
  hpo_mem_free(o->kept);
  hpo_mem_free(o->weighed);
  hpo_mem_free(o->l1);
  hpo_mem_free(o->l2);
  hpo_mem_free(o->second);
  hpo_mem_free(o->point);
  hpo_mem_free(o->margin);
  hpo_mem_free(o->total);
  *o = (linear_objective){0};
}
