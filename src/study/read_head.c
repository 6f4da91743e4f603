/* SPDX-License-Identifier: BSD-3-Clause */
/* <study>, <description>, <tag>; <objective>, <constraint>, <report>;
 * <sampler>, <pruner>, <terminator>. */
#include <math.h>
#include <string.h>

#include "hpo/options.h"
#include "reading.h"

static bool parse_seed(const char *text, uint64_t *out) {
  uint64_t seed = 0;

  for (; *text != '\0'; text++) {
    uint64_t digit = (uint64_t)(*text - '0');
    if (seed > (UINT64_MAX - digit) / 10)
      return false;
    seed = seed * 10 + digit;
  }
  *out = seed;
  return true;
}

/* The text without blanks at its ends. */
static hpo_status read_trimmed(const char *text, char **to, hpo_error *err) {
  static const char blanks[] = " \t\r\n";
  hpo_status status = HPO_OK;
  char *made = NULL;
  size_t n = 0;

  text += strspn(text, blanks);
  n = strlen(text);
  while (n > 0 && strchr(blanks, text[n - 1]) != NULL)
    n--;
  HPO_TRY(status, hpo_mem_format(&made, err, "%.*s", (int)n, text));
  hpo_mem_free(*to);
  *to = made;
done:
  return status;
}

static hpo_status read_tag(hpo_reading *r, const hpo_node *tag,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = hpo_node_get(tag, "name");
  char *text = NULL;

  if (tag->bad)
    return HPO_OK;
  if (hpo_settings_get(&r->plan->tags, name) != NULL)
    return hpo_faults_add(r->faults, tag, "name", err,
                          "tag \"%.60s\" is there twice", name);
  HPO_TRY(status, read_trimmed(tag->text, &text, err));
  HPO_TRY(status,
          hpo_settings_add(&r->plan->tags, name, text, tag->line, err));
done:
  hpo_mem_free(text);
  return status;
}

/* The folder in which the study's XML file lies. */
static hpo_status read_folder(hpo_reading *r, hpo_error *err) {
  const char *slash = strrchr(r->path, '/');
  hpo_mem_free(r->plan->folder);
  r->plan->folder = NULL;
  return slash == NULL ? hpo_mem_string(".", &r->plan->folder, err)
                       : hpo_mem_format(&r->plan->folder, err, "%.*s",
                                        (int)(slash - r->path) + 1, r->path);
}

hpo_status hpo_read_head(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *root = r->root, *node = NULL;
  const char *name = hpo_node_get(root, "name");
  const char *seed = hpo_node_get(root, "seed");

  if (name != NULL)
    HPO_TRY(status, hpo_read_text(name, &r->plan->name, err));
  HPO_TRY(status, read_folder(r, err));
  if (seed != NULL && !parse_seed(seed, &r->plan->seed))
    HPO_TRY(status, hpo_faults_add(r->faults, root, "seed", err,
                                   "seed can't be \"%.40s\"; allowed: 0 to "
                                   "18446744073709551615",
                                   seed));
  node = hpo_node_good(root, "description");
  if (node != NULL)
    HPO_TRY(status, read_trimmed(node->text, &r->plan->description, err));
  for (size_t i = 0; (node = hpo_node_child(root, "tag", i)) != NULL; i++)
    HPO_TRY(status, read_tag(r, node, err));
done:
  return status;
}

/* --- Metrics ---------------------------------------------------------- */

static unsigned tasks_of(const hpo_reading *r) {
  return r->knows_task ? 1U << hpo_read_task(r) : ~0U;
}

/* A finite number, or NaN where the attribute is not there. */
static hpo_status read_bound(hpo_reading *r, const hpo_node *node,
                             const char *attr, double *out, hpo_error *err) {
  const char *text = hpo_node_get(node, attr);

  *out = (double)NAN;
  if (text == NULL || (hpo_options_parse_float(text, out) && isfinite(*out)))
    return HPO_OK;
  return hpo_faults_add(r->faults, node, attr, err,
                        "%s can't be \"%.40s\"; allowed: a finite number",
                        attr, text);
}

