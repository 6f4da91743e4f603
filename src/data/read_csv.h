/* SPDX-License-Identifier: BSD-3-Clause */
/** \file read_csv.h
 *  CSV and TSV files into a table.  Private to data/.
 */
#ifndef HPO_DATA_READ_CSV_H
#define HPO_DATA_READ_CSV_H

#include "columns.h"
#include "hpo/file.h"
#include "missing.h"
#include "table.h"

/** What all LIBSVM files of one data set have in common. */
typedef struct hpo_sparse_facts {
  int64_t base;  /* index of the first feature: 0 or 1 */
  int64_t width; /* features */
  hpo_row rows;  /* of all files */
} hpo_sparse_facts;

/** What the files of one data set have in common while they are read. */
typedef struct hpo_reading {
  const hpo_plan_data *data; /* borrowed */
  hpo_positive positive;
  hpo_missing missing;
  hpo_columns columns; /* made by the first file; n = 0 before */
  hpo_table table;
  bool is_sparse; /* LIBSVM: absent entries are NaN in the table */
  hpo_sparse_facts sparse;
  size_t piece; /* bytes of a piece of a text file's digest */
} hpo_reading;

HPO_MUST_USE hpo_status hpo_reading_create(const hpo_plan_data *data,
                                           hpo_reading *out, hpo_error *err);
void hpo_reading_free(hpo_reading *r);

/** Adds the rows of one file with their role.
 *  \param [in]  path   borrowed as long as the reading
 *  \param [in]  is_tsv tab whatever the first line holds
 *  \param [out] sha256 of the file's unpacked bytes
 *  \return HPO_OK; HPO_EDATA: the file, the line, the column, what was found
 *  and what is allowed; HPO_EIO; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_read_csv(hpo_reading *r, const char *path,
                                     hpo_role role, bool is_tsv,
                                     char sha256[65], hpo_error *err);

/** Part of a file that is not packed, as one of several ranks reads it: the
 *  records that begin in it.  Where the record begins that a part's reader
 *  takes for its first is a guess, which is right if and only if the part
 *  before ends there. */
typedef struct hpo_csv_part {
  uint64_t from, to;   /* bytes of the file: whole pieces, or up to its end */
  char *lines;         /* takes the digest's lines of its pieces */
  uint64_t begin, end; /* out: where its first record begins, if from > 0,
                          and the first one after it */
} hpo_csv_part;

/** Adds the rows of a part, after hpo_read_csv_look at the first file;
 *  else as hpo_read_csv, but that an error does not tell the line. */
HPO_MUST_USE hpo_status hpo_read_csv_part(hpo_reading *r, const char *path,
                                          hpo_role role, bool is_tsv,
                                          hpo_csv_part *part, hpo_error *err);
/** Makes the columns from the first file's head, and finds out from its
 *  first records which hold texts; adds no row. */
HPO_MUST_USE hpo_status hpo_read_csv_look(hpo_reading *r, const char *path,
                                          bool is_tsv, hpo_error *err);

#endif
