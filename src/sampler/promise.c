/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a run of CMA-ES had best begin: see promise.h. */
#include "sampler/promise.h"

#include "hpo/mem.h"
#include "sampler/merit.h"

#include <stdlib.h>

/* gamma: the share of the trials that are the best; alpha: the deviation of
 * the small distributions. */
#define GAMMA 0.1
#define ALPHA 0.1

typedef struct ranked {
  hpo_id number;
  double step, value; /* as hpo_merit_get */
} ranked;

static int by_merit(const void *a, const void *b) {
  const ranked *r = a, *s = b;

  if (r->step != s->step)
    return r->step < s->step ? -1 : 1;
  if (r->value != s->value)
    return r->value < s->value ? -1 : 1;
  return r->number < s->number ? -1 : r->number > s->number;
}

/* The mean of the first n_best places and their covariance, widened. */
static void fit(const double *place, size_t n_best, size_t n, double *mean,
                double *cov) {
  for (size_t a = 0; a < n; a++) {
    for (size_t k = 0; k < n_best; k++)
      mean[a] += place[k * n + a];
    mean[a] /= (double)n_best;
  }
  for (size_t a = 0; a < n; a++)
    for (size_t b = 0; b < n; b++) {
      double sum = 0;
      for (size_t k = 0; k < n_best; k++)
        sum += (place[k * n + a] - mean[a]) * (place[k * n + b] - mean[b]);
      cov[a * n + b] = sum / (double)n_best + (a == b ? ALPHA * ALPHA : 0);
    }
}

hpo_status hpo_promise_make(const hpo_view *view, const size_t *param,
                            size_t n, hpo_promise *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = hpo_ledger_plan(view->ledger);
  size_t known = hpo_view_known(view),
         n_best = (size_t)(GAMMA * (double)known + 0.999999);
  ranked *rank = NULL;
  double *place = NULL;
  hpo_promise p = {0};

  if (known == 0 || n == 0)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(known, sizeof *rank, &rank, err));
  HPO_TRY(status, hpo_mem_new(n_best * n, sizeof *place, &place, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *p.mean, &p.mean, err));
  HPO_TRY(status, hpo_mem_new(n * n, sizeof *p.cov, &p.cov, err));
  for (size_t k = 0; k < known; k++) {
    rank[k].number = (hpo_id)k - (hpo_id)known;
    hpo_merit_get(plan, hpo_view_trial(view, rank[k].number), &rank[k].step,
                  &rank[k].value);
  }
  qsort(rank, known, sizeof *rank, by_merit);
  for (size_t k = 0; k < n_best; k++)
    for (size_t a = 0; a < n; a++)
      place[k * n + a] =
          hpo_param_to_unit(&plan->space.param[param[a]],
                            hpo_view_trial(view, rank[k].number)->x[param[a]]);
  fit(place, n_best, n, p.mean, p.cov);
  *out = p;
  p = (hpo_promise){0};
done:
  hpo_promise_free(&p);
  hpo_mem_free(rank);
  hpo_mem_free(place);
  return status;
}

void hpo_promise_free(hpo_promise *p) {
  hpo_mem_free(p->mean);
  hpo_mem_free(p->cov);
  *p = (hpo_promise){0};
}
