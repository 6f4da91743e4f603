/* SPDX-License-Identifier: BSD-3-Clause */
/* Minimizing a smooth function within a box, by asking for its value and
 * slope at one point after another: limited-memory BFGS, projected.
 *
 * J. Nocedal, Updating quasi-Newton matrices with limited storage, Math.
 * Comp. 35 (1980).  D. P. Bertsekas, Projected Newton methods, SIAM J.
 * Control Optim. 20 (1982): coordinates at a bound that the slope presses
 * against stay out of the step. */
#ifndef HPO_SAMPLER_DESCENT_H
#define HPO_SAMPLER_DESCENT_H

#include "hpo/status.h"

#define HPO_DESCENT_PAST 8

typedef struct hpo_descent {
  size_t n;
  double *low, *high;        /* [n]; equal: the coordinate is held */
  double *x, *slope;         /* [n] the best so far */
  double *ask;               /* [n] where the function is wanted next */
  double *reply;             /* [n] room for the caller's slope there */
  double value, step;        /* at x; of the line search */
  double tolerance;          /* gain below which it is done */
  size_t tries, most, asked; /* of this line; steps allowed; answers */
  double *direction;         /* [n] */
  double *s, *y, *rho; /* [PAST][n], [PAST] steps, changes of the slope */
  size_t n_past;
} hpo_descent;

HPO_MUST_USE hpo_status hpo_descent_create(size_t n, hpo_descent **out,
                                           hpo_error *err);
void hpo_descent_destroy(hpo_descent *d);
/** Begins at x [n], put into the box low, high, which the caller has set; at
 *  most `most` answers. */
void hpo_descent_begin(hpo_descent *d, const double *x, double tolerance,
                       size_t most);
/** The value at d->ask, and in d->reply the slope there; a value that is not
 *  finite is none.  \return false: it is done, d->x is the best. */
bool hpo_descent_answer(hpo_descent *d, double value);

#endif
