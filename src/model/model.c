/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of model kinds: those that are built, and those that a study
 * may name but this version does not have yet. */
#include "model/kinds.h"

#include <string.h>

static const hpo_model_kind *const kinds[] = {
    &hpo_model_gbt,      &hpo_model_baseline, &hpo_model_function,
    &hpo_model_logistic, &hpo_model_linear,   &hpo_model_mlp,
    &hpo_model_command,  &hpo_model_plugin};

#define N_KINDS (sizeof kinds / sizeof *kinds)

const hpo_model_kind *const *hpo_model_kinds(size_t *n) {
  *n = N_KINDS;
  return kinds;
}

const hpo_model_kind *hpo_model_find(const char *name) {
  for (size_t i = 0; i < N_KINDS; i++)
    if (strcmp(kinds[i]->name, name) == 0)
      return kinds[i];
  return NULL;
}

hpo_status hpo_model_of_trial(hpo_status status, hpo_error *err) {
  if (status != HPO_EIO && status != HPO_EMEM)
    return status;
  err->code = HPO_ETRIAL;
  return HPO_ETRIAL;
}

hpo_status hpo_model_agree(const hpo_coll *team, hpo_status mine,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error told = *err;

  told.code = mine;
  if (team->size == 1)
    return mine;
  HPO_TRY(status, team->broadcast(team->self, &told, sizeof told, err));
  *err = told;
  status = told.code;
done:
  return status;
}
