/* SPDX-License-Identifier: BSD-3-Clause */
/* Labels to class indices. */

#include "classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/mem.h"
#include "hpo/options.h"
#include "utf8.h"

enum { NAMES_SHOWN = 12 };

/* "a, b, c and 4 more" */
static hpo_status list_names(char *const *name, size_t n, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  char shown[HPO_UTF8_SHOWN];

  for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s'%s'", i > 0 ? ", " : "",
                              hpo_utf8_show(name[i], strlen(name[i]), shown)));
  if (n > NAMES_SHOWN)
    HPO_TRY(status,
            hpo_buffer_format(out, err, " and %zu more", n - NAMES_SHOWN));
  HPO_TRY(status, hpo_buffer_add(out, "", 1, err));
done:
  return status;
}

static const hpo_text_column *label_of(const hpo_reading *r) {
  return &r->columns.item[r->columns.label];
}

/* The place of x among n ascending values: the first that is not below. */
static size_t place_of(const double *value, size_t n, double x) {
  size_t low = 0, high = n;

  while (low < high) {
    const size_t middle = low + (high - low) / 2;

    if (value[middle] < x)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Adds x to ascending distinct values, up to one more than are allowed. */
static void insert(double *value, size_t *n, double x) {
  const size_t k = place_of(value, *n, x);

  if (*n > HPO_MOST_CLASSES || (k < *n && value[k] == x))
    return;
  memmove(value + k + 1, value + k, (*n - k) * sizeof *value);
  value[k] = x;
  ++*n;
}

/* The values of all ranks of the team, on all of them. */
static hpo_status merge_values(const hpo_coll *team, double *value, size_t *n,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  double *all = NULL;
  size_t *count = NULL, bytes = 0;
  uint64_t told = 0;

  HPO_TRY(status, hpo_mem_new((size_t)team->size, sizeof *count, &count, err));
  HPO_TRY(status, team->gather(team->self, value, *n * sizeof *value, &all,
                               count, err));
  for (int k = 0; all != NULL && k < team->size; k++)
    bytes += count[k];
  for (size_t i = 0; i < bytes / sizeof *all; i++)
    insert(value, n, all[i]);
  told = *n;
  HPO_TRY(status, team->broadcast(team->self, &told, sizeof told, err));
  HPO_TRY(status, team->broadcast(team->self, value,
                                  (size_t)told * sizeof *value, err));
  *n = (size_t)told;
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

/* Classes of a label of numbers: the distinct values. */
static hpo_status number_classes(hpo_reading *r, hpo_dataset *d,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t rows = r->table.kept;
  double *value = NULL, *y = r->table.y;
  size_t n = 0;

  HPO_TRY(status,
          hpo_mem_new(HPO_MOST_CLASSES + 2, sizeof *value, &value, err));
  for (size_t i = 0; i < rows; i++)
    insert(value, &n, y[i]);
  if (d->team != NULL)
    HPO_TRY(status, merge_values(d->team, value, &n, err));
  if (n > HPO_MOST_CLASSES)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: label '%s' has more than %d different values; allowed: "
             "up to %d classes (or task=\"regression\")",
             r->columns.path, label_of(r)->name, HPO_MOST_CLASSES,
             HPO_MOST_CLASSES);
  HPO_TRY(status, hpo_mem_new(n, sizeof *d->class_name, &d->class_name, err));
  d->n_class = n;
  for (size_t k = 0; k < n; k++) {
    char text[32];

    HPO_TRY(status, hpo_mem_string(hpo_options_format_float(value[k], text),
                                   &d->class_name[k], err));
  }
  for (size_t i = 0; i < rows; i++)
    y[i] = (double)place_of(value, n, y[i]);
done:
  hpo_mem_free(value);
  return status;
}

/* Classes of a label of texts: its names, sorted. */
static hpo_status text_classes(hpo_reading *r, hpo_dataset *d,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_text_column *c = label_of(r);
  uint32_t *place = NULL;

  if (c->names.n > HPO_MOST_CLASSES)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: label '%s' has %zu different texts; allowed: up to %d "
             "classes",
             r->columns.path, c->name, c->names.n, HPO_MOST_CLASSES);
  HPO_TRY(status, hpo_intern_sort(&c->names, &d->class_name, &place, err));
  d->n_class = c->names.n;
  for (size_t i = 0; i < r->table.kept; i++)
    r->table.y[i] = place[(size_t)r->table.y[i]];
done:
  hpo_mem_free(place);
  return status;
}

static bool holds(const hpo_positive *p, double y) {
  switch (p->op) {
  case '>':
    return y > p->number;
  case '<':
    return y < p->number;
  case 'G':
    return y >= p->number;
  case 'L':
    return y <= p->number;
  default:
    return y == p->number;
  }
}

/* The other text of a label that has two; NULL: it has more. */
static const char *other_text(const hpo_reading *r) {
  const hpo_text_column *c = label_of(r);

  if (!c->is_text || c->names.n != 2)
    return NULL;
  return hpo_intern_get(
      &c->names, strcmp(hpo_intern_get(&c->names, 0), r->positive.name) == 0);
}

/* The names of both sides: "<7" and ">=7", "no" and "yes", or "not yes" and
 * "yes" where there are more. */
static hpo_status name_sides(const hpo_reading *r, hpo_dataset *d,
                             hpo_error *err) {
  static const char order[] = "><GL=";
  static const char *const opposite[] = {"<=", ">=", "<", ">", "not "};
  static const char *const own[] = {">", "<", ">=", "<=", ""};
  const hpo_positive *p = &r->positive;
  const size_t k = (size_t)(strchr(order, p->op) - order);
  const char *other = other_text(r);
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_new(2, sizeof *d->class_name, &d->class_name, err));
  d->n_class = 2;
  HPO_TRY(status, hpo_mem_format(&d->class_name[0], err, "%s%s",
                                 other != NULL ? "" : opposite[k],
                                 other != NULL ? other : p->name));
  HPO_TRY(status,
          hpo_mem_format(&d->class_name[1], err, "%s%s", own[k], p->name));
done:
  return status;
}

