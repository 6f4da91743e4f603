/* SPDX-License-Identifier: BSD-3-Clause */
/* Sobol points of a space: see quasi.h. */
#include "sampler/quasi.h"

#include "hpo/mem.h"
#include "sampler/draw.h"

#include <math.h>

hpo_status hpo_quasi_init(hpo_quasi *q, const hpo_space *space, uint64_t seed,
                          bool scramble, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t used = 0;

  *q = (hpo_quasi){.space = space,
                   .key = hpo_rng_key_make(seed, HPO_RNG_SAMPLER),
                   .scramble = scramble};
  HPO_TRY(status, hpo_mem_new(space->n_param, sizeof *q->dimension,
                              &q->dimension, err));
  HPO_TRY(status, hpo_mem_new(HPO_SOBOL_DIMENSIONS, sizeof *q->v, &q->v, err));
  for (size_t i = 0; i < space->n_param; i++) {
    q->dimension[i] = -1;
    if (hpo_param_cardinality(&space->param[i]) > 1 &&
        used < HPO_SOBOL_DIMENSIONS) {
      hpo_sobol_directions(used, q->v[used]);
      q->dimension[i] = (ptrdiff_t)used++;
    }
  }
done:
  return status;
}

void hpo_quasi_free(hpo_quasi *q) {
  hpo_mem_free(q->dimension);
  hpo_mem_free(q->v);
  *q = (hpo_quasi){0};
}

static double coordinate(const hpo_quasi *q, hpo_id n, size_t dimension) {
  uint32_t x = hpo_sobol_point(q->v[dimension], (uint64_t)n);

  return q->scramble ? hpo_sobol_scramble(
                           q->key, HPO_DRAW_QMC | (uint64_t)dimension << 6, x)
                     : x * 0x1p-32;
}

void hpo_quasi_point(const hpo_quasi *q, hpo_id n, const double *given,
                     double *x) {
  const hpo_space *space = q->space;

  for (size_t i = 0; i < space->n_param; i++)
    x[i] = (double)NAN;
  for (size_t i = 0; i < space->n_param; i++) {
    if (!hpo_space_active(space, x, i))
      continue;
    if (given != NULL && !isnan(given[i]))
      x[i] = given[i];
    else if (q->dimension[i] >= 0)
      x[i] = hpo_param_from_unit(&space->param[i],
                                 coordinate(q, n, (size_t)q->dimension[i]));
    else
      x[i] = hpo_param_from_unit(&space->param[i],
                                 hpo_rng_uniform(q->key, (uint64_t)n, i));
  }
}

void hpo_quasi_start(const hpo_quasi *q, hpo_id number, uint32_t n,
                     const double *given, double *x) {
  const hpo_space *space = q->space;

  for (size_t i = 0; i < space->n_param; i++)
    x[i] = (double)NAN;
  for (size_t i = 0; i < space->n_param; i++) {
    if (!hpo_space_active(space, x, i))
      continue;
    if (given != NULL && !isnan(given[i])) {
      x[i] = given[i];
      continue;
    }
    bool is_even = q->dimension[i] >= 0;
    uint64_t use = is_even ? HPO_DRAW_GP : HPO_DRAW_GP + 1 + n;
    uint32_t shift =
        (uint32_t)hpo_rng_hash(q->key, (uint64_t)number, use << 32 | i);
    if (is_even)
      shift ^= hpo_sobol_point(q->v[q->dimension[i]], n);
    x[i] = hpo_param_from_unit(&space->param[i], (shift + 0.5) * 0x1p-32);
  }
}
