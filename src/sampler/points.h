/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of points that were tried already, so that none is tried twice
 * while the space has others. */
#ifndef HPO_SAMPLER_POINTS_H
#define HPO_SAMPLER_POINTS_H

#include "hpo/space.h"

typedef struct hpo_points {
  const hpo_space *space; /* borrowed */
  double *x;              /* [n][n_param], owned */
  size_t n, x_room;       /* room in doubles */
  size_t *cell;           /* [n_cell] point + 1, 0: free; open addressing */
  size_t n_cell;          /* a power of two, at least 2 n */
} hpo_points;

/** Adds x [n_param], whether or not it is there. */
HPO_MUST_USE hpo_status hpo_points_add(hpo_points *p, const double *x,
                                       hpo_error *err);
/** Whether x was tried already, or is forbidden. */
bool hpo_points_find(const hpo_points *p, const double *x);
/** Takes away all but the first n points: those added last are few. */
void hpo_points_cut(hpo_points *p, size_t n);
void hpo_points_free(hpo_points *p);

/** Moves x to the next point of the space, the last parameter fastest, with
 *  those that are given (not NaN; NULL: none) held, and from the end to the
 *  first.  \return false, x as it was: a float without step is active, so
 *  there is no next one. */
bool hpo_points_next(const hpo_space *space, const double *given, double *x);
/** From a point that was tried to one that was not, if there is one: the next
 *  of the space, or else one drawn at random for trial `number`. */
void hpo_points_move(const hpo_points *p, uint64_t seed, hpo_id number,
                     const double *given, double *x);

#endif
