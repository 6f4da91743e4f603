/* SPDX-License-Identifier: BSD-3-Clause */
/** \file linear.h
 *  Inside of the model kinds logistic and linear.
 *
 *    config   options                      kernels  hot loops over a tile
 *    pass     sums over rows, in order     loss     f, gradient, Hessian
 *    scaler   means, scales, imputation    newton   the solver, without data
 *    team     rank 0 leads, others serve   save     the model as JSON
 *    linear   the face: create, step, predict
 *
 *  The solver's variables u are coefficients of features that are centred
 *  and scaled, whether the study standardises or not: where it does not,
 *  penalties are weighted so that they hold for the raw features.  They lie
 *  as [ld][kp], ld = columns + intercept padded to 8, kp = 1 or the classes
 *  padded to 8; what pads stays 0.
 */
#ifndef HPO_LINEAR_H
#define HPO_LINEAR_H

#include "hpo/design.h"
#include "hpo/model.h"
#include "kernels.h"
#include "newton.h"

typedef enum linear_loss {
  LINEAR_SQUARED,
  LINEAR_LOGISTIC,
  LINEAR_MULTINOMIAL
} linear_loss;

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

/** Doubles of all blocks' Hessians that a team may gather. */
#define LINEAR_MOST_DENSE ((size_t)1 << 23)
/** Columns for which one Hessian costs no more than the products it saves;
 *  of the logistic loss, whose Hessian changes, a quarter of them. */
enum { LINEAR_MOST_LD = 512 };

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
  size_t sums_room; /* doubles */
} linear_rows;

/** One tile of a pass: its rows first..first + n, decoded. */
typedef struct linear_part {
  double *z; /* [n][ld], free to change */
  size_t first, n;
} linear_part;

/** Adds what a tile gives to its block's sums [m]. */
typedef void linear_visit(void *self, const linear_part *tile, double *sums);

HPO_MUST_USE hpo_status linear_rows_create(const hpo_model_input *in,
                                           size_t ld, linear_rows *out,
                                           hpo_error *err);
void linear_rows_free(linear_rows *r);
/** Room for passes of m sums, so that none fails later. */
HPO_MUST_USE hpo_status linear_rows_reserve(linear_rows *r, size_t m,
                                            hpo_error *err);
/** The sums of all blocks in block order, on the team's rank 0: total [m]
 *  (elsewhere unchanged).  m is a multiple of 8.  Collective. */
HPO_MUST_USE hpo_status linear_pass(linear_rows *r, size_t m,
                                    linear_visit *visit, void *self,
                                    double *total, hpo_error *err);
/** The same, then broadcast. */
HPO_MUST_USE hpo_status linear_pass_all(linear_rows *r, size_t m,
                                        linear_visit *visit, void *self,
                                        double *total, hpo_error *err);

/** Means, scales and imputation of the training rows of one fit. */
typedef struct linear_scaler {
  size_t columns, ld;
  linear_scale scale; /* what passes decode with */
  double *impute;     /* [ld] for missing values; 0 */
  double *mean;       /* [ld] of the imputed columns */
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

/** f and its derivatives over the training rows. */
typedef struct linear_objective {
  linear_loss loss;
  size_t ld, k, kp;    /* k outputs, padded to kp */
  linear_rows *rows;   /* borrowed */
  const double *y;     /* [rows of data], borrowed */
  double *weight;      /* [n] of this rank's rows, their total is 1 */
  double *p;           /* [n][k] probabilities at the last point */
  double *m;           /* [LINEAR_TILE][kp] */
  double *r;           /* [LINEAR_TILE][max(kp, ld)] */
  double *l1, *l2;     /* [ld * kp] penalties; l1 NULL: none */
  bool is_dense;       /* the Hessian is kept as a matrix */
  bool has_hessian;    /* and stands */
  double *hessian;     /* [ld][ld] on rank 0 */
  double *total;       /* sums of a pass */
  const double *point; /* [ld * kp] of the pass */
} linear_objective;

/** What a row of each class counts: 1, or balanced: rows / (classes * rows of
 *  the class).  Collective.  \param [out] out [classes], [1] in a regression;
 *  the caller frees */
HPO_MUST_USE hpo_status linear_class_weights(const hpo_model_input *in,
                                             bool is_balanced, double **out,
                                             hpo_error *err);
HPO_MUST_USE hpo_status linear_objective_create(
    const hpo_model_input *in, const linear_config *c, const linear_scaler *s,
    linear_rows *rows, linear_objective *out, hpo_error *err);
void linear_objective_free(linear_objective *o);
/** Collective passes; results on rank 0. */
HPO_MUST_USE hpo_status linear_eval(linear_objective *o, const double *u,
                                    double *f, double *gradient,
                                    double *diagonal, hpo_error *err);
HPO_MUST_USE hpo_status linear_product(linear_objective *o, const double *v,
                                       double *out, hpo_error *err);
HPO_MUST_USE hpo_status linear_hessian(linear_objective *o, hpo_error *err);
/** Margins of one row [k] to predictions, as in metric.h. */
void linear_link(linear_loss loss, double *m, size_t k);

/** What the leader asks of the others; each then takes its part. */
typedef struct linear_team {
  linear_objective *objective; /* borrowed */
  const hpo_coll *coll;
  double *u; /* [n] vector of a request */
  size_t n;
} linear_team;

/** One step of the solver, on all ranks: rank 0 steps, the others serve its
 *  passes.  u [n] and *is_done are then the same everywhere; solver is NULL
 *  but on rank 0. */
HPO_MUST_USE hpo_status linear_team_step(linear_team *t, newton *solver,
                                         bool *is_done, hpo_error *err);
/** The problem that the leader's solver gets. */
newton_problem linear_team_problem(linear_team *t, double tol);

/** Coefficients as they are stored. */
typedef struct linear_saved {
  const hpo_model_input *in;
  const linear_config *config;
  const linear_scaler *scaler;
  const double *u;
  size_t k, kp;
  int64_t n_iter;
  bool converged;
} linear_saved;

HPO_MUST_USE hpo_status linear_save(const linear_saved *m, hpo_buffer *out,
                                    hpo_error *err);

#endif
