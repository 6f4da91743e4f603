/* SPDX-License-Identifier: BSD-3-Clause */
/* Tags of trials as columns beside those of /trials. */
#include "report/tags.h"
#include "hpo/layout.h"
#include "hpo/mem.h"

#include <stdio.h>
#include <string.h>

/* Rows of /tags with a right crc that are of a trial that is there. */
typedef struct tags {
  hpo_record *rows;
  uint8_t *good;
  const hpo_field *trial, *name, *value;
  size_t trials;
} tags;

static bool counts(const tags *t, size_t i) {
  int64_t number = hpo_field_int(t->trial, i);
  return t->good[i] && number >= 0 && (size_t)number < t->trials;
}

/* A column for each name, wide enough for its longest value. */
static hpo_status add_columns(const tags *t, hpo_record *trials,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[HPO_TAG_COLUMN];

  for (size_t i = 0; i < t->trial->n; i++) {
    if (!counts(t, i))
      continue;
    snprintf(name, sizeof name, "tags.");
    hpo_field_text(t->name, i, name + 5, sizeof name - 5);
    if (hpo_record_find(trials, name))
      continue;
    size_t width = 1;
    for (size_t k = i; k < t->trial->n; k++) {
      size_t n = strnlen((const char *)t->value->data + k * t->value->width,
                         t->value->width);
      width = n > width ? n : width;
    }
    HPO_TRY(status, hpo_record_add(trials, name, HPO_FIELD_TEXT, width, NULL,
                                   t->trials, "", "Tag of the trial.", err));
  }
done:
  return status;
}

static void fill(const tags *t, hpo_record *trials) {
  char name[HPO_TAG_COLUMN], value[512];

  for (size_t i = 0; i < t->trial->n; i++) {
    if (!counts(t, i))
      continue;
    snprintf(name, sizeof name, "tags.");
    hpo_field_text(t->name, i, name + 5, sizeof name - 5);
    hpo_field_text(t->value, i, value, sizeof value);
    hpo_field_set_text(hpo_record_find(trials, name),
                       (size_t)hpo_field_int(t->trial, i), value);
  }
}

hpo_status hpo_tags_add(hpo_store *store, hpo_record *trials, size_t n,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  tags t = {.trials = n};

  HPO_TRY(status, hpo_store_read(store, HPO_TABLE_TAGS, 0, SIZE_MAX, NULL, 0,
                                 &t.rows, &t.good, err));
  t.trial = hpo_record_find(t.rows, "trial");
  t.name = hpo_record_find(t.rows, "name");
  t.value = hpo_record_find(t.rows, "value");
  if (!t.trial || !t.name || !t.value)
    HPO_FAIL(status, err, HPO_ESTUDY, "the table /tags lacks a column");
  HPO_TRY(status, add_columns(&t, trials, err));
  fill(&t, trials);
done:
  hpo_record_destroy(t.rows);
  hpo_mem_free(t.good);
  return status;
}
