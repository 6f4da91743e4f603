/* SPDX-License-Identifier: BSD-3-Clause */
/** \file hypervolume.h
 *  How much of the space between a front and a reference point the front
 *  dominates: one number for how good a front is.
 */
#ifndef HPO_HYPERVOLUME_H
#define HPO_HYPERVOLUME_H

#include "hpo/status.h"

/** The hypervolume, exactly but for rounding.  Two dimensions: a sweep;
 *  three: slices along the third, each with the area so far; four: slices of
 *  those (J. Knowles, PhD thesis 2002; L. While and others, A faster
 *  algorithm for calculating hypervolume, 2006, HSO).
 *
 *  \param [in] loss       [n x d] row-major, finite, lower is better; a point
 *                         that is not below the reference everywhere adds
 *                         nothing; dominated ones may be among them
 *  \param [in] d          1 to 4
 *  \param [in] reference  [d]
 *  O(n log n) for d <= 2, O(n^2) for 3, O(n^3) for 4; + - * alone. */
HPO_MUST_USE hpo_status hpo_hypervolume(const double *loss, size_t n, size_t d,
                                        const double *reference, double *out,
                                        hpo_error *err);

/** What each point adds to the others: out[i] = hypervolume of all minus that
 *  of all but i, at least 0.  n hypervolumes. */
HPO_MUST_USE hpo_status hpo_hypervolume_shares(const double *loss, size_t n,
                                               size_t d,
                                               const double *reference,
                                               double *out, hpo_error *err);

/** Picks k of n points whose hypervolume is large: one after the other, each
 *  the one that adds most (ties: the first), at least 1 - 1/e of the best
 *  subset (A. P. Guerreiro, C. M. Fonseca, L. Paquete, Greedy hypervolume
 *  subset selection in low dimensions, 2016).
 *  \param [out] pick  [k] indices in the order of picking; k <= n */
HPO_MUST_USE hpo_status hpo_hypervolume_subset(const double *loss, size_t n,
                                               size_t d,
                                               const double *reference,
                                               size_t k, size_t *pick,
                                               hpo_error *err);

#endif
