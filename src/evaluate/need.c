/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a trial's memory would fit, before it is made.
 *
 * A model's own estimate (hpo_model_kind.need) for one fit, times the fits
 * that live side by side, against the trial's limit and against this rank's
 * share of what its node has.  Trials that are kept (paused.h) make way. */
#include "evaluate/paused.h"
#include "evaluate/trial.h"
#include "hpo/clock.h"

#include <math.h>

void hpo_evaluator_set_room(hpo_evaluator *e, double bytes) {
  e->room = bytes;
}

double hpo_need_of(hpo_evaluator *e, const hpo_recipe *r, bool on_all) {
  size_t folds = e->data && !on_all ? e->data->n_fold : 0;

  /* the model of all rows is trained while those of the folds still live */
  return hpo_fit_need(e, r, on_all ? HPO_FIT_WHOLE : 0) *
         (double)(folds > 0 ? folds + 1 : 1);
}

hpo_status hpo_evaluator_need(hpo_evaluator *e, const double *x, double *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_recipe r = {0};

  HPO_TRY(status, hpo_recipe_create(e->plan, x, &r, err));
  *out = hpo_need_of(e, &r, false);
done:
  hpo_recipe_free(&r);
  return status;
}

/* The most that any rank of the team needs, and the least that one has. */
typedef struct budget {
  double need, less_limit, less_room; /* the last two negative */
} budget;

/* Of the team, once those that are kept have made way: the same ones on all
 * ranks, as it goes by what is the same on all. */
static hpo_status find_budget(hpo_evaluator *e, const hpo_recipe *r,
                              bool on_all, budget *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  double limit = (double)e->plan->limit_memory;
  double held = (double)hpo_clock_rss();

  b->need = hpo_need_of(e, r, on_all);
  b->less_limit = limit > 0 ? held - limit : -INFINITY;
  b->less_room = e->room > 0 ? -e->room : -INFINITY;
  HPO_TRY(status, e->team->max(e->team->self, &b->need, 3, err));
  hpo_paused_shrink(e, -b->less_room - b->need - e->held);
  if (b->need > -b->less_limit && e->n_paused > 0) {
    hpo_paused_release(e);
    return find_budget(e, r, on_all, b, err);
  }
done:
  return status;
}

hpo_status hpo_need_make_room(hpo_evaluator *e, const hpo_recipe *r,
                              bool on_all, hpo_error *err) {
  budget b;

  return e->n_paused > 0 && r->kind->need ? find_budget(e, r, on_all, &b, err)
                                          : HPO_OK;
}

hpo_status hpo_need_check(hpo_evaluator *e, const hpo_recipe *r, bool on_all,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  char need[32], room[32];
  budget b;

  if (!r->kind->need)
    return HPO_OK;
  HPO_TRY(status, find_budget(e, r, on_all, &b, err));
  hpo_clock_format_bytes(b.need, need);
  if (b.need > -b.less_limit)
    HPO_FAIL(status, err, HPO_ETRIAL,
             "memory limit: not started, it needs about %s and its limit "
             "leaves %s",
             need, hpo_clock_format_bytes(fmax(-b.less_limit, 0), room));
  if (b.need > -b.less_room)
    HPO_FAIL(status, err, HPO_ETRIAL,
             "memory limit: not started, it needs about %s and a rank of this "
             "node has %s",
             need, hpo_clock_format_bytes(-b.less_room, room));
done:
  return status;
}

/* --- trials side by side ------------------------------------------------ */

void hpo_need_hold(hpo_evaluation *v) {
  hpo_evaluator *e = v->e;

  v->is_live = true;
  v->need = v->recipe.kind && !v->over
                ? hpo_need_of(e, &v->recipe, v->job.on_all)
                : 0;
  e->held += v->need;
  e->n_live++;
}

void hpo_need_release(hpo_evaluation *v) {
  hpo_evaluator *e = v->e;

  if (!v->is_live)
    return;
  v->is_live = false;
  e->n_live--;
  e->held = e->n_live > 0 ? e->held - v->need : 0;
  if (e->blamed == v)
    e->blamed = NULL;
}

bool hpo_need_blames(const hpo_evaluation *v) {
  hpo_evaluator *e = v->e;

  if (v->recipe.kind->memory) /* it is the trial's own */
    return true;
  if (!e->blamed)
    e->blamed = v;
  return e->blamed == v;
}

bool hpo_evaluator_is_full(hpo_evaluator *e, const hpo_job *job) {
  const double limit = (double)e->plan->limit_memory;
  hpo_recipe r = {0};
  double need = 0;

  if (e->n_live == 0 || (e->room <= 0 && limit <= 0) ||
      hpo_recipe_create(e->plan, job->x, &r, NULL) != HPO_OK)
    return false; /* or it fails on its own */
  if (e->shards)
    r.shard = (size_t)hpo_plan_shard(e->plan, job->trial);
  need = hpo_need_of(e, &r, job->on_all);
  hpo_recipe_free(&r);
  return (e->room > 0 && e->held + need > e->room) ||
         (limit > 0 && need > 0 && (double)hpo_clock_rss() + need > limit);
}
