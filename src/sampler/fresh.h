/* SPDX-License-Identifier: BSD-3-Clause */
/* No point twice from samplers that do not look at what was tried, in spaces
 * that have an end of points. */
#ifndef HPO_SAMPLER_FRESH_H
#define HPO_SAMPLER_FRESH_H

#include "sampler/points.h"
#include "sampler/seen.h"

typedef struct hpo_fresh {
  const hpo_plan *plan; /* borrowed */
  bool is_countable; /* no float without step: else there is nothing to do */
  hpo_points points; /* of all trials: final ones first, then open ones */
  size_t n_final_points;
  hpo_seen seen;
  double *work; /* [n_param] */
} hpo_fresh;

HPO_MUST_USE hpo_status hpo_fresh_init(hpo_fresh *f, const hpo_plan *plan,
                                       hpo_error *err);
void hpo_fresh_free(hpo_fresh *f);
/** Moves a point x [n_param] that an earlier trial of the view has to one
 *  that none has: the first of 64 random ones, else the next of the space; x
 *  as it was where all were tried.  It is a function of the earlier trials'
 *  points, not of their results or the order in which they end. */
HPO_MUST_USE hpo_status hpo_fresh_move(hpo_fresh *f, const hpo_view *view,
                                       hpo_id number, const double *given,
                                       double *x, hpo_error *err);

#endif