/* One more objective can't be, and why; NULL: it can. */
static const char *forbid_objective(const hpo_plan *p, const char *metric) {
  if (p->n_objective == HPO_PLAN_OBJECTIVES)
    return "a study has at most 4 objectives; put others into <report>, or "
           "bound "
           "them by a <constraint>";
  for (size_t i = 0; i < p->n_objective; i++)
    if (strcmp(p->objective[i].metric, metric) == 0)
      return "the metric is an <objective> already";
  return NULL;
}

static hpo_status read_objective(hpo_reading *r, const hpo_node *node,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const char *metric = hpo_node_get(node, "metric");
  const char *direction = hpo_node_get(node, "direction");
  const hpo_entry *e = NULL;
  hpo_plan_objective made = {0};

  if (node->bad)
    return HPO_OK;
  if (forbid_objective(p, metric) != NULL)
    return hpo_faults_add(r->faults, node, NULL, err, "%s",
                          forbid_objective(p, metric));
  HPO_TRY(status, read_bound(r, node, "reference", &made.reference, err));
  if (hpo_read_has_own_metrics(r)) {
    HPO_TRY(status, hpo_read_own_metric(r, node, "metric", metric, direction,
                                        &made.maximize, err));
  } else {
    HPO_TRY(status, hpo_read_entry(r, node, "metric", metric, HPO_ENTRY_METRIC,
                                   tasks_of(r), &e, err));
    made.maximize = direction == NULL ? e != NULL && e->maximize
                                      : strcmp(direction, "maximize") == 0;
  }
  HPO_TRY(status, hpo_mem_string(metric, &made.metric, err));
  HPO_TRY(status, hpo_mem_grow(&p->objective, &p->objective_room,
                               p->n_objective + 1, sizeof made, err));
  p->objective[p->n_objective++] = made;
  made.metric = NULL;
done:
  hpo_mem_free(made.metric);
  return status;
}

/* A bound beyond what the metric can be. */
static hpo_status check_reach(hpo_reading *r, const hpo_node *node,
                              const hpo_entry *e, const hpo_plan_constraint *c,
                              hpo_error *err) {
  char low[32], high[32];

  if (e == NULL || e->low >= e->high || !(c->min > e->high || c->max < e->low))
    return HPO_OK;
  return hpo_faults_add(r->faults, node, c->min > e->high ? "min" : "max", err,
                        "no trial can keep to that: %s lies between %s and %s",
                        e->name, hpo_options_format_float(e->low, low),
                        hpo_options_format_float(e->high, high));
}

static hpo_status read_constraint(hpo_reading *r, const hpo_node *node,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const char *metric = hpo_node_get(node, "metric");
  const hpo_entry *e = NULL;
  hpo_plan_constraint made = {0};
  bool unused = false;

  if (node->bad)
    return HPO_OK;
  if (hpo_read_has_own_metrics(r))
    HPO_TRY(status, hpo_read_own_metric(r, node, "metric", metric, "minimize",
                                        &unused, err));
  else
    HPO_TRY(status, hpo_read_entry(r, node, "metric", metric, HPO_ENTRY_METRIC,
                                   tasks_of(r), &e, err));
  HPO_TRY(status, read_bound(r, node, "min", &made.min, err));
  HPO_TRY(status, read_bound(r, node, "max", &made.max, err));
  if (isnan(made.min) && isnan(made.max) &&
      hpo_node_get(node, "min") == NULL && hpo_node_get(node, "max") == NULL)
    HPO_TRY(status, hpo_faults_add(r->faults, node, NULL, err,
                                   "no bound; give min=, max= or both"));
  if (made.min > made.max)
    HPO_TRY(status, hpo_faults_add(r->faults, node, "min", err,
                                   "min=\"%s\" is above max=\"%s\"",
                                   hpo_node_get(node, "min"),
                                   hpo_node_get(node, "max")));
  HPO_TRY(status, check_reach(r, node, e, &made, err));
  for (size_t i = 0; i < p->n_constraint; i++)
    if (strcmp(p->constraint[i].metric, metric) == 0)
      HPO_TRY(status, hpo_faults_add(r->faults, node, "metric", err,
                                     "metric %.60s has two <constraint>s; "
                                     "one can have min= and max=",
                                     metric));
  HPO_TRY(status, hpo_mem_string(metric, &made.metric, err));
  HPO_TRY(status, hpo_mem_grow(&p->constraint, &p->constraint_room,
                               p->n_constraint + 1, sizeof made, err));
  p->constraint[p->n_constraint++] = made;
  made.metric = NULL;
done:
  hpo_mem_free(made.metric);
  return status;
}

