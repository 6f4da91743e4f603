/* SPDX-License-Identifier: BSD-3-Clause */
/* What of the ledger a cache has taken in, so that each final trial is read
 * once.
 *
 * A view of the same ledger that shows at least as much as the last one
 * brings only what is new; any other starts afresh, with what is known from
 * other studies first. */
#ifndef HPO_SAMPLER_SEEN_H
#define HPO_SAMPLER_SEEN_H

#include "hpo/ledger.h"

typedef struct hpo_seen {
  const hpo_ledger *ledger;
  hpo_id horizon, trials;
  uint64_t version;
  hpo_id *open; /* [n_open] trials that the view shows as not final,
                   ascending; owned */
  size_t n_open, open_room;
  hpo_id *fresh; /* [n_fresh] final in this view, not before, ascending */
  size_t n_fresh, fresh_room;
} hpo_seen;

/** Moves on to view.  *reset: what was taken in before does not count any
 *  more, fresh holds all final trials of the view.  O(open + new trials). */
HPO_MUST_USE hpo_status hpo_seen_update(hpo_seen *s, const hpo_view *view,
                                        bool *reset, hpo_error *err);
void hpo_seen_free(hpo_seen *s);

#endif
