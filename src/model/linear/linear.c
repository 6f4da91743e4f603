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
  linear_frame *frame;
  linear_objective objective;
  linear_member member;
  int64_t n_iter;
} linear_model;

static void destroy(void *self) {
  linear_model *m = self;

  if (m == NULL)
    return;
  newton_destroy(m->member.solver);
  hpo_mem_free(m->member.u);
  linear_objective_free(&m->objective);
  linear_frame_release(m->frame);
  hpo_mem_free(m);
}

static hpo_status create_solver(linear_model *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_member *e = &m->member;
  const linear_objective *o = &m->objective;
  const newton_problem p = {.n = o->ld * o->k,
                            .l1 = o->l1,
                            .tol = m->config.tol,
                            .method = o->method,
                            .is_quadratic = o->loss == LINEAR_SQUARED,
                            .second = o->second,
                            .share = o->share,
                            .least_share = o->least_share};

  e->objective = &m->objective;
  HPO_TRY(status, hpo_mem_new_aligned(p.n, sizeof *e->u, &e->u, err));
  if (m->in.coll->rank == 0)
    HPO_TRY(status, newton_create(&p, &e->solver, err));
done:
  return status;
}

static hpo_status create(const hpo_model_input *in, void **self,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_model *m = NULL;

  HPO_ASSERT(in->part.design != NULL);
  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->in = *in;
  linear_config_get(in->options, in->part.data, &m->config);
  HPO_TRY(status,
          linear_frame_get(in, m->config.has_intercept, &m->frame, err));
  HPO_TRY(status, linear_objective_create(in, &m->config, m->frame,
                                          &m->objective, err));
  HPO_TRY(status, create_solver(m, err));
  *self = m;
  m = NULL;
done:
  destroy(m);
  return status;
}

/* A step of n models, by groups of those that join. */
typedef struct together {
  void *const *model; /* [n] linear_model */
  size_t n;
  int32_t *group;         /* [n] the first of the group */
  linear_member **member; /* [n] of one group, with what came of them */
  hpo_status *status;
  hpo_error *text;
} together;

static void together_free(together *t) {
  hpo_mem_free(t->group);
  hpo_mem_free(t->member);
  hpo_mem_free(t->status);
  hpo_mem_free(t->text);
}

static hpo_status together_create(together *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = t->n;

  HPO_TRY(status, hpo_mem_new(n, sizeof *t->group, &t->group, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *t->member, &t->member, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *t->status, &t->status, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *t->text, &t->text, err));
done:
  return status;
}

/* The first of those that i can be joined with, on rank 0; then all know. */
static hpo_status find_groups(together *t, hpo_error *err) {
  const linear_model *first = t->model[0];
  const hpo_coll *c = first->in.coll;
  int32_t *group = t->group;

  for (size_t i = 0; i < t->n; i++) {
    const linear_model *m = t->model[i];
    size_t k = 0;
    while (k < i && (group[k] != (int32_t)k ||
                     !linear_batch_joins(
                         &((const linear_model *)t->model[k])->objective,
                         &m->objective)))
      k++;
    group[i] = (int32_t)k;
  }
  return c->size > 1 && t->n > 1
             ? c->broadcast(c->self, group, t->n * sizeof *group, err)
             : HPO_OK;
}

/* One step of the members of one group; their faults are in status and err.
 */
static hpo_status step_group(together *t, int32_t wanted, hpo_status *status,
                             hpo_error *err) {
  hpo_status all = HPO_OK;
  size_t k = 0;

  for (size_t i = 0; i < t->n; i++)
    if (t->group[i] == wanted)
      t->member[k++] = &((linear_model *)t->model[i])->member;
  memset(t->text, 0, k * sizeof *t->text);
  all = linear_team_step(t->member, k, t->status, t->text);
  for (size_t i = k = 0; i < t->n; i++)
    if (t->group[i] == wanted) {
      linear_model *m = t->model[i];
      m->n_iter += t->status[k] == HPO_OK;
      status[i] = t->status[k];
      err[i] = t->text[k++];
    }
  return all;
}

