/* SPDX-License-Identifier: BSD-3-Clause */
/* How a data set describes itself under /data. */

#include <string.h>

#include "hpo/dataset.h"
#include "hpo/mem.h"

/* A list of texts as one field of fixed width; an empty list gets one empty
 * text, since a field has at least one item. */
static hpo_status add_texts(hpo_record *r, const char *name,
                            const char *const *text, size_t n,
                            const char *description, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t width = 1;
  char *bytes = NULL;

  for (size_t i = 0; i < n; i++)
    width = strlen(text[i]) > width ? strlen(text[i]) : width;
  HPO_TRY(status, hpo_mem_new(n > 0 ? n : 1, width, &bytes, err));
  for (size_t i = 0; i < n; i++)
    memcpy(bytes + i * width, text[i], strlen(text[i]));
  HPO_TRY(status, hpo_record_add(r, name, HPO_FIELD_TEXT, width, bytes,
                                 n > 0 ? n : 1, "", description, err));
done:
  hpo_mem_free(bytes);
  return status;
}

/* names, types, n_missing: one item for each column. */
static hpo_status add_columns(hpo_record *r, const hpo_dataset *d,
                              hpo_error *err) {
  static const char *const type_name[] = {"numeric", "categorical"};
  hpo_status status = HPO_OK;
  const char **name = NULL;
  int32_t *type = NULL;
  int64_t *missing = NULL;

  HPO_TRY(status, hpo_mem_new(d->columns, sizeof *name, &name, err));
  HPO_TRY(status, hpo_mem_new(d->columns, sizeof *type, &type, err));
  HPO_TRY(status, hpo_mem_new(d->columns, sizeof *missing, &missing, err));
  for (size_t j = 0; j < d->columns; j++) {
    name[j] = d->column[j].name;
    type[j] = d->column[j].categorical;
    missing[j] = d->column[j].missing;
  }
  HPO_TRY(status, add_texts(r, "names", name, d->columns,
                            "name of each feature", err));
  HPO_TRY(status,
          hpo_record_add_enum(r, "types", type_name, 2, type, d->columns,
                              "kind of each feature", err));
  HPO_TRY(status,
          hpo_record_add(r, "n_missing", HPO_FIELD_INT, 0, missing, d->columns,
                         "rows", "missing values of each feature", err));
done:
  hpo_mem_free(name);
  hpo_mem_free(type);
  hpo_mem_free(missing);
  return status;
}

/* categories of all features one after the other, and where each feature's
 * begin. */
static hpo_status add_categories(hpo_record *r, const hpo_dataset *d,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t *offset = NULL;
  const char **name = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_mem_new(d->columns + 1, sizeof *offset, &offset, err));
  for (size_t j = 0; j < d->columns; j++) {
    n += d->column[j].n_category;
    offset[j + 1] = (int64_t)n;
  }
  HPO_TRY(status, hpo_mem_new(n, sizeof *name, &name, err));
  for (size_t j = 0; j < d->columns; j++)
    for (size_t k = 0; k < d->column[j].n_category; k++)
      name[(size_t)offset[j] + k] = d->column[j].category[k];
  HPO_TRY(status, add_texts(r, "categories", name, n,
                            "names of the categories of feature 0, then 1 "
                            "..., each sorted; see category_offsets",
                            err));
  HPO_TRY(status, hpo_record_add(r, "category_offsets", HPO_FIELD_INT, 0,
                                 offset, d->columns + 1, "",
                                 "feature j has categories[offset j] up to, "
                                 "without, categories[offset j+1]",
                                 err));
done:
  hpo_mem_free(offset);
  hpo_mem_free(name);
  return status;
}

/* The roles of all rows, on the team's rank 0; elsewhere NULL. */
static hpo_status gather_role(const hpo_dataset *d, uint8_t **out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t *all = NULL;
  size_t *count = NULL;

  HPO_TRY(status,
          hpo_mem_new((size_t)d->team->size, sizeof *count, &count, err));
  HPO_TRY(status,
          d->team->gather(d->team->self, d->role + d->first,
                          (size_t)(d->end - d->first), &all, count, err));
  *out = all;
done:
  hpo_mem_free(count);
  return status;
}

hpo_status hpo_dataset_record(const hpo_dataset *d, hpo_record **out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  uint8_t *role = NULL;

  if (d->team && d->team->size > 1)
    HPO_TRY(status, gather_role(d, &role, err));
  HPO_TRY(status, hpo_record_create("data", &r, err));
  HPO_TRY(status, hpo_record_add_text(r, "task", hpo_task_name(d->task), 0,
                                      "what is predicted", err));
  HPO_TRY(status, hpo_record_add_int(r, "rows", d->rows, "rows",
                                     "rows of all files", err));
  HPO_TRY(status, hpo_record_add_int(r, "columns", (int64_t)d->columns, "",
                                     "features", err));
  HPO_TRY(status, hpo_record_add_int(r, "n_train", d->n_train, "rows",
                                     "rows that train", err));
  HPO_TRY(status, hpo_record_add_int(r, "n_valid", d->n_valid, "rows",
                                     "rows that validate", err));
  HPO_TRY(status, hpo_record_add_text(r, "label", d->label_name, 0,
                                      "column that is predicted", err));
  HPO_TRY(status, add_columns(r, d, err));
  HPO_TRY(status, add_categories(r, d, err));
  HPO_TRY(status, add_texts(r, "classes", (const char *const *)d->class_name,
                            d->n_class,
                            "names of the classes by class index; one empty "
                            "text in a regression",
                            err));
  HPO_TRY(status, hpo_record_add_text(r, "sha256", d->hash, 64,
                                      "SHA-256 of the files' unpacked bytes, "
                                      "see docs",
                                      err));
  if (!d->team || d->team->rank == 0)
    HPO_TRY(status, hpo_record_add(r, "role", HPO_FIELD_U8, 0,
                                   role ? role : d->role, (size_t)d->rows, "",
                                   "what each row is for: 0 train, 1 "
                                   "validation, 2 test",
                                   err));
  if (d->n_fold > 0)
    HPO_TRY(status, hpo_record_add(r, "fold", HPO_FIELD_U8, 0, d->fold,
                                   (size_t)d->rows, "",
                                   "fold in which each row validates, from "
                                   "1; 0: in none",
                                   err));
  HPO_TRY(status, hpo_record_add_int(r, "folds", (int64_t)d->n_fold, "",
                                     "folds; 0: a single split", err));
  HPO_TRY(status, hpo_record_add_int(r, "index_base", d->index_base, "",
                                     "LIBSVM: features count from 0 or 1; -1: "
                                     "another format",
                                     err));
  *out = r;
  r = NULL;
done:
  hpo_mem_free(role);
  hpo_record_destroy(r);
  return status;
}
