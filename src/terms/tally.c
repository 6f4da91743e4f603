/* SPDX-License-Identifier: BSD-3-Clause */
/* Tallies of validation predictions, and how they travel. */
#include "hpo/tally.h"

#include "hpo/mem.h"

void hpo_tally_free(hpo_tally *t) {
  hpo_mem_free(t->confusion);
  hpo_mem_free(t->point);
  *t = (hpo_tally){0};
}

hpo_status hpo_tally_add(hpo_tally *t, hpo_tally_point p, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&t->point, &t->point_room, t->n_point + 1,
                               sizeof *t->point, err));
  t->point[t->n_point++] = p;
done:
  return status;
}

hpo_status hpo_tally_record(const hpo_tally *t, hpo_record *r,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t at = r->n_field, n = t->n_point;
  static const char *const real[] = {"tally.threshold", "tally.hits",
                                     "tally.alarms"};

  HPO_TRY(status,
          hpo_record_add(r, "tally.confusion", HPO_FIELD_FLOAT, 0,
                         t->confusion, t->n_class * t->n_class, "", "", err));
  HPO_TRY(status, hpo_record_add(r, "tally.positive", HPO_FIELD_I32, 0, NULL,
                                 n, "", "", err));
  for (size_t k = 0; k < 3; k++)
    HPO_TRY(status, hpo_record_add(r, real[k], HPO_FIELD_FLOAT, 0, NULL, n, "",
                                   "", err));
  for (size_t i = 0; i < n; i++) {
    const hpo_tally_point *p = &t->point[i];
    hpo_field_set_int(&r->field[at + 1], i, p->positive);
    hpo_field_set_number(&r->field[at + 2], i, p->threshold);
    hpo_field_set_number(&r->field[at + 3], i, p->hits);
    hpo_field_set_number(&r->field[at + 4], i, p->alarms);
  }
done:
  return status;
}

static bool has(const hpo_field *f, hpo_field_type type, size_t n) {
  return f != NULL && f->type == type && f->n == n;
}

hpo_status hpo_tally_from_record(const hpo_record *r, hpo_tally *out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_tally t = {0};
  const hpo_field *table = hpo_record_find(r, "tally.confusion");
  const hpo_field *positive = hpo_record_find(r, "tally.positive");
  const hpo_field *threshold = hpo_record_find(r, "tally.threshold");
  const hpo_field *hits = hpo_record_find(r, "tally.hits");
  const hpo_field *alarms = hpo_record_find(r, "tally.alarms");
  size_t n = positive != NULL ? positive->n : 0, k = 0;

  while (table != NULL && k * k < table->n)
    k++;
  if (!has(table, HPO_FIELD_FLOAT, k * k) ||
      !has(positive, HPO_FIELD_I32, n) ||
      !has(threshold, HPO_FIELD_FLOAT, n) || !has(hits, HPO_FIELD_FLOAT, n) ||
      !has(alarms, HPO_FIELD_FLOAT, n))
    HPO_FAIL(status, err, HPO_ESTUDY, "the record %s has no valid tally",
             r->name);
  if (k > 0)
    HPO_TRY(status, hpo_mem_copy(table->data, k * k * sizeof *t.confusion,
                                 &t.confusion, err));
  t.n_class = k;
  for (size_t i = 0; i < n; i++) {
    hpo_tally_point p = {.positive = (int32_t)hpo_field_int(positive, i),
                         .threshold = hpo_field_number(threshold, i),
                         .hits = hpo_field_number(hits, i),
                         .alarms = hpo_field_number(alarms, i)};
    HPO_TRY(status, hpo_tally_add(&t, p, err));
  }
  *out = t;
  t = (hpo_tally){0};
done:
  hpo_tally_free(&t);
  return status;
}
