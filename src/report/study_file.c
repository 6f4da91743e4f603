/* SPDX-License-Identifier: BSD-3-Clause */
/* A study file's trials, read at once. */
#include "report/study_file.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpo/report.h"
#include "report/tags.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static hpo_status read_resolved(hpo_study_file *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *facts = NULL;
  hpo_buffer text = {0};

  HPO_TRY(status,
          hpo_store_read_facts(f->store, HPO_FACTS_STUDY, &facts, err));
  HPO_TRY(status, hpo_buffer_add(&text, "\n", 1, err));
  const hpo_field *field = hpo_record_find(facts, "resolved");
  if (field)
    HPO_TRY(status,
            hpo_buffer_add(&text, field->data, field->n * field->width, err));
  HPO_TRY(status, hpo_buffer_add(&text, "", 1, err));
  f->resolved = (char *)text.byte;
  text = (hpo_buffer){0};
done:
  hpo_record_destroy(facts);
  hpo_buffer_free(&text);
  return status;
}

/* The field of a metric's test scores in trials, made where it is new. */
static hpo_status test_field(hpo_study_file *f, const char *metric,
                             hpo_field **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[96];
  size_t i = 0;

  snprintf(name, sizeof name, "test.%s", metric);
  while (i < f->trials->n_field && strcmp(f->trials->field[i].name, name) != 0)
    i++;
  if (i == f->trials->n_field) {
    HPO_TRY(status, hpo_record_add(f->trials, name, HPO_FIELD_FLOAT, 0, NULL,
                                   f->n, "", "Metric on the test rows.", err));
    for (size_t k = 0; k < f->n; k++)
      hpo_field_set_number(&f->trials->field[i], k, NAN);
  }
  *out = &f->trials->field[i];
done:
  return status;
}

/* /test_scores as columns test.METRIC of the trials; none where the file has
 * none. */
static hpo_status join_test(hpo_study_file *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *scores = NULL;
  hpo_field *to = NULL;
  uint8_t *good = NULL;
  char metric[64], model[16];

  HPO_TRY(status, hpo_store_read(f->store, HPO_TABLE_TEST_SCORES, 0, SIZE_MAX,
                                 NULL, 0, &scores, &good, err));
  const hpo_field *trial = hpo_record_find(scores, "trial");
  const hpo_field *name = hpo_record_find(scores, "metric");
  const hpo_field *value = hpo_record_find(scores, "value");
  for (size_t i = 0; trial && name && value && i < trial->n; i++) {
    int64_t t = hpo_field_int(trial, i);
    model[0] = 0;
    if (hpo_record_find(scores, "model"))
      hpo_field_text(hpo_record_find(scores, "model"), i, model, sizeof model);
    if (!good[i] || t < 0 || (size_t)t >= f->n || strcmp(model, "refit") == 0)
      continue;
    hpo_field_text(name, i, metric, sizeof metric);
    HPO_TRY(status, test_field(f, metric, &to, err));
    hpo_field_set_number(to, (size_t)t, hpo_field_number(value, i));
  }
done:
  hpo_record_destroy(scores);
  hpo_mem_free(good);
  return status;
}

hpo_status hpo_study_file_open(const char *path, hpo_study_file *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  char text[64];

  HPO_TRY(status, hpo_mem_string(path, &f.path, err));
  HPO_TRY(status, hpo_store_open_read(path, &f.store, err));
  HPO_TRY(status, hpo_store_read_facts(f.store, "/", &f.attributes, err));
  HPO_TRY(status, hpo_store_read(f.store, HPO_TABLE_TRIALS, 0, SIZE_MAX, NULL,
                                 0, &f.trials, &f.good, err));
  f.n = f.trials->n_field ? f.trials->field[0].n : 0;
  HPO_TRY(status, hpo_tags_add(f.store, f.trials, f.n, err));
  hpo_record_text(f.attributes, "directions", text, sizeof text);
  f.maximize = strncmp(text, "max", 3) == 0;
  f.is_live = hpo_store_is_live(f.store);
  HPO_TRY(status, join_test(&f, err));
  HPO_TRY(status, read_resolved(&f, err));
  hpo_study_file_objectives(&f);

  *out = f;
  memset(&f, 0, sizeof f);
done:
  hpo_study_file_close(&f);
  return status;
}

