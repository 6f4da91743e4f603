/* SPDX-License-Identifier: BSD-3-Clause */
/* Points that <forbidden> leaves, where a kind suggests others. */
#ifndef HPO_SAMPLER_ALLOWED_H
#define HPO_SAMPLER_ALLOWED_H

#include "hpo/ledger.h"

/** The first of up to 10,000 random points that is not forbidden; given
 *  [n_param] as in hpo_sampler_suggest, may be NULL.
 *  HPO_EINVAL: each of them is forbidden. */
HPO_MUST_USE hpo_status hpo_allowed_draw(const hpo_plan *plan, hpo_id number,
                                         const double *given, double *x,
                                         hpo_error *err);
/** From a forbidden point x [n_param] to an allowed one that differs from
 *  that of the nearest allowed trial of the view in one parameter, drawn at
 *  random; where 10,000 draws give none, to that trial's own.
 *  \param [out] moved  false, x as it was: no trial has an allowed point */
HPO_MUST_USE hpo_status hpo_allowed_move(const hpo_plan *plan,
                                         const hpo_view *view, hpo_id number,
                                         double *x, bool *moved,
                                         hpo_error *err);

#endif
