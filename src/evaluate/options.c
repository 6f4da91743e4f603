/* SPDX-License-Identifier: BSD-3-Clause */
/* Which model a point chooses, and its options. */
#include "hpo/evaluate.h"
#include "hpo/mem.h"

#include <math.h>
#include <string.h>

size_t hpo_evaluate_model(const hpo_plan *plan, const double *x) {
  if (plan->n_model < 2)
    return 0;
  ptrdiff_t i = hpo_space_find(&plan->space, "model");
  HPO_ASSERT(i >= 0 && x[i] >= 0);
  return (size_t)x[i];
}

static hpo_status set_point(const hpo_plan *plan, size_t model,
                            const hpo_model_kind *kind, const double *x,
                            hpo_options *o, hpo_error *err) {
  hpo_status status = HPO_OK;
  for (size_t i = 0; i < plan->space.n_param; i++) {
    const hpo_param *p = &plan->space.param[i];
    if (p->model != (int)model || isnan(x[i]) ||
        !hpo_options_find(kind->option, kind->n_option, p->name))
      continue;
    if (p->kind == HPO_PARAM_CATEGORICAL)
      HPO_TRY(status,
              hpo_options_set(o, p->name, p->choice[(size_t)x[i]], err));
    else
      HPO_TRY(status, hpo_options_set_number(o, p->name, x[i], err));
  }
done:
  return status;
}

hpo_status hpo_evaluate_options(const hpo_plan *plan, size_t model,
                                const double *x, hpo_options **out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;
  const hpo_plan_model *m = &plan->model[model];
  const hpo_model_kind *kind = hpo_model_find(m->kind);

  if (!kind)
    HPO_FAIL(status, err, HPO_EINVAL, "unknown model kind \"%s\"", m->kind);
  HPO_TRY(status, hpo_options_create(kind->option, kind->n_option, &o, err));
  for (size_t i = 0; i < m->fixed.n; i++)
    if (!(kind->free_params || kind->any_params) ||
        hpo_options_find(kind->option, kind->n_option, m->fixed.item[i].name))
      HPO_TRY(status, hpo_options_set(o, m->fixed.item[i].name,
                                      m->fixed.item[i].value, err));
  if (x)
    HPO_TRY(status, set_point(plan, model, kind, x, o, err));

  *out = o;
  o = NULL;
done:
  hpo_options_destroy(o);
  return status;
}

ptrdiff_t hpo_evaluate_steps_param(const hpo_plan *plan, size_t model) {
  const char *name = hpo_model_find(plan->model[model].kind)->steps_option;
  ptrdiff_t found = -1;

  for (size_t i = 0; name && i < plan->space.n_param; i++) {
    const hpo_param *p = &plan->space.param[i];
    if (p->model != (int)model || strcmp(p->name, name) != 0)
      continue;
    if (found >= 0)
      return -1; /* one below each of several choices */
    found = (ptrdiff_t)i;
  }
  return found;
}

int64_t hpo_evaluate_patience(const hpo_plan *plan, const double *x) {
  const size_t model = hpo_evaluate_model(plan, x);
  const hpo_model_kind *kind = hpo_model_find(plan->model[model].kind);
  hpo_options *o = NULL;
  int64_t patience = 0;

  if (kind->patience &&
      hpo_evaluate_options(plan, model, x, &o, NULL) != HPO_OK)
    return -1;
  if (kind->patience)
    patience = kind->patience(o);
  hpo_options_destroy(o);
  return patience;
}
