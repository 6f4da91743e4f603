/* SPDX-License-Identifier: BSD-3-Clause */
/* One trial from job to result.
 *
 *   create --step--> running --step--> ... --> over (complete, pruned, failed)
 *                       |
 *                       +--stop--> over (pruned, cancelled, interrupted)
 *   over --result--> destroy
 *
 * The team's rank 0 computes the objective and the verdict after each step
 * and tells the others, so that ranks can't part ways. */
#include "evaluate/evaluator.h"
#include "hpo/clock.h"
#include "hpo/mem.h"
#include "hpo/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct hpo_evaluation {
  hpo_evaluator *e; /* borrowed */
  hpo_job job;      /* owned */
  const hpo_model_kind *kind;
  hpo_options *options;   /* owned; NULL: failed from the start */
  void *model;            /* the kind's trainer; NULL: none */
  const char **free_name; /* [n_free]; names borrowed from the space */
  double *free_value;
  size_t n_free;
  const hpo_metric *objective;
  double *p; /* [rows][k] predictions: this rank's, on rank 0
                the whole team's */
  size_t k;
  hpo_trial *trial;   /* what result hands out */
  int64_t steps;      /* that the model takes in all */
  double value, best; /* objective after the last step; best so far */
  bool over;
  double began, cpu_began; /* clocks at create, seconds */
  double train_seconds;    /* in create and step of the model alone */
};

/* What rank 0 tells its team after a step. */
typedef struct verdict {
  double value;
  int32_t state; /* RUNNING: go on */
  char reason[sizeof((hpo_trial *)0)->reason];
} verdict;

static const hpo_plan *plan_of(const hpo_evaluation *v) { return v->e->plan; }

void hpo_evaluation_stop(hpo_evaluation *v, hpo_trial_state state,
                         const char *reason) {
  if (v->over)
    return;
  v->over = true;
  v->trial->state = state;
  snprintf(v->trial->reason, sizeof v->trial->reason, "%.*s",
           (int)sizeof v->trial->reason - 1, reason);
}

/* An error that is the trial's own fault ends the trial, not the worker. */
static hpo_status take_failure(hpo_evaluation *v, hpo_status status,
                               hpo_error *err) {
  if (status != HPO_ETRIAL && status != HPO_EINVAL && status != HPO_EMEM)
    return status;
  hpo_evaluation_stop(v, HPO_TRIAL_FAILED, err->text);
  err->code = HPO_OK;
  err->text[0] = 0;
  return HPO_OK;
}

/* --- making it -------------------------------------------------------- */

static hpo_status collect_free(hpo_evaluation *v, size_t model,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *s = &plan_of(v)->space;
  const hpo_settings *fixed = &plan_of(v)->model[model].fixed;
  size_t room = s->n_param + fixed->n;

  HPO_TRY(status, hpo_mem_new(room, sizeof *v->free_name, &v->free_name, err));
  HPO_TRY(status,
          hpo_mem_new(room, sizeof *v->free_value, &v->free_value, err));
  for (size_t i = 0; i < s->n_param; i++) {
    const hpo_param *p = &s->param[i];
    if (p->model != (int)model || isnan(v->job.x[i]) ||
        hpo_options_find(v->kind->option, v->kind->n_option, p->name))
      continue;
    v->free_name[v->n_free] = p->name;
    v->free_value[v->n_free] = v->job.x[i];
    if (p->kind == HPO_PARAM_CATEGORICAL)
      (void)hpo_options_parse_float(p->choice[(size_t)v->job.x[i]],
                                    &v->free_value[v->n_free]);
    v->n_free++;
  }
  for (size_t i = 0; i < fixed->n; i++) {
    if (hpo_options_find(v->kind->option, v->kind->n_option,
                         fixed->item[i].name))
      continue;
    v->free_name[v->n_free] = fixed->item[i].name;
    if (!hpo_options_parse_float(fixed->item[i].value,
                                 &v->free_value[v->n_free]))
      HPO_FAIL(status, err, HPO_EINVAL, "%s = \"%s\" is not a number",
               fixed->item[i].name, fixed->item[i].value);
    v->n_free++;
  }
done:
  return status;
}

/* Rows of the team's rank r: contiguous shares in row order. */
static void share(const hpo_row *rows, hpo_row n, const hpo_coll *team,
                  const hpo_row **out, size_t *out_n) {
  hpo_row first = n * team->rank / team->size;
  *out = rows + first;
  *out_n = (size_t)(n * (team->rank + 1) / team->size - first);
}

