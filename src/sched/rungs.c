/* SPDX-License-Identifier: BSD-3-Clause */
/* Who goes on: see rungs.h. */
#include "sched/rungs.h"

#include "hpo/mem.h"

#include <math.h>
#include <string.h>

hpo_status hpo_rungs_make(const hpo_ladder *ladder, bool maximize,
                          hpo_rungs *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_rungs r = {.ladder = *ladder, .maximize = maximize};

  while (hpo_ladder_steps(ladder, 0, r.height) < INT64_MAX)
    r.height++;
  HPO_TRY(status, hpo_mem_new((size_t)(ladder->brackets * r.height) + 1,
                              sizeof *r.rung, &r.rung, err));
  *out = r;
done:
  return status;
}

void hpo_rungs_free(hpo_rungs *r) {
  int64_t n = r->ladder.brackets * r->height;

  for (int64_t i = 0; r->rung != NULL && i < n; i++)
    hpo_mem_free(r->rung[i].entry);
  hpo_mem_free(r->rung);
  *r = (hpo_rungs){0};
}

int64_t hpo_rungs_steps(const hpo_rungs *r, hpo_id trial, int64_t rung) {
  return rung < 0
             ? 0
             : hpo_ladder_steps(&r->ladder,
                                hpo_ladder_bracket(&r->ladder, trial), rung);
}

static bool is_before(const hpo_rungs *r, const hpo_rung_entry *a,
                      const hpo_rung_entry *b) {
  if (a->value != b->value)
    return r->maximize ? a->value > b->value : a->value < b->value;
  return a->trial < b->trial;
}

hpo_status hpo_rungs_add(hpo_rungs *r, hpo_id trial, int64_t rung,
                         double value, bool is_gone, hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t bracket = hpo_ladder_bracket(&r->ladder, trial);
  hpo_rung_entry e = {.trial = trial, .value = value, .is_gone = is_gone};
  hpo_rung *at = &r->rung[bracket * r->height + rung];
  size_t i = at->n;

  HPO_ASSERT(rung >= 0 && rung < r->height);
  HPO_TRY(status, hpo_mem_grow(&at->entry, &at->room, at->n + 1,
                               sizeof *at->entry, err));
  while (i > 0 && is_before(r, &e, &at->entry[i - 1]))
    i--;
  memmove(at->entry + i + 1, at->entry + i, (at->n - i) * sizeof *at->entry);
  at->entry[i] = e;
  at->n++;
done:
  return status;
}

/* The first of the best `most` that is still there, where it is better than
 * `than` (NaN: whatever it is). */
static bool take(const hpo_rungs *r, hpo_rung *at, size_t most, double than,
                 hpo_id *trial) {
  for (size_t i = 0; i < most && i < at->n; i++) {
    hpo_rung_entry *e = &at->entry[i];
    if (e->is_gone)
      continue;
    if (r->maximize ? e->value <= than : e->value >= than)
      return false;
    e->is_gone = true;
    *trial = e->trial;
    return true;
  }
  return false;
}

/* Of the best n / factor of a rung of n, but of `least` of them anyway. */
static bool pick(hpo_rungs *r, size_t least, double than, hpo_id *trial,
                 int64_t *rung) {
  /* level: rungs of all brackets with the same steps */
  for (int64_t level = r->height - 1; level >= 0; level--)
    for (int64_t b = 0; b < r->ladder.brackets && b <= level; b++) {
      hpo_rung *at = &r->rung[b * r->height + level - b];
      size_t good = at->n / (size_t)r->ladder.factor;
      if (take(r, at, good > least ? good : least, than, trial)) {
        *rung = level - b + 1;
        return true;
      }
    }
  return false;
}

bool hpo_rungs_next(hpo_rungs *r, hpo_id *trial, int64_t *rung) {
  return pick(r, 0, (double)NAN, trial, rung);
}

bool hpo_rungs_last(hpo_rungs *r, double best, hpo_id *trial, int64_t *rung) {
  if (hpo_rungs_next(r, trial, rung))
    return true;
  return r->has_complete ? pick(r, 1, best, trial, rung)
                         : pick(r, SIZE_MAX, (double)NAN, trial, rung);
}

double hpo_rungs_value(const hpo_trial *t, int64_t step) {
  for (size_t i = 0; i < t->n_curve; i++) {
    const hpo_curve_point *c = &t->curve[i];
    if (c->step == step && c->metric == 0 && c->fold == 0)
      return c->value;
  }
  return (double)NAN;
}
