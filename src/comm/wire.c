/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as bytes, and back.  Contents: writing; reading. */
#include "hpo/wire.h"

#include <string.h>

static const char magic[4] = {'H', 'P', 'O', 'R'};
#define VERSION 1u
#define MAX_FIELDS 65536u

static bool is_little_endian(void) {
  const uint16_t one = 1;
  uint8_t first;

  memcpy(&first, &one, 1);
  return first == 1;
}

/** Turns n items of width bytes from the machine's order into little-endian
 *  or back, in place. */
static void swap_items(uint8_t *byte, size_t n, size_t width) {
  if (width == 1 || is_little_endian())
    return;
  for (size_t i = 0; i < n; i++, byte += width)
    for (size_t k = 0; k < width / 2; k++) {
      uint8_t b = byte[k];
      byte[k] = byte[width - 1 - k];
      byte[width - 1 - k] = b;
    }
}

/* Writing */

static hpo_status put_number(hpo_buffer *to, uint64_t x, size_t width,
                             hpo_error *err) {
  uint8_t byte[8];

  for (size_t i = 0; i < width; i++)
    byte[i] = (uint8_t)(x >> (8 * i));
  return hpo_buffer_add(to, byte, width, err);
}

static hpo_status put_text(hpo_buffer *to, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = strlen(text);

  HPO_ASSERT(n <= UINT32_MAX);
  HPO_TRY(status, put_number(to, n, 4, err));
  HPO_TRY(status, hpo_buffer_add(to, text, n, err));
done:
  return status;
}

static hpo_status put_field(hpo_buffer *to, const hpo_field *f,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t width = hpo_field_item(f->type), at;

  HPO_TRY(status, put_text(to, f->name, err));
  HPO_TRY(status, put_text(to, f->unit, err));
  HPO_TRY(status, put_text(to, f->description, err));
  HPO_TRY(status, put_number(to, (uint64_t)f->type, 1, err));
  HPO_TRY(status, put_number(to, f->n_shape, 1, err));
  HPO_TRY(status, put_number(to, f->width, 8, err));
  for (size_t i = 0; i < f->n_shape; i++)
    HPO_TRY(status, put_number(to, f->shape[i], 8, err));
  HPO_TRY(status, put_number(to, f->n_choice, 4, err));
  for (size_t i = 0; i < f->n_choice; i++)
    HPO_TRY(status, put_text(to, f->choice[i], err));
  at = to->n;
  if (f->n * f->width > 0)
    HPO_TRY(status, hpo_buffer_add(to, f->data, f->n * f->width, err));
  swap_items(to->byte + at, f->n * f->width / width, width);
done:
  return status;
}

hpo_status hpo_wire_encode(const hpo_record *r, hpo_buffer *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t start = out->n, length;

  HPO_ASSERT(r->n_field <= MAX_FIELDS);
  HPO_TRY(status, hpo_buffer_add(out, magic, sizeof magic, err));
  HPO_TRY(status, put_number(out, VERSION, 4, err));
  HPO_TRY(status, put_number(out, 0, 8, err));
  HPO_TRY(status, put_text(out, r->name, err));
  HPO_TRY(status, put_number(out, r->n_field, 4, err));
  for (size_t i = 0; i < r->n_field; i++)
    HPO_TRY(status, put_field(out, &r->field[i], err));
  length = out->n - start;
  for (size_t i = 0; i < 8; i++)
    out->byte[start + 8 + i] = (uint8_t)((uint64_t)length >> (8 * i));
done:
  if (status != HPO_OK)
    out->n = start;
  return status;
}

/* Reading */

typedef struct reader {
  const uint8_t *at;
  size_t left;
} reader;

static hpo_status bad(hpo_error *err, const char *what) {
  return hpo_error_set(err, HPO_EDATA, "these bytes are no record: %s", what);
}

static hpo_status get_number(reader *in, size_t width, uint64_t *out,
                             hpo_error *err) {
  uint64_t x = 0;

  if (in->left < width)
    return bad(err, "they end too early");
  for (size_t i = 0; i < width; i++)
    x |= (uint64_t)in->at[i] << (8 * i);
  in->at += width;
  in->left -= width;
  *out = x;
  return HPO_OK;
}

static hpo_status get_text(reader *in, char **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint64_t n = 0;
  char *text = NULL;

  HPO_TRY(status, get_number(in, 4, &n, err));
  if (n > in->left)
    HPO_FAIL(status, err, HPO_EDATA,
             "these bytes are no record: a text is longer than they are");
  if (n > 0 && memchr(in->at, 0, (size_t)n) != NULL)
    HPO_FAIL(status, err, HPO_EDATA,
             "these bytes are no record: a text holds a zero byte");
  HPO_TRY(status, hpo_mem_new((size_t)n + 1, 1, &text, err));
  memcpy(text, in->at, (size_t)n);
  in->at += n;
  in->left -= (size_t)n;
  *out = text;
done:
  return status;
}

/** A field as it is being read; every part is checked. */
typedef struct incoming {
  char *name, *unit, *description;
  hpo_field_type type;
  size_t n_shape, width, shape[2], n;
  char **choice;
  size_t n_choice;
  uint8_t *data;
} incoming;

static void incoming_free(incoming *f) {
  hpo_mem_free(f->name);
  hpo_mem_free(f->unit);
  hpo_mem_free(f->description);
  for (size_t i = 0; i < f->n_choice; i++)
    hpo_mem_free(f->choice[i]);
  hpo_mem_free(f->choice);
  hpo_mem_free(f->data);
}

