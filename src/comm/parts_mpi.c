/* SPDX-License-Identifier: BSD-3-Clause */
/* Collectives over MPI in which each rank has a part of its own: sums of
 * parts, the best of records, bytes for each other rank.
 *
 * A call moves at most a chunk of bytes; what takes more goes rank by rank. */
#include <string.h>

#include <mpi.h>

#include "comm/life_mpi.h"

/* Whether calls may block: nobody is outlived and all are at the same step. */
static bool may_block(const group *g) { return !g->patient && !g->life; }

static size_t sum_of(const size_t *n, int size) {
  size_t all = 0;

  for (int r = 0; r < size; r++)
    all += n[r];
  return all;
}

/* --- messages ----------------------------------------------------------- */

/* Sends and receives under way. */
typedef struct traffic {
  MPI_Request *request; /* [n] */
  size_t n, room;
} traffic;

/* Starts to send (or to receive) the n bytes for (of) rank r. */
static hpo_status start(group *g, traffic *t, uint8_t *bytes, size_t n, int r,
                        bool sends, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t at = 0; at < n; at += *g->chunk) {
    int part = (int)(n - at < *g->chunk ? n - at : *g->chunk);
    MPI_Request *q = NULL;
    HPO_TRY(status, hpo_mem_grow(&t->request, &t->room, t->n + 1,
                                 sizeof *t->request, err));
    q = &t->request[t->n];
    HPO_TRY(status, hpo_mpi_check(sends ? MPI_Isend(bytes + at, part, MPI_BYTE,
                                                    r, 0, g->comm, q)
                                        : MPI_Irecv(bytes + at, part, MPI_BYTE,
                                                    r, 0, g->comm, q),
                                  sends ? "MPI_Isend" : "MPI_Irecv", err));
    t->n++;
  }
done:
  return status;
}

static hpo_status finish(group *g, traffic *t, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < t->n; i++)
    HPO_TRY(status, hpo_mpi_wait(g, &t->request[i], "MPI_Isend", err));
done:
  return status;
}

/* --- sums of parts ------------------------------------------------------ */

/* Teams up to so many ranks send parts straight to those who want them. */
enum { DIRECT = 16 };

/* Each rank gets its part from every other and adds. */
static hpo_status sum_directly(group *g, int64_t *x, const size_t *n,
                               int64_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t mine = n[g->rank];
  traffic t = {NULL, 0, 0};
  const int64_t *from = NULL;

  HPO_TRY(status, hpo_mem_grow(&g->parts, &g->parts_room,
                               mine * (size_t)g->size, sizeof *g->parts, err));
  for (int r = 0; r < g->size; r++)
    if (r != g->rank)
      HPO_TRY(status, start(g, &t, (uint8_t *)(g->parts + (size_t)r * mine),
                            8 * mine, r, false, err));
  for (int r = 0; r < g->size; x += n[r++])
    if (r != g->rank)
      HPO_TRY(status, start(g, &t, (uint8_t *)x, 8 * n[r], r, true, err));
    else
      memcpy(out, x, 8 * mine);
  HPO_TRY(status, finish(g, &t, err));
  for (int r = 0; r < g->size; r++) {
    from = g->parts + (size_t)r * mine;
    for (size_t i = 0; r != g->rank && i < mine; i++)
      out[i] += from[i];
  }
done:
  hpo_mem_free(t.request);
  return status;
}

hpo_status hpo_mpi_sum_parts(void *self, int64_t *x, const size_t *n,
                             int64_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  group *g = self;
  size_t all = sum_of(n, g->size);
  int *count = NULL;

  g->calls++;
  g->sent += (int64_t)(8 * (all - n[g->rank]));
  if (!may_block(g) || g->size <= DIRECT || 8 * all > *g->chunk)
    return sum_directly(g, x, n, out, err);
  HPO_TRY(status, hpo_mem_new((size_t)g->size, sizeof *count, &count, err));
  for (int r = 0; r < g->size; r++)
    count[r] = (int)n[r];
  HPO_TRY(status, hpo_mpi_check(MPI_Reduce_scatter(x, out, count, MPI_INT64_T,
                                                   MPI_SUM, g->comm),
                                "MPI_Reduce_scatter", err));
done:
  hpo_mem_free(count);
  return status;
}

