/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune generate: synthetic data of any size. */
#include "hpo/generate.h"
#include "cmd/cmd.h"
#include "cmd/deal.h"
#include "cmd/table_writer.h"
#include "hpo/comm.h"
#include "hpo/file.h"
#include "hpo/h5_matrix.h"
#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_VALUES = 1 << 17, MOST_FEATURES = 1000000 };

typedef struct form form;

typedef struct job {
  const hpo_generator *g;
  const form *form;
  const char *path;
  bool is_packed;        /* .gz */
  size_t features, most; /* most: rows of a block */
  hpo_row rows;
  uint64_t seed;
  hpo_buffer plain; /* a block before it is packed */
  hpo_buffer *text; /* that is written to */
  double *value;    /* [most][features + 1] */
  hpo_sink sink;    /* on rank 0, as are these: */
  hpo_h5 *file;
  char *part;
  hpo_h5_matrix *x, *y;
} job;

/* A table's format: a head, then row by row. */
struct form {
  const char *name, *suffix;
  hpo_status (*head)(job *j, hpo_error *err);
  hpo_status (*row)(job *j, const double *row, hpo_error *err);
  bool is_h5; /* a file of two data sets, not a run of bytes */
};

static hpo_status csv_head(job *j, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t c = 0; c <= j->features; c++) {
    const char *name = hpo_generator_column(j->g, j->features, c)->name;
    const char *end = c < j->features ? "," : "\n";
    if (name)
      HPO_TRY(status, hpo_buffer_format(j->text, err, "%s%s", name, end));
    else
      HPO_TRY(status, hpo_buffer_format(j->text, err, "x%zu%s", c, end));
  }
done:
  return status;
}

static hpo_status csv_row(job *j, const double *row, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t c = 0; c <= j->features; c++) {
    const hpo_made_column *m = hpo_generator_column(j->g, j->features, c);
    if (!isnan(row[c]) && m->text)
      HPO_TRY(status, hpo_put_csv(j->text, m->text[(size_t)row[c]], err));
    else if (!isnan(row[c]))
      HPO_TRY(status, hpo_put_fixed(j->text, row[c], m->decimals, err));
    HPO_TRY(status,
            hpo_buffer_add(j->text, c < j->features ? "," : "\n", 1, err));
  }
done:
  return status;
}

/* Features count from 1; 0 and missing ones are left out. */
static hpo_status libsvm_row(job *j, const double *row, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = j->features;

  HPO_TRY(status,
          hpo_put_fixed(j->text, row[n],
                        hpo_generator_column(j->g, n, n)->decimals, err));
  for (size_t c = 0; c < n; c++) {
    if (isnan(row[c]) || row[c] == 0)
      continue;
    HPO_TRY(status, hpo_buffer_add(j->text, " ", 1, err));
    HPO_TRY(status, hpo_put_fixed(j->text, (double)(c + 1), 0, err));
    HPO_TRY(status, hpo_buffer_add(j->text, ":", 1, err));
    HPO_TRY(status,
            hpo_put_fixed(j->text, row[c],
                          hpo_generator_column(j->g, n, c)->decimals, err));
  }
  HPO_TRY(status, hpo_buffer_add(j->text, "\n", 1, err));
done:
  return status;
}

static hpo_status no_head(job *j, hpo_error *err) {
  (void)j;
  (void)err;
  return HPO_OK;
}

static hpo_status npy_head(job *j, hpo_error *err) {
  return hpo_put_npy_head(j->text, j->rows, j->features + 1, err);
}

static hpo_status npy_row(job *j, const double *row, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t c = 0; c <= j->features; c++)
    HPO_TRY(status, hpo_put_npy_value(j->text, row[c], err));
done:
  return status;
}

/* As the machine has them: rank 0 gives them to HDF5. */
static hpo_status h5_row(job *j, const double *row, hpo_error *err) {
  return hpo_buffer_add(j->text, row, (j->features + 1) * sizeof *row, err);
}

static const form forms[] = {{"csv", ".csv", csv_head, csv_row, false},
                             {"csv", ".txt", csv_head, csv_row, false},
                             {"libsvm", ".libsvm", no_head, libsvm_row, false},
                             {"npy", ".npy", npy_head, npy_row, false},
                             {"hdf5", ".h5", no_head, h5_row, true},
                             {"hdf5", ".hdf5", no_head, h5_row, true}};
enum { N_FORMS = sizeof forms / sizeof *forms };

