/* SPDX-License-Identifier: BSD-3-Clause */
/* The books in memory: trials by number, counts by state, and the complete
 * ones sorted by the first objective. */
#include "hpo/ledger.h"

#include "hpo/known.h"
#include "hpo/mem.h"

#include <math.h>
#include <string.h>

/** A complete trial in the order of merit: lower keys are better. */
typedef struct rank {
  double violation; /* of the constraints, before all */
  double key;       /* objective 0, negated where it is maximized */
  hpo_id number;
} rank;

struct hpo_ledger {
  const hpo_plan *plan;
  hpo_trial **trial; /* [n_trial] */
  size_t n_trial, trial_room;
  hpo_trial **known; /* [n_known] of other studies, numbers -n_known to -1 */
  size_t n_known;
  rank *best; /* [n_best], by key, then number */
  size_t n_best, best_room;
  hpo_fronts fronts; /* of complete trials, the first alone */
  size_t count[HPO_TRIAL_STATES];
  uint64_t version;
};

static hpo_status add_known(hpo_ledger *l, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status,
          hpo_mem_new(l->plan->n_known, sizeof *l->known, &l->known, err));
  for (size_t k = 0; k < l->plan->n_known; k++)
    if (hpo_known_is_seen(l->plan, k))
      HPO_TRY(status,
              hpo_known_get(l->plan, k, NULL, &l->known[l->n_known++], err));
  for (size_t k = 0; k < l->n_known; k++)
    l->known[k]->number = (hpo_id)k - (hpo_id)l->n_known;
done:
  return status;
}

hpo_status hpo_ledger_create(const hpo_plan *plan, hpo_ledger **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_ledger *l = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *l, &l, err));
  l->plan = plan;
  l->fronts = (hpo_fronts){.d = plan->n_objective, .depth = 1};
  HPO_TRY(status, add_known(l, err));
  *out = l;
  l = NULL; /* now the caller's */
done:
  hpo_ledger_destroy(l);
  return status;
}

void hpo_ledger_destroy(hpo_ledger *l) {
  if (l == NULL)
    return;
  for (size_t i = 0; i < l->n_trial; i++)
    hpo_trial_destroy(l->trial[i]);
  for (size_t i = 0; i < l->n_known; i++)
    hpo_trial_destroy(l->known[i]);
  hpo_mem_free(l->known);
  hpo_mem_free(l->trial);
  hpo_mem_free(l->best);
  hpo_fronts_free(&l->fronts);
  hpo_mem_free(l);
}

static double key_of(const hpo_ledger *l, double value) {
  return l->plan->objective[0].maximize ? -value : value;
}

static bool is_before(const rank *a, const rank *b) {
  if (a->violation != b->violation)
    return a->violation < b->violation;
  return a->key != b->key ? a->key < b->key : a->number < b->number;
}

