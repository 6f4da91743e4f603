/* SPDX-License-Identifier: BSD-3-Clause */
/** \file linear.h
 *  Inside of the model kinds logistic and linear.
 *
 *    config     options                    kernels  products over a tile
 *    pass       sums over rows, in order   link     losses of a tile
 *    scaler     means, scales, imputation  newton   the solver, without data
 *    frame      what models of the same rows share
 *    coded      one-hot columns by their codes
 *    objective  penalties                  memory   its L-BFGS
 *    batch      f, gradients, Hessians of many models in one pass
 *    team       rank 0 leads, others serve save     the model as JSON
 *    linear     the face: create, step, predict
 *
 *  The solver's variables u are coefficients of features that are centred
 *  and scaled, whether the study standardises or not: where it does not,
 *  penalties are weighted so that they hold for the raw features.  They lie
 *  as [k][ld], k outputs (1 or the classes), ld = columns + intercept padded
 *  to 8; what pads stays 0.
 */
#ifndef HPO_LINEAR_H
#define HPO_LINEAR_H

#include "hpo/design.h"
#include "hpo/model.h"
#include "kernels.h"
#include "link.h"
#include "newton.h"

typedef struct linear_config {
  linear_loss loss;
  bool is_logistic; /* the kind: C, class_weight; else alpha */
  const char *penalty;
  double strength; /* C or alpha */
  double l1_ratio; /* 0 of l2, 1 of l1 */
  bool has_penalty;
  bool has_intercept, is_balanced;
  double tol;
} linear_config;

/** Doubles of all blocks' sums that a team may gather. */
#define LINEAR_MOST_DENSE ((size_t)1 << 23)
enum {
  /** Columns for which a Hessian costs no more than the products it saves;
   *  of the logistic loss, whose Hessian changes, half of them. */
  LINEAR_MOST_LD = 512,
  /** Doubles of sums in one pass, so that they stay in cache; more where one
   *  model alone has more. */
  LINEAR_MOST_SUMS = 1 << 15
};

#define LOGISTIC_OPTIONS 7
#define LINEAR_OPTIONS 6
extern const hpo_option logistic_options[LOGISTIC_OPTIONS];
extern const hpo_option linear_options[LINEAR_OPTIONS];

hpo_status logistic_check(const hpo_options *o, hpo_task task,
                          const hpo_dataset *data, hpo_error *err);
hpo_status linear_check(const hpo_options *o, hpo_task task,
                        const hpo_dataset *data, hpo_error *err);
void linear_config_get(const hpo_options *o, const hpo_dataset *data,
                       linear_config *out);

/** This rank's training rows and what a pass over them needs. */
typedef struct linear_rows {
  const hpo_design *design; /* borrowed, as are the next two */
  const hpo_row *row;       /* [n] ids, ascending, whole blocks */
  const hpo_coll *coll;
  size_t n, ld;
  const linear_scale *scale;
  size_t *block; /* [n_block + 1] where blocks begin */
  size_t n_block;
  double *z;        /* [LINEAR_TILE][ld] */
  double *sums;     /* the blocks' sums, or of one alone */
  size_t sums_room; /* doubles of a block */
} linear_rows;

/** One tile of a pass: its rows first..first + n, decoded; 0 behind them. */
typedef struct linear_part {
  double *z; /* [LINEAR_TILE][ld], free to change */
  size_t first, n;
} linear_part;

/** Adds what a tile gives to its block's sums [m]. */
typedef void linear_visit(void *self, const linear_part *tile, double *sums);

/** A pass over the blocks of rows whose number is a multiple of share. */
typedef struct linear_work {
  linear_visit *visit;
  void *self;
  size_t m;                         /* sums, a multiple of 8 */
  const struct linear_coded *coded; /* decode what its dense part has; NULL:
                                       all columns */
  int64_t share;                    /* 1: all */
} linear_work;

HPO_MUST_USE hpo_status linear_rows_create(const hpo_model_input *in,
                                           size_t ld, linear_rows *out,
                                           hpo_error *err);
void linear_rows_free(linear_rows *r);
/** Room for passes of m sums, so that none fails later. */
HPO_MUST_USE hpo_status linear_rows_reserve(linear_rows *r, size_t m,
                                            hpo_error *err);
