/* SPDX-License-Identifier: BSD-3-Clause */
/** \file terminator.h
 *  Terminators: whether going on can still pay.
 *
 *  A terminator is fed each final trial once, in the order in which decisions
 *  come to know them, and says from them alone when the study is to end: the
 *  same trials in the same order give the same end.
 */
#ifndef HPO_TERMINATOR_H
#define HPO_TERMINATOR_H

#include "hpo/options.h"
#include "hpo/plan.h"
#include "hpo/status.h"
#include "hpo/trial.h"

typedef struct hpo_terminator hpo_terminator;

/** One row of the registry. */
typedef struct hpo_terminator_kind {
  const char *name; /* "regret-bound" */
  const char *help;
  const hpo_option *option; /* [n_option] */
  size_t n_option;
} hpo_terminator_kind;

/** All kinds [*n]; the first is "none". */
const hpo_terminator_kind *hpo_terminator_kinds(size_t *n);

/** Whether a plan's options of it go with each other and with the data.
 *  HPO_EINVAL: what is wrong with *faulty, a name of the table. */
HPO_MUST_USE hpo_status hpo_terminator_check(const hpo_plan *plan,
                                             const char **faulty,
                                             hpo_error *err);
/** Whether it looks at the curves of the trials that it is fed. */
bool hpo_terminator_needs_curves(const hpo_plan *plan);

/** From the plan's terminator element; *out is NULL where it is "none" or
 *  there is none.  plan is borrowed.
 *  HPO_EINVAL: unknown name or option; no error that fits the plan. */
HPO_MUST_USE hpo_status hpo_terminator_create(const hpo_plan *plan,
                                              hpo_terminator **out,
                                              hpo_error *err);
void hpo_terminator_destroy(hpo_terminator *t);
/** Complete trials before the first end, unless every point of the space was
 *  tried. */
int64_t hpo_terminator_least(const hpo_terminator *t);
/** Takes in a final trial; t NULL: nothing is done.  Some ms where the bound
 *  is found anew: at each complete trial up to 40, then when there are a
 *  twentieth more. */
HPO_MUST_USE hpo_status hpo_terminator_add(hpo_terminator *t,
                                           const hpo_trial *trial,
                                           hpo_error *err);
/** Why the study is to end, its first word the terminator's name, at most 63
 *  bytes; NULL: it goes on (or t is NULL). */
const char *hpo_terminator_reason(const hpo_terminator *t);

#endif
