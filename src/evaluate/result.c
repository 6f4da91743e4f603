/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a trial: its metrics, and its model if the job wants it. */
#include "evaluate/prefix.h"
#include "evaluate/tally.h"
#include "hpo/clock.h"
#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

hpo_status hpo_evaluation_mean(const hpo_evaluation *v, const hpo_metric *m,
                               double *each, double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};
  double sum = 0, x = 0;

  for (size_t f = 0; f < v->n_fit; f++) {
    status = hpo_fit_score(&v->fit[f], m, &x, &own);
    if (status != HPO_OK && v->n_fit > 1)
      HPO_FAIL(status, err, status, "fold %zu: %s", f + 1, own.text);
    if (status != HPO_OK)
      HPO_FAIL(status, err, status, "%s", own.text);
    if (each)
      each[f] = x;
    sum += x;
  }
  *out = sum / (double)v->n_fit;
done:
  return status;
}

static hpo_status metric_at_end(hpo_evaluation *v, const char *name,
                                double model_bytes, double *out,
                                hpo_error *err) {
  const hpo_metric *m = hpo_metric_find(name);
  if (strcmp(name, "train_seconds") == 0)
    *out = v->recipe.kind->poll ? hpo_clock_seconds() - v->began
                                : v->train_seconds;
  else if (strcmp(name, "model_bytes") == 0)
    *out = model_bytes;
  else if (strcmp(name, v->e->plan->objective[0].metric) == 0)
    *out = v->patience > 0 ? v->best : v->value;
  else if (v->recipe.kind->metric && !hpo_evaluation_predicts(v))
    *out = v->recipe.kind->metric(v->fit[0].model, name);
  else if (m->of_trial)
    *out = v->patience > 0 ? v->best : v->value;
  else
    return hpo_evaluation_mean(v, m, NULL, out, err);
  return HPO_OK;
}

static hpo_status fill_scores(hpo_evaluation *v, double model_bytes,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = hpo_evaluation_plan(v);
  hpo_names metrics = {0};
  hpo_trial *t = v->trial;

  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  for (size_t i = 0; i < metrics.n; i++)
    HPO_TRY(status, metric_at_end(v, metrics.item[i], model_bytes,
                                  &t->metric[i], err));
  for (size_t i = 0; i < plan->n_objective; i++)
    HPO_TRY(status, metric_at_end(v, plan->objective[i].metric, model_bytes,
                                  &t->value[i], err));
done:
  hpo_names_free(&metrics);
  return status;
}

/* Predictions to where all metrics are scored, unless the objective is all
 * that is, and no tally is made. */
static hpo_status gather(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names metrics = {0};
  bool others = hpo_evaluation_tallies(v);

  HPO_TRY(status, hpo_plan_metrics(v->e->plan, &metrics, err));
  for (size_t i = 0; i < metrics.n; i++) {
    const hpo_metric *m = hpo_metric_find(metrics.item[i]);
    others = others || (m != v->objective && !m->of_trial);
  }
  for (size_t f = 0; others && f < v->n_fit; f++)
    HPO_TRY(status, hpo_fit_gather(&v->fit[f], err));
done:
  hpo_names_free(&metrics);
  return status;
}

/* The models as they were at the best step, and what they predict. */
static hpo_status go_back(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t f = 0; f < v->n_fit; f++) {
    bool is_back =
        v->fit[f].steps > v->best_step || hpo_prefix_has(v, v->trial->steps);
    HPO_TRY(status, hpo_fit_cut(&v->fit[f], v->best_step, v->best, err));
    if (is_back)
      HPO_TRY(status, hpo_fit_predict(&v->fit[f], NULL, err));
  }
done:
  return status;
}

hpo_status hpo_evaluation_fill(hpo_evaluation *v, hpo_buffer *model,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_model_kind *kind = v->recipe.kind;
  double bytes = 0;

  if (v->patience > 0 && v->best_step > 0 &&
      v->trial->state != HPO_TRIAL_PAUSED)
    HPO_TRY(status, go_back(v, err));
  else
    HPO_TRY(status, hpo_prefix_cut(v, err));
  for (size_t f = 0; f < v->n_fit; f++) {
    model->n = 0;
    if (kind->save)
      HPO_TRY(status, kind->save(v->fit[f].model, model, err));
    bytes += (double)model->n / (double)v->n_fit;
    if (hpo_evaluation_predicts(v) && v->objective->of_trial)
      HPO_TRY(status, hpo_fit_predict(&v->fit[f], NULL, err));
  }
  if (hpo_evaluation_predicts(v))
    HPO_TRY(status, gather(v, err));
  if (v->e->team->rank == 0)
    HPO_TRY(status, fill_scores(v, bytes, err));
  v->is_scored = true;
done:
  return status;
}

bool hpo_evaluation_wants_model(const hpo_evaluation *v) {
  double bar = v->job.send_model;
  if (v->trial->state != HPO_TRIAL_COMPLETE || isinf(bar))
    return false;
  return isnan(bar) || !hpo_evaluation_is_better(v, bar, v->trial->value[0]);
}

/* The model of a complete trial: the split's, or the one of all rows; and
 * the tally of its predictions. */
