/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune export: a stored model or the trials, for other programs. */
#include "cmd/cmd.h"
#include "cmd/interchange.h"
#include "cmd/stored.h"
#include "cmd/table_writer.h"
#include "hpo/doc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static hpo_status write_out(const char *path, hpo_buffer *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sink sink = {0};

  if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO) == 1 && b->n > 0 &&
      memchr(b->byte, 0, b->n))
    HPO_FAIL(status, err, HPO_EINVAL,
             "the model is no text, and standard output a terminal: -o FILE");
  HPO_TRY(status, hpo_sink_open(&sink, path, err));
  HPO_TRY(status, hpo_sink_write(&sink, b, err));
  HPO_TRY(status, hpo_sink_finish(&sink, err));
done:
  hpo_sink_close(&sink);
  return status;
}

static hpo_status as_stored(const hpo_stored *s, hpo_buffer *out,
                            hpo_error *err) {
  return hpo_buffer_add(out, s->bytes.byte, s->bytes.n, err);
}

static hpo_status as_xgboost_json(const hpo_stored *s, hpo_buffer *out,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_doc d = {.kind = HPO_DOC_NULL};

  HPO_TRY(status, hpo_doc_read_ubjson(s->bytes.byte, s->bytes.n, &d, err));
  HPO_TRY(status, hpo_doc_write_json(&d, out, err));
  HPO_TRY(status, hpo_buffer_add(out, "\n", 1, err));
done:
  hpo_doc_free(&d);
  return status;
}

static hpo_status as_c(const hpo_stored *s, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_predictor *p = NULL;

  HPO_TRY(status, hpo_stored_predictor(s, &p, err));
  HPO_TRY(status, hpo_predictor_write_c(p, out, err));
done:
  hpo_predictor_destroy(p);
  return status;
}

typedef struct form {
  const char *name, *stored; /* stored: model_format wanted; NULL: any */
  hpo_status (*make)(const hpo_stored *s, hpo_buffer *out, hpo_error *err);
} form;

static const form forms[] = {{"xgboost-ubj", "xgboost-ubj", as_stored},
                             {"xgboost-json", "xgboost-ubj", as_xgboost_json},
                             {"json", "json", as_stored},
                             {"plugin", "plugin", as_stored},
                             {"c", NULL, as_c}};
enum { N_FORMS = sizeof forms / sizeof *forms };

static hpo_status find_form(const char *name, const hpo_stored *s,
                            const form **out, hpo_error *err) {
  const char *names[N_FORMS];

  for (size_t i = 0; i < N_FORMS; i++) {
    names[i] = forms[i].name;
    if (strcmp(name ? name : s->format, forms[i].name) != 0)
      continue;
    if (forms[i].stored && strcmp(forms[i].stored, s->format) != 0)
      return hpo_error_set(err, HPO_EINVAL,
                           "format %s: the model of trial %zu is stored as "
                           "%s; allowed are %s",
                           name, s->trial, s->format,
                           strcmp(s->format, "json") == 0 ? "json, c"
                           : strcmp(s->format, "plugin") == 0
                               ? "plugin"
                               : "xgboost-ubj, xgboost-json, c");
    *out = &forms[i];
    return HPO_OK;
  }
  const char *near = name ? hpo_options_nearest(name, names, N_FORMS) : NULL;
  return hpo_error_set(err, HPO_EINVAL,
                       "--format %s: allowed are xgboost-ubj, xgboost-json, "
                       "json, plugin, c%s%s%s",
                       name ? name : s->format, near ? "; did you mean " : "",
                       near ? near : "", near ? "?" : "");
}

/* As told, else by the file's suffix, else as stored. */
static const char *format_of(const hpo_args *args, const char *path,
                             const hpo_stored *s) {
  const char *told = hpo_args_get(args, "format");
  const char *dot = strrchr(path, '.');

  if (told || !dot)
    return told;
  if (strcmp(dot, ".c") == 0)
    return "c";
  if (strcmp(dot, ".ubj") == 0)
    return "xgboost-ubj";
  return strcmp(dot, ".json") == 0 && strcmp(s->format, "xgboost-ubj") == 0
             ? "xgboost-json"
             : NULL;
}

static hpo_status export_model(const hpo_args *args, const char *path,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_stored s = {.trial = 0};
  hpo_buffer out = {0};
  const form *f = NULL;

  HPO_TRY(status, hpo_stored_open(args->word.item[0],
                                  hpo_args_get(args, "model"), &s, err));
  HPO_TRY(status, find_form(format_of(args, path, &s), &s, &f, err));
  HPO_TRY(status, f->make(&s, &out, err));
  HPO_TRY(status, write_out(path, &out, err));
done:
  hpo_buffer_free(&out);
  hpo_stored_close(&s);
  return status;
}

