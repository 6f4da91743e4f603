/* SPDX-License-Identifier: BSD-3-Clause */
/** \file mlp.h
 *  Inside of the model kind mlp, a dense neural network.
 *
 *    config   options, sizes               kernels  hot loops but the products
 *    net      layers, weights, start       pass     forward, backward
 *    rows     batches of rows, for ranks   solver   sgd, adam, learning rates
 *    epoch    one pass over the rows       save     the model as JSON
 *    predict  a stored model               mlp      the face
 *
 *  Weights, activations and gradients are float32; losses are summed in
 *  double.  A batch is cut into tiles of one constant number of rows, filled
 *  up with rows of weight 0, and tiles into blocks: gradients of a block's
 *  tiles are added tile by tile, those of the blocks block by block.  Each
 *  block is worked on by one rank, with the same calls in the same order
 *  whichever it is, and all ranks then change their weights alike.  So the
 *  bits do not depend on the number of ranks.
 */
#ifndef HPO_MLP_H
#define HPO_MLP_H

#include "hpo/model.h"
#include "kernels.h"

enum {
  MLP_MOST_HIDDEN = 16,
  MLP_MOST_LAYERS = MLP_MOST_HIDDEN + 1,
  MLP_MOST_WIDTH = 65536,
  MLP_TILE = 128,      /* rows of a tile at most */
  MLP_MOST_BLOCKS = 16 /* of a batch: what a team can share out */
};

/* --- Options ----------------------------------------------------------- */

typedef enum mlp_schedule {
  MLP_CONSTANT,
  MLP_INVSCALING,
  MLP_ADAPTIVE
} mlp_schedule;

typedef struct mlp_config {
  size_t width[MLP_MOST_HIDDEN]; /* [n_hidden] */
  size_t n_hidden;
  mlp_activation activation;
  bool is_adam, is_nesterov, is_shuffled, is_balanced, stops_early;
  mlp_schedule schedule;
  int64_t batch; /* 0: the smaller of 200 and the rows */
  int64_t patience;
  double alpha, rate, power_t, momentum, beta_1, beta_2, epsilon, tol, dropout;
} mlp_config;

/** false: none has this name. */
bool mlp_activation_find(const char *name, mlp_activation *out);

#define MLP_OPTIONS 22
extern const hpo_option mlp_options[MLP_OPTIONS];

/** HPO_EINVAL: sizes that are none, or said twice. */
HPO_MUST_USE hpo_status mlp_config_get(const hpo_options *o, mlp_config *out,
                                       hpo_error *err);
hpo_status mlp_check(const hpo_options *o, hpo_task task,
                     const hpo_dataset *data, hpo_error *err);

/* --- The network ------------------------------------------------------- */

/** Layer l turns unit[l] numbers into unit[l + 1]: its weights stand at w[l]
 *  of an array of parameters, [unit[l]][unit[l + 1]], its intercepts at b[l];
 *  each begins at a multiple of 16, what pads stays 0. */
typedef struct mlp_net {
  size_t n_layer;                   /* of weights: hidden and output */
  size_t unit[MLP_MOST_LAYERS + 1]; /* [n_layer + 1] */
  size_t w[MLP_MOST_LAYERS], b[MLP_MOST_LAYERS];
  size_t n; /* parameters with padding: a multiple of 16 */
  mlp_activation activation;
  float dropout;
} mlp_net;

/** HPO_EMEM: more parameters than memory can hold. */
HPO_MUST_USE hpo_status mlp_net_make(const mlp_config *c, size_t inputs,
                                     size_t outputs, mlp_net *out,
                                     hpo_error *err);
/** Weights and intercepts to begin with: uniform within sqrt(6 / (in + out)),
 *  2 instead of 6 with logistic units (X. Glorot, Y. Bengio, Understanding the
 *  difficulty of training deep feedforward neural networks, 2010, eq. 16; as
 *  scikit-learn has it).  w [n]. */
void mlp_net_start(const mlp_net *net, uint64_t seed, float *w);

/* --- Passes over a tile ------------------------------------------------ */

/** A tile of rows and room for a pass over it. */
typedef struct mlp_tile {

  float *act[MLP_MOST_LAYERS + 1]; /* [room][unit[l]]; 0: the input */
  float *mask[MLP_MOST_LAYERS];    /* dropout of the units of act[l]: 0 or 1
                                      over the share that is kept; or NULL */
  float *delta, *next;             /* [room][widest] */
  double *p;                       /* [room][outputs] predictions */
  double *y, *weight;              /* [room]; weight 0: no row */
} mlp_tile;

HPO_MUST_USE hpo_status mlp_tile_create(const mlp_net *net, size_t rows,
                                        mlp_tile *out, hpo_error *err);
void mlp_tile_free(mlp_tile *t);

/** Activations of `rows` rows, the last layer's without a link. */
void mlp_forward(const mlp_net *net, const float *w, mlp_tile *t, size_t rows,
                 bool has_dropout);
