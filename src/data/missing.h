/* SPDX-License-Identifier: BSD-3-Clause */
/** \file missing.h
 *  Which texts of a field mean that its value is missing.  Private to data/.
 */
#ifndef HPO_DATA_MISSING_H
#define HPO_DATA_MISSING_H

#include "hpo/plan.h"

typedef struct hpo_missing {
  const hpo_names *text; /* borrowed: the study's own, as written */
  double *number;        /* [n_number] those of them that are numbers */
  size_t n_number;
} hpo_missing;

HPO_MUST_USE hpo_status hpo_missing_create(const hpo_names *text,
                                           hpo_missing *out, hpo_error *err);
void hpo_missing_free(hpo_missing *m);
/** Empty, one of pandas' usual texts (see missing.c), or the study's. */
bool hpo_missing_text(const hpo_missing *m, const char *text, size_t n);
/** One of the study's, by value: -999 is also -999.0. */
static inline bool hpo_missing_number(const hpo_missing *m, double x) {
  for (size_t i = 0; i < m->n_number; i++)
    if (x == m->number[i])
      return true;
  return false;
}

#endif