/** The sums of all blocks in block order, on the team's rank 0: total [m]
 *  (elsewhere unchanged).  Collective. */
HPO_MUST_USE hpo_status linear_pass(linear_rows *r, const linear_work *w,
                                    double *total, hpo_error *err);
/** The same, then broadcast. */
HPO_MUST_USE hpo_status linear_pass_all(linear_rows *r, const linear_work *w,
                                        double *total, hpo_error *err);

/** Means, scales and imputation of the training rows of one fit. */
typedef struct linear_scaler {
  size_t columns, ld;
  linear_scale scale; /* what passes decode with */
  double *impute;     /* [ld] for missing values; 0 */
  double *mean;       /* [ld] of the imputed columns; all arrays in one */
  double *deviation;  /* [ld] 1 where constant, as StandardScaler */
} linear_scaler;

/** Collective; leaves r->scale pointing at out->scale. */
HPO_MUST_USE hpo_status linear_scaler_create(linear_rows *r,
                                             bool has_intercept,
                                             linear_scaler *out,
                                             hpo_error *err);
void linear_scaler_free(linear_scaler *s);
/** Mean, median or most frequent value of x [n] without NaN, sorted here;
 *  NaN of none. */
double linear_impute(hpo_impute how, float *x, size_t n);

/** What a row of each class counts: 1, or balanced: rows / (classes * rows of
 *  the class).  Collective.  \param [out] out [classes], [1] in a regression;
 *  the caller frees */
HPO_MUST_USE hpo_status linear_class_weights(const hpo_model_input *in,
                                             bool is_balanced, double **out,
                                             hpo_error *err);

/** Columns of 0 and 1 by their codes, so that a row costs one addition for
 *  each feature, not for each category.  What is left is dense: groups of 8
 *  columns with one that has no code. */
typedef struct linear_coded {
  size_t *group; /* [n_group] first columns */
  size_t n_group;
  linear_scale scale; /* [8 n_group] of the groups; factor 0 where coded */
  double *block;      /* what backs it */
  const uint16_t *code[LINEAR_TILE]; /* of the rows of a tile */
  size_t codes, columns;
  double *value;  /* [columns + 1][wide] of a pass; the last 0 */
  double *base;   /* [wide] what centring makes of them */
  double *spread; /* [LINEAR_TILE][wide] */
} linear_coded;

/** Whether codes are there, and pay. */
bool linear_coded_pays(const hpo_design *d);
/** Finds the groups.  most_wide: outputs in a pass, a multiple of 8. */
HPO_MUST_USE hpo_status linear_coded_create(const hpo_design *d,
                                            const linear_scaler *s,
                                            size_t most_wide,
                                            linear_coded *out, hpo_error *err);
void linear_coded_free(linear_coded *c);
/** Doubles of sums that `wide` outputs take beside the dense ones. */
size_t linear_coded_sums(const linear_coded *c, size_t wide);
/** Sets value, base and the dense part to [n][8 n_group] from point
 *  [n][ld]. */
void linear_coded_pack(linear_coded *c, const linear_scaler *s,
                       const double *point, size_t n, double *to);
/** m [n][LINEAR_TILE] += what the codes of a tile's rows give. */
void linear_coded_forward(linear_coded *c, const linear_rows *r,
                          const linear_part *t, size_t n, double *m);
/** The tile's part of the sums behind the dense ones. */
void linear_coded_backward(linear_coded *c, const linear_part *t, size_t n,
                           const double *r, double *sums);
/** Gradient [ld] of output i of n: from its dense part, and the sums behind.
 */
void linear_coded_gather(const linear_coded *c, const linear_scaler *s,
                         const double *dense, const double *sums, size_t i,
                         size_t n, double *to);

/** Sums of a pass at 0, where every solver begins: the same for all models of
 *  a frame that weigh classes alike. */
typedef struct linear_start {
  bool has_gradient;
  double *gradient; /* [k * ld], then the loss; on rank 0 */
  int64_t share;    /* that the Hessian is of; 0: it is not known */
  double *hessian;  /* [ld * ld + 8]; on rank 0 */
} linear_start;

