/* SPDX-License-Identifier: BSD-3-Clause */
/** \file gbt.h
 *  Gradient-boosted trees on integer histograms: what the
 *  files of this folder share.
 *
 *  A round computes the objective's gradients from the float32 margins
 *  (loss.c), rounds them to fixed point (quant.c), and grows one tree for
 *  each class (grow.c) from histograms of integer sums (hist.c), searching
 *  the best cut of a node in double (gain.c).  Everything that is summed
 *  over rows is an integer, so neither the order of the rows nor the ranks
 *  that hold them show in the model.
 *
 *  Fixed point: a row's gradient g and hessian h are one int64,
 *  (g << 32) + h, with |g| and h below 2^bits and h >= 0.  Sums of packed
 *  values are packed sums as long as |sum g| < 2^31 and sum h < 2^31: that
 *  is a narrow histogram cell.  A wide cell is a pair {sum g, sum h}.
 *
 *  Sparse data (bins->csr): a feature's implicit cell stays 0 in histograms;
 *  the search knows it exactly, as the node's sums less all other cells.
 *
 *  Papers: T. Chen, C. Guestrin, XGBoost: a scalable tree boosting system,
 *  KDD 2016 (sections 2.2, 3.2, 3.4); Y. Shi et al., Quantized training of
 *  gradient boosting decision trees, NeurIPS 2022 (stochastic rounding).
 */
#ifndef HPO_MODEL_GBT_H
#define HPO_MODEL_GBT_H

#include "hpo/model.h"
#include "hpo/rng.h"

/** Rows that a narrow cell can always hold, with at most 15 bits each. */
#define GBT_NARROW_ROWS 65536
/** Rows that loss and quant work on at a time. */
#define GBT_CHUNK 256
/** Arrays of candidates are read in steps of so many. */
#define GBT_PAD 8
/** Rows of the option table. */
#define GBT_OPTIONS 22

typedef enum gbt_objective {
  GBT_LOGISTIC, /* binary:logistic */
  GBT_SOFTPROB, /* multi:softprob */
  GBT_SQUARED,  /* reg:squarederror */
  GBT_POISSON,  /* count:poisson */
  GBT_ABSOLUTE  /* reg:absoluteerror */
} gbt_objective;

/** The options as numbers. */
typedef struct gbt_config {
  gbt_objective objective;
  int64_t n_estimators, max_depth;
  int64_t max_leaves; /* 0: no limit */
  bool is_lossguide;
  double learning_rate, gamma, min_child_weight, reg_lambda, reg_alpha;
  double max_delta_step, scale_pos_weight, subsample;
  double by_tree, by_level, by_node; /* colsample_* */
  double base_score;                 /* NaN: from the data */
  bool is_balanced;                  /* class_weight */
} gbt_config;

extern const hpo_option gbt_options[GBT_OPTIONS];
hpo_status gbt_config_check(const hpo_options *o, hpo_task task,
                            const hpo_dataset *data, hpo_error *err);
void gbt_config_get(const hpo_options *o, hpo_task task, gbt_config *out);
const char *gbt_objective_name(gbt_objective objective);
bool gbt_objective_find(const char *name, gbt_objective *out);
bool gbt_objective_fits(gbt_objective objective, hpo_task task);

/** A node of a finished tree; nodes are in breadth-first order and
 *  right = left + 1. */
typedef struct gbt_node {
  int32_t parent, left;  /* parent of the root, left of a leaf: -1 */
  uint32_t feature, bin; /* numeric: code <= bin goes left; category: code
                            == bin goes right */
  bool categorical, default_left;
  float value;  /* leaf: what it adds to the margin */
  float weight; /* -G / (H + lambda), without the learning rate */
  float gain, cover;
} gbt_node;

typedef struct gbt_tree {
  gbt_node *node; /* [n] */
  size_t n;
} gbt_tree;

/** How a node routes codes: right = (code - low <= width or code == extra)
 *  xor flip.  A leaf routes to itself. */
typedef struct gbt_rule {
  uint32_t feature, low, width, extra, flip;
  int32_t left;
} gbt_rule;

gbt_rule gbt_rule_get(const gbt_node *node, int32_t self,
                      const hpo_bins *bins);
static inline uint32_t gbt_rule_right(const gbt_rule *r, uint32_t code) {
  uint32_t inside = code - r->low <= r->width, extra = code == r->extra;

  return (inside | extra) ^ r->flip;
}
/** Rows that walk down a tree: either row ids less base, whose margin is
 *  margin[row[i]], or whole ids, whose margin is margin[i]. */
