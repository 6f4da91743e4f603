/* SPDX-License-Identifier: BSD-3-Clause */
/* One trial from job to its end.
 *
 *   create --step--> running --step--> ... --> over (complete, pruned, failed)
 *                       |           \           ^
 *                       |            refitting --+   folds whose model is
 *                       |               |            wanted
 *                       +--stop---------+--> over (pruned, cancelled,
 *                       |                          interrupted)
 *                       +--to_step done--> over (paused) --destroy--> kept
 *                                             --create (next job)--> running
 *   over --result (result.c)--> destroy --> kept, where it serves others
 *
 * Folds advance in lock step: a step is one step of each, and its value the
 * unweighted mean over them.
 * The team's rank 0 computes the objective and the verdict after each step
 * and tells the others, so that ranks can't part ways. */
#include "evaluate/paused.h"
#include "evaluate/prefix.h"
#include "hpo/clock.h"
#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What rank 0 tells its team after a step. */
typedef struct verdict {
  double value, best;
  int64_t best_step;
  int32_t state; /* RUNNING: go on */
  char reason[sizeof((hpo_trial *)0)->reason];
} verdict;

void hpo_evaluation_stop(hpo_evaluation *v, hpo_trial_state state,
                         const char *reason) {
  if (v->over)
    return;
  v->over = true;
  v->trial->state = state;
  snprintf(v->trial->reason, sizeof v->trial->reason, "%.*s",
           (int)sizeof v->trial->reason - 1, reason);
}

hpo_status hpo_evaluation_take_failure(hpo_evaluation *v, hpo_status status,
                                       hpo_error *err) {
  /* memory may be short on one rank of a team alone: the others don't know */
  if (status != HPO_ETRIAL && status != HPO_EINVAL &&
      (status != HPO_EMEM || v->e->team->size > 1))
    return status;
  hpo_evaluation_stop(v, HPO_TRIAL_FAILED, err->text);
  err->code = HPO_OK;
  err->text[0] = 0;
  return HPO_OK;
}

/* --- making it -------------------------------------------------------- */

static hpo_status make_fits(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = v->e->data;
  size_t n = 1;

  HPO_TRY(status, hpo_recipe_create(v->e->plan, v->job.x, &v->recipe, err));
  if (v->e->shards)
    v->recipe.shard = (size_t)hpo_plan_shard(v->e->plan, v->job.trial);
  v->recipe.trial.number = v->job.trial;
  v->recipe.trial.attempt = v->job.attempt;
  v->steps = v->recipe.kind->steps(v->recipe.options);
  HPO_TRY(status, hpo_need_check(v->e, &v->recipe, v->job.on_all, err));
  if (v->job.on_all) {
    v->is_refit = v->is_scored = true;
    return hpo_fit_create(v->e, &v->recipe, HPO_FIT_WHOLE, v->job.to_step,
                          &v->again, err);
  }
  if (v->recipe.kind->patience)
    v->patience = v->recipe.kind->patience(v->recipe.options);
  if (d && d->n_fold > 0 && hpo_evaluation_predicts(v))
    n = d->n_fold; /* a program deals with folds itself */
  HPO_TRY(status, hpo_mem_new(n, sizeof *v->fit, &v->fit, err));
  v->n_fit = n;
  for (size_t f = 0; f < n; f++)
    HPO_TRY(status, hpo_fit_create(v->e, &v->recipe, f, 0, &v->fit[f], err));
done:
  return status;
}

static void take_job(hpo_evaluation *v, hpo_job *job) {
  hpo_job_free(&v->job);
  v->job = *job;
  memset(job, 0, sizeof *job);
  v->began = v->timed = hpo_clock_seconds();
  v->cpu = 0;
  v->sent_began = v->e->team->bytes_sent(v->e->team->self);
  v->trial->number = v->job.trial;
  v->trial->job = v->job.job;
  v->trial->attempt = v->job.attempt;
  v->trial->state = HPO_TRIAL_RUNNING;
  v->trial->start = hpo_clock_wall_ns();
}

/* The trial as it paused, or one that is like it in all but the number of
 * steps, if it is still here; NULL: it starts anew. */
static hpo_status go_on(hpo_evaluator *e, hpo_job *job, hpo_evaluation **out,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_evaluation *v = NULL;

  if (job->from_step > 0)
    v = hpo_paused_take(e, job->trial, job->from_step);
  else
    HPO_TRY(status, hpo_prefix_take(e, job, &v, err));
  if (v) {
    take_job(v, job);
    v->over = v->is_scored = v->stays = false;
    HPO_TRY(status, hpo_need_make_room(e, &v->recipe, v->job.on_all, err));
  }
  *out = v;
  v = NULL;
done:
  hpo_evaluation_free(v);
  return status;
}

