/* SPDX-License-Identifier: BSD-3-Clause */
/* A Gaussian process: mean 0, kernel
 *
 *   k(x, x') = s (1 + t + t^2 / 3) exp(-t),  t^2 = 5 sum_d (diff_d / l_d)^2
 *
 * (Matern 5/2 with a length scale l_d for each coordinate), plus noise of
 * variance s_n on what was observed.  diff of an unordered coordinate is 0
 * where both are equal, else 1: the kernel is still positive definite, since
 * such a coordinate is a point of a simplex.
 *
 * C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine
 * Learning, MIT Press 2006; equation numbers are of that book.
 *
 * All sums are in one order: the same bits on any processor. */
#ifndef HPO_SAMPLER_GAUSS_H
#define HPO_SAMPLER_GAUSS_H

#include "sampler/dense.h"

/** Points that are looked at together. */
#define HPO_GAUSS_BATCH HPO_DENSE_ROWS

/** Hyperparameters: d logs of length scales, log s, log s_n. */
#define HPO_GAUSS_EXTRA 2

typedef struct hpo_gauss {
  size_t d, n, n_seen, pad; /* coordinates; points; the first n_seen have a
                               value, the others are only known to be
                               there; hpo_dense_pad(n) */
  bool *is_choice;          /* [d] unordered */
  double *x;                /* [d][pad] coordinates, 0 in the padding */
  double *y;                /* [pad] values of the first n_seen, 0 beyond */
  double *theta;            /* [d + HPO_GAUSS_EXTRA] */
  double *weight;           /* [d] 1 / l^2 */
  double scale, noise;      /* s, s_n */
  /* what hpo_gauss_build makes */
  double *inverse; /* [pad][pad] (K + s_n)^-1 of all n points */
  double *alpha;   /* [pad] (K + s_n)^-1 y of those that have a value */
  double likelihood;
  /* workspace */
  double *u, *v, *slope; /* [pad][pad] */
  double *row;           /* [4][pad] */
  double *near;          /* [BATCH][pad], and as [pad][BATCH] */
  double *bend, *gain;   /* [BATCH][pad] */
  size_t room_pad;
} hpo_gauss;

HPO_MUST_USE hpo_status hpo_gauss_create(size_t d, hpo_gauss **out,
                                         hpo_error *err);
void hpo_gauss_destroy(hpo_gauss *g);
/** Room for n points, of which the first n_seen have a value; the caller
 *  fills x and y, whose padding is 0. */
HPO_MUST_USE hpo_status hpo_gauss_reserve(hpo_gauss *g, size_t n,
                                          size_t n_seen, hpo_error *err);
/** Takes hyperparameters theta [d + HPO_GAUSS_EXTRA]. */
void hpo_gauss_set(hpo_gauss *g, const double *theta);
/** Factor, inverse, alpha and the log marginal likelihood (2.30) of the
 *  points that have a value.  gradient [d + HPO_GAUSS_EXTRA] of it (5.9), for
 *  n_seen = n only; NULL: not wanted.  \return false: the matrix is not
 *  positive definite in double precision. O(n^3). */
bool hpo_gauss_build(hpo_gauss *g, double *gradient);
/** The posterior of the noiseless value at HPO_GAUSS_BATCH points
 *  x [BATCH][d] (2.25, 2.26): mean, variance (> 0), and their slopes
 *  [BATCH][d] (0 for unordered coordinates; both NULL: not wanted).
 *  O(n^2). */
void hpo_gauss_predict(hpo_gauss *g, const double *x, double *mean,
                       double *variance, double *mean_slope,
                       double *variance_slope);

#endif
