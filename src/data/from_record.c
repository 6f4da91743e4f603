/* SPDX-License-Identifier: BSD-3-Clause */
/* The facts of a data set from what stands under /data. */
#include <string.h>

#include "hpo/dataset.h"
#include "hpo/mem.h"

enum { LONGEST = 4096 };

static hpo_status get_text(const hpo_field *f, size_t i, char **out,
                           hpo_error *err) {
  char text[LONGEST];

  return hpo_mem_string(hpo_field_text(f, i, text, sizeof text), out, err);
}

static hpo_status get_categories(const hpo_record *r, size_t j, hpo_column *to,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *name = hpo_record_find(r, "categories");
  const hpo_field *offset = hpo_record_find(r, "category_offsets");
  int64_t from = hpo_field_int(offset, j), end = hpo_field_int(offset, j + 1);

  if (from < 0 || end < from || (size_t)end > name->n)
    HPO_FAIL(status, err, HPO_ESTUDY, "/data/category_offsets is damaged");
  HPO_TRY(status, hpo_mem_new((size_t)(end - from), sizeof *to->category,
                              &to->category, err));
  to->n_category = (size_t)(end - from);
  for (size_t c = 0; c < to->n_category; c++)
    HPO_TRY(status, get_text(name, (size_t)from + c, &to->category[c], err));
done:
  return status;
}

static hpo_status get_columns(const hpo_record *r, hpo_dataset *d,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *name = hpo_record_find(r, "names");
  const hpo_field *type = hpo_record_find(r, "types");
  const hpo_field *missing = hpo_record_find(r, "n_missing");
  const hpo_field *offset = hpo_record_find(r, "category_offsets");

  if (!name || !type || !missing || !offset || type->n != name->n ||
      missing->n != name->n || offset->n != name->n + 1 ||
      !hpo_record_find(r, "categories"))
    HPO_FAIL(status, err, HPO_ESTUDY, "/data names no columns");
  HPO_TRY(status, hpo_mem_new(name->n, sizeof *d->column, &d->column, err));
  d->columns = name->n;
  for (size_t j = 0; j < d->columns; j++) {
    HPO_TRY(status, get_text(name, j, &d->column[j].name, err));
    d->column[j].categorical = hpo_field_int(type, j) == 1;
    d->column[j].missing = hpo_field_int(missing, j);
    HPO_TRY(status, get_categories(r, j, &d->column[j], err));
  }
done:
  return status;
}

static hpo_status get_classes(const hpo_record *r, hpo_dataset *d,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *name = hpo_record_find(r, "classes");

  if (d->task == HPO_TASK_REGRESSION)
    return HPO_OK;
  if (!name || name->n < 2 || (d->task == HPO_TASK_BINARY && name->n != 2))
    HPO_FAIL(status, err, HPO_ESTUDY, "/data names no classes");
  HPO_TRY(status,
          hpo_mem_new(name->n, sizeof *d->class_name, &d->class_name, err));
  d->n_class = name->n;
  for (size_t c = 0; c < d->n_class; c++)
    HPO_TRY(status, get_text(name, c, &d->class_name[c], err));
done:
  return status;
}

hpo_status hpo_dataset_from_record(const hpo_record *r, hpo_dataset **out,
                                   hpo_error *err) {
  static const hpo_task tasks[] = {HPO_TASK_BINARY, HPO_TASK_MULTICLASS,
                                   HPO_TASK_REGRESSION};
  hpo_status status = HPO_OK;
  hpo_dataset *d = NULL;
  char text[LONGEST];
  bool known = false;

  HPO_TRY(status, hpo_mem_new(1, sizeof *d, &d, err));
  hpo_record_text(r, "task", text, sizeof text);
  for (size_t i = 0; i < 3; i++)
    if (strcmp(text, hpo_task_name(tasks[i])) == 0) {
      d->task = tasks[i];
      known = true;
    }
  if (!known)
    HPO_FAIL(status, err, HPO_ESTUDY, "/data names no task");
  HPO_TRY(status,
          hpo_mem_string(hpo_record_text(r, "label", text, sizeof text),
                         &d->label_name, err));
  d->index_base = (int)hpo_record_int(r, "index_base");
  HPO_TRY(status, get_columns(r, d, err));
  HPO_TRY(status, get_classes(r, d, err));
  *out = d;
  d = NULL;
done:
  hpo_dataset_destroy(d);
  return status;
}