hpo_status hpo_evaluation_create(hpo_evaluator *e, hpo_job *job,
                                 hpo_evaluation **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_evaluation *v = NULL;
  hpo_names metrics = {0};
  const hpo_plan *plan = e->plan;
  hpo_error own = {0};
  const double cpu = hpo_clock_cpu();

  HPO_TRY(status, go_on(e, job, &v, err));
  if (v) {
    hpo_need_hold(v);
    *out = v;
    return HPO_OK;
  }
  HPO_TRY(status, hpo_mem_new(1, sizeof *v, &v, err));
  v->e = e;
  v->value = NAN;
  v->best = NAN;
  v->objective = hpo_metric_find(plan->objective[0].metric);
  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  HPO_TRY(status, hpo_trial_create(plan->space.n_param, plan->n_objective,
                                   metrics.n, &v->trial, err));
  take_job(v, job);
  v->watch = hpo_watch_make(&v->job.rule, plan->objective[0].maximize);
  memcpy(v->trial->x, v->job.x, v->job.n_param * sizeof *v->job.x);
  status = hpo_evaluation_take_failure(v, make_fits(v, &own), &own);
  v->train_seconds = hpo_clock_seconds() - v->began;
  if (status != HPO_OK)
    HPO_FAIL(status, err, status, "%s", own.text);
  hpo_need_hold(v);
  v->cpu = hpo_clock_cpu() - cpu;

  *out = v;
  v = NULL;
done:
  hpo_names_free(&metrics);
  hpo_evaluation_destroy(v);
  return status;
}

void hpo_evaluation_destroy(hpo_evaluation *v) {
  if (v)
    hpo_need_release(v);
  if (v && v->stays)
    hpo_paused_keep(v->e, v);
  else
    hpo_evaluation_free(v);
}

void hpo_evaluation_free(hpo_evaluation *v) {
  if (!v)
    return;
  for (size_t f = 0; f < v->n_fit; f++)
    hpo_fit_free(&v->fit[f]);
  hpo_mem_free(v->fit);
  hpo_fit_free(&v->again);
  hpo_recipe_free(&v->recipe);
  hpo_trial_destroy(v->trial);
  hpo_trial_destroy(v->known);
  hpo_job_free(&v->job);
  hpo_watch_free(&v->watch);
  hpo_mem_free(v);
}

/* --- after a step ------------------------------------------------------ */

bool hpo_evaluation_is_better(const hpo_evaluation *v, double a, double b) {
  return v->e->plan->objective[0].maximize ? a > b : a < b;
}

static hpo_status add_point(hpo_evaluation *v, size_t fold, double value,
                            hpo_error *err) {
  hpo_curve_point point = {.fold = (int32_t)fold,
                           .metric = 0,
                           .step = v->trial->steps,
                           .value = value};
  return isnan(value) ? HPO_OK : hpo_trial_add_curve(v->trial, point, err);
}

/* Whether each fold has a model of its own. */
static bool has_folds(const hpo_evaluation *v) {
  return v->e->data && v->e->data->n_fold > 0 && hpo_evaluation_predicts(v);
}

/* The value of the step, and each fold's into the curve; on rank 0. */
static hpo_status score(hpo_evaluation *v, double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  double *each = NULL, value = NAN;

  HPO_TRY(status, hpo_mem_new(v->n_fit, sizeof *each, &each, err));
  if (!hpo_evaluation_predicts(v))
    HPO_TRY(status, v->recipe.kind->value(v->fit[0].model, &value, err));
  else if (!v->objective->of_trial)
    HPO_TRY(status, hpo_evaluation_mean(v, v->objective, each, &value, err));
  else
    goto done;
  if (!isfinite(value))
    HPO_FAIL(status, err, HPO_ETRIAL, "%s is not finite after step %lld",
             v->e->plan->objective[0].metric, (long long)v->trial->steps);
  *out = value;
  HPO_TRY(status, add_point(v, 0, value, err));
  for (size_t f = 0; has_folds(v) && f < v->n_fit; f++)
    HPO_TRY(status, add_point(v, f + 1, each[f], err));
done:
  hpo_mem_free(each);
  return status;
}

