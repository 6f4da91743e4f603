/* SPDX-License-Identifier: BSD-3-Clause */
/** \file play.h
 *  What any sampler that learns must do, on small plans.
 */
#ifndef HPO_PLAY_H
#define HPO_PLAY_H

#include "hpo/rng.h"
#include "hpo/sampler.h"

hpo_sampler *play_make(const hpo_plan *p);
hpo_ledger *play_ledger(const hpo_plan *p);
/** A point for trial `number`, which must be one of the space. */
void play_ask(hpo_sampler *s, const hpo_ledger *l, hpo_id horizon,
              hpo_id number, double *x);
/** Whatever a sampler was asked before, the answer is that of a fresh one: 40
 *  trials of all states, with views back and forth. */
void play_pure(const hpo_plan *p, hpo_rng *rng);
/** Fills p's empty space with a small conditional one, of which every point
 *  comes once before any comes twice. */
void play_all_points(hpo_plan *p);
/** The best of n trials of a bowl with `running` of them not known yet; a
 *  fifth of the space fails, *n_failed counts on. */
double play_best(const char *sampler, bool maximize, hpo_id n, hpo_id running,
                 uint64_t seed, size_t *n_failed);

#endif
