/* SPDX-License-Identifier: BSD-3-Clause */
/* <model>: kind, fixed options, what is searched (read_param.c). */
#include <string.h>

#include "hpo/file.h"
#include "reading.h"

static hpo_status add_fixed(hpo_scope *s, hpo_options *o, const hpo_node *node,
                            const char *attr, const char *name,
                            const char *value, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_settings *fixed = &s->r->plan->model[s->model].fixed;
  const hpo_option *row = NULL;
  const char *spelt = value;
  double number = 0;
  bool has = false;

  HPO_TRY(status, hpo_read_has_option(
                      s, node, strcmp(attr, "value") == 0 ? "name" : attr,
                      name, &row, &has, err));
  if (!has)
    goto done;
  if (hpo_settings_get(fixed, name) != NULL)
    return hpo_faults_add(s->r->faults, node, attr, err,
                          "\"%.60s\" is fixed twice", name);
  if (row == NULL && !s->entry->any_params &&
      !hpo_options_parse_float(value, &number))
    return hpo_faults_add(s->r->faults, node, attr, err,
                          "%s can't be \"%.60s\"; allowed: a number", name,
                          value);
  if (row != NULL) {
    HPO_TRY(status, hpo_read_fault(s->r, node, attr,
                                   hpo_options_set(o, name, value, err), err));
    if (hpo_options_get_text(o, name) != NULL)
      spelt = hpo_options_get_text(o, name);
  }
  HPO_TRY(status, hpo_settings_add(fixed, name, spelt, node->line, err));
done:
  return status;
}

/* <fixed> and the attributes that are options. */
static hpo_status read_fixed(hpo_scope *s, const hpo_node *model,
                             hpo_error *err) {
  static const char *const attr[] = {"objective", "library", "run",
                                     "pattern",   "dir",     "keep"};
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;
  const hpo_node *node = NULL;

  HPO_TRY(status,
          hpo_options_create(s->entry->option, s->entry->n_option, &o, err));
  for (size_t i = 0; i < sizeof attr / sizeof *attr; i++) {
    const char *value = hpo_node_get(model, attr[i]);
    if (value != NULL)
      HPO_TRY(status, add_fixed(s, o, model, attr[i], attr[i], value, err));
  }
  for (size_t i = 0; (node = hpo_node_child(model, "fixed", i)) != NULL; i++)
    if (!node->bad)
      HPO_TRY(status,
              add_fixed(s, o, node, "value", hpo_node_get(node, "name"),
                        hpo_node_get(node, "value"), err));
done:
  hpo_options_destroy(o);
  return status;
}

static hpo_status check_task(hpo_reading *r, const hpo_node *node,
                             const hpo_entry *e, hpo_error *err) {
  hpo_task task = hpo_read_task(r);

  if (!r->knows_task || (e->tasks & 1U << task) != 0)
    return HPO_OK;
  if (task == HPO_TASK_NONE)
    return hpo_faults_add(r->faults, node, "kind", err,
                          "model %s needs <data>, and the study has none",
                          e->name);
  if (e->tasks == 1U << HPO_TASK_NONE)
    return hpo_faults_add(r->faults, node, "kind", err,
                          "model %s takes no <data>; remove it", e->name);
  return hpo_faults_add(r->faults, node, "kind", err,
                        "model %s is not for task %s", e->name,
                        hpo_task_name(task));
}

/* A model of the plan with a name of its own. */
static hpo_status add_model(hpo_reading *r, const hpo_node *node,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  hpo_plan_model made = {.line = node->line};
  const char *kind = hpo_node_get(node, "kind");
  const char *name = hpo_node_get(node, "name");

  name = name == NULL ? kind : name;
  for (size_t i = 0; i < p->n_model; i++)
    if (strcmp(p->model[i].name, name) == 0)
      HPO_TRY(status,
              hpo_faults_add(r->faults, node, NULL, err,
                             "two models are called \"%.60s\"; give each a "
                             "name=",
                             name));
  HPO_TRY(status, hpo_mem_string(name, &made.name, err));
  HPO_TRY(status, hpo_mem_string(kind, &made.kind, err));
  HPO_TRY(status, hpo_mem_grow(&p->model, &p->model_room, p->n_model + 1,
                               sizeof made, err));
  p->model[p->n_model++] = made;
  made = (hpo_plan_model){0};
done:
  hpo_mem_free(made.name);
  hpo_mem_free(made.kind);
  return status;
}

