/* SPDX-License-Identifier: BSD-3-Clause */
/** \file predict_out.h
 *  Predictions to CSV, NPY or HDF5, block by block; a file appears under its
 *  name when it is complete.
 *
 *  CSV: `probability` (binary), `class` and `probability_CLASS` ...
 *  (multiclass), `prediction` (regression).  NPY: float64 [rows], multiclass
 *  [rows][classes].  HDF5: a table /predictions with the columns of CSV.
 */
#ifndef CMD_PREDICT_OUT_H
#define CMD_PREDICT_OUT_H

#include "cmd/table_writer.h"
#include "hpo/dataset.h"
#include "hpo/h5.h"

typedef enum hpo_predict_form {
  HPO_PREDICT_CSV,
  HPO_PREDICT_NPY,
  HPO_PREDICT_HDF5
} hpo_predict_form;

typedef struct hpo_predict_out { /* `hpo_predict_out o = {0}` */
  hpo_predict_form form;
  const hpo_dataset *facts; /* borrowed */
  size_t k;
  bool margin;
  hpo_row n; /* NPY: rows so far */
  hpo_sink sink;
  hpo_buffer text;
  hpo_h5 *file;
  hpo_h5_table *table;
  char *path, *part; /* HDF5 */
} hpo_predict_out;

/** The form by --format F, else by the path's suffix.
 *  HPO_EINVAL: no such form; not to standard output */
HPO_MUST_USE hpo_status hpo_predict_form_find(const char *format,
                                              const char *path,
                                              hpo_predict_form *out,
                                              hpo_error *err);
/** Makes the file, on the rank that writes; form, facts, k and margin are
 *  set. */
HPO_MUST_USE hpo_status hpo_predict_out_open(hpo_predict_out *o,
                                             const char *path, hpo_error *err);
/** n rows as they will stand in the file, on any rank.
 *  \param [in] p [n][k] */
HPO_MUST_USE hpo_status hpo_predict_out_make(const hpo_predict_out *o,
                                             const double *p, size_t n,
                                             hpo_buffer *out, hpo_error *err);
/** Rows that were made, into the file. */
HPO_MUST_USE hpo_status hpo_predict_out_take(hpo_predict_out *o,
                                             const uint8_t *bytes, size_t n,
                                             hpo_error *err);
HPO_MUST_USE hpo_status hpo_predict_out_finish(hpo_predict_out *o,
                                               hpo_error *err);
/** What is not finished goes. */
void hpo_predict_out_close(hpo_predict_out *o);

#endif
