/* SPDX-License-Identifier: BSD-3-Clause */
/* Random search spaces for tests: all kinds, nested conditions. */
#include "hpo/space.h"

#include "hpo/rng.h"

#include <stdio.h>

static void sample_int(hpo_rng *rng, hpo_param *p) {
  p->kind = HPO_PARAM_INT;
  p->log = hpo_rng_below(rng, 3) == 0;
  p->low = p->log ? 1 + (double)hpo_rng_below(rng, 5)
                  : (double)hpo_rng_below(rng, 20) - 10;
  p->high = p->low + (double)hpo_rng_below(rng, 1000);
  p->step = p->log ? 1 : 1 + (double)hpo_rng_below(rng, 4);
}

static void sample_float(hpo_rng *rng, hpo_param *p) {
  p->kind = HPO_PARAM_FLOAT;
  p->log = hpo_rng_below(rng, 3) == 0;
  p->low = p->log ? 1e-4 * (1 + hpo_rng_next(rng)) : hpo_rng_next(rng) - 0.5;
  p->high = p->low + hpo_rng_next(rng) * 10;
  p->step = !p->log && hpo_rng_below(rng, 3) == 0 ? 0.05 : 0;
}

static void sample_parent(hpo_rng *rng, const hpo_space *s, hpo_param *p) {
  size_t i;

  p->parent = -1;
  if (s->n_param == 0 || hpo_rng_below(rng, 2) == 0)
    return;
  i = hpo_rng_below(rng, s->n_param);
  if (s->param[i].kind != HPO_PARAM_CATEGORICAL)
    return;
  p->parent = (ptrdiff_t)i;
  p->parent_choice = hpo_rng_below(rng, s->param[i].n_choice);
}

hpo_status hpo_space_sample(uint64_t seed, hpo_space *out, hpo_error *err) {
  static const char *const words[] = {"l1",   "l2",   "elastic net",
                                      "none", "1e-3", "ü"};
  hpo_status status = HPO_OK;
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 2, 0);
  hpo_space s = {0};
  size_t n = 1 + hpo_rng_below(&rng, 12);

  for (size_t i = 0; i < n; i++) {
    char name[32], *choice[6];
    hpo_param p = {0};

    snprintf(name, sizeof name, "p%zu", i);
    p.name = p.full_name = name;
    switch (hpo_rng_below(&rng, 3)) {
    case 0:
      sample_int(&rng, &p);
      break;
    case 1:
      sample_float(&rng, &p);
      break;
    default:
      p.kind = HPO_PARAM_CATEGORICAL;
      p.ordered = hpo_rng_below(&rng, 3) == 0;
      p.n_choice = 1 + hpo_rng_below(&rng, 6);
      p.choice = choice;
      for (size_t k = 0; k < p.n_choice; k++)
        choice[k] = (char *)(uintptr_t)words[k];
    }
    sample_parent(&rng, &s, &p);
    HPO_TRY(status, hpo_space_add(&s, &p, err));
  }
  *out = s;
  s = (hpo_space){0};
done:
  hpo_space_free(&s);
  return status;
}