static bool ends_with(const char *text, size_t n, const char *end) {
  size_t k = strlen(end);
  return n >= k && strncmp(text + n - k, end, k) == 0;
}

/* A name without a suffix is of a CSV file. */
static hpo_status check_suffix(const char *path, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *plain = NULL;

  HPO_TRY(status, hpo_mem_format(&plain, err, "%.*s", (int)n, path));
  if (*hpo_sink_suffix(plain))
    HPO_FAIL(status, err, HPO_EINVAL,
             "-o %s: the suffix tells no format; allowed: .csv .txt .libsvm "
             ".npy (plain or .gz) .h5 .hdf5, or --format csv, libsvm, npy or "
             "hdf5",
             path);
done:
  hpo_mem_free(plain);
  return status;
}

/* By --format, else by the suffix before .gz, else CSV. */
static hpo_status find_form(const hpo_args *args, job *j, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *format = hpo_args_get(args, "format");
  size_t n = strlen(j->path);

  j->is_packed = ends_with(j->path, n, ".gz");
  n -= j->is_packed ? 3 : 0;
  for (size_t i = 0; i < N_FORMS && !j->form; i++)
    if (format ? strcmp(format, forms[i].name) == 0
               : ends_with(j->path, n, forms[i].suffix))
      j->form = &forms[i];
  if (!j->form && format)
    HPO_FAIL(status, err, HPO_EINVAL,
             "--format %s: allowed are csv, libsvm, npy, hdf5", format);
  if (!j->form)
    HPO_TRY(status, check_suffix(j->path, n, err));
  j->form = j->form ? j->form : &forms[0];
  if (j->form->is_h5 && (j->is_packed || strcmp(j->path, "-") == 0))
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: HDF5 needs a file of its own, not packed: -o FILE.h5",
             j->path);
done:
  return status;
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

/* --- writing ------------------------------------------------------------- */

static hpo_status make_h5(job *j, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_file_beside(j->path, ".part", &j->part, err));
  HPO_TRY(status, hpo_h5_create(j->part, &j->file, err));
  HPO_TRY(status, hpo_h5_add_matrix(j->file, "X", (uint64_t)j->rows,
                                    j->features, j->most,
                                    "features, in the order of the CSV's "
                                    "columns",
                                    &j->x, err));
  HPO_TRY(status, hpo_h5_add_matrix(j->file, "y", (uint64_t)j->rows, 0,
                                    j->most, "label", &j->y, err));
done:
  return status;
}

static hpo_status open_output(job *j, hpo_error *err) {
  return j->form->is_h5 ? make_h5(j, err)
                        : hpo_sink_open(&j->sink, j->path, err);
}

static hpo_status make(void *context, size_t block, hpo_buffer *out,
                       bool *more, hpo_error *err) {
  hpo_status status = HPO_OK;
  job *j = context;
  hpo_row at = (hpo_row)(block * j->most);
  hpo_row left = at < j->rows ? j->rows - at : 0;
  size_t n = left < (hpo_row)j->most ? (size_t)left : j->most;

  *more = left > (hpo_row)j->most;
  j->plain.n = 0;
  j->text = j->is_packed ? &j->plain : out;
  if (n == 0)
    goto done;
  if (block == 0)
    HPO_TRY(status, j->form->head(j, err));
  hpo_generate(j->g, j->seed, j->features, at, n, j->value);
  for (size_t i = 0; i < n; i++)
    HPO_TRY(status, j->form->row(j, j->value + i * (j->features + 1), err));
  if (j->is_packed)
    HPO_TRY(status, hpo_file_gzip(j->plain.byte, j->plain.n, out, err));
done:
  return status;
}

/* The label stands behind each row's features. */
static hpo_status take_h5(job *j, const uint8_t *bytes, size_t n,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t width = j->features + 1, rows = n / (width * sizeof(double));
  double *x = NULL, *y = NULL;

  HPO_TRY(status, hpo_mem_new(rows * j->features, sizeof *x, &x, err));
  HPO_TRY(status, hpo_mem_new(rows, sizeof *y, &y, err));
  for (size_t i = 0; i < rows; i++) {
    const uint8_t *row = bytes + i * width * sizeof *x;
    memcpy(x + i * j->features, row, j->features * sizeof *x);
    memcpy(y + i, row + j->features * sizeof *x, sizeof *y);
  }
  HPO_TRY(status, hpo_h5_matrix_append(j->x, x, rows, err));
  HPO_TRY(status, hpo_h5_matrix_append(j->y, y, rows, err));
done:
  hpo_mem_free(x);
  hpo_mem_free(y);
  return status;
}

