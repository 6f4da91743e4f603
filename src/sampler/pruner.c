/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of pruners, and the face that the scheduler calls. */
#include "sampler/chosen.h"
#include "sampler/kinds.h"

#include "hpo/mem.h"

#include <math.h>
#include <string.h>

struct hpo_pruner {
  const hpo_pruner_kind *kind;
  const hpo_plan *plan; /* borrowed */
  hpo_options *options; /* owned */
  void *self;           /* the kind's cache, owned */
};

const hpo_pruner_kind hpo_pruner_none = {
    .name = "none",
    .help = "Every trial runs to its end: where steps are few, or the end "
            "alone counts.",
    .is_built = true};

static const hpo_pruner_kind *const all[] = {
    &hpo_pruner_none,    &hpo_pruner_median,    &hpo_pruner_percentile,
    &hpo_pruner_halving, &hpo_pruner_hyperband, &hpo_pruner_bounds,
    &hpo_pruner_patient};

const hpo_pruner_kind *const *hpo_pruner_kinds(size_t *n) {
  *n = sizeof all / sizeof *all;
  return all;
}

const hpo_pruner_kind *hpo_pruner_find(const char *name) {
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
  return hpo_chosen_unknown("pruner", name, names, n, err);
}

hpo_status hpo_pruner_create(const hpo_plan *plan, hpo_pruner **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_pruner *p = NULL;
  const hpo_pruner_kind *kind = hpo_pruner_find(plan->pruner.name);

  if (kind == NULL)
    HPO_TRY(status, unknown(plan->pruner.name, err));
  if (!kind->is_built)
    HPO_FAIL(status, err, HPO_EINVAL,
             "pruner \"%s\" is not built yet in this version", kind->name);
  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  p->kind = kind;
  p->plan = plan;
  HPO_TRY(status, hpo_chosen_options("pruner", &plan->pruner, kind->option,
                                     kind->n_option, &p->options, err));
  if (kind->create != NULL)
    HPO_TRY(status, kind->create(p->options, plan, &p->self, err));
  *out = p;
  p = NULL; /* now the caller's */
done:
  hpo_pruner_destroy(p);
  return status;
}

void hpo_pruner_destroy(hpo_pruner *p) {
  if (p == NULL)
    return;
  if (p->kind->destroy != NULL)
    p->kind->destroy(p->self);
  hpo_options_destroy(p->options);
  hpo_mem_free(p);
}

bool hpo_pruner_needs_reports(const hpo_pruner *p) {
  return p->kind->needs_reports && !hpo_pruner_rule(p).is_alone;
}

bool hpo_pruner_ladder(const hpo_pruner *p, size_t model, hpo_ladder *out) {
  if (p->kind->ladder == NULL)
    return false;
  p->kind->ladder(p->options, p->plan, model, out);
  return true;
}

hpo_rule hpo_pruner_rule(const hpo_pruner *p) {
  hpo_rule rule = {0};

  if (p->kind->rule != NULL)
    p->kind->rule(p->options, &rule);
  return rule;
}

hpo_status hpo_pruner_threshold(hpo_pruner *p, const hpo_view *view,
                                hpo_id number, int64_t step,
                                hpo_pruner_verdict *out, hpo_error *err) {
  if (p->kind->threshold == NULL || hpo_pruner_rule(p).is_alone) {
    *out = (hpo_pruner_verdict){.threshold = (double)NAN};
    return HPO_OK;
  }
  return p->kind->threshold(p->self, p->options, view, number, step, out, err);
}

hpo_status hpo_pruner_thresholds(hpo_pruner *p, const hpo_view *view,
                                 hpo_id number, double **out, size_t *n,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  double *bar = NULL;
  hpo_pruner_verdict v = {.threshold = (double)NAN};
  size_t used = 0;

  HPO_TRY(status, hpo_pruner_threshold(p, view, number, 1, &v, err));
  HPO_TRY(status, hpo_mem_new((size_t)v.steps, sizeof *bar, &bar, err));
  for (int64_t step = 1; step <= v.steps; step++) {
    HPO_TRY(status, hpo_pruner_threshold(p, view, number, step, &v, err));
    bar[step - 1] = v.threshold;
    if (!isnan(v.threshold))
      used = (size_t)step;
  }
  if (used == 0) {
    hpo_mem_free(bar);
    bar = NULL;
  }
  *out = bar;
  *n = used;
  bar = NULL; /* now the caller's */
done:
  hpo_mem_free(bar);
  return status;
}