static hpo_status finish(hpo_evaluation *v, hpo_buffer *model,
                         hpo_tally *tally, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (!v->is_scored)
    HPO_TRY(status, hpo_evaluation_fill(v, model, err));
  if (v->e->data && v->e->data->n_fold > 0)
    model->n = 0;
  if (v->is_refit)
    HPO_TRY(status, v->recipe.kind->save(v->again.model, model, err));
  if (v->n_fit > 0 && v->e->team->rank == 0 && model->n > 0 &&
      hpo_evaluation_tallies(v) && hpo_evaluation_wants_model(v))
    HPO_TRY(status, hpo_evaluation_tally(v, tally, err));
done:
  return status;
}

static void forget_scores(hpo_trial *t) {
  for (size_t i = 0; i < t->n_metric; i++)
    t->metric[i] = NAN;
  for (size_t i = 0; i < t->n_objective; i++)
    t->value[i] = NAN;
}

/* What ran outside: CPU of all, the largest peak. */
static void take_usage(hpo_evaluation *v) {
  const hpo_model_kind *kind = v->recipe.kind;
  int64_t peak = 0, most = 0;
  hpo_fit *fit;

  if (!kind || !kind->usage)
    return;
  for (size_t f = 0; (fit = hpo_evaluation_fit(v, f)) != NULL; f++)
    if (fit->model) {
      kind->usage(fit->model, &v->trial->cpu, &peak);
      most = peak > most ? peak : most;
    }
  if (most > 0)
    v->trial->peak_memory = most;
}

/* What it printed; of folds one after the other. */
static hpo_status take_output(hpo_evaluation *v, hpo_buffer *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_model_kind *kind = v->recipe.kind;
  hpo_fit *fit;

  if (!kind || !kind->output || v->trial->state == HPO_TRIAL_PAUSED)
    return HPO_OK;
  for (size_t f = 0; (fit = hpo_evaluation_fit(v, f)) != NULL; f++) {
    const hpo_buffer *text = fit->model ? kind->output(fit->model) : NULL;
    if (!text || text->n == 0)
      continue;
    if (v->n_fit > 1)
      HPO_TRY(status,
              hpo_buffer_format(out, err, "--- fold %zu ---\n", f + 1));
    HPO_TRY(status, hpo_buffer_add(out, text->byte, text->n, err));
  }
done:
  return status;
}

static void take_times(hpo_evaluation *v) {
  hpo_trial *t = v->trial;
  t->end = hpo_clock_wall_ns();
  t->wall = v->wall_before + hpo_clock_seconds() - v->began;
  t->cpu = v->cpu_before + v->cpu;
  t->peak_memory = hpo_clock_peak_rss();
  take_usage(v);
  t->bytes_sent = v->e->team->bytes_sent(v->e->team->self) - v->sent_began;
}

/* The trial stays to go on, or others from it: what it hands out is a copy. */
static hpo_status stay(hpo_evaluation *v, hpo_trial **out, hpo_error *err) {
  v->over = v->stays = true;
  v->wall_before = v->trial->wall;
  v->cpu_before = v->trial->cpu;
  return hpo_trial_copy(v->trial, out, err);
}

hpo_status hpo_evaluation_result(hpo_evaluation *v, hpo_result *out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer model = {0}, output = {0};
  hpo_tally tally = {0};
  hpo_error own = {0};
  hpo_trial *t = v->trial;
  const double cpu = hpo_clock_cpu();

  HPO_ASSERT(v->over);
  if (t->steps > 0 &&
      (t->state == HPO_TRIAL_COMPLETE || t->state == HPO_TRIAL_PRUNED ||
       t->state == HPO_TRIAL_PAUSED)) {
    v->over = false;
    hpo_trial_state state = t->state;
    status =
        hpo_evaluation_take_failure(v, finish(v, &model, &tally, &own), &own);
    if (status != HPO_OK)
      HPO_FAIL(status, err, status, "%s", own.text);
    t->state = v->over ? HPO_TRIAL_FAILED : state;
  }
  if (t->state == HPO_TRIAL_FAILED)
    forget_scores(t);
  v->cpu += hpo_clock_cpu() - cpu;
  take_times(v);
  memset(out, 0, sizeof *out);
  HPO_TRY(status, take_output(v, &output, err));
  if (model.n > 0 && hpo_evaluation_wants_model(v)) {
    snprintf(t->model_format, sizeof t->model_format, "%s",
             v->recipe.kind->format);
    out->model = model;
    memset(&model, 0, sizeof model);
    out->tally = tally;
    tally = (hpo_tally){0};
  }
  if (t->state == HPO_TRIAL_PAUSED) {
    HPO_TRY(status, stay(v, &out->trial, err));
    goto done;
  }
  if (hpo_prefix_serves(v)) {
    HPO_TRY(status, stay(v, &out->trial, err));
  } else {
    out->trial = t;
    v->trial = NULL;
  }
  out->output = output;
  output = (hpo_buffer){0};
done:
  hpo_buffer_free(&model);
  hpo_buffer_free(&output);
  hpo_tally_free(&tally);
  return status;
}
