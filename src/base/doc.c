/* SPDX-License-Identifier: BSD-3-Clause */
/* Documents: the tree, looking things up, writing JSON. */
#include "hpo/doc.h"
#include "hpo/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void hpo_doc_free(hpo_doc *d) {
  for (size_t i = 0; d->child && i < d->n; i++)
    hpo_doc_free(&d->child[i]);
  hpo_mem_free(d->child);
  hpo_mem_free(d->text);
  hpo_mem_free(d->key);
  *d = (hpo_doc){.kind = HPO_DOC_NULL};
}

const hpo_doc *hpo_doc_find(const hpo_doc *d, const char *key) {
  if (!d || d->kind != HPO_DOC_OBJECT)
    return NULL;
  for (size_t i = 0; i < d->n; i++)
    if (d->child[i].key && strcmp(d->child[i].key, key) == 0)
      return &d->child[i];
  return NULL;
}

const hpo_doc *hpo_doc_at(const hpo_doc *d, const char *path) {
  char name[64];

  while (d && *path) {
    size_t n = strcspn(path, "/");
    snprintf(name, sizeof name, "%.*s", (int)n, path);
    d = hpo_doc_find(d, name);
    path += n + (path[n] != 0);
  }
  return d;
}

const char *hpo_doc_text(const hpo_doc *d) {
  return d && d->kind == HPO_DOC_TEXT ? d->text : NULL;
}

bool hpo_doc_is_array(const hpo_doc *d) {
  return d && (d->kind == HPO_DOC_ARRAY || d->kind == HPO_DOC_NUMBERS);
}

double hpo_doc_number(const hpo_doc *d) {
  double x = NAN;

  if (!d)
    return NAN;
  if (d->kind == HPO_DOC_INT || d->kind == HPO_DOC_BOOL)
    return (double)d->integer;
  if (d->kind == HPO_DOC_FLOAT)
    return d->real;
  if (d->kind == HPO_DOC_TEXT && !hpo_options_parse_float(d->text, &x))
    return NAN;
  return x;
}

static size_t type_bytes(char type) {
  return type == 'i' || type == 'U'   ? 1
         : type == 'I'                ? 2
         : type == 'l' || type == 'd' ? 4
                                      : 8;
}

static uint64_t raw_bits(const hpo_doc *d, size_t i) {
  size_t n = type_bytes(d->type);
  uint64_t x = 0;

  for (size_t b = 0; b < n; b++)
    x = x << 8 | d->raw[i * n + b];
  return x;
}

static int64_t raw_int(const hpo_doc *d, size_t i) {
  uint64_t x = raw_bits(d, i);

  switch (d->type) {
  case 'i':
    return (int8_t)x;
  case 'I':
    return (int16_t)x;
  case 'l':
    return (int32_t)x;
  default:
    return (int64_t)x;
  }
}

static double raw_real(const hpo_doc *d, size_t i) {
  uint64_t x = raw_bits(d, i);
  uint32_t low = (uint32_t)x;
  double real;
  float single;

  if (d->type == 'd') {
    memcpy(&single, &low, sizeof single);
    return (double)single;
  }
  memcpy(&real, &x, sizeof real);
  return real;
}

double hpo_doc_item(const hpo_doc *d, size_t i) {
  if (!hpo_doc_is_array(d) || i >= d->n)
    return NAN;
  if (d->kind == HPO_DOC_ARRAY)
    return hpo_doc_number(&d->child[i]);
  return d->type == 'd' || d->type == 'D' ? raw_real(d, i)
                                          : (double)raw_int(d, i);
}

/* --- JSON ------------------------------------------------------------- */

static hpo_status put_text(hpo_buffer *b, const char *text, hpo_error *err) {
  static const char special[] = "\"\\\n\r\t";
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_add(b, "\"", 1, err));
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    const char *found = strchr(special, c);
    if (found)
      HPO_TRY(status,
              hpo_buffer_format(b, err, "\\%c", "\"\\nrt"[found - special]));
    else if (c < 0x20)
      HPO_TRY(status, hpo_buffer_format(b, err, "\\u%04x", c));
    else
      HPO_TRY(status, hpo_buffer_add(b, text, 1, err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "\"", 1, err));
done:
  return status;
}

static hpo_status put_real(hpo_buffer *b, double x, bool single,
                           hpo_error *err) {
  char text[40];

  if (isnan(x))
    return hpo_buffer_format(b, err, "NaN");
  if (isinf(x))
    return hpo_buffer_format(b, err, x < 0 ? "-Infinity" : "Infinity");
  snprintf(text, sizeof text, single ? "%.9g" : "%.17g", x);
  return hpo_buffer_format(b, err, "%s%s", text,
                           strpbrk(text, ".e") ? "" : ".0");
}

static hpo_status put_item(const hpo_doc *d, size_t i, hpo_buffer *b,
                           hpo_error *err) {
  if (d->kind != HPO_DOC_NUMBERS)
    return hpo_doc_write_json(&d->child[i], b, err);
  if (d->type == 'd' || d->type == 'D')
    return put_real(b, raw_real(d, i), d->type == 'd', err);
  return hpo_buffer_format(b, err, "%lld", (long long)raw_int(d, i));
}

static hpo_status put_list(const hpo_doc *d, hpo_buffer *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool named = d->kind == HPO_DOC_OBJECT;

  HPO_TRY(status, hpo_buffer_add(b, named ? "{" : "[", 1, err));
  for (size_t i = 0; i < d->n; i++) {
    HPO_TRY(status, hpo_buffer_add(b, ",", i > 0, err));
    if (named) {
      HPO_TRY(status, put_text(b, d->child[i].key, err));
      HPO_TRY(status, hpo_buffer_add(b, ":", 1, err));
    }
    HPO_TRY(status, put_item(d, i, b, err));
  }
  HPO_TRY(status, hpo_buffer_add(b, named ? "}" : "]", 1, err));
done:
  return status;
}

hpo_status hpo_doc_write_json(const hpo_doc *d, hpo_buffer *out,
                              hpo_error *err) {
  switch (d->kind) {
  case HPO_DOC_NULL:
    return hpo_buffer_format(out, err, "null");
  case HPO_DOC_BOOL:
    return hpo_buffer_format(out, err, d->integer ? "true" : "false");
  case HPO_DOC_INT:
    return hpo_buffer_format(out, err, "%lld", (long long)d->integer);
  case HPO_DOC_FLOAT:
    return put_real(out, d->real, d->single, err);
  case HPO_DOC_TEXT:
    return put_text(out, d->text, err);
  default:
    return put_list(d, out, err);
  }
}
