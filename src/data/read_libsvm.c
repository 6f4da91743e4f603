/* SPDX-License-Identifier: BSD-3-Clause */
/* LIBSVM files into a table.
 *
 * Twice: all files are looked through first, since only the largest index
 * tells the number of features, and only the smallest whether indices count
 * from 0 or from 1 (as scikit-learn's load_svmlight_files with
 * zero_based="auto" decides for all files together). */

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/mem.h"
#include "hpo/options.h"
#include "libsvm.h"
#include "source.h"
#include "utf8.h"

enum {
  COLUMN_BYTES = 400 /* names and facts of a column, about */
};

/* --- Looking through all files ---------------------------------------- */

typedef struct survey {
  int64_t least, most; /* most -1: no entry at all */
  hpo_row rows;
  const char *zero_path; /* where index 0 stands first, borrowed */
  hpo_row zero_line;
} survey;

static hpo_status survey_file(const hpo_plan_data *data, const char *path,
                              survey *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_format *f = NULL;
  hpo_libsvm l = {0};
  hpo_libsvm_entry e;
  bool is_row = false, is_entry = false;
  double label = 0;

  HPO_TRY(status, hpo_format_find(data->format, path, &f, err));
  if (!f->is_libsvm)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s is no LIBSVM file; LIBSVM does not go with other formats",
             path);
  HPO_TRY(status, hpo_libsvm_open(&l, path, NULL, err));
  for (;;) {
    HPO_TRY(status, hpo_libsvm_row(&l, &is_row, &label, err));
    if (!is_row)
      break;
    s->rows++;
    for (;;) {
      HPO_TRY(status, hpo_libsvm_next(&l, &is_entry, &e, err));
      if (!is_entry)
        break;
      s->least = e.index < s->least ? e.index : s->least;
      s->most = e.index > s->most ? e.index : s->most;
      if (e.index == 0 && s->zero_path == NULL) {
        s->zero_path = path;
        s->zero_line = l.line;
      }
    }
  }
done:
  hpo_libsvm_close(&l);
  return status;
}

static hpo_status survey_all(const hpo_plan_data *data, survey *s,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  *s = (survey){.least = HPO_LIBSVM_MOST_INDEX, .most = -1};
  for (size_t i = 0; i < data->train.n; i++)
    HPO_TRY(status, survey_file(data, data->train.item[i], s, err));
  if (data->validation[0] != '\0')
    HPO_TRY(status, survey_file(data, data->validation, s, err));
  if (data->test[0] != '\0')
    HPO_TRY(status, survey_file(data, data->test, s, err));
  if (s->rows > 0 && s->most < 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: no row of the files has an index:value",
             data->train.item[0]);
done:
  return status;
}

/* --- Columns: the label, then the features ---------------------------- */

/* With names= there may be more features than occur. */
static hpo_status find_width(hpo_reading *all, const char *path,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t given = all->data->names.n;
  char zero[600] = "";
  survey s;

  HPO_TRY(status, survey_all(all->data, &s, err));
  all->sparse.base = s.least > 0 ? 1 : 0;
  all->sparse.width = s.most - all->sparse.base + 1;
  all->sparse.rows = s.rows;
  if (s.zero_path != NULL)
    (void)snprintf(zero, sizeof zero, " (index 0 stands at %.500s:%lld)",
                   s.zero_path, (long long)s.zero_line);
  if (given > 0 && (int64_t)given <= all->sparse.width)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: indices %lld to %lld%s make %lld features, but names= gives "
             "the label and %zu features",
             path, (long long)all->sparse.base, (long long)s.most, zero,
             (long long)all->sparse.width, given - 1);
  if (given > 0)
    all->sparse.width = (int64_t)given - 1;
done:
  return status;
}

