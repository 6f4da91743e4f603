/* SPDX-License-Identifier: BSD-3-Clause */
/** \file newton.h
 *  Minimises f(x) + sum_i l1[i] |x[i]| with f smooth and convex; knows no
 *  data.
 *
 *  Without l1: truncated Newton, conjugate gradients with a diagonal
 *  preconditioner and a line search (L. Galli, C.-J. Lin, Truncated Newton
 *  methods for linear classification, 2022, algorithm 1).  With l1: the
 *  reduced-space method of T. Chen, F. E. Curtis, D. P. Robinson, A
 *  reduced-space algorithm for minimizing l1-regularized convex functions,
 *  SIAM J. Optim. 27(3), 2017, algorithm 1: either variables that are 0 are
 *  released along the gradient, or a Newton step is made in the space of
 *  those that are not, back onto their orthant.  Ours differs in doing both
 *  in one step, in the preconditioner, and in the exact step length of a
 *  release.
 */
#ifndef HPO_LINEAR_NEWTON_H
#define HPO_LINEAR_NEWTON_H

#include "hpo/status.h"

/** What is minimised; borrowed.  Arrays are 64-byte aligned. */
typedef struct newton_problem {
  void *self;
  size_t n;         /* a multiple of 8 */
  const double *l1; /* [n] >= 0; NULL: none */
  double tol;       /* on the largest partial derivative */
  bool cheap;       /* products cost little: solve exactly */
  /** f, gradient and diagonal of the Hessian at x; later products are with
   *  the Hessian there. */
  hpo_status (*eval)(void *self, const double *x, double *f, double *gradient,
                     double *diagonal, hpo_error *err);
  /** out = Hessian v. */
  hpo_status (*product)(void *self, const double *v, double *out,
                        hpo_error *err);
} newton_problem;

typedef struct newton newton;

/** Starts at 0. */
HPO_MUST_USE hpo_status newton_create(const newton_problem *p, newton **out,
                                      hpo_error *err);
void newton_destroy(newton *s);
/** One iteration.  HPO_ETRIAL: the objective is not finite. */
HPO_MUST_USE hpo_status newton_step(newton *s, hpo_error *err);
/** Converged, or no step can lower the objective any more. */
bool newton_is_done(const newton *s);
/** The point [n], the objective there, its largest partial derivative (of
 *  smallest norm in the subdifferential), evaluations and products so far. */
const double *newton_x(const newton *s);
double newton_value(const newton *s);
double newton_residual(const newton *s);

#endif
