/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows held back, and what stored models are worth on them. */
#include "hpo/exam.h"

#include <math.h>
#include <string.h>

#include "hpo/metric.h"
#include "hpo/predictor.h"

static void copy_row(const hpo_dataset *d, hpo_row row, hpo_exam *e,
                     size_t i) {
  for (size_t c = 0; c < e->columns; c++)
    e->x[i * e->columns + c] = d->x[c * (size_t)d->rows + (size_t)row];
  e->y[i] = d->y[row];
  if (e->weight)
    e->weight[i] = d->weight[row];
}

hpo_status hpo_exam_create(const hpo_dataset *d, hpo_role role, hpo_exam **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_exam *e = NULL;
  hpo_row first = 0, end = 0;
  size_t n = 0;

  HPO_TRY(status, hpo_mem_new(1, sizeof *e, &e, err));
  if (d)
    hpo_dataset_held(d, &first, &end);
  for (hpo_row i = first; i < end; i++)
    n += d->role[i] == role;
  e->columns = d ? d->columns : 0;
  HPO_TRY(status, hpo_mem_new(n, e->columns * sizeof *e->x, &e->x, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *e->y, &e->y, err));
  if (d && d->weight)
    HPO_TRY(status, hpo_mem_new(n, sizeof *e->weight, &e->weight, err));
  for (hpo_row i = first; i < end; i++)
    if (d->role[i] == role)
      copy_row(d, i, e, e->n++);
  *out = e;
  e = NULL;
done:
  hpo_exam_destroy(e);
  return status;
}

void hpo_exam_destroy(hpo_exam *e) {
  if (!e)
    return;
  hpo_mem_free(e->x);
  hpo_mem_free(e->y);
  hpo_mem_free(e->weight);
  hpo_mem_free(e);
}

/* Everybody's bytes to rank 0, in place of its own.
 * *n: bytes before and after. */
static hpo_status gather(const hpo_coll *w, void *array, size_t *n,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  void *mine = NULL, *all = NULL;
  size_t *count = NULL;

  memcpy(&mine, array, sizeof mine);
  HPO_TRY(status, hpo_mem_new((size_t)w->size, sizeof *count, &count, err));
  HPO_TRY(status, w->gather(w->self, mine, *n, &all, count, err));
  *n = 0;
  for (int i = 0; i < w->size; i++)
    *n += count[i];
  memcpy(array, &all, sizeof all);
  hpo_mem_free(mine);
done:
  hpo_mem_free(count);
  return status;
}

hpo_status hpo_exam_gather(hpo_exam *e, const hpo_coll *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  double shape[2] = {(double)e->columns, e->weight ? 1 : 0};
  size_t x = e->n * e->columns * sizeof *e->x, y = e->n * sizeof *e->y;
  size_t weight = e->weight ? y : 0;

  HPO_TRY(status, w->max(w->self, shape, 2, err));
  e->columns = (size_t)shape[0];
  HPO_TRY(status, gather(w, &e->x, &x, err));
  HPO_TRY(status, gather(w, &e->y, &y, err));
  if (shape[1] > 0)
    HPO_TRY(status, gather(w, &e->weight, &weight, err));
  e->n = y / sizeof *e->y;
done:
  return status;
}

hpo_status hpo_exam_predict(const hpo_exam *e, const hpo_dataset *facts,
                            const char *format, const hpo_buffer *model,
                            const hpo_predictor_library *library, double **p,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_predictor *predictor = NULL;
  double *made = NULL;

  HPO_TRY(status, library != NULL
                      ? hpo_predictor_plug(library, model->byte, model->n,
                                           facts, &predictor, err)
                      : hpo_predictor_create(format, model->byte, model->n,
                                             facts, &predictor, err));
  HPO_TRY(status,
          hpo_mem_new(e->n, hpo_predictor_outputs(predictor) * sizeof *made,
                      &made, err));
  HPO_TRY(status, hpo_predictor_rows(predictor, e->x, e->n, false, made, err));
  *p = made;
  made = NULL;
done:
  hpo_mem_free(made);
  hpo_predictor_destroy(predictor);
  return status;
}

static hpo_status score(const hpo_metric *m, const hpo_scored *s, double *out,
                        hpo_error *err) {
  hpo_error own = {0};
  hpo_status status =
      m && !m->of_trial ? hpo_metric_compute(m, s, out, &own) : HPO_ETRIAL;

  if (status == HPO_ETRIAL) {
    *out = NAN;
    return HPO_OK;
  }
  return status == HPO_OK ? HPO_OK
                          : hpo_error_set(err, status, "%s", own.text);
}

static hpo_scored scored(const hpo_exam *e, const hpo_dataset *facts,
                         const double *p) {
  return (hpo_scored){.n = e->n,
                      .k = hpo_dataset_outputs(facts),
                      .n_class = facts->n_class,
                      .y = e->y,
                      .p = p,
                      .weight = e->weight};
}

hpo_status hpo_exam_score(const hpo_exam *e, const hpo_dataset *facts,
                          const double *p, const char *metric, double *out,
                          hpo_error *err) {
  const hpo_scored s = scored(e, facts, p);

  return score(hpo_metric_find(metric), &s, out, err);
}