/* Only a lost peer is a fault of all groups. */
static hpo_status step_together(void **self, size_t n, hpo_status *status,
                                hpo_error *err) {
  hpo_status all = HPO_OK;
  together t = {.model = self, .n = n};

  HPO_TRY(all, together_create(&t, err));
  HPO_TRY(all, find_groups(&t, err));
  for (size_t i = 0; i < n; i++)
    if (t.group[i] == (int32_t)i &&
        step_group(&t, (int32_t)i, status, err) == HPO_EPEER)
      HPO_FAIL(all, err, HPO_EPEER, "%s", err[i].text);
done:
  together_free(&t);
  return all;
}

static hpo_status step(void *self, hpo_error *err) {
  hpo_status status = HPO_OK, all = step_together(&self, 1, &status, err);

  return all != HPO_OK ? all : status;
}

static bool is_done(void *self) {
  const linear_model *m = self;
  return m->member.is_done;
}

static hpo_status predict_valid(void *self, double *p, hpo_error *err) {
  const linear_model *m = self;
  const linear_objective *o = &m->objective;
  const linear_frame *f = m->frame;
  const hpo_part *part = &m->in.part;
  const hpo_design *d = part->design;

  (void)err;
  for (size_t i = 0; i < part->n_valid; i += LINEAR_TILE) {
    size_t left = part->n_valid - i,
           n = left < LINEAR_TILE ? left : LINEAR_TILE;
    for (size_t r = 0; r < n; r++)
      linear_decode(d->x + (size_t)part->valid[i + r] * d->stride, o->ld,
                    &f->scaler.scale, f->rows.z + r * o->ld);
    linear_forward(f->rows.z, n, o->ld, m->member.u, o->k, f->margin);
    linear_link(o->loss, o->k, f->margin);
    for (size_t r = 0; r < n; r++)
      for (size_t c = 0; c < o->k; c++)
        p[(i + r) * o->k + c] = f->margin[c * LINEAR_TILE + r];
  }
  return HPO_OK;
}

static hpo_status save(void *self, hpo_buffer *out, hpo_error *err) {
  const linear_model *m = self;
  linear_saved saved = {.in = &m->in,
                        .config = &m->config,
                        .scaler = &m->frame->scaler,
                        .u = m->member.u,
                        .k = m->objective.k,
                        .n_iter = m->n_iter,
                        .converged = m->member.is_done};

  return m->in.coll->rank == 0 ? linear_save(&saved, out, err) : HPO_OK;
}

static int64_t steps(const hpo_options *o) {
  return hpo_options_get_int(o, "max_iter");
}

/* The solver's vectors and pairs, those of the penalties and the scaler, the
 * Hessian, tiles, sums, probabilities of rows, and the model as text. */
static double need(const hpo_model_input *in) {
  enum { VECTORS = 24, TEXT_BYTES = 100, ROW_BYTES = 8, VALID_BYTES = 16 };
  const hpo_part *part = &in->part;
  double ld = (double)part->design->stride;
  double classes = (double)part->data->n_class;
  double k = classes > 2 ? classes : 1;
  double blocks = (double)part->n_train / HPO_DESIGN_BLOCK + 1;
  double dense = k > 1 || ld > LINEAR_MOST_LD ? 0 : ld * ld;
  double pairs = dense > 0 ? 0 : 2 * 16;
  double sums = fmin(fmax(fmax(dense, k * ld), LINEAR_MOST_SUMS),
                     LINEAR_MOST_DENSE / blocks);

  return ld * k * ((VECTORS + pairs) * 8 + TEXT_BYTES) + 8 * dense +
         8 * sums * (in->coll->size > 1 ? blocks + 3 : 4) +
         8 * LINEAR_TILE * (2 * ld + 2 * k) +
         (double)part->n_train * (ROW_BYTES * k) +
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
