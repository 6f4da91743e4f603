/* SPDX-License-Identifier: BSD-3-Clause */
/** \file clones.h
 *  Hot loops built for several instruction sets, chosen at run time.
 *
 *  `HPO_CLONES void f(...)` is compiled for plain x86-64, AVX2 and AVX-512;
 *  the loader takes the best one.  All variants give the same bits: there
 *  is no contraction (-ffp-contract=off) and no reassociation.  So that the
 *  loops are vectorised at -O2 they run over tiles of a constant size.
 *  What they call must be HPO_INLINE.
 *
 *  Empty where it can't be had: other compilers than gcc, other processors,
 *  C libraries without ifunc, sanitizers (their start-up comes after the
 *  choice).  To build one variant for a test: `-DHPO_NO_CLONES` with
 *  `-march=x86-64`, `-march=haswell` or `-march=skylake-avx512`.
 */
#ifndef HPO_CLONES_H
#define HPO_CLONES_H

#include <stdint.h> /* defines __GLIBC__ where that is the C library */

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&        \
    defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) &&                   \
    !defined(__SANITIZE_THREAD__) && !defined(HPO_NO_CLONES)
#define HPO_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HPO_CLONES
#endif

#if defined(__GNUC__)
#define HPO_INLINE static inline __attribute__((always_inline))
#else
#define HPO_INLINE static inline
#endif

#endif