static hpo_status read_report(hpo_reading *r, const hpo_node *node,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names names = {0};
  const hpo_entry *e = NULL;
  bool unused = false;

  HPO_TRY(status, hpo_read_list(hpo_node_get(node, "metrics"), &names, err));
  for (size_t i = 0; i < names.n; i++) {
    if (hpo_read_has_own_metrics(r))
      HPO_TRY(status, hpo_read_own_metric(r, node, "metrics", names.item[i],
                                          "minimize", &unused, err));
    else
      HPO_TRY(status, hpo_read_entry(r, node, "metrics", names.item[i],
                                     HPO_ENTRY_METRIC, tasks_of(r), &e, err));
    if (!hpo_read_holds(&r->plan->report, names.item[i]))
      HPO_TRY(status, hpo_names_add(&r->plan->report, names.item[i], err));
  }
done:
  hpo_names_free(&names);
  return status;
}

hpo_status hpo_read_metrics(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *node = NULL;

  for (size_t i = 0; (node = hpo_node_child(r->root, "objective", i)) != NULL;
       i++)
    HPO_TRY(status, read_objective(r, node, err));
  for (size_t i = 0; (node = hpo_node_child(r->root, "constraint", i)) != NULL;
       i++)
    HPO_TRY(status, read_constraint(r, node, err));
  node = hpo_node_good(r->root, "report");
  if (node != NULL)
    HPO_TRY(status, read_report(r, node, err));
  HPO_TRY(status, hpo_read_check_patterns(r, err));
done:
  return status;
}

/* --- Sampler, pruner, terminator -------------------------------------- */

static hpo_status read_options(hpo_reading *r, const hpo_node *node,
                               const hpo_entry *e, hpo_plan_choice *to,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;

  HPO_TRY(status, hpo_options_create(e->option, e->n_option, &o, err));
  for (size_t i = 0; i < node->n_attr; i++) {
    const hpo_attr *a = &node->attr[i];
    if (a->bad || strcmp(a->name, "name") == 0)
      continue;
    if (hpo_options_find(e->option, e->n_option, a->name) == NULL) {
      HPO_TRY(status, hpo_read_no_option(r, node, a->name, e, a->name, err));
      continue;
    }
    HPO_TRY(status,
            hpo_read_fault(r, node, a->name,
                           hpo_options_set(o, a->name, a->value, err), err));
    HPO_TRY(status, hpo_settings_add(&to->options, a->name,
                                     hpo_options_get_text(o, a->name) == NULL
                                         ? ""
                                         : hpo_options_get_text(o, a->name),
                                     node->line, err));
  }
  HPO_TRY(status, hpo_read_defaults(e, &(hpo_names){0}, &to->options, err));
done:
  hpo_options_destroy(o);
  return status;
}