/* What this rank, or its programs, hold now. */
static int64_t memory_of(hpo_evaluation *v) {
  const hpo_model_kind *kind = v->recipe.kind;
  int64_t sum = 0;
  hpo_fit *fit;

  if (!kind->memory)
    return hpo_clock_rss();
  for (size_t f = 0; (fit = hpo_evaluation_fit(v, f)) != NULL; f++)
    if (fit->model)
      sum += kind->memory(fit->model);
  return sum;
}

static void judge_limits(const hpo_evaluation *v, int64_t rss, verdict *t) {
  const hpo_plan *plan = v->e->plan;
  double seconds = hpo_clock_seconds() - v->timed;
  if (plan->limit_time > 0 && seconds > plan->limit_time) {
    t->state = HPO_TRIAL_FAILED;
    snprintf(t->reason, sizeof t->reason,
             "time limit: %.3g s of %.3g s used after step %lld", seconds,
             plan->limit_time, (long long)v->trial->steps);
  }
  if (plan->limit_memory > 0 && rss > plan->limit_memory &&
      hpo_need_blames(v)) {
    t->state = HPO_TRIAL_FAILED;
    snprintf(t->reason, sizeof t->reason,
             "memory limit: the %s holds %lld of %lld bytes after step %lld",
             v->recipe.kind->memory ? "program" : "rank", (long long)rss,
             (long long)plan->limit_memory, (long long)v->trial->steps);
  }
}

static bool is_done(const hpo_evaluation *v) {
  bool done = true;
  if (v->patience > 0 && v->trial->steps - v->best_step >= v->patience)
    return true;
  for (size_t f = 0; f < v->n_fit; f++)
    done = done && hpo_fit_is_done(&v->fit[f]);
  return done || v->trial->steps >= v->steps;
}

/* Complete, over a limit, paused, pruned by the job's rule and thresholds, or
 * go on. */
static void judge(const hpo_evaluation *v, int64_t rss, verdict *t) {
  int64_t step = v->trial->steps;
  if (is_done(v)) {
    t->state = HPO_TRIAL_COMPLETE;
    return;
  }
  judge_limits(v, rss, t);
  if (t->state == HPO_TRIAL_RUNNING && step == v->job.to_step) {
    t->state = HPO_TRIAL_PAUSED;
    return;
  }
  double threshold = step > (int64_t)v->job.n_threshold
                         ? (double)NAN
                         : v->job.threshold[step - 1];
  if (t->state == HPO_TRIAL_RUNNING &&
      hpo_watch_prunes(&v->watch, threshold, v->e->plan->objective[0].metric,
                       t->reason, sizeof t->reason))
    t->state = HPO_TRIAL_PRUNED;
}

/* Rank 0: what the step was worth, and whether to go on. */
static hpo_status weigh(hpo_evaluation *v, int64_t rss, verdict *t,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};

  t->value = NAN;
  status = hpo_prefix_has(v, v->trial->steps)
               ? hpo_prefix_recall(v, &t->value, &own)
               : score(v, &t->value, &own);
  if (status == HPO_ETRIAL || status == HPO_EINVAL || status == HPO_EMEM) {
    t->state = HPO_TRIAL_FAILED;
    snprintf(t->reason, sizeof t->reason, "%.*s", (int)sizeof t->reason - 1,
             own.text);
    return HPO_OK;
  }
  if (status != HPO_OK)
    HPO_FAIL(status, err, status, "%s", own.text);
  if (!isnan(t->value))
    HPO_TRY(status, hpo_watch_add(&v->watch, t->value, err));
  if (!isnan(t->value) &&
      (isnan(v->best) || hpo_evaluation_is_better(v, t->value, v->best))) {
    v->best = t->value;
    v->best_step = v->trial->steps;
  }
  judge(v, rss, t);
  t->best = v->best;
  t->best_step = v->best_step;
done:
  return status;
}

static hpo_status predict_folds(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (hpo_prefix_has(v, v->trial->steps + 1)) {
    v->trial->steps++;
    goto done;
  }
  v->trial->steps++;
  if (!hpo_evaluation_predicts(v) || v->objective->of_trial)
    goto done;
  for (size_t f = 0; f < v->n_fit; f++)
    HPO_TRY(status, hpo_fit_predict(&v->fit[f], v->objective, err));
done:
  return status;
}

/* --- a model of all rows ----------------------------------------------- */

/* As the job says, or as many as the folds took in the mean. */
int64_t hpo_evaluation_refit_steps(const hpo_evaluation *v) {
  int64_t sum = 0, n = (int64_t)v->n_fit;

  if (v->job.on_all)
    return v->job.to_step;
  for (size_t f = 0; f < v->n_fit; f++)
    sum += v->fit[f].steps;
  return (2 * sum + n) / (2 * n);
}