/* A plugin's options and tasks are its library's; s->entry is NULL where
   that is wrong. */
static hpo_status plug(hpo_scope *s, const hpo_node *node, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_entry *kind = s->entry;
  const char *library = hpo_node_get(node, "library");
  char *path = NULL;
  size_t faults = s->r->faults->n;

  if (!kind->has_library)
    return HPO_OK;
  s->entry = NULL;
  if (library == NULL)
    return hpo_faults_add(s->r->faults, node, NULL, err,
                          "library= is missing: the shared library, as in "
                          "library=\"./libmine.so\"");
  HPO_TRY(status, hpo_file_resolve(s->r->path, library, &path, err));
  HPO_TRY(status,
          hpo_read_fault(s->r, node, "library",
                         hpo_catalog_plug(kind, path, &s->plugged, err), err));
  if (s->r->faults->n == faults)
    s->entry = &s->plugged.entry;
done:
  hpo_mem_free(path);
  return status;
}

static hpo_status read_model(hpo_reading *r, const hpo_node *node,
                             bool has_prefix, size_t choice, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_scope s = {.r = r, .has_prefix = has_prefix, .model = r->plan->n_model};

  HPO_TRY(status, add_model(r, node, err));
  HPO_TRY(status, hpo_read_entry(r, node, "kind", hpo_node_get(node, "kind"),
                                 HPO_ENTRY_MODEL, ~0U, &s.entry, err));
  if (s.entry != NULL)
    HPO_TRY(status, plug(&s, node, err));
  if (s.entry == NULL)
    goto done;
  HPO_TRY(status, check_task(r, node, s.entry, err));
  HPO_TRY(status, hpo_options_create(s.entry->option, s.entry->n_option,
                                     &s.scratch, err));
  HPO_TRY(status, read_fixed(&s, node, err));
  HPO_TRY(status, hpo_read_params(&s, node, has_prefix ? 0 : -1, choice, err));
  HPO_TRY(status, hpo_read_command(&s, node, err));
  HPO_TRY(status, hpo_read_defaults(s.entry, &s.declared,
                                    &r->plan->model[s.model].fixed, err));
done:
  hpo_options_destroy(s.scratch);
  hpo_names_free(&s.declared);
  hpo_catalog_unplug(&s.plugged);
  return status;
}

/* Parameter 0 where there are several models: which one. */
static hpo_status add_choice(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names names = {0};
  const hpo_node *node = NULL;
  char word[] = "model";

  for (size_t i = 0; (node = hpo_node_child(r->root, "model", i)) != NULL;
       i++) {
    const char *name = hpo_node_get(node, "name");
    if (name == NULL)
      name = hpo_node_get(node, "kind");
    HPO_TRY(status, hpo_names_add(&names, name == NULL ? "" : name, err));
  }
  hpo_param p = {.name = word,
                 .full_name = word,
                 .model = -1,
                 .kind = HPO_PARAM_CATEGORICAL,
                 .choice = names.item,
                 .n_choice = names.n,
                 .parent = -1};
  HPO_TRY(status, hpo_space_add(&r->plan->space, &p, err));
done:
  hpo_names_free(&names);
  return status;
}

/* Whether something in a node was left out, so that names may be unknown
   that are only misspelt. */
static bool is_bad(const hpo_node *node) {
  bool bad = node->bad;

  for (size_t i = 0; !bad && i < node->n_child; i++)
    bad = is_bad(node->child[i]);
  return bad;
}

hpo_status hpo_read_models(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *node = NULL;
  bool several = hpo_node_count(r->root, "model") > 1;
  size_t faults = r->faults->n;

  r->knows_params = true;
  if (several)
    HPO_TRY(status, add_choice(r, err));
  for (size_t i = 0; (node = hpo_node_child(r->root, "model", i)) != NULL;
       i++) {
    if (is_bad(node))
      r->knows_params = false;
    if (!node->bad)
      HPO_TRY(status, read_model(r, node, several, i, err));
  }
  r->knows_params = r->knows_params && r->faults->n == faults;
done:
  return status;
}
