/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of records: finding them, reading and overwriting single items. */
#include "hpo/record.h"

#include "hpo/options.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *hpo_field_none_name(const hpo_field *f) {
  static const char *const names[] = {"none", "(none)", "(inactive)"};
  size_t k = 0;

  for (size_t i = 0; i < f->n_choice && k < 2; i++)
    if (strcmp(f->choice[i], names[k]) == 0) {
      k++;
      i = (size_t)-1; /* the next name against all choices */
    }
  return names[k];
}

double hpo_field_number(const hpo_field *f, size_t i) {
  HPO_ASSERT(i < f->n);
  switch (f->type) {
  case HPO_FIELD_INT:
    return (double)((const int64_t *)f->data)[i];
  case HPO_FIELD_FLOAT:
    return ((const double *)f->data)[i];
  case HPO_FIELD_F32:
    return (double)((const float *)f->data)[i];
  case HPO_FIELD_I32:
  case HPO_FIELD_ENUM:
    return (double)((const int32_t *)f->data)[i];
  case HPO_FIELD_U8:
    return (double)((const uint8_t *)f->data)[i];
  case HPO_FIELD_TEXT:
    break;
  }
  return (double)NAN;
}

/** The nearest int64 towards zero; -1 for NaN. */
static int64_t to_int(double x) {
  if (isnan(x))
    return -1;
  if (x >= 0x1p63)
    return INT64_MAX;
  if (x < -0x1p63)
    return INT64_MIN;
  return (int64_t)x;
}

int64_t hpo_field_int(const hpo_field *f, size_t i) {
  HPO_ASSERT(i < f->n);
  if (f->type == HPO_FIELD_INT)
    return ((const int64_t *)f->data)[i];
  return to_int(hpo_field_number(f, i));
}

/** The longest part of n bytes that fits in room and splits no character of
 *  UTF-8. */
static size_t cut_utf8(const char *text, size_t n, size_t room) {
  if (n <= room)
    return n;
  while (room > 0 && ((unsigned char)text[room] & 0xC0u) == 0x80u)
    room--;
  return room;
}

static char *copy_text(const char *from, size_t n, char *to, size_t room) {
  size_t k = cut_utf8(from, n, room - 1);

  memcpy(to, from, k);
  to[k] = '\0';
  return to;
}

char *hpo_field_text(const hpo_field *f, size_t i, char *to, size_t room) {
  char number[32];

  HPO_ASSERT(i < f->n && room > 0);
  if (f->type == HPO_FIELD_TEXT) {
    const char *text = (const char *)f->data + i * f->width;
    return copy_text(text, strnlen(text, f->width), to, room);
  }
  if (f->type == HPO_FIELD_ENUM) {
    int64_t k = hpo_field_int(f, i);
    const char *text = k >= 0 && (size_t)k < f->n_choice ? f->choice[k] : "";
    return copy_text(text, strlen(text), to, room);
  }
  if (f->type == HPO_FIELD_FLOAT || f->type == HPO_FIELD_F32)
    hpo_options_format_float(hpo_field_number(f, i), number);
  else
    snprintf(number, sizeof number, "%" PRId64, hpo_field_int(f, i));
  return copy_text(number, strlen(number), to, room);
}

void hpo_field_set_number(hpo_field *f, size_t i, double x) {
  HPO_ASSERT(i < f->n);
  if (f->type == HPO_FIELD_FLOAT)
    ((double *)f->data)[i] = x;
  else if (f->type == HPO_FIELD_F32)
    ((float *)f->data)[i] = (float)x;
  else
    hpo_field_set_int(f, i, to_int(x));
}

void hpo_field_set_int(hpo_field *f, size_t i, int64_t x) {
  HPO_ASSERT(i < f->n && f->type != HPO_FIELD_TEXT);
  switch (f->type) {
  case HPO_FIELD_INT:
    ((int64_t *)f->data)[i] = x;
    break;
  case HPO_FIELD_ENUM:
    HPO_ASSERT(x >= -1 && x < (int64_t)f->n_choice);
    ((int32_t *)f->data)[i] = (int32_t)x;
    break;
  case HPO_FIELD_I32:
    ((int32_t *)f->data)[i] = (int32_t)x;
    break;
  case HPO_FIELD_U8:
    ((uint8_t *)f->data)[i] = (uint8_t)x;
    break;
  case HPO_FIELD_FLOAT:
  case HPO_FIELD_F32:
    hpo_field_set_number(f, i, (double)x);
    break;
  case HPO_FIELD_TEXT:
    break;
  }
}

void hpo_field_set_text(hpo_field *f, size_t i, const char *text) {
  char *to = (char *)f->data + i * f->width;
  size_t k = cut_utf8(text, strlen(text), f->width);

  HPO_ASSERT(i < f->n && f->type == HPO_FIELD_TEXT);
  memset(to, 0, f->width);
  memcpy(to, text, k);
}

double hpo_record_number(const hpo_record *r, const char *name) {
  const hpo_field *f = hpo_record_find(r, name);

  return f != NULL && f->n > 0 ? hpo_field_number(f, 0) : (double)NAN;
}

int64_t hpo_record_int(const hpo_record *r, const char *name) {
  const hpo_field *f = hpo_record_find(r, name);

  return f != NULL && f->n > 0 ? hpo_field_int(f, 0) : -1;
}

char *hpo_record_text(const hpo_record *r, const char *name, char *to,
                      size_t room) {
  const hpo_field *f = hpo_record_find(r, name);

  HPO_ASSERT(room > 0);
  if (f != NULL && f->n > 0)
    return hpo_field_text(f, 0, to, room);
  to[0] = '\0';
  return to;
}
