/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout as a whole: all tables, the facts, and whether it fits. */
#include "hpo/layout.h"

#include "hpo/mem.h"
#include "layout_private.h"

#include <stdio.h>
#include <string.h>

/* A type's description is one message of at most 64 KiB in HDF5. */
#define MESSAGE_ROOM 65000

static hpo_status empty_trial(const hpo_plan *plan, hpo_trial **out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names metrics = {0};

  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  HPO_TRY(status, hpo_trial_create(plan->space.n_param, plan->n_objective,
                                   metrics.n, out, err));
done:
  hpo_names_free(&metrics);
  return status;
}

static hpo_status trial_prototype(const hpo_plan *plan, hpo_record **out,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;

  HPO_TRY(status, empty_trial(plan, &t, err));
  HPO_TRY(status, hpo_trial_record(t, plan, out, err));
done:
  hpo_trial_destroy(t);
  return status;
}

static hpo_status curve_prototype(const hpo_plan *plan, hpo_record **out,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;

  HPO_TRY(status, empty_trial(plan, &t, err));
  HPO_TRY(status, hpo_trial_add_curve(t, (hpo_curve_point){0}, err));
  HPO_TRY(status, hpo_layout_curve_rows(t, plan, out, err));
done:
  hpo_trial_destroy(t);
  return status;
}

static hpo_status prototype(const hpo_table *t, const hpo_plan *plan,
                            hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  void *row = NULL;

  if (strcmp(t->path, HPO_TABLE_TRIALS) == 0)
    return trial_prototype(plan, out, err);
  if (strcmp(t->path, HPO_TABLE_CURVES) == 0)
    return curve_prototype(plan, out, err);
  if (t->column == NULL)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(1, t->row_size, &row, err));
  HPO_TRY(status, hpo_layout_row(t->path, row, plan, out, err));
done:
  hpo_mem_free(row);
  return status;
}

hpo_status hpo_layout_tables(const hpo_plan *plan, hpo_layout_table **out,
                             size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_layout_table *tables = NULL;
  size_t count = 0, made = 0;

  while (hpo_layout_declared[count].path != NULL)
    count++;
  HPO_TRY(status, hpo_mem_new(count, sizeof *tables, &tables, err));
  for (; made < count; made++) {
    const hpo_table *t = &hpo_layout_declared[made];
    tables[made].path = t->path;
    tables[made].chunk = t->chunk;
    tables[made].crc = t->crc;
    tables[made].description = t->description;
    HPO_TRY(status, prototype(t, plan, &tables[made].row, err));
  }
  *n = count;
  *out = tables;
  tables = NULL;
done:
  hpo_layout_destroy(tables, made);
  return status;
}

void hpo_layout_destroy(hpo_layout_table *tables, size_t n) {
  if (tables == NULL)
    return;
  for (size_t i = 0; i < n; i++)
    hpo_record_destroy(tables[i].row);
  hpo_mem_free(tables);
}

/** Bytes of HDF5's message for an enum over int32 (version 3: header, base
 *  type, names with their NUL, values). */
static size_t enum_bytes(const hpo_field *f) {
  size_t n = 8 + 12 + strlen(hpo_field_none_name(f)) + 1 + 4;

  for (size_t i = 0; i < f->n_choice; i++)
    n += strlen(f->choice[i]) + 1 + 4;
  return n;
}

/** Bytes of a member of a compound: name, offset, type. */
static size_t member_bytes(const hpo_field *f) {
  size_t n = strlen(f->name) + 1 + 4;

  if (f->type == HPO_FIELD_ENUM)
    return n + enum_bytes(f);
  return n + 20; /* a double's, the longest of the others */
}

static hpo_status check_choices(const hpo_param *p, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < p->n_choice; i++) {
    if (p->choice[i][0] == '\0')
      HPO_FAIL(status, err, HPO_EINVAL,
               "choice %zu of parameter %s is empty; a choice needs a name", i,
               p->full_name);
    for (size_t k = 0; k < i; k++)
      if (strcmp(p->choice[i], p->choice[k]) == 0)
        HPO_FAIL(status, err, HPO_EINVAL,
                 "parameter %s has the choice \"%s\" twice", p->full_name,
                 p->choice[i]);
  }
done:
  return status;
}

