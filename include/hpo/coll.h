/* SPDX-License-Identifier: BSD-3-Clause */
/** \file coll.h
 *  What the ranks of a team do together, as a struct of functions: models
 *  and evaluate take it as an argument and never see MPI.
 *
 *  Every call is collective over the team: all its ranks call it with the
 *  same sizes.  Every call can answer HPO_EPEER: a rank of the team is lost;
 *  the team is then broken for good and its trial is put back.
 *  Sums are of integers, so their order does not matter; a maximum of
 *  doubles has no order either.
 */
#ifndef HPO_COLL_H
#define HPO_COLL_H

#include "hpo/status.h"

typedef struct hpo_coll hpo_coll;
struct hpo_coll {
  void *self;
  int rank, size; /* of this team; rank 0 decides splits, stops, limits */

  /** x[i] = sum over ranks of x[i] (wraps never: callers bound it). */
  hpo_status (*sum)(void *self, int64_t *x, size_t n, hpo_error *err);
  /** x[i] = max over ranks of x[i]; no NaN. */
  hpo_status (*max)(void *self, double *x, size_t n, hpo_error *err);
  /** bytes of the team's rank 0 to all. */
  hpo_status (*broadcast)(void *self, void *bytes, size_t n, hpo_error *err);
  /** The same, where the others may wait long: they sleep instead of
   *  spinning. */
  hpo_status (*await)(void *self, void *bytes, size_t n, hpo_error *err);
  /** All ranks' bytes to rank 0, in rank order: counts[size] (bytes of each,
   *  on rank 0 only) and *out (rank 0; the caller frees; NULL elsewhere). */
  hpo_status (*gather)(void *self, const void *bytes, size_t n, void *out,
                       size_t *counts, hpo_error *err);
  /** Bytes sent by this rank through this coll so far. */
  int64_t (*bytes_sent)(void *self);
};

/** Memory that the ranks of one node share.  The leader (node_rank 0) fills
 *  it, then all call ready; afterwards it is read-only. */
typedef struct hpo_shared hpo_shared;
struct hpo_shared {
  void *self;
  int node_rank, node_size;
  /** Collective over the node.  n bytes (the leader's n counts), 64-byte
   *  aligned; *is_shared false: no room in /dev/shm, every rank got a
   *  private copy that ready will fill from the leader's by broadcast. */
  hpo_status (*alloc)(void *self, size_t n, void *out_bytes, bool *is_shared,
                      hpo_error *err);
  /** Collective: what the leader wrote is now to be seen by all. */
  hpo_status (*ready)(void *self, void *bytes, size_t n, hpo_error *err);
  /** Collective broadcast from the leader of small things (facts). */
  hpo_status (*broadcast)(void *self, void *bytes, size_t n, hpo_error *err);
  /** Collective. */
  void (*free)(void *self, void *bytes);
};

/** A team or a node of one rank: everything is the identity. */
hpo_coll hpo_coll_serial(void);
hpo_shared hpo_shared_serial(void);

#endif
