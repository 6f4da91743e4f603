/* SPDX-License-Identifier: BSD-3-Clause */
/** \file record.h
 *  A neutral, self-describing list of named arrays.
 *
 *  Trial, plan, model and study describe themselves as records; comm/wire
 *  turns a record into bytes, store into HDF5, report into text.  So none
 *  of them knows the others, and no object has two encoders.
 *
 *  A record whose fields all have the same number of items is a table in
 *  columns; one with one item each is a row.
 *  The record owns names, texts and data.
 */
#ifndef HPO_RECORD_H
#define HPO_RECORD_H

#include "hpo/status.h"

typedef enum hpo_field_type {
  HPO_FIELD_INT,   /* int64_t */
  HPO_FIELD_FLOAT, /* double */
  HPO_FIELD_F32,   /* float */
  HPO_FIELD_I32,   /* int32_t */
  HPO_FIELD_U8,    /* uint8_t */
  HPO_FIELD_ENUM,  /* int32_t index into choices; -1: none (stored as a
                      member of value -1, hpo_field_none_name) */
  HPO_FIELD_TEXT   /* width bytes each, UTF-8, padded with NULs */
} hpo_field_type;

typedef struct hpo_field {
  char *name;        /* "params.max_depth" */
  char *unit;        /* "s", "bytes", "" */
  char *description; /* one sentence, may be "" */
  hpo_field_type type;
  size_t width;   /* bytes of an item; for TEXT its room */
  size_t n;       /* items; n = shape[0] * shape[1] * ... */
  size_t n_shape; /* 1 or 2 */
  size_t shape[2];
  char **choice; /* [n_choice], ENUM only */
  size_t n_choice;
  void *data;    /* [n * width] bytes */
  size_t room;   /* bytes allocated at data */
  void *text;    /* where choice, name, unit and description lie */
  uint32_t hash; /* of name */
} hpo_field;

typedef struct hpo_record {
  char *name;
  hpo_field *field; /* [n_field] in order of addition */
  size_t n_field, room;
} hpo_record;

HPO_MUST_USE hpo_status hpo_record_create(const char *name, hpo_record **out,
                                          hpo_error *err);
void hpo_record_destroy(hpo_record *r);
HPO_MUST_USE hpo_status hpo_record_copy(const hpo_record *from,
                                        hpo_record **out, hpo_error *err);
bool hpo_record_equal(const hpo_record *a, const hpo_record *b);

/** Bytes of one number of that type as the machine keeps it; of a TEXT, of a
 *  byte of it. */
size_t hpo_field_item(hpo_field_type type);
/** Adds a field with n items copied from data (NULL: zeros).  width counts
 *  for TEXT only.  A name that is there already is our bug. */
HPO_MUST_USE hpo_status hpo_record_add(hpo_record *r, const char *name,
                                       hpo_field_type type, size_t width,
                                       const void *data, size_t n,
                                       const char *unit,
                                       const char *description,
                                       hpo_error *err);
/** Same with two dimensions, row-major. */
HPO_MUST_USE hpo_status hpo_record_add_matrix(hpo_record *r, const char *name,
                                              hpo_field_type type,
                                              const void *data, size_t rows,
                                              size_t columns, const char *unit,
                                              const char *description,
                                              hpo_error *err);
/** An enum: items are indices into choices (copied). */
HPO_MUST_USE hpo_status hpo_record_add_enum(hpo_record *r, const char *name,
                                            const char *const *choice,
                                            size_t n_choice,
                                            const int32_t *data, size_t n,
                                            const char *description,
                                            hpo_error *err);
/** One item each. */
HPO_MUST_USE hpo_status hpo_record_add_int(hpo_record *r, const char *name,
                                           int64_t x, const char *unit,
                                           const char *description,
                                           hpo_error *err);
HPO_MUST_USE hpo_status hpo_record_add_float(hpo_record *r, const char *name,
                                             double x, const char *unit,
                                             const char *description,
                                             hpo_error *err);
/** One text; room = bytes reserved (0: as long as the text is, at least 1).
 *  Longer text is cut at a UTF-8 boundary. */
HPO_MUST_USE hpo_status hpo_record_add_text(hpo_record *r, const char *name,
                                            const char *text, size_t room,
                                            const char *description,
                                            hpo_error *err);

/** The field of a name, or NULL. */
hpo_field *hpo_record_find(const hpo_record *r, const char *name);
/** The name under which an ENUM stores -1: "none", or "(none)" where that is
 *  one of its choices, or "(inactive)" where that is one too. */
const char *hpo_field_none_name(const hpo_field *f);
/** Item i of a field as a number (ENUM: its index); NaN for TEXT. */
double hpo_field_number(const hpo_field *f, size_t i);
/** The same as a whole number, fractions cut off; -1 for NaN and TEXT. */
int64_t hpo_field_int(const hpo_field *f, size_t i);
/** Item i of a TEXT field, the choice of an ENUM ("" for -1), or a number in
 *  the shortest way that reads back the same.  At most room bytes of `to`
 *  are filled, NUL included; cut at a UTF-8 boundary.  Returns to. */
char *hpo_field_text(const hpo_field *f, size_t i, char *to, size_t room);
/** Overwrites item i. */
void hpo_field_set_number(hpo_field *f, size_t i, double x);
void hpo_field_set_int(hpo_field *f, size_t i, int64_t x);
void hpo_field_set_text(hpo_field *f, size_t i, const char *text);

/** Shorthand on rows: item 0 of the field; missing fields give NaN / -1 /
 *  "". */
double hpo_record_number(const hpo_record *r, const char *name);
int64_t hpo_record_int(const hpo_record *r, const char *name);
char *hpo_record_text(const hpo_record *r, const char *name, char *to,
                      size_t room);

/** A random valid record for round-trip tests: ugly names, empty fields,
 *  NaN, all types. */
HPO_MUST_USE hpo_status hpo_record_sample(uint64_t seed, hpo_record **out,
                                          hpo_error *err);

#endif
