/* SPDX-License-Identifier: BSD-3-Clause */
/* <forbidden>: combinations that are never tried. */
#include <math.h>

#include "reading.h"

/* One end of a range, open where the attribute is not there. */
static hpo_status read_end(hpo_reading *r, const hpo_node *node,
                           const char *attr, double *out, hpo_error *err) {
  const char *text = hpo_node_get(node, attr);

  if (text == NULL || (hpo_options_parse_float(text, out) && isfinite(*out)))
    return HPO_OK;
  return hpo_faults_add(r->faults, node, attr, err,
                        "%s can't be \"%.40s\"; allowed: a finite number",
                        attr, text);
}

/* A range of an ordinal's choices. */
static hpo_status read_choices(hpo_reading *r, const hpo_node *node,
                               const hpo_param *p, hpo_range *range,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *low = hpo_node_get(node, "low");
  const char *high = hpo_node_get(node, "high");

  range->low = 0;
  range->high = (double)p->n_choice - 1;
  if (low != NULL)
    HPO_TRY(status,
            hpo_read_fault(r, node, "low",
                           hpo_param_parse(p, low, &range->low, err), err));
  if (high != NULL)
    HPO_TRY(status,
            hpo_read_fault(r, node, "high",
                           hpo_param_parse(p, high, &range->high, err), err));
  if (range->low > range->high)
    HPO_TRY(status, hpo_faults_add(r->faults, node, NULL, err,
                                   "low=\"%.40s\" comes after high=\"%.40s\" "
                                   "among the choices of %.60s",
                                   low, high, p->full_name));
done:
  return status;
}

static hpo_status read_range(hpo_reading *r, const hpo_node *node,
                             const hpo_param *p, hpo_range *range,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  if (p->ordered)
    return read_choices(r, node, p, range, err);
  if (p->kind == HPO_PARAM_CATEGORICAL)
    return hpo_faults_add(r->faults, node, NULL, err,
                          "%.60s is a choice; give value=", p->full_name);
  range->low = -(double)INFINITY;
  range->high = (double)INFINITY;
  HPO_TRY(status, read_end(r, node, "low", &range->low, err));
  HPO_TRY(status, read_end(r, node, "high", &range->high, err));
  if (range->low > p->high || range->high < p->low || range->low > range->high)
    HPO_TRY(status, hpo_faults_add(r->faults, node, NULL, err,
                                   "%.60s, from %g to %g, is never in this "
                                   "range",
                                   p->full_name, p->low, p->high));
done:
  return status;
}

static hpo_status read_when(hpo_reading *r, const hpo_node *node, size_t rule,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *value = hpo_node_get(node, "value");
  bool has_range =
      hpo_node_get(node, "low") != NULL || hpo_node_get(node, "high") != NULL;
  hpo_range range = {.rule = rule};
  ptrdiff_t i = -1;

  HPO_TRY(status, hpo_read_param_name(r, node, &i, err));
  if (i < 0)
    goto done;
  const hpo_param *p = &r->plan->space.param[i];
  range.param = (size_t)i;
  if ((value != NULL) == has_range) {
    HPO_TRY(status, hpo_faults_add(r->faults, node, NULL, err,
                                   "give value=, or low= and high= (one of "
                                   "them is enough)"));
    goto done;
  }
  if (has_range) {
    HPO_TRY(status, read_range(r, node, p, &range, err));
  } else {
    HPO_TRY(status,
            hpo_read_fault(r, node, "value",
                           hpo_param_parse(p, value, &range.low, err), err));
    range.high = range.low;
  }
  HPO_TRY(status, hpo_space_forbid(&r->plan->space, range, err));
done:
  return status;
}

hpo_status hpo_read_forbidden(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *node = NULL, *when = NULL;

  if (!r->knows_params)
    return HPO_OK;
  for (size_t i = 0; (node = hpo_node_child(r->root, "forbidden", i)) != NULL;
       i++)
    for (size_t k = 0; (when = hpo_node_child(node, "when", k)) != NULL; k++)
      if (!node->bad && !when->bad)
        HPO_TRY(status, read_when(r, when, i, err));
done:
  return status;
}
