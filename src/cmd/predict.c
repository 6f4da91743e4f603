/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune predict: new rows with a stored model. */
#include "cmd/cmd.h"
#include "cmd/predict_out.h"
#include "cmd/stored.h"
#include "hpo/rows.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK_VALUES = 1 << 18 };

typedef struct job {
  hpo_stored stored;
  hpo_predictor *model;
  hpo_rows *rows;
  hpo_predict_out out;
  float *x;  /* [most][columns] */
  double *p; /* [most][k] */
} job;

static void tell_unknown(const job *j) {
  const char *first;

  for (size_t c = 0; c < j->stored.facts->columns; c++) {
    hpo_row n = hpo_rows_unknown(j->rows, c, &first);
    if (n > 0)
      fprintf(stderr,
              "hpotune: column '%s': %lld values that the study does not "
              "know are taken as missing; the first is '%s'\n",
              j->stored.facts->column[c].name, (long long)n, first);
  }
}

static hpo_status predict_rows(job *j, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t columns = j->stored.facts->columns, n = 1, k = j->out.k;
  size_t most = BLOCK_VALUES / (columns + k) + 1;

  HPO_TRY(status, hpo_mem_new(most * columns, sizeof *j->x, &j->x, err));
  HPO_TRY(status, hpo_mem_new(most * k, sizeof *j->p, &j->p, err));
  for (;;) {
    HPO_TRY(status, hpo_rows_read(j->rows, most, j->x, &n, err));
    if (n == 0)
      break;
    HPO_TRY(status,
            hpo_predictor_rows(j->model, j->x, n, j->out.margin, j->p, err));
    HPO_TRY(status, hpo_predict_out_rows(&j->out, j->p, n, err));
  }
  HPO_TRY(status, hpo_predict_out_finish(&j->out, err));
done:
  return status;
}

/* In an HDF5 file: as told, else as the study's first one. */
static const char *dataset_of(const hpo_args *args, const hpo_stored *s) {
  const char *given = hpo_args_get(args, "dataset");

  return given ? given : s->dataset.n > 0 ? s->dataset.item[0] : "";
}

static hpo_status predict(const hpo_args *args, int *exit_code,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *path = hpo_args_get(args, "o") ? hpo_args_get(args, "o") : "-";
  job j = {.x = NULL};

  *exit_code = 0;
  if (args->word.n != 2)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a study file and a data file are wanted: hpotune predict "
             "FILE.h5 DATA");
  j.out.margin = hpo_args_get(args, "margin") != NULL;
  HPO_TRY(status, hpo_predict_form_find(hpo_args_get(args, "format"), path,
                                        &j.out.form, err));
  HPO_TRY(status,
          hpo_stored_open(args->word.item[0], hpo_args_get(args, "model"),
                          &j.stored, err));
  HPO_TRY(status, hpo_stored_predictor(&j.stored, &j.model, err));
  HPO_TRY(status,
          hpo_rows_open(args->word.item[1], dataset_of(args, &j.stored),
                        j.stored.facts, &j.stored.missing, &j.stored.names,
                        &j.rows, err));
  j.out.facts = j.stored.facts;
  j.out.k = hpo_predictor_outputs(j.model);
  HPO_TRY(status, hpo_predict_out_open(&j.out, path, err));
  HPO_TRY(status, predict_rows(&j, err));
  tell_unknown(&j);
done:
  hpo_predict_out_close(&j.out);
  hpo_rows_close(j.rows);
  hpo_predictor_destroy(j.model);
  hpo_stored_close(&j.stored);
  hpo_mem_free(j.x);
  hpo_mem_free(j.p);
  return status;
}

static const hpo_arg arguments[] = {
    {"model", "M", "whose model: best (unless given), winner, refit or N"},
    {"o", "FILE", "where to; standard output unless given"},
    {"dataset", "/X", "of DATA in HDF5; the study's own unless given"},
    {"margin", NULL, "before sigmoid or softmax"},
    {"format", "F", "csv, npy or hdf5; by the suffix of -o FILE, else csv"}};

const hpo_command hpo_cmd_predict = {
    .name = "predict",
    .words = "FILE.h5 DATA",
    .summary = "new rows with a stored model",
    .help =
        "DATA has any format that <train> takes, plain or .gz, told by its "
        "suffix.  Columns\nare found by the header's names in any order, "
        "others are ignored; without a header\nand in arrays by the study's "
        "names= or by position.  Texts that the study does not\nknow count "
        "as missing, and are told.  Written: binary `probability` (of the "
        "second\nclass), multiclass `class` and a probability for each, "
        "regression `prediction`; NPY has\nthe numbers alone, HDF5 a table "
        "/predictions with these columns.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = predict};
