/* SPDX-License-Identifier: BSD-3-Clause */
/* The tally of a trial's validation predictions. */
#ifndef EVALUATE_TALLY_H
#define EVALUATE_TALLY_H

#include "evaluate/trial.h"
#include "hpo/tally.h"

/** Whether the trial's model may be stored, so that predictions are to be
 *  gathered for a tally; the same on all ranks of the team. */
bool hpo_evaluation_tallies(const hpo_evaluation *v);
/** Of all folds' validation rows together, each predicted by the fold's
 *  model; on the team's rank 0, the predictions being there.  Regressions
 *  have none. */
HPO_MUST_USE hpo_status hpo_evaluation_tally(const hpo_evaluation *v,
                                             hpo_tally *out, hpo_error *err);

#endif
