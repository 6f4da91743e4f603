/* SPDX-License-Identifier: BSD-3-Clause */
/* The tally of a trial's validation predictions. */
#include "evaluate/tally.h"

#include "hpo/mem.h"

#include <math.h>
#include <string.h>

bool hpo_evaluation_tallies(const hpo_evaluation *v) {
  return v->e->data && v->e->data->n_class > 0 && v->recipe.kind->save &&
         v->recipe.kind->predict_valid && !isinf(v->job.send_model);
}

/* The rows of all folds, one after the other. */
typedef struct pool {
  hpo_scored s;
  double *y, *p, *weight;
} pool;

static void pool_free(pool *b) {
  hpo_mem_free(b->y);
  hpo_mem_free(b->p);
  hpo_mem_free(b->weight);
}

static hpo_status pool_folds(const hpo_evaluation *v, pool *b,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = 0, at = 0;

  b->s = hpo_fit_scored(&v->fit[0]);
  if (v->n_fit == 1)
    return HPO_OK;
  for (size_t f = 0; f < v->n_fit; f++)
    n += hpo_fit_scored(&v->fit[f]).n;
  HPO_TRY(status, hpo_mem_new(n, sizeof *b->y, &b->y, err));
  HPO_TRY(status, hpo_mem_new(n * b->s.k, sizeof *b->p, &b->p, err));
  if (b->s.weight)
    HPO_TRY(status, hpo_mem_new(n, sizeof *b->weight, &b->weight, err));
  for (size_t f = 0; f < v->n_fit; f++) {
    hpo_scored s = hpo_fit_scored(&v->fit[f]);
    memcpy(b->y + at, s.y, s.n * sizeof *s.y);
    memcpy(b->p + at * s.k, s.p, s.n * s.k * sizeof *s.p);
    if (s.weight)
      memcpy(b->weight + at, s.weight, s.n * sizeof *s.weight);
    at += s.n;
  }
  b->s.n = n;
  b->s.y = b->y;
  b->s.p = b->p;
  b->s.weight = b->weight;
done:
  return status;
}

static hpo_status add_curve(const hpo_scored *s, size_t positive, size_t most,
                            hpo_tally *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_roc_point *roc = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_mem_new(most, sizeof *roc, &roc, err));
  HPO_TRY(status, hpo_metric_roc(s, positive, most, roc, &n, err));
  for (size_t i = 0; i < n; i++) {
    hpo_tally_point p = {.positive = (int32_t)positive,
                         .threshold = roc[i].threshold,
                         .hits = roc[i].hits,
                         .alarms = roc[i].alarms};
    HPO_TRY(status, hpo_tally_add(t, p, err));
  }
done:
  hpo_mem_free(roc);
  return status;
}

hpo_status hpo_evaluation_tally(const hpo_evaluation *v, hpo_tally *out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_tally t = {0};
  pool b = {.y = NULL};
  size_t k = v->e->data->n_class, first = k == 2 ? 1 : 0;

  HPO_TRY(status, pool_folds(v, &b, err));
  if (k <= HPO_TALLY_MOST_CLASSES) {
    HPO_TRY(status,
            hpo_mem_new(k * k, sizeof *t.confusion, &t.confusion, err));
    t.n_class = k;
    HPO_TRY(status, hpo_metric_confusion(&b.s, t.confusion, err));
  }
  for (size_t c = first; c < k && k <= HPO_TALLY_MOST_CURVES; c++)
    HPO_TRY(status, add_curve(&b.s, c,
                              first ? HPO_TALLY_POINTS : HPO_TALLY_POINTS_EACH,
                              &t, err));
  *out = t;
  t = (hpo_tally){0};
done:
  pool_free(&b);
  hpo_tally_free(&t);
  return status;
}
