/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of samplers, and the face that the scheduler calls. */
#include "sampler/allowed.h"
#include "sampler/chosen.h"
#include "sampler/fresh.h"
#include "sampler/kinds.h"

#include "hpo/mem.h"

#include <math.h>
#include <string.h>

struct hpo_sampler {
  const hpo_sampler_kind *kind;
  const hpo_plan *plan; /* borrowed */
  hpo_options *options; /* owned */
  void *self;           /* the kind's cache, owned */
  hpo_fresh fresh;      /* of a kind that draws blindly */
};

static const hpo_sampler_kind *const all[] = {
    &hpo_sampler_random, &hpo_sampler_tpe, &hpo_sampler_grid, &hpo_sampler_qmc,
    &hpo_sampler_cmaes,  &hpo_sampler_gp,  &hpo_sampler_nsga2};

const hpo_sampler_kind *const *hpo_sampler_kinds(size_t *n) {
  *n = sizeof all / sizeof *all;
  return all;
}

const hpo_sampler_kind *hpo_sampler_find(const char *name) {
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(all[i]->name, name) == 0)
      return all[i];
  return NULL;
}

static hpo_status unknown(const char *name, hpo_error *err) {
  const char *names[sizeof all / sizeof *all];
  const size_t n = sizeof all / sizeof *all;

  for (size_t i = 0; i < n; i++)
    names[i] = all[i]->name;
  return hpo_chosen_unknown("sampler", name, names, n, err);
}

static hpo_status check_space(const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = plan->space.n_param;
  double *x = NULL;

  if (plan->space.n_forbidden == 0)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(n, sizeof *x, &x, err));
  HPO_TRY(status, hpo_allowed_draw(plan, 0, NULL, x, err));
  for (size_t i = 0; i < plan->n_enqueue; i++)
    HPO_TRY(status,
            hpo_allowed_draw(plan, (hpo_id)i, plan->enqueue + i * n, x, err));
done:
  hpo_mem_free(x);
  return status;
}

/* A grid looks at nothing either, but has each point once. */
static bool draws_blindly(const hpo_sampler_kind *kind) {
  return kind->is_blind && kind->count == NULL;
}

hpo_status hpo_sampler_create(const hpo_plan *plan, hpo_sampler **out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sampler *s = NULL;
  const hpo_sampler_kind *kind = hpo_sampler_find(plan->sampler.name);

  if (kind == NULL)
    HPO_TRY(status, unknown(plan->sampler.name, err));
  if (!kind->is_built)
    HPO_FAIL(status, err, HPO_EINVAL,
             "sampler \"%s\" is not built yet in this version", kind->name);
  HPO_TRY(status, check_space(plan, err));
  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  s->kind = kind;
  s->plan = plan;
  HPO_TRY(status, hpo_chosen_options("sampler", &plan->sampler, kind->option,
                                     kind->n_option, &s->options, err));
  if (draws_blindly(kind))
    HPO_TRY(status, hpo_fresh_init(&s->fresh, plan, err));
  if (kind->create != NULL)
    HPO_TRY(status, kind->create(s->options, plan, &s->self, err));
  *out = s;
  s = NULL; /* now the caller's */
done:
  hpo_sampler_destroy(s);
  return status;
}

void hpo_sampler_destroy(hpo_sampler *s) {
  if (s == NULL)
    return;
  if (s->kind->destroy != NULL)
    s->kind->destroy(s->self);
  hpo_options_destroy(s->options);
  hpo_fresh_free(&s->fresh);
  hpo_mem_free(s);
}

/* What was drawn for each enqueued trial when the sampler was made, and for
 * trial 0 where nothing is given, is there again. */
static hpo_status replace_forbidden(const hpo_plan *plan, const hpo_view *view,
                                    hpo_id number, const double *given,
                                    double *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool moved = false;

  if (hpo_allowed_draw(plan, number, given, x, err) == HPO_OK)
    goto done;
  if (given == NULL)
    HPO_TRY(status, hpo_allowed_move(plan, view, number, x, &moved, err));
  if (!moved)
    HPO_TRY(status, hpo_allowed_draw(plan, 0, given, x, err));
done:
  return status;
}

hpo_status hpo_sampler_suggest(hpo_sampler *s, const hpo_view *view,
                               hpo_id number, const double *given, double *x,
                               hpo_error *err) {
  hpo_status status =
      s->kind->suggest(s->self, s->options, view, number, given, x, err);

  if (status == HPO_OK && hpo_space_forbids(&s->plan->space, x) >= 0)
    status = replace_forbidden(s->plan, view, number, given, x, err);
  if (status == HPO_OK && draws_blindly(s->kind))
    status = hpo_fresh_move(&s->fresh, view, number, given, x, err);
  return status;
}

double hpo_sampler_trials(const hpo_sampler *s) {
  return s->kind->count == NULL
             ? (double)INFINITY
             : (double)s->plan->n_enqueue + s->kind->count(s->self);
}

int64_t hpo_sampler_budget(const hpo_sampler *s) {
  double most = hpo_sampler_trials(s);

  if (isinf(most) || (s->plan->trials > 0 && (double)s->plan->trials <= most))
    return s->plan->trials;
  return (int64_t)most;
}
