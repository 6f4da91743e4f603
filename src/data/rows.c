/* SPDX-License-Identifier: BSD-3-Clause */
/* New rows of known columns, a block at a time. */
#include "hpo/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "head.h"
#include "hpo/mem.h"
#include "missing.h"
#include "number.h"
#include "source.h"
#include "utf8.h"

typedef struct unknown {
  hpo_row n;
  char *first;
} unknown;

struct hpo_rows {
  const hpo_dataset *facts;
  hpo_csv csv;
  hpo_missing missing;
  size_t *column; /* [fields] feature of each field; columns: none */
  size_t fields;
  unknown *unknown; /* [columns] */
};

/* --- Finding the columns ---------------------------------------------- */

static size_t find_column(const hpo_dataset *d, const char *name) {
  size_t j = 0;

  while (j < d->columns && strcmp(d->column[j].name, name) != 0)
    j++;
  return j;
}

static hpo_status check_columns(const hpo_rows *r, bool has_header,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer list = {0};
  size_t n = 0;

  for (size_t j = 0; j < r->facts->columns; j++) {
    size_t times = 0;
    for (size_t i = 0; i < r->fields; i++)
      times += r->column[i] == j;
    if (times > 1)
      HPO_FAIL(status, err, HPO_EDATA, "%s: column '%s' stands %zu times",
               r->csv.path, r->facts->column[j].name, times);
    if (times == 0 && n++ < 10)
      HPO_TRY(status,
              hpo_buffer_format(&list, err, "%s'%s'", list.n ? ", " : "",
                                r->facts->column[j].name));
  }
  if (n > 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %s%zu of the model's %zu columns %s not there: %.*s%s",
             r->csv.path,
             has_header ? ""
                        : "without a header and with other than as many "
                          "fields as features, ",
             n, r->facts->columns, n == 1 ? "is" : "are", (int)list.n,
             (const char *)list.byte, n > 10 ? ", ..." : "");
done:
  hpo_buffer_free(&list);
  return status;
}

static hpo_status map_columns(hpo_rows *r, const hpo_head *head,
                              const hpo_names *names, hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[32];
  size_t n = head->field.n;

  HPO_TRY(status, hpo_mem_new(n, sizeof *r->column, &r->column, err));
  r->fields = n;
  for (size_t i = 0; i < n; i++) {
    snprintf(text, sizeof text, "f%zu", i);
    if (head->has_header)
      r->column[i] = find_column(r->facts, head->field.item[i]);
    else if (names->n == n)
      r->column[i] = find_column(r->facts, names->item[i]);
    else if (n == r->facts->columns)
      r->column[i] = i;
    else
      r->column[i] = find_column(r->facts, text);
  }
  HPO_TRY(status, check_columns(r, head->has_header, err));
done:
  return status;
}

hpo_status hpo_rows_open(const char *path, const hpo_dataset *facts,
                         const hpo_names *missing, const hpo_names *names,
                         hpo_rows **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  static char automatic[] = "auto";
  hpo_plan_data data = {.header = automatic, .names = *names};
  const hpo_format *format = NULL;
  hpo_rows *r = NULL;
  hpo_head head = {0};
  hpo_head_options o = {.data = &data, .source = facts->column[0].name};

  HPO_TRY(status, hpo_mem_new(1, sizeof *r, &r, err));
  r->facts = facts;
  HPO_TRY(status,
          hpo_mem_new(facts->columns, sizeof *r->unknown, &r->unknown, err));
  HPO_TRY(status, hpo_missing_create(missing, &r->missing, err));
  o.missing = &r->missing;
  HPO_TRY(status, hpo_format_find("", path, &format, err));
  if (strcmp(format->name, "csv") != 0 && strcmp(format->name, "tsv") != 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: predicting rows of format '%s' is not built yet in this "
             "version; allowed: csv, tsv (plain or .gz)",
             path, format->name);
  o.is_tsv = format->is_tsv;
  HPO_TRY(status, hpo_csv_open(&r->csv, path, NULL, err));
  HPO_TRY(status, hpo_head_read(&r->csv, &o, &head, err));
  HPO_TRY(status, map_columns(r, &head, names, err));
  *out = r;
  r = NULL;
done:
  hpo_head_free(&head);
  hpo_rows_close(r);
  return status;
}

void hpo_rows_close(hpo_rows *r) {
  if (!r)
    return;
  hpo_csv_close(&r->csv);
  hpo_missing_free(&r->missing);
  for (size_t j = 0; r->unknown && j < r->facts->columns; j++)
    hpo_mem_free(r->unknown[j].first);
  hpo_mem_free(r->unknown);
  hpo_mem_free(r->column);
  hpo_mem_free(r);
}

hpo_row hpo_rows_unknown(const hpo_rows *r, size_t column,
                         const char **first) {
  *first = r->unknown[column].first;
  return r->unknown[column].n;
}

