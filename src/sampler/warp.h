/* SPDX-License-Identifier: BSD-3-Clause */
/* Values made more like a normal distribution.
 *
 * I.-K. Yeo, R. A. Johnson, A new family of power transformations to improve
 * normality or symmetry, Biometrika 87 (2000); before a Gaussian process: A.
 * I. Cowen-Rivers and others, HEBO, JAIR 74 (2022). */
#ifndef HPO_SAMPLER_WARP_H
#define HPO_SAMPLER_WARP_H

#include "hpo/status.h"

/** y [n] to mean 0 and deviation 1; all 0 where they are all the same.
 *  Finite, of any size. */
void hpo_warp_scale(double *y, size_t n);
/** Bends scaled y [n] by the power in [-1, 1] of the highest likelihood, and
 *  scales them again.  Their order stays. */
void hpo_warp_bend(double *y, size_t n);

#endif
