/* SPDX-License-Identifier: BSD-3-Clause */
/** \file kinds.h
 *  The model kinds that are built, for the registry (model.c). */
#ifndef HPO_MODEL_KINDS_H
#define HPO_MODEL_KINDS_H

#include "hpo/model.h"

extern const hpo_model_kind hpo_model_gbt;
extern const hpo_model_kind hpo_model_baseline;
extern const hpo_model_kind hpo_model_function;
extern const hpo_model_kind hpo_model_logistic;
extern const hpo_model_kind hpo_model_linear;
extern const hpo_model_kind hpo_model_mlp;
extern const hpo_model_kind hpo_model_command;
extern const hpo_model_kind hpo_model_plugin;

/** What keeps a program of one trial from starting (files, processes, memory)
 *  fails that trial and not the study: HPO_EIO and HPO_EMEM become
 *  HPO_ETRIAL. */
HPO_MUST_USE hpo_status hpo_model_of_trial(hpo_status status, hpo_error *err);
/** What rank 0 alone has tried, for the whole team: its status and its
 *  sentence.  Collective. */
HPO_MUST_USE hpo_status hpo_model_agree(const hpo_coll *team, hpo_status mine,
                                        hpo_error *err);

#endif
