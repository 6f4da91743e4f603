/* SPDX-License-Identifier: BSD-3-Clause */
/* Trials that have paused (halving, hyperband), kept in memory so that they
 * go on without training again; and those that others may go on from
 * (prefix.h).
 *
 * All ranks of a team pause and go on alike, so they keep the same ones.  Kept
 * ones make way for those in training where memory is short (need.c).  A trial
 * that is not kept, here or any more, is trained again from its start,
 * which gives the same bits. */
#ifndef EVALUATE_PAUSED_H
#define EVALUATE_PAUSED_H

#include "evaluate/trial.h"

/** Takes v, or frees it where there is no memory. */
void hpo_paused_keep(hpo_evaluator *e, hpo_evaluation *v);
/** The evaluation of a trial that has paused after just these steps, now the
 *  caller's; NULL: not kept. */
hpo_evaluation *hpo_paused_take(hpo_evaluator *e, hpo_id trial, int64_t steps);
/** v, which is kept, is the caller's again. */
void hpo_paused_remove(hpo_evaluator *e, const hpo_evaluation *v);
/** Frees the oldest until so many are left. */
void hpo_paused_drop(hpo_evaluator *e, size_t left);
/** Frees the oldest until the others take no more than so many bytes. */
void hpo_paused_shrink(hpo_evaluator *e, double most);
/** Frees all and gives their memory back to the node. */
void hpo_paused_release(hpo_evaluator *e);

#endif
