/* SPDX-License-Identifier: BSD-3-Clause */
/** \file importance.h
 *  Which parameters mattered: shares that sum to 1.
 *
 *  fANOVA: Hutter, Hoos, Leyton-Brown, An efficient approach for assessing
 *  hyperparameter importance, ICML 2014, sections 3 and 4: a random forest is
 *  fitted to the trials, and the variance of each parameter's marginal
 *  prediction is set against the whole variance, exactly, tree by tree.
 *  PED-ANOVA: Watanabe, Bansal, Hutter, PED-ANOVA: efficiently quantifying
 *  hyperparameter importance in arbitrary subspaces, IJCAI 2023, eq. 16:
 *  Pearson divergence between the density of the best trials and that of all
 *  of them, one parameter at a time.
 *
 *  Points are given in unit coordinates: numbers in [0, 1] over the range
 *  that was searched (after the logarithm where the parameter has one), the
 *  index of a category otherwise.
 */
#ifndef HPO_IMPORTANCE_H
#define HPO_IMPORTANCE_H

#include "hpo/report.h"
#include "hpo/status.h"

typedef struct hpo_points {
  const double *x;          /* [n][d] row-major */
  const size_t *n_category; /* [d] 0: a number; at most 64 */
  const double *y;          /* [n] finite; lower is better */
  size_t n, d;
} hpo_points;

/** Variance shares by 64 trees of full depth.  share [d] sums to 1, or is
 *  all 0 where y does not vary.  Cost 64 n d log n. */
HPO_MUST_USE hpo_status hpo_importance_fanova(const hpo_points *p,
                                              uint64_t seed, double *share,
                                              hpo_error *err);
/** Shares by the best tenth of the trials.  Cost n d. */
HPO_MUST_USE hpo_status hpo_importance_ped_anova(const hpo_points *p,
                                                 double *share,
                                                 hpo_error *err);

typedef enum hpo_importance_method {
  HPO_IMPORTANCE_FANOVA,
  HPO_IMPORTANCE_PED_ANOVA
} hpo_importance_method;

typedef struct hpo_importance {
  hpo_names name;  /* columns params.*, most important first */
  double *share;   /* [name.n] */
  size_t trials;   /* that were used */
  size_t left_out; /* parameters that not every trial has */
} hpo_importance;

/** The importance of a study's parameters for an objective (0 ...) over its
 * complete trials (of more than 2,000 an even share); parameters that some
 * trial lacks (conditional ones) or that do not vary are left out. HPO_EINVAL:
 * fewer than 4 complete trials, or no parameter is left. */
HPO_MUST_USE hpo_status hpo_study_importance(const hpo_study_file *f,
                                             size_t objective,
                                             hpo_importance_method method,
                                             hpo_importance *out,
                                             hpo_error *err);
void hpo_importance_free(hpo_importance *i);

/** The features of a stored model that count, the most important first.
 *  Trees: gain, cover, weight, total_gain, total_cover as XGBoost's get_score
 *  has them, in order of gain; linear models: coef, the mean over the classes
 *  of the coefficient's size. */
typedef struct hpo_features {
  hpo_names name;
  const char *const *kind; /* [n_kind] */
  size_t n_kind;
  double *score; /* [name.n][n_kind]; owned */
} hpo_features;

/** HPO_EINVAL: the trial has no stored model, or one of a kind that doesn't
 *  say. */
HPO_MUST_USE hpo_status hpo_study_features(const hpo_study_file *f,
                                           size_t trial, hpo_features *out,
                                           hpo_error *err);
void hpo_features_free(hpo_features *h);

#endif
