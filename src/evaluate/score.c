/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions of a fit, and what they are worth.
 *
 * A team brings either its predictions to rank 0, or, where a metric is made
 * of sums and they are fewer, the exact sums of each rank's rows: the same
 * bits, and the rows are scored where they are. */
#include <math.h>
#include <string.h>

#include "evaluate/fit.h"
#include "hpo/mem.h"

static hpo_scored scored_rows(const hpo_fit *fit, size_t first, size_t n) {
  const hpo_truth *t = fit->truth;
  return (hpo_scored){.n = n,
                      .k = fit->k,
                      .n_class = fit->e->data->n_class,
                      .y = t->y + first,
                      .p = fit->p,
                      .weight = t->weight ? t->weight + first : NULL};
}

hpo_status hpo_fit_gather(hpo_fit *fit, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = fit->e->team;
  double *all = NULL;
  size_t *count = NULL;

  if (team->size == 1 || fit->is_gathered)
    goto done;
  HPO_TRY(status, hpo_mem_new((size_t)team->size, sizeof *count, &count, err));
  HPO_TRY(status, team->gather(team->self, fit->p,
                               fit->n_mine * fit->k * sizeof *fit->p, &all,
                               count, err));
  if (all)
    memcpy(fit->p, all, (size_t)fit->rows.n_valid * fit->k * sizeof *all);
  fit->is_gathered = true;
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

/* Whether the sums of m are fewer numbers than the predictions. */
static bool has_few_sums(const hpo_fit *fit, const hpo_metric *m) {
  return m && !m->compute && m->n_sum &&
         m->n_sum(fit->e->data->n_class) * HPO_SUM_WORDS <=
             (size_t)fit->rows.n_valid * fit->k;
}

/* The team's sums; a prediction that is not finite spoils them. */
static hpo_status add_up(hpo_fit *fit, const hpo_metric *m, bool *good,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = fit->e->team;
  hpo_scored s = scored_rows(fit, fit->first_mine, fit->n_mine);
  size_t n = m->n_sum(s.n_class);
  int64_t *bad = NULL;

  if (!fit->sum) /* and one more, for the count behind them */
    HPO_TRY(status, hpo_mem_new(n + 1, sizeof *fit->sum, &fit->sum, err));
  memset(fit->sum, 0, (n + 1) * sizeof *fit->sum);
  bad = &fit->sum[n].chunk[0];
  for (size_t i = 0; i < s.n * s.k; i++)
    *bad += !isfinite(s.p[i]);
  if (*bad == 0)
    m->accumulate(&s, fit->sum);
  HPO_TRY(status, team->sum(team->self, (int64_t *)fit->sum,
                            n * HPO_SUM_WORDS + 1, err));
  *good = *bad == 0;
done:
  return status;
}

hpo_status hpo_fit_predict(hpo_fit *fit, const hpo_metric *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool good = false;

  HPO_TRY(status, fit->from->kind->predict_valid(fit->model, fit->p, err));
  fit->is_gathered = false;
  if (fit->e->team->size > 1 && has_few_sums(fit, m))
    HPO_TRY(status, add_up(fit, m, &good, err));
  fit->summed = good ? m : NULL;
  if (!good)
    HPO_TRY(status, hpo_fit_gather(fit, err));
done:
  return status;
}

hpo_scored hpo_fit_scored(const hpo_fit *fit) {
  HPO_ASSERT(fit->is_gathered || fit->e->team->size == 1);
  return scored_rows(fit, 0, (size_t)fit->rows.n_valid);
}

hpo_status hpo_fit_score(const hpo_fit *fit, const hpo_metric *m, double *out,
                         hpo_error *err) {
  if (m == fit->summed)
    return hpo_metric_finish(m, fit->sum, fit->e->data->n_class, out, err);
  hpo_scored s = hpo_fit_scored(fit);
  return hpo_metric_compute(m, &s, out, err);
}