/* --- the best of records ------------------------------------------------ */

/* On the way a record has its rank behind it, so that the order in which MPI
   takes the ranks does not matter. */
static void take_better(void *in, void *best, int *n, MPI_Datatype *type) {
  const uint8_t *x = in;
  uint8_t *y = best;
  int bytes = 0;

  (void)MPI_Type_size(*type, &bytes);
  const size_t size = (size_t)bytes;
  for (int i = 0; i < *n; i++, x += size, y += size) {
    double a = 0, b = 0;
    int64_t from_a = 0, from_b = 0;
    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    memcpy(&from_a, x + size - sizeof from_a, sizeof from_a);
    memcpy(&from_b, y + size - sizeof from_b, sizeof from_b);
    if (a > b || (a == b && from_a < from_b))
      memcpy(y, x, size);
  }
}

static hpo_status reduce_best(group *g, uint8_t *x, size_t n,
                              MPI_Datatype type, MPI_Op op, hpo_error *err) {
  hpo_status status = HPO_OK;
  MPI_Request request = MPI_REQUEST_NULL;

  if (may_block(g))
    return hpo_mpi_check(
        MPI_Allreduce(MPI_IN_PLACE, x, (int)n, type, op, g->comm),
        "MPI_Allreduce", err);
  HPO_TRY(status, hpo_mpi_check(MPI_Iallreduce(MPI_IN_PLACE, x, (int)n, type,
                                               op, g->comm, &request),
                                "MPI_Iallreduce", err));
  HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Iallreduce", err));
done:
  return status;
}

hpo_status hpo_mpi_best(void *self, void *record, size_t n, size_t size,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  group *g = self;
  const int64_t rank = g->rank;
  const size_t step = size + sizeof rank;
  const size_t most = *g->chunk > step ? *g->chunk / step : 1;
  uint8_t *x = NULL, *from = record;
  MPI_Datatype type = MPI_DATATYPE_NULL;
  MPI_Op op = MPI_OP_NULL;

  g->calls++;
  g->sent += (int64_t)(n * size);
  HPO_TRY(status, hpo_mem_new(n, step, &x, err));
  for (size_t i = 0; i < n; i++) {
    memcpy(x + i * step, from + i * size, size);
    memcpy(x + i * step + size, &rank, sizeof rank);
  }
  HPO_TRY(status,
          hpo_mpi_check(MPI_Type_contiguous((int)step, MPI_BYTE, &type),
                        "MPI_Type_contiguous", err));
  HPO_TRY(status,
          hpo_mpi_check(MPI_Type_commit(&type), "MPI_Type_commit", err));
  HPO_TRY(status, hpo_mpi_check(MPI_Op_create(take_better, 1, &op),
                                "MPI_Op_create", err));
  for (size_t at = 0; at < n; at += most)
    HPO_TRY(status, reduce_best(g, x + at * step,
                                n - at < most ? n - at : most, type, op, err));
  for (size_t i = 0; i < n; i++)
    memcpy(from + i * size, x + i * step, size);
done:
  if (op != MPI_OP_NULL)
    (void)MPI_Op_free(&op);
  if (type != MPI_DATATYPE_NULL)
    (void)MPI_Type_free(&type);
  hpo_mem_free(x);
  return status;
}

/* --- bytes for each other ----------------------------------------------- */

/* All sizes are known: sends, receives, waits. */
static hpo_status move(group *g, uint8_t *bytes, const size_t *n,
                       hpo_buffer *out, const size_t *came, hpo_error *err) {
  hpo_status status = HPO_OK;
  traffic t = {NULL, 0, 0};
  uint8_t *from = bytes, *to = out->byte;

  for (int r = 0; r < g->size; r++) {
    if (r != g->rank)
      HPO_TRY(status, start(g, &t, to, came[r], r, false, err));
    to += came[r];
  }
  to = out->byte + sum_of(came, g->rank);
  for (int r = 0; r < g->size; r++) {
    if (r != g->rank)
      HPO_TRY(status, start(g, &t, from, n[r], r, true, err));
    else if (n[r] > 0)
      memcpy(to, from, n[r]);
    g->sent += r != g->rank ? (int64_t)n[r] : 0;
    from += n[r];
  }
  HPO_TRY(status, finish(g, &t, err));
done:
  hpo_mem_free(t.request);
  return status;
}

