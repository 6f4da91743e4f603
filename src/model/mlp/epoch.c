/* SPDX-License-Identifier: BSD-3-Clause */
/* One pass over the training rows: batches, whose blocks the team's ranks
 * share out, and the weights' steps, which all ranks take alike. */
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "mlp.h"

#include <math.h>
#include <string.h>

enum {
  DEFAULT_BATCH = 200,
  STATS = 16 /* floats behind a slot's parameters: loss, weight, padding */
};

/* Sums of a block's rows beside their gradient. */
typedef struct stats {
  double loss, weight;
} stats;

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t shares(size_t n, size_t of) { return (n + of - 1) / of; }

static size_t rows_of(const mlp_model *m) {
  return (size_t)m->in.part.train_total;
}

/* The ids of the whole team's rows, ascending, on all ranks. */
static hpo_status list_rows(mlp_model *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_part *part = &m->in.part;
  const hpo_coll *c = m->in.coll;
  hpo_row *all = NULL;
  size_t n = rows_of(m) * sizeof *m->order, *count = NULL;

  HPO_TRY(status, hpo_mem_new(rows_of(m), sizeof *m->order, &m->order, err));
  HPO_TRY(status, hpo_mem_new((size_t)c->size, sizeof *count, &count, err));
  HPO_TRY(status, c->gather(c->self, part->train, part->n_train * sizeof *all,
                            &all, count, err));
  if (c->rank == 0)
    memcpy(m->order, all, n);
  HPO_TRY(status, c->broadcast(c->self, m->order, n, err));
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

hpo_status mlp_epoch_create(mlp_model *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = rows_of(m), slots = 0;
  size_t asked = m->config.batch > 0 ? (size_t)m->config.batch : DEFAULT_BATCH;

  if (n == 0)
    HPO_FAIL(status, err, HPO_ETRIAL, "there are no training rows");
  m->batch = least(asked, n);
  m->tile_rows = shares(m->batch, shares(m->batch, MLP_TILE));
  m->n_tile = shares(m->batch, m->tile_rows);
  m->n_block = least(m->n_tile, MLP_MOST_BLOCKS);
  m->slot = m->net.n + STATS;
  slots = m->in.coll->size > 1 ? m->n_block : least(m->n_block, 2);
  HPO_TRY(status, hpo_mem_new_aligned(slots, m->slot * sizeof *m->gradient,
                                      &m->gradient, err));
  HPO_TRY(status, list_rows(m, err));
  if (m->config.dropout > 0)
    HPO_TRY(status,
            hpo_mem_new(MLP_MOST_WIDTH, sizeof *m->word, &m->word, err));
done:
  return status;
}

/* --- Rows in their order ----------------------------------------------- */

/* R. Durstenfeld's shuffle, of the order that the epoch before left. */
static void shuffle(mlp_model *m) {
  hpo_rng r =
      hpo_rng_make(m->in.seed, HPO_RNG_SHUFFLE, (uint64_t)m->n_iter, 0);

  for (size_t i = rows_of(m); m->config.is_shuffled && i > 1; i--) {
    size_t j = (size_t)hpo_rng_below(&r, i);
    hpo_row row = m->order[i - 1];
    m->order[i - 1] = m->order[j];
    m->order[j] = row;
  }
}

/* Which units of layer l the rows go without, by epoch and row. */
static void draw_masks(mlp_model *m, size_t l, const hpo_row *row, size_t n) {
  const size_t units = m->net.unit[l], blocks = shares(units, 4);
  const uint32_t least_kept = (uint32_t)(m->config.dropout * 0x1p32);
  const float kept = (float)(1 / (1 - m->config.dropout));
  const hpo_rng_key key = hpo_rng_key_make(m->in.seed, HPO_RNG_DROPOUT);
  const uint64_t when = (uint64_t)m->n_iter * MLP_MOST_LAYERS + l;

  for (size_t i = 0; i < n; i++) {
    float *to = m->tile.mask[l] + i * units;
    hpo_rng_blocks(key, when, (uint64_t)row[i] * blocks, blocks, m->word);
    for (size_t j = 0; j < units; j++)
      to[j] = m->word[j] >= least_kept ? kept : 0;
  }
}

/* --- One batch --------------------------------------------------------- */

/* Adds tile t of a batch to a block's gradient. */
static void add_tile(mlp_model *m, const hpo_row *batch, size_t n, size_t t,
                     bool is_first, float *gradient, stats *s) {
  const hpo_task task = m->in.part.data->task;
  size_t at = t * m->tile_rows, count = least(m->tile_rows, n - at);

  mlp_rows_take(&m->rows, batch, at, count, m->tile_rows, &m->tile);
  for (size_t l = 1; m->config.dropout > 0 && l < m->net.n_layer; l++)
    draw_masks(m, l, batch + at, count);
  mlp_forward(&m->net, m->w, &m->tile, m->tile_rows, true);
  s->loss += mlp_loss(task, &m->net, &m->tile, m->tile_rows);
  for (size_t i = 0; i < count; i++)
    s->weight += m->tile.weight[i];
  mlp_backward(&m->net, m->w, &m->tile, m->tile_rows, !is_first, gradient);
}

/* Where block b of a batch begins, in tiles. */
static size_t block_start(const mlp_model *m, size_t b) {
  return shares(b * m->n_tile, m->n_block);
}

static void work_block(mlp_model *m, const hpo_row *batch, size_t n, size_t b,
                       float *slot) {
  size_t first = block_start(m, b);
  size_t end = least(block_start(m, b + 1), shares(n, m->tile_rows));
  stats s = {0, 0};

  for (size_t t = first; t < end; t++)
    add_tile(m, batch, n, t, t == first, slot, &s);
  memcpy(slot + m->net.n, &s, sizeof s);
}

/* slot += other, with what it says of rows. */
static void add_block(const mlp_model *m, float *slot, const float *other) {
  stats a, b;

  memcpy(&a, slot + m->net.n, sizeof a);
  memcpy(&b, other + m->net.n, sizeof b);
  a.loss += b.loss;
  a.weight += b.weight;
  mlp_add(slot, other, m->net.n);
  memcpy(slot + m->net.n, &a, sizeof a);
}

/* The gradient of a batch, in the first slot of all ranks.  A block stands on
 * one rank alone, the others add 0: sums are copies, added up by all. */
static hpo_status work_batch(mlp_model *m, const hpo_row *batch, size_t n,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *c = m->in.coll;
  size_t rank = (size_t)c->rank, size = (size_t)c->size, blocks = 0;

  while (blocks < m->n_block &&
         block_start(m, blocks) < shares(n, m->tile_rows))
    blocks++;
  if (size > 1)
    memset(m->gradient, 0, blocks * m->slot * sizeof *m->gradient);
  for (size_t b = 0; b < blocks; b++) {
    float *slot = m->gradient + (size > 1 ? b : b > 0) * m->slot;
    if (b * size / m->n_block != rank)
      continue;
    work_block(m, batch, n, b, slot);
    if (size == 1 && b > 0)
      add_block(m, m->gradient, slot);
  }
  if (size == 1)
    goto done;
  HPO_TRY(status, c->sum(c->self, (int64_t *)(void *)m->gradient,
                         blocks * m->slot / 2, err));
  for (size_t b = 1; b < blocks; b++)
    add_block(m, m->gradient, m->gradient + b * m->slot);
done:
  return status;
}

/* The sum of all squared weights, without the intercepts. */
static double squares(const mlp_model *m) {
  double sum = 0;

  for (size_t l = 0; m->config.alpha > 0 && l < m->net.n_layer; l++)
    sum += mlp_squares(m->w + m->net.w[l], m->net.b[l] - m->net.w[l]);
  return sum;
}

/* --- The epoch --------------------------------------------------------- */

hpo_status mlp_epoch(mlp_model *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = rows_of(m);
  stats all = {0, 0}, s;

  HPO_TRY(status, hpo_mem_grow(&m->curve, &m->curve_room,
                               (size_t)m->n_iter + 1, sizeof *m->curve, err));
  shuffle(m);
  for (size_t at = 0; at < n; at += m->batch) {
    const hpo_row *batch = m->order + at;
    size_t count = least(m->batch, n - at);

    HPO_TRY(status, mlp_rows_move(&m->rows, batch, count, err));
    HPO_TRY(status, work_batch(m, batch, count, err));
    memcpy(&s, m->gradient + m->net.n, sizeof s);
    if (!(s.weight > 0)) /* rows without weight teach nothing */
      continue;
    all.weight += s.weight;
    all.loss += s.loss + m->config.alpha * squares(m) / 2;
    mlp_solver_step(&m->solver, &m->net, m->gradient, s.weight, m->w);
  }
  m->n_iter++;
  all.loss /= all.weight;
  if (!isfinite(all.loss))
    HPO_FAIL(status, err, HPO_ETRIAL,
             all.weight > 0
                 ? "the training loss is not finite after epoch %lld: a "
                   "smaller learning_rate_init, or <standardize/>, may help"
                 : "the weights of the training rows sum to 0 (epoch %lld)",
             (long long)m->n_iter);
  m->curve[m->n_iter - 1] = all.loss;
  m->is_done = mlp_solver_end_epoch(&m->solver, all.loss,
                                    (double)m->n_iter * (double)n);
done:
  return status;
}
