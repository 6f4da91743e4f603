/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of the study file for the tally of a model's predictions. */
#include "layout_private.h"

#include <string.h>

/* The columns of a declared table of numbers, with n items each, zero. */
static hpo_status empty_rows(const char *path, size_t n, hpo_record **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  const hpo_table *t = hpo_layout_declared;

  while (strcmp(t->path, path) != 0)
    t++;
  HPO_TRY(status, hpo_record_create(path + 1, &r, err));
  for (const hpo_column *c = t->column; c->name != NULL; c++)
    HPO_TRY(status, hpo_record_add(r, c->name,
                                   c->kind == HPO_COLUMN_REAL ? HPO_FIELD_FLOAT
                                                              : HPO_FIELD_INT,
                                   0, NULL, n, c->unit, c->description, err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

static hpo_status confusion_rows(const hpo_trial *t, const hpo_tally *tally,
                                 hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t k = tally->n_class, n = 0, at = 0;

  for (size_t c = 0; c < k * k; c++)
    n += tally->confusion[c] > 0;
  HPO_TRY(status, empty_rows(HPO_TABLE_CONFUSION, n, out, err));
  for (size_t c = 0; c < k * k; c++) {
    if (!(tally->confusion[c] > 0))
      continue;
    hpo_field *f = (*out)->field;
    hpo_field_set_int(&f[0], at, t->number);
    hpo_field_set_int(&f[1], at, t->model_offset);
    hpo_field_set_int(&f[2], at, (int64_t)(c / k));
    hpo_field_set_int(&f[3], at, (int64_t)(c % k));
    hpo_field_set_number(&f[4], at++, tally->confusion[c]);
  }
done:
  return status;
}

static hpo_status roc_rows(const hpo_trial *t, const hpo_tally *tally,
                           hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, empty_rows(HPO_TABLE_ROC, tally->n_point, out, err));
  for (size_t i = 0; i < tally->n_point; i++) {
    const hpo_tally_point *p = &tally->point[i];
    hpo_field *f = (*out)->field;
    hpo_field_set_int(&f[0], i, t->number);
    hpo_field_set_int(&f[1], i, t->model_offset);
    hpo_field_set_int(&f[2], i, p->positive);
    hpo_field_set_number(&f[3], i, p->threshold);
    hpo_field_set_number(&f[4], i, p->hits);
    hpo_field_set_number(&f[5], i, p->alarms);
  }
done:
  return status;
}

hpo_status hpo_layout_tally_rows(const hpo_trial *t, const hpo_tally *tally,
                                 hpo_record **confusion, hpo_record **roc,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *cells = NULL, *points = NULL;

  HPO_TRY(status, confusion_rows(t, tally, &cells, err));
  HPO_TRY(status, roc_rows(t, tally, &points, err));
  *confusion = cells;
  *roc = points;
  cells = points = NULL;
done:
  hpo_record_destroy(cells);
  hpo_record_destroy(points);
  return status;
}
