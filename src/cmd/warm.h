/* SPDX-License-Identifier: BSD-3-Clause */
/** \file warm.h
 *  <warm-start>: other studies' trials in a study's own space.
 *
 *      run, check --> hpo_warm_fill --the study's file is there--> as it says
 *                          +-- else, each file of <warm-start> --> bridge
 */
#ifndef CMD_WARM_H
#define CMD_WARM_H

#include "hpo/mem.h"
#include "hpo/plan.h"
#include "hpo/trial.h"

/** Fills plan->known, and plan->enqueue with points to try first: from the
 *  study's own file where that exists and fresh is false, so that a study
 *  that goes on does not need the others, else from the files that
 *  <warm-start> names.
 *  \param [in] study  path of the study's XML, for messages
 *  \return HPO_OK; HPO_EINVAL: a file's objective is another one, or one is
 *  known twice; HPO_ESTUDY: it is no study file, damaged, or still being
 *  written */
HPO_MUST_USE hpo_status hpo_warm_fill(hpo_plan *plan, const char *study,
                                      bool fresh, hpo_error *err);

/** Why a trial of another study is none of this one. */
typedef enum hpo_warm_fate {
  HPO_WARM_TAKEN,
  HPO_WARM_OPEN,      /* failed, or not at its end */
  HPO_WARM_TORN,      /* its row can't be read */
  HPO_WARM_PRUNED,    /* and no value of its own counts here */
  HPO_WARM_VALUE,     /* no value of an objective or constraint */
  HPO_WARM_MODEL,     /* of a model that is not here */
  HPO_WARM_RANGE,     /* a value outside the range */
  HPO_WARM_CHOICE,    /* a choice that is not here */
  HPO_WARM_UNSAID,    /* it does not say a parameter that is new here */
  HPO_WARM_FORBIDDEN, /* the combination is */
  HPO_WARM_FATES
} hpo_warm_fate;

/** From one study's space and metrics to another's. */
typedef struct hpo_bridge hpo_bridge;
/** Both are borrowed.
 *  \param [in] warm  index of to->warm
 *  \return HPO_OK; HPO_EINVAL: an objective has another direction there, or
 *  an objective's or constraint's metric was not recorded there */
HPO_MUST_USE hpo_status hpo_bridge_create(const hpo_plan *from,
                                          const hpo_plan *to, size_t warm,
                                          hpo_bridge **out, hpo_error *err);
void hpo_bridge_destroy(hpo_bridge *b);
/** The same trial in the other study, if it can be one there.
 *  \param [in]  t     NULL: its row is torn
 *  \param [out] fate  HPO_WARM_TAKEN: *out is there; what keeps it out is
 *               counted for hpo_bridge_text */
HPO_MUST_USE hpo_status hpo_bridge_cross(hpo_bridge *b, const hpo_trial *t,
                                         hpo_warm_fate *fate, hpo_trial **out,
                                         hpo_error *err);
/** What was left out so far and why, and which parameters were ignored or
 *  filled in: "; left out: 3 outside max_depth, 2 failed or not at their
 *  end". */
HPO_MUST_USE hpo_status hpo_bridge_text(const hpo_bridge *b, hpo_buffer *to,
                                        hpo_error *err);

#endif
