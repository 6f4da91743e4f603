/* SPDX-License-Identifier: BSD-3-Clause */
/** \file newton.h
 *  Minimises f(x) + sum_i l1[i] |x[i]| with f smooth and convex; knows no
 *  data, and asks for what it must know of f, so that the questions of many
 *  solvers can be answered in one pass over the rows.
 *
 *      newton_begin; while ((a = newton_next(s)) != NULL) answer a;
 *      newton_end
 *
 *  is one iteration (NEWTON_MEMORY: up to NEWTON_TURNS of them).
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
 *  release.  NEWTON_MATRIX may take the Hessian of a share of the rows (R. H.
 *  Byrd, G. M. Chin, W. Neveitt, J. Nocedal, On the use of stochastic Hessian
 *  information in optimization methods for machine learning, SIAM J. Optim.
 *  21(3), 2011), more of them when steps gain too little.  NEWTON_MEMORY:
 *  memory.h.
 */
#ifndef HPO_LINEAR_NEWTON_H
#define HPO_LINEAR_NEWTON_H

#include "hpo/status.h"

/** Iterations in one step of NEWTON_MEMORY. */
enum { NEWTON_TURNS = 8 };

/** Where second derivatives come from. */
typedef enum newton_method {
  NEWTON_PRODUCTS, /* asked for one product at a time */
  NEWTON_MATRIX,   /* the Hessian is small enough to be kept */
  NEWTON_MEMORY    /* from the gradients of the last steps; no l1 */
} newton_method;

/** What is minimised; borrowed.  Arrays are 64-byte aligned. */
typedef struct newton_problem {
  size_t n;         /* a multiple of 8 */
  const double *l1; /* [n] >= 0; NULL: none */
  double tol;       /* on the largest partial derivative */
  newton_method method;
  bool is_quadratic;    /* the Hessian is the same everywhere */
  const double *second; /* [n] > 0, about the second derivatives at the start;
                           of NEWTON_MEMORY alone */
  int64_t share;        /* NEWTON_MATRIX: one block of rows in so many is
                           enough at first, a power of 2, */
  int64_t least_share;  /* and at last */
} newton_problem;

typedef enum newton_wish {
  NEWTON_EVAL,     /* value and gradient */
  NEWTON_PRODUCT,  /* of the Hessian, where the last EVAL was, with `at` */
  NEWTON_DIAGONAL, /* of the Hessian, there */
  NEWTON_HESSIAN   /* [n][n], at `at` */
} newton_wish;

/** What a solver must know next. */
typedef struct newton_ask {
  newton_wish what;
  int64_t share;    /* of a Hessian: one block in so many */
  const double *at; /* [n] */
  double *out;      /* [n] gradient, product or diagonal; [n][n] */
  double value;     /* to be set by who answers NEWTON_EVAL: f */
} newton_ask;

typedef struct newton newton;

/** Starts at 0. */
HPO_MUST_USE hpo_status newton_create(const newton_problem *p, newton **out,
                                      hpo_error *err);
void newton_destroy(newton *s);
void newton_begin(newton *s);
/** What must be answered before it is called again; NULL: the step is over.
 */
newton_ask *newton_next(newton *s);
/** HPO_ETRIAL: the objective is not finite. */
HPO_MUST_USE hpo_status newton_end(const newton *s, hpo_error *err);
/** Converged, or no step can lower the objective any more. */
bool newton_is_done(const newton *s);
/** The point [n], the objective there, its largest partial derivative (of
 *  smallest norm in the subdifferential). */
const double *newton_x(const newton *s);
double newton_value(const newton *s);
double newton_residual(const newton *s);

#endif
