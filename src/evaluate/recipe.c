/* SPDX-License-Identifier: BSD-3-Clause */
/* What a point says about its model: the kind, its options, and parameters
 * that are no options. */
#include "evaluate/fit.h"
#include "hpo/mem.h"

#include <math.h>
#include <string.h>

static hpo_status collect_free(hpo_recipe *r, const hpo_plan *plan,
                               const double *x, size_t model, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *s = &plan->space;
  const hpo_settings *fixed = &plan->model[model].fixed;
  size_t room = s->n_param + fixed->n;

  HPO_TRY(status, hpo_mem_new(room, sizeof *r->free_name, &r->free_name, err));
  HPO_TRY(status,
          hpo_mem_new(room, sizeof *r->free_value, &r->free_value, err));
  for (size_t i = 0; i < s->n_param; i++) {
    const hpo_param *p = &s->param[i];
    if (p->model != (int)model || isnan(x[i]) ||
        hpo_options_find(r->kind->option, r->kind->n_option, p->name))
      continue;
    r->free_name[r->n_free] = p->name;
    r->free_value[r->n_free] = x[i];
    if (p->kind == HPO_PARAM_CATEGORICAL)
      (void)hpo_options_parse_float(p->choice[(size_t)x[i]],
                                    &r->free_value[r->n_free]);
    r->n_free++;
  }
  for (size_t i = 0; i < fixed->n; i++) {
    if (hpo_options_find(r->kind->option, r->kind->n_option,
                         fixed->item[i].name))
      continue;
    r->free_name[r->n_free] = fixed->item[i].name;
    if (!hpo_options_parse_float(fixed->item[i].value,
                                 &r->free_value[r->n_free]))
      HPO_FAIL(status, err, HPO_EINVAL, "%s = \"%s\" is not a number",
               fixed->item[i].name, fixed->item[i].value);
    r->n_free++;
  }
done:
  return status;
}

hpo_status hpo_recipe_create(const hpo_plan *plan, const double *x,
                             hpo_recipe *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_recipe r = {0};
  size_t model = hpo_evaluate_model(plan, x);

  r.kind = hpo_model_find(plan->model[model].kind);
  HPO_ASSERT(r.kind);
  HPO_TRY(status, hpo_evaluate_options(plan, model, x, &r.options, err));
  if (r.kind->free_params)
    HPO_TRY(status, collect_free(&r, plan, x, model, err));
  *out = r;
  r = (hpo_recipe){0};
done:
  hpo_recipe_free(&r);
  return status;
}

void hpo_recipe_free(hpo_recipe *r) {
  hpo_options_destroy(r->options);
  hpo_mem_free(r->free_name);
  hpo_mem_free(r->free_value);
  *r = (hpo_recipe){0};
}
