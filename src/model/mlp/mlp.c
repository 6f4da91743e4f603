/* SPDX-License-Identifier: BSD-3-Clause */
/* The model kind mlp. */
#include "mlp.h"

#include "hpo/mem.h"
#include "model/kinds.h"

#include <string.h>

static void destroy(void *self) {
  mlp_model *m = self;

  if (m == NULL)
    return;
  mlp_rows_free(&m->rows);
  mlp_tile_free(&m->tile);
  mlp_solver_free(&m->solver);
  hpo_mem_free(m->w);
  hpo_mem_free(m->best);
  hpo_mem_free(m->gradient);
  hpo_mem_free(m->order);
  hpo_mem_free(m->word);
  hpo_mem_free(m->curve);
  hpo_mem_free(m);
}

static hpo_status create(const hpo_model_input *in, void **self,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  mlp_model *m = NULL;
  const hpo_dataset *d = in->part.data;
  size_t outputs = hpo_dataset_outputs(d);

  HPO_ASSERT(in->part.design != NULL);
  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->in = *in;
  HPO_TRY(status, mlp_config_get(in->options, &m->config, err));
  HPO_TRY(status, mlp_net_make(&m->config, in->part.design->columns, outputs,
                               &m->net, err));
  HPO_TRY(status, mlp_epoch_create(m, err));
  HPO_TRY(status,
          mlp_rows_create(&m->in, &m->config, m->batch, &m->rows, err));
  HPO_TRY(status, mlp_tile_create(&m->net, MLP_TILE, &m->tile, err));
  HPO_TRY(status, mlp_solver_create(&m->config, &m->net, &m->solver, err));
  HPO_TRY(status, hpo_mem_new_aligned(m->net.n, sizeof *m->w, &m->w, err));
  if (m->config.stops_early)
    HPO_TRY(status,
            hpo_mem_new_aligned(m->net.n, sizeof *m->best, &m->best, err));
  mlp_net_start(&m->net, in->seed, m->w);
  *self = m;
  m = NULL;
done:
  destroy(m);
  return status;
}

/* Parameters with what the solver keeps of each, gradients of blocks, a tile's
 * activations, the order of rows, and the model as text. */
static double need(const hpo_model_input *in) {
  enum { COPIES = 4, TEXT_BYTES = 16, ORDER_BYTES = 24, VALID_BYTES = 16 };
  const hpo_part *part = &in->part;
  double k = (double)hpo_dataset_outputs(part->data);
  double from = (double)part->design->columns, units = from, n = 0;
  mlp_config c = {.n_hidden = 0};

  if (mlp_config_get(in->options, &c, NULL) != HPO_OK)
    return 0;
  for (size_t l = 0; l <= c.n_hidden; l++) {
    double to = l < c.n_hidden ? (double)c.width[l] : k;
    n += (from + 1) * to;
    units += to;
    from = to;
  }
  return n * (4 * (COPIES + (in->coll->size > 1 ? MLP_MOST_BLOCKS : 2)) +
              TEXT_BYTES) +
         units * MLP_TILE * 16 + (double)part->train_total * ORDER_BYTES +
         (double)part->n_valid * VALID_BYTES * k;
}

static hpo_status step(void *self, hpo_error *err) {
  return mlp_epoch(self, err);
}

static bool is_done(void *self) {
  const mlp_model *m = self;
  return m->is_done;
}

static int64_t steps(const hpo_options *o) {
  return hpo_options_get_int(o, "max_iter");
}

static int64_t patience(const hpo_options *o) {
  return hpo_options_get_bool(o, "early_stopping")
             ? hpo_options_get_int(o, "n_iter_no_change")
             : 0;
}

static void mark(void *self) {
  mlp_model *m = self;

  if (m->best == NULL)
    return;
  memcpy(m->best, m->w, m->net.n * sizeof *m->w);
  m->best_iter = m->n_iter;
}

static hpo_status cut(void *self, int64_t n, double score, hpo_error *err) {
  mlp_model *m = self;

  (void)score;
  (void)err;
  if (n == m->n_iter)
    return HPO_OK;
  HPO_ASSERT(m->best != NULL && n == m->best_iter);
  memcpy(m->w, m->best, m->net.n * sizeof *m->w);
  m->n_iter = n;
  return HPO_OK;
}

/* A row stands at its place in the whole team's list, modulo the tile, so
 * that it gets the same bits on any rank. */
static hpo_status predict_valid(void *self, double *p, hpo_error *err) {
  mlp_model *m = self;
  const hpo_part *part = &m->in.part;
  size_t k = m->net.unit[m->net.n_layer], begin = (size_t)part->valid_first;

  (void)err;
  for (size_t i = 0, n = 0; i < part->n_valid; i += n) {
    size_t place = (begin + i) % MLP_TILE, left = part->n_valid - i;

    n = MLP_TILE - place < left ? MLP_TILE - place : left;
    mlp_rows_input(&m->rows, part->valid + i, n, place, &m->tile);
    mlp_forward(&m->net, m->w, &m->tile, MLP_TILE, false);
    mlp_predict(part->data->task, &m->net, &m->tile, MLP_TILE);
    memcpy(p + i * k, m->tile.p + place * k, n * k * sizeof *p);
  }
  return HPO_OK;
}

static int64_t held(void *self) {
  const mlp_model *m = self;
  size_t copies =
      2 + (m->best != NULL ? 1U : 0) + (m->solver.second != NULL ? 1U : 0);
  size_t slots = m->in.coll->size > 1 ? m->n_block : 2;

  return (int64_t)((copies + slots) * m->slot * sizeof *m->w);
}

static hpo_status save(void *self, hpo_buffer *out, hpo_error *err) {
  const mlp_model *m = self;
  return m->in.coll->rank == 0 ? mlp_save(m, out, err) : HPO_OK;
}

const hpo_model_kind hpo_model_mlp = {
    .name = "mlp",
    .help = "dense neural network; names and meanings are scikit-learn's",
    .option = mlp_options,
    .n_option = MLP_OPTIONS,
    .is_built = true,
    .needs_design = true,
    .tasks = 1U << HPO_TASK_BINARY | 1U << HPO_TASK_MULTICLASS |
             1U << HPO_TASK_REGRESSION,
    .format = "json",
    .check = mlp_check,
    .steps = steps,
    .steps_option = "max_iter",
    .create = create,
    .destroy = destroy,
    .step = step,
    .is_done = is_done,
    .patience = patience,
    .mark = mark,
    .cut = cut,
    .predict_valid = predict_valid,
    .held = held,
    .need = need,
    .save = save};
