/* SPDX-License-Identifier: BSD-3-Clause */
/* <int>, <float>, <categorical>, <ordinal> and <choice>: the search space.
 *
 * Contents: names; ranges; choices; all of a model. */
#include <math.h>
#include <string.h>

#include "reading.h"

#define LARGEST_INT (INT64_C(1) << 53)

/* --- Names ------------------------------------------------------------ */

static bool is_free_name(const char *name) {
  int64_t i = 0;

  return name[0] == 'x' && name[1] != '\0' && name[1] != '+' &&
         (name[1] != '0' || name[2] == '\0') &&
         hpo_options_parse_int(name + 1, &i) && i >= 0;
}

hpo_status hpo_read_has_option(hpo_scope *s, const hpo_node *node,
                               const char *attr, const char *name,
                               const hpo_option **row, bool *has,
                               hpo_error *err) {
  const hpo_entry *e = s->entry;

  *row = hpo_options_find(e->option, e->n_option, name);
  *has = *row != NULL || (e->free_params && is_free_name(name)) ||
         (e->any_params && hpo_read_is_name(name, "_-."));
  if (*has)
    return HPO_OK;
  return hpo_read_no_option(s->r, node, attr, e, name, err);
}

/* Each name stands once in a model: fixed or searched, under one choice. */
static hpo_status check_once(hpo_scope *s, const hpo_node *node,
                             const char *name, bool *ok, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_fixed =
      hpo_settings_get(&s->r->plan->model[s->model].fixed, name) != NULL;
  bool is_there = hpo_read_holds(&s->declared, name);

  *ok = !is_fixed && !is_there;
  if (is_there)
    HPO_TRY(status,
            hpo_faults_add(s->r->faults, node, "name", err,
                           "parameter \"%.60s\" is there twice", name));
  else
    HPO_TRY(status, hpo_names_add(&s->declared, name, err));
  if (is_fixed)
    HPO_TRY(status,
            hpo_faults_add(s->r->faults, node, "name", err,
                           "\"%.60s\" is fixed as well; remove one", name));
done:
  return status;
}

/* --- Ranges ----------------------------------------------------------- */

static hpo_status read_number(hpo_scope *s, const hpo_node *node,
                              const char *attr, bool is_int, double *out,
                              hpo_error *err) {
  const char *text = hpo_node_get(node, attr);
  int64_t whole = 0;

  if (text == NULL)
    return HPO_OK;
  if (is_int && hpo_options_parse_int(text, &whole) && whole <= LARGEST_INT &&
      whole >= -LARGEST_INT) {
    *out = (double)whole;
    return HPO_OK;
  }
  if (!is_int && hpo_options_parse_float(text, out) && isfinite(*out))
    return HPO_OK;
  *out = NAN;
  return hpo_faults_add(
      s->r->faults, node, attr, err, "%s can't be %.40s; allowed: %s", attr,
      text, is_int ? "-2^53 to 2^53 (9007199254740992)" : "finite numbers");
}

/* What range, step and scale mean together. */
static hpo_status check_range(hpo_scope *s, const hpo_node *node,
                              const hpo_param *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_faults *f = s->r->faults;
  const char *low = hpo_node_get(node, "low");
  const char *high = hpo_node_get(node, "high");
  const char *step = hpo_node_get(node, "step");

  if (p->low >= p->high)
    HPO_TRY(status,
            hpo_faults_add(
                f, node, "high", err,
                "low=\"%.40s\" is not below high=\"%.40s\"%s", low, high,
                p->low == p->high ? "; one value is a <fixed>" : ""));
  if (p->log && p->low <= 0)
    HPO_TRY(status, hpo_faults_add(f, node, "low", err,
                                   "log=\"yes\" needs low above 0; found "
                                   "low=\"%.40s\"",
                                   low));
  if (step == NULL)
    goto done;
  if (p->log)
    HPO_TRY(status, hpo_faults_add(f, node, "step", err,
                                   "step= and log=\"yes\" exclude each "
                                   "other"));
  if (p->step <= 0)
    HPO_TRY(status,
            hpo_faults_add(f, node, "step", err,
                           "step can't be %.40s; allowed: above 0", step));
  else if (p->low < p->high && p->step > p->high - p->low)
    HPO_TRY(status,
            hpo_faults_add(f, node, "step", err,
                           "step=\"%.40s\" is wider than low=\"%.40s\" to "
                           "high=\"%.40s\"",
                           step, low, high));
done:
  return status;
}

/* The parameter against the option that it sets. */
static hpo_status check_option(hpo_scope *s, const hpo_node *node,
                               const hpo_param *p, const hpo_option *row,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_word = row->kind == HPO_OPTION_BOOL ||
                 row->kind == HPO_OPTION_CHOICE ||
                 row->kind == HPO_OPTION_TEXT;

  if (is_word)
    return hpo_faults_add(s->r->faults, node, "name", err,
                          "%s is no number: search it with <categorical>",
                          row->name);
  if ((row->kind == HPO_OPTION_INT || row->kind == HPO_OPTION_BYTES) &&
      p->kind == HPO_PARAM_FLOAT)
    return hpo_faults_add(s->r->faults, node, "name", err,
                          "%s is a whole number: search it with <int>",
                          row->name);
  HPO_TRY(status, hpo_read_fault(s->r, node, "low",
                                 hpo_options_set_number(s->scratch, row->name,
                                                        p->low, err),
                                 err));
  HPO_TRY(status, hpo_read_fault(s->r, node, "high",
                                 hpo_options_set_number(s->scratch, row->name,
                                                        p->high, err),
                                 err));
done:
  return status;
}

