/* SPDX-License-Identifier: BSD-3-Clause */
/** \file libsvm.h
 *  LIBSVM text ("label index:value ...  # comment"), read in blocks: the
 *  lexer.  Private to data/.
 *
 *  A line is always whole in memory; its entries are handed out one by one,
 *  in ascending order of their indices.
 */
#ifndef HPO_DATA_LIBSVM_H
#define HPO_DATA_LIBSVM_H

#include "csv.h"

/** Largest index; more columns than this fit no memory. */
enum { HPO_LIBSVM_MOST_INDEX = 2147483646 };

typedef struct hpo_libsvm {
  hpo_csv bytes;  /* read in blocks; its lexer is not used */
  const char *at; /* in the line being read */
  hpo_row line;   /* its number, from 1 */
  int64_t last;   /* index of the entry before; -1: none */
} hpo_libsvm;

typedef struct hpo_libsvm_entry {
  int64_t index;
  double value;     /* finite or, where it does not fit a double, infinite */
  const char *text; /* [n] the value as written */
  size_t n;
} hpo_libsvm_entry;

/** Parameters and errors as hpo_csv_open. */
HPO_MUST_USE hpo_status hpo_libsvm_open(hpo_libsvm *l, const char *path,
                                        hpo_digest *hash, hpo_error *err);
void hpo_libsvm_close(hpo_libsvm *l);

/** Goes to the next line that is not blank or a comment alone.
 *  \param [out] is_there false: the file ends here
 *  \param [out] label    finite
 *  \return HPO_OK; HPO_EDATA: no label, not a number, overlong line */
HPO_MUST_USE hpo_status hpo_libsvm_row(hpo_libsvm *l, bool *is_there,
                                       double *label, hpo_error *err);

/** The line's next entry.
 *  \param [out] is_there false: the line ends here
 *  \return HPO_OK; HPO_EDATA: no index:value, qid:, index out of range or
 *  not above the one before, value not a number */
HPO_MUST_USE hpo_status hpo_libsvm_next(hpo_libsvm *l, bool *is_there,
                                        hpo_libsvm_entry *out, hpo_error *err);

#endif
