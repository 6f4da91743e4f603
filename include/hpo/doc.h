/* SPDX-License-Identifier: BSD-3-Clause */
/** \file doc.h
 *  Documents of names and values, read from UBJSON (what XGBoost writes) or
 *  JSON.  Whatever the bytes are, reading ends with a tree or with a
 *  sentence: sizes are checked against what is there, depth is limited.
 */
#ifndef HPO_DOC_H
#define HPO_DOC_H

#include "hpo/mem.h"
#include "hpo/status.h"

typedef enum hpo_doc_kind {
  HPO_DOC_NULL,
  HPO_DOC_BOOL,  /* integer 0 or 1 */
  HPO_DOC_INT,   /* integer */
  HPO_DOC_FLOAT, /* real */
  HPO_DOC_TEXT,
  HPO_DOC_ARRAY,   /* child [n] */
  HPO_DOC_NUMBERS, /* array of numbers of one type, in raw [n] */
  HPO_DOC_OBJECT   /* child [n], each with a key */
} hpo_doc_kind;

typedef struct hpo_doc {
  hpo_doc_kind kind;
  char type;   /* of NUMBERS: i U I l L d D */
  bool single; /* FLOAT: a float32 */
  char *key;   /* NULL: none; owned */
  size_t n, room;
  int64_t integer;
  double real;
  char *text;            /* [n] and a NUL; owned */
  struct hpo_doc *child; /* [n] owned */
  const uint8_t *raw;    /* big-endian; borrowed from the bytes read */
} hpo_doc;

/** The whole of n bytes, which must outlive the document.
 *  \return HPO_OK; HPO_ESTUDY: byte N, what is wrong; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_doc_read_ubjson(const void *bytes, size_t n,
                                            hpo_doc *out, hpo_error *err);
HPO_MUST_USE hpo_status hpo_doc_read_json(const void *bytes, size_t n,
                                          hpo_doc *out, hpo_error *err);
void hpo_doc_free(hpo_doc *d);

/** The member of a name, or NULL (also of what is no object). */
const hpo_doc *hpo_doc_find(const hpo_doc *d, const char *key);
/** The member of a path: names between slashes. */
const hpo_doc *hpo_doc_at(const hpo_doc *d, const char *path);
/** A text, or NULL. */
const char *hpo_doc_text(const hpo_doc *d);
/** Whether it is an array; its items as numbers (NaN: no number there). */
bool hpo_doc_is_array(const hpo_doc *d);
double hpo_doc_item(const hpo_doc *d, size_t i);
/** A number, also one that stands as text; NaN: none. */
double hpo_doc_number(const hpo_doc *d);

/** Writes it as JSON that XGBoost's and any other reader takes: floats have
 *  a point or an exponent and read back the same. */
HPO_MUST_USE hpo_status hpo_doc_write_json(const hpo_doc *d, hpo_buffer *out,
                                           hpo_error *err);

#endif