static hpo_status make_room(hpo_buffer *out, size_t n, hpo_error *err) {
  out->n = 0;
  return hpo_mem_grow(&out->byte, &out->capacity, n, 1, err);
}

hpo_status hpo_mpi_exchange(void *self, const void *bytes, const size_t *n,
                            hpo_buffer *out, size_t *came, hpo_error *err) {
  hpo_status status = HPO_OK;
  group *g = self;
  MPI_Request request = MPI_REQUEST_NULL;
  uint8_t *from = NULL;

  _Static_assert(sizeof(size_t) == sizeof(uint64_t), "sizes travel whole");
  memcpy(&from, &bytes, sizeof from); /* MPI_Irecv and MPI_Isend share start */
  g->calls++;
  HPO_TRY(status, hpo_mpi_check(MPI_Ialltoall(n, 1, MPI_UINT64_T, came, 1,
                                              MPI_UINT64_T, g->comm, &request),
                                "MPI_Ialltoall", err));
  HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Ialltoall", err));
  HPO_TRY(status, make_room(out, sum_of(came, g->size), err));
  HPO_TRY(status, move(g, from, n, out, came, err));
  out->n = sum_of(came, g->size);
done:
  return status;
}

/* The bytes of every rank, rank by rank, where they are too many. */
static hpo_status share_in_turn(group *g, uint8_t *all, const size_t *came,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  MPI_Request request = MPI_REQUEST_NULL;

  for (int r = 0; r < g->size; all += came[r++])
    for (size_t at = 0; at < came[r]; at += *g->chunk) {
      size_t part = came[r] - at < *g->chunk ? came[r] - at : *g->chunk;
      HPO_TRY(status, hpo_mpi_check(MPI_Ibcast(all + at, (int)part, MPI_BYTE,
                                               r, g->comm, &request),
                                    "MPI_Ibcast", err));
      HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Ibcast", err));
    }
done:
  return status;
}

static hpo_status share_at_once(group *g, uint8_t *all, const size_t *came,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  MPI_Request request = MPI_REQUEST_NULL;
  int *count = NULL, *place = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)g->size, sizeof *count, &count, err));
  HPO_TRY(status, hpo_mem_new((size_t)g->size, sizeof *place, &place, err));
  for (int r = 0, at = 0; r < g->size; at += count[r++]) {
    count[r] = (int)came[r];
    place[r] = at;
  }
  HPO_TRY(status,
          hpo_mpi_check(MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_BYTE, all, count,
                                        place, MPI_BYTE, g->comm, &request),
                        "MPI_Iallgatherv", err));
  HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Iallgatherv", err));
done:
  hpo_mem_free(count);
  hpo_mem_free(place);
  return status;
}

hpo_status hpo_mpi_share(void *self, const void *bytes, size_t n,
                         hpo_buffer *out, size_t *came, hpo_error *err) {
  hpo_status status = HPO_OK;
  group *g = self;
  MPI_Request request = MPI_REQUEST_NULL;
  size_t all = 0;

  g->calls++;
  g->sent += (int64_t)n;
  HPO_TRY(status,
          hpo_mpi_check(MPI_Iallgather(&n, 1, MPI_UINT64_T, came, 1,
                                       MPI_UINT64_T, g->comm, &request),
                        "MPI_Iallgather", err));
  HPO_TRY(status, hpo_mpi_wait(g, &request, "MPI_Iallgather", err));
  all = sum_of(came, g->size);
  HPO_TRY(status, make_room(out, all, err));
  if (n > 0)
    memcpy(out->byte + sum_of(came, g->rank), bytes, n);
  HPO_TRY(status, all > *g->chunk ? share_in_turn(g, out->byte, came, err)
                                  : share_at_once(g, out->byte, came, err));
  out->n = all;
done:
  return status;
}
