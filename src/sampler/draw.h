/* SPDX-License-Identifier: BSD-3-Clause */
/* A random point of the space: what the random sampler gives, and where the
 * others start. */
#ifndef HPO_SAMPLER_DRAW_H
#define HPO_SAMPLER_DRAW_H

#include "hpo/space.h"

/* High word of the counter: which use a stream of (seed, trial) has. */
#define HPO_DRAW_TPE 0x80000000u
#define HPO_DRAW_CMAES 0x40000000u
#define HPO_DRAW_GP 0x20000000u      /* starts of the search */
#define HPO_DRAW_GP_NEAR 0x30000000u /* starts near the best trials */
#define HPO_DRAW_NSGA2 0x10000000u
/* High bit of the counter's other half, which no trial number has. */
#define HPO_DRAW_QMC 0x8000000000000000u
#define HPO_DRAW_RESTART 0xc000000000000000u

/** Parameter i of x is keyed by (seed, trial, i) and the attempt, which is 0
 *  unless the point of attempt 0 was there already.  given [n_param] as in
 *  hpo_sampler_suggest, may be NULL.  x [n_param] is filled, inactive ones
 *  with NaN. */
void hpo_draw_point(const hpo_space *space, uint64_t seed, hpo_id trial,
                    uint32_t attempt, const double *given, double *x);

#endif
