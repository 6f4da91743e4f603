/* SPDX-License-Identifier: BSD-3-Clause */
/** \file classes.h
 *  Labels to class indices.  Private to data/.
 */
#ifndef HPO_DATA_CLASSES_H
#define HPO_DATA_CLASSES_H

#include "read_csv.h"

enum { HPO_MOST_CLASSES = 1000 };

/** Finds the classes among all rows, sorted (by value if all labels are
 *  numbers, else bytewise), or the two sides of positive=; sets d's n_class
 *  and class_name and puts the indices into r->table.y.  A regression has
 *  none.
 *  \return HPO_OK; HPO_EDATA: too few or too many classes (which), or
 *  nothing positive; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_classes_find(hpo_reading *r, hpo_dataset *d,
                                         hpo_error *err);

#endif
