/* SPDX-License-Identifier: BSD-3-Clause */
/** \file testplan.h
 *  A plan for data alone, from words such as "label=y", and small files.
 */
#ifndef HPO_TESTPLAN_H
#define HPO_TESTPLAN_H

#include "hpo/dataset.h"
#include "hpo/plan.h"

/** task (binary, multiclass, regression), label, positive, train (a path;
 *  again for more), format, header, names (blanks between), validation,
 *  fraction, stratify (yes, no), test, categorical, ignore (again for more),
 *  weight, missing (again for more), seed; of each train in turn: dataset,
 *  label_file, label_dataset; of validation: valid_dataset ...
 *  \return false: no such word */
bool testplan_set(hpo_plan *p, const char *name, const char *value);

/** An empty plan: regression, label "y", header auto, no validation, seed 1;
 *  the caller's, see hpo_plan_destroy. */
hpo_plan *testplan_make(void);

#endif