static hpo_status read_range(hpo_scope *s, const hpo_node *node, hpo_param *p,
                             const hpo_option *row, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_int = p->kind == HPO_PARAM_INT;
  size_t faults = s->r->faults->n;

  p->log = strcmp(hpo_node_get(node, "log"), "yes") == 0;
  p->step = is_int ? 1 : 0;
  HPO_TRY(status, read_number(s, node, "low", is_int, &p->low, err));
  HPO_TRY(status, read_number(s, node, "high", is_int, &p->high, err));
  HPO_TRY(status, read_number(s, node, "step", is_int, &p->step, err));
  if (s->r->faults->n > faults)
    goto done;
  HPO_TRY(status, check_range(s, node, p, err));
  if (row != NULL)
    HPO_TRY(status, check_option(s, node, p, row, err));
done:
  return status;
}

/* --- Choices ---------------------------------------------------------- */

static hpo_status check_choice(hpo_scope *s, const hpo_node *node,
                               const char *name, const hpo_option *row,
                               const char *value, hpo_error *err) {
  double number = 0;

  if (row != NULL)
    return hpo_read_fault(s->r, node, "value",
                          hpo_options_set(s->scratch, name, value, err), err);
  if (s->entry->any_params || hpo_options_parse_float(value, &number))
    return HPO_OK;
  return hpo_faults_add(s->r->faults, node, "value", err,
                        "%s is a number; found \"%.60s\"", name, value);
}

/* The same number among those that are there, or NULL. */
static const char *find_number(const hpo_names *names, const char *value) {
  double number = 0, own = 0;

  for (size_t i = 0; i < names->n; i++)
    if (hpo_options_parse_float(value, &number) &&
        hpo_options_parse_float(names->item[i], &own) && !(own < number) &&
        !(own > number))
      return names->item[i];
  return NULL;
}

static hpo_status read_choices(hpo_scope *s, const hpo_node *node,
                               const hpo_option *row, hpo_names *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = hpo_node_get(node, "name");
  const hpo_node *choice = NULL;

  for (size_t i = 0; (choice = hpo_node_child(node, "choice", i)) != NULL;
       i++) {
    if (choice->bad)
      continue;
    const char *value = hpo_node_get(choice, "value");
    HPO_TRY(status, check_choice(s, choice, name, row, value, err));
    if (hpo_read_holds(out, value))
      HPO_TRY(status,
              hpo_faults_add(s->r->faults, choice, "value", err,
                             "choice \"%.60s\" is there twice", value));
    else if (strcmp(node->name, "ordinal") == 0 && find_number(out, value))
      HPO_TRY(status, hpo_faults_add(s->r->faults, choice, "value", err,
                                     "choice \"%.60s\" is the same number as "
                                     "\"%.60s\"",
                                     value, find_number(out, value)));
    HPO_TRY(status, hpo_names_add(out, value, err));
  }
done:
  return status;
}

/* Parameters under each choice are active where it is chosen. */
static hpo_status read_conditional(hpo_scope *s, const hpo_node *node,
                                   ptrdiff_t self, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *choice = NULL;
  size_t number = 0;

  for (size_t i = 0; (choice = hpo_node_child(node, "choice", i)) != NULL; i++)
    if (!choice->bad)
      HPO_TRY(status, hpo_read_params(s, choice, self, number++, err));
done:
  return status;
}

/* --- All of a model --------------------------------------------------- */

static hpo_status read_param(hpo_scope *s, const hpo_node *node,
                             hpo_param_kind kind, ptrdiff_t parent,
                             size_t parent_choice, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_space *space = &s->r->plan->space;
  hpo_param p = {.kind = kind,
                 .ordered = strcmp(node->name, "ordinal") == 0,
                 .model = (int)s->model,
                 .parent = parent,
                 .parent_choice = parent_choice};
  const hpo_option *row = NULL;
  hpo_names choices = {0};
  const char *name = hpo_node_get(node, "name");
  bool has = false, ok = false;

  HPO_TRY(status, hpo_read_has_option(s, node, "name", name, &row, &has, err));
  HPO_TRY(status, check_once(s, node, name, &ok, err));
  if (has && kind == HPO_PARAM_CATEGORICAL)
    HPO_TRY(status, read_choices(s, node, row, &choices, err));
  else if (has)
    HPO_TRY(status, read_range(s, node, &p, row, err));
  p.choice = choices.item;
  p.n_choice = choices.n;
  HPO_TRY(status, hpo_mem_string(name, &p.name, err));
  HPO_TRY(status,
          hpo_mem_format(&p.full_name, err, "%s%s%s",
                         s->has_prefix ? s->r->plan->model[s->model].name : "",
                         s->has_prefix ? "." : "", name));
  ptrdiff_t self = (ptrdiff_t)space->n_param;
  if (ok)
    HPO_TRY(status, hpo_space_add(space, &p, err));
  if (kind == HPO_PARAM_CATEGORICAL)
    HPO_TRY(status, read_conditional(s, node, ok ? self : parent, err));
done:
  hpo_mem_free(p.name);
  hpo_mem_free(p.full_name);
  hpo_names_free(&choices);
  return status;
}

hpo_status hpo_read_params(hpo_scope *s, const hpo_node *in, ptrdiff_t parent,
                           size_t choice, hpo_error *err) {
  static const struct {
    const char *element;
    hpo_param_kind kind;
  } known[] = {{"int", HPO_PARAM_INT},
               {"float", HPO_PARAM_FLOAT},
               {"categorical", HPO_PARAM_CATEGORICAL},
               {"ordinal", HPO_PARAM_CATEGORICAL}};
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < in->n_child; i++)
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
      if (!in->child[i]->bad &&
          strcmp(in->child[i]->name, known[k].element) == 0)
        HPO_TRY(status, read_param(s, in->child[i], known[k].kind, parent,
                                   choice, err));
done:
  return status;
}
