/* SPDX-License-Identifier: BSD-3-Clause */
/** \file h5_data_private.h
 *  What the h5_data*.c files share.
 */
#ifndef HPO_BASE_H5_DATA_PRIVATE_H
#define HPO_BASE_H5_DATA_PRIVATE_H

#include "h5_private.h"
#include "hpo/h5_data.h"

struct hpo_h5_data {
  const char *path, *dataset;
  hid_t file, set, space, type;
  int n_dim;
  hsize_t dim[H5S_MAX_RANK];
  size_t file_bytes;
  bool is_virtual; /* its values stand in other data sets or files */
  hpo_h5_data_facts facts;
};

/** Shape and type of an open data set, or why they are not allowed. */
HPO_MUST_USE hpo_status hpo_h5_data_look(hpo_h5_data *d, hpo_error *err);

/** Fails with what is wrong, and the data sets that are there. */
hpo_status hpo_h5_data_list(const hpo_h5_data *d, hpo_status code,
                            const char *what, hpo_error *err);

#endif