/** Predictions into t->p from the last activations. */
void mlp_predict(hpo_task task, const mlp_net *net, mlp_tile *t, size_t rows);
/** The loss of the rows, each times its weight; t->delta gets its derivatives
 *  by the last activations, t->p the predictions.  Losses: half the squared
 *  error; minus the log of the label's probability. */
double mlp_loss(hpo_task task, const mlp_net *net, mlp_tile *t, size_t rows);
/** The loss's derivatives by all parameters: gradient [net->n], added where
 *  is_added. */
void mlp_backward(const mlp_net *net, const float *w, mlp_tile *t, size_t rows,
                  bool is_added, float *gradient);

/* --- Rows -------------------------------------------------------------- */

/** The rows of a fit, as the network takes them. */
typedef struct mlp_rows {
  const hpo_model_input *in; /* borrowed */
  const hpo_design *design;
  size_t columns;
  bool is_plain;  /* values are taken as they are */
  double *center; /* [columns] (x - center) * factor, fill if missing */
  double *factor, *fill;
  double *impute, *mean,
      *deviation;       /* [columns] as linear's scaler has them */
  double *class_weight; /* [classes], [1] in a regression */
  bool is_parted;       /* a rank holds some rows alone */
  hpo_row first, end;   /* that this rank holds */
  int64_t *moved;       /* [batch][words] rows that went to all ranks */
  size_t words;         /* int64 of a row */
} mlp_rows;

/** Collective. batch: rows that mlp_rows_move takes at most. */
HPO_MUST_USE hpo_status mlp_rows_create(const hpo_model_input *in,
                                        const mlp_config *c, size_t batch,
                                        mlp_rows *out, hpo_error *err);
void mlp_rows_free(mlp_rows *r);
/** Brings the rows of a batch to all ranks, where they are parted.
 *  Collective.  row [n] ids. */
HPO_MUST_USE hpo_status mlp_rows_move(mlp_rows *r, const hpo_row *row,
                                      size_t n, hpo_error *err);
/** Rows at..at + n of the last batch into a tile's input, y and weight; the
 *  places behind them up to `rows` get weight 0. */
void mlp_rows_take(const mlp_rows *r, const hpo_row *batch, size_t at,
                   size_t n, size_t rows, mlp_tile *t);
/** The inputs of n rows that this rank holds, to t from row `to` on. */
void mlp_rows_input(const mlp_rows *r, const hpo_row *row, size_t n, size_t to,
                    mlp_tile *t);

/* --- The solver -------------------------------------------------------- */

/** What sgd (with momentum) or adam (D. P. Kingma, J. Ba, Adam: a method for
 *  stochastic optimization, 2015, algorithm 1) remember, and when training is
 *  over; all as scikit-learn has it. */
typedef struct mlp_solver {
  const mlp_config *config; /* borrowed */
  float *first, *second;    /* [net->n] velocities; or both moments */
  double rate;              /* of learning now (adam: before correction) */
  double power_1, power_2;  /* adam: beta_1, beta_2 to the batches so far */
  double best_loss;
  int64_t n_worse; /* epochs in a row that did not improve it by tol */
} mlp_solver;

HPO_MUST_USE hpo_status mlp_solver_create(const mlp_config *c,
                                          const mlp_net *net, mlp_solver *out,
                                          hpo_error *err);
void mlp_solver_free(mlp_solver *s);
/** One step: w changes by the gradient sums of a batch whose weights sum to
 *  total; alpha shrinks weights, not intercepts. */
void mlp_solver_step(mlp_solver *s, const mlp_net *net, const float *gradient,
                     double total, float *w);
/** After an epoch with this mean loss, `seen` rows so far: the learning rate
 *  of the next. \return whether training is over */
bool mlp_solver_end_epoch(mlp_solver *s, double loss, double seen);

/* --- Epochs ------------------------------------------------------------ */

/** A network in training. */
typedef struct mlp_model {
  hpo_model_input in; /* borrowed parts */
  mlp_config config;
  mlp_net net;
  mlp_rows rows;
  mlp_tile tile;
  mlp_solver solver;
  float *w;        /* [net.n] */
  float *best;     /* [net.n] as they were after best_iter epochs; NULL
                      unless it stops early */
  float *gradient; /* [slots][slot] */
  size_t slot;     /* floats: parameters, then two doubles */
  hpo_row *order;  /* [rows] ids in the order of the epoch */
  uint32_t *word;  /* room for a row's random words; NULL: no dropout */
  double *curve;   /* [n_iter] mean loss of each epoch */
  size_t curve_room;
  size_t batch;                      /* rows of a batch */
  size_t tile_rows, n_tile, n_block; /* of a whole batch */
  int64_t n_iter, best_iter;
  bool is_done;
} mlp_model;

/** Batches, tiles, blocks and room for an epoch. */
HPO_MUST_USE hpo_status mlp_epoch_create(mlp_model *m, hpo_error *err);
/** One pass over the training rows.  Collective.  \return HPO_ETRIAL: the
 *  loss is not finite */
HPO_MUST_USE hpo_status mlp_epoch(mlp_model *m, hpo_error *err);

HPO_MUST_USE hpo_status mlp_save(const mlp_model *m, hpo_buffer *out,
                                 hpo_error *err);

#endif
