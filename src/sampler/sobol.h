/* SPDX-License-Identifier: BSD-3-Clause */
/* Sobol points, counted: coordinate d of point n is a function of d and n.
 *
 * I. M. Sobol, On the distribution of points in a cube and the approximate
 * evaluation of integrals, 1967.  P. Bratley, B. L. Fox, Algorithm 659, ACM
 * TOMS 14 (1988).  Direction numbers: S. Joe, F. Y. Kuo, Constructing Sobol
 * sequences with better two-dimensional projections, SIAM J. Sci. Comput. 30
 * (2008).  Scrambling: A. B. Owen, Randomly permuted (t,m,s)-nets and
 * (t,s)-sequences, 1995. */
#ifndef HPO_SAMPLER_SOBOL_H
#define HPO_SAMPLER_SOBOL_H

#include "hpo/rng.h"

#define HPO_SOBOL_DIMENSIONS 128
#define HPO_SOBOL_BITS 32

/** Direction numbers of a dimension, 0 .. HPO_SOBOL_DIMENSIONS - 1. */
void hpo_sobol_directions(size_t dimension, uint32_t v[HPO_SOBOL_BITS]);
/** Coordinate of point n times 2^32, in Gray-code order (Antonov and Saleev
 *  1979), as scipy.stats.qmc.Sobol gives it; point 0 is 0. */
uint32_t hpo_sobol_point(const uint32_t v[HPO_SOBOL_BITS], uint64_t n);
/** x / 2^32 after nested uniform scrambling, in [0, 1).  stream names the
 *  dimension; its low 6 bits are 0. */
double hpo_sobol_scramble(hpo_rng_key key, uint64_t stream, uint32_t x);

#endif
