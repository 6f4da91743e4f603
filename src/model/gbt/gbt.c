/* SPDX-License-Identifier: BSD-3-Clause */
/* The model kind gbt: the boosting loop. */
#include "gbt.h"

#include "model/kinds.h"

#include <math.h>
#include <string.h>

typedef struct gbt_model {
  hpo_model_input in; /* borrowed parts */
  gbt_config config;
  gbt_loss loss;
  gbt_grower *grower;
  float base_score;
  uint64_t rounds; /* done */
  bool has_best;   /* cut at its best round, whose objective is best_score */
  double best_score;
  gbt_tree *tree; /* [n_tree], classes of a round side by side */
  size_t n_tree, tree_room;
  size_t n_shown; /* trees that predictions and bytes tell of: all, but after
                     a cut */
  gbt_router router;
  uint32_t *sample; /* [n_train] rows of the round, the others behind */
  uint32_t *idx;    /* [n_train] the same, as a tree permutes it */
  int64_t *gh;      /* [span] fixed-point gradients */
  float *valid;     /* [classes][n_valid] margins */
} gbt_model;

static void gbt_destroy(void *self) {
  gbt_model *m = self;

  if (m == NULL)
    return;
  for (size_t i = 0; i < m->n_tree; i++)
    hpo_mem_free(m->tree[i].node);
  hpo_mem_free(m->tree);
  gbt_router_free(&m->router);
  hpo_mem_free(m->sample);
  hpo_mem_free(m->idx);
  hpo_mem_free(m->gh);
  hpo_mem_free(m->valid);
  gbt_grower_destroy(m->grower);
  gbt_loss_free(&m->loss);
  hpo_mem_free(m);
}

static hpo_status check_input(const hpo_model_input *in, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = in->part.data;

  HPO_TRY(status, gbt_config_check(in->options, d->task, NULL, err));
  if (in->part.train_total <= 0)
    HPO_FAIL(status, err, HPO_ETRIAL, "there are no training rows");
  if (in->part.train_total > (hpo_row)1 << 32)
    HPO_FAIL(status, err, HPO_ETRIAL,
             "gbt can train on 4294967296 rows, there are %lld",
             (long long)in->part.train_total);
  if (in->part.bins->columns == 0)
    HPO_FAIL(status, err, HPO_ETRIAL, "there are no feature columns");
done:
  return status;
}

static void set_all(float *x, size_t n, float value) {
  for (size_t i = 0; i < n; i++)
    x[i] = value;
}

static hpo_status gbt_create(const hpo_model_input *in, void **self,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_part *part = &in->part;
  gbt_model *m = NULL;
  gbt_loss *l = NULL;
  float margin = 0;

  HPO_TRY(status, check_input(in, err));
  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->in = *in;
  l = &m->loss;
  gbt_config_get(in->options, part->data->task, &m->config);
  HPO_TRY(status, gbt_loss_create(in, &m->config, l, err));
  HPO_TRY(status, gbt_grower_create(&m->in, &m->config, l->base, l->span,
                                    &m->grower, err));
  HPO_TRY(status,
          hpo_mem_new_aligned(l->n, sizeof *m->sample, &m->sample, err));
  HPO_TRY(status, hpo_mem_new_aligned(l->n, sizeof *m->idx, &m->idx, err));
  HPO_TRY(status, hpo_mem_new_aligned(l->span, sizeof *m->gh, &m->gh, err));
  HPO_TRY(status, hpo_mem_new_aligned(part->n_valid, l->k * sizeof *m->valid,
                                      &m->valid, err));
  HPO_TRY(status, gbt_loss_base_score(in, &m->config, l, &m->base_score, err));
  margin = gbt_loss_base_margin(m->config.objective, m->base_score);
  set_all(l->margin, l->k * l->span, margin);
  set_all(m->valid, l->k * part->n_valid, margin);
  *self = m;
  m = NULL;
done:
  gbt_destroy(m);
  return status;
}

/* Adds a tree of class k to the margins of the validation rows. */
static hpo_status add_valid(gbt_model *m, const gbt_tree *tree, size_t k,
                            hpo_error *err) {
  const hpo_part *part = &m->in.part;
  gbt_walk valid = {.id = part->valid, .n = part->n_valid};

  return gbt_tree_add(tree, part->bins, &valid, &m->router,
                      m->valid + k * part->n_valid, err);
}

/* Adds a tree to the margins of rows that did not grow it. */
static hpo_status add_elsewhere(gbt_model *m, const gbt_tree *tree, size_t k,
                                size_t n_in, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_walk out = {
      .row = m->sample + n_in, .n = m->loss.n - n_in, .base = m->loss.base};

  HPO_TRY(status, add_valid(m, tree, k, err));
  HPO_TRY(status, gbt_tree_add(tree, m->in.part.bins, &out, &m->router,
                               m->loss.margin + k * m->loss.span, err));
done:
  return status;
}