/** What models of the same rows share. */
typedef struct linear_frame {
  struct linear_frame *next; /* on the shelf */
  bool is_private;           /* on none, or no longer */
  size_t users;              /* models that have it */
  bool has_intercept;
  const hpo_row *team_rows; /* what tells it from others, beside rows */
  hpo_row total_rows;
  const hpo_coll *coll;
  linear_rows rows;
  linear_scaler scaler;
  double *class_weight[2]; /* [classes], [1] in a regression, plain and
                              balanced: what a row counts for, with all rows'
                              own weights summing to 1; NULL: not known */
  double weight_sum[2];    /* before that */
  linear_start start[2];   /* plain and balanced */
  /* room of a pass: */
  double *point;   /* [outputs][ld] */
  double *margin;  /* [outputs][LINEAR_TILE] */
  double *total;   /* [most_sums] */
  double *weighed; /* [LINEAR_TILE][ld] */
  linear_coded coded;
  bool has_codes; /* coded is in use */
  size_t most_outputs, most_sums;
} linear_frame;

/** Frames that nobody uses and the shelf keeps. */
enum { LINEAR_MOST_UNUSED = 16 };
/** The frame of in's rows: from the shelf, or made, where the oldest of more
 *  unused ones goes.  Collective. */
HPO_MUST_USE hpo_status linear_frame_get(const hpo_model_input *in,
                                         bool has_intercept,
                                         linear_frame **out, hpo_error *err);
/** Of one user: frees it unless another has it, or the shelf; NULL is a
 *  no-op. */
void linear_frame_release(linear_frame *f);
/** Makes class_weight[is_balanced] known.  Collective. */
HPO_MUST_USE hpo_status linear_frame_weigh(linear_frame *f,
                                           const hpo_model_input *in,
                                           bool is_balanced, hpo_error *err);

/** f over the training rows, and its penalties. */
typedef struct linear_objective {
  linear_loss loss;
  size_t ld, k;
  linear_frame *frame; /* borrowed, as are the next two */
  const hpo_dataset *data;
  bool is_balanced;
  const double *class_weight; /* the frame's */
  double *p;       /* [k][n] probabilities at the last point, for products;
                      NULL: not kept */
  double *kept;    /* [k][LINEAR_TILE] of p, in use; NULL with p */
  double *l1, *l2; /* [k * ld] penalties; l1 NULL: none */
  double *second;  /* [k * ld] second derivatives, about */
  newton_method method;
  int64_t share, least_share; /* of NEWTON_MATRIX */
} linear_objective;

HPO_MUST_USE hpo_status linear_objective_create(const hpo_model_input *in,
                                                const linear_config *c,
                                                linear_frame *f,
                                                linear_objective *out,
                                                hpo_error *err);
void linear_objective_free(linear_objective *o);

/** A question about one model's objective. */
typedef struct linear_question {
  linear_objective *objective;
  newton_ask *ask; /* answered on rank 0 */
} linear_question;

/** Whether passes of both can be one. */
bool linear_batch_joins(const linear_objective *a, const linear_objective *b);
/** Answers n questions of objectives that join, in as few passes as their
 *  sums allow; each gets the bits that it alone would get.  Collective. */
HPO_MUST_USE hpo_status linear_batch_answer(linear_question *q, size_t n,
                                            hpo_error *err);

/** One model of a team: rank 0 solves, the others serve. */
typedef struct linear_member {
  linear_objective *objective; /* borrowed */
  newton *solver;              /* rank 0 */
  double *u;                   /* [k * ld] the point after the last step */
  bool is_done;
} linear_member;

/** One step of each of n solvers whose objectives join, on all ranks; u and
 *  is_done are then the same everywhere.  status[i], err[i]: of member i.
 *  \return a fault of all of them */
HPO_MUST_USE hpo_status linear_team_step(linear_member *const *member,
                                         size_t n, hpo_status *status,
                                         hpo_error *err);

/** Coefficients as they are stored. */
typedef struct linear_saved {
  const hpo_model_input *in;
  const linear_config *config;
  const linear_scaler *scaler;
  const double *u;
  size_t k;
  int64_t n_iter;
  bool converged;
} linear_saved;

HPO_MUST_USE hpo_status linear_save(const linear_saved *m, hpo_buffer *out,
                                    hpo_error *err);

#endif