/* positive= on a label of numbers. */
static hpo_status positive_number(hpo_reading *r, hpo_error *err) {
  const hpo_positive *p = &r->positive;

  if (isnan(p->number))
    return hpo_error_set(err, HPO_EDATA,
                         "%s: positive='%s' names a class, but column '%s' "
                         "holds numbers; allowed: a number, or >= > < <= = "
                         "and a number",
                         r->columns.path, r->data->positive,
                         label_of(r)->name);
  for (size_t i = 0; i < r->table.kept; i++)
    r->table.y[i] = holds(p, r->table.y[i]);
  return HPO_OK;
}

/* positive= on a label of texts. */
static hpo_status positive_text(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_text_column *c = label_of(r);
  const hpo_positive *p = &r->positive;
  char **name = NULL;
  uint32_t *place = NULL;
  hpo_buffer list = {0};
  size_t k = 0;

  if (p->op != '=')
    HPO_FAIL(status, err, HPO_EDATA,
             "%s:%lld: column '%s': '%s' is no number, which positive='%s' "
             "needs",
             c->first_path, (long long)c->first_line, c->name, c->first_text,
             r->data->positive);
  while (k < c->names.n && strcmp(hpo_intern_get(&c->names, k), p->name) != 0)
    k++;
  if (k == c->names.n) {
    HPO_TRY(status, hpo_intern_sort(&c->names, &name, &place, err));
    HPO_TRY(status, list_names(name, c->names.n, &list, err));
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: positive='%s': column '%s' has no such class; found: %s",
             r->columns.path, r->data->positive, c->name,
             (const char *)list.byte);
  }
  for (size_t i = 0; i < r->table.kept; i++)
    r->table.y[i] = r->table.y[i] == (double)k;
done:
  for (size_t i = 0; name != NULL && i < c->names.n; i++)
    hpo_mem_free(name[i]);
  hpo_mem_free(name);
  hpo_mem_free(place);
  hpo_buffer_free(&list);
  return status;
}

static hpo_status split_sides(hpo_reading *r, hpo_dataset *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t n = 0;

  if (label_of(r)->is_text)
    HPO_TRY(status, positive_text(r, err));
  else
    HPO_TRY(status, positive_number(r, err));
  for (size_t i = 0; i < r->table.kept; i++)
    n += r->table.y[i] != 0;
  if (d->team != NULL)
    HPO_TRY(status, d->team->sum(d->team->self, &n, 1, err));
  if (n == 0 || n == r->table.rows)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: positive='%s' holds for %s of the %lld rows; a binary "
             "label needs both sides",
             r->columns.path, r->data->positive, n == 0 ? "none" : "all",
             (long long)r->table.rows);
  HPO_TRY(status, name_sides(r, d, err));
done:
  return status;
}

/* binary: exactly two classes; multiclass: two or more. */
static hpo_status check_number(const hpo_reading *r, const hpo_dataset *d,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool binary = d->task == HPO_TASK_BINARY;
  hpo_buffer list = {0};

  if (d->n_class == 2 || (d->n_class > 2 && !binary))
    return HPO_OK;
  HPO_TRY(status, list_names(d->class_name, d->n_class, &list, err));
  HPO_FAIL(status, err, HPO_EDATA,
           "%s: label '%s' has %zu class%s (%s); task=\"%s\" needs %s",
           r->columns.path, label_of(r)->name, d->n_class,
           d->n_class == 1 ? "" : "es", (const char *)list.byte,
           hpo_task_name(d->task),
           binary ? "exactly 2, or a condition positive=\"...\""
                  : "2 or more");
done:
  hpo_buffer_free(&list);
  return status;
}

hpo_status hpo_classes_find(hpo_reading *r, hpo_dataset *d, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (d->task == HPO_TASK_REGRESSION)
    return HPO_OK;
  if (r->positive.text[0] != '\0' && d->task == HPO_TASK_BINARY) {
    HPO_TRY(status, split_sides(r, d, err));
  } else {
    if (label_of(r)->is_text)
      HPO_TRY(status, text_classes(r, d, err));
    else
      HPO_TRY(status, number_classes(r, d, err));
    HPO_TRY(status, check_number(r, d, err));
  }
done:
  return status;
}
