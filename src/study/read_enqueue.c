/* SPDX-License-Identifier: BSD-3-Clause */
/* <enqueue>: points to try first. */
#include <math.h>
#include <string.h>

#include "reading.h"

/* A name that the space does not have: the nearest, or the same one of one
   of several models. */
static hpo_status unknown_param(hpo_reading *r, const hpo_node *node,
                                const char *name, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *space = &r->plan->space;
  hpo_names names = {0};
  hpo_buffer b = {0};
  const char *own = NULL;

  for (size_t m = 0; m < r->plan->n_model; m++)
    for (size_t i = 0; i < r->plan->model[m].fixed.n; i++)
      if (strcmp(r->plan->model[m].fixed.item[i].name, name) == 0)
        own = name;
  for (size_t i = 0; i < space->n_param; i++) {
    const hpo_param *p = &space->param[i];
    if (strcmp(p->name, name) == 0)
      own = p->full_name;
    HPO_TRY(status, hpo_names_add(&names, p->full_name, err));
  }
  HPO_TRY(status, hpo_faults_allowed(&b, own != NULL ? own : name, &names, "",
                                     "", err));
  HPO_TRY(status, hpo_faults_add(r->faults, node, "name", err,
                                 "the study does not search \"%.60s\"%s", name,
                                 hpo_faults_text(&b)));
done:
  hpo_names_free(&names);
  hpo_buffer_free(&b);
  return status;
}

hpo_status hpo_read_param_name(hpo_reading *r, const hpo_node *node,
                               ptrdiff_t *out, hpo_error *err) {
  const char *name = hpo_node_get(node, "name");

  *out = hpo_space_find(&r->plan->space, name);
  return *out < 0 ? unknown_param(r, node, name, err) : HPO_OK;
}

static hpo_status read_set(hpo_reading *r, const hpo_node *node, double *x,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *space = &r->plan->space;
  const char *name = hpo_node_get(node, "name");
  ptrdiff_t i = -1;
  double value = NAN;

  HPO_TRY(status, hpo_read_param_name(r, node, &i, err));
  if (i < 0)
    goto done;
  if (!isnan(x[i]))
    return hpo_faults_add(r->faults, node, "name", err,
                          "\"%.60s\" is set twice", name);
  HPO_TRY(status, hpo_read_fault(r, node, "value",
                                 hpo_param_parse(&space->param[i],
                                                 hpo_node_get(node, "value"),
                                                 &value, err),
                                 err));
  x[i] = value;
done:
  return status;
}

/* A conditional parameter brings its parents' choices along; a parent that
   is set otherwise leaves it inactive. */
static hpo_status check_parents(hpo_reading *r, const hpo_node *node,
                                double *x, hpo_error *err) {
  const hpo_space *space = &r->plan->space;
  const char *name = hpo_node_get(node, "name");
  ptrdiff_t i = hpo_space_find(space, name);

  if (i < 0 || isnan(x[i]))
    return HPO_OK;
  for (const hpo_param *p = &space->param[i]; p->parent >= 0;
       p = &space->param[p->parent]) {
    const hpo_param *parent = &space->param[p->parent];
    double *choice = &x[p->parent];
    if (isnan(*choice))
      *choice = (double)p->parent_choice;
    if (*choice < (double)p->parent_choice ||
        *choice > (double)p->parent_choice)
      return hpo_faults_add(r->faults, node, "name", err,
                            "\"%.60s\" counts only where %s is \"%.60s\", "
                            "and that is set to \"%.60s\"",
                            name, parent->full_name,
                            parent->choice[p->parent_choice],
                            parent->choice[(size_t)*choice]);
  }
  return HPO_OK;
}

static hpo_status read_point(hpo_reading *r, const hpo_node *point, double *x,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *node = NULL;

  for (size_t i = 0; i < r->plan->space.n_param; i++)
    x[i] = NAN;
  for (size_t i = 0; (node = hpo_node_child(point, "set", i)) != NULL; i++)
    if (!node->bad)
      HPO_TRY(status, read_set(r, node, x, err));
  for (size_t i = 0; (node = hpo_node_child(point, "set", i)) != NULL; i++)
    if (!node->bad)
      HPO_TRY(status, check_parents(r, node, x, err));
  if (hpo_space_forbids(&r->plan->space, x) >= 0)
    HPO_TRY(status, hpo_faults_add(r->faults, point, NULL, err,
                                   "the point is one that <forbidden> %td "
                                   "leaves out",
                                   hpo_space_forbids(&r->plan->space, x) + 1));
done:
  return status;
}

hpo_status hpo_read_enqueued(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  size_t n = hpo_node_count(r->root, "enqueue");
  const hpo_node *node = NULL;

  if (!r->knows_params || n == 0)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(n * p->space.n_param, sizeof *p->enqueue,
                              &p->enqueue, err));
  for (size_t i = 0; (node = hpo_node_child(r->root, "enqueue", i)) != NULL;
       i++)
    if (!node->bad)
      HPO_TRY(status,
              read_point(r, node,
                         p->enqueue + p->n_enqueue++ * p->space.n_param, err));
done:
  return status;
}
