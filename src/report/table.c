/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows as an aligned table, as CSV (RFC 4180) or as JSON (RFC 8259). */
#include "hpo/clock.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpo/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 256 }; /* room of a cell's text */

hpo_status hpo_table_format_find(const char *name, hpo_table_format *out,
                                 hpo_error *err) {
  static const char *const names[] = {"table", "csv", "json"};

  for (int i = 0; i < 3; i++)
    if (strcmp(name ? name : names[0], names[i]) == 0) {
      *out = (hpo_table_format)i;
      return HPO_OK;
    }
  return hpo_error_set(err, HPO_EINVAL,
                       "--format %s: allowed are table, csv, json", name);
}

static bool is_time(const hpo_field *f) {
  return strcmp(f->name, "start") == 0 || strcmp(f->name, "end") == 0;
}

/* -1 stands for "none" in most integer columns; in a parameter it does so
 * only where the type's minimum or -1 says inactive. */
static bool is_absent(const hpo_field *f, size_t i) {
  int64_t x = hpo_field_int(f, i);
  return x == INT64_MIN || x == -1;
}

void hpo_report_cell(const hpo_field *f, size_t i, bool full, char *text,
                     size_t room) {
  char number[32];
  text[0] = 0;
  switch (f->type) {
  case HPO_FIELD_TEXT:
  case HPO_FIELD_ENUM:
    hpo_field_text(f, i, text, room);
    return;
  case HPO_FIELD_FLOAT:
  case HPO_FIELD_F32:
    if (isnan(hpo_field_number(f, i)))
      return;
    if (full)
      snprintf(text, room, "%s",
               hpo_options_format_float(hpo_field_number(f, i), number));
    else if (fabs(hpo_field_number(f, i)) < 1e15 &&
             hpo_field_number(f, i) == floor(hpo_field_number(f, i)))
      snprintf(text, room, "%.0f", hpo_field_number(f, i) + 0.0);
    else
      snprintf(text, room, "%.6g", hpo_field_number(f, i));
    return;
  default:
    if (is_absent(f, i))
      return;
    if (!full && is_time(f))
      snprintf(text, room, "%s",
               hpo_clock_format(hpo_field_int(f, i), number));
    else
      snprintf(text, room, "%" PRId64, hpo_field_int(f, i));
  }
}

static bool is_number(const hpo_field *f) {
  return f->type != HPO_FIELD_TEXT && f->type != HPO_FIELD_ENUM;
}

/* Columns of a terminal that text takes: UTF-8 characters. */
static int width_of(const char *text) {
  int n = 0;
  for (; *text; text++)
    n += ((unsigned char)*text & 0xC0) != 0x80;
  return n;
}

static hpo_status add_padded(hpo_buffer *out, const char *text, int width,
                             bool right, hpo_error *err) {
  static const char blanks[] = "                                ";
  hpo_status status = HPO_OK;
  int pad = width - width_of(text);

  if (!right)
    HPO_TRY(status, hpo_buffer_add(out, text, strlen(text), err));
  for (; pad > 0; pad -= (int)sizeof blanks - 1) {
    size_t n = (size_t)pad;
    HPO_TRY(status,
            hpo_buffer_add(out, blanks,
                           n < sizeof blanks ? n : sizeof blanks - 1, err));
  }
  if (right)
    HPO_TRY(status, hpo_buffer_add(out, text, strlen(text), err));
done:
  return status;
}

/* All cells as texts, row by row, each with its NUL; and how wide the columns
 * are. */
static hpo_status write_cells(const hpo_field *const *field,
                              const hpo_names *names, const size_t *row,
                              size_t n, hpo_buffer *cells, int *width,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  char cell[CELL];

  for (size_t c = 0; c < names->n; c++)
    width[c] = width_of(names->item[c]);
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; c < names->n; c++) {
      hpo_report_cell(field[c], row[i], false, cell, sizeof cell);
      HPO_TRY(status, hpo_buffer_add(cells, cell, strlen(cell) + 1, err));
      int w = width_of(cell);
      width[c] = w > width[c] ? w : width[c];
    }
done:
  return status;
}

static hpo_status write_aligned(const hpo_field *const *field,
                                const hpo_names *names, const size_t *row,
                                size_t n, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer cells = {0};
  int *width = NULL;

  HPO_TRY(status, hpo_mem_new(names->n, sizeof *width, &width, err));
  HPO_TRY(status, write_cells(field, names, row, n, &cells, width, err));
  const char *cell = (const char *)cells.byte;
  for (size_t line = 0; line < n + 1; line++) {
    for (size_t c = 0; c < names->n; c++) {
      bool right = is_number(field[c]);
      bool last = c + 1 == names->n;
      HPO_TRY(status, add_padded(out, line ? cell : names->item[c],
                                 last && !right ? 0 : width[c], right, err));
      HPO_TRY(status,
              hpo_buffer_add(out, last ? "\n" : "  ", last ? 1 : 2, err));
      cell += line ? strlen(cell) + 1 : 0;
    }
  }
done:
  hpo_mem_free(width);
  hpo_buffer_free(&cells);
  return status;
}

/* Quoted where RFC 4180 wants it. */
static hpo_status add_csv(hpo_buffer *out, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;
  if (!strpbrk(text, ",\"\r\n"))
    return hpo_buffer_format(out, err, "%s", text);
  HPO_TRY(status, hpo_buffer_add(out, "\"", 1, err));
  for (; *text; text++)
    HPO_TRY(status, hpo_buffer_add(out, *text == '"' ? "\"\"" : text,
                                   *text == '"' ? 2 : 1, err));
  HPO_TRY(status, hpo_buffer_add(out, "\"", 1, err));
done:
  return status;
}

