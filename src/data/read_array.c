/* SPDX-License-Identifier: BSD-3-Clause */
/* Array files of numbers into a table, block by block. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/mem.h"
#include "source.h"
#include "utf8.h"

enum { BLOCK_VALUES = 1 << 17, MOST_CATEGORIES = 65535 };

/* A row being put into the table. */
typedef struct array_row {
  const char *path;
  hpo_row number; /* in its file, from 0 */
  float *x;
  double y, weight, key;
} array_row;

static hpo_status refuse(const array_row *r, const hpo_text_column *c,
                         double x, const char *what, hpo_error *err) {
  char name[HPO_UTF8_SHOWN];

  return hpo_error_set(err, HPO_EDATA, "%s: row %lld, column '%s': %g %s",
                       r->path, (long long)r->number,
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
  if (c->names.n > MOST_CATEGORIES && c->use != HPO_USE_KEY)
    HPO_TRY(status, refuse(r, c, *x,
                           "is one name too many: a column can have 65535 "
                           "different ones; is it to be ignored?",
                           err));
  *x = number;
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

/* The first file names the columns, the others have as many. */
static hpo_status agree_columns(hpo_reading *all, const char *path, size_t n,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_names *given = &all->data->names;
  hpo_names made = {0};
  char text[32];

  if (strcmp(all->data->header, "yes") == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: header=\"yes\" is for text files; an array has none", path);
  if (given->n > 0 && given->n != n)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s has %zu columns, but names= gives %zu names", path, n,
             given->n);
  if (all->columns.n > 0 && all->columns.n != n)
    HPO_FAIL(status, err, HPO_EDATA, "%s has %zu columns, but %s has %zu",
             path, n, all->columns.path, all->columns.n);
  if (all->columns.n > 0)
    goto done;
  for (size_t j = 0; given->n == 0 && j < n; j++) {
    (void)snprintf(text, sizeof text, "f%zu", j);
    HPO_TRY(status, hpo_names_add(&made, text, err));
  }
  HPO_TRY(status, hpo_columns_create(all->data, &all->positive,
                                     given->n > 0 ? given : &made, path,
                                     given->n > 0, &all->columns, err));
  all->table.features = all->columns.features;
done:
  hpo_names_free(&made);
  return status;
}

static hpo_status add_row(hpo_reading *all, array_row *r, hpo_role role,
                          const double *value, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_columns *c = &all->columns;

  HPO_TRY(status, hpo_table_slot(&all->table, &r->x, err));
  for (size_t j = 0; j < c->n; j++)
    HPO_TRY(status, store(all, r, &c->item[j], value[j], err));
  if (c->key < c->n)
    HPO_TRY(status, hpo_table_add_key(&all->table, r->key, err));
  HPO_TRY(status,
          hpo_table_add(&all->table, r->y,
                        c->weight < c->n ? &r->weight : NULL, role, err));
  r->number++;
done:
  return status;
}

hpo_status hpo_read_array(hpo_reading *all, const hpo_array_format *format,
                          const char *path, hpo_role role, char sha256[65],
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  array_row r = {.path = path};
  hpo_array_facts facts = {0};
  double *value = NULL;
  void *state = NULL;
  hpo_row block = 1;
  hpo_sha256 sha;

  hpo_sha256_start(&sha);
  HPO_TRY(status, format->open(path, &sha, &facts, &state, err));
  HPO_TRY(status, agree_columns(all, path, facts.columns, err));
  if (facts.columns < BLOCK_VALUES)
    block = (hpo_row)(BLOCK_VALUES / facts.columns);
  HPO_TRY(status, hpo_mem_new((size_t)block * facts.columns, sizeof *value,
                              &value, err));
  for (hpo_row at = 0; at < facts.rows; at += block) {
    const hpo_row n = facts.rows - at < block ? facts.rows - at : block;

    HPO_TRY(status, format->read(state, at, n, value, err));
    for (hpo_row i = 0; i < n; i++)
      HPO_TRY(status,
              add_row(all, &r, role, value + (size_t)i * facts.columns, err));
  }
  hpo_sha256_end(&sha, sha256);
done:
  hpo_mem_free(value);
  if (state != NULL)
    format->close(state);
  return status;
}
