/* SPDX-License-Identifier: BSD-3-Clause */
/* Array files of numbers into a table, block by block. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/mem.h"
#include "labels.h"
#include "number.h"
#include "source.h"
#include "utf8.h"

enum { BLOCK_VALUES = 1 << 17 };

/* A row being put into the table. */
typedef struct array_row {
  const char *path;
  hpo_row number; /* in its file, from 0 */
  float *x;
  double y, weight, key;
  const char *label_path;
  const char *label; /* its text; NULL: a number */
} array_row;

static hpo_status refuse(const array_row *r, const hpo_text_column *c,
                         double x, const char *what, hpo_error *err) {
  char name[HPO_UTF8_SHOWN];

  return hpo_error_set(err, HPO_EDATA, "%s: row %lld, column '%s': %g %s",
                       c->use == HPO_USE_LABEL && r->label_path != NULL
                           ? r->label_path
                           : r->path,
                       (long long)r->number,
                       hpo_utf8_show(c->name, strlen(c->name), name), x, what);
}

/* A column of names: a whole number is the name that its digits are. */
static hpo_status name_of(const array_row *r, hpo_text_column *c, double *x,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  uint32_t number = 0;
  char text[32];

  if (!(fabs(*x) < 9e15) || *x != floor(*x))
    HPO_TRY(status,
            refuse(r, c, *x, "is no whole number; the column is categorical",
                   err));
  (void)snprintf(text, sizeof text, "%lld", (long long)*x);
  HPO_TRY(status, hpo_intern_add(&c->names, text, strlen(text), &number, err));
  if (c->names.n > HPO_MOST_CATEGORIES && c->use != HPO_USE_KEY)
    HPO_TRY(status, refuse(r, c, *x,
                           "is one name too many: a column can have 65535 "
                           "different ones; is it to be ignored?",
                           err));
  *x = number;
done:
  return status;
}

/* A text as label: from now on the column is one of names. */
static hpo_status store_label(const hpo_reading *all, array_row *r,
                              hpo_text_column *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = strlen(r->label);
  char shown[HPO_UTF8_SHOWN];
  uint32_t number = 0;

  hpo_utf8_show(r->label, n, shown);
  if (hpo_missing_text(&all->missing, r->label, n))
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: row %lld: '%s' is a missing label; every row needs one",
             r->label_path, (long long)r->number, shown);
  if (all->data->task == HPO_TASK_REGRESSION &&
      !hpo_number_whole(r->label, n, &r->y))
    HPO_FAIL(status, err, HPO_EDATA, "%s: row %lld: '%s' is not a number",
             r->label_path, (long long)r->number, shown);
  if (all->data->task == HPO_TASK_REGRESSION)
    goto done;
  if (!c->is_text) {
    HPO_TRY(status, hpo_mem_string(shown, &c->first_text, err));
    c->first_path = r->label_path;
    c->first_line = r->number;
    c->is_late = c->had_number;
    c->is_text = true;
  }
  HPO_TRY(status, hpo_intern_add(&c->names, r->label, n, &number, err));
  if (c->names.n > HPO_MOST_CATEGORIES)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: row %lld: '%s' is one name too many: labels can have 65535 "
             "different ones",
             r->label_path, (long long)r->number, shown);
  r->y = number;
done:
  return status;
}

static hpo_status store(const hpo_reading *all, array_row *r,
                        hpo_text_column *c, double x, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (c->use == HPO_USE_IGNORE)
    return HPO_OK;
  if (hpo_missing_number(&all->missing, x))
    x = NAN;
  if (isinf(x))
    HPO_TRY(status, refuse(r, c, x, "is not finite", err));
  if (c->is_text && !isnan(x))
    HPO_TRY(status, name_of(r, c, &x, err));
  else if (!isnan(x))
    c->had_number = true;
  switch (c->use) {
  case HPO_USE_FEATURE:
    r->x[c->feature] = (float)x + 0.0F;
    if (isinf(r->x[c->feature]))
      HPO_TRY(status,
              refuse(r, c, x, "does not fit a float32 (up to 3.4e38)", err));
    break;
  case HPO_USE_LABEL:
    if (isnan(x))
      HPO_TRY(status,
              refuse(r, c, x, "is a missing label; every row needs one", err));
    r->y = x + 0.0;
    break;
  case HPO_USE_WEIGHT:
    if (!(x >= 0))
      HPO_TRY(status, refuse(r, c, x,
                             "is no weight; allowed: finite, 0 or more", err));
    r->weight = x;
    break;
  case HPO_USE_KEY:
    if (isnan(x))
      HPO_TRY(
          status,
          refuse(r, c, x, "names no group or fold; every row needs one", err));
    r->key = x + 0.0;
    break;
  case HPO_USE_IGNORE:
    break;
  }
done:
  return status;
}

/* Names for the columns of the first file: those given, or f0, f1 ..., and
 * of the label that stands apart. */
static hpo_status name_columns(hpo_reading *all, const char *path, size_t n,
                               bool has_labels, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_names *given = &all->data->names;
  const char *label = all->data->label;
  hpo_names made = {0};
  char text[32];

  for (size_t j = 0; j < n; j++) {
    (void)snprintf(text, sizeof text, "f%zu", j);
    HPO_TRY(status,
            hpo_names_add(&made, given->n > 0 ? given->item[j] : text, err));
    if (has_labels && strcmp(made.item[j], label) == 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: label=\"%s\" is a column, but the labels stand apart; "
               "give them another name",
               path, label);
  }
  if (has_labels)
    HPO_TRY(status, hpo_names_add(&made, label, err));
  HPO_TRY(status, hpo_columns_create(all->data, &all->positive, &made, path,
                                     given->n > 0, &all->columns, err));
  all->table.features = all->columns.features;
done:
  hpo_names_free(&made);
  return status;
}

