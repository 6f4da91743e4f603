/* SPDX-License-Identifier: BSD-3-Clause */
/* Columns to HDF5 types and back.
 *
 * Types are always the file's: little-endian and packed, so that rows move
 * between memory and file without conversion. */
#include "h5_private.h"

#include "hpo/mem.h"

#include <string.h>

static bool little_endian(void) {
  const uint16_t one = 1;
  uint8_t first = 0;

  memcpy(&first, &one, 1);
  return first == 1;
}

void hpo_h5_column_free(hpo_h5_column *c) {
  hpo_mem_free(c->name);
  hpo_mem_free(c->unit);
  hpo_mem_free(c->description);
  hpo_mem_free(c->none);
  for (size_t i = 0; i < c->n_choice; i++)
    hpo_mem_free(c->choice[i]);
  hpo_mem_free(c->choice);
  *c = (hpo_h5_column){0};
}

size_t hpo_h5_width(const hpo_h5_column *c) {
  switch (c->kind) {
  case HPO_H5_I64:
  case HPO_H5_F64:
    return 8;
  case HPO_H5_F32:
  case HPO_H5_I32:
  case HPO_H5_U32:
  case HPO_H5_ENUM:
    return 4;
  case HPO_H5_U8:
    return 1;
  case HPO_H5_TEXT:
    break;
  }
  return c->width > 0 ? c->width : 1;
}

static void reverse(uint8_t *item, size_t width) {
  for (size_t i = 0; i < width / 2; i++) {
    uint8_t keep = item[i];
    item[i] = item[width - 1 - i];
    item[width - 1 - i] = keep;
  }
}

void hpo_h5_swap(const hpo_h5_column *column, size_t n_column, void *rows,
                 size_t n) {
  uint8_t *at = rows;

  if (little_endian())
    return;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n_column; k++) {
      size_t width = hpo_h5_width(&column[k]);
      if (column[k].kind != HPO_H5_TEXT)
        reverse(at, width);
      at += width;
    }
}

/* ------------------------------------------------- columns to types */

static hid_t make_text(size_t width) {
  hid_t type = H5Tcopy(H5T_C_S1);

  if (type < 0)
    return type;
  if (H5Tset_size(type, width) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
      H5Tset_strpad(type, H5T_STR_NULLPAD) < 0) {
    hpo_h5_drop(type, false);
    return H5I_INVALID_HID;
  }
  return type;
}

static bool insert_choice(hid_t type, const char *name, int32_t value) {
  hpo_h5_column c = {.kind = HPO_H5_I32};

  hpo_h5_swap(&c, 1, &value, 1);
  return H5Tenum_insert(type, name, &value) >= 0;
}

static hid_t make_enum(const hpo_h5_column *c) {
  hid_t type = H5Tenum_create(H5T_STD_I32LE);
  bool good = type >= 0 && insert_choice(type, c->none, -1);

  for (size_t i = 0; good && i < c->n_choice; i++)
    good = insert_choice(type, c->choice[i], (int32_t)i);
  if (!good) {
    hpo_h5_drop(type, false);
    type = H5I_INVALID_HID;
  }
  return type;
}

/** The type of numbers of a kind; borrowed from HDF5. */
static hid_t number_type(hpo_h5_kind kind) {
  switch (kind) {
  case HPO_H5_I64:
    return H5T_STD_I64LE;
  case HPO_H5_F64:
    return H5T_IEEE_F64LE;
  case HPO_H5_F32:
    return H5T_IEEE_F32LE;
  case HPO_H5_I32:
    return H5T_STD_I32LE;
  case HPO_H5_U8:
    return H5T_STD_U8LE;
  case HPO_H5_U32:
    return H5T_STD_U32LE;
  case HPO_H5_ENUM:
  case HPO_H5_TEXT:
    break;
  }
  return H5I_INVALID_HID;
}

hid_t hpo_h5_type_make(const hpo_h5_column *c) {
  if (c->kind == HPO_H5_TEXT)
    return make_text(hpo_h5_width(c));
  if (c->kind == HPO_H5_ENUM)
    return make_enum(c);
  return H5Tcopy(number_type(c->kind));
}

hid_t hpo_h5_type_make_row(const hpo_h5_column *column, size_t n) {
  size_t width = 0;
  size_t at = 0;

  for (size_t k = 0; k < n; k++)
    width += hpo_h5_width(&column[k]);
  hid_t row = H5Tcreate(H5T_COMPOUND, width);
  bool good = row >= 0;
  for (size_t k = 0; good && k < n; k++) {
    hid_t type = hpo_h5_type_make(&column[k]);
    good = type >= 0 && H5Tinsert(row, column[k].name, at, type) >= 0;
    hpo_h5_drop(type, good);
    at += hpo_h5_width(&column[k]);
  }
  if (!good) {
    hpo_h5_drop(row, false);
    row = H5I_INVALID_HID;
  }
  return row;
}

/** Bytes of a column's type in a message, without its name: see IV.A.2.d of
 *  the File Format Specification 3.0, version 3 of the message. */
