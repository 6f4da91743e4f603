/* SPDX-License-Identifier: BSD-3-Clause */
/** \file prepare.h
 *  What run and check have in common: the study file with the command
 *  line's changes, and all that can be known to be wrong before training.
 */
#ifndef CMD_PREPARE_H
#define CMD_PREPARE_H

#include "cmd/args.h"
#include "hpo/dataset.h"
#include "hpo/evaluate.h"
#include "hpo/mem.h"
#include "hpo/plan.h"
#include "hpo/status.h"

/** The options that change the study: --trials, --timeout, --seed,
 *  --output, --set. */
#define HPO_PREPARE_ARGS                                                      \
  {"trials", "N", "exact total of the study, instead of the file's budget"},  \
      {"timeout", "T", "wall time of the study over all sessions: 90s, 2h"},  \
      {"seed", "S", "seed, instead of the file's"},                           \
      {"output", "F", "study file to write, instead of the file's"}, {        \
    "set", "PATH=VALUE",                                                      \
        "changes the study: 'model[gbt]/fixed[max_bin]=128'; any number"      \
  }

/** Reads the study file that args name.
 *  \param [out] xml the file as it stands on disk; may be NULL */
HPO_MUST_USE hpo_status hpo_prepare_plan(const hpo_args *args, hpo_plan **plan,
                                         hpo_buffer *xml, hpo_error *err);
/** Checks that the data allow what the plan asks for: every class where a
 *  metric needs it, options that depend on the data.
 *  HPO_EDATA or HPO_EINVAL with a sentence. */
HPO_MUST_USE hpo_status hpo_prepare_check_data(const hpo_plan *plan,
                                               const hpo_dataset *data,
                                               hpo_error *err);

/** The largest estimate of a trial's memory in the study's space, were it
 *  trained by one rank; 0: not known. */
HPO_MUST_USE hpo_status hpo_prepare_most_memory(const hpo_plan *plan,
                                                hpo_evaluator *e,
                                                double *bytes, hpo_error *err);
/** Bytes left on this node, or what HPOTUNE_TEST_MEMORY says (tests);
 *  INFINITY: unknown. */
double hpo_prepare_memory_left(void);

#endif