/** How many of the sorted trials stand before r. */
static size_t lower_bound(const hpo_ledger *l, const rank *r) {
  size_t low = 0, high = l->n_best;

  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (is_before(&l->best[middle], r))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/** Room for it was made before. */
static void insert_best(hpo_ledger *l, const hpo_trial *t) {
  rank new = {.violation = hpo_plan_violation(l->plan, t->metric),
              .key = key_of(l, t->value[0]),
              .number = t->number};
  size_t at = lower_bound(l, &new);

  memmove(&l->best[at + 1], &l->best[at], (l->n_best - at) * sizeof *l->best);
  l->best[at] = new;
  l->n_best++;
}

static hpo_status check_trial(const hpo_ledger *l, const hpo_trial *t,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  if (t->number < 0 || (uint64_t)t->number > l->n_trial)
    HPO_FAIL(status, err, HPO_EBUG,
             "trial %lld cannot be entered where %zu trials are known",
             (long long)t->number, l->n_trial);
  if ((size_t)t->number < l->n_trial &&
      hpo_trial_is_final(l->trial[t->number]->state))
    HPO_FAIL(status, err, HPO_EBUG, "trial %lld is final and cannot change",
             (long long)t->number);
  if (t->n_param != l->plan->space.n_param ||
      t->n_objective != l->plan->n_objective)
    HPO_FAIL(status, err, HPO_EBUG,
             "trial %lld has %zu parameters and %zu objectives, the study "
             "%zu and %zu",
             (long long)t->number, t->n_param, t->n_objective,
             l->plan->space.n_param, l->plan->n_objective);
  if (t->state == HPO_TRIAL_COMPLETE)
    for (size_t i = 0; i < t->n_objective; i++)
      if (!isfinite(t->value[i]))
        HPO_FAIL(status, err, HPO_EBUG,
                 "trial %lld is complete, but its value is not finite",
                 (long long)t->number);
done:
  return status;
}

hpo_status hpo_ledger_put(hpo_ledger *l, hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, check_trial(l, t, err));
  HPO_TRY(status, hpo_mem_grow(&l->trial, &l->trial_room, l->n_trial + 1,
                               sizeof *l->trial, err));
  HPO_TRY(status, hpo_mem_grow(&l->best, &l->best_room, l->n_best + 1,
                               sizeof *l->best, err));
  if (t->state == HPO_TRIAL_COMPLETE && l->plan->n_objective > 1) {
    const hpo_outcome o = hpo_outcome_of(t, l->plan);
    HPO_TRY(status, hpo_fronts_add(&l->fronts, &o, err));
  }
  if ((size_t)t->number == l->n_trial) {
    l->n_trial++;
  } else if (l->trial[t->number] != t) {
    l->count[l->trial[t->number]->state]--;
    hpo_trial_destroy(l->trial[t->number]);
  }
  l->trial[t->number] = t;
  l->count[t->state]++;
  if (t->state == HPO_TRIAL_COMPLETE)
    insert_best(l, t);
  if (hpo_trial_is_final(t->state))
    l->version++;
done:
  return status;
}

size_t hpo_ledger_trials(const hpo_ledger *l) { return l->n_trial; }

const hpo_trial *hpo_ledger_get(const hpo_ledger *l, hpo_id number) {
  if (number < 0 || (uint64_t)number >= l->n_trial)
    return NULL;
  return l->trial[number];
}

size_t hpo_ledger_count(const hpo_ledger *l, hpo_trial_state s) {
  return l->count[s];
}

uint64_t hpo_ledger_version(const hpo_ledger *l) { return l->version; }

const hpo_plan *hpo_ledger_plan(const hpo_ledger *l) { return l->plan; }

const hpo_trial *hpo_ledger_best(const hpo_ledger *l) {
  return l->n_best > 0 ? l->trial[l->best[0].number] : NULL;
}

double hpo_ledger_kth_best(const hpo_ledger *l, size_t k) {
  if (k < 1 || k > l->n_best)
    return (double)NAN;
  return l->trial[l->best[k - 1].number]->value[0];
}

size_t hpo_ledger_better(const hpo_ledger *l, double value) {
  rank r = {.key = key_of(l, value), .number = -1};

  return isnan(value) ? l->n_best : lower_bound(l, &r);
}

size_t hpo_ledger_front_size(const hpo_ledger *l) {
  return l->fronts.n_front > 0 ? l->fronts.front[0].n : 0;
}

const hpo_outcome *hpo_ledger_front(const hpo_ledger *l, size_t i) {
  return &l->fronts.item[l->fronts.front[0].member[i]];
}

bool hpo_ledger_is_best(const hpo_ledger *l, hpo_id number) {
  if (l->plan->n_objective == 1)
    return l->n_best > 0 && l->best[0].number == number;
  for (size_t i = 0; i < hpo_ledger_front_size(l); i++)
    if (hpo_ledger_front(l, i)->number == number)
      return true;
  return false;
}

size_t hpo_view_known(const hpo_view *v) { return v->ledger->n_known; }

const hpo_trial *hpo_view_trial(const hpo_view *v, hpo_id number) {
  const hpo_ledger *l = v->ledger;

  HPO_ASSERT(number >= -(hpo_id)l->n_known && number < v->trials);
  if (number < 0)
    return l->known[number + (hpo_id)l->n_known];
  return hpo_ledger_get(v->ledger, number);
}

hpo_pause hpo_view_pause(const hpo_view *v, hpo_id number) {
  return (size_t)number < v->n_pause ? v->pause[number] : (hpo_pause){0};
}

hpo_trial_state hpo_view_state(const hpo_view *v, hpo_id number) {
  const hpo_trial *t = hpo_view_trial(v, number);

  if (number < 0 || (hpo_trial_is_final(t->state) && t->job <= v->horizon))
    return t->state;
  return HPO_TRIAL_RUNNING;
}
