/* SPDX-License-Identifier: BSD-3-Clause */
/** \file quantiles.h
 *  The cuts of all features for several max_bin.  Private to data/.
 *
 *  A feature's training values are sorted once for all max_bin.  Where the
 *  node's ranks share the values, each sorts every size-th feature; a team
 *  gathers one feature after the other on its first rank.
 */
#ifndef HPO_DATA_QUANTILES_H
#define HPO_DATA_QUANTILES_H

#include "hpo/dataset.h"

typedef struct hpo_quantiles {
  size_t n;         /* max_bins */
  size_t *room;     /* [n] cuts of a feature, at most */
  uint32_t **n_bin; /* [n][columns] value bins */
  float **cut;      /* [n][columns][room] the first n_bin - 1 of each */
  int32_t *failed;  /* [node_size] status of each rank */
  int ranks;        /* of the node that work, the first ones */
  hpo_shared *node; /* borrowed */
  void *block;
  size_t bytes;
} hpo_quantiles;

/** Finds them.  Collective over d's node and team.
 *  \param [in]  max_bin [n] 2..65535
 *  \return HPO_OK; HPO_EMEM, on all ranks of a node */
HPO_MUST_USE hpo_status hpo_quantiles_find(const hpo_dataset *d,
                                           const int *max_bin, size_t n,
                                           hpo_quantiles *out, hpo_error *err);
/** Collective over the node. */
void hpo_quantiles_free(hpo_quantiles *q);

#endif
