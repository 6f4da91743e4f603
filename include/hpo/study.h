/* SPDX-License-Identifier: BSD-3-Clause */
/** \file study.h
 *  study.xml to a plan: schema, then checks of its own, defaults taken.
 *
 *  Every fault is told with file, line, element, what was found and what is
 *  allowed, for a misspelt name the nearest right one; several faults at
 *  once, one per line, sorted by line:
 *
 *      wine.xml:12: <int name="max_dept">: gbt has no option "max_dept"; did
 *      you mean "max_depth"? Allowed: objective, n_estimators, ...
 *
 *  What is not well-formed XML is told as FILE:LINE:COLUMN.
 *  docs/study-format.md is the user's reference of all that.
 */
#ifndef HPO_STUDY_H
#define HPO_STUDY_H

#include "hpo/catalog.h"
#include "hpo/mem.h"
#include "hpo/plan.h"
#include "hpo/status.h"

/** Reads path.  `--set PATH=VALUE` overrides ("budget/trials=20",
 *  "model[gbt]/fixed[max_bin]=128", "seed=7") are applied to the tree before
 *  it is checked, in their order, so the same rules hold for them; their
 *  faults name the option instead of a line.  An element in PATH may carry a
 *  key: its name (of a model also its kind), or its number from 1.  What is
 *  not there is made where the schema says what it is.
 *
 *  The plan holds every default: an option of a model, sampler or pruner
 *  that the file neither fixes nor searches is there with line 0, unless its
 *  default is "none".  Values of options are in the spelling of options.h.
 *  \param [in]  path    study.xml; at most 4 MiB; hrefs are relative to it
 *  \param [in]  catalog names that are known
 *  \param [in]  set     [n_set] overrides; may be NULL with n_set = 0
 *  \param [out] plan    new
 *  \param [out] xml     the file's bytes as they stand on disk; may be NULL
 *  \return HPO_OK; HPO_EINVAL: wrong or not readable, err says where;
 *  HPO_EDATA: the study is right, but data files that it names are not there
 *  or can't be read; HPO_EIO; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_study_read(const char *path,
                                       const hpo_catalog *catalog,
                                       const char *const *set, size_t n_set,
                                       hpo_plan **plan, hpo_buffer *xml,
                                       hpo_error *err);

/** The schema's text (study.xsd), as compiled into the program. */
const char *hpo_study_schema(void);

#endif
