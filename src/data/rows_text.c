/* SPDX-License-Identifier: BSD-3-Clause */
/* New rows of CSV and TSV files. */
#include "rows_private.h"

#include <math.h>

#include "csv.h"
#include "head.h"
#include "hpo/mem.h"
#include "number.h"
#include "utf8.h"

static hpo_status text_open(hpo_rows *r, const hpo_names *names,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  static char automatic[] = "auto";
  hpo_plan_data data = {.header = automatic, .names = *names};
  hpo_head head = {0};
  hpo_head_options o = {.data = &data,
                        .missing = &r->missing,
                        .source = r->facts->column[0].name,
                        .is_tsv = r->format->is_tsv};

  HPO_TRY(status, hpo_mem_new(1, sizeof(hpo_csv), &r->state, err));
  HPO_TRY(status, hpo_csv_open(r->state, r->path, NULL, err));
  HPO_TRY(status, hpo_head_read(r->state, &o, &head, err));
  HPO_TRY(status, hpo_rows_map(r, head.has_header ? &head.field : NULL,
                               head.field.n, names, err));
done:
  hpo_head_free(&head);
  return status;
}

static void text_close(hpo_rows *r) {
  hpo_csv_close(r->state);
  hpo_mem_free(r->state);
}

static hpo_status read_value(hpo_rows *r, size_t j, const hpo_csv_field *f,
                             float *to, hpo_error *err) {
  hpo_csv *csv = r->state;
  const hpo_column *c = &r->facts->column[j];
  char shown[HPO_UTF8_SHOWN];
  double x = NAN;

  *to = NAN;
  if (hpo_missing_text(&r->missing, f->text, f->n))
    return HPO_OK;
  if (c->categorical)
    return hpo_rows_category(r, j, f->text, f->n, to, err);
  if (!hpo_number_whole(f->text, f->n, &x))
    return hpo_error_set(err, HPO_EDATA, "%s:%lld: column '%s': '%s' %s",
                         r->path, (long long)csv->line, c->name,
                         hpo_utf8_show(f->text, f->n, shown),
                         hpo_number_fault(f->text, f->n));
  *to = hpo_missing_number(&r->missing, x) ? NAN : (float)x;
  if (isinf(*to))
    return hpo_error_set(err, HPO_EDATA,
                         "%s:%lld: column '%s': '%s' does not fit a float32 "
                         "(up to 3.4e38)",
                         r->path, (long long)csv->line, c->name,
                         hpo_utf8_show(f->text, f->n, shown));
  return HPO_OK;
}

/* Whether the record at csv.at is whole in memory, so that it is read once;
 * lines: the line ends in it. */
static hpo_status find_end(hpo_rows *r, hpo_csv_token *token, const char **end,
                           hpo_row *lines, hpo_error *err) {
  hpo_csv *csv = r->state;
  hpo_status status = HPO_OK;
  const char *p = csv->byte + csv->at;
  hpo_csv_field f = {0};
  size_t n = 0;

  *lines = 1;
  do {
    HPO_TRY(status, hpo_csv_get(r->state, p, token, &f, err));
    if (*token != HPO_CSV_FIELD)
      return HPO_OK;
    *lines += f.lines;
    n++;
    p = f.next + 1;
  } while (*f.next == csv->delimiter);
  *end = hpo_csv_line_end(r->state, f.next);
  if (*end == NULL)
    *token = HPO_CSV_MORE;
  else if (n != r->fields)
    HPO_FAIL(status, err, HPO_EDATA, "%s:%lld: found %zu fields, expected %zu",
             r->path, (long long)csv->line, n, r->fields);
done:
  return status;
}

static hpo_status read_row(hpo_rows *r, float *x, hpo_csv_token *token,
                           hpo_error *err) {
  hpo_csv *csv = r->state;
  hpo_status status = HPO_OK;
  const char *p = csv->byte + csv->at, *end = NULL;
  hpo_csv_field f = {0};
  hpo_row lines = 1;

  HPO_TRY(status, find_end(r, token, &end, &lines, err));
  if (*token != HPO_CSV_FIELD)
    return HPO_OK;
  for (size_t i = 0; x && i < r->fields; i++) {
    HPO_TRY(status, hpo_csv_get(r->state, p, token, &f, err));
    if (r->column[i] < r->facts->columns)
      HPO_TRY(status, read_value(r, r->column[i], &f, &x[r->column[i]], err));
    p = f.next + 1;
  }
  csv->line += lines;
  csv->at = (size_t)(end - csv->byte);
done:
  return status;
}

static hpo_status text_read(hpo_rows *r, size_t most, float *x, size_t *n,
                            hpo_error *err) {
  hpo_csv *csv = r->state;
  hpo_status status = HPO_OK;
  size_t done_rows = 0;

  while (done_rows < most) {
    hpo_csv_token token = hpo_csv_skip_blank(r->state);
    bool is_there = token == HPO_CSV_FIELD;

    if (is_there)
      HPO_TRY(status, read_row(r, x ? x + done_rows * r->facts->columns : NULL,
                               &token, err));
    if (token == HPO_CSV_FIELD)
      done_rows++;
    else if (token == HPO_CSV_MORE && !csv->is_all)
      HPO_TRY(status, hpo_csv_more(r->state, err));
    else if (!is_there)
      break;
    else
      HPO_TRY(status, hpo_csv_refuse(r->state, token, csv->line, err));
  }
  *n = done_rows;
done:
  return status;
}

const hpo_rows_kind hpo_rows_text = {text_open, text_read, text_close};
