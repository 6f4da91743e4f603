/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a trial's program runs and what it is told: its folder, the file of
 * parameters, its words and its environment. */
#ifndef MODEL_COMMAND_PLACE_H
#define MODEL_COMMAND_PLACE_H

#include "hpo/model.h"
#include "hpo/words.h"

typedef struct hpo_place {
  char *base;   /* NAME.trials, absolute */
  char *folder; /* of the trial, in base */
  char *study;  /* folder of the study's XML file, absolute */
  char *params; /* path of params.json */
  hpo_words argv, env;
} hpo_place;

/** Makes folder and file, anew where they are left from before.
 *  \return HPO_EIO: they can't be made */
HPO_MUST_USE hpo_status hpo_place_create(const hpo_model_input *in,
                                         hpo_place *p, hpo_error *err);
/** A path as seen from the root. */
HPO_MUST_USE hpo_status hpo_place_absolute(const char *path, char **out,
                                           hpo_error *err);
/** Tells a program of the study's data, if it has some: variables with the
 *  files and which rows train and validate, in files in the trial's folder.
 *  \return HPO_EIO: they can't be written */
HPO_MUST_USE hpo_status hpo_place_tell_data(const hpo_model_input *in,
                                            const char *folder, hpo_words *env,
                                            hpo_error *err);
/** "name=value" behind the others. */
HPO_MUST_USE hpo_status hpo_place_set(hpo_words *env, const char *name,
                                      const char *value, hpo_error *err);
/** The environment of this rank without what makes it an MPI rank, and the
 *  team's cores. */
HPO_MUST_USE hpo_status hpo_place_inherit(int cores, hpo_words *env,
                                          hpo_error *err);
/** Removes the folder with all that is in it. */
void hpo_place_remove(const hpo_place *p);
void hpo_place_free(hpo_place *p);

#endif