/* The tree of class k; sample[0 .. n_in) grows it. */
static hpo_status grow_class(gbt_model *m, size_t k, size_t n_in,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_loss *l = &m->loss;
  gbt_tree *tree = &m->tree[m->n_tree];
  gbt_task task = {.tree = m->rounds * l->k + k,
                   .idx = m->idx,
                   .n = n_in,
                   .gh = m->gh,
                   .margin = l->margin + k * l->span};

  memcpy(m->idx, m->sample, n_in * sizeof *m->idx);
  HPO_TRY(status, gbt_quant_round(l, k, m->in.seed, m->rounds, &m->in.part,
                                  m->in.coll, m->gh, &task.scale, err));
  HPO_TRY(status, gbt_grower_tree(m->grower, &task, tree, err));
  m->n_shown = ++m->n_tree;
  HPO_TRY(status, add_elsewhere(m, tree, k, n_in, err));
done:
  return status;
}

static hpo_status gbt_step(void *self, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_model *m = self;
  size_t n_in = 0;

  HPO_TRY(status, hpo_mem_grow(&m->tree, &m->tree_room, m->n_tree + m->loss.k,
                               sizeof *m->tree, err));
  HPO_TRY(status, gbt_loss_update(&m->loss, m->in.coll, err));
  gbt_sample_rows(&m->loss, m->config.subsample, m->in.seed, m->rounds,
                  m->sample, m->idx, &n_in);
  for (size_t k = 0; k < m->loss.k; k++)
    HPO_TRY(status, grow_class(m, k, n_in, err));
  m->rounds++;
done:
  return status;
}

/* Margins of the validation rows are those of a run of n trees, to the last
   bit: the base first, then the trees in their order. */
static hpo_status show(gbt_model *m, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t k = m->loss.k;

  if (n == m->n_shown)
    goto done;
  set_all(m->valid, k * m->in.part.n_valid,
          gbt_loss_base_margin(m->config.objective, m->base_score));
  for (size_t i = 0; i < n; i++)
    HPO_TRY(status, add_valid(m, &m->tree[i], i % k, err));
  m->n_shown = n;
done:
  return status;
}

static hpo_status gbt_cut(void *self, int64_t steps, double score,
                          hpo_error *err) {
  gbt_model *m = self;
  size_t n = (size_t)steps * m->loss.k;

  m->has_best = !isnan(score);
  m->best_score = score;
  return show(m, n < m->n_tree ? n : m->n_tree, err);
}

static hpo_status gbt_restore(void *self, hpo_error *err) {
  gbt_model *m = self;

  m->has_best = false;
  return show(m, m->n_tree, err);
}

/* Trees, histograms and their scratch. */
static int64_t gbt_held(void *self) {
  enum { SCRATCH_CELLS = 3, CELL_BYTES = 16, DEEP = 32 };
  const gbt_model *m = self;
  const int64_t depth = m->config.max_depth;
  size_t deep = depth > 0 && depth < DEEP ? (size_t)depth : DEEP;
  size_t bytes =
      gbt_layout_cells(m->in.part.bins) * CELL_BYTES * (SCRATCH_CELLS + deep);

  for (size_t i = 0; i < m->n_tree; i++)
    bytes += m->tree[i].n * sizeof *m->tree[i].node;
  return (int64_t)bytes;
}

static hpo_status gbt_predict_valid(void *self, double *p, hpo_error *err) {
  gbt_model *m = self;

  (void)err;
  gbt_loss_predict(m->config.objective, m->valid, m->in.part.n_valid,
                   m->loss.k, p);
  return HPO_OK;
}

static hpo_status gbt_save_bytes(void *self, hpo_buffer *out, hpo_error *err) {
  gbt_model *m = self;
  gbt_saved saved = {.in = &m->in,
                     .objective = m->config.objective,
                     .base_score = m->base_score,
                     .max_delta_step = m->config.max_delta_step,
                     .classes = m->loss.k,
                     .tree = m->tree,
                     .n_tree = m->n_shown,
                     .has_best = m->has_best,
                     .best_score = m->best_score};

  return m->in.coll->rank == 0 ? gbt_save(&saved, out, err) : HPO_OK;
}

static int64_t gbt_steps(const hpo_options *o) {
  return hpo_options_get_int(o, "n_estimators");
}

static int64_t gbt_patience(const hpo_options *o) {
  int64_t rounds = hpo_options_get_int(o, "early_stopping_rounds");
  return rounds > 0 ? rounds : 0;
}

const hpo_model_kind hpo_model_gbt = {
    .name = "gbt",
    .help = "gradient-boosted trees; names and meanings are XGBoost's",
    .option = gbt_options,
    .n_option = GBT_OPTIONS,
    .is_built = true,
    .tasks = 1U << HPO_TASK_BINARY | 1U << HPO_TASK_MULTICLASS |
             1U << HPO_TASK_REGRESSION,
    .needs_bins = true,
    .format = "xgboost-ubj",
    .check = gbt_config_check,
    .steps = gbt_steps,
    .need = gbt_need,
    .create = gbt_create,
    .destroy = gbt_destroy,
    .step = gbt_step,
    .patience = gbt_patience,
    .cut = gbt_cut,
    .restore = gbt_restore,
    .held = gbt_held,
    .steps_option = "n_estimators",
    .predict_valid = gbt_predict_valid,
    .save = gbt_save_bytes,
};
