/* SPDX-License-Identifier: BSD-3-Clause */
/* The model kinds logistic and linear. */
#include "linear.h"

#include "hpo/mem.h"
#include "model/kinds.h"

#include <math.h>
#include <string.h>

typedef struct linear_model {
  hpo_model_input in; /* borrowed parts */
  linear_config config;
  linear_rows rows;
  linear_scaler scaler;
  linear_objective objective;
  linear_team team;
  newton *solver; /* rank 0 */
  int64_t n_iter;
  bool is_done;
} linear_model;

static void destroy(void *self) {
  linear_model *m = self;

  if (m == NULL)
    return;
  newton_destroy(m->solver);
  hpo_mem_free(m->team.u);
  linear_objective_free(&m->objective);
  linear_scaler_free(&m->scaler);
  linear_rows_free(&m->rows);
  hpo_mem_free(m);
}

static hpo_status create_solver(linear_model *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_team *t = &m->team;
  newton_problem p = {0};

  t->objective = &m->objective;
  t->coll = m->in.coll;
  t->n = m->objective.ld * m->objective.kp;
  HPO_TRY(status, hpo_mem_new_aligned(t->n, sizeof *t->u, &t->u, err));
  p = linear_team_problem(t, m->config.tol);
  if (t->coll->rank == 0)
    HPO_TRY(status, newton_create(&p, &m->solver, err));
done:
  return status;
}

static hpo_status create(const hpo_model_input *in, void **self,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_model *m = NULL;
  const hpo_design *d = in->part.design;

  HPO_ASSERT(d != NULL);
  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->in = *in;
  linear_config_get(in->options, in->part.data, &m->config);
  HPO_TRY(status, linear_rows_create(in, d->stride, &m->rows, err));
  HPO_TRY(status, linear_scaler_create(&m->rows, m->config.has_intercept,
                                       &m->scaler, err));
  HPO_TRY(status, linear_objective_create(in, &m->config, &m->scaler, &m->rows,
                                          &m->objective, err));
  HPO_TRY(status, create_solver(m, err));
  *self = m;
  m = NULL;
done:
  destroy(m);
  return status;
}

static hpo_status step(void *self, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_model *m = self;

  HPO_TRY(status, linear_team_step(&m->team, m->solver, &m->is_done, err));
  m->n_iter++;
done:
  return status;
}

static hpo_status step_together(void **self, size_t n, hpo_status *status,
                                hpo_error *err) {
  for (size_t i = 0; i < n; i++) {
    status[i] = step(self[i], &err[i]);
    if (status[i] == HPO_EPEER)
      return status[i];
  }
  return HPO_OK;
}

static bool is_done(void *self) {
  const linear_model *m = self;
  return m->is_done;
}

static hpo_status predict_valid(void *self, double *p, hpo_error *err) {
  const linear_model *m = self;
  const linear_objective *o = &m->objective;
  const hpo_design *d = m->in.part.design;
  const hpo_part *part = &m->in.part;

  (void)err;
  for (size_t i = 0; i < part->n_valid; i += LINEAR_TILE) {
    size_t left = part->n_valid - i,
           n = left < LINEAR_TILE ? left : LINEAR_TILE;
    for (size_t r = 0; r < n; r++)
      linear_decode(d->x + (size_t)part->valid[i + r] * d->stride, o->ld,
                    &m->scaler.scale, m->rows.z + r * o->ld);
    linear_forward(m->rows.z, n, o->ld, m->team.u, o->kp, o->m);
    for (size_t r = 0; r < n; r++) {
      linear_link(o->loss, o->m + r * o->kp, o->k);
      memcpy(p + (i + r) * o->k, o->m + r * o->kp, o->k * sizeof *p);
    }
  }
  return HPO_OK;
}

static hpo_status save(void *self, hpo_buffer *out, hpo_error *err) {
  const linear_model *m = self;
  linear_saved saved = {.in = &m->in,
                        .config = &m->config,
                        .scaler = &m->scaler,
                        .u = m->team.u,
                        .k = m->objective.k,
                        .kp = m->objective.kp,
                        .n_iter = m->n_iter,
                        .converged = m->is_done};

  return m->in.coll->rank == 0 ? linear_save(&saved, out, err) : HPO_OK;
}

static int64_t steps(const hpo_options *o) {
  return hpo_options_get_int(o, "max_iter");
}

/* The solver's vectors, those of the penalties and the scaler, the Hessian,
 * tiles, weights and probabilities of rows, and the model as text. */
static double need(const hpo_model_input *in) {
  enum { VECTORS = 24, TEXT_BYTES = 100, ROW_BYTES = 16, VALID_BYTES = 16 };
  const hpo_part *part = &in->part;
  double ld = (double)part->design->stride;
  double classes = (double)part->data->n_class;
  double k = classes > 2 ? classes : 1, kp = k > 1 ? k + 7 : 1;
  double blocks = (double)part->n_train / HPO_DESIGN_BLOCK + 1;
  double dense = ld > LINEAR_MOST_LD ? 0 : ld * ld;
  double sums = fmin(dense, LINEAR_MOST_DENSE / blocks) + ld * kp;

  return ld * kp * (VECTORS * 8 + TEXT_BYTES) +
         8 * sums * (in->coll->size > 1 ? blocks + 2 : 3) +
         8 * LINEAR_TILE * (2 * ld + 2 * kp) +
         (double)part->n_train * (ROW_BYTES + 8 * k) +
         (double)part->n_valid * VALID_BYTES * k;
}

#define FACE                                                                  \
  .need = need, .is_built = true, .needs_design = true, .format = "json",     \
  .steps = steps, .steps_option = "max_iter", .create = create,               \
  .destroy = destroy, .step = step, .step_together = step_together,           \
  .is_done = is_done, .predict_valid = predict_valid, .save = save

const hpo_model_kind hpo_model_logistic = {
    .name = "logistic",
    .help = "logistic regression; names and meanings are scikit-learn's",
    .option = logistic_options,
    .n_option = LOGISTIC_OPTIONS,
    .tasks = 1U << HPO_TASK_BINARY | 1U << HPO_TASK_MULTICLASS,
    .check = logistic_check,
    FACE};

const hpo_model_kind hpo_model_linear = {
    .name = "linear",
    .help = "linear regression; names and meanings are scikit-learn's",
    .option = linear_options,
    .n_option = LINEAR_OPTIONS,
    .tasks = 1U << HPO_TASK_REGRESSION,
    .check = linear_check,
    FACE};
