/* SPDX-License-Identifier: BSD-3-Clause */
/** \file commas.h
 *  Columns of numbers with commas, which are not taken for names.  Private
 *  to data/.
 */
#ifndef HPO_DATA_COMMAS_H
#define HPO_DATA_COMMAS_H

#include "columns.h"

/** Whether most of a column's texts are numbers with commas, and
 *  <categorical> does not name it. */
bool hpo_commas_in(const hpo_text_column *c);
/** Refuses such a column of a file that was read from its start. */
HPO_MUST_USE hpo_status hpo_commas_check(const hpo_text_column *c,
                                         hpo_error *err);

#endif
