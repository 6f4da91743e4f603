/* SPDX-License-Identifier: BSD-3-Clause */
/** \file reuse.h
 *  Trials with the parameters of one that is complete are answered from it,
 *  and so are trials that differ from it in the number of steps alone.
 *
 *  Training is keyed without the trial (rng.h), so equal parameters give
 *  equal curves, metrics and models, and of two trials that differ in their
 *  steps alone the shorter is a prefix of the longer one: what is answered is
 *  what training would have given, bit for bit, and no decision changes.
 *
 *  A complete trial that has done s steps answers one that may take n
 *  - whole, if n is what it was given itself, or it ended by itself before
 *    its last step (early stopping, convergence) and n >= s;
 *  - with a shorter curve, if it was stopped early and its best step is among
 *    the first n: value, metrics and model are those of that step.
 *
 *  Trained all the same, or taken over by a worker that has trained one like
 *  it (prefix.h), are other trials that differ in their steps, and those
 *  - whose model is to be kept, or which a pruner's rungs stop and go on with,
 *  - that the job's thresholds would prune on the way: metrics at that step
 *    are not known.
 *  In strict order a result is used only where the job's decision could see
 *  it, so that which trial answered does not depend on timing.
 */
#ifndef ROLES_REUSE_H
#define ROLES_REUSE_H

#include "hpo/ledger.h"
#include "hpo/manager.h"
#include "hpo/store.h"
#include "hpo/trial.h"

typedef struct hpo_reuse { /* {0}: nothing is answered */
  const hpo_plan *plan;
  hpo_reuse_rules rules;
  hpo_id *slot; /* [room] by hash of a configuration without its steps: the
                   newest complete trial of another number of steps; -1 free */
  size_t room, n;
  hpo_id *next; /* [next_room] by trial: the one before it there; -1 */
  size_t next_room;
} hpo_reuse;

/** With the complete trials of the ledger; plan is borrowed. */
HPO_MUST_USE hpo_status hpo_reuse_start(hpo_reuse *r, const hpo_plan *plan,
                                        const hpo_reuse_rules *rules,
                                        const hpo_ledger *ledger,
                                        hpo_error *err);
void hpo_reuse_free(hpo_reuse *r);
/** A trial has ended; counts if it is complete. */
HPO_MUST_USE hpo_status hpo_reuse_add(hpo_reuse *r, const hpo_ledger *ledger,
                                      hpo_id trial, hpo_error *err);
/** The result of a job, if one that is known answers it.
 *  \param [in]  store  curves of trials of earlier sessions are read there
 *  \param [out] out    the caller's; untouched unless *answered */
HPO_MUST_USE hpo_status hpo_reuse_answer(const hpo_reuse *r,
                                         const hpo_ledger *ledger,
                                         hpo_store *store, const hpo_job *job,
                                         hpo_result *out, bool *answered,
                                         hpo_error *err);

#endif
