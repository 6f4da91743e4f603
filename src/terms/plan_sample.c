/* SPDX-License-Identifier: BSD-3-Clause */
/* Random plans for round-trip tests: ugly texts, large seeds, empty lists. */
#include "hpo/plan.h"

#include "hpo/known.h"
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "plan_private.h"

#include <math.h>
#include <stdio.h>

static const char *ugly_text(hpo_rng *rng) {
  static const char *const text[] = {
      "", "x", "two words", "a = b", "line\nbreak", "\"q\"", "\\", "größe"};
  return text[hpo_rng_below(rng, sizeof text / sizeof *text)];
}

static hpo_status sample_member(hpo_rng *rng, const hpo_member *m, void *at,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[32];

  switch (m->kind) {
  case HPO_MEMBER_TEXT:
    HPO_TRY(status, hpo_mem_string(ugly_text(rng), at, err));
    break;
  case HPO_MEMBER_NAMES:
    for (size_t i = hpo_rng_below(rng, 4); i > 0; i--)
      HPO_TRY(status, hpo_names_add(at, ugly_text(rng), err));
    break;
  case HPO_MEMBER_SETTINGS:
    for (size_t i = hpo_rng_below(rng, 4); i > 0; i--) {
      snprintf(name, sizeof name, "s%zu", i);
      HPO_TRY(status, hpo_settings_add(at, name, ugly_text(rng),
                                       (int)hpo_rng_below(rng, 99), err));
    }
    break;
  case HPO_MEMBER_FLOAT:
    *(double *)at =
        hpo_rng_below(rng, 3) == 0 ? (double)NAN : hpo_rng_next(rng);
    break;
  case HPO_MEMBER_WHOLE:
    *(int64_t *)at = (int64_t)hpo_rng_below(rng, 1000) - 1;
    break;
  case HPO_MEMBER_SEED:
    *(uint64_t *)at = hpo_rng_next64(rng) | 1u;
    break;
  case HPO_MEMBER_INT:
    *(int *)at = (int)hpo_rng_below(rng, 9);
    break;
  case HPO_MEMBER_BOOL:
    *(bool *)at = hpo_rng_below(rng, 2) == 1;
    break;
  case HPO_MEMBER_TASK:
    *(hpo_task *)at = (hpo_task)hpo_rng_below(rng, 4);
    break;
  }
done:
  return status;
}

static hpo_status sample_members(hpo_rng *rng, const hpo_member *table,
                                 void *base, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (const hpo_member *m = table; m->name != NULL; m++)
    HPO_TRY(status, sample_member(rng, m, (char *)base + m->offset, err));
done:
  return status;
}

/* Ranges that no sampled trial is in. */
static hpo_status sample_forbidden(hpo_rng *rng, hpo_space *s,
                                   hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = s->n_param > 0 ? hpo_rng_below(rng, 4) : 0;

  for (size_t i = 0; i < n; i++) {
    hpo_range range = {.rule = i / 2,
                       .param = hpo_rng_below(rng, s->n_param),
                       .low = -1e300 * (1 + hpo_rng_next(rng)),
                       .high = -1e300};
    HPO_TRY(status, hpo_space_forbid(s, range, err));
  }
done:
  return status;
}

static hpo_status sample_enqueue(hpo_rng *rng, hpo_plan *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = p->space.n_param;

  p->n_enqueue = hpo_rng_below(rng, 3);
  HPO_TRY(status,
          hpo_mem_new(p->n_enqueue * n, sizeof *p->enqueue, &p->enqueue, err));
  for (size_t i = 0; i < p->n_enqueue * n; i++)
    p->enqueue[i] =
        hpo_rng_below(rng, 2) == 0
            ? (double)NAN
            : hpo_param_from_unit(&p->space.param[i % n], hpo_rng_next(rng));
done:
  return status;
}

