/* SPDX-License-Identifier: BSD-3-Clause */
/** \file tags.h
 *  Tags of trials as columns "tags.NAME".  Private to report/.
 */
#ifndef REPORT_TAGS_H
#define REPORT_TAGS_H

#include "hpo/record.h"
#include "hpo/store.h"

#define HPO_TAG_COLUMN 128 /* room of such a name */

/** Adds a text column for each name that a trial has; the latest value
 *  counts, "" where a trial has none.
 *  \param [in] n trials */
HPO_MUST_USE hpo_status hpo_tags_add(hpo_store *store, hpo_record *trials,
                                     size_t n, hpo_error *err);

#endif
