/* SPDX-License-Identifier: BSD-3-Clause */
/** \file limits.h
 *  monotone_constraints and interaction_constraints: read from text, and
 *  which features may follow a path.
 */
#ifndef HPO_MODEL_GBT_LIMITS_H
#define HPO_MODEL_GBT_LIMITS_H

#include "gbt.h"

typedef struct gbt_limits {
  size_t columns, words; /* of a set of bits, one for each column */
  int8_t *direction;     /* [columns] 1 never falls, -1 never rises, 0 free;
                            NULL: all free */
  uint64_t *set;         /* [n_set][words] features that may share a path */
  size_t n_set, set_room;
  uint64_t *path, *open; /* [words] work */
  gbt_set allowed;
} gbt_limits;

/** Reads both options.
 *  \param [in] d  NULL: columns are not known yet, only the spelling counts
 *  \return HPO_EINVAL: no such spelling, or no such column */
hpo_status gbt_limits_create(const hpo_options *o, const hpo_dataset *d,
                             gbt_limits *out, hpo_error *err);
void gbt_limits_free(gbt_limits *l);

/** With n_set > 0: the features that splits above a node use, one by one,
 *  then which of `from` the node may use: those used above, and those of the
 *  sets that hold all used above (XGBoost, constraints.cc); without any
 *  above, filter is not asked.  Borrowed until the next call. */
void gbt_limits_begin(gbt_limits *l);
void gbt_limits_add(gbt_limits *l, uint32_t feature);
const gbt_set *gbt_limits_filter(gbt_limits *l, const gbt_set *from);

#endif
