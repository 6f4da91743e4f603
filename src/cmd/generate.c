/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune generate: synthetic data of any size. */
#include "hpo/generate.h"
#include "cmd/cmd.h"
#include "cmd/table_writer.h"
#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_VALUES = 1 << 15, MOST_FEATURES = 1000000 };

typedef struct job {
  const hpo_generator *g;
  size_t features;
  hpo_row rows;
  uint64_t seed;
  hpo_buffer text;
  double *value; /* [rows of a block][features + 1] */
} job;

/* A table's format: a head, then row by row. */
typedef struct form {
  const char *name, *suffix;
  hpo_status (*head)(job *j, hpo_error *err);
  hpo_status (*row)(job *j, const double *row, hpo_error *err);
} form;

static hpo_status csv_head(job *j, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t c = 0; c <= j->features; c++) {
    const char *name = hpo_generator_column(j->g, j->features, c)->name;
    const char *end = c < j->features ? "," : "\n";
    if (name)
      HPO_TRY(status, hpo_buffer_format(&j->text, err, "%s%s", name, end));
    else
      HPO_TRY(status, hpo_buffer_format(&j->text, err, "x%zu%s", c, end));
  }
done:
  return status;
}

static hpo_status csv_row(job *j, const double *row, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t c = 0; c <= j->features; c++) {
    const hpo_made_column *m = hpo_generator_column(j->g, j->features, c);
    if (!isnan(row[c]) && m->text)
      HPO_TRY(status, hpo_put_csv(&j->text, m->text[(size_t)row[c]], err));
    else if (!isnan(row[c]))
      HPO_TRY(status, hpo_put_fixed(&j->text, row[c], m->decimals, err));
    HPO_TRY(status,
            hpo_buffer_add(&j->text, c < j->features ? "," : "\n", 1, err));
  }
done:
  return status;
}

/* Features count from 1; 0 and missing ones are left out. */
static hpo_status libsvm_row(job *j, const double *row, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = j->features;

  HPO_TRY(status,
          hpo_put_fixed(&j->text, row[n],
                        hpo_generator_column(j->g, n, n)->decimals, err));
  for (size_t c = 0; c < n; c++) {
    if (isnan(row[c]) || row[c] == 0)
      continue;
    HPO_TRY(status, hpo_buffer_add(&j->text, " ", 1, err));
    HPO_TRY(status, hpo_put_fixed(&j->text, (double)(c + 1), 0, err));
    HPO_TRY(status, hpo_buffer_add(&j->text, ":", 1, err));
    HPO_TRY(status,
            hpo_put_fixed(&j->text, row[c],
                          hpo_generator_column(j->g, n, c)->decimals, err));
  }
  HPO_TRY(status, hpo_buffer_add(&j->text, "\n", 1, err));
done:
  return status;
}

static hpo_status no_head(job *j, hpo_error *err) {
  (void)j;
  (void)err;
  return HPO_OK;
}

static hpo_status npy_head(job *j, hpo_error *err) {
  return hpo_put_npy_head(&j->text, j->rows, j->features + 1, err);
}

static hpo_status npy_row(job *j, const double *row, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t c = 0; c <= j->features; c++)
    HPO_TRY(status, hpo_put_npy_value(&j->text, row[c], err));
done:
  return status;
}

static const form forms[] = {{"csv", ".csv", csv_head, csv_row},
                             {"libsvm", ".libsvm", no_head, libsvm_row},
                             {"npy", ".npy", npy_head, npy_row}};
enum { N_FORMS = sizeof forms / sizeof *forms };

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && strcmp(text + n - k, end) == 0;
}

static hpo_status find_form(const hpo_args *args, const char *path,
                            const form **out, hpo_error *err) {
  const char *format = hpo_args_get(args, "format");

  for (size_t i = 0; i < N_FORMS; i++)
    if (format ? strcmp(format, forms[i].name) == 0
               : ends_with(path, forms[i].suffix)) {
      *out = &forms[i];
      return HPO_OK;
    }
  if (format)
    return hpo_error_set(err, HPO_EINVAL,
                         "--format %s: allowed are csv, libsvm, npy", format);
  static const char *const later[] = {".gz", ".h5", ".hdf5"};
  for (size_t i = 0; i < 3; i++)
    if (ends_with(path, later[i]))
      return hpo_error_set(err, HPO_EINVAL,
                           "%s: generate to %s is not built yet in this "
                           "version; allowed are .csv, .libsvm, .npy",
                           path, later[i]);
  *out = &forms[0];
  return HPO_OK;
}

