/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions to be minimised whose structure is known, for samplers. */
#ifndef HPO_TEST_PROBLEMS_H
#define HPO_TEST_PROBLEMS_H

#include "hpo/space.h"

#define PROBLEM_PARAMETERS 16 /* at most */

typedef struct problem {
  const char *name;
  void (*make)(hpo_space *space);
  /* shift 0 is what the tables show; 1, 2, ... put the optimum elsewhere, to
   * choose settings on */
  double (*value)(const double *x, int shift);
} problem;

const problem *problem_at(size_t i); /* NULL after the last */
const problem *problem_find(const char *name);

/* n parameters, floats and integers in turn, some in the log, for timing. */
void problem_make_many(hpo_space *space, size_t n);

#endif
