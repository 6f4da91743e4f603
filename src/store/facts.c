/* SPDX-License-Identifier: BSD-3-Clause */
/* Records to what the file holds once: arrays with units and descriptions,
 * and attributes of the root; and back. */
#include "store_private.h"

#include "hpo/mem.h"

#include <string.h>

static hpo_h5_kind kind_of(hpo_field_type type) {
  switch (type) {
  case HPO_FIELD_INT:
    return HPO_H5_I64;
  case HPO_FIELD_FLOAT:
    return HPO_H5_F64;
  case HPO_FIELD_F32:
    return HPO_H5_F32;
  case HPO_FIELD_I32:
    return HPO_H5_I32;
  case HPO_FIELD_U8:
    return HPO_H5_U8;
  case HPO_FIELD_ENUM:
    return HPO_H5_ENUM;
  case HPO_FIELD_TEXT:
    break;
  }
  return HPO_H5_TEXT;
}

static hpo_field_type type_of(hpo_h5_kind kind) {
  switch (kind) {
  case HPO_H5_I64:
  case HPO_H5_U32:
    return HPO_FIELD_INT;
  case HPO_H5_F64:
    return HPO_FIELD_FLOAT;
  case HPO_H5_F32:
    return HPO_FIELD_F32;
  case HPO_H5_I32:
    return HPO_FIELD_I32;
  case HPO_H5_U8:
    return HPO_FIELD_U8;
  case HPO_H5_ENUM:
    return HPO_FIELD_ENUM;
  case HPO_H5_TEXT:
    break;
  }
  return HPO_FIELD_TEXT;
}

hpo_h5_column store_column(const hpo_field *f) {
  hpo_h5_column c = {.name = f->name,
                     .unit = f->unit,
                     .description = f->description,
                     .kind = kind_of(f->type),
                     .width = f->width,
                     .choice = f->choice,
                     .n_choice = f->n_choice};

  if (f->type == HPO_FIELD_ENUM) /* only read from here on */
    c.none = (char *)(uintptr_t)hpo_field_none_name(f);
  return c;
}

hpo_status store_add_field(hpo_record *r, const hpo_h5_column *c, size_t n,
                           hpo_error *err) {
  const char *unit = c->unit != NULL ? c->unit : "";
  const char *description = c->description != NULL ? c->description : "";

  if (hpo_record_find(r, c->name) != NULL)
    return hpo_error_set(err, HPO_ESTUDY, "the name %s is there twice",
                         c->name);
  if (c->kind == HPO_H5_ENUM)
    return hpo_record_add_enum(r, c->name, (const char *const *)c->choice,
                               c->n_choice, NULL, n, description, err);
  return hpo_record_add(r, c->name, type_of(c->kind), c->width, NULL, n, unit,
                        description, err);
}

/* ---------------------------------------------------------- writing */

static hpo_h5_array field_array(const hpo_field *f) {
  hpo_h5_array a = {.about = store_column(f),
                    .n_shape = f->n_shape,
                    .shape = {f->shape[0], f->shape[1]},
                    .data = f->data};

  return a;
}

hpo_status store_facts_add(hpo_h5 *file, const char *path,
                           const hpo_record *record, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *name = NULL;

  for (size_t i = 0; i < record->n_field; i++) {
    const hpo_field *f = &record->field[i];
    hpo_h5_array a = field_array(f);
    if (strchr(f->name, '/') != NULL)
      HPO_FAIL(status, err, HPO_EBUG, "fact %s: a name holds a /", f->name);
    HPO_TRY(status, hpo_mem_format(&name, err, "%s/%s", path, f->name));
    a.about.name = name;
    HPO_TRY(status, hpo_h5_add_array(file, &a, err));
    hpo_mem_free(name);
    name = NULL;
  }
done:
  hpo_mem_free(name);
  return status;
}

hpo_status store_attributes_add(hpo_h5 *file, const hpo_record *record,
                                hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < record->n_field; i++) {
    hpo_h5_array a = field_array(&record->field[i]);
    if (a.n_shape == 1 && a.shape[0] == 1)
      a.n_shape = 0;
    HPO_TRY(status, hpo_h5_add_attribute(file, &a, err));
  }
done:
  return status;
}

/* ---------------------------------------------------------- reading */

/** That an index of an enum names a choice. */
static bool enum_in_range(const hpo_field *f) {
  const int32_t *item = f->data;
  bool good = true;

  for (size_t i = 0; i < f->n && f->type == HPO_FIELD_ENUM; i++)
    good = good && item[i] >= -1 && item[i] < (int64_t)f->n_choice;
  return good;
}

static hpo_status take_array(void *context, hpo_h5_array *a, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = context;
  const hpo_h5_column *c = &a->about;
  hpo_field *f = NULL;

  if (c->kind == HPO_H5_U32 ||
      (a->n_shape == 2 && (c->kind == HPO_H5_ENUM || c->kind == HPO_H5_TEXT)))
    HPO_FAIL(status, err, HPO_ESTUDY, "%s is not of this program's kind",
             c->name);
  if (a->n_shape == 2) {
    HPO_TRY(status, hpo_record_add_matrix(r, c->name, type_of(c->kind),
                                          a->data, a->shape[0], a->shape[1],
                                          c->unit, c->description, err));
    goto done;
  }
  HPO_TRY(status, store_add_field(r, c, hpo_h5_items(a), err));
  f = &r->field[r->n_field - 1];
  if (f->n > 0)
    memcpy(f->data, a->data, f->n * f->width);
  if (!enum_in_range(f))
    HPO_FAIL(status, err, HPO_ESTUDY, "%s holds a value without a name",
             c->name);
done:
  return status;
}

hpo_status hpo_store_read_facts(hpo_store *s, const char *path,
                                hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create(path, &r, err));
  if (strcmp(path, "/") == 0)
    HPO_TRY(status, hpo_h5_visit_attributes(s->file, take_array, r, err));
  else
    HPO_TRY(status, hpo_h5_visit_arrays(s->file, path, take_array, r, err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}
