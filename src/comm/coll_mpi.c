/* SPDX-License-Identifier: BSD-3-Clause */
/* Collectives and node memory over MPI.
 *
 * Contents: collectives of a group (those in which each rank has a part of
 * its own are in parts_mpi.c); teams; memory of a node.
 *
 * A call moves at most a chunk of bytes, so counts fit MPI's int.  The world
 * and the node wait patiently (non-blocking call, test, sleep): their ranks
 * may wait for the one that reads the files.  Teams wait as MPI does, which
 * is faster: all their ranks are at the same step; only await, between steps,
 * is patient there too.  Where lost ranks are outlived no call blocks:
 * hpo_mpi_wait gives up in time.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <mpi.h>

#include "comm/life_mpi.h"

/* --- collectives ------------------------------------------------------- */

static hpo_status all_reduce(group *g, void *x, size_t n, MPI_Datatype type,
                             MPI_Op op, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t *at = x;
  size_t most = *g->chunk / 8;
  MPI_Request request = MPI_REQUEST_NULL;

  g->calls++;
  for (size_t left = n; left > 0;) {
    size_t part = left < most ? left : most;
    if (g->patient || g->life) {
      HPO_TRY(status,
              hpo_mpi_check(MPI_Iallreduce(MPI_IN_PLACE, at, (int)part, type,
                                           op, g->comm, &request),
                            "MPI_Iallreduce", err));
      HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Iallreduce", err));
    } else {
      HPO_TRY(status, hpo_mpi_check(MPI_Allreduce(MPI_IN_PLACE, at, (int)part,
                                                  type, op, g->comm),
                                    "MPI_Allreduce", err));
    }
    g->sent += (int64_t)(8 * part);
    at += 8 * part;
    left -= part;
  }
done:
  return status;
}

static hpo_status group_sum(void *self, int64_t *x, size_t n, hpo_error *err) {
  return all_reduce(self, x, n, MPI_INT64_T, MPI_SUM, err);
}

static hpo_status group_max(void *self, double *x, size_t n, hpo_error *err) {
  return all_reduce(self, x, n, MPI_DOUBLE, MPI_MAX, err);
}

static hpo_status group_broadcast(void *self, void *bytes, size_t n,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  group *g = self;
  uint8_t *at = bytes;
  MPI_Request request = MPI_REQUEST_NULL;

  g->calls++;
  for (size_t left = n; left > 0;) {
    size_t part = left < *g->chunk ? left : *g->chunk;
    if (g->patient || g->life) {
      HPO_TRY(status, hpo_mpi_check(MPI_Ibcast(at, (int)part, MPI_BYTE, 0,
                                               g->comm, &request),
                                    "MPI_Ibcast", err));
      HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Ibcast", err));
    } else {
      HPO_TRY(status,
              hpo_mpi_check(MPI_Bcast(at, (int)part, MPI_BYTE, 0, g->comm),
                            "MPI_Bcast", err));
    }
    if (g->rank == 0)
      g->sent += (int64_t)part;
    at += part;
    left -= part;
  }
done:
  return status;
}

static hpo_status group_await(void *self, void *bytes, size_t n,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  group *g = self;
  const bool before = g->patient;

  g->patient = true;
  status = group_broadcast(g, bytes, n, err);
  g->patient = before;
  return status;
}

/* What a gather needs on the way. */
typedef struct gathering {
  uint64_t *n;           /* [size] bytes of each rank */
  int *count, *place;    /* [size] of this round, in round[] */
  uint8_t *round, *all;  /* rank 0: one round's bytes; the result */
  size_t piece, longest; /* bytes per rank and round; of the longest rank */
} gathering;

static void gathering_free(gathering *x) {
  hpo_mem_free(x->n);
  hpo_mem_free(x->count);
  hpo_mem_free(x->place);
  hpo_mem_free(x->round);
  hpo_mem_free(x->all);
}

