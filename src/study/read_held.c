/* SPDX-License-Identifier: BSD-3-Clause */
/* <validation> and <test>: rows held back from training. */
#include <string.h>

#include "hpo/options.h"
#include "reading.h"

/* fraction= and stratify= of an element. */
static hpo_status read_fraction(hpo_reading *r, const hpo_node *node,
                                double *fraction, bool *stratify,
                                hpo_error *err) {
  const char *text = hpo_node_get(node, "fraction");
  const char *wanted = hpo_node_get(node, "stratify");
  const bool is_regression = r->plan->data.task == HPO_TASK_REGRESSION;

  *stratify = wanted == NULL ? !is_regression : strcmp(wanted, "yes") == 0;
  if (!hpo_options_parse_float(text, fraction) ||
      !(*fraction > 0 && *fraction < 1))
    return hpo_faults_add(r->faults, node, "fraction", err,
                          "fraction can't be %s; allowed: above 0, below 1",
                          text);
  if (*stratify && is_regression)
    return hpo_faults_add(r->faults, node, "stratify", err,
                          "stratify=\"yes\" needs classes, and the task is "
                          "regression");
  return HPO_OK;
}

/* Either fraction= or href=. */
static hpo_status read_share(hpo_reading *r, const hpo_node *node,
                             const hpo_held_file *file, double *fraction,
                             bool *stratify, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *href = hpo_node_get(node, "href");
  bool has_fraction = hpo_node_get(node, "fraction") != NULL;

  if ((href == NULL) != has_fraction)
    return hpo_faults_add(r->faults, node, NULL, err,
                          "either fraction= or href= is wanted, %s",
                          href == NULL ? "there is none" : "not both");
  if (has_fraction)
    return read_fraction(r, node, fraction, stratify, err);
  if (hpo_node_find(node, "stratify") != NULL)
    HPO_TRY(status, hpo_faults_add(r->faults, node, "stratify", err,
                                   "stratify= goes with fraction=, not with "
                                   "a file"));
  HPO_TRY(status, hpo_read_held_file(r, node, file, err));
done:
  return status;
}

static hpo_status read_validation(hpo_reading *r, const hpo_node *data,
                                  hpo_error *err) {
  hpo_plan_data *d = &r->plan->data;
  const hpo_node *v = hpo_node_child(data, "validation", 0);
  bool has_folds = hpo_node_count(data, "folds") > 0;
  const hpo_held_file file = {
      &d->validation,         &d->validation_href,
      &d->validation_label,   &d->validation_label_href,
      &d->validation_dataset, &d->validation_label_dataset};

  if (v != NULL && has_folds)
    return hpo_faults_add(r->faults, v, NULL, err,
                          "<validation> and <folds> exclude each other");
  if (has_folds)
    return HPO_OK;
  if (v == NULL)
    return hpo_faults_add(r->faults, data, NULL, err,
                          "nothing to validate on; say <validation "
                          "fraction=\"0.2\"/>, <validation href=\"...\"/> or "
                          "<folds count=\"5\"/>");
  if (v->bad)
    return HPO_OK;
  return read_share(r, v, &file, &d->validation_fraction, &d->stratify, err);
}

/* A random share would hold rows of groups, or of times, that train. */
static hpo_status check_test(hpo_reading *r, const hpo_node *test,
                             hpo_error *err) {
  const hpo_plan_data *d = &r->plan->data;
  const char *why = d->group[0] != '\0'  ? "group="
                    : d->fold[0] != '\0' ? "fold="
                    : d->folds_in_time   ? "order=\"time\""
                                         : NULL;

  if (why == NULL || hpo_node_get(test, "fraction") == NULL)
    return HPO_OK;
  return hpo_faults_add(r->faults, test, "fraction", err,
                        "with %s rows belong together, and a random share of "
                        "them is no honest test; allowed: a file, <test "
                        "href=\"...\"/>",
                        why);
}

static hpo_status read_test(hpo_reading *r, const hpo_node *data,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan_data *d = &r->plan->data;
  const hpo_node *test = hpo_node_child(data, "test", 0);
  const hpo_held_file file = {&d->test,         &d->test_href,
                              &d->test_label,   &d->test_label_href,
                              &d->test_dataset, &d->test_label_dataset};

  if (test == NULL || test->bad)
    return HPO_OK;
  HPO_TRY(status, check_test(r, test, err));
  HPO_TRY(status, read_share(r, test, &file, &d->test_fraction,
                             &d->test_stratify, err));
done:
  return status;
}

hpo_status hpo_read_held(hpo_reading *r, const hpo_node *data,
                         hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, read_validation(r, data, err));
  HPO_TRY(status, read_test(r, data, err));
done:
  return status;
}
