/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune compare: several trials side by side. */
#include "cmd/cmd.h"
#include "hpo/mem.h"
#include "hpo/report.h"

#include <stdio.h>
#include <string.h>

static hpo_status read_trials(const hpo_args *args, const hpo_study_file *f,
                              size_t *row, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < n; i++)
    HPO_TRY(status, hpo_study_file_trial(f, args->word.item[i], &row[i], err));
done:
  return status;
}

/* Where a column belongs in the comparison: the value, metrics, parameters,
 * the rest; 4: says nothing to people. */
static int group_of(const char *name) {
  static const char *const hidden[] = {
      "crc",          "model_crc",    "model_offset", "model_length",
      "curve_offset", "curve_length", "number"};

  for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
    if (strcmp(name, hidden[i]) == 0)
      return 4;
  if (strncmp(name, "value", 5) == 0 || strcmp(name, "violation") == 0 ||
      strcmp(name, "state") == 0)
    return 0;
  if (strncmp(name, "metrics.", 8) == 0)
    return 1;
  if (strncmp(name, "params.", 7) == 0 || strcmp(name, "model") == 0)
    return 2;
  return 3;
}

static bool differs(const hpo_field *f, const size_t *row, size_t n) {
  char first[256], other[256];

  hpo_report_cell(f, row[0], true, first, sizeof first);
  for (size_t i = 1; i < n; i++) {
    hpo_report_cell(f, row[i], true, other, sizeof other);
    if (strcmp(first, other) != 0)
      return true;
  }
  return false;
}

/* A table with a row for each column that is shown, and a column for each
 * trial: what differs, then (all) what does not. */
static hpo_status add_cells(const hpo_study_file *f, const hpo_field **shown,
                            size_t n_shown, size_t trial, bool full,
                            hpo_record *to, hpo_error *err) {
  enum { ROOM = 256 };
  hpo_status status = HPO_OK;
  char *cells = NULL, name[32], cell[ROOM];

  HPO_TRY(status, hpo_mem_new(n_shown, ROOM, &cells, err));
  for (size_t i = 0; i < n_shown; i++) {
    hpo_report_cell(shown[i], trial, full, cell, sizeof cell);
    if (strcmp(shown[i]->name, "state") == 0)
      hpo_study_file_state(f, trial, cell, sizeof cell);
    memcpy(cells + i * ROOM, cell, strlen(cell));
  }
  snprintf(name, sizeof name, "%zu", trial);
  HPO_TRY(status, hpo_record_add(to, name, HPO_FIELD_TEXT, ROOM, cells,
                                 n_shown, "", "", err));
done:
  hpo_mem_free(cells);
  return status;
}

static size_t choose(const hpo_study_file *f, const size_t *row, size_t n,
                     bool all, const hpo_field **shown) {
  size_t n_shown = 0;

  for (int same = 0; same <= (all ? 1 : 0); same++)
    for (int group = 0; group < 4; group++)
      for (size_t c = 0; c < f->trials->n_field; c++) {
        const hpo_field *field = &f->trials->field[c];
        if (group_of(field->name) == group &&
            differs(field, row, n) == (same == 0))
          shown[n_shown++] = field;
      }
  return n_shown;
}

static hpo_status make_table(const hpo_study_file *f, const size_t *row,
                             size_t n, bool all, bool full, hpo_record *to,
                             size_t *n_shown, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field **shown = NULL;
  char *names = NULL;
  enum { ROOM = 256 };

  HPO_TRY(status, hpo_mem_new(f->trials->n_field, sizeof *shown, &shown, err));
  *n_shown = choose(f, row, n, all, shown);
  HPO_TRY(status, hpo_mem_new(*n_shown + 1, ROOM, &names, err));
  for (size_t i = 0; i < *n_shown; i++)
    snprintf(names + i * ROOM, ROOM, "%s", shown[i]->name);
  if (*n_shown > 0)
    HPO_TRY(status, hpo_record_add(to, "trial", HPO_FIELD_TEXT, ROOM, names,
                                   *n_shown, "", "", err));
  for (size_t i = 0; *n_shown > 0 && i < n; i++)
    HPO_TRY(status, add_cells(f, shown, *n_shown, row[i], full, to, err));
done:
  hpo_mem_free(shown);
  hpo_mem_free(names);
  return status;
}