/* The first file names the columns, the others have as many. */
static hpo_status agree_columns(hpo_reading *all, const char *path, size_t n,
                                bool has_labels, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_names *given = &all->data->names;

  if (strcmp(all->data->header, "yes") == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: header=\"yes\" is for text files; an array has none", path);
  if (given->n > 0 && given->n != n)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s has %zu columns, but names= gives %zu names", path, n,
             given->n);
  if (all->columns.n > 0 && all->columns.n != n + has_labels)
    HPO_FAIL(status, err, HPO_EDATA, "%s has %zu columns, but %s has %zu",
             path, n, all->columns.path, all->columns.n - has_labels);
  if (all->columns.n == 0)
    HPO_TRY(status, name_columns(all, path, n, has_labels, err));
done:
  return status;
}

static hpo_status add_row(hpo_reading *all, array_row *r, hpo_role role,
                          const double *value, const double *label,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_columns *c = &all->columns;
  const size_t n = c->n - (label != NULL);

  HPO_TRY(status, hpo_table_slot(&all->table, &r->x, err));
  for (size_t j = 0; j < n; j++)
    HPO_TRY(status, store(all, r, &c->item[j], value[j], err));
  if (r->label != NULL)
    HPO_TRY(status, store_label(all, r, &c->item[n], err));
  else if (label != NULL)
    HPO_TRY(status, store(all, r, &c->item[n], *label, err));
  if (c->key < c->n)
    HPO_TRY(status, hpo_table_add_key(&all->table, r->key, err));
  HPO_TRY(status,
          hpo_table_add(&all->table, r->y,
                        c->weight < c->n ? &r->weight : NULL, role, err));
  r->number++;
done:
  return status;
}

/* What is open while a file is read. */
typedef struct source {
  const hpo_array_format *format;
  void *state;
  hpo_array_facts facts;
  hpo_labels labels;
  hpo_digest sha;
  hpo_row block; /* rows at a time */
  double *value; /* [block][columns] */
  double *label; /* [block]; NULL: a column */
} source;

static void source_close(source *s) {
  if (s->state != NULL)
    s->format->close(s->state);
  hpo_labels_close(&s->labels);
  hpo_mem_free(s->value);
  hpo_mem_free(s->label);
}

static hpo_status source_open(hpo_reading *all, const hpo_data_file *f,
                              source *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool has_labels = hpo_data_file_has_labels(f);

  hpo_digest_start(&s->sha, HPO_DIGEST_PIECE, NULL);
  HPO_TRY(status, s->format->open(f->path, f->dataset, &s->sha, &s->facts,
                                  &s->state, err));
  if (s->facts.is_text)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %s holds text; allowed: integers, floats, bool; text only "
             "as labels",
             f->path, f->dataset);
  HPO_TRY(status,
          agree_columns(all, f->path, s->facts.columns, has_labels, err));
  s->block = 1;
  if (s->facts.columns < BLOCK_VALUES)
    s->block = (hpo_row)(BLOCK_VALUES / s->facts.columns);
  HPO_TRY(status, hpo_mem_new((size_t)s->block * s->facts.columns,
                              sizeof *s->value, &s->value, err));
  if (!has_labels)
    goto done;
  HPO_TRY(status,
          hpo_labels_open(f, all->data, s->facts.rows, &s->labels, err));
  HPO_TRY(status,
          hpo_mem_new((size_t)s->block, sizeof *s->label, &s->label, err));
done:
  return status;
}

/* Rows and labels have a hash each: how they take turns does not count. */
static void join_hashes(source *s, char sha256[65]) {
  char hex[65];
  hpo_sha256 both;

  hpo_digest_end(&s->sha, sha256);
  if (s->label == NULL)
    return;
  hpo_digest_end(&s->labels.sha, hex);
  hpo_sha256_start(&both);
  hpo_sha256_add(&both, "data ", 5);
  hpo_sha256_add(&both, sha256, 64);
  hpo_sha256_add(&both, "\nlabels ", 8);
  hpo_sha256_add(&both, hex, 64);
  hpo_sha256_add(&both, "\n", 1);
  hpo_sha256_end(&both, sha256);
}

hpo_status hpo_read_array(hpo_reading *all, const hpo_array_format *format,
                          const hpo_data_file *f, hpo_role role,
                          char sha256[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  array_row r = {.path = f->path};
  source s = {.format = format};

  HPO_TRY(status, source_open(all, f, &s, err));
  r.label_path = s.labels.path;
  for (hpo_row at = 0; at < s.facts.rows; at += s.block) {
    const hpo_row left = s.facts.rows - at;
    const hpo_row n = left < s.block ? left : s.block;

    HPO_TRY(status, format->read(s.state, at, n, s.value, err));
    if (s.label != NULL)
      HPO_TRY(status, hpo_labels_read(&s.labels, at, n, s.label, err));
    for (size_t i = 0; i < (size_t)n; i++) {
      const double *label = s.label == NULL ? NULL : &s.label[i];

      if (label != NULL)
        r.label = hpo_labels_text(&s.labels, *label);
      HPO_TRY(status, add_row(all, &r, role, s.value + i * s.facts.columns,
                              label, err));
    }
  }
  join_hashes(&s, sha256);
done:
  source_close(&s);
  return status;
}
