/* SPDX-License-Identifier: BSD-3-Clause */
/* A stored model of a study file. */
#include "cmd/stored.h"

#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/options.h"

#include <stdio.h>
#include <string.h>

static int64_t column(const hpo_stored *s, const char *name, size_t i) {
  const hpo_field *f = hpo_record_find(s->file.trials, name);
  return f ? hpo_field_int(f, i) : -1;
}

static bool has_model(const hpo_stored *s, size_t i) {
  return s->file.good[i] && column(s, "model_offset", i) >= 0 &&
         column(s, "model_length", i) > 0;
}

static hpo_status refuse_trial(const hpo_stored *s, size_t i, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer list = {0};
  char state[32];
  size_t n = 0;

  for (size_t t = 0; t < s->file.n; t++)
    if (has_model(s, t) && n++ < 20)
      HPO_TRY(status,
              hpo_buffer_format(&list, err, "%s%zu", list.n ? ", " : "", t));
  hpo_study_file_state(&s->file, i, state, sizeof state);
  if (n == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "trial %zu (%s) has no stored model, nor has any other; the "
             "study's <output models=\"...\"/> says which are kept",
             i, state);
  HPO_FAIL(status, err, HPO_EINVAL,
           "trial %zu (%s) has no stored model; these have one: %.*s%s", i,
           state, (int)list.n, (const char *)list.byte, n > 20 ? ", ..." : "");
done:
  hpo_buffer_free(&list);
  return status;
}

static hpo_status find_trial(hpo_stored *s, const char *model,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t number = 0;

  if (!model || strcmp(model, "best") == 0) {
    number = hpo_study_file_best(&s->file);
    if (number < 0)
      HPO_FAIL(status, err, HPO_EINVAL,
               "%s: no trial has succeeded, so there is no best one",
               s->file.path);
  } else if (!hpo_options_parse_int(model, &number)) {
    HPO_FAIL(status, err, HPO_EINVAL,
             "--model %s: allowed are best and a trial's number", model);
  }
  if (number < 0 || (size_t)number >= s->file.n)
    HPO_FAIL(status, err, HPO_EINVAL, "%s has no trial %lld; it has %zu",
             s->file.path, (long long)number, s->file.n);
  s->trial = (size_t)number;
  if (!has_model(s, s->trial))
    HPO_TRY(status, refuse_trial(s, s->trial, err));
done:
  return status;
}

static hpo_status read_bytes(hpo_stored *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t i = s->trial, there = 0;
  size_t at = (size_t)column(s, "model_offset", i);
  size_t n = (size_t)column(s, "model_length", i);

  HPO_TRY(status,
          hpo_store_rows(s->file.store, HPO_TABLE_MODELS, &there, err));
  if (at > there || n > there - at)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "%s is damaged: the model of trial %zu is cut off", s->file.path,
             i);
  HPO_TRY(status, hpo_mem_new(n, 1, &s->bytes.byte, err));
  s->bytes.n = s->bytes.capacity = n;
  HPO_TRY(status, hpo_store_read_bytes(s->file.store, HPO_TABLE_MODELS, at, n,
                                       s->bytes.byte, err));
  if ((int64_t)hpo_file_crc32(0, s->bytes.byte, n) !=
      column(s, "model_crc", i))
    HPO_FAIL(status, err, HPO_ESTUDY,
             "%s is damaged: the bytes of trial %zu's model do not have its "
             "checksum",
             s->file.path, i);
  hpo_field_text(hpo_record_find(s->file.trials, "model_format"), i, s->format,
                 sizeof s->format);
done:
  return status;
}

/* The words in quotes behind "KEY =" in the resolved study. */
static hpo_status read_words(const char *text, const char *key, hpo_names *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer word = {0};
  const char *p = strstr(text, key);
  bool inside = false;

  for (p = p ? p + strlen(key) : ""; *p && *p != '\n'; p++) {
    char c = *p;
    if (c == '"' && inside) {
      HPO_TRY(status, hpo_buffer_add(&word, "", 1, err));
      HPO_TRY(status, hpo_names_add(out, (const char *)word.byte, err));
      word.n = 0;
    }
    if (c == '"') {
      inside = !inside;
      continue;
    }
    if (c == '\\' && p[1])
      c = *++p == 'n' ? '\n' : *p;
    if (inside)
      HPO_TRY(status, hpo_buffer_add(&word, &c, 1, err));
  }
done:
  hpo_buffer_free(&word);
  return status;
}

static hpo_status read_study(hpo_stored *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *data = NULL, *study = NULL;
  char *text = NULL;

  HPO_TRY(status,
          hpo_store_read_facts(s->file.store, HPO_FACTS_DATA, &data, err));
  HPO_TRY(status, hpo_dataset_from_record(data, &s->facts, err));
  HPO_TRY(status,
          hpo_store_read_facts(s->file.store, HPO_FACTS_STUDY, &study, err));
  const hpo_field *f = hpo_record_find(study, "resolved");
  HPO_TRY(status, hpo_mem_new(f ? f->n * f->width + 1 : 1, 1, &text, err));
  if (f)
    memcpy(text, f->data, f->n * f->width);
  HPO_TRY(status, read_words(text, "\ndata.missing =", &s->missing, err));
  HPO_TRY(status, read_words(text, "\ndata.names =", &s->names, err));
  HPO_TRY(status,
          read_words(text, "\ndata.train_dataset =", &s->dataset, err));
done:
  hpo_record_destroy(data);
  hpo_record_destroy(study);
  hpo_mem_free(text);
  return status;
}

hpo_status hpo_stored_open(const char *path, const char *model,
                           hpo_stored *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_stored s = {.trial = 0};

  HPO_TRY(status, hpo_study_file_open(path, &s.file, err));
  HPO_TRY(status, find_trial(&s, model, err));
  HPO_TRY(status, read_bytes(&s, err));
  HPO_TRY(status, read_study(&s, err));
  *out = s;
  s = (hpo_stored){.trial = 0};
done:
  hpo_stored_close(&s);
  return status;
}

hpo_status hpo_stored_predictor(const hpo_stored *s, hpo_predictor **out,
                                hpo_error *err) {
  hpo_status status = hpo_predictor_create(s->format, s->bytes.byte,
                                           s->bytes.n, s->facts, out, err);
  if (status != HPO_OK)
    hpo_error_prefix(err, "%s: trial %zu: ", s->file.path, s->trial);
  return status;
}

void hpo_stored_close(hpo_stored *s) {
  hpo_study_file_close(&s->file);
  hpo_buffer_free(&s->bytes);
  hpo_dataset_destroy(s->facts);
  hpo_names_free(&s->missing);
  hpo_names_free(&s->names);
  hpo_names_free(&s->dataset);
  s->facts = NULL;
}