void hpo_study_file_close(hpo_study_file *f) {
  hpo_store_destroy(f->store);
  hpo_record_destroy(f->attributes);
  hpo_record_destroy(f->trials);
  hpo_mem_free(f->good);
  hpo_mem_free(f->path);
  hpo_mem_free(f->resolved);
  memset(f, 0, sizeof *f);
}

hpo_status hpo_study_file_trial(const hpo_study_file *f, const char *word,
                                size_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool is_best = strcmp(word, "best") == 0;
  int64_t number = is_best ? hpo_study_file_best(f) : -1;

  if (is_best && number < 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: no trial has succeeded, so there is no best one", f->path);
  if (!is_best && (!hpo_options_parse_int(word, &number) || number < 0))
    HPO_FAIL(status, err, HPO_EINVAL,
             "\"%s\" is no trial; allowed: a number, or best", word);
  if ((size_t)number >= f->n)
    HPO_FAIL(status, err, HPO_EINVAL, "%s has no trial %lld; it has %zu",
             f->path, (long long)number, f->n);
  if (!f->good[number])
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the row of trial %lld is torn: it was running when the study "
             "stopped, and is run again",
             (long long)number);
  *out = (size_t)number;
done:
  return status;
}

static bool is_trial(const char *word) {
  int64_t number = 0;

  return strcmp(word, "best") == 0 || hpo_options_parse_int(word, &number);
}

hpo_status hpo_study_file_open_trial(const char *one, const char *other,
                                     hpo_study_file *f, size_t *out,
                                     hpo_error *err) {
  const bool is_turned = is_trial(other) && !is_trial(one);
  hpo_status status = hpo_study_file_open(is_turned ? one : other, f, err);

  return status != HPO_OK
             ? status
             : hpo_study_file_trial(f, is_turned ? other : one, out, err);
}

bool hpo_study_file_setting(const hpo_study_file *f, const char *name,
                            char *text, size_t room) {
  size_t n = strlen(name), k = 0;
  const char *at = f->resolved;

  text[0] = 0;
  for (; at && *at; at = strchr(at, '\n')) {
    at++;
    if (strncmp(at, name, n) == 0 && strncmp(at + n, " = ", 3) == 0)
      break;
  }
  if (!at || !*at)
    return false;
  for (at += n + 3; *at && *at != '\n' && k + 1 < room; at++) {
    bool escaped = *at == '\\' && at[1];
    at += escaped;
    text[k++] = escaped && *at == 'n' ? '\n' : *at;
  }
  text[k] = 0;
  return true;
}

void hpo_study_file_state(const hpo_study_file *f, size_t i, char *text,
                          size_t room) {
  const hpo_field *state = hpo_record_find(f->trials, "state");
  if (!f->good[i] || !state)
    snprintf(text, room, "torn");
  else
    hpo_field_text(state, i, text, room);
  if (!f->is_live && strcmp(text, "running") == 0)
    snprintf(text, room, "interrupted");
}

size_t hpo_study_file_count(const hpo_study_file *f, const char *state) {
  char text[32];
  size_t n = 0;
  for (size_t i = 0; i < f->n; i++) {
    hpo_study_file_state(f, i, text, sizeof text);
    n += strcmp(text, state) == 0;
  }
  return n;
}

static int64_t whole(const hpo_record *rows, const char *name, size_t i) {
  const hpo_field *field = hpo_record_find(rows, name);
  return field ? hpo_field_int(field, i) : -1;
}

bool hpo_study_file_has_model(const hpo_study_file *f, size_t i) {
  return f->good[i] && whole(f->trials, "model_offset", i) >= 0 &&
         whole(f->trials, "model_length", i) > 0;
}

