/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune best, show: one trial whole. */
#include "cmd/attached.h"
#include "cmd/cmd.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const hpo_arg arguments[] = {
    {"format", "F", "table (default) or json"}};

static void print_group(const hpo_study_file *f, size_t i, const char *title,
                        const char *prefix) {
  char cell[256];
  size_t n = strlen(prefix);
  bool any = false;
  for (size_t c = 0; c < f->trials->n_field; c++) {
    const hpo_field *field = &f->trials->field[c];
    if (strncmp(field->name, prefix, n) != 0)
      continue;
    hpo_report_cell(field, i, false, cell, sizeof cell);
    if (!cell[0])
      continue;
    printf("%s%s", any ? "" : title, any ? "" : "\n");
    any = true;
    printf("  %-24s %s\n", field->name + n, cell);
  }
}

/* "value.0 rmse    2.1" */
static void print_values(const hpo_study_file *f, size_t i) {
  char cell[64], name[96];

  printf("objectives\n");
  for (size_t k = 0; k < f->n_objective; k++) {
    const hpo_study_objective *o = &f->objective[k];
    hpo_report_cell(hpo_record_find(f->trials, o->column), i, false, cell,
                    sizeof cell);
    snprintf(name, sizeof name, "%s %s", o->column, o->metric);
    printf("  %-24s %s\n", name, cell);
  }
}

/* Where things lie in the file, and what is as always: --format json has
 * them. */
static bool is_inner(const hpo_field *f, size_t i) {
  static const char *const inner[] = {"crc",          "job",
                                      "model_crc",    "curve_offset",
                                      "curve_length", "model_offset"};
  for (size_t k = 0; k < sizeof inner / sizeof *inner; k++)
    if (strcmp(f->name, inner[k]) == 0)
      return true;
  return strcmp(f->name, "attempt") == 0 && hpo_field_int(f, i) == 0;
}

/* What else people ask of the row: name, value, unit. */
static void print_rest(const hpo_study_file *f, size_t i) {
  char cell[256];
  printf("trial\n");
  for (size_t c = 0; c < f->trials->n_field; c++) {
    const hpo_field *field = &f->trials->field[c];
    if (strchr(field->name, '.') || is_inner(field, i))
      continue;
    hpo_report_cell(field, i, false, cell, sizeof cell);
    bool date = strcmp(field->unit, "ns") == 0; /* printed as a date */
    if (cell[0])
      printf("  %-24s %s%s%s\n", field->name, cell,
             *field->unit && !date ? " " : "", date ? "" : field->unit);
  }
}

/* Points of fold 0: the trial's own curve, the mean where it has folds.
 * place gets their rows. */
static size_t find_means(const hpo_record *curve, size_t *place) {
  const hpo_field *fold = hpo_record_find(curve, "fold");
  size_t n = 0;

  for (size_t k = 0; k < fold->n; k++)
    if (hpo_field_int(fold, k) == 0)
      place[n++] = k;
  return n;
}

/* The curve, thinned to about ten points. */
static hpo_status print_curve(hpo_study_file *f, size_t i, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *curve = NULL;
  size_t *place = NULL;
  const hpo_field *at = hpo_record_find(f->trials, "curve_offset");
  const hpo_field *length = hpo_record_find(f->trials, "curve_length");
  int64_t n = length ? hpo_field_int(length, i) : 0;

  if (n < 1 || hpo_field_int(at, i) < 0)
    return HPO_OK;
  HPO_TRY(status, hpo_store_read(f->store, HPO_TABLE_CURVES,
                                 (size_t)hpo_field_int(at, i), (size_t)n, NULL,
                                 0, &curve, NULL, err));
  const hpo_field *step = hpo_record_find(curve, "step");
  const hpo_field *value = hpo_record_find(curve, "value");
  HPO_TRY(status, hpo_mem_new((size_t)n, sizeof *place, &place, err));
  const size_t all = find_means(curve, place);
  printf("curve (step value)\n");
  for (size_t k = 0; k < all; k++)
    if (all <= 12 || k == 0 || k == all - 1 || (k + 1) % ((all + 9) / 10) == 0)
      printf("  %6lld  %.6g\n", (long long)hpo_field_int(step, place[k]),
             hpo_field_number(value, place[k]));
done:
  hpo_mem_free(place);
  hpo_record_destroy(curve);
  return status;
}

static hpo_status print_attached(hpo_study_file *f, size_t i, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer text = {0};

  HPO_TRY(status, hpo_attached_text(f->store, (int64_t)i, &text, err));
  fwrite(text.byte ? (const char *)text.byte : "", 1, text.n, stdout);
done:
  hpo_buffer_free(&text);
  return status;
}

static hpo_status print_json(const hpo_study_file *f, size_t i,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names names = {0};
  hpo_buffer text = {0};

  for (size_t c = 0; c < f->trials->n_field; c++)
    HPO_TRY(status, hpo_names_add(&names, f->trials->field[c].name, err));
  HPO_TRY(status, hpo_report_rows(f->trials, &names, &i, 1, HPO_FORMAT_JSON,
                                  &text, err));
  fwrite(text.byte, 1, text.n, stdout);
done:
  hpo_names_free(&names);
  hpo_buffer_free(&text);
  return status;
}