static hpo_status make_part(hpo_evaluation *v, hpo_part *part,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = v->e->data;

  memset(part, 0, sizeof *part);
  if (!d)
    return HPO_OK;
  part->data = d;
  part->train_total = d->n_train;
  share(d->train, d->n_train, v->e->team, &part->train, &part->n_train);
  if (v->kind->needs_design) {
    size_t first = 0;
    hpo_design_share(d->train, (size_t)d->n_train, v->e->team->rank,
                     v->e->team->size, &first, &part->n_train);
    part->train = d->train + first;
    part->design = v->e->design;
  }
  share(d->valid, d->n_valid, v->e->team, &part->valid, &part->n_valid);
  if (v->kind->needs_bins) {
    part->bins =
        hpo_evaluator_find(v->e, hpo_options_get_int(v->options, "max_bin"));
    HPO_ASSERT(part->bins);
  }
  v->k = d->task == HPO_TASK_MULTICLASS ? d->n_class : 1;
  HPO_TRY(status,
          hpo_mem_new((size_t)d->n_valid * v->k, sizeof *v->p, &v->p, err));
done:
  return status;
}

static hpo_status make_model(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t model = hpo_evaluate_model(plan_of(v), v->job.x);
  hpo_model_input in = {0};

  v->kind = hpo_model_find(plan_of(v)->model[model].kind);
  HPO_ASSERT(v->kind);
  HPO_TRY(status,
          hpo_evaluate_options(plan_of(v), model, v->job.x, &v->options, err));
  if (v->kind->free_params)
    HPO_TRY(status, collect_free(v, model, err));
  HPO_TRY(status, make_part(v, &in.part, err));
  in.options = v->options;
  in.seed = plan_of(v)->seed;
  in.coll = v->e->team;
  in.free_name = v->free_name;
  in.free_value = v->free_value;
  in.n_free = v->n_free;
  v->steps = v->kind->steps(v->options);
  HPO_TRY(status, v->kind->create(&in, &v->model, err));
done:
  return status;
}

hpo_status hpo_evaluation_create(hpo_evaluator *e, hpo_job *job,
                                 hpo_evaluation **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_evaluation *v = NULL;
  hpo_names metrics = {0};
  const hpo_plan *plan = e->plan;
  hpo_error own = {0};

  HPO_TRY(status, hpo_mem_new(1, sizeof *v, &v, err));
  v->e = e;
  v->began = hpo_clock_seconds();
  v->cpu_began = hpo_clock_cpu();
  v->value = NAN;
  v->best = NAN;
  v->objective = hpo_metric_find(plan->objective[0].metric);
  HPO_ASSERT(v->objective);
  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  HPO_TRY(status, hpo_trial_create(plan->space.n_param, plan->n_objective,
                                   metrics.n, &v->trial, err));
  v->job = *job;
  memset(job, 0, sizeof *job);
  v->trial->number = v->job.trial;
  v->trial->job = v->job.job;
  v->trial->attempt = v->job.attempt;
  v->trial->state = HPO_TRIAL_RUNNING;
  v->trial->start = hpo_clock_wall_ns();
  memcpy(v->trial->x, v->job.x, v->job.n_param * sizeof *v->job.x);
  status = take_failure(v, make_model(v, &own), &own);
  v->train_seconds = hpo_clock_seconds() - v->began;
  if (status != HPO_OK)
    HPO_FAIL(status, err, status, "%s", own.text);

  *out = v;
  v = NULL;
done:
  hpo_names_free(&metrics);
  hpo_evaluation_destroy(v);
  return status;
}

void hpo_evaluation_destroy(hpo_evaluation *v) {
  if (!v)
    return;
  if (v->model)
    v->kind->destroy(v->model);
  hpo_options_destroy(v->options);
  hpo_mem_free(v->free_name);
  hpo_mem_free(v->free_value);
  hpo_mem_free(v->p);
  hpo_trial_destroy(v->trial);
  hpo_job_free(&v->job);
  hpo_mem_free(v);
}

/* --- after a step ------------------------------------------------------ */

