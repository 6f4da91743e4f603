/* SPDX-License-Identifier: BSD-3-Clause */
/* What a point says about its model: the kind, its options, and parameters
 * that are no options. */
#include "evaluate/fit.h"
#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static hpo_status add_free(hpo_recipe *r, const char *name, const char *text,
                           double value, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_string(text, &r->free_text[r->n_free], err));
  r->free_name[r->n_free] = name;
  r->free_value[r->n_free] = value;
  r->n_free++;
done:
  return status;
}

/* A parameter that is searched, at the point's value x. */
static hpo_status add_searched(hpo_recipe *r, const hpo_param *p, double x,
                               hpo_error *err) {
  char text[64];
  double value = x;

  if (p->kind == HPO_PARAM_CATEGORICAL) {
    (void)hpo_options_parse_float(p->choice[(size_t)x], &value);
    return add_free(r, p->name, p->choice[(size_t)x], value, err);
  }
  if (p->kind == HPO_PARAM_INT)
    (void)snprintf(text, sizeof text, "%lld", (long long)x);
  else
    (void)hpo_options_format_float(x, text);
  return add_free(r, p->name, text, value, err);
}

static hpo_status collect_free(hpo_recipe *r, const hpo_plan *plan,
                               const double *x, size_t model, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *s = &plan->space;
  const hpo_settings *fixed = &plan->model[model].fixed;
  size_t room = s->n_param + fixed->n;

  HPO_TRY(status, hpo_mem_new(room, sizeof *r->free_name, &r->free_name, err));
  HPO_TRY(status,
          hpo_mem_new(room, sizeof *r->free_value, &r->free_value, err));
  HPO_TRY(status, hpo_mem_new(room, sizeof *r->free_text, &r->free_text, err));
  for (size_t i = 0; i < s->n_param; i++) {
    const hpo_param *p = &s->param[i];
    if (p->model == (int)model && !isnan(x[i]) &&
        !hpo_options_find(r->kind->option, r->kind->n_option, p->name))
      HPO_TRY(status, add_searched(r, p, x[i], err));
  }
  for (size_t i = 0; i < fixed->n; i++) {
    const hpo_setting *f = &fixed->item[i];
    double value = NAN;
    if (hpo_options_find(r->kind->option, r->kind->n_option, f->name))
      continue;
    if (!hpo_options_parse_float(f->value, &value) && r->kind->free_params)
      HPO_FAIL(status, err, HPO_EINVAL, "%s = \"%s\" is not a number", f->name,
               f->value);
    HPO_TRY(status, add_free(r, f->name, f->value, value, err));
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
  if (r.kind->free_params || r.kind->any_params)
    HPO_TRY(status, collect_free(&r, plan, x, model, err));
  HPO_TRY(status, hpo_plan_metrics(plan, &r.metrics, err));
  r.trial = (hpo_model_trial){.study_folder = plan->folder,
                              .output = plan->output,
                              .metric = (const char *const *)r.metrics.item,
                              .n_metric = r.metrics.n,
                              .files = plan->has_data ? &plan->data : NULL,
                              .patterns = &plan->model[model].patterns};
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
  for (size_t i = 0; i < r->n_free; i++)
    hpo_mem_free(r->free_text[i]);
  hpo_mem_free(r->free_text);
  hpo_names_free(&r->metrics);
  *r = (hpo_recipe){0};
}