static hpo_status get_shape(reader *in, incoming *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint64_t type = 0, n_shape = 0, width = 0, shape[2] = {0, 1};

  HPO_TRY(status, get_number(in, 1, &type, err));
  HPO_TRY(status, get_number(in, 1, &n_shape, err));
  HPO_TRY(status, get_number(in, 8, &width, err));
  if (type > HPO_FIELD_TEXT || n_shape < 1 || n_shape > 2)
    return bad(err, "a field has no known type or shape");
  f->type = (hpo_field_type)type;
  if (n_shape == 2 && (type == HPO_FIELD_TEXT || type == HPO_FIELD_ENUM))
    return bad(err, "a field of texts or choices has two dimensions");
  if (type == HPO_FIELD_TEXT ? width < 1 || width > SIZE_MAX / 2
                             : width != hpo_field_item(f->type))
    return bad(err, "a field's items have a wrong width");
  for (size_t i = 0; i < n_shape; i++)
    HPO_TRY(status, get_number(in, 8, &shape[i], err));
  if (shape[1] > 0 && shape[0] > SIZE_MAX / width / shape[1])
    return bad(err, "a field is larger than any memory");
  f->n_shape = (size_t)n_shape;
  f->width = (size_t)width;
  f->shape[0] = (size_t)shape[0];
  f->shape[1] = (size_t)shape[1];
  f->n = f->shape[0] * f->shape[1];
done:
  return status;
}

static hpo_status get_choices(reader *in, incoming *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint64_t n = 0;

  HPO_TRY(status, get_number(in, 4, &n, err));
  if (n > in->left / 4 || (n > 0 && f->type != HPO_FIELD_ENUM))
    return bad(err, "a field has a wrong number of choices");
  HPO_TRY(status, hpo_mem_new((size_t)n, sizeof *f->choice, &f->choice, err));
  f->n_choice = (size_t)n;
  for (size_t i = 0; i < f->n_choice; i++)
    HPO_TRY(status, get_text(in, &f->choice[i], err));
done:
  return status;
}

static hpo_status get_items(reader *in, incoming *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t bytes = f->n * f->width, width = hpo_field_item(f->type);

  if (bytes > in->left)
    return bad(err, "a field's items are cut short");
  HPO_TRY(status, hpo_mem_copy(in->at, bytes, &f->data, err));
  swap_items(f->data, bytes / width, width);
  in->at += bytes;
  in->left -= bytes;
  if (f->type != HPO_FIELD_ENUM)
    return HPO_OK;
  for (size_t i = 0; i < f->n; i++) {
    int32_t x;
    memcpy(&x, f->data + 4 * i, sizeof x);
    if (x < -1 || (x >= 0 && (size_t)x >= f->n_choice))
      return bad(err, "an item is none of the choices");
  }
done:
  return status;
}

static hpo_status add_incoming(hpo_record *r, const incoming *f,
                               hpo_error *err) {
  if (hpo_record_find(r, f->name) != NULL)
    return bad(err, "two fields have the same name");
  if (f->type == HPO_FIELD_ENUM)
    return hpo_record_add_enum(
        r, f->name, (const char *const *)f->choice, f->n_choice,
        (const int32_t *)(const void *)f->data, f->n, f->description, err);
  if (f->n_shape == 2)
    return hpo_record_add_matrix(r, f->name, f->type, f->data, f->shape[0],
                                 f->shape[1], f->unit, f->description, err);
  return hpo_record_add(r, f->name, f->type, f->width, f->data, f->n, f->unit,
                        f->description, err);
}

static hpo_status get_field(reader *in, hpo_record *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  incoming f = {0};

  HPO_TRY(status, get_text(in, &f.name, err));
  HPO_TRY(status, get_text(in, &f.unit, err));
  HPO_TRY(status, get_text(in, &f.description, err));
  HPO_TRY(status, get_shape(in, &f, err));
  HPO_TRY(status, get_choices(in, &f, err));
  HPO_TRY(status, get_items(in, &f, err));
  HPO_TRY(status, add_incoming(r, &f, err));
done:
  incoming_free(&f);
  return status;
}

hpo_status hpo_wire_decode(const uint8_t *bytes, size_t n, hpo_record **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  reader in = {.at = bytes, .left = n};
  hpo_record *r = NULL;
  char *name = NULL;
  uint64_t version = 0, length = 0, n_field = 0;

  if (n < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
    return bad(err, "they do not begin as one");
  in.at += sizeof magic;
  in.left -= sizeof magic;
  HPO_TRY(status, get_number(&in, 4, &version, err));
  HPO_TRY(status, get_number(&in, 8, &length, err));
  if (version != VERSION)
    HPO_FAIL(status, err, HPO_EDATA,
             "these bytes are a record of version %u, this program reads %u",
             (unsigned)version, VERSION);
  if (length != n)
    HPO_FAIL(status, err, HPO_EDATA,
             "these bytes are no record: %zu came instead of %llu", n,
             (unsigned long long)length);
  HPO_TRY(status, get_text(&in, &name, err));
  HPO_TRY(status, get_number(&in, 4, &n_field, err));
  if (n_field > MAX_FIELDS)
    HPO_FAIL(status, err, HPO_EDATA,
             "these bytes are no record: it has too many fields");
  HPO_TRY(status, hpo_record_create(name, &r, err));
  for (uint64_t i = 0; i < n_field; i++)
    HPO_TRY(status, get_field(&in, r, err));
  if (in.left > 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "these bytes are no record: %zu are left over", in.left);
  *out = r;
  r = NULL;
done:
  hpo_mem_free(name);
  hpo_record_destroy(r);
  return status;
}
