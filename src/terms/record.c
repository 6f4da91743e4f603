/* SPDX-License-Identifier: BSD-3-Clause */
/* Records: creation, copies and the adding of fields.
 * What is read from and written into fields stands in record_field.c. */
#include "hpo/record.h"

#include "hpo/mem.h"

#include <string.h>

hpo_status hpo_record_create(const char *name, hpo_record **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *r, &r, err));
  HPO_TRY(status, hpo_mem_string(name, &r->name, err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

static void field_free(hpo_field *f) {
  hpo_mem_free(f->text);
  hpo_mem_free(f->data);
  *f = (hpo_field){0};
}

void hpo_record_destroy(hpo_record *r) {
  if (r == NULL)
    return;
  for (size_t i = 0; i < r->n_field; i++)
    field_free(&r->field[i]);
  hpo_mem_free(r->field);
  hpo_mem_free(r->name);
  hpo_mem_free(r);
}

size_t hpo_field_item(hpo_field_type type) {
  switch (type) {
  case HPO_FIELD_INT:
  case HPO_FIELD_FLOAT:
    return 8;
  case HPO_FIELD_F32:
  case HPO_FIELD_I32:
  case HPO_FIELD_ENUM:
    return 4;
  case HPO_FIELD_U8:
  case HPO_FIELD_TEXT:
    break;
  }
  return 1;
}

/** What a new field is made of; all borrowed. */
typedef struct field_spec {
  const char *name, *unit, *description;
  hpo_field_type type;
  size_t width, n_shape, shape[2];
  const char *const *choice;
  size_t n_choice;
  const void *data;
} field_spec;

/* FNV-1a: names are compared only where their hashes are equal. */
static uint32_t hash(const char *name) {
  uint32_t h = 2166136261u;

  for (; *name; name++)
    h = (h ^ (uint8_t)*name) * 16777619u;
  return h;
}

hpo_field *hpo_record_find(const hpo_record *r, const char *name) {
  const uint32_t h = hash(name);

  for (size_t i = 0; i < r->n_field; i++)
    if (r->field[i].hash == h && strcmp(r->field[i].name, name) == 0)
      return &r->field[i];
  return NULL;
}

static char *put(const char *text, char **at) {
  const size_t n = strlen(text) + 1;
  char *to = memcpy(*at, text, n);

  *at += n;
  return to;
}

/* All texts of a field in one piece: records are made by the thousand. */
static hpo_status copy_texts(hpo_field *f, const field_spec *spec,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n =
      strlen(spec->name) + strlen(spec->unit) + strlen(spec->description) + 3;
  char *at;

  for (size_t i = 0; i < spec->n_choice; i++)
    n += sizeof *f->choice + strlen(spec->choice[i]) + 1;
  HPO_TRY(status, hpo_mem_new(n, 1, &f->text, err));
  at = (char *)f->text + spec->n_choice * sizeof *f->choice;
  f->choice = spec->n_choice > 0 ? f->text : NULL;
  f->n_choice = spec->n_choice;
  for (size_t i = 0; i < spec->n_choice; i++)
    f->choice[i] = put(spec->choice[i], &at);
  f->name = put(spec->name, &at);
  f->unit = put(spec->unit, &at);
  f->description = put(spec->description, &at);
  f->hash = hash(f->name);
done:
  return status;
}

static hpo_status field_fill(hpo_field *f, const field_spec *spec,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t rows = spec->shape[0];
  size_t columns = spec->n_shape == 2 ? spec->shape[1] : 1;

  f->type = spec->type;
  f->width = spec->type == HPO_FIELD_TEXT && spec->width > 0
                 ? spec->width
                 : hpo_field_item(spec->type);
  f->n_shape = spec->n_shape;
  f->shape[0] = rows;
  f->shape[1] = columns;
  if (columns > 0 && rows > SIZE_MAX / columns)
    HPO_FAIL(status, err, HPO_EMEM, "no room for %zu x %zu values", rows,
             columns);
  f->n = rows * columns;
  HPO_TRY(status, copy_texts(f, spec, err));
  HPO_TRY(status, hpo_mem_new(f->n, f->width, &f->data, err));
  f->room = f->n * f->width;
  if (spec->data != NULL && f->room > 0)
    memcpy(f->data, spec->data, f->room);
done:
  return status;
}

static hpo_status add_field(hpo_record *r, const field_spec *spec,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_field f = {0};

  HPO_ASSERT(hpo_record_find(r, spec->name) == NULL);
  HPO_TRY(status, field_fill(&f, spec, err));
  HPO_TRY(status, hpo_mem_grow(&r->field, &r->room, r->n_field + 1,
                               sizeof *r->field, err));
  r->field[r->n_field++] = f;
  f = (hpo_field){0};
done:
  field_free(&f);
  return status;
}

hpo_status hpo_record_add(hpo_record *r, const char *name, hpo_field_type type,
                          size_t width, const void *data, size_t n,
                          const char *unit, const char *description,
                          hpo_error *err) {
  field_spec spec = {.name = name,
                     .unit = unit,
                     .description = description,
                     .type = type,
                     .width = width,
                     .n_shape = 1,
                     .shape = {n, 1},
                     .data = data};

  HPO_ASSERT(type != HPO_FIELD_ENUM);
  return add_field(r, &spec, err);
}

hpo_status hpo_record_add_matrix(hpo_record *r, const char *name,
                                 hpo_field_type type, const void *data,
                                 size_t rows, size_t columns, const char *unit,
                                 const char *description, hpo_error *err) {
  field_spec spec = {.name = name,
                     .unit = unit,
                     .description = description,
                     .type = type,
                     .n_shape = 2,
                     .shape = {rows, columns},
                     .data = data};

  HPO_ASSERT(type != HPO_FIELD_ENUM && type != HPO_FIELD_TEXT);
  return add_field(r, &spec, err);
}

hpo_status hpo_record_add_enum(hpo_record *r, const char *name,
                               const char *const *choice, size_t n_choice,
                               const int32_t *data, size_t n,
                               const char *description, hpo_error *err) {
  field_spec spec = {.name = name,
                     .unit = "",
                     .description = description,
                     .type = HPO_FIELD_ENUM,
                     .n_shape = 1,
                     .shape = {n, 1},
                     .choice = choice,
                     .n_choice = n_choice,
                     .data = data};

  return add_field(r, &spec, err);
}

hpo_status hpo_record_add_int(hpo_record *r, const char *name, int64_t x,
                              const char *unit, const char *description,
                              hpo_error *err) {
  return hpo_record_add(r, name, HPO_FIELD_INT, 0, &x, 1, unit, description,
                        err);
}

hpo_status hpo_record_add_float(hpo_record *r, const char *name, double x,
                                const char *unit, const char *description,
                                hpo_error *err) {
  return hpo_record_add(r, name, HPO_FIELD_FLOAT, 0, &x, 1, unit, description,
                        err);
}

hpo_status hpo_record_add_text(hpo_record *r, const char *name,
                               const char *text, size_t room,
                               const char *description, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t width = room > 0 ? room : strlen(text);

  HPO_TRY(status, hpo_record_add(r, name, HPO_FIELD_TEXT, width, NULL, 1, "",
                                 description, err));
  hpo_field_set_text(&r->field[r->n_field - 1], 0, text);
done:
  return status;
}

hpo_status hpo_record_copy(const hpo_record *from, hpo_record **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create(from->name, &r, err));
  for (size_t i = 0; i < from->n_field; i++) {
    const hpo_field *f = &from->field[i];
    field_spec spec = {.name = f->name,
                       .unit = f->unit,
                       .description = f->description,
                       .type = f->type,
                       .width = f->width,
                       .n_shape = f->n_shape,
                       .shape = {f->shape[0], f->shape[1]},
                       .choice = (const char *const *)f->choice,
                       .n_choice = f->n_choice,
                       .data = f->data};
    HPO_TRY(status, add_field(r, &spec, err));
  }
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

static bool field_equal(const hpo_field *a, const hpo_field *b) {
  if (strcmp(a->name, b->name) != 0 || strcmp(a->unit, b->unit) != 0 ||
      strcmp(a->description, b->description) != 0)
    return false;
  if (a->type != b->type || a->width != b->width || a->n != b->n ||
      a->n_shape != b->n_shape || a->shape[0] != b->shape[0] ||
      a->shape[1] != b->shape[1] || a->n_choice != b->n_choice)
    return false;
  for (size_t i = 0; i < a->n_choice; i++)
    if (strcmp(a->choice[i], b->choice[i]) != 0)
      return false;
  return a->n == 0 || memcmp(a->data, b->data, a->n * a->width) == 0;
}

bool hpo_record_equal(const hpo_record *a, const hpo_record *b) {
  if (strcmp(a->name, b->name) != 0 || a->n_field != b->n_field)
    return false;
  for (size_t i = 0; i < a->n_field; i++)
    if (!field_equal(&a->field[i], &b->field[i]))
      return false;
  return true;
}
