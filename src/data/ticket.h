/* SPDX-License-Identifier: BSD-3-Clause */
/** \file ticket.h
 *  Rows in a random order within their classes, the same for any number of
 *  ranks: what splits, folds and shards are dealt from.  Private to data/.
 */
#ifndef HPO_DATA_TICKET_H
#define HPO_DATA_TICKET_H

#include "hpo/dataset.h"

typedef struct hpo_ticket {
  uint64_t key; /* random, of the row's id */
  hpo_row row;
  uint32_t group; /* class, or 0 */
} hpo_ticket;

/** By (group, key, row). */
void hpo_ticket_sort(hpo_ticket *list, size_t n);

#endif
