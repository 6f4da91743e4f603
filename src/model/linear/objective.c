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

#include <string.h>

/* --- Penalties ---------------------------------------------------------- */

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
enum { ROWS_PER_COLUMN = 32, LEAST_ROWS = 4096 };

/* The same on all ranks, and for any number of them. */
static void choose_method(linear_objective *o, const hpo_part *part) {
  int64_t rows = part->train_total;
  size_t blocks = (size_t)part->design->rows / HPO_DESIGN_BLOCK + 1;
  size_t wanted = ROWS_PER_COLUMN * o->ld;
  bool is_squared = o->loss == LINEAR_SQUARED;
  bool is_narrow = o->ld <= LINEAR_MOST_LD; /* a Hessian may be made */

  wanted = wanted > LEAST_ROWS ? wanted : LEAST_ROWS;
  o->share = o->least_share = 1;
  while (!is_squared && rows / o->share >= 2 * (int64_t)wanted)
    o->share *= 2;
  while (is_narrow && (blocks / (size_t)o->least_share + 1) * o->ld * o->ld >
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

hpo_status linear_objective_create(const hpo_model_input *in,
                                   const linear_config *c, linear_frame *f,
                                   linear_objective *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_objective o = {
      .loss = c->loss, .ld = f->scaler.ld, .frame = f, .data = in->part.data};

  o.k = c->loss == LINEAR_MULTINOMIAL ? o.data->n_class : 1;
  HPO_TRY(status, linear_frame_weigh(f, in, c->is_balanced, err));
  o.is_balanced = c->is_balanced;
  o.class_weight = f->class_weight[c->is_balanced];
  HPO_TRY(status, set_penalties(c, &f->scaler, in->part.design->standardize,
                                f->weight_sum[c->is_balanced], &o, err));
  choose_method(&o, &in->part);
  if (o.method == NEWTON_MEMORY)
    HPO_TRY(status, set_second(&o, err));
  if (o.method == NEWTON_PRODUCTS) {
    HPO_TRY(status,
            hpo_mem_new(in->part.n_train, o.k * sizeof *o.p, &o.p, err));
    HPO_TRY(status, hpo_mem_new_aligned(o.k * LINEAR_TILE, sizeof *o.kept,
                                        &o.kept, err));
  }
  *out = o;
  o = (linear_objective){0};
done:
  linear_objective_free(&o);
  return status;
}

void linear_objective_free(linear_objective *o) {
  hpo_mem_free(o->p);
  hpo_mem_free(o->kept);
  hpo_mem_free(o->l1);
  hpo_mem_free(o->l2);
  hpo_mem_free(o->second);
  *o = (linear_objective){0};
}
