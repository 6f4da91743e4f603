/* SPDX-License-Identifier: BSD-3-Clause */
/* A stored model of a study file. */
#include "cmd/stored.h"

#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static hpo_status refuse_trial(const hpo_study_file *f, size_t i,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer list = {0};
  char state[32];
  size_t n = 0;

  for (size_t t = 0; t < f->n; t++)
    if (hpo_study_file_has_model(f, t) && n++ < 20)
      HPO_TRY(status,
              hpo_buffer_format(&list, err, "%s%zu", list.n ? ", " : "", t));
  hpo_study_file_state(f, i, state, sizeof state);
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

static hpo_status find_number(const hpo_study_file *f, const char *model,
                              int64_t *number, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *winner = NULL;

  if (strcmp(model, "winner") == 0 || strcmp(model, "refit") == 0) {
    HPO_TRY(status, hpo_winner_read(f->store, &winner, err));
    if (!winner)
      HPO_FAIL(status, err, HPO_EINVAL,
               "%s has no winner: the study's <winner>, <refit> or <test> "
               "chooses one at its end",
               f->path);
    *number = hpo_record_int(winner, "trial");
  } else if (strcmp(model, "best") == 0) {
    *number = hpo_study_file_best(f);
    if (*number < 0)
      HPO_FAIL(status, err, HPO_EINVAL,
               "%s: no trial has succeeded, so there is no best one", f->path);
  } else if (!hpo_options_parse_int(model, number)) {
    HPO_FAIL(status, err, HPO_EINVAL,
             "--model %s: allowed are best, winner, refit and a trial's "
             "number",
             model);
  }
  if (*number < 0 || (size_t)*number >= f->n)
    HPO_FAIL(status, err, HPO_EINVAL, "%s has no trial %lld; it has %zu",
             f->path, (long long)*number, f->n);
done:
  hpo_record_destroy(winner);
  return status;
}

hpo_status hpo_stored_find(const hpo_study_file *f, const char *model,
                           size_t *trial, hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t number = 0;

  HPO_TRY(status, find_number(f, model ? model : "best", &number, err));
  if (!hpo_study_file_has_model(f, (size_t)number))
    HPO_TRY(status, refuse_trial(f, (size_t)number, err));
  *trial = (size_t)number;
done:
  return status;
}

/* Rows that the winner's own model trained on, or its refit. */
static hpo_status count_rows(const hpo_stored *s, bool all, int64_t *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *data = NULL;

  HPO_TRY(status,
          hpo_store_read_facts(s->file.store, HPO_FACTS_DATA, &data, err));
  *out = hpo_record_int(data, "n_train") +
         (all ? hpo_record_int(data, "n_valid") : 0);
done:
  hpo_record_destroy(data);
  return status;
}

