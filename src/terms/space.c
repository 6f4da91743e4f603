/* SPDX-License-Identifier: BSD-3-Clause */
/* The search space: its list of parameters, conditions, checks of points.
 * What concerns the values of one parameter stands in param.c. */
#include "hpo/space.h"

#include "hpo/mem.h"

#include <math.h>
#include <string.h>

static void param_free(hpo_param *p) {
  hpo_mem_free(p->name);
  hpo_mem_free(p->full_name);
  for (size_t i = 0; i < p->n_choice; i++)
    hpo_mem_free(p->choice[i]);
  hpo_mem_free(p->choice);
  *p = (hpo_param){0};
}

void hpo_space_free(hpo_space *s) {
  for (size_t i = 0; i < s->n_param; i++)
    param_free(&s->param[i]);
  hpo_mem_free(s->param);
  hpo_mem_free(s->forbidden);
  *s = (hpo_space){0};
}

static hpo_status param_copy(const hpo_param *from, hpo_param *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_param p = *from;

  p.name = p.full_name = NULL;
  p.choice = NULL;
  p.n_choice = 0;
  HPO_TRY(status, hpo_mem_string(from->name, &p.name, err));
  HPO_TRY(status, hpo_mem_string(from->full_name, &p.full_name, err));
  HPO_TRY(status,
          hpo_mem_new(from->n_choice, sizeof *p.choice, &p.choice, err));
  p.n_choice = from->n_choice;
  if (p.ordered) {
    p.low = 0;
    p.high = (double)p.n_choice - 1;
    p.step = 1;
  }
  for (size_t i = 0; i < p.n_choice; i++)
    HPO_TRY(status, hpo_mem_string(from->choice[i], &p.choice[i], err));
  *out = p;
  p = (hpo_param){0};
done:
  param_free(&p);
  return status;
}

hpo_status hpo_space_add(hpo_space *s, const hpo_param *p, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_ASSERT(p->parent < (ptrdiff_t)s->n_param);
  HPO_TRY(status, hpo_mem_grow(&s->param, &s->room, s->n_param + 1,
                               sizeof *s->param, err));
  HPO_TRY(status, param_copy(p, &s->param[s->n_param], err));
  s->n_param++;
done:
  return status;
}

hpo_status hpo_space_forbid(hpo_space *s, hpo_range range, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_ASSERT(range.param < s->n_param);
  HPO_TRY(status, hpo_mem_grow(&s->forbidden, &s->forbidden_room,
                               s->n_forbidden + 1, sizeof range, err));
  s->forbidden[s->n_forbidden++] = range;
done:
  return status;
}

ptrdiff_t hpo_space_forbids(const hpo_space *s, const double *x) {
  bool holds = true;

  for (size_t i = 0; i < s->n_forbidden; i++) {
    const hpo_range *r = &s->forbidden[i];
    holds = holds && x[r->param] >= r->low && x[r->param] <= r->high;
    if (i + 1 < s->n_forbidden && s->forbidden[i + 1].rule == r->rule)
      continue;
    if (holds)
      return (ptrdiff_t)r->rule;
    holds = true;
  }
  return -1;
}

ptrdiff_t hpo_space_find(const hpo_space *s, const char *full_name) {
  for (size_t i = 0; i < s->n_param; i++)
    if (strcmp(s->param[i].full_name, full_name) == 0)
      return (ptrdiff_t)i;
  return -1;
}

bool hpo_space_active(const hpo_space *s, const double *x, size_t i) {
  while (s->param[i].parent >= 0) {
    size_t parent = (size_t)s->param[i].parent;
    if (!(x[parent] == (double)s->param[i].parent_choice))
      return false;
    i = parent;
  }
  return true;
}

void hpo_space_mask(const hpo_space *s, double *x) {
  for (size_t i = 0; i < s->n_param; i++)
    if (!hpo_space_active(s, x, i))
      x[i] = (double)NAN;
}

static hpo_status check_value(const hpo_param *p, double value,
                              hpo_error *err) {
  char text[64];
  double near = hpo_param_round(p, value);
  double slack = 1e-9 * p->step;

  if (isnan(value))
    return hpo_error_set(err, HPO_EINVAL,
                         "parameter %s is active here but has no value",
                         p->full_name);
  if (value == near || fabs(value - near) <= slack)
    return HPO_OK;
  if (p->kind == HPO_PARAM_CATEGORICAL)
    return hpo_error_set(err, HPO_EINVAL,
                         "parameter %s has no choice number %g (it has %zu)",
                         p->full_name, value, p->n_choice);
  return hpo_error_set(err, HPO_EINVAL,
                       "parameter %s cannot be %.17g: %s is the nearest "
                       "value that it can take",
                       p->full_name, value,
                       hpo_param_format(p, near, text, sizeof text));
}

hpo_status hpo_space_check(const hpo_space *s, const double *x,
                           hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < s->n_param; i++) {
    const hpo_param *p = &s->param[i];
    if (hpo_space_active(s, x, i)) {
      HPO_TRY(status, check_value(p, x[i], err));
    } else if (!isnan(x[i])) {
      const hpo_param *parent = &s->param[p->parent];
      HPO_FAIL(status, err, HPO_EINVAL,
               "parameter %s has a value, but it is inactive unless %s is %s",
               p->full_name, parent->full_name,
               parent->choice[p->parent_choice]);
    }
  }
  if (hpo_space_forbids(s, x) >= 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "the point is one that <forbidden> %td leaves out",
             hpo_space_forbids(s, x) + 1);
done:
  return status;
}

bool hpo_space_equal_points(const hpo_space *s, const double *a,
                            const double *b) {
  for (size_t i = 0; i < s->n_param; i++)
    if (!(a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))))
      return false;
  return true;
}

bool hpo_space_is_countable(const hpo_space *s) {
  for (size_t i = 0; i < s->n_param; i++)
    if (isinf(hpo_param_cardinality(&s->param[i])))
      return false;
  return true;
}