static hpo_status check_names(const hpo_space *s, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < s->n_param; i++) {
    if (hpo_space_find(s, s->param[i].full_name) != (ptrdiff_t)i)
      HPO_FAIL(status, err, HPO_EINVAL, "there are two parameters %s",
               s->param[i].full_name);
    HPO_TRY(status, check_choices(&s->param[i], err));
  }
done:
  return status;
}

hpo_status hpo_layout_check(const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  size_t bytes = 8 + 32; /* header; the column crc */

  HPO_TRY(status, check_names(&plan->space, err));
  HPO_TRY(status, trial_prototype(plan, &row, err));
  for (size_t i = 0; i < row->n_field; i++) {
    const hpo_field *f = &row->field[i];
    bytes += member_bytes(f);
    if (f->type == HPO_FIELD_ENUM && enum_bytes(f) > MESSAGE_ROOM)
      HPO_FAIL(status, err, HPO_EINVAL,
               "%s has %zu choices, too many for an enum in an HDF5 file "
               "(about 2,700 of them fit, fewer with long names)",
               f->name, f->n_choice);
  }
  if (bytes > MESSAGE_ROOM)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a row of /trials would have %zu columns, whose names and "
             "choices take %zu bytes; HDF5 has room for %d (about 1,300 "
             "columns): leave parameters out or shorten their names",
             row->n_field, bytes, MESSAGE_ROOM);
done:
  hpo_record_destroy(row);
  return status;
}

static hpo_status join_words(const hpo_names *words, char **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};

  for (size_t i = 0; i < words->n; i++)
    HPO_TRY(status, hpo_buffer_format(&b, err, "%s%s", i > 0 ? " " : "",
                                      words->item[i]));
  HPO_TRY(status, hpo_buffer_add(&b, "", 1, err));
  *out = (char *)b.byte;
  b = (hpo_buffer){0};
done:
  hpo_buffer_free(&b);
  return status;
}

static hpo_status directions(const hpo_plan *plan, char **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names words = {0};

  for (size_t i = 0; i < plan->n_objective; i++)
    HPO_TRY(status, hpo_names_add(&words,
                                  plan->objective[i].maximize ? "maximize"
                                                              : "minimize",
                                  err));
  HPO_TRY(status, join_words(&words, out, err));
done:
  hpo_names_free(&words);
  return status;
}

hpo_status hpo_layout_attributes(const hpo_plan *plan, const char *uuid,
                                 const char *created, const char *version,
                                 const char *identity, hpo_record **out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  hpo_names metrics = {0};
  char *ways = NULL, *measures = NULL;

  HPO_TRY(status, directions(plan, &ways, err));
  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  HPO_TRY(status, join_words(&metrics, &measures, err));
  HPO_TRY(status, hpo_record_create("attributes", &r, err));
#define ADD(name, text)                                                       \
  HPO_TRY(status, hpo_record_add_text(r, name, text, 0, "", err))
  ADD("format", HPO_LAYOUT_FORMAT);
  HPO_TRY(status, hpo_record_add_int(r, "format_version", HPO_LAYOUT_VERSION,
                                     "", "", err));
  ADD("uuid", uuid);
  ADD("name", plan->name);
  ADD("created", created);
  ADD("directions", ways);
  ADD("metrics", measures);
  ADD("hpotune_version", version);
  ADD("identity", identity);
#undef ADD
  *out = r;
  r = NULL;
done:
  hpo_mem_free(ways);
  hpo_mem_free(measures);
  hpo_names_free(&metrics);
  hpo_record_destroy(r);
  return status;
}

hpo_status hpo_layout_study(const hpo_plan *plan, const void *xml, size_t n,
                            hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  char *text = NULL;

  HPO_TRY(status, hpo_plan_text(plan, &text, err));
  HPO_TRY(status, hpo_record_create("study", &r, err));
  HPO_TRY(status,
          hpo_record_add(r, "xml", HPO_FIELD_U8, 0, xml, n, "bytes",
                         "The study file, as it was when the study was made.",
                         err));
  HPO_TRY(status, hpo_record_add_text(
                      r, "resolved", text, 0,
                      "The study with all defaults taken, as lines.", err));
  *out = r;
  r = NULL;
done:
  hpo_mem_free(text);
  hpo_record_destroy(r);
  return status;
}
