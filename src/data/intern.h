/* SPDX-License-Identifier: BSD-3-Clause */
/** \file intern.h
 *  Texts to small numbers: each different text gets the next one.  Private
 *  to data/.
 */
#ifndef HPO_DATA_INTERN_H
#define HPO_DATA_INTERN_H

#include "hpo/mem.h"
#include "hpo/status.h"

typedef struct hpo_intern { /* `hpo_intern t = {0}` */
  hpo_buffer text;          /* the texts, each ended by a NUL */
  size_t *at;               /* [n] where each begins */
  size_t n, room;
  uint32_t *slot; /* [slots] number + 1, 0: free */
  size_t slots;   /* a power of two, more than 2 n */
} hpo_intern;

/** The number of a text (n bytes without NUL), new or not. Amortised O(1). */
HPO_MUST_USE hpo_status hpo_intern_add(hpo_intern *t, const char *text,
                                       size_t n, uint32_t *out,
                                       hpo_error *err);
/** Borrowed until the next add. */
const char *hpo_intern_get(const hpo_intern *t, size_t i);
/** All texts sorted bytewise, and the place of each number among them.
 *  \param [out] name  [n] texts; *name and each text are the caller's
 *  \param [out] place [n] the caller's */
HPO_MUST_USE hpo_status hpo_intern_sort(const hpo_intern *t, char ***name,
                                        uint32_t **place, hpo_error *err);
void hpo_intern_free(hpo_intern *t);

#endif
