/* SPDX-License-Identifier: BSD-3-Clause */
/** \file memory.h
 *  Limited-memory BFGS: a direction from the last changes of point and
 *  gradient (J. Nocedal, S. J. Wright, Numerical Optimization, 2006,
 *  algorithm 7.4), with a diagonal in the middle.
 */
#ifndef HPO_LINEAR_MEMORY_H
#define HPO_LINEAR_MEMORY_H

#include "hpo/status.h"

enum { MEMORY_PAIRS = 16 };

typedef struct memory {
  size_t n, pairs, next; /* kept; where the next one goes */
  double *s, *y;         /* [MEMORY_PAIRS][n] */
  double inner[MEMORY_PAIRS];
  double gamma; /* what the diagonal is divided by */
} memory;

HPO_MUST_USE hpo_status memory_create(size_t n, memory *out, hpo_error *err);
void memory_free(memory *m);
/** The point moved by step * d, the gradient from `before` to `now`; ignored
 *  where that shows no curvature. */
void memory_add(memory *m, double step, const double *d, const double *before,
                const double *now, const double *second);
/** d = - (inverse Hessian, about) g.  second: about the Hessian's diagonal. */
void memory_direction(const memory *m, const double *g, const double *second,
                      double *d);

#endif
