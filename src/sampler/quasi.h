/* SPDX-License-Identifier: BSD-3-Clause */
/* Sobol points of a space: more even than random ones.
 *
 * A parameter has a dimension of its own, in the space's order, whether it is
 * active or not; what there is beyond the table's dimensions is drawn at
 * random. */
#ifndef HPO_SAMPLER_QUASI_H
#define HPO_SAMPLER_QUASI_H

#include "hpo/space.h"
#include "sampler/sobol.h"

typedef struct hpo_quasi {
  const hpo_space *space; /* borrowed */
  hpo_rng_key key;        /* of the study's seed */
  bool scramble;
  ptrdiff_t *dimension;          /* [n_param] -1: none */
  uint32_t (*v)[HPO_SOBOL_BITS]; /* [dimensions] */
} hpo_quasi;

HPO_MUST_USE hpo_status hpo_quasi_init(hpo_quasi *q, const hpo_space *space,
                                       uint64_t seed, bool scramble,
                                       hpo_error *err);
void hpo_quasi_free(hpo_quasi *q);
/** Point n of the sequence, x [n_param], those given kept; scrambled as
 *  sobol.h has it. */
void hpo_quasi_point(const hpo_quasi *q, hpo_id n, const double *given,
                     double *x);
/** Point n of a sequence that trial `number` has for itself: shifted by bits
 *  at random. */
void hpo_quasi_start(const hpo_quasi *q, hpo_id number, uint32_t n,
                     const double *given, double *x);

#endif
