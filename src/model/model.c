/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of model kinds: those that are built, and those that a study
 * may name but this version does not have yet. */
#include "model/kinds.h"

#include <string.h>

#define CLASSIFY (1U << HPO_TASK_BINARY | 1U << HPO_TASK_MULTICLASS)
#define REGRESS (1U << HPO_TASK_REGRESSION)

static const hpo_model_kind plugin = {.name = "plugin",
                                      .help = "a model in a shared library",
                                      .tasks = CLASSIFY | REGRESS |
                                               1U << HPO_TASK_NONE};
static const hpo_model_kind *const kinds[] = {
    &hpo_model_gbt,      &hpo_model_baseline,
    &hpo_model_function, &hpo_model_logistic,
    &hpo_model_linear,   &hpo_model_mlp,
    &hpo_model_command,  &plugin};

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
