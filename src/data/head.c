/* SPDX-License-Identifier: BSD-3-Clause */
/* The first records of a text file: delimiter and header. */

#include "head.h"

#include <string.h>

#include "hpo/mem.h"
#include "intern.h"
#include "number.h"

enum { LOOK_AHEAD = 20 };

typedef enum kind { KIND_MISSING, KIND_NUMBER, KIND_TEXT } kind;

static kind kind_of(const hpo_missing *m, const char *text, size_t n) {
  double x = 0;

  if (hpo_missing_text(m, text, n))
    return KIND_MISSING;
  return hpo_number_whole(text, n, &x) || hpo_number_comma(text, n)
             ? KIND_NUMBER
             : KIND_TEXT;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* The most frequent delimiter in the first line that is not blank; commas
 * that all may be decimal ones, one in a field, are none. */
static char find_delimiter(const hpo_csv *c) {
  static const char choice[] = ",;\t";
  size_t count[3] = {0}, best = 0;
  bool quoted = false, blank = true, decimal = true, seen = false;

  for (const char *p = c->byte + c->at; *p != '\0'; p++) {
    const char *found = strchr(choice, *p);

    if (*p == '"')
      quoted = !quoted;
    if (!quoted && (*p == '\n' || *p == '\r') && !blank)
      break;
    if (*p != ' ' && *p != '\n' && *p != '\r')
      blank = false;
    if (!quoted && found != NULL)
      count[found - choice]++;
    if (!quoted && *p == ',')
      decimal =
          decimal && !seen && p > c->byte && is_digit(p[-1]) && is_digit(p[1]);
    if (!quoted && found != NULL)
      seen = *p == ',';
  }
  for (size_t i = 1; i < 3; i++)
    if (count[i] > count[best] || (best == 0 && decimal && count[i] > 0))
      best = i;
  return choice[best];
}

/* Reads the record at c->at and goes past it.  HPO_CSV_MORE: it is not whole
 * in memory, or there is none; fields may hold its beginning. */
static hpo_status read_record(hpo_csv *c, hpo_names *fields,
                              hpo_csv_token *token, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *p = c->byte + c->at;
  hpo_csv_field f = {0};
  hpo_buffer text = {0};
  hpo_row lines = 1;

  do {
    HPO_TRY(status, hpo_csv_get(c, p, token, &f, err));
    if (*token != HPO_CSV_FIELD)
      break;
    lines += f.lines;
    text.n = 0;
    HPO_TRY(status, hpo_buffer_add(&text, f.text, f.n, err));
    HPO_TRY(status, hpo_buffer_add(&text, "", 1, err));
    HPO_TRY(status, hpo_names_add(fields, (const char *)text.byte, err));
    p = f.next + 1;
  } while (*f.next == c->delimiter);
  if (*token == HPO_CSV_FIELD) {
    p = hpo_csv_line_end(c, f.next);
    if (p == NULL) {
      *token = HPO_CSV_MORE;
    } else {
      c->line += lines;
      c->at = (size_t)(p - c->byte);
    }
  }
done:
  hpo_buffer_free(&text);
  return status;
}

/* The first record, however long. */
static hpo_status read_first(hpo_csv *c, hpo_head *h, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_csv_token token = HPO_CSV_MORE;
  bool is_there = false;

  for (;;) {
    is_there = hpo_csv_skip_blank(c) == HPO_CSV_FIELD;
    h->line = c->line;
    h->at = c->at;
    if (is_there)
      HPO_TRY(status, read_record(c, &h->field, &token, err));
    if (token != HPO_CSV_MORE || c->is_all)
      break;
    hpo_names_free(&h->field);
    HPO_TRY(status, hpo_csv_more(c, err));
  }
  if (!is_there)
    HPO_FAIL(status, err, HPO_EDATA, "%s: the file holds no rows", c->path);
  if (token != HPO_CSV_FIELD)
    HPO_TRY(status, hpo_csv_refuse(c, token, h->line, err));
done:
  return status;
}

/* What each column begins with below the first record. */
static hpo_status look_ahead(hpo_csv *c, const hpo_missing *missing,
                             kind *below, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t at = c->at;
  const hpo_row line = c->line;
  hpo_csv_token token = HPO_CSV_FIELD;
  hpo_names fields = {0};

  for (int i = 0; i < LOOK_AHEAD; i++) {
    hpo_names_free(&fields);
    if (hpo_csv_skip_blank(c) != HPO_CSV_FIELD)
      break;
    HPO_TRY(status, read_record(c, &fields, &token, err));
    if (token != HPO_CSV_FIELD)
      break;
    for (size_t j = 0; j < n && j < fields.n; j++)
      if (below[j] == KIND_MISSING)
        below[j] = kind_of(missing, fields.item[j], strlen(fields.item[j]));
  }
  c->at = at;
  c->line = line;
done:
  hpo_names_free(&fields);
  return status;
}

static bool holds(const hpo_names *names, const char *word) {
  for (size_t i = 0; i < names->n; i++)
    if (strcmp(names->item[i], word) == 0)
      return true;
  return false;
}

static hpo_status all_differ(const hpo_names *names, bool *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_intern seen = {0};
  uint32_t place = 0;

  for (size_t i = 0; i < names->n; i++)
    HPO_TRY(status, hpo_intern_add(&seen, names->item[i],
                                   strlen(names->item[i]), &place, err));
  *out = seen.n == names->n;
done:
  hpo_intern_free(&seen);
  return status;
}

static bool same_names(const hpo_names *a, const hpo_names *b) {
  bool same = a->n == b->n;

  for (size_t i = 0; same && i < a->n; i++)
    same = strcmp(a->item[i], b->item[i]) == 0;
  return same;
}

/* Whether the first record looks like names; see head.h. */
static hpo_status guess_header(hpo_csv *c, const hpo_head_options *o,
                               hpo_head *h, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = h->field.n;
  kind *below = NULL;
  bool all_text = true;

  HPO_TRY(status, hpo_mem_new(n, sizeof *below, &below, err));
  HPO_TRY(status, look_ahead(c, o->missing, below, n, err));
  h->has_header =
      holds(&h->field, o->source) &&
      kind_of(o->missing, o->source, strlen(o->source)) == KIND_TEXT;
  for (size_t j = 0; j < n; j++) {
    const char *text = h->field.item[j];
    const bool is_text = kind_of(o->missing, text, strlen(text)) == KIND_TEXT;

    if (is_text && below[j] == KIND_NUMBER)
      h->has_header = true;
    all_text = all_text && is_text;
  }
  if (all_text && !h->has_header && o->data->names.n == 0)
    HPO_TRY(status, all_differ(&h->field, &h->has_header, err));
done:
  hpo_mem_free(below);
  return status;
}

hpo_status hpo_head_read(hpo_csv *c, const hpo_head_options *o, hpo_head *out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_head h = {0};

  c->delimiter = o->is_tsv ? '\t' : find_delimiter(c);
  HPO_TRY(status, read_first(c, &h, err));
  if (strcmp(o->data->header, "yes") == 0)
    h.has_header = true;
  else if (strcmp(o->data->header, "no") == 0)
    h.has_header = false;
  else if (same_names(&h.field, &o->data->names))
    h.has_header = true;
  else
    HPO_TRY(status, guess_header(c, o, &h, err));
  if (!h.has_header) {
    c->at = h.at;
    c->line = h.line;
  }

  *out = h;
  h = (hpo_head){0};
done:
  hpo_head_free(&h);
  return status;
}

void hpo_head_free(hpo_head *h) {
  hpo_names_free(&h->field);
  *h = (hpo_head){0};
}
