/* SPDX-License-Identifier: BSD-3-Clause */
/** \file tinyplan.h
 *  Plans without data for tests of samplers, pruners and the scheduler.
 */
#ifndef HPO_TINYPLAN_H
#define HPO_TINYPLAN_H

#include "hpo/plan.h"
#include "hpo/trial.h"

/** One objective "value" to be minimized, sampler random, pruner none, no
 *  parameters, 20 trials, window 4; freed by hpo_plan_destroy. */
hpo_plan *tinyplan_make(void);
void tinyplan_text(char **to, const char *text);
/** Adds parameters; parent -1: always active.  They return their index. */
size_t tinyplan_float(hpo_plan *p, double low, double high, bool is_log,
                      ptrdiff_t parent, size_t which);
size_t tinyplan_int(hpo_plan *p, double low, double high, ptrdiff_t parent,
                    size_t which);
size_t tinyplan_choice(hpo_plan *p, size_t n, ptrdiff_t parent, size_t which);
/** A final trial at x [n_param] with job = number. */
hpo_trial *tinyplan_trial(const hpo_plan *p, hpo_id number,
                          hpo_trial_state state, const double *x,
                          double value);
/** HPO_TEST_SEED, or the default; printed. */
uint64_t tinyplan_seed(uint64_t otherwise);

#endif