hpo_status hpo_study_file_bytes(const hpo_study_file *f,
                                const hpo_record *rows, size_t i,
                                hpo_buffer *out, char *format, size_t room,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t there = 0, n = (size_t)whole(rows, "model_length", i);
  size_t at = (size_t)whole(rows, "model_offset", i);
  long long trial =
      whole(rows, hpo_record_find(rows, "trial") ? "trial" : "number", i);
  hpo_buffer bytes = {0};

  HPO_TRY(status, hpo_store_rows(f->store, HPO_TABLE_MODELS, &there, err));
  if (at > there || n > there - at)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "%s is damaged: the model of trial %lld is cut off", f->path,
             trial);
  HPO_TRY(status, hpo_mem_new(n, 1, &bytes.byte, err));
  bytes.n = bytes.capacity = n;
  HPO_TRY(status, hpo_store_read_bytes(f->store, HPO_TABLE_MODELS, at, n,
                                       bytes.byte, err));
  if ((int64_t)hpo_file_crc32(0, bytes.byte, n) != whole(rows, "model_crc", i))
    HPO_FAIL(status, err, HPO_ESTUDY,
             "%s is damaged: the bytes of trial %lld's model do not have its "
             "checksum",
             f->path, trial);
  HPO_TRY(status, hpo_buffer_add(out, bytes.byte, n, err));
  hpo_field_text(hpo_record_find(rows, "model_format"), i, format, room);
done:
  hpo_buffer_free(&bytes);
  return status;
}

hpo_status hpo_study_file_model(const hpo_study_file *f, size_t i,
                                hpo_buffer *out, char *format, size_t room,
                                hpo_error *err) {
  if (!hpo_study_file_has_model(f, i))
    return hpo_error_set(err, HPO_EINVAL, "trial %zu has no stored model", i);
  return hpo_study_file_bytes(f, f->trials, i, out, format, room, err);
}

const char *hpo_study_file_value(const hpo_study_file *f) {
  return hpo_record_find(f->trials, "value") ? "value" : "value.0";
}

ptrdiff_t hpo_study_file_best(const hpo_study_file *f) {
  ptrdiff_t best = -1;
  hpo_outcome top = {0}, o;

  for (size_t i = 0; i < f->n; i++) {
    if (!hpo_study_file_outcome(f, i, &o))
      continue;
    if (best < 0 || hpo_study_file_beats(&o, &top)) {
      best = (ptrdiff_t)i;
      top = o;
    }
  }
  return best;
}

/* The columns that there are, the first of them, as a sentence's end. */
static hpo_status name_some(const hpo_record *columns, hpo_buffer *out,
                            hpo_error *err) {
  enum { SOME = 8 };
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < columns->n_field && i < SOME; i++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s%s", i ? ", " : "; there are ",
                              columns->field[i].name));
  HPO_TRY(status, hpo_buffer_format(out, err, "%s",
                                    columns->n_field > SOME ? ", ..." : ""));
done:
  return status;
}

hpo_status hpo_report_find(const hpo_record *columns, const char *name,
                           const hpo_field **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char **names = NULL;
  hpo_buffer some = {0};
  const hpo_field *f = hpo_record_find(columns, name);

  if (!f) {
    HPO_TRY(status, hpo_mem_new(columns->n_field, sizeof *names, &names, err));
    for (size_t i = 0; i < columns->n_field; i++)
      names[i] = columns->field[i].name;
    const char *near = hpo_options_nearest(name, names, columns->n_field);
    for (size_t i = 0; !near && i < columns->n_field; i++) {
      const char *dot = strchr(names[i], '.');
      if (dot && strcmp(dot + 1, name) == 0)
        near = names[i];
    }
    if (!near)
      HPO_TRY(status, name_some(columns, &some, err));
    HPO_FAIL(status, err, HPO_EINVAL, "there is no column \"%s\"%s%s%s%.*s",
             name, near ? "; did you mean \"" : "", near ? near : "",
             near ? "\"?" : "", (int)some.n, (const char *)some.byte);
  }
  *out = f;
done:
  hpo_mem_free(names);
  hpo_buffer_free(&some);
  return status;
}