static hpo_status export_trials(const hpo_args *args, const char *path,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  hpo_names names = {0};
  hpo_buffer text = {0};
  size_t *row = NULL, n = 0;
  const char *format = hpo_args_get(args, "trials");

  if (strcmp(format, "csv") != 0)
    HPO_FAIL(status, err, HPO_EINVAL, "--trials %s: allowed is csv", format);
  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  for (size_t c = 0; c < f.trials->n_field; c++)
    HPO_TRY(status, hpo_names_add(&names, f.trials->field[c].name, err));
  HPO_TRY(status, hpo_mem_new(f.n, sizeof *row, &row, err));
  for (size_t i = 0; i < f.n; i++)
    if (f.good[i])
      row[n++] = i;
  HPO_TRY(status, hpo_report_rows(f.trials, &names, row, n, HPO_FORMAT_CSV,
                                  &text, err));
  HPO_TRY(status, write_out(path, &text, err));
done:
  hpo_mem_free(row);
  hpo_names_free(&names);
  hpo_buffer_free(&text);
  hpo_study_file_close(&f);
  return status;
}

static hpo_status export_study(const hpo_args *args, const char *to,
                               const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool mlflow = strcmp(to, "mlflow") == 0;
  hpo_traded t = {.n_param = 0};
  hpo_buffer text = {0};

  if (!mlflow && strcmp(to, "optuna") != 0)
    HPO_FAIL(status, err, HPO_EINVAL, "--to %s: allowed are optuna, mlflow",
             to);
  if (mlflow && strcmp(path, "-") == 0)
    HPO_FAIL(status, err, HPO_EINVAL, "--to mlflow needs a folder: -o FOLDER");
  HPO_TRY(status, hpo_traded_open(args->word.item[0], &t, err));
  if (mlflow) {
    HPO_TRY(status, hpo_export_mlflow(&t, path, err));
  } else {
    HPO_TRY(status, hpo_export_optuna(&t, &text, err));
    HPO_TRY(status, write_out(path, &text, err));
  }
done:
  hpo_buffer_free(&text);
  hpo_traded_close(&t);
  return status;
}

static hpo_status export(const hpo_args *args, int *exit_code,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *path = hpo_args_get(args, "o") ? hpo_args_get(args, "o") : "-";
  const char *to = hpo_args_get(args, "to");
  const char *trials = hpo_args_get(args, "trials");

  *exit_code = 0;
  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune export FILE.h5 -o MODEL");
  if ((trials || to) && (hpo_args_get(args, "model") ||
                         hpo_args_get(args, "format") || (trials && to)))
    HPO_FAIL(status, err, HPO_EINVAL,
             "--%s stands alone, without --model, --format and --%s",
             to ? "to" : "trials", to ? "trials" : "to");
  if (to)
    HPO_TRY(status, export_study(args, to, path, err));
  else if (trials)
    HPO_TRY(status, export_trials(args, path, err));
  else
    HPO_TRY(status, export_model(args, path, err));
done:
  return status;
}

static const hpo_arg arguments[] = {
    {"model", "M", "whose model: best (unless given), winner, refit or N"},
    {"format", "F",
     "xgboost-ubj, xgboost-json, json, plugin or c; unless given by\n"
     "                         FILE.json, FILE.ubj or FILE.c, else as stored"},
    {"trials", "csv", "all trials instead, all columns"},
    {"to", "PROGRAM",
     "optuna (a journal file) or mlflow (a folder): the whole study"},
    {"o", "FILE", "where to; standard output unless given"}};

const hpo_command hpo_cmd_export = {
    .name = "export",
    .words = "FILE.h5",
    .summary = "a stored model, or the trials, for other programs",
    .help =
        "xgboost-ubj and xgboost-json (gbt) are what "
        "xgboost.Booster.load_model takes,\njson (logistic, linear) has "
        "scikit-learn's arrays, plugin is what the library\nsaved, c is a C "
        "source that predicts without a library: hpotune_predict, and\nwith "
        "-DHPOTUNE_MAIN a main that reads rows of numbers (commas, tabs or "
        "blanks\nbetween them; nothing, nan or NA: missing).\n"
        "--to optuna: optuna.load_study(study_name=..., "
        "storage=JournalStorage(\n"
        "JournalFileStorage(FILE))).  --to mlflow: mlflow ui "
        "--backend-store-uri FOLDER.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = export};
