/* SPDX-License-Identifier: BSD-3-Clause */
/* <folds>, and the columns of <data> that say which rows go together. */
#include <string.h>

#include "hpo/options.h"
#include "reading.h"

enum { MOST_FOLDS = 255 };

static hpo_status read_count(hpo_reading *r, const hpo_node *folds,
                             hpo_error *err) {
  hpo_plan_data *d = &r->plan->data;
  const char *text = hpo_node_get(folds, "count");
  int64_t count = d->fold[0] != '\0' ? 0 : 5;

  if (text != NULL && (!hpo_options_parse_int(text, &count) || count < 2 ||
                       count > MOST_FOLDS))
    return hpo_faults_add(r->faults, folds, "count", err,
                          "count can't be %.60s; allowed: 2 to %d", text,
                          MOST_FOLDS);
  d->folds = (int)count;
  return HPO_OK;
}

/* What excludes what: of order="time", group= and fold= one at most. */
static hpo_status check_ways(hpo_reading *r, const hpo_node *data,
                             const hpo_node *folds, hpo_error *err) {
  const hpo_plan_data *d = &r->plan->data;
  const char *stratify = hpo_node_get(folds, "stratify");
  bool wants = stratify != NULL && strcmp(stratify, "yes") == 0;

  if (d->group[0] != '\0' && d->fold[0] != '\0')
    return hpo_faults_add(r->faults, data, "group", err,
                          "group= and fold= exclude each other: fold= already "
                          "says where each row validates");
  if (d->folds_in_time && (d->group[0] != '\0' || d->fold[0] != '\0'))
    return hpo_faults_add(r->faults, folds, "order", err,
                          "order=\"time\" and %s= exclude each other",
                          d->group[0] != '\0' ? "group" : "fold");
  if (wants && (d->folds_in_time || d->fold[0] != '\0'))
    return hpo_faults_add(r->faults, folds, "stratify", err,
                          "stratify=\"yes\" and %s exclude each other",
                          d->folds_in_time ? "order=\"time\"" : "fold=");
  if (wants && d->task == HPO_TASK_REGRESSION)
    return hpo_faults_add(r->faults, folds, "stratify", err,
                          "stratify=\"yes\" needs classes, and the task is "
                          "regression");
  return HPO_OK;
}

hpo_status hpo_read_folds(hpo_reading *r, const hpo_node *data,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan_data *d = &r->plan->data;
  const hpo_node *folds = hpo_node_child(data, "folds", 0);
  const char *group = hpo_node_get(data, "group");
  const char *fold = hpo_node_get(data, "fold");
  const char *order = NULL, *stratify = NULL;

  HPO_TRY(status, hpo_read_text(group != NULL ? group : "", &d->group, err));
  HPO_TRY(status, hpo_read_text(fold != NULL ? fold : "", &d->fold, err));
  if (folds == NULL && (group != NULL || fold != NULL))
    return hpo_faults_add(r->faults, data, group != NULL ? "group" : "fold",
                          err, "%s= goes with <folds/>",
                          group != NULL ? "group" : "fold");
  d->has_folds = folds != NULL;
  if (folds == NULL || folds->bad)
    return HPO_OK;
  order = hpo_node_get(folds, "order");
  stratify = hpo_node_get(folds, "stratify");
  d->folds_in_time = order != NULL && strcmp(order, "time") == 0;
  d->stratify = stratify != NULL ? strcmp(stratify, "yes") == 0
                                 : d->task != HPO_TASK_REGRESSION &&
                                       !d->folds_in_time && fold == NULL;
  HPO_TRY(status, read_count(r, folds, err));
  HPO_TRY(status, check_ways(r, data, folds, err));
done:
  return status;
}
