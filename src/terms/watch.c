/* SPDX-License-Identifier: BSD-3-Clause */
/* A trial's own curve and the rules on it: see watch.h. */
#include "hpo/watch.h"

#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>

hpo_watch hpo_watch_make(const hpo_rule *rule, bool maximize) {
  return (hpo_watch){.rule = *rule,
                     .maximize = maximize,
                     .best = (double)NAN,
                     .before = (double)NAN};
}

void hpo_watch_free(hpo_watch *w) {
  hpo_mem_free(w->value);
  w->value = NULL;
  w->n = w->room = 0;
}

static bool is_better(const hpo_watch *w, double a, double b) {
  return w->maximize ? a > b : a < b;
}

static double better(const hpo_watch *w, double a, double b) {
  return isnan(b) || is_better(w, a, b) ? a : b;
}

hpo_status hpo_watch_add(hpo_watch *w, double value, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t last;

  HPO_TRY(status,
          hpo_mem_grow(&w->value, &w->room, w->n + 1, sizeof *w->value, err));
  w->value[w->n++] = value;
  w->best = better(w, value, w->best);
  if (!w->rule.has_patience || w->n < (size_t)w->rule.patience + 2)
    goto done;
  last = w->n - 2 - (size_t)w->rule.patience;
  w->before = better(w, w->value[last], w->before);
done:
  return status;
}

bool hpo_watch_is_open(const hpo_watch *w) {
  double late = (double)NAN, asked;

  if (!w->rule.has_patience)
    return true;
  if (isnan(w->before))
    return false;
  for (size_t i = w->n - 1 - (size_t)w->rule.patience; i < w->n; i++)
    late = better(w, w->value[i], late);
  asked = w->maximize ? w->before - w->rule.min_delta
                      : w->before + w->rule.min_delta;
  return is_better(w, asked, late);
}

static bool is_beyond(const hpo_watch *w, const char *name, char *reason,
                      size_t room) {
  const hpo_rule *r = &w->rule;
  double value = w->value[w->n - 1];
  int64_t step = (int64_t)w->n;
  bool is_low = value<r->lower, is_high = value> r->upper;

  if (!r->has_bounds || step <= r->warmup ||
      (step - 1 - r->warmup) % r->interval != 0 || !(is_low || is_high))
    return false;
  snprintf(reason, room, "%s %.6g after step %lld is %s %.6g", name, value,
           (long long)step, is_low ? "below" : "above",
           is_low ? r->lower : r->upper);
  return true;
}

bool hpo_watch_prunes(const hpo_watch *w, double threshold, const char *name,
                      char *reason, size_t room) {
  if (w->n == 0)
    return false;
  if (is_beyond(w, name, reason, room))
    return true;
  if (!hpo_watch_is_open(w))
    return false;
  if (w->rule.is_alone) {
    snprintf(reason, room,
             "%s was not better than %.6g in the %lld steps up to %zu", name,
             w->before, (long long)w->rule.patience + 1, w->n);
    return true;
  }
  if (isnan(threshold) || !is_better(w, threshold, w->best))
    return false;
  snprintf(reason, room, "best %s %.6g up to step %zu is worse than %.6g",
           name, w->best, w->n, threshold);
  return true;
}
