/* SPDX-License-Identifier: BSD-3-Clause */
/* A study for other programs: what all exports share. */
#include "cmd/interchange.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/doc.h"
#include "hpo/layout.h"
#include "hpo/options.h"

static double setting(const hpo_traded *t, size_t i, const char *name) {
  char key[64], text[64];
  double x = 0;

  snprintf(key, sizeof key, "space.%zu.%s", i, name);
  return hpo_study_file_setting(&t->file, key, text, sizeof text) &&
                 hpo_options_parse_float(text, &x)
             ? x
             : 0;
}

static bool setting_is(const hpo_traded *t, size_t i, const char *name,
                       const char *value) {
  char key[64], text[64];

  snprintf(key, sizeof key, "space.%zu.%s", i, name);
  return hpo_study_file_setting(&t->file, key, text, sizeof text) &&
         strcmp(text, value) == 0;
}

static hpo_status read_space(hpo_traded *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  char key[192];

  for (size_t i = 0;; i++) {
    hpo_traded_param p = {.is_int = setting_is(t, i, "kind", "int"),
                          .log = setting_is(t, i, "log", "yes"),
                          .low = setting(t, i, "low"),
                          .high = setting(t, i, "high"),
                          .step = setting(t, i, "step")};
    snprintf(key, sizeof key, "space.%zu.name", i);
    if (!hpo_study_file_setting(&t->file, key, p.name, sizeof p.name))
      return HPO_OK;
    snprintf(key, sizeof key, "params.%s", p.name);
    p.field = hpo_record_find(t->file.trials, key);
    if (!p.field)
      p.field = hpo_record_find(t->file.trials, p.name);
    if (!p.field)
      HPO_FAIL(status, err, HPO_ESTUDY, "%s is damaged: no column for %s",
               t->file.path, p.name);
    HPO_TRY(status, hpo_mem_grow(&t->param, &t->room, t->n_param + 1,
                                 sizeof *t->param, err));
    t->param[t->n_param++] = p;
  }
done:
  return status;
}

hpo_status hpo_traded_open(const char *path, hpo_traded *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_traded t = {.n_param = 0};

  HPO_TRY(status, hpo_study_file_open(path, &t.file, err));
  HPO_TRY(status, hpo_store_read(t.file.store, HPO_TABLE_CURVES, 0, SIZE_MAX,
                                 NULL, 0, &t.curves, NULL, err));
  hpo_record_text(t.file.attributes, "uuid", t.uuid, sizeof t.uuid);
  hpo_record_text(t.file.attributes, "name", t.name, sizeof t.name);
  HPO_TRY(status, read_space(&t, err));
  *out = t;
  t = (hpo_traded){.n_param = 0};
done:
  hpo_traded_close(&t);
  return status;
}

void hpo_traded_close(hpo_traded *t) {
  hpo_study_file_close(&t->file);
  hpo_record_destroy(t->curves);
  hpo_mem_free(t->param);
  *t = (hpo_traded){.n_param = 0};
}

double hpo_traded_value(const hpo_traded_param *p, size_t trial) {
  double x = hpo_field_number(p->field, trial);

  if (p->field->type == HPO_FIELD_ENUM)
    return x < 0 ? NAN : x;
  return x < p->low || x > p->high ? NAN : x;
}

size_t hpo_traded_curve(const hpo_traded *t, size_t trial, size_t *at) {
  int64_t from = hpo_traded_int(t, "curve_offset", trial);
  int64_t n = hpo_traded_int(t, "curve_length", trial);
  size_t all = t->curves->n_field ? t->curves->field[0].n : 0;

  if (!t->file.good[trial] || from < 0 || n <= 0 || (uint64_t)from > all ||
      (uint64_t)n > all - (size_t)from)
    return 0;
  *at = (size_t)from;
  return (size_t)n;
}

double hpo_traded_number(const hpo_traded *t, const char *name, size_t trial) {
  const hpo_field *f = hpo_record_find(t->file.trials, name);

  return f ? hpo_field_number(f, trial) : NAN;
}

int64_t hpo_traded_int(const hpo_traded *t, const char *name, size_t trial) {
  const hpo_field *f = hpo_record_find(t->file.trials, name);

  return f ? hpo_field_int(f, trial) : -1;
}

hpo_status hpo_put_json_text(hpo_buffer *b, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_doc d = {.kind = HPO_DOC_TEXT};

  HPO_TRY(status, hpo_mem_string(text, &d.text, err));
  d.n = strlen(text);
  HPO_TRY(status, hpo_doc_write_json(&d, b, err));
done:
  hpo_doc_free(&d);
  return status;
}

hpo_status hpo_put_json_number(hpo_buffer *b, double x, hpo_error *err) {
  hpo_doc d = {.kind = HPO_DOC_FLOAT, .real = x};

  if (x == floor(x) && fabs(x) < 9e15)
    d = (hpo_doc){.kind = HPO_DOC_INT, .integer = (int64_t)x};
  return hpo_doc_write_json(&d, b, err);
}
