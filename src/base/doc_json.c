/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON (RFC 8259) to a document; \u escapes below 0x80 only, which is what
 * our own writers make; NaN and Infinity as XGBoost and Python write them. */
#include "hpo/doc.h"
#include "hpo/options.h"

#include <math.h>
#include <string.h>

enum { MOST_DEPTH = 64 };

typedef struct source {
  const char *byte;
  size_t n, at;
  hpo_error *err;
} source;

static hpo_status damaged(const source *s, const char *what) {
  return hpo_error_set(s->err, HPO_ESTUDY, "byte %zu: %s", s->at, what);
}

/* The next byte that is no blank; NUL at the end. */
static char peek(source *s) {
  while (s->at < s->n && s->byte[s->at] && strchr(" \t\r\n", s->byte[s->at]))
    s->at++;
  return s->at < s->n ? s->byte[s->at] : '\0';
}

static hpo_status expect(source *s, char mark) {
  if (peek(s) != mark)
    return damaged(s, "not what JSON allows here");
  s->at++;
  return HPO_OK;
}

static hpo_status take_escape(source *s, char *out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *found;
  unsigned code = 0;

  if (s->at >= s->n)
    return damaged(s, "the document ends too early");
  char c = s->byte[s->at++];
  if (c != 'u') {
    found = c ? strchr(from, c) : NULL;
    *out = found ? to[found - from] : 0;
    return found ? HPO_OK : damaged(s, "an unknown escape");
  }
  for (int i = 0; i < 4; i++) {
    static const char digits[] = "0123456789abcdef";
    c = s->at < s->n ? s->byte[s->at++] : '\0';
    found = c ? strchr(digits, c) : NULL;
    if (!found)
      return damaged(s, "an unknown escape");
    code = code * 16 + (unsigned)(found - digits);
  }
  if (code == 0 || code > 127)
    return damaged(s, "an unknown escape");
  *out = (char)code;
  return HPO_OK;
}

static hpo_status take_text(source *s, char **out, size_t *n) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};

  HPO_TRY(status, expect(s, '"'));
  for (;;) {
    char c = s->at < s->n ? s->byte[s->at++] : '\0';
    if (c == '\0')
      HPO_TRY(status, damaged(s, "a text that does not end"));
    if (c == '"')
      break;
    if (c == '\\')
      HPO_TRY(status, take_escape(s, &c));
    HPO_TRY(status, hpo_buffer_add(&b, &c, 1, s->err));
  }
  *n = b.n;
  HPO_TRY(status, hpo_buffer_add(&b, "", 1, s->err));
  *out = (char *)b.byte;
  b = (hpo_buffer){0};
done:
  hpo_buffer_free(&b);
  return status;
}

/* A number, or one of those that JSON has no word for. */
static bool parse_number(const char *text, size_t n, double *out) {
  static const struct {
    const char *word;
    double value;
  } odd[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};

  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
    if (n == strlen(odd[i].word) && memcmp(text, odd[i].word, n) == 0) {
      *out = odd[i].value;
      return true;
    }
  return hpo_options_parse_float_n(text, n, out);
}

static hpo_status take_word(source *s, hpo_doc *d) {
  size_t from = s->at, n;
  const char *text = s->byte + from;

  while (s->at < s->n && s->byte[s->at] &&
         !strchr(",]} \t\r\n", s->byte[s->at]))
    s->at++;
  n = s->at - from;
  d->kind = HPO_DOC_BOOL;
  if (n == 4 && memcmp(text, "true", 4) == 0)
    d->integer = 1;
  else if (n == 4 && memcmp(text, "null", 4) == 0)
    d->kind = HPO_DOC_NULL;
  else if (n != 5 || memcmp(text, "false", 5) != 0) {
    d->kind = HPO_DOC_FLOAT;
    if (!parse_number(text, n, &d->real))
      return damaged(s, "not what JSON allows here");
  }
  return HPO_OK;
}

static hpo_status take_value(source *s, int depth, hpo_doc *d);

static hpo_status take_list(source *s, bool named, int depth, hpo_doc *d) {
  hpo_status status = HPO_OK;
  char end = named ? '}' : ']';
  size_t n = 0;

  s->at++;
  d->kind = named ? HPO_DOC_OBJECT : HPO_DOC_ARRAY;
  while (peek(s) != end) {
    if (d->n > 0)
      HPO_TRY(status, expect(s, ','));
    HPO_TRY(status, hpo_mem_grow(&d->child, &d->room, d->n + 1,
                                 sizeof *d->child, s->err));
    hpo_doc *c = &d->child[d->n++];
    if (named) {
      HPO_TRY(status, take_text(s, &c->key, &n));
      HPO_TRY(status, expect(s, ':'));
    }
    HPO_TRY(status, take_value(s, depth, c));
  }
  s->at++;
done:
  return status;
}

static hpo_status take_value(source *s, int depth, hpo_doc *d) {
  if (depth > MOST_DEPTH)
    return damaged(s, "more than 64 levels deep");
  switch (peek(s)) {
  case '{':
    return take_list(s, true, depth + 1, d);
  case '[':
    return take_list(s, false, depth + 1, d);
  case '"':
    d->kind = HPO_DOC_TEXT;
    return take_text(s, &d->text, &d->n);
  default:
    return take_word(s, d);
  }
}

hpo_status hpo_doc_read_json(const void *bytes, size_t n, hpo_doc *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  source s = {.byte = bytes, .n = n, .err = err};
  hpo_doc d = {.kind = HPO_DOC_NULL};

  HPO_TRY(status, take_value(&s, 0, &d));
  if (peek(&s) != '\0' || s.at != n)
    HPO_TRY(status, damaged(&s, "more after the document's end"));
  *out = d;
  d = (hpo_doc){.kind = HPO_DOC_NULL};
done:
  hpo_doc_free(&d);
  return status;
}