/* The folds are done: scores them and, if their model is wanted, begins to
 * train it on all rows. */
static hpo_status end_folds(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = v->e->team;
  hpo_buffer none = {0};
  hpo_error own = {0};
  struct {
    int32_t wanted, status; /* rank 0 alone scores, and may fail */
  } t = {0, HPO_OK};

  t.status = (int32_t)hpo_evaluation_fill(v, &none, &own);
  v->trial->state = HPO_TRIAL_COMPLETE;
  t.wanted = v->recipe.kind->save != NULL && hpo_evaluation_wants_model(v);
  v->trial->state = HPO_TRIAL_RUNNING;
  if (team->size > 1 && t.status != HPO_EPEER)
    HPO_TRY(status, team->broadcast(team->self, &t, sizeof t, err));
  if (t.status != HPO_OK)
    HPO_FAIL(status, err, (hpo_status)t.status, "%s", own.text);
  if (!t.wanted) {
    hpo_evaluation_stop(v, HPO_TRIAL_COMPLETE, "");
    goto done;
  }
  v->is_refit = true;
  v->timed = hpo_clock_seconds();
  HPO_TRY(status,
          hpo_fit_create(v->e, &v->recipe, HPO_FIT_ALL,
                         hpo_evaluation_refit_steps(v), &v->again, err));
done:
  hpo_buffer_free(&none);
  return status;
}

static hpo_status end_again(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (v->job.on_all)
    v->trial->steps = v->again.steps;
  if (v->again.steps >= hpo_evaluation_refit_steps(v) ||
      hpo_fit_is_done(&v->again)) {
    if (v->patience > 0)
      HPO_TRY(status, hpo_fit_cut(&v->again, v->again.steps, v->best, err));
    hpo_evaluation_stop(v, HPO_TRIAL_COMPLETE, "");
  }
done:
  return status;
}

/* --- models that wait for a program ------------------------------------- */

/* The turn of all models that train now: a step is taken when all can. */
static hpo_status poll_all(hpo_evaluation *v, hpo_model_turn *turn,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_fit *fit;

  *turn = HPO_TURN_STEP;
  for (size_t f = v->is_refit ? v->n_fit : 0;
       (fit = hpo_evaluation_fit(v, f)) != NULL; f++) {
    hpo_model_turn one = HPO_TURN_STEP;
    HPO_TRY(status, v->recipe.kind->poll(fit->model, &one, err));
    if (one != HPO_TURN_STEP && *turn != HPO_TURN_WAIT)
      *turn = one;
  }
done:
  return status;
}

/* Rank 0: whether a step can be taken, and the limits while it can't. */
static hpo_status look(hpo_evaluation *v, hpo_model_turn *turn, verdict *t,
                       hpo_error *err) {
  hpo_error own = {0};
  hpo_status status = poll_all(v, turn, &own);

  if (status == HPO_OK && *turn == HPO_TURN_WAIT) {
    judge_limits(v, v->e->plan->limit_memory > 0 ? memory_of(v) : -1, t);
  } else if (status == HPO_OK && *turn == HPO_TURN_END) {
    t->state = HPO_TRIAL_COMPLETE;
  } else if (status == HPO_ETRIAL || status == HPO_EMEM) {
    t->state = HPO_TRIAL_FAILED;
    snprintf(t->reason, sizeof t->reason, "%.*s", (int)sizeof t->reason - 1,
             own.text);
  } else if (status != HPO_OK) {
    return hpo_error_set(err, status, "%s", own.text);
  }
  return HPO_OK;
}

/* Whether this turn is over without a step: nothing yet, or the end. */
static hpo_status poll_model(hpo_evaluation *v, bool *is_over,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = v->e->team;
  verdict t = {.state = HPO_TRIAL_RUNNING};
  hpo_model_turn turn = HPO_TURN_WAIT;

  if (team->rank == 0)
    HPO_TRY(status, look(v, &turn, &t, err));
  if (team->size > 1) {
    HPO_TRY(status, team->broadcast(team->self, &turn, sizeof turn, err));
    HPO_TRY(status, team->broadcast(team->self, &t, sizeof t, err));
  }
  if (t.state != HPO_TRIAL_RUNNING)
    hpo_evaluation_stop(v, (hpo_trial_state)t.state, t.reason);
  v->waits = turn == HPO_TURN_WAIT && !v->over;
  *is_over = v->waits || v->over;
done:
  return status;
}

