/* SPDX-License-Identifier: BSD-3-Clause */
/* The study's tree against the schema: names, counts, values. */
#ifndef HPO_STUDY_NAMES_H
#define HPO_STUDY_NAMES_H

#include "faults.h"
#include "schema.h"

/** Tells every element and attribute that the schema does not have, that is
 *  missing or stands too often, every value that is not of its type, and
 *  what is not built yet; marks them bad in the tree.  Then fills in the
 *  schema's defaults. */
HPO_MUST_USE hpo_status hpo_names_check(const hpo_schema *schema,
                                        hpo_node *root, hpo_faults *faults,
                                        hpo_error *err);

#endif
