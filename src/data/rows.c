/* SPDX-License-Identifier: BSD-3-Clause */
/* New rows of known columns, a block at a time: what all formats share. */
#include "rows_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/mem.h"
#include "utf8.h"

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
               r->path, r->facts->column[j].name, times);
    if (times == 0 && n++ < 10)
      HPO_TRY(status,
              hpo_buffer_format(&list, err, "%s'%s'", list.n ? ", " : "",
                                r->facts->column[j].name));
  }
  if (n > 0 && !has_header && r->format->array == NULL)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %zu fields and no header; the model has %zu features",
             r->path, r->fields, r->facts->columns);
  if (n > 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %zu of the model's %zu columns %s not there: %.*s%s",
             r->path, n, r->facts->columns, n == 1 ? "is" : "are", (int)list.n,
             (const char *)list.byte, n > 10 ? ", ..." : "");
done:
  hpo_buffer_free(&list);
  return status;
}

hpo_status hpo_rows_map(hpo_rows *r, const hpo_names *header, size_t n,
                        const hpo_names *names, hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[32];

  HPO_TRY(status, hpo_mem_new(n, sizeof *r->column, &r->column, err));
  r->fields = n;
  for (size_t i = 0; i < n; i++) {
    snprintf(text, sizeof text, "f%zu", i);
    if (header)
      r->column[i] = find_column(r->facts, header->item[i]);
    else if (names->n == n)
      r->column[i] = find_column(r->facts, names->item[i]);
    else if (n == r->facts->columns)
      r->column[i] = i;
    else
      r->column[i] = find_column(r->facts, text);
  }
  HPO_TRY(status, check_columns(r, header != NULL, err));
done:
  return status;
}

/* A category by its name. */
hpo_status hpo_rows_category(hpo_rows *r, size_t j, const char *text, size_t n,
                             float *x, hpo_error *err) {
  const hpo_column *c = &r->facts->column[j];
  char shown[HPO_UTF8_SHOWN];
  size_t low = 0, high = c->n_category;

  while (low < high) {
    size_t mid = low + (high - low) / 2;
    int order = strncmp(c->category[mid], text, n);
    if (order == 0 && c->category[mid][n] != '\0')
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
  return hpo_mem_string(hpo_utf8_show(text, n, shown), &r->unknown[j].first,
                        err);
}

/* --- The face --------------------------------------------------------- */

hpo_status hpo_rows_open(const char *path, const char *format,
                         const char *like, const char *dataset,
                         const hpo_dataset *facts, const hpo_names *missing,
                         const hpo_names *names, hpo_rows **out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_rows *r = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *r, &r, err));
  r->facts = facts;
  HPO_TRY(status, hpo_mem_string(path, &r->path, err));
  HPO_TRY(status, hpo_mem_string(dataset, &r->dataset, err));
  HPO_TRY(status,
          hpo_mem_new(facts->columns, sizeof *r->unknown, &r->unknown, err));
  HPO_TRY(status, hpo_missing_create(missing, &r->missing, err));
  HPO_TRY(status, hpo_format_choose(format, like, path, &r->format, err));
  r->kind = r->format->array       ? &hpo_rows_array
            : r->format->is_libsvm ? &hpo_rows_libsvm
                                   : &hpo_rows_text;
  HPO_TRY(status, r->kind->open(r, names, err));
  *out = r;
  r = NULL;
done:
  hpo_rows_close(r);
  return status;
}

hpo_status hpo_rows_read(hpo_rows *r, size_t most, float *x, size_t *n,
                         hpo_error *err) {
  return r->kind->read(r, most, x, n, err);
}

hpo_row hpo_rows_unknown(const hpo_rows *r, size_t column,
                         const char **first) {
  *first = r->unknown[column].first;
  return r->unknown[column].n;
}

void hpo_rows_close(hpo_rows *r) {
  if (!r)
    return;
  if (r->state)
    r->kind->close(r);
  hpo_missing_free(&r->missing);
  for (size_t j = 0; r->unknown && j < r->facts->columns; j++)
    hpo_mem_free(r->unknown[j].first);
  hpo_mem_free(r->unknown);
  hpo_mem_free(r->column);
  hpo_mem_free(r->path);
  hpo_mem_free(r->dataset);
  hpo_mem_free(r);
}
