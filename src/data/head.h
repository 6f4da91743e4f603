/* SPDX-License-Identifier: BSD-3-Clause */
/** \file head.h
 *  What the first records of a text file say: the delimiter, whether the
 *  first is a header, the names.  Private to data/.
 */
#ifndef HPO_DATA_HEAD_H
#define HPO_DATA_HEAD_H

#include "csv.h"
#include "missing.h"

typedef struct hpo_head {
  hpo_names field; /* fields of the first record */
  hpo_row line;    /* its line */
  size_t at;       /* where it begins in memory */
  bool has_header; /* they are names; the record has been taken */
} hpo_head;

/** How to look at it. */
typedef struct hpo_head_options {
  const hpo_plan_data *data; /* header, names, label; borrowed */
  const hpo_missing *missing;
  const char *source; /* column of the label, "" unknown; borrowed */
  bool is_tsv;        /* tab whatever the first line holds */
} hpo_head_options;

/** Looks at the first records of a file that was just opened; sets its
 *  delimiter and takes the header if there is one.
 *
 *  The delimiter of CSV is the most frequent of comma, semicolon and tab
 *  outside quotes in the first line (the earlier of these if equal).
 *  Header "auto": the first record is a header if it equals the names
 *  given; if one of its fields is the label's name; if one of its fields is
 *  text where the rest of the column (20 records are looked at) begins with
 *  a number; or, without names given, if its fields are all text and all
 *  different.
 *  \return HPO_OK; HPO_EDATA: nothing in the file, or no text; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_head_read(hpo_csv *c, const hpo_head_options *o,
                                      hpo_head *out, hpo_error *err);
void hpo_head_free(hpo_head *h);

#endif
