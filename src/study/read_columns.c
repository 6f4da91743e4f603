/* SPDX-License-Identifier: BSD-3-Clause */
/* The columns that <data> names, and its label. */
#include <string.h>

#include "hpo/options.h"
#include "reading.h"

/* --- Columns ---------------------------------------------------------- */

/* Where all names are given, a column must be one of them or a number. */
static hpo_status check_column(hpo_reading *r, const hpo_node *node,
                               const char *attr, const char *column,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_names *names = &r->plan->data.names;
  hpo_buffer b = {0};
  int64_t number = 0;
  bool is_number = hpo_options_parse_int(column, &number);

  if (names->n == 0 || hpo_read_holds(names, column) ||
      (is_number && number >= 0 && (size_t)number < names->n))
    return HPO_OK;
  HPO_TRY(status, hpo_faults_allowed(&b, column, names, "", "", err));
  HPO_TRY(status, hpo_faults_add(r->faults, node, attr, err,
                                 "names= has no column \"%.60s\"%s", column,
                                 hpo_faults_text(&b)));
done:
  hpo_buffer_free(&b);
  return status;
}

static hpo_status read_lists(hpo_reading *r, const hpo_node *data,
                             const char *element, hpo_names *to,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *node = NULL;
  hpo_names list = {0};

  for (size_t i = 0; (node = hpo_node_child(data, element, i)) != NULL; i++) {
    if (node->bad)
      continue;
    HPO_TRY(status, hpo_read_list(hpo_node_get(node, "columns"), &list, err));
    for (size_t k = 0; k < list.n; k++) {
      const char *column = list.item[k];
      HPO_TRY(status, check_column(r, node, "columns", column, err));
      if (strcmp(column, r->plan->data.label) == 0)
        HPO_TRY(status, hpo_faults_add(r->faults, node, "columns", err,
                                       "\"%.60s\" is the label", column));
      if (!hpo_read_holds(to, column))
        HPO_TRY(status, hpo_names_add(to, column, err));
      if (hpo_node_get(node, "encode") != NULL)
        HPO_TRY(status, hpo_names_add(&r->plan->data.onehot, column, err));
    }
    hpo_names_free(&list);
  }
done:
  hpo_names_free(&list);
  return status;
}

static hpo_status read_weight(hpo_reading *r, const hpo_node *data,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan_data *d = &r->plan->data;
  const hpo_node *node = hpo_node_good(data, "weight");

  if (node == NULL)
    return HPO_OK;
  const char *column = hpo_node_get(node, "column");
  HPO_TRY(status, check_column(r, node, "column", column, err));
  if (strcmp(column, d->label) == 0)
    HPO_TRY(status, hpo_faults_add(r->faults, node, "column", err,
                                   "\"%.60s\" is the label", column));
  if (hpo_read_holds(&d->categorical, column) ||
      hpo_read_holds(&d->ignore, column))
    HPO_TRY(status, hpo_faults_add(r->faults, node, "column", err,
                                   "\"%.60s\" is categorical or ignored as "
                                   "well",
                                   column));
  HPO_TRY(status, hpo_read_text(column, &d->weight, err));
done:
  return status;
}

static hpo_status read_missing(hpo_reading *r, const hpo_node *data,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan_data *d = &r->plan->data;
  hpo_names *to = &d->missing;
  const hpo_node *node = NULL;

  for (size_t i = 0; (node = hpo_node_child(data, "missing", i)) != NULL;
       i++) {
    const char *value = hpo_node_get(node, "value");
    const char *impute = hpo_node_get(node, "impute");
    if (node->bad)
      continue;
    if (value == NULL && impute == NULL)
      HPO_TRY(status, hpo_faults_add(r->faults, node, NULL, err,
                                     "value= is missing: the text that stands "
                                     "for a missing value; or impute=, what "
                                     "linear models take in its place"));
    if (impute != NULL && d->impute != NULL && d->impute[0] != '\0')
      HPO_TRY(status, hpo_faults_add(r->faults, node, "impute", err,
                                     "impute= stands twice; once is enough"));
    if (impute != NULL)
      HPO_TRY(status, hpo_read_text(impute, &d->impute, err));
    if (value != NULL && !hpo_read_holds(to, value))
      HPO_TRY(status, hpo_names_add(to, value, err));
  }
done:
  return status;
}

/* --- The label -------------------------------------------------------- */

static hpo_status check_names(hpo_reading *r, const hpo_node *data,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names seen = {0};
  const hpo_names *names = &r->plan->data.names;

  for (size_t i = 0; i < names->n; i++) {
    if (hpo_read_holds(&seen, names->item[i]))
      HPO_TRY(status,
              hpo_faults_add(r->faults, data, "names", err,
                             "names= has \"%.60s\" twice", names->item[i]));
    HPO_TRY(status, hpo_names_add(&seen, names->item[i], err));
  }
done:
  hpo_names_free(&seen);
  return status;
}

