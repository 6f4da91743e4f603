/* SPDX-License-Identifier: BSD-3-Clause */
/** \file known.h
 *  What a study knows from others before its first trial: trials of theirs,
 *  in this study's space, taken over when the study was made and stored with
 *  it, so that it goes on without the other files.
 *
 *  They are no trials of this study: not in /trials, not counted, never the
 *  best.  Samplers see them as trials with negative numbers (ledger.h).
 */
#ifndef HPO_KNOWN_H
#define HPO_KNOWN_H

#include "hpo/plan.h"
#include "hpo/trial.h"

/** The most that is taken over from one study. */
#define HPO_KNOWN_MOST 10000

/** Adds a copy of t: its point, state (complete or pruned), steps, values and
 *  metrics; of a point that is only to be tried first, the point alone.
 *  \param [in] source  index of plan->warm that it comes from
 *  \param [in] t       number: its own in the other study */
HPO_MUST_USE hpo_status hpo_known_add(hpo_plan *plan, size_t source,
                                      const hpo_trial *t, hpo_error *err);
/** The k-th, with the number that it has in its own study; *source may be
 *  NULL. */
HPO_MUST_USE hpo_status hpo_known_get(const hpo_plan *plan, size_t k,
                                      size_t *source, hpo_trial **out,
                                      hpo_error *err);
/** Whether the k-th is one that samplers know, not a point to try first. */
bool hpo_known_is_seen(const hpo_plan *plan, size_t k);
/** Its point, [n_param]; NaN: inactive, or left to the sampler. */
const double *hpo_known_point(const hpo_plan *plan, size_t k);

/** The table as a field of a plan's record, and back.
 *  HPO_ESTUDY: it is not one of this plan. */
HPO_MUST_USE hpo_status hpo_known_record(const hpo_plan *plan, hpo_record *r,
                                         hpo_error *err);
HPO_MUST_USE hpo_status hpo_known_read(const hpo_record *r, hpo_plan *plan,
                                       hpo_error *err);
/** SHA-256 of the table. */
HPO_MUST_USE hpo_status hpo_known_hash(const hpo_plan *plan, char hex[65],
                                       hpo_error *err);
/** The table for readers of the file: an array for each column, numbers as
 *  numbers, choices and states as texts. */
HPO_MUST_USE hpo_status hpo_known_columns(const hpo_plan *plan,
                                          hpo_record **out, hpo_error *err);

#endif
