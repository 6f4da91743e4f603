/* SPDX-License-Identifier: BSD-3-Clause */
/* New rows of LIBSVM files: entries that are absent are missing, labels are
 * passed over.  Indices count from 0 if index 0 stands anywhere in the file,
 * else from 1, as scikit-learn's load_svmlight_file decides. */
#include "rows_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/mem.h"
#include "libsvm.h"
#include "utf8.h"

typedef struct libsvm_rows {
  hpo_libsvm file;
  int64_t base;
} libsvm_rows;

/* Whether an index 0 stands in the file. */
static hpo_status find_zero(const char *path, bool *found, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_libsvm l = {.last = 0};
  hpo_libsvm_entry e;
  bool is_row = true, is_entry = false;
  double label;

  *found = false;
  HPO_TRY(status, hpo_libsvm_open(&l, path, NULL, err));
  while (is_row && !*found) {
    HPO_TRY(status, hpo_libsvm_row(&l, &is_row, &label, err));
    if (!is_row)
      break;
    HPO_TRY(status, hpo_libsvm_next(&l, &is_entry, &e, err));
    *found = is_entry && e.index == 0; /* the least of its line */
  }
done:
  hpo_libsvm_close(&l);
  return status;
}

/* Names of the file's features: the study's, behind its label; else f0, f1
 * ... if the model has such, else the model's own by position. */
static hpo_status name_fields(const hpo_rows *r, const hpo_names *given,
                              hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[32];
  unsigned long width = 0, k = 0;
  bool numbered = true;

  for (size_t j = 0; j < r->facts->columns; j++) {
    int end = 0;
    const char *name = r->facts->column[j].name;
    numbered = numbered && sscanf(name, "f%9lu%n", &k, &end) == 1 &&
               name[end] == '\0';
    width = numbered && k >= width ? k + 1 : width;
  }
  for (size_t j = 1; j < given->n; j++)
    HPO_TRY(status, hpo_names_add(out, given->item[j], err));
  for (size_t j = 0; given->n == 0 && numbered && j < width; j++) {
    snprintf(text, sizeof text, "f%zu", j);
    HPO_TRY(status, hpo_names_add(out, text, err));
  }
  for (size_t j = 0; given->n == 0 && !numbered && j < r->facts->columns; j++)
    HPO_TRY(status, hpo_names_add(out, r->facts->column[j].name, err));
done:
  return status;
}

static hpo_status libsvm_open(hpo_rows *r, const hpo_names *names,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  libsvm_rows *l = NULL;
  hpo_names field = {0};
  bool has_zero = false;

  HPO_TRY(status, hpo_mem_new(1, sizeof *l, &l, err));
  r->state = l;
  HPO_TRY(status, find_zero(r->path, &has_zero, err));
  l->base = has_zero ? 0 : r->facts->index_base;
  if (l->base < 0) /* the study's data had another format */
    l->base = 1;
  HPO_TRY(status, name_fields(r, names, &field, err));
  HPO_TRY(status, hpo_rows_map(r, &field, field.n, names, err));
  HPO_TRY(status, hpo_libsvm_open(&l->file, r->path, NULL, err));
done:
  hpo_names_free(&field);
  return status;
}

static void libsvm_close(hpo_rows *r) {
  libsvm_rows *l = r->state;

  hpo_libsvm_close(&l->file);
  hpo_mem_free(l);
}

static hpo_status refuse(const hpo_rows *r, const hpo_libsvm_entry *e,
                         const char *what, hpo_error *err) {
  const libsvm_rows *l = r->state;
  char shown[HPO_UTF8_SHOWN];

  return hpo_error_set(err, HPO_EDATA, "%s:%lld: index %lld: '%s' %s", r->path,
                       (long long)l->file.line, (long long)e->index,
                       hpo_utf8_show(e->text, e->n, shown), what);
}

static hpo_status put(hpo_rows *r, const hpo_libsvm_entry *e, float *x,
                      hpo_error *err) {
  const libsvm_rows *l = r->state;
  int64_t at = e->index - l->base;
  char text[32];

  if (at < 0 || at >= (int64_t)r->fields)
    return refuse(r, e, "is of a feature that the study does not have", err);
  size_t j = r->column[at];
  if (j >= r->facts->columns || isnan(e->value))
    return HPO_OK;
  if (r->facts->column[j].categorical) {
    if (!(fabs(e->value) < 9e15) || e->value != floor(e->value))
      return refuse(r, e, "is no whole number; the column is categorical",
                    err);
    int n = snprintf(text, sizeof text, "%lld", (long long)e->value);
    return hpo_rows_category(r, j, text, (size_t)n, &x[j], err);
  }
  x[j] = (float)e->value + 0.0F;
  return isinf(x[j])
             ? refuse(r, e, "does not fit a float32 (up to 3.4e38)", err)
             : HPO_OK;
}

static hpo_status libsvm_read(hpo_rows *r, size_t most, float *x, size_t *n,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  libsvm_rows *l = r->state;
  size_t rows = 0, columns = r->facts->columns;
  hpo_libsvm_entry e;
  bool is_row = true, is_entry = true;
  double label;

  for (; rows < most; rows++) {
    HPO_TRY(status, hpo_libsvm_row(&l->file, &is_row, &label, err));
    if (!is_row)
      break;
    for (size_t j = 0; x && j < columns; j++)
      x[rows * columns + j] = NAN;
    for (;;) {
      HPO_TRY(status, hpo_libsvm_next(&l->file, &is_entry, &e, err));
      if (!is_entry)
        break;
      if (x)
        HPO_TRY(status, put(r, &e, x + rows * columns, err));
    }
  }
  *n = rows;
done:
  return status;
}

const hpo_rows_kind hpo_rows_libsvm = {libsvm_open, libsvm_read, libsvm_close};
