/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions to CSV, NPY or HDF5. */
#include "cmd/predict_out.h"

#include "hpo/file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TABLE "/predictions"

hpo_status hpo_predict_form_find(const char *format, const char *path,
                                 hpo_predict_form *out, hpo_error *err) {
  static const struct {
    const char *name;
    hpo_predict_form form;
  } known[] = {{"csv", HPO_PREDICT_CSV},
               {"txt", HPO_PREDICT_CSV},
               {"npy", HPO_PREDICT_NPY},
               {"hdf5", HPO_PREDICT_HDF5},
               {"h5", HPO_PREDICT_HDF5}};
  const char *suffix = hpo_sink_suffix(path);
  const char *word = format ? format : *suffix ? suffix : "csv";
  hpo_predict_form found = HPO_PREDICT_CSV;
  bool is_known = false;

  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcasecmp(word, known[i].name) == 0) {
      found = known[i].form;
      is_known = true;
    }
  if (format && !is_known)
    return hpo_error_set(err, HPO_EINVAL,
                         "--format %s: allowed are csv, npy, hdf5", format);
  if (!is_known)
    return hpo_error_set(err, HPO_EINVAL,
                         "-o %s: the suffix tells no format; allowed: .csv "
                         ".txt .npy .h5 .hdf5, or --format csv, npy or hdf5",
                         path);
  if (found != HPO_PREDICT_CSV && strcmp(path, "-") == 0)
    return hpo_error_set(err, HPO_EINVAL, "--format %s needs a file: -o FILE",
                         format);
  *out = found;
  return HPO_OK;
}

static size_t top_of(const hpo_predict_out *o, const double *p) {
  size_t top = 0;

  for (size_t c = 1; c < o->k; c++)
    top = p[c] > p[top] ? c : top;
  return top;
}

/* The name of column c of the probabilities, or of the only one. */
static hpo_status name_of(const hpo_predict_out *o, size_t c, char **out,
                          hpo_error *err) {
  const char *what = o->margin ? "margin" : "probability";

  if (o->k > 1)
    return hpo_mem_format(out, err, "%s_%s", what, o->facts->class_name[c]);
  return hpo_mem_string(o->facts->n_class == 0 ? "prediction" : what, out,
                        err);
}

/* --- CSV and NPY ------------------------------------------------------ */

static hpo_status put_csv_head(hpo_predict_out *o, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *name = NULL;

  if (o->k > 1)
    HPO_TRY(status, hpo_buffer_format(&o->text, err, "class,"));
  for (size_t c = 0; c < o->k; c++) {
    HPO_TRY(status, name_of(o, c, &name, err));
    HPO_TRY(status, hpo_put_csv(&o->text, name, err));
    HPO_TRY(status,
            hpo_buffer_add(&o->text, c + 1 < o->k ? "," : "\n", 1, err));
    hpo_mem_free(name);
    name = NULL;
  }
done:
  hpo_mem_free(name);
  return status;
}

static hpo_status put_csv_row(const hpo_predict_out *o, const double *p,
                              hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[48];

  if (o->k > 1) {
    HPO_TRY(status, hpo_put_csv(out, o->facts->class_name[top_of(o, p)], err));
    HPO_TRY(status, hpo_buffer_add(out, ",", 1, err));
  }
  for (size_t c = 0; c < o->k; c++) {
    int n = snprintf(text, sizeof text, "%.9g%c", p[c] == 0 ? 0 : p[c],
                     c + 1 < o->k ? ',' : '\n');
    HPO_TRY(status, hpo_buffer_add(out, text, (size_t)n, err));
  }
done:
  return status;
}

static hpo_status put_npy_head(hpo_predict_out *o, hpo_error *err) {
  return hpo_put_npy_head(&o->text, o->n, o->k > 1 ? o->k : 0, err);
}

/* --- HDF5 ------------------------------------------------------------- */

static hpo_status make_columns(const hpo_predict_out *o, hpo_h5_column *c,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  static char none[] = "", class[] = "class", nothing[] = "(no class)";
  static char predicted[] = "class with the highest number",
              number[] = "prediction of the model";

  if (o->k > 1)
    *c++ = (hpo_h5_column){.name = class,
                           .unit = none,
                           .description = predicted,
                           .kind = HPO_H5_ENUM,
                           .none = nothing,
                           .choice = o->facts->class_name,
                           .n_choice = o->k};
  for (size_t i = 0; i < o->k; i++) {
    c[i] = (hpo_h5_column){
        .unit = none, .description = number, .kind = HPO_H5_F64};
    HPO_TRY(status, name_of(o, i, &c[i].name, err));
  }
done:
  return status;
}

