/* SPDX-License-Identifier: BSD-3-Clause */
/** \file h5_data.h
 *  One data set of any HDF5 file, as rows of numbers or as texts; read only.
 *
 *  Integers, floats (float16 too) and enumerations (bool) of any size and
 *  byte order are numbers; all dimensions after the first are one after
 *  another.  Ranges of rows are read by themselves, through any chunks and
 *  filters that HDF5 has.
 */
#ifndef HPO_H5_DATA_H
#define HPO_H5_DATA_H

#include "hpo/status.h"

typedef struct hpo_h5_data hpo_h5_data;

typedef struct hpo_h5_data_facts {
  size_t rows, columns; /* 1 or more */
  bool is_text;         /* columns is 1 */
} hpo_h5_data_facts;

/** \param [in] path    borrowed until close
 *  \param [in] dataset its path in the file; borrowed until close
 *  \return HPO_OK; HPO_EINVAL: dataset is ""; HPO_EDATA: no HDF5 file,
 *  damaged, a study file, no such data set (what is there), a type or shape
 *  that is not allowed; HPO_EIO; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_h5_data_open(const char *path, const char *dataset,
                                         hpo_h5_data_facts *facts,
                                         hpo_h5_data **out, hpo_error *err);
/** Rows [first, first + n), which are there, to to[n][columns]. */
HPO_MUST_USE hpo_status hpo_h5_data_read(hpo_h5_data *d, size_t first,
                                         size_t n, double *to, hpo_error *err);
/** Takes the text of one row, n bytes without NUL. */
typedef hpo_status hpo_h5_data_take(void *context, const char *text, size_t n,
                                    hpo_error *err);
/** The texts of rows [first, first + n) in order. */
HPO_MUST_USE hpo_status hpo_h5_data_texts(hpo_h5_data *d, size_t first,
                                          size_t n, hpo_h5_data_take *take,
                                          void *context, hpo_error *err);
/** NULL is no error. */
void hpo_h5_data_close(hpo_h5_data *d);

#endif
