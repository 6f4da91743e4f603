/* SPDX-License-Identifier: BSD-3-Clause */
/* The books in memory: trials by number, counts by state, and the complete
 * ones sorted by the first objective. */
#include "hpo/ledger.h"

#include "hpo/mem.h"

#include <math.h>
#include <string.h>

/** A complete trial in the order of merit: lower keys are better. */
typedef struct rank {
  double key; /* objective 0, negated where it is maximized */
  hpo_id number;
} rank;

struct hpo_ledger {
  const hpo_plan *plan;
  hpo_trial **trial; /* [n_trial] */
  size_t n_trial, trial_room;
  rank *best; /* [n_best], by key, then number */
  size_t n_best, best_room;
  size_t count[HPO_TRIAL_STATES];
  uint64_t version;
};

hpo_status hpo_ledger_create(const hpo_plan *plan, hpo_ledger **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_ledger *l = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *l, &l, err));
  l->plan = plan;
  *out = l;
done:
  return status;
}

void hpo_ledger_destroy(hpo_ledger *l) {
  if (l == NULL)
    return;
  for (size_t i = 0; i < l->n_trial; i++)
    hpo_trial_destroy(l->trial[i]);
  hpo_mem_free(l->trial);
  hpo_mem_free(l->best);
  hpo_mem_free(l);
}

static double key_of(const hpo_ledger *l, double value) {
  return l->plan->objective[0].maximize ? -value : value;
}

/** How many of the sorted trials stand before (key, number). */
static size_t lower_bound(const hpo_ledger *l, double key, hpo_id number) {
  size_t low = 0, high = l->n_best;

  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const rank *r = &l->best[middle];
    if (r->key < key || (r->key == key && r->number < number))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/** Room for it was made before. */
static void insert_best(hpo_ledger *l, const hpo_trial *t) {
  double key = key_of(l, t->value[0]);
  size_t at = lower_bound(l, key, t->number);

  memmove(&l->best[at + 1], &l->best[at], (l->n_best - at) * sizeof *l->best);
  l->best[at] = (rank){.key = key, .number = t->number};
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
  if (isnan(value))
    return l->n_best;
  return lower_bound(l, key_of(l, value), -1);
}

const hpo_trial *hpo_view_trial(const hpo_view *v, hpo_id number) {
  HPO_ASSERT(number >= 0 && number < v->trials);
  return hpo_ledger_get(v->ledger, number);
}

hpo_trial_state hpo_view_state(const hpo_view *v, hpo_id number) {
  const hpo_trial *t = hpo_view_trial(v, number);

  if (hpo_trial_is_final(t->state) && t->job <= v->horizon)
    return t->state;
  return HPO_TRIAL_RUNNING;
}