static hpo_status make_table(hpo_predict_out *o, hpo_error *err) {
  enum { CHUNK_BYTES = 1 << 16 };
  hpo_status status = HPO_OK;
  hpo_h5_column *column = NULL;
  hpo_h5 *file = NULL;
  size_t n = o->k + (o->k > 1), first = o->k > 1;

  HPO_TRY(status, hpo_mem_new(n, sizeof *column, &column, err));
  HPO_TRY(status, make_columns(o, column, err));
  HPO_TRY(status, hpo_h5_create(o->part, &file, err));
  HPO_TRY(status,
          hpo_h5_add_table(file, TABLE, column, n, CHUNK_BYTES / (8 * n) + 1,
                           "one row per row of the data", err));
done:
  if (file) { /* closed whatever happened, told if nothing was */
    hpo_error later = {0};
    hpo_status closed = hpo_h5_close(file, status == HPO_OK ? err : &later);
    status = status == HPO_OK ? closed : status;
  }
  for (size_t i = first; column && i < n; i++)
    hpo_mem_free(column[i].name);
  hpo_mem_free(column);
  return status;
}

static hpo_status put_h5_row(const hpo_predict_out *o, const double *p,
                             hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t top = (int32_t)top_of(o, p);

  if (o->k > 1)
    HPO_TRY(status, hpo_buffer_add(out, &top, sizeof top, err));
  HPO_TRY(status, hpo_buffer_add(out, p, o->k * sizeof *p, err));
done:
  return status;
}

static hpo_status append_h5(hpo_predict_out *o, const uint8_t *bytes, size_t n,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t columns, rows = n / hpo_h5_table_width(o->table);
  const hpo_h5_column *column = hpo_h5_table_columns(o->table, &columns);

  o->text.n = 0;
  HPO_TRY(status, hpo_buffer_add(&o->text, bytes, n, err));
  hpo_h5_swap(column, columns, o->text.byte, rows);
  if (rows > 0)
    HPO_TRY(status,
            hpo_h5_table_append(o->table, o->text.byte, rows, NULL, err));
  o->text.n = 0;
done:
  return status;
}

/* --- The face --------------------------------------------------------- */

hpo_status hpo_predict_out_open(hpo_predict_out *o, const char *path,
                                hpo_error *err) {
  hpo_status status = HPO_OK;

  if (o->form == HPO_PREDICT_HDF5) {
    HPO_TRY(status, hpo_mem_string(path, &o->path, err));
    HPO_TRY(status, hpo_file_beside(path, ".part", &o->part, err));
    HPO_TRY(status, make_table(o, err));
    HPO_TRY(status, hpo_h5_open(o->part, true, &o->file, err));
    HPO_TRY(status, hpo_h5_find_table(o->file, TABLE, &o->table, err));
  } else {
    HPO_TRY(status, hpo_sink_open(&o->sink, path, err));
    HPO_TRY(status, o->form == HPO_PREDICT_NPY ? put_npy_head(o, err)
                                               : put_csv_head(o, err));
  }
done:
  return status;
}

hpo_status hpo_predict_out_make(const hpo_predict_out *o, const double *p,
                                size_t n, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < n; i++, p += o->k)
    if (o->form == HPO_PREDICT_CSV)
      HPO_TRY(status, put_csv_row(o, p, out, err));
    else if (o->form == HPO_PREDICT_HDF5)
      HPO_TRY(status, put_h5_row(o, p, out, err));
    else
      for (size_t c = 0; c < o->k; c++)
        HPO_TRY(status, hpo_put_npy_value(out, p[c], err));
done:
  return status;
}

hpo_status hpo_predict_out_take(hpo_predict_out *o, const uint8_t *bytes,
                                size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (o->form == HPO_PREDICT_HDF5)
    return append_h5(o, bytes, n, err);
  if (o->form == HPO_PREDICT_NPY)
    o->n += (hpo_row)(n / (o->k * sizeof(double)));
  HPO_TRY(status, hpo_sink_write(&o->sink, &o->text, err)); /* the head */
  HPO_TRY(status, hpo_sink_put(&o->sink, bytes, n, err));
done:
  return status;
}

hpo_status hpo_predict_out_finish(hpo_predict_out *o, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (o->form == HPO_PREDICT_HDF5) {
    hpo_h5 *file = o->file;
    o->file = NULL;
    HPO_TRY(status, hpo_h5_close(file, err));
    HPO_TRY(status, hpo_file_replace(o->path, o->part, err));
    hpo_mem_free(o->part);
    o->part = NULL;
    goto done;
  }
  if (o->form == HPO_PREDICT_NPY) { /* now the number of rows is known */
    rewind(o->sink.stream);
    HPO_TRY(status, put_npy_head(o, err));
  }
  HPO_TRY(status, hpo_sink_write(&o->sink, &o->text, err));
  HPO_TRY(status, hpo_sink_finish(&o->sink, err));
done:
  return status;
}

void hpo_predict_out_close(hpo_predict_out *o) {
  hpo_error err = {0};

  if (o->file && hpo_h5_close(o->file, &err) != HPO_OK)
    err.text[0] = '\0';
  if (o->part)
    remove(o->part);
  hpo_mem_free(o->part);
  hpo_mem_free(o->path);
  hpo_sink_close(&o->sink);
  hpo_buffer_free(&o->text);
  *o = (hpo_predict_out){0};
}