/* This rank's predictions, then the whole team's on rank 0. */
static hpo_status predict(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = v->e->team;
  const hpo_dataset *d = v->e->data;
  const hpo_row *mine = NULL;
  double *all = NULL;
  size_t *count = NULL, n_mine = 0;

  HPO_TRY(status, v->kind->predict_valid(v->model, v->p, err));
  if (team->size == 1)
    goto done;
  share(d->valid, d->n_valid, team, &mine, &n_mine);
  HPO_TRY(status, hpo_mem_new((size_t)team->size, sizeof *count, &count, err));
  HPO_TRY(status, team->gather(team->self, v->p, n_mine * v->k * sizeof *v->p,
                               &all, count, err));
  if (all)
    memcpy(v->p, all, (size_t)d->n_valid * v->k * sizeof *all);
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

static hpo_status score(const hpo_evaluation *v, const hpo_metric *m,
                        double *out, hpo_error *err) {
  const hpo_dataset *d = v->e->data;
  hpo_scored s = {.n = (size_t)d->n_valid,
                  .k = v->k,
                  .n_class = d->n_class,
                  .y = v->e->valid_y,
                  .p = v->p,
                  .weight = v->e->valid_weight};
  return hpo_metric_compute(m, &s, out, err);
}

/* The objective after this step; NaN for one that is known at the end. */
static hpo_status objective(hpo_evaluation *v, double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  double value = NAN;

  if (!v->kind->predict_valid) {
    HPO_TRY(status, v->kind->value(v->model, &value, err));
  } else if (!v->objective->of_trial) {
    HPO_TRY(status, predict(v, err));
    if (v->e->team->rank == 0)
      HPO_TRY(status, score(v, v->objective, &value, err));
  } else {
    *out = NAN;
    goto done;
  }
  if (v->e->team->rank == 0 && !isfinite(value))
    HPO_FAIL(status, err, HPO_ETRIAL, "%s is not finite after step %lld",
             v->objective->name, (long long)v->trial->steps);
  *out = value;
done:
  return status;
}

static bool is_better(const hpo_evaluation *v, double a, double b) {
  return plan_of(v)->objective[0].maximize ? a > b : a < b;
}

static void judge_limits(const hpo_evaluation *v, verdict *t) {
  const hpo_plan *plan = plan_of(v);
  double seconds = hpo_clock_seconds() - v->began;
  if (plan->limit_time > 0 && seconds > plan->limit_time) {
    t->state = HPO_TRIAL_FAILED;
    snprintf(t->reason, sizeof t->reason,
             "time limit: %.3g s of %.3g s used after step %lld", seconds,
             plan->limit_time, (long long)v->trial->steps);
  }
  if (plan->limit_memory > 0 && hpo_clock_rss() > plan->limit_memory) {
    t->state = HPO_TRIAL_FAILED;
    snprintf(t->reason, sizeof t->reason,
             "memory limit: the rank holds %lld of %lld bytes after step %lld",
             (long long)hpo_clock_rss(), (long long)plan->limit_memory,
             (long long)v->trial->steps);
  }
}

static bool is_done(const hpo_evaluation *v) {
  return v->trial->steps >= v->steps ||
         (v->kind->is_done != NULL && v->kind->is_done(v->model));
}

/* Complete, pruned by the job's thresholds, over a limit, or go on. */
static void judge(const hpo_evaluation *v, verdict *t) {
  int64_t step = v->trial->steps;
  if (is_done(v)) {
    t->state = HPO_TRIAL_COMPLETE;
    return;
  }
  judge_limits(v, t);
  if (t->state != HPO_TRIAL_RUNNING || isnan(v->best) ||
      step > (int64_t)v->job.n_threshold)
    return;
  double threshold = v->job.threshold[step - 1];
  if (!isnan(threshold) && is_better(v, threshold, v->best)) {
    t->state = HPO_TRIAL_PRUNED;
    snprintf(t->reason, sizeof t->reason,
             "best %s %.6g up to step %lld is worse than %.6g",
             v->objective->name, v->best, (long long)step, threshold);
  }
}

static hpo_status add_point(hpo_evaluation *v, hpo_error *err) {
  hpo_curve_point point = {
      .fold = 0, .metric = 0, .step = v->trial->steps, .value = v->value};
  if (isnan(v->best) || is_better(v, v->value, v->best))
    v->best = v->value;
  return isnan(v->value) ? HPO_OK : hpo_trial_add_curve(v->trial, point, err);
}

static hpo_status step(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = v->e->team;
  verdict t = {.state = HPO_TRIAL_RUNNING};
  double before = hpo_clock_seconds();

  HPO_TRY(status, v->kind->step(v->model, err));
  v->train_seconds += hpo_clock_seconds() - before;
  v->trial->steps++;
  HPO_TRY(status, objective(v, &t.value, err));
  if (team->size > 1)
    HPO_TRY(status,
            team->broadcast(team->self, &t.value, sizeof t.value, err));
  v->value = t.value;
  HPO_TRY(status, add_point(v, err));
  if (team->rank == 0)
    judge(v, &t);
  if (team->size > 1)
    HPO_TRY(status, team->broadcast(team->self, &t, sizeof t, err));
  if (t.state != HPO_TRIAL_RUNNING)
    hpo_evaluation_stop(v, (hpo_trial_state)t.state, t.reason);
done:
  return status;
}

hpo_status hpo_evaluation_step(hpo_evaluation *v, bool *over, hpo_error *err) {
  hpo_error own = {0};
  hpo_status status = HPO_OK;
  if (!v->over)
    status = take_failure(v, step(v, &own), &own);
  if (status != HPO_OK)
    return hpo_error_set(err, status, "%s", own.text);
  *over = v->over;
  return HPO_OK;
}

int64_t hpo_evaluation_steps(const hpo_evaluation *v) {
  return v->trial->steps;
}

double hpo_evaluation_value(const hpo_evaluation *v) { return v->value; }

hpo_id hpo_evaluation_trial(const hpo_evaluation *v) {
  return v->trial->number;
}

/* --- at the end -------------------------------------------------------- */

static hpo_status metric_at_end(hpo_evaluation *v, const char *name,
                                size_t model_bytes, double *out,
                                hpo_error *err) {
  const hpo_metric *m = hpo_metric_find(name);
  HPO_ASSERT(m);
  if (strcmp(name, "train_seconds") == 0)
    *out = v->train_seconds;
  else if (strcmp(name, "model_bytes") == 0)
    *out = (double)model_bytes;
  else if (m->of_trial || m == v->objective)
    *out = v->value;
  else
    return score(v, m, out, err);
  return HPO_OK;
}

static hpo_status fill_scores(hpo_evaluation *v, size_t model_bytes,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = plan_of(v);
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

static bool wants_model(const hpo_evaluation *v) {
  double bar = v->job.send_model;
  if (v->trial->state != HPO_TRIAL_COMPLETE || isinf(bar))
    return false;
  return isnan(bar) || !is_better(v, bar, v->trial->value[0]);
}

static hpo_status finish(hpo_evaluation *v, hpo_buffer *model,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  if (v->kind->save)
    HPO_TRY(status, v->kind->save(v->model, model, err));
  if (v->objective->of_trial && v->kind->predict_valid)
    HPO_TRY(status, predict(v, err));
  if (v->e->team->rank == 0)
    HPO_TRY(status, fill_scores(v, model->n, err));
done:
  return status;
}

static void forget_scores(hpo_trial *t) {
  for (size_t i = 0; i < t->n_metric; i++)
    t->metric[i] = NAN;
  for (size_t i = 0; i < t->n_objective; i++)
    t->value[i] = NAN;
}

hpo_status hpo_evaluation_result(hpo_evaluation *v, hpo_result *out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer model = {0};
  hpo_error own = {0};
  hpo_trial *t = v->trial;

  HPO_ASSERT(v->over);
  if (v->model && t->steps > 0 &&
      (t->state == HPO_TRIAL_COMPLETE || t->state == HPO_TRIAL_PRUNED)) {
    v->over = false;
    hpo_trial_state state = t->state;
    status = take_failure(v, finish(v, &model, &own), &own);
    if (status != HPO_OK)
      HPO_FAIL(status, err, status, "%s", own.text);
    t->state = v->over ? HPO_TRIAL_FAILED : state;
  }
  if (t->state == HPO_TRIAL_FAILED)
    forget_scores(t);
  t->end = hpo_clock_wall_ns();
  t->wall = hpo_clock_seconds() - v->began;
  t->cpu = hpo_clock_cpu() - v->cpu_began;
  t->peak_memory = hpo_clock_peak_rss();
  t->bytes_sent = v->e->team->bytes_sent(v->e->team->self);
  memset(out, 0, sizeof *out);
  if (model.n > 0 && wants_model(v)) {
    snprintf(t->model_format, sizeof t->model_format, "%s", v->kind->format);
    out->model = model;
    memset(&model, 0, sizeof model);
  }
  out->trial = t;
  v->trial = NULL;
done:
  hpo_buffer_free(&model);
  return status;
}