static size_t message_bytes(const hpo_h5_column *c) {
  size_t bytes = 8;

  if (c->kind == HPO_H5_TEXT)
    return bytes;
  if (c->kind == HPO_H5_F64 || c->kind == HPO_H5_F32)
    return bytes + 12;
  bytes += 4;
  if (c->kind == HPO_H5_ENUM) {
    bytes += 8 + strlen(c->none) + 1 + 4;
    for (size_t i = 0; i < c->n_choice; i++)
      bytes += strlen(c->choice[i]) + 1 + 4;
  }
  return bytes;
}

size_t hpo_h5_type_bytes(const hpo_h5_column *column, size_t n) {
  size_t bytes = 8;

  for (size_t k = 0; k < n; k++)
    bytes += strlen(column[k].name) + 1 + 4 + message_bytes(&column[k]);
  return bytes;
}

/* ------------------------------------------------- types to columns */

/** HDF5's copy of a name as ours. */
static hpo_status take_name(char *from, char **out, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (from == NULL)
    return hpo_h5_fail(err, HPO_ESTUDY, "a name cannot be read");
  status = hpo_mem_string(from, out, err);
  H5free_memory(from);
  return status;
}

static hpo_status read_member(hid_t type, unsigned i, hpo_h5_column *c,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_column number = {.kind = HPO_H5_I32};
  int32_t value = 0;
  char **to = NULL;

  if (H5Tget_member_value(type, i, &value) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_ESTUDY, "an enum cannot be read"));
  hpo_h5_swap(&number, 1, &value, 1);
  if (value == -1)
    to = &c->none;
  else if (value >= 0 && (size_t)value < c->n_choice)
    to = &c->choice[value];
  if (to == NULL || *to != NULL)
    HPO_FAIL(status, err, HPO_ESTUDY, "an enum has the value %d", (int)value);
  HPO_TRY(status, take_name(H5Tget_member_name(type, i), to, err));
done:
  return status;
}

static hpo_status read_enum(hid_t type, hpo_h5_column *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  int n = H5Tget_nmembers(type);

  if (n < 1 || H5Tget_size(type) != 4)
    HPO_FAIL(status, err, HPO_ESTUDY, "an enum is not of this program's kind");
  HPO_TRY(status,
          hpo_mem_new((size_t)n - 1, sizeof *c->choice, &c->choice, err));
  c->n_choice = (size_t)n - 1;
  for (unsigned i = 0; i < (unsigned)n; i++)
    HPO_TRY(status, read_member(type, i, c, err));
done:
  return status;
}

hpo_status hpo_h5_type_read(hid_t type, hpo_h5_column *c, hpo_error *err) {
  static const hpo_h5_kind numbers[] = {HPO_H5_I64, HPO_H5_F64, HPO_H5_F32,
                                        HPO_H5_I32, HPO_H5_U8,  HPO_H5_U32};
  H5T_class_t class = H5Tget_class(type);

  c->width = H5Tget_size(type);
  if (class == H5T_STRING && H5Tis_variable_str(type) <= 0) {
    c->kind = HPO_H5_TEXT;
    return HPO_OK;
  }
  if (class == H5T_ENUM) {
    c->kind = HPO_H5_ENUM;
    return read_enum(type, c, err);
  }
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
    if (H5Tequal(type, number_type(numbers[k])) > 0) {
      c->kind = numbers[k];
      return HPO_OK;
    }
  return hpo_error_set(err, HPO_ESTUDY,
                       "a type is not one that this program writes");
}

static hpo_status read_column(hid_t row, unsigned i, size_t at,
                              hpo_h5_column *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t type = H5Tget_member_type(row, i);

  if (type < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_ESTUDY, "a column cannot be read"));
  HPO_TRY(status, take_name(H5Tget_member_name(row, i), &c->name, err));
  HPO_TRY(status, hpo_h5_type_read(type, c, err));
  if (H5Tget_member_offset(row, i) != at)
    HPO_FAIL(status, err, HPO_ESTUDY, "column %s is not packed", c->name);
done:
  hpo_h5_drop(type, true);
  return status;
}

hpo_status hpo_h5_type_read_row(hid_t type, hpo_h5_column **column, size_t *n,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_column *c = NULL;
  int members = H5Tget_nmembers(type);
  size_t at = 0;

  if (members < 1)
    HPO_FAIL(status, err, HPO_ESTUDY, "a table has no columns");
  HPO_TRY(status, hpo_mem_new((size_t)members, sizeof *c, &c, err));
  for (unsigned i = 0; i < (unsigned)members; i++) {
    HPO_TRY(status, read_column(type, i, at, &c[i], err));
    at += c[i].width;
  }
  if (at != H5Tget_size(type))
    HPO_FAIL(status, err, HPO_ESTUDY, "a table's rows are not packed");
  *column = c;
  *n = (size_t)members;
  c = NULL;
done:
  for (int i = 0; c != NULL && i < members; i++)
    hpo_h5_column_free(&c[i]);
  hpo_mem_free(c);
  return status;
}
