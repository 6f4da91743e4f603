/* SPDX-License-Identifier: BSD-3-Clause */
/** \file deal.h
 *  Work that is cut into blocks and dealt out over the ranks of the job, its
 *  results put together in order on rank 0: the same bytes for any number of
 *  ranks, one among them.
 */
#ifndef CMD_DEAL_H
#define CMD_DEAL_H

#include "hpo/coll.h"
#include "hpo/mem.h"
#include "hpo/status.h"

/** Starts MPI if the process has peers, calls work on all ranks, says on rank
 *  0 what went wrong, and ends MPI. */
HPO_MUST_USE hpo_status hpo_deal_start(hpo_status (*work)(void *context,
                                                          const hpo_coll *w,
                                                          hpo_error *err),
                                       void *context, hpo_error *err);

/** All ranks learn whether one of them failed: the error of the lowest that
 *  did.  Collective over w, mine is this rank's. */
HPO_MUST_USE hpo_status hpo_deal_agree(const hpo_coll *w, hpo_status mine,
                                       hpo_error *err);

typedef struct hpo_dealing {
  void *context;
  /** Makes a block; on rank r those of number r, r + ranks, r + 2 ranks ...
   *  *more false: there is none behind it. */
  hpo_status (*make)(void *context, size_t block, hpo_buffer *out, bool *more,
                     hpo_error *err);
  /** On rank 0, for every block in order. */
  hpo_status (*take)(void *context, const uint8_t *bytes, size_t n,
                     hpo_error *err);
} hpo_dealing;

/** Makes and takes all blocks; on failure every rank returns the error of the
 *  first block that failed.  Collective over w. */
HPO_MUST_USE hpo_status hpo_deal(const hpo_coll *w, const hpo_dealing *d,
                                 hpo_error *err);

#endif
