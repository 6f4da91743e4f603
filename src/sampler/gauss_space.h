/* SPDX-License-Identifier: BSD-3-Clause */
/* A space's points as those of a Gaussian process. */
#ifndef HPO_SAMPLER_GAUSS_SPACE_H
#define HPO_SAMPLER_GAUSS_SPACE_H

#include "hpo/space.h"
#include "sampler/gauss.h"

/** Integers and steps with at most so many values are taken one by one, not
 *  as a stretch. */
#define HPO_GAUSS_SHORT 16

/** The parameters with several values, which are the coordinates.
 *  \param [out] param  [n_param] room, of which so many are filled
 *  \return how many */
size_t hpo_gauss_params(const hpo_space *space, size_t *param);
/** Tells g which of its coordinates are choices. */
void hpo_gauss_mark(hpo_gauss *g, const hpo_space *space, const size_t *param);
/** Where x lies, place [n]: a number's share of its range, the middle where
 *  it is inactive; a choice's index, the number of choices where it is
 *  inactive. */
void hpo_gauss_place(const hpo_space *space, const size_t *param, size_t n,
                     const double *x, double *place);
/** Whether a parameter may be moved along a slope. */
bool hpo_gauss_is_smooth(const hpo_param *p);

#endif