typedef struct gbt_walk {
  const uint32_t *row; /* [n] or NULL */
  hpo_row base;
  const hpo_row *id; /* [n] or NULL */
  size_t n;
} gbt_walk;
/** Workspace of a walk; {0} at first. */
typedef struct gbt_router {
  gbt_rule *rule;        /* [node_room] */
  uint32_t *begin, *end; /* [node_room] places of its rows */
  size_t node_room;
  uint32_t *place, *right; /* [row_room] */
  size_t row_room;
} gbt_router;
void gbt_router_free(gbt_router *w);
/** Adds each row's leaf to its margin. */
hpo_status gbt_tree_add(const gbt_tree *tree, const hpo_bins *bins,
                        const gbt_walk *walk, gbt_router *w, float *margin,
                        hpo_error *err);

/** Fixed point of one tree's gradients. */
typedef struct gbt_scale {
  double g, h;  /* value of one unit: powers of two */
  bool is_wide; /* 30 bits, wide cells always */
  int bits;
} gbt_scale;

/** A node's gradient sums, in units. */
typedef struct gbt_sums {
  int64_t g, h;
} gbt_sums;

typedef struct gbt_split {
  double score; /* gain of both children's sums; gbt_gain.none: no split */
  uint32_t feature, bin;
  bool categorical, default_left;
  gbt_sums left, right;
} gbt_split;

/** A node's histogram: narrow [cells] or wide [cells][2]. */
typedef struct gbt_hist {
  int64_t *cell;
  bool is_wide;
} gbt_hist;

/** Features to look at, ascending. */
typedef struct gbt_set {
  uint32_t *item; /* [n] */
  size_t n;
} gbt_set;

/* loss.c ---------------------------------------------------------------*/

/** Margins, predictions and labels of this rank's training rows. */
typedef struct gbt_loss {
  gbt_objective objective;
  size_t n, k;   /* rows, classes (trees in a round) */
  hpo_row base;  /* first row id */
  size_t span;   /* last row id - base + 1 */
  uint32_t *row; /* [n] ids less base */
  float lift;    /* poisson: exp(max_delta_step) */
  float *y;      /* [n] */
  float *w;      /* [n] or NULL */
  double *class; /* [classes] what their rows count, or NULL */
  float *margin; /* [k][span]; entries of other rows unused */
  float *p;      /* [k][n] predictions at the start of the round */
  double *max;   /* [k][2] largest |g| and h over the team */
  double *work;  /* [2 * k + 2][GBT_CHUNK] */
} gbt_loss;

/** Collective. */
hpo_status gbt_loss_create(const hpo_model_input *in, const gbt_config *c,
                           gbt_loss *out, hpo_error *err);
void gbt_loss_free(gbt_loss *l);
/** Predictions and largest gradients at the start of a round. Collective.
 *  \return HPO_ETRIAL: a gradient that is not finite */
hpo_status gbt_loss_update(gbt_loss *l, const hpo_coll *coll, hpo_error *err);
/** Gradients of rows [from, from + n), n <= GBT_CHUNK, for one class. */
void gbt_loss_gradients(const gbt_loss *l, size_t k, size_t from, size_t n,
                        float *g, float *h);
/** What the model adds before the first tree. Collective. */
hpo_status gbt_loss_base_score(const hpo_model_input *in, const gbt_config *c,
                               const gbt_loss *l, float *score,
                               hpo_error *err);
float gbt_loss_base_margin(gbt_objective objective, float score);
/** Margins [k][n] to probabilities or values [n][k] in double. */
void gbt_loss_predict(gbt_objective objective, const float *margin, size_t n,
                      size_t k, double *p);

/* quant.c --------------------------------------------------------------*/

/** Gradients of class k in fixed point, gh[row] by span. Collective. */
hpo_status gbt_quant_round(gbt_loss *l, size_t k, uint64_t seed,
                           uint64_t round, const hpo_part *part,
                           const hpo_coll *coll, int64_t *gh, gbt_scale *out,
                           hpo_error *err);
/** Bits of a gradient for so many rows in all: 15 .. 22. */
int gbt_quant_bits(hpo_row total);

/* sample.c -------------------------------------------------------------*/

/** random[i]: a word of row id base + row[i], by (key, a); rows ascending, at
 *  most GBT_CHUNK of them. */
void gbt_random_words(hpo_rng_key key, uint64_t a, const uint32_t *row,
                      hpo_row base, size_t n, uint32_t *random);
/** Rows of a round: idx[0 .. *n_in) are in the sample, the rest is not;
 *  both in ascending order. */