/* Dense values: whether they fit, as far as can be told. */
static hpo_status check_memory(const hpo_reading *all, const char *path,
                               hpo_error *err) {
  const hpo_table *t = &all->table;
  const hpo_row kept = t->is_part ? t->end - t->first : all->sparse.rows;
  const double width = (double)all->sparse.width, gb = 1e9;
  const double need = width * ((double)kept * sizeof(float) + COLUMN_BYTES);
  const double most = (double)hpo_mem_most();

  if (most > 0 && need > most)
    return hpo_error_set(
        err, HPO_EDATA,
        "%s: %lld rows x %lld features, held as a full table, need about "
        "%.1f GB, and this process can have %.1f GB; use fewer features or "
        "rows, or data=\"sharded\" over more nodes",
        path, (long long)kept, (long long)all->sparse.width, need / gb,
        most / gb);
  return HPO_OK;
}

static bool is_feature_name(const char *name, int64_t width) {
  int64_t number = 0;

  return name[0] == 'f' && isdigit((unsigned char)name[1]) &&
         hpo_options_parse_int(name + 1, &number) && number < width;
}

/* What the label's column is called. */
static hpo_status label_name(const hpo_reading *all, const char *path,
                             const char **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = all->positive.source[0] != '\0' ? all->positive.source
                                                     : all->data->label;
  int64_t number = 0;

  if (hpo_options_parse_int(name, &number)) {
    if (number != 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: label=\"%s\" is not where a LIBSVM file has its label; "
               "allowed: 0, or a name for it",
               path, name);
    name = "label";
  }
  if (is_feature_name(name, all->sparse.width))
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: label=\"%s\" is a feature's name; in a LIBSVM file the "
             "label stands first in each line; give it another name",
             path, name);
  *out = name;
done:
  return status;
}

static hpo_status make_columns(hpo_reading *all, const char *path,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_names *given = &all->data->names;
  hpo_names made = {0};
  const char *name = NULL;
  char text[32];

  if (given->n == 0) {
    HPO_TRY(status, label_name(all, path, &name, err));
    HPO_TRY(status, hpo_names_add(&made, name, err));
  }
  for (int64_t j = 0; given->n == 0 && j < all->sparse.width; j++) {
    (void)snprintf(text, sizeof text, "f%lld", (long long)j);
    HPO_TRY(status, hpo_names_add(&made, text, err));
  }
  HPO_TRY(status, hpo_columns_create(all->data, &all->positive,
                                     given->n > 0 ? given : &made, path,
                                     given->n > 0, &all->columns, err));
  if (all->columns.label != 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: the label is column '%s', but a LIBSVM file has it first, "
             "as '%s'",
             path, all->columns.item[all->columns.label].name,
             all->columns.item[0].name);
  all->table.features = all->columns.features;
  all->is_sparse = true;
done:
  hpo_names_free(&made);
  return status;
}

static hpo_status begin(hpo_reading *all, const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (strcmp(all->data->header, "yes") == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: header=\"yes\" is for CSV and TSV; LIBSVM has none", path);
  if (all->data->missing.n > 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: <missing value=\"%s\"/> is for other formats; in LIBSVM a "
             "missing value is left out",
             path, all->data->missing.item[0]);
  if (all->columns.n > 0 && !all->is_sparse)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s is a LIBSVM file, but %s is none; LIBSVM does not go with "
             "other formats",
             path, all->columns.path);
  if (all->columns.n == 0) {
    HPO_TRY(status, find_width(all, path, err));
    HPO_TRY(status, check_memory(all, path, err));
    if (all->sparse.rows > 0)
      HPO_TRY(status, make_columns(all, path, err));
  } else if (all->table.rows == 0) {
    HPO_TRY(status, check_memory(all, path, err));
  }
done:
  return status;
}

/* --- Rows ------------------------------------------------------------- */

typedef struct sparse_row {
  float *x; /* features */
  double weight, key;
} sparse_row;

static hpo_status refuse(const hpo_libsvm *l, const hpo_text_column *c,
                         const hpo_libsvm_entry *e, const char *what,
                         hpo_error *err) {
  char name[HPO_UTF8_SHOWN], shown[HPO_UTF8_SHOWN];

  return hpo_error_set(
      err, HPO_EDATA, "%s:%lld: column '%s' (index %lld): '%s' %s",
      l->bytes.path, (long long)l->line,
      hpo_utf8_show(c->name, strlen(c->name), name), (long long)e->index,
      hpo_utf8_show(e->text, e->n, shown), what);
}

