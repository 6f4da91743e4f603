/* SPDX-License-Identifier: BSD-3-Clause */
/* CSV and TSV files into a table.
 *
 * The hot path reads a number straight from the block up to its delimiter;
 * only what is no plain number (quotes, blanks, texts, missing values) goes
 * through the lexer.  A row that runs over the end of the block is read
 * again from its start, so a row changes nothing but its slot, and names
 * that were added, until it is whole. */

#include "read_csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "head.h"
#include "hpo/mem.h"
#include "number.h"
#include "utf8.h"

enum {
  LONGEST_TEXT = 1000 /* bytes of a category's or a class's name */
};

typedef struct row_state {
  float *x; /* features of the row being read */
  double y, weight, key;
  hpo_row lines; /* line ends inside its quotes */
} row_state;

typedef struct reader {
  hpo_reading *all;
  hpo_csv csv;
  row_state row;
} reader;

/* A data error in a column of the row being read. */
static hpo_status refuse(const reader *r, const hpo_text_column *c,
                         const char *text, size_t n, const char *what,
                         hpo_error *err) {
  char name[HPO_UTF8_SHOWN], shown[HPO_UTF8_SHOWN];

  return hpo_error_set(err, HPO_EDATA, "%s:%lld: column '%s': '%s' %s",
                       r->csv.path, (long long)(r->csv.line + r->row.lines),
                       hpo_utf8_show(c->name, strlen(c->name), name),
                       hpo_utf8_show(text, n, shown), what);
}

static bool is_infinity(const char *text, size_t n) {
  const size_t sign = n > 0 && (*text == '-' || *text == '+');

  return (n - sign == 3 && strncasecmp(text + sign, "inf", 3) == 0) ||
         (n - sign == 8 && strncasecmp(text + sign, "infinity", 8) == 0);
}

/* A number is stored where the column wants it. */
static hpo_status store(reader *r, hpo_text_column *c, double x,
                        const char *text, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const float f = (float)x;

  switch (c->use) {
  case HPO_USE_FEATURE:
    if (isinf(f))
      HPO_TRY(status, refuse(r, c, text, n,
                             "does not fit a float32 (up to 3.4e38)", err));
    r->row.x[c->feature] = f;
    break;
  case HPO_USE_LABEL:
    if (!isfinite(x))
      HPO_TRY(status, refuse(r, c, text, n,
                             isnan(x) ? "is a missing label; every row needs "
                                        "one"
                                      : "is an infinite label",
                             err));
    r->row.y = x;
    break;
  case HPO_USE_WEIGHT:
    if (!isfinite(x) || x < 0)
      HPO_TRY(status, refuse(r, c, text, n,
                             "is no weight; allowed: finite, 0 or more", err));
    r->row.weight = x;
    break;
  case HPO_USE_KEY:
    if (!isfinite(x))
      HPO_TRY(status,
              refuse(r, c, text, n,
                     "names no group or fold; every row needs one", err));
    r->row.key = x;
    break;
  case HPO_USE_IGNORE:
    break;
  }
done:
  return status;
}

/* The column turns out to hold texts. */
static hpo_status become_text(reader *r, hpo_text_column *c, const char *text,
                              size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  char shown[HPO_UTF8_SHOWN];

  if (is_infinity(text, n))
    HPO_TRY(status, refuse(r, c, text, n, "is not finite", err));
  if (c->use == HPO_USE_WEIGHT ||
      (c->use == HPO_USE_LABEL && r->all->data->task == HPO_TASK_REGRESSION))
    HPO_TRY(status, refuse(r, c, text, n, hpo_number_fault(text, n), err));
  HPO_TRY(status,
          hpo_mem_string(hpo_utf8_show(text, n, shown), &c->first_text, err));
  c->first_path = r->csv.path;
  c->first_line = r->csv.line + r->row.lines;
  c->is_late = c->had_number;
  c->is_text = true;
done:
  return status;
}

/* The first of its numbers with a comma; commas.c judges the column. */
static hpo_status note_comma(const reader *r, hpo_text_column *c,
                             const char *text, size_t n, hpo_error *err) {
  char shown[HPO_UTF8_SHOWN];

  if (c->comma_text != NULL || c->forced || !hpo_number_comma(text, n))
    return HPO_OK;
  c->comma_path = r->csv.path;
  c->comma_line = r->csv.line + r->row.lines;
  return hpo_mem_string(hpo_utf8_show(text, n, shown), &c->comma_text, err);
}

/* The number of a text among the column's names. */
static hpo_status name_number(reader *r, hpo_text_column *c, const char *text,
                              size_t n, double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t known = c->names.n;
  uint32_t number = 0;

  if (n > LONGEST_TEXT)
    HPO_TRY(status, refuse(r, c, text, n,
                           "has more than the 1000 bytes that a name may "
                           "have; is the column to be ignored?",
                           err));
  HPO_TRY(status, hpo_intern_add(&c->names, text, n, &number, err));
  if (number == known && !hpo_utf8_check(text, n))
    HPO_TRY(status, refuse(r, c, text, n, "is not UTF-8", err));
  if (number == known)
    HPO_TRY(status, note_comma(r, c, text, n, err));
  if (c->names.n > HPO_MOST_CATEGORIES && c->use != HPO_USE_KEY)
    HPO_TRY(status, refuse(r, c, text, n,
                           "is one name too many: a column can have 65535 "
                           "different ones; is it to be ignored?",
                           err));
  *out = number;
done:
  return status;
}

