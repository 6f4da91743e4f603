/* SPDX-License-Identifier: BSD-3-Clause */
/* Parzen estimators: a density made of kernels on observed points and a wide
 * prior, which tpe draws from and compares.
 *
 * Every parameter is mapped to an axis: numbers to [0, 1] (in the log where
 * the parameter is logarithmic, so that a grid's cells tile the interval),
 * grids of at most HPO_AXIS_LEVELS values and categoricals to level numbers
 * 0, 1, ...  On a wider grid the density in the middle of a cell stands for
 * the cell's mass. */
#ifndef HPO_SAMPLER_PARZEN_H
#define HPO_SAMPLER_PARZEN_H

#include "hpo/rng.h"
#include "hpo/space.h"

#define HPO_AXIS_LEVELS 64

typedef enum hpo_axis_kind {
  HPO_AXIS_UNIT,  /* a number in [0, 1] */
  HPO_AXIS_LEVEL, /* a number's place on a short grid */
  HPO_AXIS_CHOICE /* unordered */
} hpo_axis_kind;

typedef struct hpo_axis {
  const hpo_param *param; /* borrowed */
  hpo_axis_kind kind;
  size_t n_level; /* LEVEL, CHOICE */
  double cells;   /* UNIT: cells of a wide grid, 0 without a grid */
} hpo_axis;

hpo_axis hpo_axis_make(const hpo_param *p);
/** Value to place on the axis and back; a place drawn at random on a grid is
 *  moved to the middle of its cell by snap. */
double hpo_axis_place(const hpo_axis *a, double value);
double hpo_axis_value(const hpo_axis *a, double place);
double hpo_axis_snap(const hpo_axis *a, double place);

typedef struct hpo_parzen_options {
  bool multivariate;
  bool spread; /* multivariate: bandwidths follow the observations' spread on
                  each axis; no: all have one that depends on their number
                  alone */
  bool consider_endpoints, magic_clip; /* the first: univariate only */
  double prior_weight;                 /* > 0 */
} hpo_parzen_options;

/** Opaque, with its workspace; one estimator after another is built in it. */
typedef struct hpo_parzen hpo_parzen;
HPO_MUST_USE hpo_status hpo_parzen_create(const hpo_parzen_options *options,
                                          hpo_parzen **out, hpo_error *err);
void hpo_parzen_destroy(hpo_parzen *p);

/** Builds the estimator of n observations on n_axis axes.
 *  \param [in] column  [n_axis], each [row]: places of all trials' points
 *  \param [in] row     [n] the observations' rows, oldest first
 *  \param [in] weight  [n] > 0; NULL: newer observations weigh 1, where there
 *                      are more than 25, older ones less, in a linear ramp
 *                      from 1 / n
 *  column, row and weight are borrowed during the call, axis as long as the
 *  estimator lives. O(n n_axis).
 *  Bandwidths: 0.14 n^(-1/(d + 4)) of the range (D. W. Scott, Multivariate
 *  density estimation, 1992), or, where they follow the spread, n^(-1/(d + 2))
 *  times the weighted standard deviation of observations and prior, at least
 *  0.03 of the range. */
HPO_MUST_USE hpo_status hpo_parzen_build(hpo_parzen *p, const hpo_axis *axis,
                                         size_t n_axis,
                                         const float *const *column,
                                         const uint32_t *row,
                                         const double *weight, size_t n,
                                         hpo_error *err);
/** Draws places x [n_axis]. */
void hpo_parzen_draw(const hpo_parzen *p, hpo_rng *rng, double *x);
/** log density at x [n_axis], with kernels by height where multivariate
 *  (parzen.c). O(n). */
double hpo_parzen_density(hpo_parzen *p, const double *x);
/** What log density is not below at x: the prior's part alone. O(n_axis). */
double hpo_parzen_least(const hpo_parzen *p, const double *x);

#endif
