/* SPDX-License-Identifier: BSD-3-Clause */
/* Stopping rules: target and patience, from the final trials in the order in
 * which decisions come to know them.  (Trials and timeout are counted where
 * trials are started.) */
#include "hpo/mem.h"
#include "sched/progress.h"

#include <math.h>
#include <string.h>

static bool is_better(const hpo_plan *plan, double a, double b) {
  return plan->objective[0].maximize ? a > b : a < b;
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

hpo_status hpo_progress_add(hpo_progress *p, const hpo_trial *t,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  p->n_final++;
  p->since++;
  if (t->state != HPO_TRIAL_COMPLETE)
    goto done;
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
}

hpo_end hpo_progress_end(const hpo_progress *p) {
  double target = p->plan->target;

  if (!isnan(target) && !isnan(p->best) &&
      !is_better(p->plan, target, p->best))
    return HPO_END_TARGET;
  if (p->plan->patience > 0 && p->since >= p->plan->patience)
    return HPO_END_PATIENCE;
  return HPO_END_NONE;
}

double hpo_progress_bar(const hpo_progress *p) {
  int64_t keep = p->plan->keep_models;

  if (keep == 0)
    return (double)INFINITY;
  return keep < 0 || p->n_top < (size_t)keep ? (double)NAN : p->top[keep - 1];
}

bool hpo_progress_keeps(const hpo_plan *plan, double bar, double value) {
  if (isinf(bar))
    return false;
  return isnan(bar) || !is_better(plan, bar, value);
}

bool hpo_progress_better(const hpo_plan *plan, double a, double b) {
  return is_better(plan, a, b);
}
