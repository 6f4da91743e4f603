/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters as axes of a density: see parzen.h. */
#include "sampler/parzen.h"

#include <math.h>

hpo_axis hpo_axis_make(const hpo_param *p) {
  hpo_axis a = {.param = p, .kind = HPO_AXIS_UNIT};
  double n = hpo_param_cardinality(p);

  if (hpo_param_is_unordered(p))
    a.kind = HPO_AXIS_CHOICE;
  else if (!p->log && n <= HPO_AXIS_LEVELS)
    a.kind = HPO_AXIS_LEVEL;
  if (a.kind != HPO_AXIS_UNIT)
    a.n_level = (size_t)n;
  else if (isfinite(n))
    a.cells = n;
  return a;
}

static double last_below(double x, double n) {
  double k = floor(x * n);
  return k < 0 ? 0 : k > n - 1 ? n - 1 : k;
}

double hpo_axis_place(const hpo_axis *a, double value) {
  if (isnan(value) || a->kind == HPO_AXIS_CHOICE)
    return value;
  double u = hpo_param_to_unit(a->param, value);
  return a->kind == HPO_AXIS_LEVEL ? last_below(u, (double)a->n_level) : u;
}

double hpo_axis_value(const hpo_axis *a, double place) {
  if (a->kind == HPO_AXIS_CHOICE)
    return place;
  if (a->kind == HPO_AXIS_LEVEL)
    place = (place + 0.5) / (double)a->n_level;
  return hpo_param_from_unit(a->param, place);
}

double hpo_axis_snap(const hpo_axis *a, double place) {
  if (a->kind == HPO_AXIS_CHOICE)
    return place;
  if (a->kind == HPO_AXIS_LEVEL)
    return last_below(place, (double)a->n_level);
  if (a->cells == 0)
    return place;
  if (a->param->log)
    return hpo_param_to_unit(a->param, hpo_param_from_unit(a->param, place));
  return (last_below(place, a->cells) + 0.5) / a->cells;
}