/* A field that is not a plain number. */
static hpo_status store_text(reader *r, hpo_text_column *c,
                             const hpo_csv_field *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  double x = NAN;

  if (hpo_missing_text(&r->all->missing, f->text, f->n)) {
    HPO_TRY(status, store(r, c, NAN, f->text, f->n, err));
  } else if (!c->is_text && hpo_number_whole(f->text, f->n, &x)) {
    if (hpo_missing_number(&r->all->missing, x))
      x = NAN;
    c->had_number = true;
    HPO_TRY(status, store(r, c, x, f->text, f->n, err));
  } else {
    if (!c->is_text)
      HPO_TRY(status, become_text(r, c, f->text, f->n, err));
    HPO_TRY(status, name_number(r, c, f->text, f->n, &x, err));
    HPO_TRY(status, store(r, c, x, f->text, f->n, err));
  }
done:
  return status;
}

/* One field at p; *next stays NULL if it is not whole in memory. */
static inline hpo_status read_field(reader *r, hpo_text_column *c,
                                    const char *p, const char **next,
                                    hpo_csv_token *token, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_csv_field f = {0};
  double x = 0;

  if (c != NULL && !c->is_text && c->use != HPO_USE_IGNORE) {
    const char *q = hpo_number_scan_long(p, &x);

    if (q != NULL && (*q == r->csv.delimiter || *q == '\n' || *q == '\r')) {
      if (hpo_missing_number(&r->all->missing, x))
        x = NAN;
      c->had_number = true;
      *next = q;
      return store(r, c, x, p, (size_t)(q - p), err);
    }
  }
  HPO_TRY(status, hpo_csv_get(&r->csv, p, token, &f, err));
  if (*token != HPO_CSV_FIELD)
    return HPO_OK;
  if (c != NULL && c->use != HPO_USE_IGNORE)
    HPO_TRY(status, store_text(r, c, &f, err));
  r->row.lines += f.lines;
  *next = f.next;
done:
  return status;
}

/* The record at csv.at; past it and into the table if it is whole. */
static hpo_status read_row(reader *r, hpo_role role, hpo_csv_token *token,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_columns *columns = &r->all->columns;
  const char *p = r->csv.byte + r->csv.at, *next = NULL;
  size_t j = 0;

  *token = HPO_CSV_FIELD;
  r->row.lines = 0;
  HPO_TRY(status, hpo_table_slot(&r->all->table, &r->row.x, err));
  for (;; p = next + 1) {
    HPO_TRY(status, read_field(r, j < columns->n ? &columns->item[j] : NULL, p,
                               &next, token, err));
    if (*token != HPO_CSV_FIELD)
      return HPO_OK;
    j++;
    if (*next != r->csv.delimiter)
      break;
  }
  p = hpo_csv_line_end(&r->csv, next);
  if (p == NULL) {
    *token = HPO_CSV_MORE;
    return HPO_OK;
  }
  if (j != columns->n)
    HPO_FAIL(status, err, HPO_EDATA, "%s:%lld: found %zu fields, expected %zu",
             r->csv.path, (long long)r->csv.line, j, columns->n);
  if (columns->key < columns->n)
    HPO_TRY(status, hpo_table_add_key(&r->all->table, r->row.key, err));
  HPO_TRY(status,
          hpo_table_add(&r->all->table, r->row.y,
                        columns->weight < columns->n ? &r->row.weight : NULL,
                        role, err));
  r->csv.line += 1 + r->row.lines;
  r->csv.at = (size_t)(p - r->csv.byte);
done:
  return status;
}

/* The records that begin before byte `to` of the file. */
static hpo_status read_rows(reader *r, hpo_role role, uint64_t to,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  for (;;) {
    hpo_csv_token token = hpo_csv_skip_blank(&r->csv);
    const bool is_there = token == HPO_CSV_FIELD;

    if (is_there && hpo_csv_at(&r->csv) >= to)
      break;
    if (is_there)
      HPO_TRY(status, read_row(r, role, &token, err));
    if (token == HPO_CSV_FIELD)
      continue;
    if (token == HPO_CSV_MORE && !r->csv.is_all) {
      HPO_TRY(status, hpo_csv_more(&r->csv, err));
      continue;
    }
    if (!is_there)
      break;
    HPO_TRY(status, hpo_csv_refuse(&r->csv, token, r->csv.line, err));
  }
done:
  return status;
}

/* Names for the first file's columns: those given, the header's, or f0, f1
 * ... by their place in the file. */