/* Agrees on the sizes and makes room. */
static hpo_status gather_start(group *g, size_t n, gathering *x,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t size = (size_t)g->size, total = 0;
  uint64_t mine = n;
  MPI_Request request = MPI_REQUEST_NULL;

  HPO_TRY(status, hpo_mem_new(size, sizeof *x->n, &x->n, err));
  HPO_TRY(status, hpo_mem_new(size, sizeof *x->count, &x->count, err));
  HPO_TRY(status, hpo_mem_new(size, sizeof *x->place, &x->place, err));
  HPO_TRY(status,
          hpo_mpi_check(MPI_Iallgather(&mine, 1, MPI_UINT64_T, x->n, 1,
                                       MPI_UINT64_T, g->comm, &request),
                        "MPI_Iallgather", err));
  HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Iallgather", err));
  for (size_t i = 0; i < size; i++) {
    total += (size_t)x->n[i];
    x->longest = x->n[i] > x->longest ? (size_t)x->n[i] : x->longest;
  }
  x->piece = *g->chunk / size > 0 ? *g->chunk / size : 1;
  x->piece = x->longest < x->piece ? x->longest : x->piece;
  if (g->rank == 0) {
    HPO_TRY(status, hpo_mem_new(size * x->piece, 1, &x->round, err));
    HPO_TRY(status, hpo_mem_new(total, 1, &x->all, err));
  }
done:
  return status;
}

/* The bytes at.. at + piece of every rank. */
static hpo_status gather_round(group *g, gathering *x, const uint8_t *bytes,
                               size_t at, hpo_error *err) {
  hpo_status status = HPO_OK;
  MPI_Request request = MPI_REQUEST_NULL;
  size_t begin = 0;
  int mine = 0;

  for (int i = 0; i < g->size; i++) {
    size_t left = x->n[i] > at ? (size_t)x->n[i] - at : 0;
    x->count[i] = (int)(left < x->piece ? left : x->piece);
    x->place[i] = i * (int)x->piece;
  }
  mine = x->count[g->rank];
  HPO_TRY(status,
          hpo_mpi_check(MPI_Igatherv(mine > 0 ? bytes + at : NULL, mine,
                                     MPI_BYTE, x->round, x->count, x->place,
                                     MPI_BYTE, 0, g->comm, &request),
                        "MPI_Igatherv", err));
  HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Igatherv", err));
  if (g->rank != 0) {
    g->sent += mine;
    goto done;
  }
  for (int i = 0; i < g->size; i++) {
    if (x->count[i] > 0)
      memcpy(x->all + begin + at, x->round + x->place[i], (size_t)x->count[i]);
    begin += (size_t)x->n[i];
  }
done:
  return status;
}

static hpo_status group_gather(void *self, const void *bytes, size_t n,
                               void *out, size_t *counts, hpo_error *err) {
  hpo_status status = HPO_OK;
  group *g = self;
  gathering x = {0};

  g->calls++;
  HPO_TRY(status, gather_start(g, n, &x, err));
  for (size_t at = 0; at < x.longest; at += x.piece)
    HPO_TRY(status, gather_round(g, &x, bytes, at, err));
  for (int i = 0; g->rank == 0 && i < g->size; i++)
    counts[i] = (size_t)x.n[i];
  memcpy(out, &x.all, sizeof x.all);
  x.all = NULL; /* the caller's */
done:
  gathering_free(&x);
  return status;
}

static int64_t group_bytes_sent(void *self) { return ((group *)self)->sent; }

static int64_t group_calls(void *self) { return ((group *)self)->calls; }

static hpo_coll group_coll(group *g) {
  if (g->size == 1)
    return hpo_coll_serial();
  return (hpo_coll){.self = g,
                    .rank = g->rank,
                    .size = g->size,
                    .sum = group_sum,
                    .max = group_max,
                    .broadcast = group_broadcast,
                    .await = group_await,
                    .gather = group_gather,
                    .sum_parts = hpo_mpi_sum_parts,
                    .best = hpo_mpi_best,
                    .exchange = hpo_mpi_exchange,
                    .share = hpo_mpi_share,
                    .bytes_sent = group_bytes_sent,
                    .calls = group_calls};
}

hpo_coll hpo_mpi_world(hpo_mpi *m) { return group_coll(&m->world); }

/* --- teams ------------------------------------------------------------- */

