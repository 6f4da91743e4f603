/* SPDX-License-Identifier: BSD-3-Clause */
/** \file difference.h
 *  What makes a study another one than that of a study file.
 */
#ifndef CMD_DIFFERENCE_H
#define CMD_DIFFERENCE_H

#include "hpo/mem.h"
#include "hpo/plan.h"
#include "hpo/store.h"

/** Adds one clause: whether the data differ, and the first three entries of
 *  /study/resolved that do, with their new and old values.
 *  hash: of the plan's data, "" without. */
HPO_MUST_USE hpo_status hpo_difference_text(const hpo_plan *plan,
                                            const char *hash, hpo_store *store,
                                            hpo_buffer *to, hpo_error *err);

#endif
