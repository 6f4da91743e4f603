/* SPDX-License-Identifier: BSD-3-Clause */
/** \file labels.h
 *  Labels that stand apart from the rows: in a file of their own (an array of
 *  one column, or text with one column) or in another data set of the same
 *  file.  Private to data/.
 */
#ifndef HPO_DATA_LABELS_H
#define HPO_DATA_LABELS_H

#include "source.h"

typedef struct hpo_labels { /* `hpo_labels l = {0}`: none */
  const char *path;         /* borrowed; NULL: none */
  const hpo_array_format *format;
  void *state;
  hpo_row skip; /* 1: the first record is the column's name */
  hpo_digest sha;
} hpo_labels;

/** Opens the labels of f, which has some, for `rows` rows.
 *  \return HPO_OK; HPO_EDATA: more than one column, or not as many labels as
 *  rows; HPO_EINVAL: a format that cannot hold labels; HPO_EIO; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_labels_open(const hpo_data_file *f,
                                        const hpo_plan_data *data,
                                        hpo_row rows, hpo_labels *out,
                                        hpo_error *err);
/** Labels [first, first + n), as hpo_array_format's read. */
HPO_MUST_USE hpo_status hpo_labels_read(hpo_labels *l, hpo_row first,
                                        hpo_row n, double *to, hpo_error *err);
/** The text that a value of hpo_labels_read stands for, borrowed until the
 *  next read; NULL: labels are numbers. */
const char *hpo_labels_text(const hpo_labels *l, double x);
void hpo_labels_close(hpo_labels *l);

/** Text with one column as an array: numbers if all fields are, else texts.
 *  All of it is read when it is opened. */
extern const hpo_array_format hpo_array_column;

#endif