static hpo_status split_world(hpo_mpi *m, int team, hpo_error *err) {
  hpo_status status = HPO_OK;
  group *g = &m->team;

  HPO_TRY(status, hpo_mpi_check(MPI_Comm_split(m->world.comm,
                                               team < 0 ? MPI_UNDEFINED : team,
                                               m->world.rank, &g->comm),
                                "MPI_Comm_split", err));
  if (g->comm == MPI_COMM_NULL)
    goto done;
  g->chunk = &m->chunk;
  g->is_team = true;
  HPO_TRY(status,
          hpo_mpi_check(MPI_Comm_set_errhandler(g->comm, MPI_ERRORS_RETURN),
                        "MPI_Comm_set_errhandler", err));
  HPO_TRY(status, hpo_mpi_check(MPI_Comm_rank(g->comm, &g->rank),
                                "MPI_Comm_rank", err));
  HPO_TRY(status, hpo_mpi_check(MPI_Comm_size(g->comm, &g->size),
                                "MPI_Comm_size", err));
done:
  return status;
}

hpo_status hpo_mpi_team(hpo_mpi *m, int ranks_per_trial, hpo_coll *out,
                        int *team, int *n_teams, hpo_error *err) {
  hpo_status status = HPO_OK;
  int workers = m->world.size - 1, mine = -1;
  int k = ranks_per_trial == 0 ? workers : ranks_per_trial;
  hpo_coll coll = hpo_coll_serial();

  HPO_ASSERT(m->team.comm == MPI_COMM_NULL);
  if (workers == 0)
    k = workers = 1;
  if (k < 1 || k > workers)
    HPO_FAIL(status, err, HPO_EINVAL,
             "ranks-per-trial is %d, but there are %d ranks to train "
             "(of %d, one keeps the books)",
             ranks_per_trial, workers, m->world.size);
  if (m->world.size == 1)
    mine = 0;
  else if (m->world.rank > 0 && (m->world.rank - 1) / k < workers / k)
    mine = (m->world.rank - 1) / k;
  if (m->world.size > 1) {
    hpo_life_block(m->life, true);
    HPO_TRY(status, split_world(m, mine, err));
    hpo_life_block(m->life, false);
  }
  if (mine >= 0)
    coll = group_coll(&m->team);
  else
    coll.size = 0;
  *out = coll;
  *team = mine;
  *n_teams = workers / k;
done:
  return status;
}

/* --- memory of a node -------------------------------------------------- */

enum { LINE = 64, SPARE = 4 << 20 /* MPI's own needs in /dev/shm */ };

/* Whether n more bytes fit where Open MPI puts its windows; asked on the
 * leader alone, before MPI_Win_allocate_shared: without room that hangs. */
static bool has_room(const hpo_mpi *m, size_t n) {
  const char *folder = getenv("OMPI_MCA_osc_sm_backing_directory");
  struct statvfs disk;
  uint64_t room, promised = 0;

  if (statvfs(folder ? folder : "/dev/shm", &disk) != 0)
    return false;
  room = (uint64_t)disk.f_bavail * disk.f_frsize;
  room = room < m->shared_room ? room : m->shared_room;
  for (const block *b = m->blocks; b; b = b->next)
    if (b->is_window && !b->is_ready)
      promised += b->n;
  return room > promised + SPARE && n < room - promised - SPARE;
}

static hpo_status open_window(hpo_mpi *m, block *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  MPI_Aint n = 0;
  int unit = 0;
  uint8_t *base = NULL;

  hpo_life_block(m->life, true);
  if (m->node.rank == 0)
    n = (MPI_Aint)(b->n + LINE);
  HPO_TRY(status, hpo_mpi_check(MPI_Win_allocate_shared(n, 1, MPI_INFO_NULL,
                                                        m->node.comm, &base,
                                                        &b->window),
                                "MPI_Win_allocate_shared", err));
  b->is_window = true;
  HPO_TRY(status,
          hpo_mpi_check(MPI_Win_shared_query(b->window, 0, &n, &unit, &base),
                        "MPI_Win_shared_query", err));
  HPO_TRY(status, hpo_mpi_check(MPI_Win_lock_all(MPI_MODE_NOCHECK, b->window),
                                "MPI_Win_lock_all", err));
  hpo_life_block(m->life, false);
  /* pages are mapped whole: the padding is the same on every rank */
  b->bytes = base + (LINE - (uintptr_t)base % LINE) % LINE;
done:
  return status;
}

