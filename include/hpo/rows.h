/* SPDX-License-Identifier: BSD-3-Clause */
/** \file rows.h
 *  New rows of the columns of a data set, from a file of any format that
 *  data are read from (plain or .gz), a block at a time: memory does not
 *  grow with the file, but for arrays in Fortran order.
 */
#ifndef HPO_ROWS_H
#define HPO_ROWS_H

#include "hpo/dataset.h"
#include "hpo/plan.h"
#include "hpo/status.h"

typedef struct hpo_rows hpo_rows;

/** Finds the columns: by the header's names, in any order, others ignored;
 *  without a header, as in arrays, by names if the study gave some for so many
 * fields, else by position if there are as many fields as features, else by
 * "f0", "f1",
 *  ... as a study without a header names them.
 *  \param [in] format  its name ("csv"); "": by the path's suffix ...
 *  \param [in] like    ... and where that tells none, this format, or that of
 *                      a file of this path
 *  \param [in] dataset of an HDF5 file; "": the format's usual one
 *  \param [in] facts   columns wanted; borrowed, must outlive
 *  \param [in] missing texts that mean missing beside the usual; borrowed
 *  \param [in] names   the study's names=; may be empty; borrowed
 *  \return HPO_OK; HPO_EDATA: a column is not there (all that are not),
 *  names stand twice; HPO_EINVAL: a format that is not built yet */
HPO_MUST_USE hpo_status hpo_rows_open(const char *path, const char *format,
                                      const char *like, const char *dataset,
                                      const hpo_dataset *facts,
                                      const hpo_names *missing,
                                      const hpo_names *names, hpo_rows **out,
                                      hpo_error *err);
/** Up to most rows into x [most][columns]; *n = 0 at the end.  A category
 *  that the data set does not know is missing.  x NULL: rows are passed over,
 *  faster than read; what they hold is not checked. */
HPO_MUST_USE hpo_status hpo_rows_read(hpo_rows *r, size_t most, float *x,
                                      size_t *n, hpo_error *err);
/** Values of unknown categories so far in a column, and the first of them. */
hpo_row hpo_rows_unknown(const hpo_rows *r, size_t column, const char **first);
void hpo_rows_close(hpo_rows *r);

#endif
