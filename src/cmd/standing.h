/* SPDX-License-Identifier: BSD-3-Clause */
/** \file standing.h
 *  How a study file stands: its trials, how its last session ended.
 */
#ifndef CMD_STANDING_H
#define CMD_STANDING_H

#include "hpo/report.h"

typedef struct hpo_standing {
  size_t sessions; /* so far */
  char end[64];    /* exit_reason; "" while it runs or if it was killed */
  int64_t trials;  /* its budget; 0 not limited, -1 not known */
  bool finished;   /* the study was: all trials, target, patience, timeout */
} hpo_standing;

HPO_MUST_USE hpo_status hpo_standing_read(const hpo_study_file *f,
                                          hpo_standing *out, hpo_error *err);
/** Whether rows of finished trials must be torn: a study that ended in order
 *  leaves no torn row, so something else has damaged the file. */
bool hpo_standing_is_damaged(const hpo_standing *s, const hpo_study_file *f);
/** "31 complete, 17 pruned, 2 interrupted" to standard output, and a line's
 *  end. */
void hpo_standing_print_trials(const hpo_study_file *f);

#endif