/* A category is named by the digits of its whole number. */
static hpo_status name_of(const hpo_libsvm *l, hpo_text_column *c,
                          const hpo_libsvm_entry *e, float *x,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  uint32_t number = 0;
  char text[32];

  if (!(fabs(e->value) < 9e15) || e->value != floor(e->value))
    HPO_TRY(
        status,
        refuse(l, c, e, "is no whole number; the column is categorical", err));
  (void)snprintf(text, sizeof text, "%lld", (long long)e->value);
  HPO_TRY(status, hpo_intern_add(&c->names, text, strlen(text), &number, err));
  if (c->names.n > HPO_MOST_CATEGORIES)
    HPO_TRY(status, refuse(l, c, e,
                           "is one name too many: a column can have 65535 "
                           "different ones; is it to be ignored?",
                           err));
  *x = (float)number;
done:
  return status;
}

static hpo_status store(const hpo_libsvm *l, hpo_text_column *c,
                        const hpo_libsvm_entry *e, sparse_row *r,
                        hpo_error *err) {
  hpo_status status = HPO_OK;

  switch (c->use) {
  case HPO_USE_FEATURE:
    if (c->is_text) {
      HPO_TRY(status, name_of(l, c, e, &r->x[c->feature], err));
      break;
    }
    r->x[c->feature] = (float)e->value + 0.0F;
    if (isinf(r->x[c->feature]))
      HPO_TRY(status,
              refuse(l, c, e, "does not fit a float32 (up to 3.4e38)", err));
    break;
  case HPO_USE_WEIGHT:
    if (!isfinite(e->value) || e->value < 0)
      HPO_TRY(status, refuse(l, c, e,
                             "is no weight; allowed: finite, 0 or more", err));
    r->weight = e->value;
    break;
  case HPO_USE_KEY:
    if (!isfinite(e->value))
      HPO_TRY(status, refuse(l, c, e, "names no group or fold", err));
    r->key = e->value;
    break;
  case HPO_USE_LABEL:
  case HPO_USE_IGNORE:
    break;
  }
done:
  return status;
}

/* The rest of the line behind its label. */
static hpo_status read_row(hpo_reading *all, hpo_libsvm *l, double label,
                           hpo_role role, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_columns *c = &all->columns;
  sparse_row r = {0};
  hpo_libsvm_entry e;
  bool is_entry = false;

  HPO_TRY(status, hpo_table_slot(&all->table, &r.x, err));
  for (size_t j = 0; j < c->features; j++)
    r.x[j] = NAN;
  for (;;) {
    HPO_TRY(status, hpo_libsvm_next(l, &is_entry, &e, err));
    if (!is_entry)
      break;
    const int64_t at = e.index - all->sparse.base;

    if (at < 0 || at >= all->sparse.width)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s:%lld: the file has changed while it was read",
               l->bytes.path, (long long)l->line);
    HPO_TRY(status, store(l, &c->item[at + 1], &e, &r, err));
  }
  if (c->key < c->n)
    HPO_TRY(status, hpo_table_add_key(&all->table, r.key, err));
  HPO_TRY(status,
          hpo_table_add(&all->table, label,
                        c->weight < c->n ? &r.weight : NULL, role, err));
done:
  return status;
}

hpo_status hpo_read_libsvm(hpo_reading *all, const char *path, hpo_role role,
                           char sha256[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_row before = all->table.rows;
  bool is_there = false;
  double label = 0;
  hpo_libsvm l = {0};
  hpo_digest sha;

  HPO_TRY(status, begin(all, path, err));
  hpo_digest_start(&sha, HPO_DIGEST_PIECE, NULL);
  HPO_TRY(status, hpo_libsvm_open(&l, path, &sha, err));
  for (;;) {
    HPO_TRY(status, hpo_libsvm_row(&l, &is_there, &label, err));
    if (!is_there)
      break;
    if (all->columns.n == 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the file has changed while it was read", path);
    HPO_TRY(status, read_row(all, &l, label, role, err));
  }
  if (all->table.rows == before)
    HPO_FAIL(status, err, HPO_EDATA, "%s: the file holds no rows", path);
  hpo_digest_end(&sha, sha256);
done:
  hpo_libsvm_close(&l);
  return status;
}
