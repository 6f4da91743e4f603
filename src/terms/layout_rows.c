/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of the study file's tables from structs, and curves. */
#include "layout_private.h"

#include "hpo/mem.h"

#include <string.h>

static hpo_status split_words(const char *words, hpo_names *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  char *copy = NULL, *rest = NULL;

  HPO_TRY(status, hpo_mem_string(words, &copy, err));
  for (char *w = strtok_r(copy, " ", &rest); w != NULL;
       w = strtok_r(NULL, " ", &rest))
    HPO_TRY(status, hpo_names_add(out, w, err));
done:
  hpo_mem_free(copy);
  return status;
}

static hpo_status add_choice(hpo_record *r, const hpo_column *c, int value,
                             const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names words = {0};
  int32_t x = value;

  if (c->kind == HPO_COLUMN_METRIC)
    HPO_TRY(status, hpo_plan_metrics(plan, &words, err));
  else
    HPO_TRY(status, split_words(c->words, &words, err));
  HPO_ASSERT(x >= -1 && x < (int32_t)words.n);
  HPO_TRY(status,
          hpo_record_add_enum(r, c->name, (const char *const *)words.item,
                              words.n, &x, 1, c->description, err));
done:
  hpo_names_free(&words);
  return status;
}

static hpo_status add_column(hpo_record *r, const hpo_column *c,
                             const void *at, const hpo_plan *plan,
                             hpo_error *err) {
  switch (c->kind) {
  case HPO_COLUMN_WHOLE:
    return hpo_record_add_int(r, c->name, *(const int64_t *)at, c->unit,
                              c->description, err);
  case HPO_COLUMN_REAL:
    return hpo_record_add_float(r, c->name, *(const double *)at, c->unit,
                                c->description, err);
  case HPO_COLUMN_TEXT: {
    const char *text = *(const char *const *)at;
    return hpo_record_add_text(r, c->name, text != NULL ? text : "", c->room,
                               c->description, err);
  }
  case HPO_COLUMN_CHOICE:
  case HPO_COLUMN_METRIC:
    break;
  }
  return add_choice(r, c, *(const int *)at, plan, err);
}

hpo_status hpo_layout_row(const char *path, const void *row,
                          const hpo_plan *plan, hpo_record **out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  const hpo_table *t = hpo_layout_declared;

  while (t->path != NULL && strcmp(t->path, path) != 0)
    t++;
  HPO_ASSERT(t->path != NULL && t->column != NULL);
  HPO_TRY(status, hpo_record_create(path + 1, &r, err));
  for (const hpo_column *c = t->column; c->name != NULL; c++)
    HPO_TRY(status,
            add_column(r, c, (const char *)row + c->offset, plan, err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

hpo_status hpo_layout_session_row(const hpo_layout_session *s,
                                  hpo_record **out, hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_SESSIONS, s, NULL, out, err);
}

hpo_status hpo_layout_decision_row(const hpo_layout_decision *d,
                                   hpo_record **out, hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_DECISIONS, d, NULL, out, err);
}

hpo_status hpo_layout_pareto_row(const hpo_layout_pareto *p, hpo_record **out,
                                 hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_PARETO, p, NULL, out, err);
}

hpo_status hpo_layout_test_score_row(const hpo_layout_test_score *s,
                                     const hpo_plan *plan, hpo_record **out,
                                     hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_TEST_SCORES, s, plan, out, err);
}

hpo_status hpo_layout_winner_row(const hpo_layout_winner *w, hpo_record **out,
                                 hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_WINNER, w, NULL, out, err);
}

hpo_status hpo_layout_refit_row(const hpo_layout_refit *f, hpo_record **out,
                                hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_REFITS, f, NULL, out, err);
}

hpo_status hpo_layout_log_row(const hpo_layout_log *l, hpo_record **out,
                              hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_LOG, l, NULL, out, err);
}

hpo_status hpo_layout_tag_row(const hpo_layout_tag *t, hpo_record **out,
                              hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_TAGS, t, NULL, out, err);
}

hpo_status hpo_layout_note_row(const hpo_layout_note *n, hpo_record **out,
                               hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_NOTES, n, NULL, out, err);
}

hpo_status hpo_layout_artifact_row(const hpo_layout_artifact *a,
                                   hpo_record **out, hpo_error *err) {
  return hpo_layout_row(HPO_TABLE_ARTIFACTS, a, NULL, out, err);
}

/** The five fields of n points, still zero. */
static hpo_status add_curve_fields(hpo_record *r, const hpo_plan *plan,
                                   size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names metrics = {0};

  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  HPO_TRY(status, hpo_record_add(r, "trial", HPO_FIELD_INT, 0, NULL, n, "",
                                 "Trial of the point.", err));
  HPO_TRY(status,
          hpo_record_add(r, "fold", HPO_FIELD_I32, 0, NULL, n, "",
                         "Fold from 1; 0: the mean over the folds, or no "
                         "folds.",
                         err));
  HPO_TRY(status, hpo_record_add(r, "step", HPO_FIELD_INT, 0, NULL, n, "",
                                 "Training step, from 1.", err));
  HPO_TRY(status,
          hpo_record_add_enum(r, "metric", (const char *const *)metrics.item,
                              metrics.n, NULL, n,
                              "Metric on the validation rows.", err));
  HPO_TRY(status, hpo_record_add(r, "value", HPO_FIELD_FLOAT, 0, NULL, n, "",
                                 "Value of the metric after the step.", err));
done:
  hpo_names_free(&metrics);
  return status;
}

hpo_status hpo_layout_curve_rows(const hpo_trial *t, const hpo_plan *plan,
                                 hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create("curves", &r, err));
  HPO_TRY(status, add_curve_fields(r, plan, t->n_curve, err));
  for (size_t i = 0; i < t->n_curve; i++) {
    hpo_field_set_int(&r->field[0], i, t->number);
    hpo_field_set_int(&r->field[1], i, t->curve[i].fold);
    hpo_field_set_int(&r->field[2], i, t->curve[i].step);
    hpo_field_set_int(&r->field[3], i, t->curve[i].metric);
    hpo_field_set_number(&r->field[4], i, t->curve[i].value);
  }
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

hpo_status hpo_layout_curve_read(const hpo_record *rows, size_t first,
                                 size_t n, hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *trial = hpo_record_find(rows, "trial");
  const hpo_field *fold = hpo_record_find(rows, "fold");
  const hpo_field *step = hpo_record_find(rows, "step");
  const hpo_field *metric = hpo_record_find(rows, "metric");
  const hpo_field *value = hpo_record_find(rows, "value");

  if (trial == NULL || fold == NULL || step == NULL || metric == NULL ||
      value == NULL || first > trial->n || n > trial->n - first ||
      fold->n != trial->n || step->n != trial->n || metric->n != trial->n ||
      value->n != trial->n)
    HPO_FAIL(status, err, HPO_ESTUDY, "the curve of trial %lld is not there",
             (long long)t->number);
  for (size_t i = first; i < first + n; i++) {
    hpo_curve_point p = {.fold = (int32_t)hpo_field_int(fold, i),
                         .metric = (int32_t)hpo_field_int(metric, i),
                         .step = hpo_field_int(step, i),
                         .value = hpo_field_number(value, i)};
    if (hpo_field_int(trial, i) != t->number)
      HPO_FAIL(status, err, HPO_ESTUDY,
               "row %zu of the curves belongs to trial %lld, not %lld", i,
               (long long)hpo_field_int(trial, i), (long long)t->number);
    HPO_TRY(status, hpo_trial_add_curve(t, p, err));
  }
done:
  return status;
}
