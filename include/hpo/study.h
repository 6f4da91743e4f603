/* SPDX-License-Identifier: BSD-3-Clause */
/** \file study.h
 *  study.xml to a plan: schema, then checks of its own, defaults taken.
 *
 *  Every fault is told with file, line, element, what was found and what is
 *  allowed, for a misspelt name the nearest right one; several faults at
 *  once, one per line.
 */
#ifndef HPO_STUDY_H
#define HPO_STUDY_H

#include "hpo/catalog.h"
#include "hpo/mem.h"
#include "hpo/plan.h"
#include "hpo/status.h"

/** Reads path.  `--set PATH=VALUE` overrides ("budget/trials=20",
 *  "model[gbt]/fixed[max_bin]=128", "seed=7") are applied to the tree before
 *  it is checked, so the same rules hold for them.
 *  \param [in]  path    study.xml
 *  \param [in]  catalog names that are known
 *  \param [in]  set     [n_set] overrides; may be NULL with n_set = 0
 *  \param [out] plan    new
 *  \param [out] xml     the file's bytes as they stand on disk; may be NULL
 *  \return HPO_OK; HPO_EINVAL: wrong or not readable, err says where */
HPO_MUST_USE hpo_status hpo_study_read(const char *path,
                                       const hpo_catalog *catalog,
                                       const char *const *set, size_t n_set,
                                       hpo_plan **plan, hpo_buffer *xml,
                                       hpo_error *err);

/** The schema's text (study.xsd), as compiled into the program. */
const char *hpo_study_schema(void);

#endif
