/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows in a random order within their classes. */

#include "ticket.h"

#include <stdlib.h>

static int by_group_key_row(const void *a, const void *b) {
  const hpo_ticket *x = a, *y = b;

  if (x->group != y->group)
    return x->group < y->group ? -1 : 1;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

void hpo_ticket_sort(hpo_ticket *list, size_t n) {
  qsort(list, n, sizeof *list, by_group_key_row);
}
