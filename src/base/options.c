/* SPDX-License-Identifier: BSD-3-Clause */
/* Option tables: values set and asked by name.  Every value is kept in one
 * spelling, so equal values are equal texts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/mem.h"
#include "hpo/options.h"
#include "options_private.h"

typedef struct slot {
  char *text;    /* NULL: none */
  double number; /* NaN: none, or not a number */
  int64_t whole; /* INT, BYTES, BOOL; INT64_MIN: none */
  bool is_set;
} slot;

struct hpo_options {
  const hpo_option *table; /* borrowed */
  size_t n;
  slot *slot; /* [n] */
};

const hpo_option *hpo_options_find(const hpo_option *table, size_t n,
                                   const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(table[i].name, name) == 0)
      return &table[i];
  return NULL;
}

/* Takes the value apart by its kind; false if it is not of the kind. */
static bool read_value(const hpo_option *row, const char *value, slot *out) {
  bool yes = false, ok = true;
  out->number = NAN;
  out->whole = INT64_MIN;
  switch (row->kind) {
  case HPO_OPTION_INT:
    ok = hpo_options_parse_int(value, &out->whole) && out->whole != INT64_MIN;
    out->number = (double)out->whole;
    break;
  case HPO_OPTION_BYTES:
    ok = hpo_options_parse_bytes(value, &out->whole);
    out->number = (double)out->whole;
    break;
  case HPO_OPTION_BOOL:
    ok = hpo_options_parse_bool(value, &yes);
    out->whole = yes;
    out->number = yes;
    break;
  case HPO_OPTION_FLOAT:
    ok = hpo_options_parse_float(value, &out->number);
    break;
  case HPO_OPTION_DURATION:
    ok = hpo_options_parse_duration(value, &out->number);
    break;
  case HPO_OPTION_CHOICE:
    ok = hpo_options_has_word(row->choices, value);
    break;
  case HPO_OPTION_TEXT:
    break;
  }
  return ok;
}

static hpo_status spell(const hpo_option *row, const char *value, slot *s,
                        hpo_error *err) {
  char number[32];
  switch (row->kind) {
  case HPO_OPTION_INT:
  case HPO_OPTION_BYTES:
    return hpo_mem_format(&s->text, err, "%lld", (long long)s->whole);
  case HPO_OPTION_BOOL:
    return hpo_mem_string(s->whole != 0 ? "yes" : "no", &s->text, err);
  case HPO_OPTION_FLOAT:
  case HPO_OPTION_DURATION:
    s->number += 0.0; /* -0 is 0 */
    return hpo_mem_string(hpo_options_format_float(s->number, number),
                          &s->text, err);
  case HPO_OPTION_CHOICE:
  case HPO_OPTION_TEXT:
    break;
  }
  return hpo_mem_string(value, &s->text, err);
}

static bool is_default(const hpo_option *row, const slot *made) {
  slot s = {0};
  bool same = false;
  if (row->value != NULL && read_value(row, row->value, &s) &&
      spell(row, row->value, &s, NULL) == HPO_OK)
    same = strcmp(s.text, made->text) == 0;
  hpo_mem_free(s.text);
  return same;
}

/* A slot for the value, checked; *out is untouched on error. */
static hpo_status make_slot(const hpo_option *row, const char *value,
                            slot *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  slot made = {0};
  bool whole_row = row->not_built != NULL && strcmp(row->not_built, "*") == 0;
  if (row->kind == HPO_OPTION_CHOICE && row->not_built != NULL &&
      hpo_options_has_word(row->not_built, value))
    HPO_FAIL(status, err, HPO_EINVAL,
             "option %s = %s is not built yet in this version", row->name,
             value);
  if (!read_value(row, value, &made))
    HPO_TRY(status, hpo_options_refuse_kind(row, value, err));
  if (hpo_options_out_of_range(row, made.number))
    HPO_TRY(status, hpo_options_refuse_range(row, value, err));
  HPO_TRY(status, spell(row, value, &made, err));
  if (whole_row && !is_default(row, &made))
    HPO_FAIL(status, err, HPO_EINVAL,
             "option %s = %s is not built yet in this version", row->name,
             value);
  *out = made;
  made.text = NULL;
done:
  hpo_mem_free(made.text);
  return status;
}

