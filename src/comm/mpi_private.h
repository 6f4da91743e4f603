/* SPDX-License-Identifier: BSD-3-Clause */
/* What comm_mpi.c and coll_mpi.c, the only files that include mpi.h, share.
 * They include it before this header. */
#ifndef COMM_MPI_PRIVATE_H
#define COMM_MPI_PRIVATE_H

#include "comm/mpi_limits.h"
#include "hpo/comm.h"

typedef struct life life; /* life_mpi.h */

/* Ranks that do things together: a coll's self. */
typedef struct group {
  MPI_Comm comm;
  int rank, size;
  bool patient;        /* waits by Test and sleep instead of spinning */
  const size_t *chunk; /* bytes per MPI call at most */
  int64_t sent, calls; /* bytes; calls of a coll */
  int64_t *parts;      /* [parts_room] of a sum, as they come */
  size_t parts_room;
  bool is_team; /* else of more than a team's ranks */
  life *life;   /* that ends waits for the lost; NULL: none does */
} group;

/* Node memory: a window that all ranks see, or a copy of this rank's own. */
typedef struct block block;
struct block {
  block *next;
  uint8_t *bytes; /* [n] 64-byte aligned */
  size_t n;
  bool is_window;
  bool is_ready;
  MPI_Win window;
};

typedef struct outgoing outgoing;
struct outgoing {
  outgoing *next;
  MPI_Request request;
  uint8_t *bytes;
};

struct hpo_mpi {
  bool alone;              /* started without a launcher: MPI is not up */
  life *life;              /* NULL: lost ranks are not outlived */
  group world, node, team; /* comm MPI_COMM_NULL: not (yet) there */
  block *blocks;           /* of the node */
  size_t chunk;            /* bytes per MPI call at most */
  size_t shared_room;      /* cap on what /dev/shm is thought to hold */

  /* messages, over world.comm */
  outgoing *first, **end; /* sends under way, in order */
  size_t n_outgoing;
  int64_t sent;        /* bytes */
  hpo_buffer incoming; /* the parts of a message so far */
  bool in_flight;      /* a receive is posted: */
  MPI_Request request;
  int from, tag; /* of the message that is coming in; tag -1: none */
  bool more;     /* another part follows the one in flight */
};

/* HPO_EPEER with MPI's own words unless rc is MPI_SUCCESS. */
HPO_MUST_USE hpo_status hpo_mpi_check(int rc, const char *call,
                                      hpo_error *err);
/* Waits for a request of g's.  HPO_EPEER: in vain, see hpo_life_check; the
 * request is then left as it is. */
HPO_MUST_USE hpo_status hpo_mpi_wait(const group *g, MPI_Request *request,
                                     const char *call, hpo_error *err);
/* See hpo_coll; self: a group. */
HPO_MUST_USE hpo_status hpo_mpi_sum_parts(void *self, int64_t *x,
                                          const size_t *n, int64_t *out,
                                          hpo_error *err);
HPO_MUST_USE hpo_status hpo_mpi_best(void *self, void *record, size_t n,
                                     size_t size, hpo_error *err);
HPO_MUST_USE hpo_status hpo_mpi_exchange(void *self, const void *bytes,
                                         const size_t *n, hpo_buffer *out,
                                         size_t *came, hpo_error *err);
HPO_MUST_USE hpo_status hpo_mpi_share(void *self, const void *bytes, size_t n,
                                      hpo_buffer *out, size_t *came,
                                      hpo_error *err);
/* Frees what node memory is left; collective over the node. */
void hpo_mpi_free_blocks(hpo_mpi *m);

#endif