void gbt_sample_rows(const gbt_loss *l, double rate, uint64_t seed,
                     uint64_t round, uint32_t *idx, uint32_t *tmp,
                     size_t *n_in);
/** max(1, floor(rate * n)) features of from by random keys, ascending.
 *  \param [in] a, b  what the draw is for */
void gbt_sample_columns(const gbt_set *from, double rate, hpo_rng_key key,
                        uint64_t a, uint64_t b, uint64_t *work, gbt_set *to);

/* draw.c ---------------------------------------------------------------*/

/** The columns that trees, levels and nodes may use: each drawn from the one
 *  above, keyed by (seed, tree, level or node). */
typedef struct gbt_draw {
  double by_level, by_node, by_tree;
  hpo_rng_key key;
  uint64_t id; /* of the tree being grown */
  gbt_set all, tree, node;
  gbt_set *level; /* [n_level] of the tree being grown */
  size_t n_level, level_room;
  uint64_t *work; /* [columns] */
} gbt_draw;

hpo_status gbt_draw_create(size_t columns, const gbt_config *c, uint64_t seed,
                           gbt_draw *out, hpo_error *err);
void gbt_draw_free(gbt_draw *d);
/** The columns of a new tree, in d->tree. */
void gbt_draw_tree(gbt_draw *d, uint64_t id);
/** Whether the tree may use only some of all columns. */
bool gbt_draw_is_part(const gbt_draw *d);
/** The columns of a node, borrowed until the next call.
 *  \param [in] path  which node of the tree: 1, then 2 path (+ 1) */
hpo_status gbt_draw_node(gbt_draw *d, int64_t depth, uint64_t path,
                         const gbt_set **out, hpo_error *err);

/* bound.c --------------------------------------------------------------*/

/** How sums become weights and gains. */
typedef struct gbt_gain {
  double lambda, alpha, max_delta_step, min_hess, mcw;
  double unit_g, unit_h;
  double lower, upper; /* of the node's weight; infinite but for is_bound */
  bool is_bound;       /* some feature has a monotone constraint */
  double none;         /* gain of no split: below that of any */
  gbt_sums total;      /* of the node */
} gbt_gain;

/** -G / (H + lambda) with alpha, max_delta_step and bounds; the gain of a
 *  node. */
double gbt_gain_weight(const gbt_gain *r, gbt_sums s);
double gbt_gain_node(const gbt_gain *r, gbt_sums s);
/** Gain of both children under the node's bounds and the feature's
 *  direction; -INFINITY: not allowed. */
double gbt_gain_bound(const gbt_gain *r, gbt_sums left, int direction);

/* gain.c ---------------------------------------------------------------*/

typedef struct gbt_search {
  const hpo_bins *bins;
  const uint32_t *offset; /* [columns + 1] the layout's; borrowed */
  int64_t *pre;   /* [cells of a feature + 1] prefix sums, packed or g */
  int64_t *pre_h; /* the same, wide: h */
  uint32_t *bin;
  double *gain;
  uint32_t *mark;          /* [cells] workspace */
  const int8_t *direction; /* [columns] monotone constraints; NULL: none */
  gbt_gain rule;
} gbt_search;

hpo_status gbt_search_create(const hpo_bins *bins, const uint32_t *offset,
                             gbt_search *out, hpo_error *err);
void gbt_search_free(gbt_search *s);
void gbt_search_begin(gbt_search *s, const gbt_config *c,
                      const gbt_scale *scale);
/** Best split of a node from its histogram. */
void gbt_search_full(gbt_search *s, const gbt_hist *h, gbt_sums total,
                     const gbt_set *set, gbt_split *out);
/** The same from cells that mask marks, clearing cells and mask; exactly
 *  what gbt_search_full gives. */
void gbt_search_sparse(gbt_search *s, int64_t *cell, uint64_t *mask,
                       bool is_wide, gbt_sums total, const gbt_set *set,
                       gbt_split *out);

/* hist.c ---------------------------------------------------------------*/

/** Where the cells of a feature lie.  Features of one-byte codes that are
 *  about equally rich get `step` cells each: a constant that the adds know at
 *  compile time; otherwise each has as many as it needs. */
typedef struct gbt_layout {
  size_t step;      /* 0: by offset alone */
  size_t used;      /* cells that stand for a bin */
  size_t cells;     /* of a histogram */
  uint32_t *offset; /* [columns + 1] first cell of a feature */
} gbt_layout;

hpo_status gbt_layout_create(const hpo_bins *bins, gbt_layout *out,
                             hpo_error *err);