/* The model that was trained again on these rows, the last; *found. */
static hpo_status read_refit(hpo_stored *s, bool all, bool *found,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;
  uint8_t *good = NULL;
  size_t last = SIZE_MAX;
  int64_t wanted = 0;

  HPO_TRY(status, hpo_store_read(s->file.store, HPO_TABLE_REFITS, 0, SIZE_MAX,
                                 NULL, 0, &rows, &good, err));
  const hpo_field *trial = hpo_record_find(rows, "trial");
  const hpo_field *n = hpo_record_find(rows, "rows");
  if (trial->n > 0)
    HPO_TRY(status, count_rows(s, all, &wanted, err));
  for (size_t i = 0; i < trial->n; i++)
    if (good[i] && hpo_field_int(trial, i) == (int64_t)s->trial &&
        hpo_field_int(n, i) == wanted)
      last = i;
  *found = last != SIZE_MAX;
  if (*found)
    HPO_TRY(status, hpo_study_file_bytes(&s->file, rows, last, &s->bytes,
                                         s->format, sizeof s->format, err));
done:
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

/* The winner's own model where it was not kept; *found. */
static hpo_status read_own(hpo_stored *s, bool *found, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_other = false;

  if (hpo_study_file_has_model(&s->file, s->trial))
    return HPO_OK;
  HPO_TRY(status, read_refit(s, false, found, err));
  if (!*found)
    HPO_TRY(status, read_refit(s, true, &is_other, err));
  if (is_other)
    HPO_FAIL(status, err, HPO_EINVAL,
             "trial %zu, the winner, has no stored model of its own, only the "
             "one trained again on all rows: --model refit",
             s->trial);
done:
  return status;
}

/* The winner's model where it was not kept, or the one of all rows; *found. */
static hpo_status read_again(hpo_stored *s, const char *model, bool *found,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool is_refit = strcmp(model, "refit") == 0;
  int64_t number = 0;

  *found = false;
  if (!is_refit && strcmp(model, "winner") != 0)
    return HPO_OK;
  HPO_TRY(status, find_number(&s->file, model, &number, err));
  s->trial = (size_t)number;
  if (!is_refit)
    return read_own(s, found, err);
  HPO_TRY(status, read_refit(s, true, found, err));
  if (!*found)
    HPO_FAIL(status, err, HPO_EINVAL,
             "trial %zu, the winner, was not trained again; <refit/> in the "
             "study does that",
             s->trial);
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

/* What stands behind a key of the resolved study, or NULL. */
static const char *line_of(const char *text, const char *key, size_t *n) {
  const char *p = strstr(text, key);

  if (p == NULL)
    return NULL;
  p += strlen(key);
  *n = strcspn(p, "\n");
  return p;
}

/* As the run saw it, from its working folder; as a reader sees it who stands
 * elsewhere, beside the study file. */
static hpo_status find_library(hpo_stored *s, const char *text,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *chosen = hpo_record_find(s->file.trials, "model");
  int64_t model = chosen ? hpo_field_int(chosen, s->trial) : 0;
  char key[64], *href = NULL;
  size_t n = 0, n_folder = 0;
  const char *folder = line_of(text, "\nfolder = ", &n_folder), *library;

  (void)snprintf(key, sizeof key,
                 "\nmodel.%lld.fixed.library = ", (long long)model);
  library = line_of(text, key, &n);
  if (library == NULL || folder == NULL)
    HPO_FAIL(status, err, HPO_ESTUDY, "%s: it does not say which library",
             s->file.path);
  if (library[0] == '/')
    n_folder = 0;
  HPO_TRY(status,
          hpo_mem_format(&s->library, err, "%.*s%s%.*s", (int)n_folder, folder,
                         n_folder > 0 ? "/" : "", (int)n, library));
  if (library[0] == '/' || hpo_file_exists(s->library))
    goto done;
  hpo_mem_free(s->library);
  s->library = NULL;
  HPO_TRY(status, hpo_mem_format(&href, err, "%.*s", (int)n, library));
  HPO_TRY(status, hpo_file_resolve(s->file.path, href, &s->library, err));
done:
  hpo_mem_free(href);
  return status;
}

hpo_status hpo_stored_plug(hpo_stored *s, const char *library,
                           hpo_error *err) {
  hpo_status status = HPO_OK;

  if (s->library == NULL)
    HPO_FAIL(status, err, HPO_EINVAL,
             "--library: the model of trial %zu is no plugin's", s->trial);
  hpo_mem_free(s->library);
  s->library = NULL;
  HPO_TRY(status, hpo_mem_string(library, &s->library, err));
done:
  return status;
}

/* What tells the format of the study's own data. */
static hpo_status read_format(hpo_stored *s, const char *text,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names train = {0};
  char format[32];

  (void)hpo_study_file_setting(&s->file, "data.format", format, sizeof format);
  HPO_TRY(status, read_words(text, "\ndata.train =", &train, err));
  HPO_TRY(status, hpo_mem_string(format[0] != '\0' ? format
                                 : train.n > 0     ? train.item[0]
                                                   : "",
                                 &s->like, err));
done:
  hpo_names_free(&train);
  return status;
}

static hpo_status read_study(hpo_stored *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *data = NULL, *study = NULL;
  char *text = NULL;
  const char *limit;
  size_t n = 0;

  HPO_TRY(status,
          hpo_store_read_facts(s->file.store, HPO_FACTS_DATA, &data, err));
  HPO_TRY(status, hpo_dataset_from_record(data, &s->facts, err));
  HPO_TRY(status,
          hpo_store_read_facts(s->file.store, HPO_FACTS_STUDY, &study, err));
  const hpo_field *f = hpo_record_find(study, "resolved");
  HPO_TRY(status, hpo_mem_new(f ? f->n * f->width + 1 : 1, 1, &text, err));
  if (f)
    memcpy(text, f->data, f->n * f->width);
  limit = line_of(text, "\nlimit_time = ", &n);
  s->seconds = limit ? strtod(limit, NULL) : 0;
  if (strcmp(s->format, "plugin") == 0)
    HPO_TRY(status, find_library(s, text, err));
  HPO_TRY(status, read_format(s, text, err));
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
  bool again = false;

  HPO_TRY(status, hpo_study_file_open(path, &s.file, err));
  HPO_TRY(status, read_again(&s, model ? model : "best", &again, err));
  if (!again) {
    HPO_TRY(status, hpo_stored_find(&s.file, model, &s.trial, err));
    HPO_TRY(status, hpo_study_file_model(&s.file, s.trial, &s.bytes, s.format,
                                         sizeof s.format, err));
  }
  HPO_TRY(status, read_study(&s, err));
  *out = s;
  s = (hpo_stored){.trial = 0};
done:
  hpo_stored_close(&s);
  return status;
}

hpo_status hpo_stored_predictor(const hpo_stored *s, hpo_predictor **out,
                                hpo_error *err) {
  if (s->library && !hpo_file_exists(s->library))
    return hpo_error_set(err, HPO_EINVAL,
                         "the model's library %s is not there; --library "
                         "FILE.so says where it is",
                         s->library);
  const hpo_predictor_library library = {.path = s->library,
                                         .seconds = s->seconds};
  hpo_status status =
      s->library ? hpo_predictor_plug(&library, s->bytes.byte, s->bytes.n,
                                      s->facts, out, err)
                 : hpo_predictor_create(s->format, s->bytes.byte, s->bytes.n,
                                        s->facts, out, err);
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
  hpo_mem_free(s->library);
  hpo_mem_free(s->like);
  s->library = s->like = NULL;
  s->facts = NULL;
}