/* The same answer on all ranks of the node. */
static hpo_status agree(hpo_mpi *m, hpo_status mine, hpo_error *err) {
  hpo_status status = HPO_OK;
  double worst = (double)mine;

  if (m->node.size > 1)
    HPO_TRY(status, group_max(&m->node, &worst, 1, err));
  if (mine == HPO_OK && worst > 0)
    HPO_FAIL(status, err, (hpo_status)worst,
             "another rank of this node has no memory for the data");
  status = mine;
done:
  return status;
}

static void block_free(block *b) {
  if (b->is_window) {
    (void)MPI_Win_unlock_all(b->window);
    (void)MPI_Win_free(&b->window);
  } else {
    hpo_mem_free(b->bytes);
  }
  hpo_mem_free(b);
}

static hpo_status node_alloc(void *self, size_t n, void *out_bytes,
                             bool *is_shared, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_mpi *m = self;
  block *b = NULL;
  uint64_t told[2] = {n, m->node.size > 1 && has_room(m, n)};

  if (m->node.size > 1)
    HPO_TRY(status, group_broadcast(&m->node, told, sizeof told, err));
  status = hpo_mem_new(1, sizeof *b, &b, err);
  HPO_TRY(status, agree(m, status, err));
  b->n = (size_t)told[0];
  if (told[1])
    status = open_window(m, b, err);
  else
    status = hpo_mem_new_aligned(b->n, 1, &b->bytes, err);
  HPO_TRY(status, agree(m, status, err));
  b->next = m->blocks;
  m->blocks = b;
  memcpy(out_bytes, &b->bytes, sizeof b->bytes);
  *is_shared = told[1] || m->node.size == 1;
  b = NULL;
done:
  if (b)
    block_free(b);
  return status;
}

static hpo_status node_ready(void *self, void *bytes, size_t n,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_mpi *m = self;
  MPI_Request request = MPI_REQUEST_NULL;
  block *b = m->blocks;

  while (b && b->bytes != bytes)
    b = b->next;
  HPO_ASSERT(b && n <= b->n);
  b->is_ready = true;
  if (m->node.size == 1)
    goto done;
  if (!b->is_window)
    return group_broadcast(&m->node, bytes, n, err);
  HPO_TRY(status, hpo_mpi_check(MPI_Win_sync(b->window), "MPI_Win_sync", err));
  HPO_TRY(status, hpo_mpi_check(MPI_Ibarrier(m->node.comm, &request),
                                "MPI_Ibarrier", err));
  HPO_TRY(status, hpo_mpi_wait(&m->node, &request, "MPI_Ibarrier", err));
  HPO_TRY(status, hpo_mpi_check(MPI_Win_sync(b->window), "MPI_Win_sync", err));
done:
  return status;
}

static hpo_status node_broadcast(void *self, void *bytes, size_t n,
                                 hpo_error *err) {
  hpo_mpi *m = self;
  return m->node.size > 1 ? group_broadcast(&m->node, bytes, n, err) : HPO_OK;
}

static void node_free(void *self, void *bytes) {
  hpo_mpi *m = self;
  block **at = &m->blocks, *b = NULL;

  if (!bytes)
    return;
  while (*at && (*at)->bytes != bytes)
    at = &(*at)->next;
  b = *at;
  HPO_ASSERT(b);
  *at = b->next;
  block_free(b);
}

void hpo_mpi_free_blocks(hpo_mpi *m) {
  while (m->blocks)
    node_free(m, m->blocks->bytes);
}

hpo_shared hpo_mpi_node(hpo_mpi *m) {
  return (hpo_shared){.self = m,
                      .node_rank = m->node.rank,
                      .node_size = m->node.size,
                      .alloc = node_alloc,
                      .ready = node_ready,
                      .broadcast = node_broadcast,
                      .free = node_free};
}
