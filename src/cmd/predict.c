/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune predict: new rows with a stored model. */
#include "cmd/cmd.h"
#include "cmd/deal.h"
#include "cmd/predict_out.h"
#include "cmd/stored.h"
#include "hpo/rows.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK_VALUES = 1 << 18 };

typedef struct job {
  const hpo_args *args;
  const char *path; /* of the output */
  hpo_stored stored;
  hpo_predictor *model;
  hpo_rows *rows;
  hpo_predict_out out;
  size_t most;       /* rows of a block */
  size_t next;       /* block that r stands before */
  float *x;          /* [most][columns] */
  double *p;         /* [most][k] */
  size_t *first_bad; /* [columns] block of the first unknown category */
} job;

/* --- blocks ---------------------------------------------------------------
 */

static hpo_status make(void *context, size_t block, hpo_buffer *out,
                       bool *more, hpo_error *err) {
  hpo_status status = HPO_OK;
  job *j = context;
  const char *first;
  size_t n = j->most;

  for (; j->next < block && n == j->most; j->next++)
    HPO_TRY(status, hpo_rows_read(j->rows, j->most, NULL, &n, err));
  *more = n == j->most;
  if (!*more)
    goto done;
  HPO_TRY(status, hpo_rows_read(j->rows, j->most, j->x, &n, err));
  j->next++;
  *more = n == j->most;
  for (size_t c = 0; c < j->stored.facts->columns; c++)
    if (j->first_bad[c] == SIZE_MAX &&
        hpo_rows_unknown(j->rows, c, &first) > 0)
      j->first_bad[c] = block;
  HPO_TRY(status,
          hpo_predictor_rows(j->model, j->x, n, j->out.margin, j->p, err));
  HPO_TRY(status, hpo_predict_out_make(&j->out, j->p, n, out, err));
done:
  return status;
}

static hpo_status take(void *context, const uint8_t *bytes, size_t n,
                       hpo_error *err) {
  job *j = context;
  return hpo_predict_out_take(&j->out, bytes, n, err);
}

/* --- categories that the study does not know -------------------------------
 */

/* A rank's first one of a column. */
typedef struct sight {
  size_t block;
  char text[128];
} sight;

