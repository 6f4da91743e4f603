/* SPDX-License-Identifier: BSD-3-Clause */
/* What each column is for. */

#include "columns.h"

#include <string.h>

#include "hpo/mem.h"
#include "hpo/options.h"
#include "utf8.h"

enum { LONGEST_NAME = 1000, NAMES_SHOWN = 40 };

static char *show(const char *name, char to[HPO_UTF8_SHOWN]) {
  return hpo_utf8_show(name, strlen(name), to);
}

/* The column of a name, or of a number from 0; n: none. */
static size_t find_column(const hpo_columns *c, const char *word) {
  int64_t number = -1;

  for (size_t j = 0; j < c->n; j++)
    if (strcmp(c->item[j].name, word) == 0)
      return j;
  if (hpo_options_parse_int(word, &number) && number >= 0 &&
      (uint64_t)number < c->n)
    return (size_t)number;
  return c->n;
}

/* "…; columns: a, b, c" and the nearest name. */
static hpo_status no_such_column(const hpo_columns *c, const char *what,
                                 const char *word, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer list = {0};
  const char **name = NULL;
  const char *near = NULL;
  char shown[HPO_UTF8_SHOWN];

  HPO_TRY(status, hpo_mem_new(c->n, sizeof *name, &name, err));
  for (size_t j = 0; j < c->n; j++) {
    name[j] = c->item[j].name;
    if (j < NAMES_SHOWN)
      HPO_TRY(status, hpo_buffer_format(&list, err, "%s%s", j > 0 ? ", " : "",
                                        show(name[j], shown)));
  }
  if (c->n > NAMES_SHOWN)
    HPO_TRY(status, hpo_buffer_format(&list, err, " and %zu more",
                                      c->n - NAMES_SHOWN));
  HPO_TRY(status, hpo_buffer_add(&list, "", 1, err));
  near = hpo_options_nearest(word, name, c->n);
  HPO_FAIL(status, err, HPO_EDATA,
           "%s: no column '%s' for %s%s%s%s; columns: %s (or a number from 0 "
           "to %zu)",
           c->path, word, what, near != NULL ? "; did you mean '" : "",
           near != NULL ? near : "", near != NULL ? "'?" : "",
           (const char *)list.byte, c->n - 1);
done:
  hpo_buffer_free(&list);
  hpo_mem_free(name);
  return status;
}

static const char *use_name(hpo_use use) {
  static const char *const name[] = {"a feature", "the label", "the weight",
                                     "the group or fold", "ignored"};

  return name[use];
}

/* Gives a column its use. */
static hpo_status claim(hpo_columns *c, const char *what, const char *word,
                        hpo_use use, size_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t j = find_column(c, word);

  if (j == c->n)
    HPO_TRY(status, no_such_column(c, what, word, err));
  if (c->item[j].use != HPO_USE_FEATURE && c->item[j].use != use)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: column '%s' is %s and cannot be %s as well", c->path,
             c->item[j].name, use_name(c->item[j].use), use_name(use));
  c->item[j].use = use;
  *out = j;
done:
  return status;
}

static hpo_status claim_label(hpo_columns *c, const hpo_plan_data *data,
                              const hpo_positive *positive, hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool by_source = positive->source[0] != '\0';
  const size_t named = find_column(c, data->label);

  HPO_TRY(status, claim(c, by_source ? "positive=" : "label=",
                        by_source ? positive->source : data->label,
                        HPO_USE_LABEL, &c->label, err));
  if (by_source && named != c->n && named != c->label)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: positive= looks at column '%s', but label= names another "
             "column, '%s'; give label= that column's name or a new one",
             c->path, c->item[c->label].name, c->item[named].name);
  HPO_TRY(status,
          hpo_mem_string(named == c->n ? data->label : c->item[named].name,
                         &c->label_name, err));
done:
  return status;
}

