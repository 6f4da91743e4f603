/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune importance: which parameters mattered. */
#include "hpo/importance.h"
#include "cmd/cmd.h"
#include "cmd/stored.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const hpo_arg arguments[] = {
    {"method", "M", "fanova (default) or ped-anova"},
    {"objective", "METRIC|K", "for this objective (the first: 0)"},
    {"model", "best|N", "of the data's features in this trial's model"},
    {"format", "F", "table (default), csv or json"}};

/* Names and scores as a table of a column each. */
static hpo_status print(const char *what, const hpo_names *name,
                        const char *const *kind, size_t kinds,
                        const double *score, const char *format,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  hpo_names columns = {0};
  hpo_buffer text = {0};
  hpo_table_format form = HPO_FORMAT_TABLE;
  size_t *row = NULL;

  HPO_TRY(status, hpo_table_format_find(format, &form, err));
  HPO_TRY(status, hpo_mem_new(name->n, sizeof *row, &row, err));
  HPO_TRY(status, hpo_record_create("importance", &r, err));
  HPO_TRY(status, hpo_names_add(&columns, what, err));
  HPO_TRY(status, hpo_record_add(r, what, HPO_FIELD_TEXT, 256, NULL, name->n,
                                 "", "", err));
  for (size_t k = 0; k < kinds; k++) {
    HPO_TRY(status, hpo_names_add(&columns, kind[k], err));
    HPO_TRY(status, hpo_record_add(r, kind[k], HPO_FIELD_FLOAT, 0, NULL,
                                   name->n, "", "", err));
  }
  for (size_t i = 0; i < name->n; i++) {
    row[i] = i;
    hpo_field_set_text(&r->field[0], i, name->item[i]);
    for (size_t k = 0; k < kinds; k++)
      hpo_field_set_number(&r->field[k + 1], i, score[i * kinds + k]);
  }
  HPO_TRY(status,
          hpo_report_rows(r, &columns, row, name->n, form, &text, err));
  fwrite(text.byte, 1, text.n, stdout);
done:
  hpo_mem_free(row);
  hpo_buffer_free(&text);
  hpo_names_free(&columns);
  hpo_record_destroy(r);
  return status;
}

static bool is_table(const char *format) {
  return !format || strcmp(format, "table") == 0;
}

static hpo_status of_features(const hpo_study_file *f, const hpo_args *args,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_features found = {0};
  const char *format = hpo_args_get(args, "format");
  size_t trial = 0;

  if (hpo_args_get(args, "method"))
    HPO_FAIL(status, err, HPO_EINVAL,
             "--method is for parameters, --model for the data's features: "
             "one of the two");
  HPO_TRY(status,
          hpo_stored_find(f, hpo_args_get(args, "model"), &trial, err));
  HPO_TRY(status, hpo_study_features(f, trial, &found, err));
  HPO_TRY(status, print("feature", &found.name, found.kind, found.n_kind,
                        found.score, format, err));
  if (is_table(format))
    printf("\n%zu features count in the model of trial %zu\n", found.name.n,
           trial);
done:
  hpo_features_free(&found);
  return status;
}

/* An objective by its metric or its number. */
static hpo_status find_objective(const hpo_study_file *f, const char *word,
                                 size_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer names = {0};
  int64_t number = -1;

  if (word == NULL)
    return HPO_OK;
  if (!hpo_options_parse_int(word, &number))
    number = -1;
  for (size_t k = 0; k < f->n_objective; k++) {
    if (number == (int64_t)k || strcmp(f->objective[k].metric, word) == 0) {
      *out = k;
      goto done;
    }
    HPO_TRY(status, hpo_buffer_format(&names, err, "%s%s", k > 0 ? ", " : "",
                                      f->objective[k].metric));
  }
  HPO_FAIL(status, err, HPO_EINVAL,
           "--objective %s: the study's objectives are %.*s", word,
           (int)names.n, (const char *)names.byte);
done:
  hpo_buffer_free(&names);
  return status;
}

static hpo_status of_parameters(const hpo_study_file *f, const hpo_args *args,
                                hpo_error *err) {
  static const char *const kind[] = {"importance"};
  hpo_status status = HPO_OK;
  hpo_importance found = {0};
  const char *name = hpo_args_get(args, "method");
  const char *format = hpo_args_get(args, "format");
  bool ped = name && strcmp(name, "ped-anova") == 0;
  size_t objective = 0;

  if (name && !ped && strcmp(name, "fanova") != 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "--method %s: allowed are fanova, ped-anova", name);
  HPO_TRY(status,
          find_objective(f, hpo_args_get(args, "objective"), &objective, err));
  HPO_TRY(status, hpo_study_importance(f, objective,
                                       ped ? HPO_IMPORTANCE_PED_ANOVA
                                           : HPO_IMPORTANCE_FANOVA,
                                       &found, err));
  if (!is_table(format)) {
    for (size_t k = 0; k < found.name.n; k++) /* the rest is noise */
      found.share[k] = round(found.share[k] * 1e6) / 1e6;
    HPO_TRY(status, print("parameter", &found.name, kind, 1, found.share,
                          format, err));
    goto done;
  }
  for (size_t k = 0; k < found.name.n; k++)
    printf("%-32s %6.1f %%\n", found.name.item[k], 100 * found.share[k]);
  printf("\n%s over %zu complete trials", ped ? "PED-ANOVA" : "fANOVA",
         found.trials);
  if (found.left_out)
    printf("; %zu parameters that some trial lacks or that do not vary are "
           "left out",
           found.left_out);
  printf("\n");
done:
  hpo_importance_free(&found);
  return status;
}

static hpo_status importance(const hpo_args *args, int *exit_code,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune importance FILE.h5");
  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  *exit_code = hpo_study_file_best(&f) < 0 ? 5 : 0;
  if (*exit_code == 5)
    fprintf(stderr, "hpotune: no trial has succeeded yet (%zu in all)\n", f.n);
  else
    HPO_TRY(status, hpo_args_get(args, "model")
                        ? of_features(&f, args, err)
                        : of_parameters(&f, args, err));
done:
  hpo_study_file_close(&f);
  return status;
}

const hpo_command hpo_cmd_importance = {
    .name = "importance",
    .words = "FILE.h5",
    .summary = "which parameters mattered, or features with --model",
    .help =
        "fANOVA (Hutter and others 2014): the share of the objective's "
        "variance that a\nparameter explains by itself, over the whole space. "
        "PED-ANOVA (Watanabe and\nothers 2023): what sets the best tenth of "
        "the trials apart; fast, and local to\nthe good region.  Shares sum "
        "to 100 %.\n--model: gain, cover, weight of each feature as "
        "XGBoost's get_score; the size of its\ncoefficient in linear "
        "models.  Exit code 5 if no trial has succeeded.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = importance};