static hpo_status name_columns(reader *r, const hpo_head *head,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan_data *data = r->all->data;
  const hpo_names *names = &data->names;
  hpo_names made = {0};
  char text[32];

  if (data->names.n > 0 && data->names.n != head->field.n)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s:%lld: found %zu fields, but names= gives %zu names",
             r->csv.path, (long long)head->line, head->field.n, data->names.n);
  if (data->names.n == 0) {
    names = head->has_header ? &head->field : &made;
    for (size_t j = 0; !head->has_header && j < head->field.n; j++) {
      (void)snprintf(text, sizeof text, "f%zu", j);
      HPO_TRY(status, hpo_names_add(&made, text, err));
    }
  }
  HPO_TRY(status,
          hpo_columns_create(data, &r->all->positive, names, r->csv.path,
                             head->has_header || data->names.n > 0,
                             &r->all->columns, err));
  r->all->table.features = r->all->columns.features;
done:
  hpo_names_free(&made);
  return status;
}

/* Up to the first row. */
static hpo_status open_file(reader *r, const char *path, bool is_tsv,
                            hpo_digest *sha, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_reading *all = r->all;
  hpo_head_options o = {
      .data = all->data, .missing = &all->missing, .is_tsv = is_tsv};
  hpo_head head = {0};

  o.source = all->positive.source[0] != '\0' ? all->positive.source
                                             : all->data->label;
  HPO_TRY(status, hpo_csv_open(&r->csv, path, sha, err));
  HPO_TRY(status, hpo_head_read(&r->csv, &o, &head, err));
  if (all->columns.n == 0)
    HPO_TRY(status, name_columns(r, &head, err));
  else if (head.has_header && all->data->names.n == 0)
    HPO_TRY(status, hpo_columns_check(&all->columns, &head.field, path, err));
done:
  hpo_head_free(&head);
  return status;
}

hpo_status hpo_read_csv(hpo_reading *all, const char *path, hpo_role role,
                        bool is_tsv, char sha256[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_row before = all->table.rows;
  reader r = {.all = all};
  hpo_digest sha;

  hpo_digest_start(&sha, all->piece, NULL);
  HPO_TRY(status, open_file(&r, path, is_tsv, &sha, err));
  HPO_TRY(status, read_rows(&r, role, UINT64_MAX, err));
  if (all->table.rows == before)
    HPO_FAIL(status, err, HPO_EDATA, "%s: the file holds no rows", path);
  hpo_digest_end(&sha, sha256);
done:
  hpo_csv_close(&r.csv);
  return status;
}

hpo_status hpo_read_csv_part(hpo_reading *all, const char *path, hpo_role role,
                             bool is_tsv, hpo_csv_part *part, hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool is_first = part->from == 0;
  reader r = {.all = all};
  hpo_digest sha;
  char hex[65];

  hpo_digest_start(&sha, all->piece, part->lines);
  hpo_digest_limit(&sha, is_first ? 0 : 1, part->to - part->from);
  HPO_TRY(status, open_file(&r, path, is_tsv, is_first ? &sha : NULL, err));
  if (!is_first) {
    r.csv.hash = &sha;
    HPO_TRY(status, hpo_csv_seek(&r.csv, part->from, err));
  }
  part->begin = hpo_csv_at(&r.csv);
  HPO_TRY(status, read_rows(&r, role, part->to, err));
  part->end = hpo_csv_at(&r.csv);
  hpo_digest_end(&sha, hex);
done:
  hpo_csv_close(&r.csv);
  return status;
}

hpo_status hpo_read_csv_look(hpo_reading *all, const char *path, bool is_tsv,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  reader r = {.all = all};

  all->table.is_part = true; /* and none is in it */
  HPO_TRY(status, open_file(&r, path, is_tsv, NULL, err));
  HPO_TRY(status, read_rows(&r, HPO_ROLE_TRAIN, all->piece / 4, err));
  for (size_t j = 0; j < all->columns.n; j++)
    all->columns.item[j].is_late = false; /* nothing is kept */
done:
  hpo_csv_close(&r.csv);
  all->table.is_part = false;
  hpo_table_clear(&all->table);
  return status;
}

hpo_status hpo_reading_create(const hpo_plan_data *data, hpo_reading *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_reading r = {.data = data, .piece = HPO_DIGEST_PIECE};
  const char *piece = getenv("HPOTUNE_TEST_PIECE");

  if (piece != NULL && atoi(piece) > 0)
    r.piece = (size_t)atoi(piece);
  HPO_TRY(status, hpo_positive_create(data->positive, &r.positive, err));
  HPO_TRY(status, hpo_missing_create(&data->missing, &r.missing, err));
  *out = r;
  r = (hpo_reading){0};
done:
  hpo_reading_free(&r);
  return status;
}

void hpo_reading_free(hpo_reading *r) {
  hpo_positive_free(&r->positive);
  hpo_missing_free(&r->missing);
  hpo_columns_free(&r->columns);
  hpo_table_clear(&r->table);
}
