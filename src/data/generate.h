/* SPDX-License-Identifier: BSD-3-Clause */
/** \file generate.h
 *  The recipes of synthetic tables.  Private to data/.
 */
#ifndef HPO_DATA_GENERATE_H
#define HPO_DATA_GENERATE_H

#include "hpo/generate.h"

extern const hpo_generator hpo_made_loans, hpo_made_higgs;

#endif