/* The trials as they are: the columns that are shown, as typed values. */
static hpo_status print_rows(const hpo_study_file *f, const size_t *row,
                             size_t n, bool all, hpo_buffer *text,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field **shown = NULL;
  hpo_names names = {0};

  HPO_TRY(status, hpo_mem_new(f->trials->n_field, sizeof *shown, &shown, err));
  size_t n_shown = choose(f, row, n, all, shown);
  HPO_TRY(status, hpo_names_add(&names, "number", err));
  for (size_t i = 0; i < n_shown; i++)
    HPO_TRY(status, hpo_names_add(&names, shown[i]->name, err));
  HPO_TRY(status, hpo_report_rows(f->trials, &names, row, n, HPO_FORMAT_JSON,
                                  text, err));
done:
  hpo_names_free(&names);
  hpo_mem_free(shown);
  return status;
}

static hpo_status print_table(const hpo_study_file *f, const size_t *row,
                              size_t n, bool all, hpo_table_format format,
                              hpo_buffer *text, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *table = NULL;
  hpo_names names = {0};
  size_t *line = NULL, n_line = 0;

  HPO_TRY(status, hpo_record_create("compare", &table, err));
  HPO_TRY(status, make_table(f, row, n, all, format != HPO_FORMAT_TABLE, table,
                             &n_line, err));
  if (n_line == 0)
    HPO_TRY(status, hpo_buffer_format(text, err, "nothing differs\n"));
  for (size_t c = 0; c < table->n_field; c++)
    HPO_TRY(status, hpo_names_add(&names, table->field[c].name, err));
  HPO_TRY(status, hpo_mem_new(n_line, sizeof *line, &line, err));
  for (size_t i = 0; i < n_line; i++)
    line[i] = i;
  if (n_line > 0)
    HPO_TRY(status,
            hpo_report_rows(table, &names, line, n_line, format, text, err));
done:
  hpo_mem_free(line);
  hpo_names_free(&names);
  hpo_record_destroy(table);
  return status;
}

static hpo_status check_twice(const size_t *row, size_t n, hpo_error *err) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < i; k++)
      if (row[i] == row[k])
        return hpo_error_set(err, HPO_EINVAL, "trial %zu is named twice",
                             row[i]);
  return HPO_OK;
}

static hpo_status compare(const hpo_args *args, int *exit_code,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  hpo_buffer text = {0};
  hpo_table_format format;
  size_t *row = NULL, n = args->word.n;
  bool all = hpo_args_get(args, "all") != NULL;

  *exit_code = 0;
  if (n < 3)
    HPO_FAIL(status, err, HPO_EINVAL,
             "two or more trials and a study file are wanted: hpotune "
             "compare 3 17 FILE.h5");
  n--;
  HPO_TRY(status,
          hpo_table_format_find(hpo_args_get(args, "format"), &format, err));
  HPO_TRY(status, hpo_study_file_open(args->word.item[n], &f, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *row, &row, err));
  HPO_TRY(status, read_trials(args, &f, row, n, err));
  HPO_TRY(status, check_twice(row, n, err));
  if (format == HPO_FORMAT_JSON)
    HPO_TRY(status, print_rows(&f, row, n, all, &text, err));
  else
    HPO_TRY(status, print_table(&f, row, n, all, format, &text, err));
  fwrite(text.byte, 1, text.n, stdout);
done:
  hpo_mem_free(row);
  hpo_buffer_free(&text);
  hpo_study_file_close(&f);
  return status;
}

static const hpo_arg arguments[] = {
    {"all", NULL, "also what does not differ, behind what does"},
    {"format", "F", "table (default), csv or json"}};

const hpo_command hpo_cmd_compare = {
    .name = "compare",
    .words = "N M... FILE.h5",
    .summary = "trials side by side: what differs",
    .help = "N and M are trials' numbers or best.  State, value and metrics "
            "come first, then parameters, then the "
            "rest.  table and csv have\na column for each trial, json an "
            "object for each.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = compare};