/* --- Reading ---------------------------------------------------------- */

/* A category by its name; an unknown one is missing, and counted. */
static hpo_status read_category(hpo_rows *r, size_t j, const hpo_csv_field *f,
                                float *x, hpo_error *err) {
  const hpo_column *c = &r->facts->column[j];
  size_t low = 0, high = c->n_category;

  while (low < high) {
    size_t mid = low + (high - low) / 2;
    int order = strncmp(c->category[mid], f->text, f->n);
    if (order == 0 && c->category[mid][f->n] != '\0')
      order = 1;
    if (order == 0) {
      *x = (float)mid;
      return HPO_OK;
    }
    low = order < 0 ? mid + 1 : low;
    high = order < 0 ? high : mid;
  }
  *x = NAN;
  if (r->unknown[j].n++ > 0)
    return HPO_OK;
  char shown[HPO_UTF8_SHOWN];
  return hpo_mem_string(hpo_utf8_show(f->text, f->n, shown),
                        &r->unknown[j].first, err);
}

static hpo_status read_value(hpo_rows *r, size_t j, const hpo_csv_field *f,
                             float *to, hpo_error *err) {
  const hpo_column *c = &r->facts->column[j];
  char shown[HPO_UTF8_SHOWN];
  double x = NAN;

  *to = NAN;
  if (hpo_missing_text(&r->missing, f->text, f->n))
    return HPO_OK;
  if (c->categorical)
    return read_category(r, j, f, to, err);
  if (!hpo_number_whole(f->text, f->n, &x))
    return hpo_error_set(err, HPO_EDATA,
                         "%s:%lld: column '%s': '%s' is not a number",
                         r->csv.path, (long long)r->csv.line, c->name,
                         hpo_utf8_show(f->text, f->n, shown));
  *to = hpo_missing_number(&r->missing, x) ? NAN : (float)x;
  if (isinf(*to))
    return hpo_error_set(err, HPO_EDATA,
                         "%s:%lld: column '%s': '%s' does not fit a float32 "
                         "(up to 3.4e38)",
                         r->csv.path, (long long)r->csv.line, c->name,
                         hpo_utf8_show(f->text, f->n, shown));
  return HPO_OK;
}

/* Whether the record at csv.at is whole in memory, so that it is read once;
 * lines: the line ends in it. */
static hpo_status find_end(hpo_rows *r, hpo_csv_token *token, const char **end,
                           hpo_row *lines, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *p = r->csv.byte + r->csv.at;
  hpo_csv_field f = {0};
  size_t n = 0;

  *lines = 1;
  do {
    HPO_TRY(status, hpo_csv_get(&r->csv, p, token, &f, err));
    if (*token != HPO_CSV_FIELD)
      return HPO_OK;
    *lines += f.lines;
    n++;
    p = f.next + 1;
  } while (*f.next == r->csv.delimiter);
  *end = hpo_csv_line_end(&r->csv, f.next);
  if (*end == NULL)
    *token = HPO_CSV_MORE;
  else if (n != r->fields)
    HPO_FAIL(status, err, HPO_EDATA, "%s:%lld: found %zu fields, expected %zu",
             r->csv.path, (long long)r->csv.line, n, r->fields);
done:
  return status;
}

static hpo_status read_row(hpo_rows *r, float *x, hpo_csv_token *token,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *p = r->csv.byte + r->csv.at, *end = NULL;
  hpo_csv_field f = {0};
  hpo_row lines = 1;

  HPO_TRY(status, find_end(r, token, &end, &lines, err));
  if (*token != HPO_CSV_FIELD)
    return HPO_OK;
  for (size_t i = 0; i < r->fields; i++) {
    HPO_TRY(status, hpo_csv_get(&r->csv, p, token, &f, err));
    if (r->column[i] < r->facts->columns)
      HPO_TRY(status, read_value(r, r->column[i], &f, &x[r->column[i]], err));
    p = f.next + 1;
  }
  r->csv.line += lines;
  r->csv.at = (size_t)(end - r->csv.byte);
done:
  return status;
}

hpo_status hpo_rows_read(hpo_rows *r, size_t most, float *x, size_t *n,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t done_rows = 0;

  while (done_rows < most) {
    hpo_csv_token token = hpo_csv_skip_blank(&r->csv);
    bool is_there = token == HPO_CSV_FIELD;

    if (is_there)
      HPO_TRY(status,
              read_row(r, x + done_rows * r->facts->columns, &token, err));
    if (token == HPO_CSV_FIELD)
      done_rows++;
    else if (token == HPO_CSV_MORE && !r->csv.is_all)
      HPO_TRY(status, hpo_csv_more(&r->csv, err));
    else if (!is_there)
      break;
    else
      HPO_TRY(status, hpo_csv_refuse(&r->csv, token, r->csv.line, err));
  }
  *n = done_rows;
done:
  return status;
}
