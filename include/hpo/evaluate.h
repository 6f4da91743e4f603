/* SPDX-License-Identifier: BSD-3-Clause */
/** \file evaluate.h
 *  One trial from job to result: options from plan and point, training in
 *  steps, the objective after each step, all metrics at the end.
 *
 *  Whether to go on is the caller's business (worker, replay); this module
 *  applies only what travels with the job: thresholds and limits.
 */
#ifndef HPO_EVALUATE_H
#define HPO_EVALUATE_H

#include "hpo/bins.h"
#include "hpo/coll.h"
#include "hpo/dataset.h"
#include "hpo/model.h"
#include "hpo/plan.h"
#include "hpo/shards.h"
#include "hpo/status.h"
#include "hpo/trial.h"

/** What all trials of a worker share: data, binned matrices. */
typedef struct hpo_evaluator hpo_evaluator;

/** Collective over the data set's node: bins once for every max_bin that the
 *  plan can ask for.  data is NULL for studies without data; plan, data and
 *  team are borrowed.  Where data->x_is_spare and no model needs the values
 *  (hpo_evaluator_needs_rows), they go as they become codes, and
 *  hpo_dataset_drop_x must follow. */
HPO_MUST_USE hpo_status hpo_evaluator_create(const hpo_plan *plan,
                                             const hpo_dataset *data,
                                             const hpo_coll *team,
                                             hpo_evaluator **out,
                                             hpo_error *err);
/** Collective over the node. */
void hpo_evaluator_destroy(hpo_evaluator *e);
/** Bytes that a trial may take on this rank, as the node shares them out: one
 *  that needs more fails before it starts.  0, as in the beginning: unknown.
 */
void hpo_evaluator_set_room(hpo_evaluator *e, double bytes);
/** Bytes that a trial at point x [n_param] would need on this rank beside the
 *  data, by its model's estimate; 0: unknown.  HPO_EINVAL: options that the
 *  model refuses. */
HPO_MUST_USE hpo_status hpo_evaluator_need(hpo_evaluator *e, const double *x,
                                           double *out, hpo_error *err);
/** The first binned matrix, for /data/cuts; NULL without one. */
const hpo_bins *hpo_evaluator_bins(const hpo_evaluator *e);
/** Whether a model of the plan needs the data's x all the time. */
bool hpo_evaluator_needs_rows(const hpo_evaluator *e);
/** How the training rows are dealt; NULL unless the plan is local. */
const hpo_shards *hpo_evaluator_shards(const hpo_evaluator *e);

/** The options of one model at one point: the plan's fixed ones, then those
 *  of the point's active parameters.
 *  \param [in]  x    [n_param] point; NULL: the fixed ones alone
 *  \param [out] out  new, the caller destroys it
 *  \return HPO_EINVAL: the model refuses a value; err says which */
HPO_MUST_USE hpo_status hpo_evaluate_options(const hpo_plan *plan,
                                             size_t model, const double *x,
                                             hpo_options **out,
                                             hpo_error *err);
/** The parameter that says how many steps a model takes, and nothing else
 *  (hpo_model_kind.steps_option); -1: none does. */
ptrdiff_t hpo_evaluate_steps_param(const hpo_plan *plan, size_t model);
/** Patience of early stopping at point x, 0: there is none; -1: options that
 *  the model refuses, or no memory. */
int64_t hpo_evaluate_patience(const hpo_plan *plan, const double *x);
/** Index of the model that a point chooses. */
size_t hpo_evaluate_model(const hpo_plan *plan, const double *x);

/** One running trial.  With folds, each step is one of every fold and its
 *  value their mean; a model that the job wants is then trained again on all
 *  training rows, by as many steps as the folds took in the mean, in further
 *  steps of the evaluation. */
typedef struct hpo_evaluation hpo_evaluation;

/** Takes the job (emptied).  A job that begins after from_step steps goes on
 *  with the trial as it paused, if the evaluator has kept it; else it trains
 *  it again from the start, to the same bits.  One on_all has no scores and no
 *  curve, its model alone.  Options that the model refuses,
 * or a model that can't be made, are not errors: the evaluation is then failed
 * from the start. Collective over the team, as is step. */
HPO_MUST_USE hpo_status hpo_evaluation_create(hpo_evaluator *e, hpo_job *job,
                                              hpo_evaluation **out,
                                              hpo_error *err);
/** Of a paused trial: the evaluator keeps it, as far as memory allows. */
void hpo_evaluation_destroy(hpo_evaluation *v);
/** One step.  *over: the trial has ended by itself (complete, paused after
 *  the job's to_step, pruned by its thresholds, failed); ask result. HPO_EPEER
 * and the like are errors. */
HPO_MUST_USE hpo_status hpo_evaluation_step(hpo_evaluation *v, bool *over,
                                            hpo_error *err);
/** The same of n trials of one evaluator, whose models are stepped side by
 *  side; those that are over stay as they are.  Each does what it would do
 *  alone, to the same bits; time that models of a kind spend together is
 *  shared out in equal parts.  In a team of more than one rank n is 1. */
HPO_MUST_USE hpo_status hpo_evaluation_step_together(hpo_evaluation *const *v,
                                                     size_t n, hpo_error *err);
bool hpo_evaluation_is_over(const hpo_evaluation *v);
/** Whether a job has to wait for memory that other trials of the evaluator
 *  hold now; never where there are none.  Of a team of one rank. */
bool hpo_evaluator_is_full(hpo_evaluator *e, const hpo_job *job);
/** Whether the last step had nothing to do yet: its model waits for a
 *  program.  Time to sleep a little. */
bool hpo_evaluation_waits(const hpo_evaluation *v);
/** Of one that is over: whether its program is gone too, which is asked to
 *  end; its result is taken only then.  Always true without a program. */
bool hpo_evaluation_settle(hpo_evaluation *v);
/** Steps done, and the objective after the last one (NaN before, and while
 *  a model of folds is trained again on all rows). */
int64_t hpo_evaluation_steps(const hpo_evaluation *v);
double hpo_evaluation_value(const hpo_evaluation *v);
/** The best objective so far, for thresholds to judge; NaN where none count
 *  now (before the first step, with patience left, in a refit). */
double hpo_evaluation_report(const hpo_evaluation *v);
hpo_id hpo_evaluation_trial(const hpo_evaluation *v);
/** Ends it from outside: pruned, cancelled, interrupted, with a reason. */
void hpo_evaluation_stop(hpo_evaluation *v, hpo_trial_state state,
                         const char *reason);
/** The result: metrics, curve, model bytes where the job wants them.
 *  Afterwards only destroy. */
HPO_MUST_USE hpo_status hpo_evaluation_result(hpo_evaluation *v,
                                              hpo_result *out, hpo_error *err);

#endif
