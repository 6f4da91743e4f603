/* SPDX-License-Identifier: BSD-3-Clause */
/* A text file with one column, as an array of one column. */

#include <math.h>
#include <string.h>

#include "csv.h"
#include "hpo/mem.h"
#include "labels.h"
#include "number.h"
#include "utf8.h"

typedef struct column {
  uint32_t *name; /* [rows] the text of each record */
  size_t rows, room;
  hpo_intern names;
  double *number; /* [names.n] NaN: no number */
  bool is_text;
} column;

static void column_close(void *state) {
  column *c = state;

  if (c == NULL)
    return;
  hpo_mem_free(c->name);
  hpo_mem_free(c->number);
  hpo_intern_free(&c->names);
  hpo_mem_free(c);
}

static hpo_status refuse_field(const hpo_csv *csv, const hpo_csv_field *f,
                               const char *what, hpo_error *err) {
  char shown[HPO_UTF8_SHOWN];

  return hpo_error_set(err, HPO_EDATA, "%s:%lld: '%s' %s", csv->path,
                       (long long)csv->line,
                       hpo_utf8_show(f->text, f->n, shown), what);
}

/* The record that csv stands at, once it is whole in memory. */
static hpo_status take_record(column *c, hpo_csv *csv, hpo_csv_token *token,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_csv_field f = {0};
  const char *next = NULL;

  HPO_TRY(status, hpo_csv_get(csv, csv->byte + csv->at, token, &f, err));
  if (*token != HPO_CSV_FIELD)
    return HPO_OK;
  if (*f.next == csv->delimiter)
    HPO_TRY(status, refuse_field(csv, &f,
                                 "is followed by another field; a file of "
                                 "labels has one column",
                                 err));
  next = hpo_csv_line_end(csv, f.next);
  if (next == NULL) {
    *token = HPO_CSV_MORE;
    return HPO_OK;
  }
  if (f.n > 1000 || !hpo_utf8_check(f.text, f.n))
    HPO_TRY(status, refuse_field(csv, &f,
                                 "is no label; allowed: UTF-8, up to 1000 "
                                 "bytes",
                                 err));
  HPO_TRY(status,
          hpo_mem_grow(&c->name, &c->room, c->rows + 1, sizeof *c->name, err));
  HPO_TRY(status,
          hpo_intern_add(&c->names, f.text, f.n, &c->name[c->rows], err));
  c->rows++;
  csv->line += 1 + f.lines;
  csv->at = (size_t)(next - csv->byte);
done:
  return status;
}

static hpo_status take_records(column *c, hpo_csv *csv, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (;;) {
    hpo_csv_token token = hpo_csv_skip_blank(csv);
    const bool is_there = token == HPO_CSV_FIELD;

    if (is_there)
      HPO_TRY(status, take_record(c, csv, &token, err));
    if (token == HPO_CSV_FIELD)
      continue;
    if (token == HPO_CSV_MORE && !csv->is_all)
      HPO_TRY(status, hpo_csv_more(csv, err));
    else if (!is_there)
      break;
    else
      HPO_TRY(status, hpo_csv_refuse(csv, token, csv->line, err));
  }
  if (c->rows == 0)
    HPO_FAIL(status, err, HPO_EDATA, "%s: the file holds no labels",
             csv->path);
done:
  return status;
}

/* Numbers or texts, and whether the first record is the column's name. */
static hpo_status look(column *c, hpo_array_facts *facts, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = c->names.n;

  HPO_TRY(status, hpo_mem_new(n, sizeof *c->number, &c->number, err));
  for (size_t i = 0; i < n; i++) {
    const char *text = hpo_intern_get(&c->names, i);

    if (!hpo_number_whole(text, strlen(text), &c->number[i]))
      c->number[i] = NAN;
  }
  for (size_t i = 1; i < c->rows; i++)
    c->is_text = c->is_text || isnan(c->number[c->name[i]]);
  facts->may_begin_with_name = isnan(c->number[c->name[0]]);
  facts->is_text = c->is_text;
  facts->begins_with_name =
      facts->may_begin_with_name && !c->is_text && c->rows > 1;
  facts->rows = (hpo_row)c->rows;
  facts->columns = 1;
done:
  return status;
}

static hpo_status column_open(const char *path, const char *dataset,
                              hpo_digest *hash, hpo_array_facts *facts,
                              void **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_csv csv = {0};
  column *c = NULL;

  (void)dataset;
  HPO_TRY(status, hpo_mem_new(1, sizeof *c, &c, err));
  HPO_TRY(status, hpo_csv_open(&csv, path, hash, err));
  HPO_TRY(status, take_records(c, &csv, err));
  HPO_TRY(status, look(c, facts, err));
  *out = c;
  c = NULL;
done:
  hpo_csv_close(&csv);
  column_close(c);
  return status;
}

static hpo_status column_read(void *state, hpo_row first, hpo_row n,
                              double *to, hpo_error *err) {
  const column *c = state;

  (void)err;
  HPO_ASSERT((size_t)(first + n) <= c->rows);
  for (size_t i = 0; i < (size_t)n; i++) {
    const uint32_t name = c->name[(size_t)first + i];

    to[i] = c->is_text ? name : c->number[name];
  }
  return HPO_OK;
}

static const char *column_text(void *state, double x) {
  const column *c = state;

  return c->is_text ? hpo_intern_get(&c->names, (size_t)x) : NULL;
}

const hpo_array_format hpo_array_column = {.open = column_open,
                                           .read = column_read,
                                           .text = column_text,
                                           .close = column_close};
