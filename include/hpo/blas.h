/* SPDX-License-Identifier: BSD-3-Clause */
/** \file blas.h
 *  The BLAS library: one thread, and which kernels it has chosen.
 *
 *  More than one thread, and other kernels, give other bits; so main calls
 *  hpo_blas_start before anything else and the study file keeps the
 *  description.
 */
#ifndef HPO_BLAS_H
#define HPO_BLAS_H

#include "hpo/status.h"

/** Sets the library to one thread (nothing to do for a plain BLAS). */
void hpo_blas_start(void);
/** "OpenBLAS 0.3.21 ... MAX_THREADS=64, kernels SkylakeX"; "not OpenBLAS"
 *  where another library is linked, or none since nothing calls it.  Cut to
 *  room, with a NUL. */
void hpo_blas_describe(char *text, size_t room);

#endif
