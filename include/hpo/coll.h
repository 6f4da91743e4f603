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

#include "hpo/mem.h"
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
  /** Sums of parts: x holds n[0] numbers for rank 0, then n[1] for rank 1 and
   *  so on, the same n on all ranks; out [n[rank]] = this rank's part of the
   *  sums over ranks.  x is used up. */
  hpo_status (*sum_parts)(void *self, int64_t *x, const size_t *n,
                          int64_t *out, hpo_error *err);
  /** n records of `size` bytes, each of which begins with a double, no NaN:
   *  each becomes, on all ranks, the one whose double is largest; of equals
   *  that of the lowest rank. */
  hpo_status (*best)(void *self, void *record, size_t n, size_t size,
                     hpo_error *err);
  /** To rank 0 the first n[0] bytes, to rank 1 the next n[1], and so on; out:
   *  what came, of rank 0 first, in place of what it held, came[r] bytes of
   *  rank r. */
  hpo_status (*exchange)(void *self, const void *bytes, const size_t *n,
                         hpo_buffer *out, size_t *came, hpo_error *err);
  /** All ranks' bytes to all, as exchange gives them. */
  hpo_status (*share)(void *self, const void *bytes, size_t n, hpo_buffer *out,
                      size_t *came, hpo_error *err);
  /** Bytes sent by this rank through this coll so far, as handed over: how
   *  often MPI passes them on is its affair. */
  int64_t (*bytes_sent)(void *self);
  /** Calls of the functions above by this rank so far. */
  int64_t (*calls)(void *self);
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
