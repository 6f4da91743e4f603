/* SPDX-License-Identifier: BSD-3-Clause */
/** \file csr.h
 *  The binned matrix by compressed rows.  Private to data/.
 */
#ifndef HPO_DATA_CSR_H
#define HPO_DATA_CSR_H

#include "hpo/bins.h"

/** Makes b->csr from b's codes where it pays.  Collective over d's node and
 *  team.  \return HPO_OK; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_csr_create(const hpo_dataset *d, hpo_bins *b,
                                       hpo_error *err);
/** Collective over the node. */
void hpo_csr_destroy(hpo_bins *b);

#endif
