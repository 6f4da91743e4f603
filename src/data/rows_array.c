/* SPDX-License-Identifier: BSD-3-Clause */
/* New rows of array files: the columns stand as in the study's own arrays,
 * or there are as many as features. */
#include "rows_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/mem.h"

typedef struct array_rows {
  void *file;
  hpo_array_facts facts;
  hpo_row next;
  double *value; /* [room] */
  size_t room;
  hpo_digest hash; /* wanted by the face */
} array_rows;

static hpo_status array_open(hpo_rows *r, const hpo_names *names,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  array_rows *a = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *a, &a, err));
  r->state = a;
  hpo_digest_start(&a->hash, HPO_DIGEST_PIECE, NULL);
  HPO_TRY(status, r->format->array->open(r->path, r->dataset, &a->hash,
                                         &a->facts, &a->file, err));
  if (a->facts.is_text)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %s holds text; allowed: integers, floats, bool", r->path,
             r->dataset);
  HPO_TRY(status, hpo_rows_map(r, NULL, a->facts.columns, names, err));
done:
  return status;
}

static void array_close(hpo_rows *r) {
  array_rows *a = r->state;

  if (a->file)
    r->format->array->close(a->file);
  hpo_mem_free(a->value);
  hpo_mem_free(a);
}

/* Names in arrays are the digits of whole numbers. */
static hpo_status put(hpo_rows *r, hpo_row row, size_t j, double v, float *to,
                      hpo_error *err) {
  const hpo_column *c = &r->facts->column[j];
  char text[32];

  *to = NAN;
  if (isnan(v) || hpo_missing_number(&r->missing, v))
    return HPO_OK;
  if (c->categorical && (!(fabs(v) < 9e15) || v != floor(v)))
    return hpo_error_set(err, HPO_EDATA,
                         "%s: row %lld, column '%s': %g is no whole number; "
                         "the column is categorical",
                         r->path, (long long)row, c->name, v);
  if (c->categorical) {
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    return hpo_rows_category(r, j, text, (size_t)n, to, err);
  }
  *to = (float)v + 0.0F;
  if (isinf(*to))
    return hpo_error_set(err, HPO_EDATA,
                         "%s: row %lld, column '%s': %g does not fit a "
                         "float32 (up to 3.4e38)",
                         r->path, (long long)row, c->name, v);
  return HPO_OK;
}

static hpo_status array_read(hpo_rows *r, size_t most, float *x, size_t *n,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  array_rows *a = r->state;
  hpo_row left = a->facts.rows - a->next;
  size_t rows = left < (hpo_row)most ? (size_t)left : most;

  if (rows > 0 && x) {
    HPO_TRY(status, hpo_mem_grow(&a->value, &a->room, rows * r->fields,
                                 sizeof *a->value, err));
    HPO_TRY(status, r->format->array->read(a->file, a->next, (hpo_row)rows,
                                           a->value, err));
  }
  for (size_t i = 0; x && i < rows; i++)
    for (size_t j = 0; j < r->fields; j++)
      if (r->column[j] < r->facts->columns)
        HPO_TRY(status, put(r, a->next + (hpo_row)i, r->column[j],
                            a->value[i * r->fields + j],
                            &x[i * r->facts->columns + r->column[j]], err));
  a->next += (hpo_row)rows;
  *n = rows;
done:
  return status;
}

const hpo_rows_kind hpo_rows_array = {array_open, array_read, array_close};
