/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans without data for tests: see tinyplan.h. */
#include "tinyplan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call) HPO_ASSERT((call) == HPO_OK)

void tinyplan_text(char **to, const char *text) {
  hpo_mem_free(*to);
  MUST(hpo_mem_string(text, to, NULL));
}

hpo_plan *tinyplan_make(void) {
  hpo_plan *p = NULL;

  MUST(hpo_mem_new(1, sizeof *p, &p, NULL));
  p->seed = 7;
  p->trials = 20;
  p->target = (double)NAN;
  p->window = 4;
  p->keep_models = 3;
  tinyplan_text(&p->sampler.name, "random");
  tinyplan_text(&p->pruner.name, "none");
  MUST(hpo_mem_grow(&p->objective, &p->objective_room, 1, sizeof *p->objective,
                    NULL));
  p->n_objective = 1;
  p->objective[0].reference = (double)NAN;
  tinyplan_text(&p->objective[0].metric, "value");
  return p;
}

static size_t add(hpo_plan *p, hpo_param q, ptrdiff_t parent, size_t which) {
  char name[16];

  snprintf(name, sizeof name, "x%zu", p->space.n_param);
  q.name = q.full_name = name;
  q.parent = parent;
  q.parent_choice = which;
  MUST(hpo_space_add(&p->space, &q, NULL));
  return p->space.n_param - 1;
}

size_t tinyplan_float(hpo_plan *p, double low, double high, bool is_log,
                      ptrdiff_t parent, size_t which) {
  return add(
      p,
      (hpo_param){
          .kind = HPO_PARAM_FLOAT, .low = low, .high = high, .log = is_log},
      parent, which);
}

size_t tinyplan_int(hpo_plan *p, double low, double high, ptrdiff_t parent,
                    size_t which) {
  return add(
      p,
      (hpo_param){.kind = HPO_PARAM_INT, .low = low, .high = high, .step = 1},
      parent, which);
}

size_t tinyplan_choice(hpo_plan *p, size_t n, ptrdiff_t parent, size_t which) {
  char text[8][2], *choice[8];

  HPO_ASSERT(n <= 8);
  for (size_t i = 0; i < n; i++) {
    snprintf(text[i], sizeof text[i], "%c", (char)('a' + i));
    choice[i] = text[i];
  }
  return add(p,
             (hpo_param){.kind = HPO_PARAM_CATEGORICAL,
                         .choice = choice,
                         .n_choice = n},
             parent, which);
}

hpo_trial *tinyplan_trial(const hpo_plan *p, hpo_id number,
                          hpo_trial_state state, const double *x,
                          double value) {
  hpo_trial *t = NULL;

  MUST(hpo_trial_create(p->space.n_param, 1, 3, &t, NULL));
  t->number = t->job = number;
  t->state = state;
  memcpy(t->x, x, t->n_param * sizeof *x);
  t->value[0] = value;
  return t;
}

uint64_t tinyplan_seed(uint64_t otherwise) {
  const char *text = getenv("HPO_TEST_SEED");
  uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : otherwise;

  printf("HPO_TEST_SEED=%llu\n", (unsigned long long)seed);
  return seed;
}
