/* SPDX-License-Identifier: BSD-3-Clause */
/** \file arrays.h
 *  A data set from a file of arrays, for the drivers of the Python checks.
 */
#ifndef HPO_TEST_ARRAYS_H
#define HPO_TEST_ARRAYS_H

#include "hpo/dataset.h"

/** Little-endian: int64 rows, columns, n_class, has_weight; uint8
 *  role[rows]; float64 y[rows]; float64 weight[rows] if has_weight; int64
 *  n_category[columns]; float32 x[columns][rows].  Exits with a word where
 *  the file is not so. */
hpo_dataset *arrays_read(const char *path);
/** Writes a file or exits. */
void arrays_write(const char *path, const void *bytes, size_t n);
/** Says what and exits. */
void arrays_stop(const char *what);

#endif
