/* SPDX-License-Identifier: BSD-3-Clause */
/* What of the ledger a cache has taken in: see seen.h. */
#include "sampler/seen.h"

#include "hpo/mem.h"

static bool goes_on(const hpo_seen *s, const hpo_view *view) {
  return s->ledger == view->ledger && view->horizon >= s->horizon &&
         view->trials >= s->trials &&
         hpo_ledger_version(view->ledger) >= s->version;
}

/* Puts trial n where it belongs: fresh, or open (of which kept are held). */
static void sort_in(hpo_seen *s, const hpo_view *view, hpo_id n,
                    size_t *kept) {
  if (hpo_trial_is_final(hpo_view_state(view, n)))
    s->fresh[s->n_fresh++] = n;
  else
    s->open[(*kept)++] = n;
}

hpo_status hpo_seen_update(hpo_seen *s, const hpo_view *view, bool *reset,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  bool on = goes_on(s, view);
  hpo_id from = on ? s->trials : -(hpo_id)hpo_view_known(view);
  size_t n_open = on ? s->n_open : 0, kept = 0;
  size_t most = n_open + (size_t)(view->trials - from);

  HPO_TRY(status,
          hpo_mem_grow(&s->open, &s->open_room, most, sizeof *s->open, err));
  HPO_TRY(status, hpo_mem_grow(&s->fresh, &s->fresh_room, most,
                               sizeof *s->fresh, err));
  s->n_fresh = 0;
  for (size_t i = 0; i < n_open; i++)
    sort_in(s, view, s->open[i], &kept);
  for (hpo_id n = from; n < view->trials; n++)
    sort_in(s, view, n, &kept);
  s->n_open = kept;
  s->ledger = view->ledger;
  s->horizon = view->horizon;
  s->trials = view->trials;
  s->version = hpo_ledger_version(view->ledger);
  *reset = !on;
done:
  return status;
}

void hpo_seen_free(hpo_seen *s) {
  hpo_mem_free(s->open);
  hpo_mem_free(s->fresh);
  *s = (hpo_seen){0};
}