/* The column that a condition names: the label by name or, with names=, by
   what its number stands for. */
static bool is_label(const hpo_plan_data *d, const char *name, size_t n) {
  const char *label = d->label;
  int64_t number = 0;

  if (hpo_options_parse_int(label, &number)) {
    if (number < 0 || (size_t)number >= d->names.n)
      return true; /* only the header can tell */
    label = d->names.item[number];
  }
  return strlen(label) == n && strncmp(label, name, n) == 0;
}

/* positive= is "[LABEL] OP VALUE" with OP one of >= > < <= =, or a class's
   name, which may look like a condition: ">50K". */
static hpo_status read_positive(hpo_reading *r, const hpo_node *data,
                                hpo_error *err) {
  hpo_plan_data *d = &r->plan->data;
  const char *text = hpo_node_get(data, "positive");
  double number = 0;

  if (text == NULL)
    return HPO_OK;
  if (d->task != HPO_TASK_BINARY)
    return hpo_faults_add(r->faults, data, "positive", err,
                          "positive= goes with task=\"binary\" only; the task "
                          "is %s",
                          hpo_task_name(d->task));
  size_t n = strcspn(text, "<>="), left = n;
  if (text[n] == '\0')
    return hpo_read_text(text, &d->positive, err);
  while (left > 0 && text[left - 1] == ' ')
    left--;
  const char *value = text + n + 1 + (text[n + 1] == '=');
  value += strspn(value, " ");
  bool is_condition =
      text[n] == '=' || hpo_options_parse_float(value, &number);
  if (!is_condition)
    return hpo_read_text(text, &d->positive, err);
  if (value[0] == '\0')
    return hpo_faults_add(r->faults, data, "positive", err,
                          "positive=\"%.60s\" compares with nothing; allowed: "
                          "a class's name, or such as >=7",
                          text);
  if (left > 0 && !is_label(d, text, left))
    return hpo_faults_add(r->faults, data, "positive", err,
                          "positive= speaks of \"%.*s\", but the label is "
                          "\"%.60s\"",
                          (int)(left < 60 ? left : 60), text, d->label);
  return hpo_read_text(text + n, &d->positive, err);
}

/* Whether the labels stand apart from the rows. */
static bool has_labels(const hpo_node *data) {
  const hpo_node *file = hpo_node_child(data, "train", 0);

  return file != NULL && (hpo_node_get(file, "label-href") != NULL ||
                          hpo_node_get(file, "label-dataset") != NULL);
}

/* label= gives such labels a name. */
static hpo_status name_label(hpo_reading *r, const hpo_node *data,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *label = hpo_node_get(data, "label");
  int64_t number = 0;

  if (label == NULL)
    label = "label";
  if (hpo_options_parse_int(label, &number) ||
      hpo_read_holds(&r->plan->data.names, label))
    HPO_TRY(status,
            hpo_faults_add(r->faults, data, "label", err,
                           "label=\"%.60s\" is a column, but the labels "
                           "stand apart; give them another name, or leave "
                           "label= out",
                           label));
  HPO_TRY(status, hpo_read_text(label, &r->plan->data.label, err));
  HPO_TRY(status, read_positive(r, data, err));
done:
  return status;
}

static hpo_status read_label(hpo_reading *r, const hpo_node *data,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *label = hpo_node_get(data, "label");

  if (has_labels(data))
    return name_label(r, data, err);
  if (label == NULL)
    return hpo_faults_add(r->faults, data, NULL, err,
                          "label= is missing: the name of the column to "
                          "predict, or its number from 0");
  HPO_TRY(status, hpo_read_text(label, &r->plan->data.label, err));
  HPO_TRY(status, check_column(r, data, "label", label, err));
  HPO_TRY(status, read_positive(r, data, err));
done:
  return status;
}

hpo_status hpo_read_columns(hpo_reading *r, const hpo_node *data,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan_data *d = &r->plan->data;

  HPO_TRY(status, check_names(r, data, err));
  HPO_TRY(status, read_label(r, data, err));
  HPO_TRY(status, read_lists(r, data, "categorical", &d->categorical, err));
  HPO_TRY(status, read_lists(r, data, "ignore", &d->ignore, err));
  d->standardize = hpo_node_count(data, "standardize") > 0;
  HPO_TRY(status, read_weight(r, data, err));
  HPO_TRY(status, read_missing(r, data, err));
done:
  return status;
}
