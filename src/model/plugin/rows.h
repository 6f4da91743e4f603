/* SPDX-License-Identifier: BSD-3-Clause */
/* The data as a plugin sees it. */
#ifndef MODEL_PLUGIN_ROWS_H
#define MODEL_PLUGIN_ROWS_H

#include "hpo/library.h"
#include "hpo/model.h"

/** Facts and rows of a fit for the whole team; without rows (NULL) and with
 *  a saved model for predictions.  On HPO_OK the caller frees the view. */
HPO_MUST_USE hpo_status hpo_plugin_slab(const hpo_dataset *d,
                                        const hpo_fold *rows, const void *blob,
                                        size_t n_blob, hpo_slab *out,
                                        hpo_error *err);

/** A library's path from the root. \param [in] folder of the study file */
HPO_MUST_USE hpo_status hpo_plugin_path(const char *folder,
                                        const char *library, char **out,
                                        hpo_error *err);

#endif