static hpo_status read_count(const hpo_args *args, const char *name,
                             int64_t low, int64_t high, int64_t *out,
                             hpo_error *err) {
  const char *text = hpo_args_get(args, name);
  int64_t x = *out;

  if (text && (!hpo_options_parse_int(text, &x) || x < low || x > high))
    return hpo_error_set(err, HPO_EINVAL, "--%s %s: allowed is %lld to %lld",
                         name, text, (long long)low, (long long)high);
  *out = x;
  return HPO_OK;
}

static hpo_status read_job(const hpo_args *args, job *j, hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t rows = 1000, seed = 0, features = (int64_t)j->g->usual_features;

  HPO_TRY(status, read_count(args, "rows", 1, INT64_C(1) << 40, &rows, err));
  HPO_TRY(status, read_count(args, "seed", 0, INT64_MAX, &seed, err));
  if (hpo_args_get(args, "columns") && j->g->least_features == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "--columns: %s always has %zu features; friedman and sparse "
             "take any number",
             j->g->name, j->g->usual_features);
  HPO_TRY(status, read_count(args, "columns", (int64_t)j->g->least_features,
                             MOST_FEATURES, &features, err));
  j->rows = rows;
  j->seed = (uint64_t)seed;
  j->features = (size_t)features;
done:
  return status;
}

static hpo_status write_table(job *j, const form *f, const char *path,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sink sink = {0};
  size_t width = j->features + 1;
  size_t most = BLOCK_VALUES / width + 1;

  HPO_TRY(status, hpo_mem_new(most * width, sizeof *j->value, &j->value, err));
  HPO_TRY(status, hpo_sink_open(&sink, path, err));
  HPO_TRY(status, f->head(j, err));
  for (hpo_row at = 0; at < j->rows;) {
    hpo_row left = j->rows - at;
    size_t n = left < (hpo_row)most ? (size_t)left : most;
    hpo_generate(j->g, j->seed, j->features, at, n, j->value);
    for (size_t i = 0; i < n; i++)
      HPO_TRY(status, f->row(j, j->value + i * width, err));
    HPO_TRY(status, hpo_sink_write(&sink, &j->text, err));
    at += (hpo_row)n;
  }
  HPO_TRY(status, hpo_sink_finish(&sink, err));
done:
  hpo_sink_close(&sink);
  return status;
}

static void print_generators(void) {
  size_t n;
  const hpo_generator *const *g = hpo_generators(&n);

  for (size_t i = 0; i < n; i++)
    printf("%-18s %zu features%s: %s\n", g[i]->name, g[i]->usual_features,
           g[i]->least_features ? " or --columns" : "", g[i]->help);
}

static hpo_status refuse_name(const char *name, hpo_error *err) {
  size_t n;
  const hpo_generator *const *g = hpo_generators(&n);
  const char *names[8];

  for (size_t i = 0; i < n; i++)
    names[i] = g[i]->name;
  const char *near = hpo_options_nearest(name, names, n);
  return hpo_error_set(err, HPO_EINVAL,
                       "no data set \"%s\"%s%s%s; \"hpotune generate\" "
                       "lists them",
                       name, near ? "; did you mean \"" : "", near ? near : "",
                       near ? "\"?" : "");
}

static hpo_status generate(const hpo_args *args, int *exit_code,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *path = hpo_args_get(args, "o");
  const form *f = NULL;
  job j = {0};

  *exit_code = 0;
  if (args->word.n == 0) {
    print_generators();
    return HPO_OK;
  }
  if (args->word.n > 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one name is wanted: hpotune generate NAME --rows N -o FILE");
  j.g = hpo_generator_find(args->word.item[0]);
  if (!j.g)
    return refuse_name(args->word.item[0], err);
  if (!path)
    HPO_FAIL(status, err, HPO_EINVAL,
             "where to? -o FILE, or -o - for standard output");
  HPO_TRY(status, read_job(args, &j, err));
  HPO_TRY(status, find_form(args, path, &f, err));
  HPO_TRY(status, write_table(&j, f, path, err));
done:
  hpo_mem_free(j.value);
  hpo_buffer_free(&j.text);
  return status;
}

static const hpo_arg arguments[] = {
    {"rows", "N", "rows, 1000 unless given"},
    {"seed", "S", "0 unless given"},
    {"columns", "N", "features, for friedman and sparse"},
    {"o", "FILE", "where to; -: standard output"},
    {"format", "F", "csv, libsvm, npy; by the file's suffix, else csv"}};

const hpo_command hpo_cmd_generate = {
    .name = "generate",
    .words = "[NAME]",
    .summary = "synthetic data of any size; lists it without a NAME",
    .help = "A row is a function of NAME, --columns, the seed and its "
            "number alone: fewer rows\nare the first rows of more.  The "
            "label is the last column (LIBSVM: the first\nword).  In LIBSVM "
            "and NPY texts are their number in the list of names, from 0;\n"
            "missing values are empty in CSV, left out in LIBSVM, NaN in "
            "NPY.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = generate};
