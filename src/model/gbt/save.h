/* SPDX-License-Identifier: BSD-3-Clause */
/** \file save.h
 *  Parts of a saved model that learner.c writes for save.c.
 */
#ifndef HPO_MODEL_GBT_SAVE_H
#define HPO_MODEL_GBT_SAVE_H

#include "gbt.h"
#include "ubj.h"

void gbt_save_objective(gbt_ubj *u, const gbt_saved *m);
void gbt_save_parameters(gbt_ubj *u, const gbt_saved *m);
hpo_status gbt_save_features(gbt_ubj *u, const gbt_saved *m, hpo_error *err);
hpo_status gbt_save_attributes(gbt_ubj *u, const gbt_saved *m, hpo_error *err);

#endif
