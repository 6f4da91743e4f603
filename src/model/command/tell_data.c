/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program is told of the study's data: files, and which rows of them
 * train and validate.
 *
 *   HPO_TASK, HPO_LABEL           as in the study file
 *   HPO_DATA                      paths of the training files, a line each
 *   HPO_VALID_DATA                that of <validation href=>, where given
 *   HPO_TRAIN_ROWS, HPO_VALID_ROWS  files with a row's number in each line
 *   HPO_FOLDS                     instead, with <folds>: a file with a line
 *                                 for each row: the fold in which it
 *                                 validates, from 1; 0: in none
 *
 * Rows count from 0 over the training files in their order, then the
 * validation file; headers don't count. */
#include "model/command/place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A file of n lines, which is then told of. */
typedef struct lines {
  const char *variable, *name;
  const hpo_row *row;  /* [n], or: */
  const uint8_t *fold; /* [n] */
  size_t n;
} lines;

static hpo_status write_lines(const lines *l, const char *folder,
                              hpo_words *env, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *path = NULL;
  FILE *f = NULL;
  bool is_good;

  HPO_TRY(status, hpo_mem_format(&path, err, "%s/%s", folder, l->name));
  f = fopen(path, "we");
  is_good = f != NULL;
  for (size_t i = 0; is_good && i < l->n; i++)
    is_good = fprintf(f, "%" PRId64 "\n",
                      l->row ? (int64_t)l->row[i] : (int64_t)l->fold[i]) > 0;
  if (f != NULL && fclose(f) != 0)
    is_good = false;
  if (!is_good)
    HPO_FAIL(status, err, HPO_EIO, "%s: %s", path, strerror(errno));
  HPO_TRY(status, hpo_place_set(env, l->variable, path, err));
done:
  hpo_mem_free(path);
  return status;
}

static hpo_status tell_rows(const hpo_model_input *in, const char *folder,
                            hpo_words *env, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = in->part.data;
  const hpo_fold *r = &in->part.rows;
  const lines folds = {.variable = "HPO_FOLDS",
                       .name = "folds.txt",
                       .fold = d->fold,
                       .n = (size_t)d->rows};
  const lines train = {.variable = "HPO_TRAIN_ROWS",
                       .name = "train_rows.txt",
                       .row = r->train,
                       .n = (size_t)r->n_train};
  const lines valid = {.variable = "HPO_VALID_ROWS",
                       .name = "valid_rows.txt",
                       .row = r->valid,
                       .n = (size_t)r->n_valid};

  if (d->n_fold > 0)
    return write_lines(&folds, folder, env, err);
  HPO_TRY(status, write_lines(&train, folder, env, err));
  HPO_TRY(status, write_lines(&valid, folder, env, err));
done:
  return status;
}

hpo_status hpo_place_tell_data(const hpo_model_input *in, const char *folder,
                               hpo_words *env, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan_data *files = in->trial.files;
  hpo_buffer text = {0};
  char *path = NULL;

  if (files == NULL)
    return HPO_OK;
  for (size_t i = 0; i < files->train.n; i++) {
    HPO_TRY(status, hpo_place_absolute(files->train.item[i], &path, err));
    HPO_TRY(status,
            hpo_buffer_format(&text, err, "%s%s", i > 0 ? "\n" : "", path));
    hpo_mem_free(path);
    path = NULL;
  }
  HPO_TRY(status,
          hpo_place_set(env, "HPO_TASK", hpo_task_name(files->task), err));
  HPO_TRY(status, hpo_place_set(env, "HPO_LABEL", files->label, err));
  HPO_TRY(status, hpo_place_set(env, "HPO_DATA", (char *)text.byte, err));
  if (files->validation[0] != '\0') {
    HPO_TRY(status, hpo_place_absolute(files->validation, &path, err));
    HPO_TRY(status, hpo_place_set(env, "HPO_VALID_DATA", path, err));
  }
  HPO_TRY(status, tell_rows(in, folder, env, err));
done:
  hpo_buffer_free(&text);
  hpo_mem_free(path);
  return status;
}
