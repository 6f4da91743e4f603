/* SPDX-License-Identifier: BSD-3-Clause */
/* UBJSON (ubjson.org, draft 12) to a document. */
#include "hpo/doc.h"

#include <string.h>

enum { MOST_DEPTH = 64 };

typedef struct source {
  const uint8_t *byte;
  size_t n, at;
  hpo_error *err;
} source;

static hpo_status damaged(const source *s, const char *what) {
  return hpo_error_set(s->err, HPO_ESTUDY, "byte %zu: %s", s->at, what);
}

static hpo_status take(source *s, size_t n, const uint8_t **out) {
  if (n > s->n - s->at)
    return damaged(s, "the document ends too early");
  *out = s->byte + s->at;
  s->at += n;
  return HPO_OK;
}

static hpo_status take_mark(source *s, char *out) {
  hpo_status status = HPO_OK;
  const uint8_t *p = NULL;

  HPO_TRY(status, take(s, 1, &p));
  *out = (char)*p;
done:
  return status;
}

static size_t number_bytes(char type) {
  static const char types[] = "iUIlLdD";
  static const size_t bytes[] = {1, 1, 2, 4, 8, 4, 8};
  const char *found = type ? strchr(types, type) : NULL;

  return found ? bytes[found - types] : 0;
}

/* A number of a type as its only item. */
static hpo_status take_number(source *s, char type, hpo_doc *d) {
  hpo_status status = HPO_OK;
  size_t bytes = number_bytes(type);

  if (bytes == 0)
    return damaged(s, "no type of a number");
  hpo_doc one = {.kind = HPO_DOC_NUMBERS, .type = type, .n = 1};
  HPO_TRY(status, take(s, bytes, &one.raw));
  d->kind = HPO_DOC_INT;
  if (type == 'd' || type == 'D') {
    d->kind = HPO_DOC_FLOAT;
    d->single = type == 'd';
    d->real = hpo_doc_item(&one, 0);
  } else if (type == 'L') {
    uint64_t x = 0;
    for (size_t i = 0; i < 8; i++)
      x = x << 8 | one.raw[i];
    d->integer = (int64_t)x;
  } else {
    d->integer = (int64_t)hpo_doc_item(&one, 0);
  }
done:
  return status;
}

static hpo_status take_length(source *s, size_t *out) {
  hpo_status status = HPO_OK;
  hpo_doc d = {.kind = HPO_DOC_NULL};
  char type = 0;

  HPO_TRY(status, take_mark(s, &type));
  HPO_TRY(status, take_number(s, type, &d));
  if (d.kind != HPO_DOC_INT || d.integer < 0 ||
      (uint64_t)d.integer > s->n - s->at)
    return damaged(s, "a length that is more than there is");
  *out = (size_t)d.integer;
done:
  return status;
}

static hpo_status take_text(source *s, char **out, size_t *n) {
  hpo_status status = HPO_OK;
  const uint8_t *p = NULL;
  char *text = NULL;

  HPO_TRY(status, take_length(s, n));
  HPO_TRY(status, take(s, *n, &p));
  if (*n > 0 && memchr(p, 0, *n))
    return damaged(s, "a NUL in a text");
  HPO_TRY(status, hpo_mem_new(*n + 1, 1, &text, s->err));
  memcpy(text, p, *n);
  *out = text;
done:
  return status;
}

static hpo_status take_value(source *s, char mark, int depth, hpo_doc *d);

/* One more child, with its key if it has one. */
static hpo_status take_child(source *s, bool named, int depth, hpo_doc *d) {
  hpo_status status = HPO_OK;
  size_t n = 0;
  char mark = 0;

  HPO_TRY(status, hpo_mem_grow(&d->child, &d->room, d->n + 1, sizeof *d->child,
                               s->err));
  hpo_doc *c = &d->child[d->n++];
  if (named)
    HPO_TRY(status, take_text(s, &c->key, &n));
  HPO_TRY(status, take_mark(s, &mark));
  HPO_TRY(status, take_value(s, mark, depth, c));
done:
  return status;
}

static bool next_is(const source *s, char mark) {
  return s->at < s->n && s->byte[s->at] == (uint8_t)mark;
}

static hpo_status take_list(source *s, bool named, int depth, hpo_doc *d) {
  hpo_status status = HPO_OK;
  char end = named ? '}' : ']', type = 0;
  size_t n = 0;

  d->kind = named ? HPO_DOC_OBJECT : HPO_DOC_ARRAY;
  if (!named && next_is(s, '$')) {
    s->at++;
    HPO_TRY(status, take_mark(s, &type));
    if (number_bytes(type) == 0 || !next_is(s, '#'))
      return damaged(s, "an array of one type that is not of numbers");
  }
  if (next_is(s, '#')) {
    s->at++;
    HPO_TRY(status, take_length(s, &n));
    if (type) {
      if (n > (s->n - s->at) / number_bytes(type))
        return damaged(s, "an array of more than there is");
      d->kind = HPO_DOC_NUMBERS;
      d->type = type;
      d->n = n;
      return take(s, n * number_bytes(type), &d->raw);
    }
    for (size_t i = 0; i < n; i++)
      HPO_TRY(status, take_child(s, named, depth, d));
    return HPO_OK;
  }
  while (!next_is(s, end))
    HPO_TRY(status, take_child(s, named, depth, d));
  s->at++;
done:
  return status;
}

static hpo_status take_value(source *s, char mark, int depth, hpo_doc *d) {
  if (depth > MOST_DEPTH)
    return damaged(s, "more than 64 levels deep");
  switch (mark) {
  case 'Z':
    d->kind = HPO_DOC_NULL;
    return HPO_OK;
  case 'T':
  case 'F':
    d->kind = HPO_DOC_BOOL;
    d->integer = mark == 'T';
    return HPO_OK;
  case 'S':
    d->kind = HPO_DOC_TEXT;
    return take_text(s, &d->text, &d->n);
  case '[':
  case '{':
    return take_list(s, mark == '{', depth + 1, d);
  default:
    return take_number(s, mark, d);
  }
}

hpo_status hpo_doc_read_ubjson(const void *bytes, size_t n, hpo_doc *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  source s = {.byte = bytes, .n = n, .err = err};
  hpo_doc d = {.kind = HPO_DOC_NULL};
  char mark = 0;

  HPO_TRY(status, take_mark(&s, &mark));
  HPO_TRY(status, take_value(&s, mark, 0, &d));
  if (s.at != n)
    HPO_TRY(status, damaged(&s, "more after the document's end"));
  *out = d;
  d = (hpo_doc){.kind = HPO_DOC_NULL};
done:
  hpo_doc_free(&d);
  return status;
}