/* Studies that were taken from, and trials of theirs. */
static hpo_status sample_known(hpo_rng *rng, uint64_t seed, hpo_plan *p,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;

  p->n_warm = hpo_rng_below(rng, 3);
  HPO_TRY(status,
          hpo_mem_grow(&p->warm, &p->warm_room, 2, sizeof *p->warm, err));
  for (size_t i = 0; i < p->n_warm; i++)
    HPO_TRY(status,
            sample_members(rng, hpo_plan_warm_members, &p->warm[i], err));
  for (uint64_t k = 0; p->n_warm > 0 && k < 20; k++) {
    HPO_TRY(status, hpo_trial_sample(seed + k, p, (hpo_id)k, &t, err));
    if (t->state == HPO_TRIAL_COMPLETE)
      HPO_TRY(status, hpo_known_add(p, k % p->n_warm, t, err));
    hpo_trial_destroy(t);
    t = NULL;
  }
done:
  hpo_trial_destroy(t);
  return status;
}

static hpo_status sample_parts(hpo_rng *rng, uint64_t seed, hpo_plan *p,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  char metric[32];

  p->n_model = 1;
  HPO_TRY(status,
          hpo_mem_grow(&p->model, &p->model_room, 1, sizeof *p->model, err));
  HPO_TRY(status, sample_members(rng, hpo_plan_model_members, p->model, err));
  HPO_TRY(status, hpo_mem_grow(&p->objective, &p->objective_room, 2,
                               sizeof *p->objective, err));
  p->n_objective = 1 + hpo_rng_below(rng, 2);
  for (size_t i = 0; i < p->n_objective; i++) {
    snprintf(metric, sizeof metric, "metric%zu", i);
    HPO_TRY(status, hpo_mem_string(metric, &p->objective[i].metric, err));
    p->objective[i].maximize = hpo_rng_below(rng, 2) == 1;
    p->objective[i].reference = (double)NAN;
  }
  p->n_constraint = hpo_rng_below(rng, 3);
  HPO_TRY(status, hpo_mem_grow(&p->constraint, &p->constraint_room, 2,
                               sizeof *p->constraint, err));
  for (size_t i = 0; i < p->n_constraint; i++) {
    HPO_TRY(status, sample_members(rng, hpo_plan_constraint_members,
                                   &p->constraint[i], err));
    hpo_mem_free(p->constraint[i].metric);
    p->constraint[i].metric = NULL;
    snprintf(metric, sizeof metric, "metric%zu", i + 1);
    HPO_TRY(status, hpo_mem_string(metric, &p->constraint[i].metric, err));
  }
  hpo_names_free(&p->report); /* metrics name columns, and are never empty */
  for (size_t i = hpo_rng_below(rng, 4); i > 0; i--) {
    snprintf(metric, sizeof metric, "größe %zu", i);
    HPO_TRY(status, hpo_names_add(&p->report, metric, err));
  }
  HPO_TRY(status, hpo_space_sample(seed, &p->space, err));
  HPO_TRY(status,
          sample_members(rng, hpo_plan_choice_members, &p->sampler, err));
  HPO_TRY(status,
          sample_members(rng, hpo_plan_choice_members, &p->pruner, err));
  HPO_TRY(status, sample_members(rng, hpo_plan_terminator_members,
                                 &p->terminator, err));
  HPO_TRY(status, sample_enqueue(rng, p, err));
  HPO_TRY(status, sample_forbidden(rng, &p->space, err));
  HPO_TRY(status, sample_known(rng, seed, p, err));
done:
  return status;
}

hpo_status hpo_plan_sample(uint64_t seed, hpo_plan **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 3, 0);
  hpo_plan *p = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  HPO_TRY(status, sample_members(&rng, hpo_plan_members, p, err));
  HPO_TRY(status, sample_members(&rng, hpo_plan_data_members, &p->data, err));
  HPO_TRY(status, sample_parts(&rng, seed, p, err));
  *out = p;
  p = NULL;
done:
  hpo_plan_destroy(p);
  return status;
}
