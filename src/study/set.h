/* SPDX-License-Identifier: BSD-3-Clause */
/* --set PATH=VALUE: changes to the study's tree before it is checked. */
#ifndef HPO_STUDY_SET_H
#define HPO_STUDY_SET_H

#include "faults.h"
#include "schema.h"

/** Applies option number i of faults->set to the tree.
 *
 *      PATH  = [ELEMENT "/"]... LAST
 *      ELEMENT = name | name "[" key "]"   key: the element's name (of a
 *                model also its kind), or its number from 1
 *      LAST  = attribute | fixed[NAME] | set[NAME] | tag[NAME] | description
 *
 *  What is not there is made, where a key or the schema says what it is.  A
 *  path that leads nowhere goes to faults. */
HPO_MUST_USE hpo_status hpo_set_apply(const hpo_schema *schema, hpo_node *root,
                                      int option, hpo_faults *faults,
                                      hpo_error *err);

#endif
