/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune predict: new rows with a stored model. */
#include "cmd/cmd.h"
#include "cmd/stored.h"
#include "cmd/table_writer.h"
#include "hpo/rows.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK_VALUES = 1 << 18 };

typedef struct job {
  hpo_stored stored;
  hpo_predictor *model;
  hpo_rows *rows;
  hpo_sink sink;
  hpo_buffer text;
  float *x;  /* [most][columns] */
  double *p; /* [most][k] */
  size_t most, k;
  hpo_row n;
  bool margin, npy;
} job;

static hpo_status put_head(job *j, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = j->stored.facts;
  const char *what = j->margin ? "margin" : "probability";
  char *name = NULL;

  if (j->npy)
    return hpo_put_npy_head(&j->text, j->n, j->k > 1 ? j->k : 0, err);
  if (j->k == 1)
    return hpo_buffer_format(&j->text, err, "%s\n",
                             d->n_class == 0 ? "prediction" : what);
  HPO_TRY(status, hpo_buffer_format(&j->text, err, "class"));
  for (size_t c = 0; c < j->k; c++) {
    HPO_TRY(status,
            hpo_mem_format(&name, err, "%s_%s", what, d->class_name[c]));
    HPO_TRY(status, hpo_buffer_add(&j->text, ",", 1, err));
    HPO_TRY(status, hpo_put_csv(&j->text, name, err));
    hpo_mem_free(name);
    name = NULL;
  }
  HPO_TRY(status, hpo_buffer_add(&j->text, "\n", 1, err));
done:
  hpo_mem_free(name);
  return status;
}

static hpo_status put_number(job *j, double x, char end, hpo_error *err) {
  char text[48];
  int n = snprintf(text, sizeof text, "%.9g%c", x == 0 ? 0 : x, end);

  return hpo_buffer_add(&j->text, text, (size_t)n, err);
}

static hpo_status put_row(job *j, const double *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t top = 0;

  if (j->npy) {
    for (size_t c = 0; c < j->k; c++)
      HPO_TRY(status, hpo_put_npy_value(&j->text, p[c], err));
    return HPO_OK;
  }
  for (size_t c = 1; c < j->k; c++)
    top = p[c] > p[top] ? c : top;
  if (j->k > 1) {
    HPO_TRY(status,
            hpo_put_csv(&j->text, j->stored.facts->class_name[top], err));
    HPO_TRY(status, hpo_buffer_add(&j->text, ",", 1, err));
  }
  for (size_t c = 0; c < j->k; c++)
    HPO_TRY(status, put_number(j, p[c], c + 1 < j->k ? ',' : '\n', err));
done:
  return status;
}

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
  size_t columns = j->stored.facts->columns, n = 1;

  j->k = hpo_predictor_outputs(j->model);
  j->most = BLOCK_VALUES / (columns + j->k) + 1;
  HPO_TRY(status, hpo_mem_new(j->most * columns, sizeof *j->x, &j->x, err));
  HPO_TRY(status, hpo_mem_new(j->most * j->k, sizeof *j->p, &j->p, err));
  HPO_TRY(status, put_head(j, err));
  for (;;) {
    HPO_TRY(status, hpo_rows_read(j->rows, j->most, j->x, &n, err));
    if (n == 0)
      break;
    HPO_TRY(status,
            hpo_predictor_rows(j->model, j->x, n, j->margin, j->p, err));
    for (size_t i = 0; i < n; i++)
      HPO_TRY(status, put_row(j, j->p + i * j->k, err));
    HPO_TRY(status, hpo_sink_write(&j->sink, &j->text, err));
    j->n += (hpo_row)n;
  }
  if (j->npy) { /* now that the number of rows is known */
    rewind(j->sink.stream);
    HPO_TRY(status, put_head(j, err));
  }
  HPO_TRY(status, hpo_sink_write(&j->sink, &j->text, err));
done:
  return status;
}

static hpo_status read_format(const hpo_args *args, const char *path, job *j,
                              hpo_error *err) {
  const char *format = hpo_args_get(args, "format");
  size_t n = strlen(path);

  j->npy = format ? strcmp(format, "npy") == 0
                  : n > 4 && strcmp(path + n - 4, ".npy") == 0;
  if (format && !j->npy && strcmp(format, "csv") != 0)
    return hpo_error_set(err, HPO_EINVAL, "--format %s: allowed are csv, npy",
                         format);
  if (j->npy && strcmp(path, "-") == 0)
    return hpo_error_set(err, HPO_EINVAL,
                         "--format npy needs a file: -o FILE");
  return HPO_OK;
}

static hpo_status predict(const hpo_args *args, int *exit_code,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *path = hpo_args_get(args, "o") ? hpo_args_get(args, "o") : "-";
  job j = {.n = 0};

  *exit_code = 0;
  if (args->word.n != 2)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a study file and a data file are wanted: hpotune predict "
             "FILE.h5 DATA");
  j.margin = hpo_args_get(args, "margin") != NULL;
  HPO_TRY(status, read_format(args, path, &j, err));
  HPO_TRY(status,
          hpo_stored_open(args->word.item[0], hpo_args_get(args, "model"),
                          &j.stored, err));
  HPO_TRY(status, hpo_stored_predictor(&j.stored, &j.model, err));
  HPO_TRY(status,
          hpo_rows_open(args->word.item[1], j.stored.facts, &j.stored.missing,
                        &j.stored.names, &j.rows, err));
  HPO_TRY(status, hpo_sink_open(&j.sink, path, err));
  HPO_TRY(status, predict_rows(&j, err));
  HPO_TRY(status, hpo_sink_finish(&j.sink, err));
  tell_unknown(&j);
done:
  hpo_sink_close(&j.sink);
  hpo_rows_close(j.rows);
  hpo_predictor_destroy(j.model);
  hpo_stored_close(&j.stored);
  hpo_buffer_free(&j.text);
  hpo_mem_free(j.x);
  hpo_mem_free(j.p);
  return status;
}

static const hpo_arg arguments[] = {
    {"model", "best|N", "whose model; best unless given"},
    {"o", "FILE", "where to; standard output unless given"},
    {"margin", NULL, "before sigmoid or softmax"},
    {"format", "F", "csv or npy; by the suffix of -o FILE, else csv"}};

const hpo_command hpo_cmd_predict = {
    .name = "predict",
    .words = "FILE.h5 DATA",
    .summary = "new rows with a stored model",
    .help =
        "DATA is CSV or TSV, plain or .gz.  Columns are found by the header's "
        "names in any\norder, others are ignored; without a header by "
        "position.  Texts that the study does\nnot know count as missing, "
        "and are told.  Written: binary `probability` (of the\nsecond "
        "class), multiclass `class` and a probability for each, regression\n"
        "`prediction`.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = predict};
