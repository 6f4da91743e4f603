/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors of eight doubles, for kernels.c and link.c. */
#ifndef HPO_LINEAR_LANES_H
#define HPO_LINEAR_LANES_H

#include <stdint.h>

typedef double lanes __attribute__((vector_size(64), may_alias));
typedef float narrow __attribute__((vector_size(32), aligned(4), may_alias));
typedef int64_t mask __attribute__((vector_size(64)));

#define LANES 8
#define AT(p) (*(const lanes *)(p))
#define TO(p) (*(lanes *)(p))
/** Lanes of a where m is set, else of b. */
#define CHOOSE(m, a, b) ((lanes)(((m) & (mask)(a)) | (~(m) & (mask)(b))))

#endif
