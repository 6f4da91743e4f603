/* SPDX-License-Identifier: BSD-3-Clause */
/* How far a study has come, as far as decisions may know: the rules that end
 * it, and the bar that a model must pass to be kept. */
#ifndef HPO_SCHED_PROGRESS_H
#define HPO_SCHED_PROGRESS_H

#include "hpo/sched.h"

typedef struct hpo_progress {
  const hpo_plan *plan; /* borrowed */
  double best;          /* of complete trials; NaN: none */
  int64_t since;        /* final trials since it came */
  int64_t n_final;
  double *top; /* [n_top] best values, best first, at most keep_models */
  size_t n_top, room;
} hpo_progress;

/** Counts a final trial. */
HPO_MUST_USE hpo_status hpo_progress_add(hpo_progress *p, const hpo_trial *t,
                                         hpo_error *err);
void hpo_progress_free(hpo_progress *p);
/** HPO_END_TARGET, HPO_END_PATIENCE or HPO_END_NONE. */
hpo_end hpo_progress_end(const hpo_progress *p);
/** What send_model of a job is (trial.h). */
double hpo_progress_bar(const hpo_progress *p);
/** Whether a complete trial's model is to be kept where the bar is so. */
bool hpo_progress_keeps(const hpo_plan *plan, double bar, double value);
/** Whether a is strictly better than b. */
bool hpo_progress_better(const hpo_plan *plan, double a, double b);

#endif
