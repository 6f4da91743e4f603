/* SPDX-License-Identifier: BSD-3-Clause */
/* Trials that differ in how many steps they take: see prefix.h. */
#include "evaluate/prefix.h"

#include "evaluate/paused.h"
#include "hpo/mem.h"

#include <math.h>
#include <string.h>

/* Spaces with more points than this, the steps left out, seldom have two
 * trials that are alike, unless the sampler goes through a grid. */
#define MOST_POINTS 4096.0

/* --- what may be kept --------------------------------------------------- */

/* Whether the steps are searched, and what else is may come again. */
static bool may_repeat(const hpo_plan *plan, size_t model) {
  const ptrdiff_t steps = hpo_evaluate_steps_param(plan, model);
  double points = 1;

  for (size_t i = 0; i < plan->space.n_param; i++) {
    const hpo_param *p = &plan->space.param[i];
    if (p->model == (int)model && (ptrdiff_t)i != steps)
      points *= hpo_param_cardinality(p);
  }
  return steps >= 0 &&
         (points <= MOST_POINTS || strcmp(plan->sampler.name, "grid") == 0);
}

static bool is_timed(const hpo_plan *plan) {
  for (size_t i = 0; i < plan->n_objective; i++)
    if (strcmp(plan->objective[i].metric, "train_seconds") == 0)
      return true;
  return false;
}

/* Whether a job is one of a trial from its start to its end. */
static bool is_whole(const hpo_job *job) {
  return job->from_step == 0 && job->to_step == INT64_MAX && !job->on_all;
}

/* Whether such a job may serve another, or be served: the same on all ranks.
 */
static bool may_serve(const hpo_evaluator *e, const hpo_job *job) {
  const hpo_plan *plan = e->plan;
  const size_t model = hpo_evaluate_model(plan, job->x);

  return plan->reuse && e->data != NULL && is_whole(job) &&
         hpo_model_find(plan->model[model].kind)->restore != NULL &&
         plan->limit_memory <= 0 && !is_timed(plan) && may_repeat(plan, model);
}

bool hpo_prefix_serves(const hpo_evaluation *v) {
  const hpo_trial *t = v->trial;

  return v->n_fit > 0 && t->steps > 0 &&
         (t->state == HPO_TRIAL_COMPLETE || t->state == HPO_TRIAL_PRUNED) &&
         may_serve(v->e, &v->job);
}

/* --- taking over --------------------------------------------------------- */

static bool is_alike(const hpo_evaluation *v, const hpo_job *job) {
  const hpo_plan *plan = v->e->plan;
  const double *x = v->trial->x;
  const size_t model = hpo_evaluate_model(plan, x);
  const ptrdiff_t steps = hpo_evaluate_steps_param(plan, model);

  if (v->trial->state == HPO_TRIAL_PAUSED ||
      model != hpo_evaluate_model(plan, job->x) ||
      hpo_plan_shard(plan, v->trial->number) !=
          hpo_plan_shard(plan, job->trial))
    return false;
  for (size_t i = 0; i < plan->space.n_param; i++)
    if ((ptrdiff_t)i != steps && x[i] != job->x[i] &&
        !(isnan(x[i]) && isnan(job->x[i])))
      return false;
  return true;
}

/* The kept one that is like the job; NULL: none, on some rank of the team at
 * least (one of them alone may have failed to score it). */
static hpo_status find(const hpo_evaluator *e, const hpo_job *job,
                       hpo_evaluation **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  double both[2]; /* its trial, and the same less than zero */

  for (size_t i = 0; i < e->n_paused && !*out; i++)
    if (is_alike(e->paused[i], job))
      *out = e->paused[i];
  if (e->team->size == 1)
    return HPO_OK;
  both[0] = *out ? (double)(*out)->trial->number : -1;
  both[1] = -both[0];
  HPO_TRY(status, e->team->max(e->team->self, both, 2, err));
  if (both[0] != -both[1])
    *out = NULL;
done:
  return status;
}

/* The longer one of what was known and the trial that is over; a new trial
 * for the job. */
static hpo_status renew_trial(hpo_evaluation *v, const hpo_job *job,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL, *old = v->trial;

  HPO_TRY(status, hpo_trial_create(old->n_param, old->n_objective,
                                   old->n_metric, &t, err));
  memcpy(t->x, job->x, job->n_param * sizeof *t->x);
  if (v->known && v->known->steps >= old->steps) {
    hpo_trial_destroy(old);
  } else {
    hpo_trial_destroy(v->known);
    v->known = old;
  }
  v->trial = t;
  v->recalled = 0;
done:
  return status;
}

/* The trainers with all their steps, and the options of the job. */
static hpo_status restore(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = v->e->plan;
  const size_t model = hpo_evaluate_model(plan, v->trial->x);
  hpo_options *o = NULL;

  hpo_fit_free(&v->again);
  v->is_refit = false;
  for (size_t f = 0; f < v->n_fit; f++)
    HPO_TRY(status, hpo_fit_restore(&v->fit[f], v->known->steps, err));
  HPO_TRY(status, hpo_evaluate_options(plan, model, v->trial->x, &o, err));
  v->steps = v->recipe.kind->steps(o);
done:
  hpo_options_destroy(o);
  return status;
}

hpo_status hpo_prefix_take(hpo_evaluator *e, hpo_job *job,
                           hpo_evaluation **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_evaluation *v = NULL;

  if (!may_serve(e, job))
    return HPO_OK;
  HPO_TRY(status, find(e, job, &v, err));
  if (!v)
    goto done;
  hpo_paused_remove(e, v);
  HPO_TRY(status, renew_trial(v, job, err));
  HPO_TRY(status, restore(v, err));
  v->best_step = 0;
  v->value = v->best = NAN;
  v->wall_before = v->cpu_before = v->train_seconds = 0;
  hpo_watch_free(&v->watch);
  v->watch = hpo_watch_make(&job->rule, e->plan->objective[0].maximize);
  *out = v;
  v = NULL;
done:
  hpo_evaluation_free(v);
  return status;
}

/* --- its steps ------------------------------------------------------------
 */

bool hpo_prefix_has(const hpo_evaluation *v, int64_t step) {
  return v->known != NULL && step <= v->known->steps;
}

hpo_status hpo_prefix_recall(hpo_evaluation *v, double *value,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *known = v->known;

  for (; v->recalled < known->n_curve &&
         known->curve[v->recalled].step == v->trial->steps;
       v->recalled++) {
    const hpo_curve_point p = known->curve[v->recalled];
    if (p.fold == 0)
      *value = p.value;
    HPO_TRY(status, hpo_trial_add_curve(v->trial, p, err));
  }
done:
  return status;
}

hpo_status hpo_prefix_cut(hpo_evaluation *v, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (!hpo_prefix_has(v, v->trial->steps))
    goto done;
  for (size_t f = 0; f < v->n_fit; f++) {
    HPO_TRY(status, hpo_fit_cut(&v->fit[f], v->trial->steps, NAN, err));
    HPO_TRY(status, hpo_fit_predict(&v->fit[f], NULL, err));
  }
done:
  return status;
}
