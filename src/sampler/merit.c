/* SPDX-License-Identifier: BSD-3-Clause */
/* How good a trial is: see merit.h. */
#include "sampler/merit.h"

#include "hpo/hypervolume.h"
#include "hpo/mem.h"

#include <math.h>
#include <string.h>

/* Weight of a point that adds nothing, and reference of a worst loss of 0. */
#define TINY 1e-12

void hpo_merit_get(const hpo_plan *plan, const hpo_trial *t, double *step,
                   double *value) {
  double x = t->n_objective > 0 ? t->value[0] : (double)NAN;
  double violation =
      t->state == HPO_TRIAL_COMPLETE ? hpo_plan_violation(plan, t->metric) : 0;

  *step = violation > 0                    ? violation
          : t->state == HPO_TRIAL_COMPLETE ? -(double)INFINITY
          : t->state == HPO_TRIAL_PRUNED   ? -(double)t->steps
                                           : (double)INFINITY;
  *value = isnan(x) ? (double)INFINITY : plan->objective[0].maximize ? -x : x;
}

static void find_reference(const double *loss, size_t n, size_t d,
                           double *out) {
  for (size_t k = 0; k < d; k++) {
    double worst = loss[k];
    for (size_t i = 1; i < n; i++)
      worst = fmax(worst, loss[i * d + k]);
    out[k] = fmax(1.1 * worst, 0.9 * worst);
    if (out[k] == 0)
      out[k] = TINY;
  }
}

/* Losses [n][d] of items. */
static void copy_losses(const hpo_fronts *f, const size_t *item, size_t n,
                        double *loss) {
  for (size_t i = 0; i < n; i++)
    memcpy(loss + i * f->d, f->item[item[i]].loss, f->d * sizeof *loss);
}

/* Keeps k of the n items of a front. */
static hpo_status thin(const hpo_fronts *f, size_t *item, size_t n, size_t k,
                       double *loss, hpo_error *err) {
  hpo_status status = HPO_OK;
  double reference[HPO_PLAN_OBJECTIVES];
  size_t *pick = NULL;

  if (f->item[item[0]].violation > 0)
    goto done; /* the first ones */
  HPO_TRY(status, hpo_mem_new(k, sizeof *pick, &pick, err));
  copy_losses(f, item, n, loss);
  find_reference(loss, n, f->d, reference);
  HPO_TRY(status,
          hpo_hypervolume_subset(loss, n, f->d, reference, k, pick, err));
  for (size_t i = 0; i < k; i++)
    pick[i] = item[pick[i]];
  memcpy(item, pick, k * sizeof *item);
done:
  hpo_mem_free(pick);
  return status;
}

static hpo_status weigh(const hpo_fronts *f, const size_t *item, size_t n,
                        double *loss, double *weight, hpo_error *err) {
  hpo_status status = HPO_OK;
  double reference[HPO_PLAN_OBJECTIVES], *share = NULL, most = 0;
  size_t n_feasible = 0; /* they come first */

  while (n_feasible < n && f->item[item[n_feasible]].violation == 0)
    n_feasible++;
  for (size_t i = 0; i < n; i++)
    weight[f->item[item[i]].number] = i < n_feasible ? 1 : TINY;
  if (n_feasible < 3)
    goto done;
  HPO_TRY(status, hpo_mem_new(n_feasible, sizeof *share, &share, err));
  copy_losses(f, item, n_feasible, loss);
  find_reference(loss, n_feasible, f->d, reference);
  HPO_TRY(status, hpo_hypervolume_shares(loss, n_feasible, f->d, reference,
                                         share, err));
  for (size_t i = 0; i < n_feasible; i++)
    most = fmax(most, share[i]);
  for (size_t i = 0; i < n_feasible; i++)
    weight[f->item[item[i]].number] = (share[i] + TINY) / (most + TINY);
done:
  hpo_mem_free(share);
  return status;
}

hpo_status hpo_merit_pick(const hpo_fronts *f, const float *active,
                          size_t most, uint8_t *is_best, double *weight,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t *item = NULL, taken = 0;
  double *loss = NULL;

  HPO_TRY(status, hpo_mem_new(f->n, sizeof *item, &item, err));
  HPO_TRY(status, hpo_mem_new(f->n * f->d, sizeof *loss, &loss, err));
  for (size_t r = 0; r < f->n_front && taken < most; r++) {
    const hpo_front *front = &f->front[r];
    size_t n = 0;
    for (size_t i = 0; i < front->n; i++)
      if (!isnan(active[f->item[front->member[i]].number]))
        item[taken + n++] = front->member[i];
    if (n > most - taken) {
      HPO_TRY(status, thin(f, item + taken, n, most - taken, loss, err));
      n = most - taken;
    }
    taken += n;
  }
  for (size_t i = 0; i < taken; i++)
    is_best[f->item[item[i]].number] = 1;
  HPO_TRY(status, weigh(f, item, taken, loss, weight, err));
done:
  hpo_mem_free(item);
  hpo_mem_free(loss);
  return status;
}
