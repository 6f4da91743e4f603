/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune list: trials as a table. */
#include "cmd/cmd.h"
#include "hpo/mem.h"
#include "hpo/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Columns where --columns is not given: what a person looks for first. */
static hpo_status default_columns(const hpo_study_file *f, hpo_names *out,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  static const char *const first[] = {"number", "state"};
  static const char *const last[] = {"steps", "wall"};

  for (size_t i = 0; i < 2; i++)
    HPO_TRY(status, hpo_names_add(out, first[i], err));
  for (size_t i = 0; i < f->trials->n_field; i++) {
    const char *name = f->trials->field[i].name;
    if (strncmp(name, "value", 5) == 0 || strcmp(name, "violation") == 0 ||
        strcmp(name, "model") == 0 || strncmp(name, "test.", 5) == 0 ||
        strncmp(name, "params.", 7) == 0 || strncmp(name, "tags.", 5) == 0)
      HPO_TRY(status, hpo_names_add(out, name, err));
  }
  for (size_t i = 0; i < 2; i++)
    HPO_TRY(status, hpo_names_add(out, last[i], err));
done:
  return status;
}

/* "a,b c": commas or blanks; "params" and "metrics" stand for their group,
 * "all" for every column. */
static hpo_status read_columns(const hpo_study_file *f, const char *text,
                               hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char word[256];

  while (*text) {
    size_t n = strcspn(text, ", ");
    snprintf(word, sizeof word, "%.*s", (int)n, text);
    text += n + (text[n] != 0);
    if (!n)
      continue;
    bool group = false;
    for (size_t i = 0; i < f->trials->n_field; i++) {
      const char *name = f->trials->field[i].name;
      if (strcmp(word, "all") == 0 || (strncmp(name, word, n) == 0 &&
                                       name[n] == '.' && !strchr(word, '.'))) {
        group = true;
        HPO_TRY(status, hpo_names_add(out, name, err));
      }
    }
    if (!group)
      HPO_TRY(status, hpo_names_add(out, word, err));
  }
done:
  return status;
}

/* What a column is of: an objective by its values or by its metric, NULL: by
 * neither. */
static const hpo_study_objective *find_objective(const hpo_study_file *f,
                                                 const char *column) {
  const bool is_metric = strncmp(column, "metrics.", 8) == 0;

  for (size_t k = 0; k < f->n_objective; k++)
    if (strcmp(column, f->objective[k].column) == 0 ||
        (is_metric && strcmp(column + 8, f->objective[k].metric) == 0))
      return &f->objective[k];
  return NULL;
}

/* By an objective: the best first, as `best` ranks them: complete trials, by
 * their violation, before all others. */
static hpo_status sort_rows(const hpo_study_file *f, const char *sort,
                            size_t *row, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_study_objective *by = NULL;
  double *before = NULL;
  hpo_outcome o;

  if (strcmp(sort, "value") == 0)
    sort = hpo_study_file_value(f);
  by = find_objective(f, sort);
  if (by) {
    HPO_TRY(status, hpo_mem_new(f->n, sizeof *before, &before, err));
    for (size_t i = 0; i < f->n; i++)
      before[i] = hpo_study_file_outcome(f, i, &o) ? o.violation : INFINITY;
  }
  HPO_TRY(status, hpo_report_sort(f->trials, before, sort, by && by->maximize,
                                  row, n, err));
done:
  hpo_mem_free(before);
  return status;
}

static hpo_status select_rows(const hpo_study_file *f, const hpo_args *args,
                              size_t *row, size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_filter *filter = NULL;
  const char *where = hpo_args_get(args, "where");
  const char *sort = hpo_args_get(args, "sort");
  const char *limit = hpo_args_get(args, "limit");
  int64_t most = INT64_MAX;

  if (limit && (!hpo_options_parse_int(limit, &most) || most < 0))
    HPO_FAIL(status, err, HPO_EINVAL, "--limit %s is no count", limit);
  if (where)
    HPO_TRY(status, hpo_filter_create(where, f->trials, &filter, err));
  *n = 0;
  for (size_t i = 0; i < f->n; i++)
    if (f->good[i] && (!filter || hpo_filter_match(filter, f->trials, i)))
      row[(*n)++] = i;
  if (sort)
    HPO_TRY(status, sort_rows(f, sort, row, *n, err));
  if (*n > (size_t)most)
    *n = (size_t)most;
done:
  hpo_filter_destroy(filter);
  return status;
}

static hpo_status list_file(const char *path, const hpo_args *args,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  hpo_names columns = {0};
  hpo_buffer text = {0};
  size_t *row = NULL, n = 0;
  hpo_table_format format;
  const char *wanted = hpo_args_get(args, "columns");

  HPO_TRY(status,
          hpo_table_format_find(hpo_args_get(args, "format"), &format, err));
  HPO_TRY(status, hpo_study_file_open(path, &f, err));
  HPO_TRY(status, hpo_mem_new(f.n, sizeof *row, &row, err));
  HPO_TRY(status, select_rows(&f, args, row, &n, err));
  if (wanted)
    HPO_TRY(status, read_columns(&f, wanted, &columns, err));
  else
    HPO_TRY(status, default_columns(&f, &columns, err));
  HPO_TRY(status,
          hpo_report_rows(f.trials, &columns, row, n, format, &text, err));
  if (args->word.n > 1 && format == HPO_FORMAT_TABLE)
    printf("%s\n", path);
  fwrite(text.byte, 1, text.n, stdout);
done:
  hpo_mem_free(row);
  hpo_names_free(&columns);
  hpo_buffer_free(&text);
  hpo_study_file_close(&f);
  return status;
}

static hpo_status list(const hpo_args *args, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (args->word.n == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "which study file? usage: hpotune list FILE.h5...");
  for (size_t i = 0; i < args->word.n; i++)
    HPO_TRY(status, list_file(args->word.item[i], args, err));
  *exit_code = 0;
done:
  return status;
}

static const hpo_arg arguments[] = {
    {"where", "CONDITION",
     "only these: 'metrics.roc_auc > 0.9 and params.max_depth < 8'"},
    {"sort", "COLUMN",
     "by a column; value: complete trials first, the best at the top, as best "
     "ranks them; -COLUMN: descending"},
    {"columns", "A,B", "these columns; params, metrics, tags, all: groups"},
    {"format", "F", "table (default), csv or json"},
    {"limit", "N", "no more than N rows"}};

const hpo_command hpo_cmd_list = {
    .name = "list",
    .words = "FILE.h5...",
    .summary = "trials as a table, also of a running study",
    .help =
        "Columns are those of /trials: number, state, value, params.NAME,\n"
        "metrics.NAME, test.NAME, tags.NAME, steps, wall, ...\nConditions: "
        "= != < <= > >= like, and, or, not, parentheses; texts are quoted:\n"
        "state = \"complete\".\n--sort value, or another objective's column "
        "or metric, has the best trials first:\ncomplete ones, with "
        "constraints by their violation, then by the value; the others\n"
        "follow.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = list};
