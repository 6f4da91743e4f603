/* SPDX-License-Identifier: BSD-3-Clause */
/* How far a study has come, as far as decisions may know: the rules that end
 * it, and the bar that a model must pass to be kept. */
#ifndef HPO_SCHED_PROGRESS_H
#define HPO_SCHED_PROGRESS_H

#include "hpo/sched.h"
#include "hpo/terminator.h"

typedef struct hpo_progress {
  const hpo_plan *plan; /* borrowed */
  double best;          /* of complete trials; NaN: none */
  int64_t since;        /* final trials since one that none before covers */
  int64_t n_final;
  hpo_terminator *terminator; /* owned; NULL: none */
  double *top; /* [n_top] best values, best first, at most keep_models */
  size_t n_top, room;
  hpo_fronts fronts; /* several objectives or constraints: all complete
                        trials, and the first front */
} hpo_progress;

/** What a model must pass to be kept.  One objective without constraints: a
 *  value at least as good; else fewer than keep_models of the first `known`
 *  complete trials may dominate its trial, which is the same for one
 *  objective, and keeps all of a front. */
typedef struct hpo_bar {
  double value; /* NaN: none; an infinity: no model passes */
  size_t known;
} hpo_bar;

/** Counts a final trial. */
HPO_MUST_USE hpo_status hpo_progress_add(hpo_progress *p, const hpo_trial *t,
                                         hpo_error *err);
void hpo_progress_free(hpo_progress *p);
/** HPO_END_TARGET, HPO_END_PATIENCE, HPO_END_REGRET or HPO_END_NONE. */
hpo_end hpo_progress_end(const hpo_progress *p);
/** As it is now; its value is what send_model of a job is (trial.h). */
hpo_bar hpo_progress_bar(const hpo_progress *p);
/** Whether a complete trial's model is to be kept where the bar is so. */
bool hpo_progress_keeps(const hpo_progress *p, hpo_bar bar,
                        const hpo_trial *t);
/** Whether a is strictly better than b. */
bool hpo_progress_better(const hpo_plan *plan, double a, double b);

#endif
