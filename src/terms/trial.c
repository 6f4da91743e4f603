/* SPDX-License-Identifier: BSD-3-Clause */
/* Trials, jobs and results as values: making, copying, freeing.
 * Their records stand in trial_record.c and job_record.c. */
#include "hpo/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *hpo_trial_state_name(hpo_trial_state s) {
  static const char *const names[HPO_TRIAL_STATES] = {
      "waiting", "running", "paused",      "complete",
      "pruned",  "failed",  "interrupted", "cancelled"};

  return names[s];
}

bool hpo_trial_is_final(hpo_trial_state s) {
  return s == HPO_TRIAL_COMPLETE || s == HPO_TRIAL_PRUNED ||
         s == HPO_TRIAL_FAILED;
}

static hpo_status new_nan(size_t n, double **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  double *x = NULL;

  HPO_TRY(status, hpo_mem_new(n, sizeof *x, &x, err));
  for (size_t i = 0; i < n; i++)
    x[i] = (double)NAN;
  *out = x;
done:
  return status;
}

hpo_status hpo_trial_create(size_t n_param, size_t n_objective,
                            size_t n_metric, hpo_trial **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
  t->job = t->rung = t->start = t->end = t->reused = -1;
  t->peak_memory = t->bytes_sent = t->team = t->session = -1;
  t->curve_offset = t->model_offset = t->model_crc = -1;
  t->number = -1;
  t->n_param = n_param;
  t->n_objective = n_objective;
  t->n_metric = n_metric;
  HPO_TRY(status, new_nan(n_param, &t->x, err));
  HPO_TRY(status, new_nan(n_objective, &t->value, err));
  HPO_TRY(status, new_nan(n_metric, &t->metric, err));
  *out = t;
  t = NULL;
done:
  hpo_trial_destroy(t);
  return status;
}

hpo_status hpo_trial_copy(const hpo_trial *from, hpo_trial **out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
  *t = *from;
  t->x = t->value = t->metric = NULL;
  t->curve = NULL;
  t->curve_room = from->n_curve;
  HPO_TRY(status,
          hpo_mem_copy(from->x, from->n_param * sizeof *t->x, &t->x, err));
  HPO_TRY(status,
          hpo_mem_copy(from->value, from->n_objective * sizeof *t->value,
                       &t->value, err));
  HPO_TRY(status,
          hpo_mem_copy(from->metric, from->n_metric * sizeof *t->metric,
                       &t->metric, err));
  HPO_TRY(status, hpo_mem_copy(from->curve, from->n_curve * sizeof *t->curve,
                               &t->curve, err));
  *out = t;
  t = NULL;
done:
  hpo_trial_destroy(t);
  return status;
}

void hpo_trial_destroy(hpo_trial *t) {
  if (t == NULL)
    return;
  hpo_mem_free(t->x);
  hpo_mem_free(t->value);
  hpo_mem_free(t->metric);
  hpo_mem_free(t->curve);
  hpo_mem_free(t);
}

hpo_status hpo_trial_add_curve(hpo_trial *t, hpo_curve_point p,
                               hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&t->curve, &t->curve_room, t->n_curve + 1,
                               sizeof *t->curve, err));
  t->curve[t->n_curve++] = p;
done:
  return status;
}

void hpo_job_free(hpo_job *j) {
  hpo_mem_free(j->x);
  hpo_mem_free(j->threshold);
  *j = (hpo_job){0};
}

void hpo_result_free(hpo_result *r) {
  hpo_trial_destroy(r->trial);
  hpo_buffer_free(&r->model);
  hpo_tally_free(&r->tally);
  hpo_buffer_free(&r->output);
  r->trial = NULL;
}