static hpo_status claim_all(hpo_columns *c, const hpo_plan_data *data,
                            const hpo_positive *positive, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t j = 0;

  c->weight = c->n;
  HPO_TRY(status, claim_label(c, data, positive, err));
  if (data->weight[0] != '\0')
    HPO_TRY(status, claim(c, "<weight>", data->weight, HPO_USE_WEIGHT,
                          &c->weight, err));
  c->key = c->n;
  if (data->group[0] != '\0')
    HPO_TRY(status,
            claim(c, "group=", data->group, HPO_USE_KEY, &c->key, err));
  if (data->fold[0] != '\0')
    HPO_TRY(status, claim(c, "fold=", data->fold, HPO_USE_KEY, &c->key, err));
  for (size_t i = 0; i < data->ignore.n; i++)
    HPO_TRY(status, claim(c, "<ignore>", data->ignore.item[i], HPO_USE_IGNORE,
                          &j, err));
  for (size_t i = 0; i < data->categorical.n; i++) {
    HPO_TRY(status, claim(c, "<categorical>", data->categorical.item[i],
                          HPO_USE_FEATURE, &j, err));
    c->item[j].forced = true;
    c->item[j].is_text = true;
  }
  for (size_t i = 0; i < data->onehot.n; i++)
    c->item[find_column(c, data->onehot.item[i])].onehot = true;
  for (j = 0; j < c->n; j++)
    if (c->item[j].use == HPO_USE_FEATURE)
      c->item[j].feature = c->features++;
  if (c->features == 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: no feature is left of its %zu columns", c->path, c->n);
done:
  return status;
}

/* Takes the names over: an empty one becomes pandas' "Unnamed: 0". */
static hpo_status take_names(hpo_columns *c, const hpo_names *names,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_intern seen = {0};

  HPO_TRY(status, hpo_mem_new(names->n, sizeof *c->item, &c->item, err));
  c->n = names->n;
  for (size_t j = 0; j < names->n; j++) {
    const char *name = names->item[j];
    char shown[HPO_UTF8_SHOWN];
    uint32_t first = 0;

    if (name[0] == '\0')
      HPO_TRY(status,
              hpo_mem_format(&c->item[j].name, err, "Unnamed: %zu", j));
    else
      HPO_TRY(status, hpo_mem_string(name, &c->item[j].name, err));
    name = c->item[j].name;
    if (strlen(name) > LONGEST_NAME)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the name of column %zu has %zu bytes; allowed: %d",
               c->path, j, strlen(name), LONGEST_NAME);
    if (!hpo_utf8_check(name, strlen(name)))
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the name of column %zu is not UTF-8", c->path, j);
    HPO_TRY(status, hpo_intern_add(&seen, name, strlen(name), &first, err));
    if (seen.n <= j)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: columns %u and %zu have the same name '%s'", c->path,
               (unsigned)first, j, show(name, shown));
  }
done:
  hpo_intern_free(&seen);
  return status;
}

hpo_status hpo_columns_create(const hpo_plan_data *data,
                              const hpo_positive *positive,
                              const hpo_names *names, const char *path,
                              bool has_names, hpo_columns *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_columns c = {.path = path, .has_names = has_names};

  HPO_TRY(status, take_names(&c, names, err));
  HPO_TRY(status, claim_all(&c, data, positive, err));
  *out = c;
  c = (hpo_columns){0};
done:
  hpo_columns_free(&c);
  return status;
}

void hpo_columns_free(hpo_columns *c) {
  for (size_t j = 0; c->item != NULL && j < c->n; j++) {
    hpo_mem_free(c->item[j].name);
    hpo_mem_free(c->item[j].first_text);
    hpo_mem_free(c->item[j].comma_text);
    hpo_intern_free(&c->item[j].names);
  }
  hpo_mem_free(c->item);
  hpo_mem_free(c->label_name);
  *c = (hpo_columns){0};
}

hpo_status hpo_columns_check(const hpo_columns *c, const hpo_names *names,
                             const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (names->n != c->n)
    HPO_FAIL(status, err, HPO_EDATA, "%s has %zu columns, but %s has %zu",
             path, names->n, c->path, c->n);
  if (!c->has_names)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s begins with a header, but %s has none; say header=\"no\" or "
             "names=\"...\"",
             path, c->path);
  for (size_t j = 0; j < c->n; j++) {
    const char *name = names->item[j];
    char here[HPO_UTF8_SHOWN], there[HPO_UTF8_SHOWN];

    if (name[0] != '\0' && strcmp(c->item[j].name, name) != 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "column %zu is '%s' in %s, but '%s' in %s; all files "
               "must have the same columns in the same order",
               j, show(name, here), path, show(c->item[j].name, there),
               c->path);
  }
done:
  return status;
}
