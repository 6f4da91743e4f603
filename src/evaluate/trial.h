/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside of one running trial, for evaluation.c and result.c. */
#ifndef EVALUATE_TRIAL_H
#define EVALUATE_TRIAL_H

#include "evaluate/fit.h"

struct hpo_evaluation {
  hpo_evaluator *e;  /* borrowed */
  hpo_job job;       /* owned */
  hpo_recipe recipe; /* empty: failed from the start */
  hpo_fit *fit;      /* [n_fit]: one, or one for each fold */
  size_t n_fit;
  hpo_fit again; /* trained on all rows once the folds are done */
  bool is_refit; /* again is in training, or done */
  const hpo_metric *objective; /* NULL: a name that a program reports */
  hpo_trial *trial;            /* what result hands out */
  hpo_trial *known;            /* one like it whose steps the models have
                                  taken (prefix.h); NULL: none */
  size_t recalled;             /* points of its curve */
  int64_t steps;               /* that the model takes in all */
  int64_t patience;   /* early stopping: steps without a better; 0: never */
  double value, best; /* objective after the last step; best so far */
  int64_t best_step;  /* first step whose objective was best; 0: none */
  hpo_watch watch;    /* its curve, on rank 0 */
  bool over;
  bool waits;         /* for its program: nothing was done in the last turn */
  bool is_scored;     /* the trial holds its metrics */
  bool stays;         /* is kept when it is destroyed */
  bool steps_now;     /* its models are to be stepped in this turn */
  bool is_live;       /* the evaluator counts it among those in training: */
  double need;        /* bytes set aside for it */
  double began;       /* clock at create, seconds */
  double timed;       /* clock from which its limit of time counts */
  double cpu;         /* seconds of this job so far */
  int64_t sent_began; /* bytes sent through the team at create */
  double wall_before, cpu_before; /* seconds, of jobs before a pause */
  double train_seconds; /* in create and step of the folds' models alone; of
                           steps with others its share */
};

static inline const hpo_plan *hpo_evaluation_plan(const hpo_evaluation *v) {
  return v->e->plan;
}

/** Whether its models are scored by what they predict. */
static inline bool hpo_evaluation_predicts(const hpo_evaluation *v) {
  return v->recipe.kind->predict_valid != NULL && v->e->data != NULL;
}

/** Its fits one after another, the one of all rows last; NULL: no more. */
static inline hpo_fit *hpo_evaluation_fit(hpo_evaluation *v, size_t i) {
  if (i < v->n_fit)
    return &v->fit[i];
  return i == v->n_fit && v->is_refit ? &v->again : NULL;
}

/** Steps after which the model of all rows is done. */
int64_t hpo_evaluation_refit_steps(const hpo_evaluation *v);
/** Before its models are stepped: sets steps_now.  Collective over the team,
 *  as is the next. */
HPO_MUST_USE hpo_status hpo_evaluation_begin_step(hpo_evaluation *v,
                                                  hpo_error *err);
/** Afterwards, where steps_now: what the step was worth, and whether to go
 *  on. */
HPO_MUST_USE hpo_status hpo_evaluation_end_step(hpo_evaluation *v,
                                                hpo_error *err);
/** The trial is in training from now on: the evaluator sets its need aside. */
void hpo_need_hold(hpo_evaluation *v);
/** It is not any more. */
void hpo_need_release(hpo_evaluation *v);
/** The rank holds too much: whether this trial is the one to blame.  Of those
 *  in training one at a time is, until it is gone. */
bool hpo_need_blames(const hpo_evaluation *v);
/** Frees it, paused or not. */
void hpo_evaluation_free(hpo_evaluation *v);
/** Whether a is better than b for the objective. */
bool hpo_evaluation_is_better(const hpo_evaluation *v, double a, double b);
/** An error that is the trial's own fault ends the trial, not the worker. */
HPO_MUST_USE hpo_status hpo_evaluation_take_failure(hpo_evaluation *v,
                                                    hpo_status status,
                                                    hpo_error *err);
/** A metric of the last predictions, its mean over the folds; on rank 0.
 *  \param [out] each [n_fit] of each fold; NULL: not wanted */
HPO_MUST_USE hpo_status hpo_evaluation_mean(const hpo_evaluation *v,
                                            const hpo_metric *m, double *each,
                                            double *out, hpo_error *err);
/** Metrics and values into the trial, once; model gets the bytes of a single
 *  split's model.  Collective over the team. */
HPO_MUST_USE hpo_status hpo_evaluation_fill(hpo_evaluation *v,
                                            hpo_buffer *model, hpo_error *err);
/** Whether the job wants the model of a trial with these values. */
bool hpo_evaluation_wants_model(const hpo_evaluation *v);

#endif
