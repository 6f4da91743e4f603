/* SPDX-License-Identifier: BSD-3-Clause */
/* Eigenvalues of small symmetric matrices, with the same bits everywhere:
 * Jacobi's method by rows (G. H. Golub, C. F. Van Loan, Matrix computations,
 * 4th edition, section 8.5). */
#ifndef HPO_SAMPLER_EIGEN_H
#define HPO_SAMPLER_EIGEN_H

#include "hpo/status.h"

/** a [n][n] symmetric, destroyed; its eigenvalues then stand in value [n], in
 *  no order, and the eigenvectors in the columns of basis [n][n].  A sign is
 *  what the rotations give.  O(n^3), about 7 sweeps. */
void hpo_eigen_symmetric(size_t n, double *a, double *value, double *basis);

#endif
