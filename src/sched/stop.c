/* SPDX-License-Identifier: BSD-3-Clause */
/* Stopping rules: target, patience and the terminator, from the final trials
 * in the order in which decisions come to know them.  (Trials and timeout are
 * counted where trials are started.) */
#include "hpo/mem.h"
#include "sched/progress.h"

#include <math.h>
#include <string.h>

static bool is_better(const hpo_plan *plan, double a, double b) {
  return plan->objective[0].maximize ? a > b : a < b;
}

/* Whether trials are compared by more than one number. */
static bool is_ranked(const hpo_plan *plan) {
  return plan->n_objective > 1 || plan->n_constraint > 0;
}

static hpo_status add_top(hpo_progress *p, double value, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t keep = p->plan->keep_models > 0 ? (size_t)p->plan->keep_models : 0;
  size_t i = p->n_top;

  if (keep == 0 ||
      (p->n_top == keep && !is_better(p->plan, value, p->top[keep - 1])))
    goto done;
  HPO_TRY(status,
          hpo_mem_grow(&p->top, &p->room, p->n_top + 1, sizeof *p->top, err));
  while (i > 0 && is_better(p->plan, value, p->top[i - 1]))
    i--;
  memmove(p->top + i + 1, p->top + i, (p->n_top - i) * sizeof *p->top);
  p->top[i] = value;
  if (p->n_top < keep)
    p->n_top++;
done:
  return status;
}

static hpo_status add_ranked(hpo_progress *p, const hpo_trial *t,
                             hpo_error *err) {
  const hpo_outcome o = hpo_outcome_of(t, p->plan);

  if (!hpo_fronts_covers(&p->fronts, &o)) {
    p->best = t->value[0];
    p->since = 0;
  }
  return hpo_fronts_add(&p->fronts, &o, err);
}

hpo_status hpo_progress_add(hpo_progress *p, const hpo_trial *t,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  p->n_final++;
  p->since++;
  HPO_TRY(status, hpo_terminator_add(p->terminator, t, err));
  if (t->state != HPO_TRIAL_COMPLETE)
    goto done;
  if (is_ranked(p->plan)) {
    HPO_TRY(status, add_ranked(p, t, err));
    goto done;
  }
  if (isnan(p->best) || is_better(p->plan, t->value[0], p->best)) {
    p->best = t->value[0];
    p->since = 0;
  }
  HPO_TRY(status, add_top(p, t->value[0], err));
done:
  return status;
}

void hpo_progress_free(hpo_progress *p) {
  hpo_mem_free(p->top);
  p->top = NULL;
  hpo_terminator_destroy(p->terminator);
  p->terminator = NULL;
  hpo_fronts_free(&p->fronts);
}

/* Whether the best is feasible. */
static bool is_feasible(const hpo_progress *p) {
  const hpo_fronts *f = &p->fronts;

  return f->n == 0 || f->item[f->front[0].member[0]].violation == 0;
}

hpo_end hpo_progress_end(const hpo_progress *p) {
  double target = p->plan->target;

  if (!isnan(target) && !isnan(p->best) && is_feasible(p) &&
      !is_better(p->plan, target, p->best))
    return HPO_END_TARGET;
  if (p->plan->patience > 0 && p->since >= p->plan->patience)
    return HPO_END_PATIENCE;
  if (hpo_terminator_reason(p->terminator) != NULL)
    return HPO_END_REGRET;
  return HPO_END_NONE;
}

hpo_bar hpo_progress_bar(const hpo_progress *p) {
  int64_t keep = p->plan->keep_models;
  hpo_bar bar = {.value = (double)NAN, .known = p->fronts.n};

  if (keep == 0)
    bar.value = (double)INFINITY;
  else if (keep > 0 && p->n_top >= (size_t)keep)
    bar.value = p->top[keep - 1];
  return bar;
}

bool hpo_progress_keeps(const hpo_progress *p, hpo_bar bar,
                        const hpo_trial *t) {
  int64_t better = 0;

  if (isinf(bar.value))
    return false;
  if (!is_ranked(p->plan))
    return isnan(bar.value) || !is_better(p->plan, bar.value, t->value[0]);
  const hpo_outcome o = hpo_outcome_of(t, p->plan);
  for (size_t i = 0; i < bar.known; i++)
    better +=
        hpo_outcome_dominates(&p->fronts.item[i], &o, p->plan->n_objective);
  return p->plan->keep_models < 0 || better < p->plan->keep_models;
}

bool hpo_progress_better(const hpo_plan *plan, double a, double b) {
  return is_better(plan, a, b);
}