bool hpo_evaluation_waits(const hpo_evaluation *v) { return v->waits; }

bool hpo_evaluation_settle(hpo_evaluation *v) {
  const hpo_model_kind *kind = v->recipe.kind;
  bool is_failed = v->trial->state == HPO_TRIAL_FAILED;
  hpo_fit *fit;

  HPO_ASSERT(v->over);
  v->waits = false;
  if (!kind || !kind->settle || v->trial->state == HPO_TRIAL_PAUSED)
    return true;
  for (size_t f = 0; (fit = hpo_evaluation_fit(v, f)) != NULL; f++)
    if (fit->model && !kind->settle(fit->model, is_failed))
      v->waits = true;
  return !v->waits;
}

/* --- turns ------------------------------------------------------------- */

/* Resident bytes of the rank of the team that holds most; -1: no limit.  A
 * trial is not blamed for those that are kept. */
static hpo_status find_rss(hpo_evaluation *v, int64_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = v->e->team;
  const double limit = (double)v->e->plan->limit_memory;
  double most = -1;

  if (limit > 0) {
    most = (double)memory_of(v);
    HPO_TRY(status, team->max(team->self, &most, 1, err));
  }
  if (most > limit && v->e->n_paused > 0 && !v->recipe.kind->memory) {
    hpo_paused_release(v->e);
    return find_rss(v, out, err);
  }
  *out = (int64_t)most;
done:
  return status;
}

/* Rank 0's word, for all. */
static hpo_status share(const hpo_evaluation *v, verdict *t, hpo_error *err) {
  const hpo_coll *team = v->e->team;

  return team->size > 1 ? team->broadcast(team->self, t, sizeof *t, err)
                        : HPO_OK;
}

/* A step of the model of all rows: memory is limited as before; time is not,
 * or a trial would fail only because its model is wanted.  A program still has
 * to answer each step within the limit. */
static hpo_status end_refit(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  verdict t = {.state = HPO_TRIAL_RUNNING};
  int64_t rss = -1;

  HPO_TRY(status, end_again(v, err));
  v->timed = hpo_clock_seconds();
  if (v->over || v->job.on_all || v->e->plan->limit_memory <= 0)
    goto done;
  HPO_TRY(status, find_rss(v, &rss, err));
  if (v->e->team->rank == 0)
    judge_limits(v, rss, &t);
  HPO_TRY(status, share(v, &t, err));
  if (t.state != HPO_TRIAL_RUNNING)
    hpo_evaluation_stop(v, (hpo_trial_state)t.state, t.reason);
done:
  return status;
}

hpo_status hpo_evaluation_begin_step(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_over = v->over;

  v->steps_now = false;
  if (!is_over && v->recipe.kind->poll)
    HPO_TRY(status, poll_model(v, &is_over, err));
  v->steps_now = !is_over;
done:
  return status;
}

hpo_status hpo_evaluation_end_step(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  verdict t = {.state = HPO_TRIAL_RUNNING};
  int64_t rss = -1;

  if (v->is_refit)
    return end_refit(v, err);
  HPO_TRY(status, predict_folds(v, err));
  HPO_TRY(status, find_rss(v, &rss, err));
  if (v->e->team->rank == 0)
    HPO_TRY(status, weigh(v, rss, &t, err));
  HPO_TRY(status, share(v, &t, err));
  v->value = t.value;
  v->best = t.best;
  v->best_step = t.best_step;
  for (size_t f = 0; v->recipe.kind->mark && f < v->n_fit; f++)
    if (v->best_step == v->trial->steps)
      v->recipe.kind->mark(v->fit[f].model);
  if (t.state == HPO_TRIAL_COMPLETE && has_folds(v))
    HPO_TRY(status, end_folds(v, err));
  else if (t.state != HPO_TRIAL_RUNNING)
    hpo_evaluation_stop(v, (hpo_trial_state)t.state, t.reason);
done:
  return status;
}

int64_t hpo_evaluation_steps(const hpo_evaluation *v) {
  return v->trial->steps;
}

double hpo_evaluation_value(const hpo_evaluation *v) {
  return v->is_refit ? NAN : v->value;
}

hpo_id hpo_evaluation_trial(const hpo_evaluation *v) {
  return v->trial->number;
}

double hpo_evaluation_report(const hpo_evaluation *v) {
  return v->is_refit || !hpo_watch_is_open(&v->watch) ? (double)NAN
                                                      : v->watch.best;
}