static hpo_status take(void *context, const uint8_t *bytes, size_t n,
                       hpo_error *err) {
  job *j = context;
  return j->form->is_h5 ? take_h5(j, bytes, n, err)
                        : hpo_sink_put(&j->sink, bytes, n, err);
}

static hpo_status finish_h5(job *j, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5 *file = j->file;

  HPO_TRY(status, hpo_h5_matrix_finish(j->x, err));
  HPO_TRY(status, hpo_h5_matrix_finish(j->y, err));
  hpo_h5_matrix_close(j->x);
  hpo_h5_matrix_close(j->y);
  j->x = j->y = NULL;
  j->file = NULL;
  HPO_TRY(status, hpo_h5_close(file, err));
  HPO_TRY(status, hpo_file_replace(j->path, j->part, err));
  hpo_mem_free(j->part);
  j->part = NULL;
done:
  return status;
}

/* What is not finished goes. */
static void close_output(job *j) {
  hpo_error none = {0};

  hpo_sink_close(&j->sink);
  hpo_h5_matrix_close(j->x);
  hpo_h5_matrix_close(j->y);
  if (j->file && hpo_h5_close(j->file, &none) != HPO_OK)
    none.text[0] = '\0';
  if (j->part)
    remove(j->part);
  hpo_mem_free(j->part);
}

static hpo_status work(void *context, const hpo_coll *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  job *j = context;
  const hpo_dealing dealing = {.context = j, .make = make, .take = take};
  bool writes = w->rank == 0;

  HPO_TRY(status,
          hpo_deal_agree(w, writes ? open_output(j, err) : HPO_OK, err));
  HPO_TRY(status, hpo_deal(w, &dealing, err));
  if (writes)
    status =
        j->form->is_h5 ? finish_h5(j, err) : hpo_sink_finish(&j->sink, err);
  HPO_TRY(status, hpo_deal_agree(w, status, err));
done: /* before any rank leaves and mpirun ends this one */
  close_output(j);
  return status;
}

/* --- the command --------------------------------------------------------- */

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
  job j = {.path = hpo_args_get(args, "o")};

  *exit_code = 0;
  if (args->word.n == 0) {
    if (hpo_mpi_rank_hint() == 0)
      print_generators();
    return HPO_OK;
  }
  if (args->word.n > 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one name is wanted: hpotune generate NAME --rows N -o FILE");
  j.g = hpo_generator_find(args->word.item[0]);
  if (!j.g)
    return refuse_name(args->word.item[0], err);
  if (!j.path)
    HPO_FAIL(status, err, HPO_EINVAL,
             "where to? -o FILE, or -o - for standard output");
  HPO_TRY(status, read_job(args, &j, err));
  HPO_TRY(status, find_form(args, &j, err));
  j.most = BLOCK_VALUES / (j.features + 1) + 1;
  HPO_TRY(status, hpo_mem_new(j.most * (j.features + 1), sizeof *j.value,
                              &j.value, err));
  HPO_TRY(status, hpo_deal_start(work, &j, err));
done:
  hpo_mem_free(j.value);
  hpo_buffer_free(&j.plain);
  return status;
}

static const hpo_arg arguments[] = {
    {"rows", "N", "rows, 1000 unless given"},
    {"seed", "S", "0 unless given"},
    {"columns", "N", "features, for friedman and sparse"},
    {"o", "FILE", "where to; -: standard output"},
    {"format", "F", "csv, libsvm, npy, hdf5; by the file's suffix, else csv"}};

const hpo_command hpo_cmd_generate = {
    .name = "generate",
    .words = "[NAME]",
    .summary = "synthetic data of any size; lists it without a NAME",
    .help = "A row is a function of NAME, --columns, the seed and its "
            "number alone: fewer rows\nare the first rows of more.  The "
            "label is the last column (LIBSVM: the first\nword).  In LIBSVM "
            "and NPY texts are their number in the list of names, from 0;\n"
            "missing values are empty in CSV, left out in LIBSVM, NaN in "
            "NPY and HDF5 (data sets\n/X and /y).  FILE.csv.gz, .libsvm.gz, "
            ".npy.gz are packed.  Under mpirun the ranks\nshare the work; "
            "the file is the same.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .run = generate};