/** The cells of such a layout. */
size_t gbt_layout_cells(const hpo_bins *bins);

/** Histograms of live nodes, and scratch. */
typedef struct gbt_pool {
  const hpo_bins *bins;
  gbt_layout layout;
  size_t cells;   /* layout.cells */
  int64_t **slot; /* [n_slot] */
  bool *used;
  size_t n_slot, slot_room;
  int64_t *narrow; /* [cells] scratch, zero between uses */
  int64_t *sparse; /* [cells][2] scratch, zero between uses */
  uint64_t *mask;  /* [(cells + 63) / 64] zero between uses */
} gbt_pool;

hpo_status gbt_pool_create(const hpo_bins *bins, gbt_pool *out,
                           hpo_error *err);
void gbt_pool_free(gbt_pool *p);
hpo_status gbt_pool_take(gbt_pool *p, gbt_hist *out, hpo_error *err);
void gbt_pool_give(gbt_pool *p, gbt_hist *h);

/** The rows of a node and what they weigh. */
typedef struct gbt_rows {
  const uint32_t *row;   /* [n] */
  size_t n;              /* of this rank */
  hpo_row total;         /* of the team */
  const int64_t *gh;     /* by row */
  const uint8_t *code;   /* of row 0 */
  const uint64_t *start; /* of row 0 in the compressed rows, or NULL */
  const uint32_t *cell;  /* of the compressed rows */
  const gbt_set *set;    /* features of the tree; NULL: all */
} gbt_rows;

/** h = the histogram of rows that are all here. */
void gbt_hist_build(gbt_pool *p, const gbt_rows *rows, const gbt_scale *scale,
                    gbt_hist *h);
/** Whether the histogram of a node of `total` rows has wide cells. */
bool gbt_hist_is_wide(const gbt_scale *scale, hpo_row total);
/** The histogram of this rank's rows, cut into parts, each of which goes to a
 *  place of its own.
 *  \param [in]  bound [n_part + 1] cells where parts begin, ascending
 *  \param [out] part  [n_part] each with room for its cells, one number or
 *                     two for each, as the node over the team has them */
void gbt_hist_deal(gbt_pool *p, const gbt_rows *rows, const gbt_scale *scale,
                   const size_t *bound, size_t n_part, int64_t *const *part);
/** parent -= child; it is then of a node of `total` rows. */
void gbt_hist_subtract(gbt_pool *p, gbt_hist *parent, const gbt_hist *child,
                       const gbt_scale *scale, hpo_row total);
/** Takes rows out of a histogram; a node of `total` rows remains. */
void gbt_hist_remove(gbt_pool *p, gbt_hist *parent, const gbt_rows *rows,
                     const gbt_scale *scale, hpo_row total);
/** Adds a small node's rows to p->sparse and marks them in p->mask. */
void gbt_hist_sparse(gbt_pool *p, const gbt_rows *rows,
                     const gbt_scale *scale);

/* grow.c ---------------------------------------------------------------*/

typedef struct gbt_grower gbt_grower;

/** One tree's task. */
typedef struct gbt_task {
  uint64_t tree; /* round * classes + class: key of its columns */
  uint32_t *idx; /* [n] sampled rows; permuted */
  size_t n;
  const int64_t *gh; /* by row */
  gbt_scale scale;
  float *margin; /* by row; the sampled rows get their leaves */
} gbt_task;

hpo_status gbt_grower_create(const hpo_model_input *in, const gbt_config *c,
                             hpo_row base, size_t span, gbt_grower **out,
                             hpo_error *err);
void gbt_grower_destroy(gbt_grower *g);
/** Grows a tree. Collective. */
hpo_status gbt_grower_tree(gbt_grower *g, const gbt_task *task, gbt_tree *out,
                           hpo_error *err);

/* save.c ---------------------------------------------------------------*/

typedef struct gbt_saved {
  const hpo_model_input *in;
  gbt_objective objective;
  float base_score;
  double max_delta_step;
  size_t classes;       /* trees in a round */
  const gbt_tree *tree; /* [n_tree] */
  size_t n_tree;
  bool has_best; /* the last round is the best, with best_score */
  double best_score;
} gbt_saved;

/** XGBoost's UBJSON model. */
hpo_status gbt_save(const gbt_saved *m, hpo_buffer *out, hpo_error *err);

/* need.c ---------------------------------------------------------------*/

/** A node whose adds, times this, are fewer than a histogram's cells has
 *  none. */
enum { GBT_SMALL = 4 };

/** See hpo_model_kind.need. */
double gbt_need(const hpo_model_input *in);

#endif