static hpo_status tell_column(const job *j, const hpo_coll *w, size_t c,
                              int64_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  sight mine = {.block = j->first_bad[c]}, *all = NULL;
  size_t *count = NULL;
  const char *first = NULL;

  if (hpo_rows_unknown(j->rows, c, &first) > 0)
    snprintf(mine.text, sizeof mine.text, "%s", first);
  if (w->size > 1) {
    HPO_TRY(status, hpo_mem_new((size_t)w->size, sizeof *count, &count, err));
    HPO_TRY(status, w->gather(w->self, &mine, sizeof mine, &all, count, err));
  }
  for (int i = 0; all && i < w->size; i++)
    mine = all[i].block < mine.block ? all[i] : mine;
  if (w->rank == 0)
    fprintf(stderr,
            "hpotune: column '%s': %lld values that the study does not "
            "know are taken as missing; the first is '%s'\n",
            j->stored.facts->column[c].name, (long long)n, mine.text);
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

static hpo_status tell_unknown(const job *j, const hpo_coll *w,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t columns = j->stored.facts->columns;
  int64_t *n = NULL;
  const char *first;

  HPO_TRY(status, hpo_mem_new(columns, sizeof *n, &n, err));
  for (size_t c = 0; c < columns; c++)
    n[c] = hpo_rows_unknown(j->rows, c, &first);
  if (w->size > 1)
    HPO_TRY(status, w->sum(w->self, n, columns, err));
  for (size_t c = 0; c < columns; c++)
    if (n[c] > 0)
      HPO_TRY(status, tell_column(j, w, c, n[c], err));
done:
  hpo_mem_free(n);
  return status;
}

/* --- the whole -------------------------------------------------------------
 */

/* In an HDF5 file: as told, else as the study's first one. */
static const char *dataset_of(const hpo_args *args, const hpo_stored *s) {
  const char *given = hpo_args_get(args, "dataset");

  return given ? given : s->dataset.n > 0 ? s->dataset.item[0] : "";
}

static hpo_status open_rows(job *j, int ranks, hpo_error *err) {
  const char *path = j->args->word.item[1];
  const char *format = hpo_args_get(j->args, "input-format");

  if (strcmp(path, "-") == 0) {
    path = "/dev/stdin";
    format = format ? format : "csv";
    if (ranks > 1)
      return hpo_error_set(err, HPO_EINVAL,
                           "DATA -: %d ranks cannot share standard input; "
                           "give a file",
                           ranks);
  }
  return hpo_rows_open(path, format ? format : "", j->stored.like,
                       dataset_of(j->args, &j->stored), j->stored.facts,
                       &j->stored.missing, &j->stored.names, &j->rows, err);
}

static hpo_status open_all(job *j, const hpo_coll *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_args *args = j->args;

  HPO_TRY(status,
          hpo_stored_open(args->word.item[0], hpo_args_get(args, "model"),
                          &j->stored, err));
  if (hpo_args_get(args, "library"))
    HPO_TRY(status,
            hpo_stored_plug(&j->stored, hpo_args_get(args, "library"), err));
  HPO_TRY(status, hpo_stored_predictor(&j->stored, &j->model, err));
  HPO_TRY(status, open_rows(j, w->size, err));
  size_t columns = j->stored.facts->columns;
  j->out.facts = j->stored.facts;
  j->out.k = hpo_predictor_outputs(j->model);
  j->most = BLOCK_VALUES / (columns + j->out.k) + 1;
  HPO_TRY(status, hpo_mem_new(j->most * columns, sizeof *j->x, &j->x, err));
  HPO_TRY(status, hpo_mem_new(j->most * j->out.k, sizeof *j->p, &j->p, err));
  HPO_TRY(status,
          hpo_mem_new(columns, sizeof *j->first_bad, &j->first_bad, err));
  memset(j->first_bad, 0xFF, columns * sizeof *j->first_bad);
  if (w->rank == 0)
    HPO_TRY(status, hpo_predict_out_open(&j->out, j->path, err));
done:
  return status;
}

static hpo_status work(void *context, const hpo_coll *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  job *j = context;
  const hpo_dealing dealing = {.context = j, .make = make, .take = take};

  HPO_TRY(status, hpo_deal_agree(w, open_all(j, w, err), err));
  HPO_TRY(status, hpo_deal(w, &dealing, err));
  status = w->rank == 0 ? hpo_predict_out_finish(&j->out, err) : HPO_OK;
  HPO_TRY(status, hpo_deal_agree(w, status, err));
  HPO_TRY(status, tell_unknown(j, w, err));
done: /* before any rank leaves and mpirun ends this one */
  hpo_predict_out_close(&j->out);
  return status;
}

static hpo_status predict(const hpo_args *args, int *exit_code,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  job j = {.args = args, .path = hpo_args_get(args, "o")};

  *exit_code = 0;
  j.path = j.path ? j.path : "-";
  if (args->word.n != 2)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a study file and a data file are wanted: hpotune predict "
             "FILE.h5 DATA");
  j.out.margin = hpo_args_get(args, "margin") != NULL;
  HPO_TRY(status, hpo_predict_form_find(hpo_args_get(args, "format"), j.path,
                                        &j.out.form, err));
  HPO_TRY(status, hpo_deal_start(work, &j, err));
done:
  hpo_rows_close(j.rows);
  hpo_predictor_destroy(j.model);
  hpo_stored_close(&j.stored);
  hpo_mem_free(j.x);
  hpo_mem_free(j.p);
  hpo_mem_free(j.first_bad);
  return status;
}

static const hpo_arg arguments[] = {
    {"model", "M", "whose model: best (unless given), winner, refit or N"},
    {"o", "FILE", "where to; standard output unless given"},
    {"library", "FILE.so", "of a plugin's model; the study's unless given"},
    {"input-format", "F",
     "of DATA: csv, tsv, libsvm, npy, idx, hdf5; by its suffix, else the "
     "study's"},
    {"dataset", "/X", "of DATA in HDF5; the study's own unless given"},
    {"margin", NULL, "before sigmoid or softmax"},
    {"format", "F", "csv, npy or hdf5; by the suffix of -o FILE, else csv"}};

const hpo_command hpo_cmd_predict = {
    .name = "predict",
    .words = "FILE.h5 DATA",
    .summary = "new rows with a stored model",
    .help = "DATA has any format that <train> takes, plain or .gz, told by "
            "--input-format, its\n"
            "suffix or else as the study's own; - is standard input, CSV.  "
            "Columns are found by the "
            "header's names in any\n"
            "order, others are ignored; without a header and in arrays by the "
            "study's names= or\n"
            "by position.  Texts that the study does not know count as "
            "missing, and are told.\n"
            "Written: binary `probability` (of the second class), multiclass "
            "`class` and a\n"
            "probability for each, regression `prediction`; NPY has the "
            "numbers alone, HDF5 a\n"
            "table /predictions with these columns.\n"
            "Under mpirun the ranks share the work; the output is the same, "
            "byte for byte.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .run = predict};
