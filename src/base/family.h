/* SPDX-License-Identifier: BSD-3-Clause */
/* All processes below one, by /proc; for the guard as well, so it needs
 * nothing of the library. */
#ifndef BASE_FAMILY_H
#define BASE_FAMILY_H

#include <stddef.h>

typedef struct hpo_relative {
  long pid, parent;
  long pages; /* resident */
} hpo_relative;

/** Children, their children and so on, whatever groups and sessions they
 *  make.
 *  \param [out] all of the result, freed with free(); if memory runs out,
 *                   some are missing
 *  \return how many */
size_t hpo_family_list(long of, hpo_relative **all);

#endif