static hpo_status write_csv(const hpo_field *const *field,
                            const hpo_names *names, const size_t *row,
                            size_t n, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char cell[CELL];

  for (size_t line = 0; line < n + 1; line++)
    for (size_t c = 0; c < names->n; c++) {
      if (line > 0)
        hpo_report_cell(field[c], row[line - 1], true, cell, sizeof cell);
      HPO_TRY(status, add_csv(out, line ? cell : names->item[c], err));
      HPO_TRY(status,
              hpo_buffer_add(out, c + 1 < names->n ? "," : "\n", 1, err));
    }
done:
  return status;
}

static hpo_status add_json(hpo_buffer *out, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;
  HPO_TRY(status, hpo_buffer_add(out, "\"", 1, err));
  for (; *text; text++) {
    if (*text == '"' || *text == '\\')
      HPO_TRY(status, hpo_buffer_format(out, err, "\\%c", *text));
    else if ((unsigned char)*text < 0x20)
      HPO_TRY(status, hpo_buffer_format(out, err, "\\u%04x",
                                        (unsigned)(unsigned char)*text));
    else
      HPO_TRY(status, hpo_buffer_add(out, text, 1, err));
  }
  HPO_TRY(status, hpo_buffer_add(out, "\"", 1, err));
done:
  return status;
}

static hpo_status write_json(const hpo_field *const *field,
                             const hpo_names *names, const size_t *row,
                             size_t n, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char cell[CELL];

  HPO_TRY(status, hpo_buffer_format(out, err, "["));
  for (size_t i = 0; i < n; i++) {
    HPO_TRY(status, hpo_buffer_format(out, err, "%s\n  {", i ? "," : ""));
    for (size_t c = 0; c < names->n; c++) {
      HPO_TRY(status, hpo_buffer_format(out, err, "%s", c ? ", " : ""));
      HPO_TRY(status, add_json(out, names->item[c], err));
      HPO_TRY(status, hpo_buffer_format(out, err, ": "));
      hpo_report_cell(field[c], row[i], true, cell, sizeof cell);
      if (!cell[0] || (is_number(field[c]) &&
                       !isfinite(hpo_field_number(field[c], row[i]))))
        HPO_TRY(status, hpo_buffer_format(out, err, "null"));
      else if (is_number(field[c]))
        HPO_TRY(status, hpo_buffer_format(out, err, "%s", cell));
      else
        HPO_TRY(status, add_json(out, cell, err));
    }
    HPO_TRY(status, hpo_buffer_format(out, err, "}"));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "%s]\n", n ? "\n" : ""));
done:
  return status;
}

hpo_status hpo_report_rows(const hpo_record *columns, const hpo_names *names,
                           const size_t *row, size_t n,
                           hpo_table_format format, hpo_buffer *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field **field = NULL;

  HPO_TRY(status, hpo_mem_new(names->n, sizeof *field, &field, err));
  for (size_t c = 0; c < names->n; c++)
    HPO_TRY(status, hpo_report_find(columns, names->item[c], &field[c], err));
  status = format == HPO_FORMAT_CSV ? write_csv(field, names, row, n, out, err)
           : format == HPO_FORMAT_JSON
               ? write_json(field, names, row, n, out, err)
               : write_aligned(field, names, row, n, out, err);
done:
  hpo_mem_free(field);
  return status;
}

/* --- sorting ------------------------------------------------------------ */

typedef struct sort_key {
  size_t row;
  double before;    /* INFINITY: last */
  double number;    /* NaN: no value, last */
  const char *text; /* for texts and enums; owned by the caller's block */
} sort_key;

static int compare(const sort_key *a, const sort_key *b) {
  if (a->text && b->text)
    return strcmp(a->text, b->text);
  return a->number < b->number ? -1 : a->number > b->number;
}

static int compare_ties(const sort_key *a, const sort_key *b, int order) {
  bool a_none = !a->text && isnan(a->number);
  bool b_none = !b->text && isnan(b->number);
  if (a->before != b->before)
    return a->before < b->before ? -1 : 1;
  if (a_none != b_none)
    return a_none ? 1 : -1;
  if (order && !a_none)
    return order;
  return a->row < b->row ? -1 : a->row > b->row;
}

static int ascending(const void *a, const void *b) {
  return compare_ties(a, b, compare(a, b));
}

static int descending_order(const void *a, const void *b) {
  return compare_ties(a, b, -compare(a, b));
}

hpo_status hpo_report_sort(const hpo_record *columns, const double *before,
                           const char *by, bool descending, size_t *row,
                           size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  sort_key *key = NULL;
  char *text = NULL;
  const hpo_field *f = NULL;

  if (by[0] == '-') {
    descending = !descending;
    by++;
  }
  HPO_TRY(status, hpo_report_find(columns, by, &f, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *key, &key, err));
  if (f->type == HPO_FIELD_TEXT)
    HPO_TRY(status, hpo_mem_new(n, CELL, &text, err));
  for (size_t i = 0; i < n; i++) {
    key[i].row = row[i];
    key[i].before = before ? before[row[i]] : 0;
    key[i].number = NAN;
    if (text) {
      hpo_field_text(f, row[i], text + i * CELL, CELL);
      key[i].text = text[i * CELL] ? text + i * CELL : NULL;
    } else if (f->type == HPO_FIELD_FLOAT || f->type == HPO_FIELD_F32 ||
               !is_absent(f, row[i])) {
      key[i].number = hpo_field_number(f, row[i]);
    }
  }
  if (n)
    qsort(key, n, sizeof *key, descending ? descending_order : ascending);
  for (size_t i = 0; i < n; i++)
    row[i] = key[i].row;
done:
  hpo_mem_free(key);
  hpo_mem_free(text);
  return status;
}
