/* SPDX-License-Identifier: BSD-3-Clause */
/** \file keys.h
 *  The column of groups or folds as small numbers.  Private to data/.
 */
#ifndef HPO_DATA_KEYS_H
#define HPO_DATA_KEYS_H

#include "read_csv.h"

typedef struct hpo_keys { /* `hpo_keys k = {0}` */
  uint32_t *key;          /* [rows] place among the sorted different values;
                             NULL: there is no such column */
  size_t n;               /* different values */
  const char *name;       /* of the column; borrowed from the reading */
} hpo_keys;

/** Of the first n rows.  Texts are sorted bytewise, numbers by value: never
 *  first seen.
 *  O(rows log rows). */
HPO_MUST_USE hpo_status hpo_keys_find(const hpo_reading *r, hpo_row n,
                                      hpo_keys *out, hpo_error *err);
void hpo_keys_free(hpo_keys *k);

#endif