static hpo_status print_trial(hpo_study_file *f, size_t i,
                              const hpo_args *args, hpo_error *err) {
  const char *format = hpo_args_get(args, "format");
  if (format && strcmp(format, "json") == 0)
    return print_json(f, i, err);
  if (format && strcmp(format, "table") != 0)
    return hpo_error_set(err, HPO_EINVAL,
                         "--format %s: allowed are table, json", format);
  print_rest(f, i);
  if (f->n_objective > 1)
    print_values(f, i);
  print_group(f, i, "parameters", "params.");
  print_group(f, i, "metrics", "metrics.");
  print_group(f, i, "test", "test.");
  print_group(f, i, "tags", "tags.");
  hpo_status status = print_attached(f, i, err);
  return status == HPO_OK ? print_curve(f, i, err) : status;
}

/* The front, the best in the first objective first. */
static hpo_status print_front(const hpo_study_file *f,
                              const hpo_study_front *front,
                              const hpo_args *args, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *format = hpo_args_get(args, "format");
  bool json = format && strcmp(format, "json") == 0;
  hpo_names columns = {0};
  hpo_buffer text = {0};
  char line[256];

  if (format && !json && strcmp(format, "table") != 0)
    HPO_FAIL(status, err, HPO_EINVAL, "--format %s: allowed are table, json",
             format);
  HPO_TRY(status, hpo_names_add(&columns, "number", err));
  for (size_t c = 0; c < f->trials->n_field; c++) {
    const char *name = f->trials->field[c].name;
    if (strncmp(name, "value.", 6) == 0 || strcmp(name, "model") == 0 ||
        strncmp(name, "params.", 7) == 0 || strcmp(name, "violation") == 0)
      HPO_TRY(status, hpo_names_add(&columns, name, err));
  }
  HPO_TRY(status, hpo_report_sort(f->trials, NULL, f->objective[0].column,
                                  f->maximize, front->row, front->n, err));
  HPO_TRY(status, hpo_report_rows(f->trials, &columns, front->row, front->n,
                                  json ? HPO_FORMAT_JSON : HPO_FORMAT_TABLE,
                                  &text, err));
  hpo_study_front_format(f, front, line, sizeof line);
  if (!json) {
    printf("front    %s\n", line);
    for (size_t k = 0; k < f->n_objective; k++)
      printf("%-8s %s %s\n", f->objective[k].column,
             f->objective[k].maximize ? "maximize" : "minimize",
             f->objective[k].metric);
  }
  fwrite(text.byte, 1, text.n, stdout);
done:
  hpo_names_free(&columns);
  hpo_buffer_free(&text);
  return status;
}

static hpo_status print_winner(hpo_study_file *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer text = {0};

  HPO_TRY(status, hpo_winner_text(f->store, &text, err));
  fwrite(text.byte ? (const char *)text.byte : "", 1, text.n, stdout);
done:
  hpo_buffer_free(&text);
  return status;
}

static hpo_status best(const hpo_args *args, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  hpo_study_front front = {0};

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune best FILE.h5");
  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  ptrdiff_t i = hpo_study_file_best(&f);
  *exit_code = i < 0 ? 5 : 0;
  if (i < 0)
    printf("no trial has succeeded yet (%zu in all)\n", f.n);
  else if (f.n_objective == 1)
    HPO_TRY(status, print_trial(&f, (size_t)i, args, err));
  else {
    HPO_TRY(status, hpo_study_front_make(&f, &front, err));
    HPO_TRY(status, print_front(&f, &front, args, err));
  }
  if (i >= 0 && !hpo_args_get(args, "format"))
    HPO_TRY(status, print_winner(&f, err));
done:
  hpo_study_front_free(&front);
  hpo_study_file_close(&f);
  return status;
}

static hpo_status show(const hpo_args *args, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  size_t i = 0;

  if (args->word.n != 2)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a trial and a study file are wanted: hpotune show 7 FILE.h5");
  HPO_TRY(status, hpo_study_file_open_trial(args->word.item[0],
                                            args->word.item[1], &f, &i, err));
  HPO_TRY(status, print_trial(&f, i, args, err));
  *exit_code = 0;
done:
  hpo_study_file_close(&f);
  return status;
}

const hpo_command hpo_cmd_best = {
    .name = "best",
    .words = "FILE.h5",
    .summary = "the best trial: parameters, metrics, curve",
    .help = "With several objectives the Pareto front as a table: the trials "
            "that no other one\nbeats in all of them.  Behind it, where the "
            "study asks for one, which trial won\nand why.  Exit code 5 if no "
            "trial has succeeded.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = best};

const hpo_command hpo_cmd_show = {
    .name = "show",
    .words = "N FILE.h5",
    .summary = "trial N: parameters, metrics, curve",
    .help = "N is a trial's number or best.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = show};