/* The options with each other and with the data. */
static hpo_status check_together(hpo_reading *r, const hpo_node *node,
                                 const hpo_entry *e, hpo_error *err) {
  const char *option = NULL;
  hpo_status status = e->check(r->plan, &option, err);

  return hpo_read_fault(r, node, option, status, err);
}

/* The names of a kind that take several objectives. */
static hpo_status forbid_several(hpo_reading *r, const hpo_node *node,
                                 const hpo_entry *e, const char *element,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};

  for (size_t i = 0; i < r->catalog->n; i++) {
    const hpo_entry *o = &r->catalog->entry[i];
    if (o->kind == e->kind && o->is_built && !o->one_objective)
      HPO_TRY(status, hpo_buffer_format(&b, err, "%s%s", b.n > 0 ? ", " : "",
                                        o->name));
  }
  HPO_TRY(status, hpo_faults_add(r->faults, node, "name", err,
                                 "%s %s is for one objective, and the study "
                                 "has %zu; allowed: %s",
                                 element, e->name, r->plan->n_objective,
                                 hpo_faults_text(&b)));
done:
  hpo_buffer_free(&b);
  return status;
}

static hpo_status read_choice(hpo_reading *r, const char *element,
                              hpo_entry_kind kind, const char *by_default,
                              hpo_plan_choice *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *node = hpo_node_good(r->root, element);
  const char *name = node == NULL ? by_default : hpo_node_get(node, "name");
  const hpo_entry *e = hpo_catalog_find(r->catalog, kind, name);

  if (node == NULL && (e == NULL || hpo_node_count(r->root, element) > 0))
    return HPO_OK;
  HPO_TRY(status, hpo_read_text(name, &to->name, err));
  if (node == NULL) {
    HPO_TRY(status, hpo_read_defaults(e, &(hpo_names){0}, &to->options, err));
    goto done;
  }
  to->line = node->line;
  HPO_TRY(status, hpo_read_entry(r, node, "name", name, kind, ~0U, &e, err));
  if (e != NULL)
    HPO_TRY(status, read_options(r, node, e, to, err));
  if (e != NULL && e->check != NULL && r->knows_task)
    HPO_TRY(status, check_together(r, node, e, err));
  if (e != NULL && e->one_objective && r->plan->n_objective > 1)
    HPO_TRY(status, forbid_several(r, node, e, element, err));
done:
  return status;
}

/* An error that comes from folds needs an objective that each of them has:
 * without one no bound is ever below it. */
static hpo_status check_terminator(hpo_reading *r, hpo_error *err) {
  const hpo_plan *p = r->plan;
  const hpo_node *node = hpo_node_good(r->root, "terminator");
  const char *error = node ? hpo_node_get(node, "error") : NULL;
  const char *metric = p->n_objective > 0 ? p->objective[0].metric : "";
  const hpo_entry *e = hpo_catalog_find(r->catalog, HPO_ENTRY_METRIC, metric);

  if (strcmp(p->terminator.name, "regret-bound") != 0 || !p->data.has_folds ||
      (error != NULL && strcmp(error, "folds") != 0) ||
      !(hpo_read_has_own_metrics(r) || (e != NULL && e->of_trial)))
    return HPO_OK;
  return hpo_faults_add(r->faults, node, "error", err,
                        "the folds have no %s of their own, so that they tell "
                        "no error; allowed: error= a regret that does not "
                        "matter, a number above 0, such as error=\"0.001\"",
                        metric);
}

hpo_status hpo_read_samplers(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, read_choice(r, "sampler", HPO_ENTRY_SAMPLER, "tpe",
                              &r->plan->sampler, err));
  HPO_TRY(status, read_choice(r, "pruner", HPO_ENTRY_PRUNER, "none",
                              &r->plan->pruner, err));
  HPO_TRY(status, read_choice(r, "terminator", HPO_ENTRY_TERMINATOR, "none",
                              &r->plan->terminator, err));
  HPO_TRY(status, check_terminator(r, err));
done:
  return status;
}