hpo_status hpo_options_create(const hpo_option *table, size_t n,
                              hpo_options **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;
  HPO_TRY(status, hpo_mem_new(1, sizeof *o, &o, err));
  o->table = table;
  HPO_TRY(status, hpo_mem_new(n, sizeof *o->slot, &o->slot, err));
  o->n = n;
  for (size_t i = 0; i < n; i++) {
    o->slot[i] = (slot){NULL, NAN, INT64_MIN, false};
    if (table[i].value == NULL)
      continue;
    status = make_slot(&table[i], table[i].value, &o->slot[i], err);
    if (status == HPO_EINVAL) {
      hpo_error_prefix(err, "the default of option %s: ", table[i].name);
      status = HPO_EBUG;
      if (err != NULL)
        err->code = HPO_EBUG;
    }
    HPO_TRY(status, status);
  }
  *out = o;
  o = NULL;
done:
  hpo_options_destroy(o);
  return status;
}

hpo_status hpo_options_copy(const hpo_options *from, hpo_options **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;
  HPO_TRY(status, hpo_mem_new(1, sizeof *o, &o, err));
  o->table = from->table;
  HPO_TRY(status, hpo_mem_new(from->n, sizeof *o->slot, &o->slot, err));
  o->n = from->n;
  for (size_t i = 0; i < o->n; i++) {
    o->slot[i] = from->slot[i];
    o->slot[i].text = NULL;
    if (from->slot[i].text != NULL)
      HPO_TRY(status,
              hpo_mem_string(from->slot[i].text, &o->slot[i].text, err));
  }
  *out = o;
  o = NULL;
done:
  hpo_options_destroy(o);
  return status;
}

void hpo_options_destroy(hpo_options *o) {
  if (o == NULL)
    return;
  for (size_t i = 0; i < o->n; i++)
    hpo_mem_free(o->slot[i].text);
  hpo_mem_free(o->slot);
  hpo_mem_free(o);
}

hpo_status hpo_options_set(hpo_options *o, const char *name, const char *value,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_option *row = hpo_options_find(o->table, o->n, name);
  slot made = {0};
  if (row == NULL)
    return hpo_options_refuse_name(o->table, o->n, name, err);
  HPO_TRY(status, make_slot(row, value, &made, err));
  made.is_set = true;
  slot *s = &o->slot[row - o->table];
  hpo_mem_free(s->text);
  *s = made;
done:
  return status;
}

hpo_status hpo_options_set_number(hpo_options *o, const char *name,
                                  double value, hpo_error *err) {
  char text[32];
  const hpo_option *row = hpo_options_find(o->table, o->n, name);
  bool whole = fabs(value) < 0x1p63 && floor(value) == value;
  bool counts = row != NULL &&
                (row->kind == HPO_OPTION_INT || row->kind == HPO_OPTION_BOOL ||
                 row->kind == HPO_OPTION_BYTES);
  if (counts && whole)
    snprintf(text, sizeof text, "%lld", (long long)value);
  else
    hpo_options_format_float(value, text);
  return hpo_options_set(o, name, text, err);
}

static const slot *slot_of(const hpo_options *o, const char *name) {
  const hpo_option *row = hpo_options_find(o->table, o->n, name);
  HPO_ASSERT(row != NULL);
  return &o->slot[row - o->table];
}

bool hpo_options_is_set(const hpo_options *o, const char *name) {
  return slot_of(o, name)->is_set;
}

int64_t hpo_options_get_int(const hpo_options *o, const char *name) {
  return slot_of(o, name)->whole;
}

double hpo_options_get_float(const hpo_options *o, const char *name) {
  return slot_of(o, name)->number;
}

bool hpo_options_get_bool(const hpo_options *o, const char *name) {
  return slot_of(o, name)->whole == 1;
}

const char *hpo_options_get_text(const hpo_options *o, const char *name) {
  return slot_of(o, name)->text;
}

const char *hpo_options_text_at(const hpo_options *o, size_t i) {
  HPO_ASSERT(i < o->n);
  return o->slot[i].text == NULL ? "" : o->slot[i].text;
}
