/* SPDX-License-Identifier: BSD-3-Clause */
/* Collectives between threads: everyone shows its buffer, waits, reads the
 * others', waits, and only then writes. */
#include "team.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct team {
  pthread_barrier_t barrier;
  int size;
  const void *shown[TEAM_MOST];
  size_t n[TEAM_MOST];
} team;

typedef struct member {
  team *team;
  hpo_coll coll;
  void (*work)(const hpo_coll *coll, void *argument);
  void *argument;
} member;

static void show(member *m, const void *bytes, size_t n) {
  m->team->shown[m->coll.rank] = bytes;
  m->team->n[m->coll.rank] = n;
  pthread_barrier_wait(&m->team->barrier);
}

static hpo_status team_sum(void *self, int64_t *x, size_t n, hpo_error *err) {
  member *m = self;
  int64_t *sum = calloc(n + 1, sizeof *sum);

  (void)err;
  HPO_ASSERT(sum != NULL);
  show(m, x, n);
  for (int r = 0; r < m->team->size; r++) {
    const int64_t *from = m->team->shown[r];
    HPO_ASSERT(m->team->n[r] == n);
    for (size_t i = 0; i < n; i++)
      sum[i] += from[i];
  }
  pthread_barrier_wait(&m->team->barrier);
  memcpy(x, sum, n * sizeof *x);
  free(sum);
  return HPO_OK;
}

static hpo_status team_max(void *self, double *x, size_t n, hpo_error *err) {
  member *m = self;
  double *max = calloc(n + 1, sizeof *max);

  (void)err;
  HPO_ASSERT(max != NULL);
  memcpy(max, x, n * sizeof *x);
  show(m, x, n);
  for (int r = 0; r < m->team->size; r++) {
    const double *from = m->team->shown[r];
    for (size_t i = 0; i < n; i++)
      max[i] = from[i] > max[i] ? from[i] : max[i];
  }
  pthread_barrier_wait(&m->team->barrier);
  memcpy(x, max, n * sizeof *x);
  free(max);
  return HPO_OK;
}

static hpo_status team_broadcast(void *self, void *bytes, size_t n,
                                 hpo_error *err) {
  member *m = self;

  (void)err;
  show(m, bytes, n);
  HPO_ASSERT(m->team->n[0] == n);
  if (m->coll.rank != 0)
    memcpy(bytes, m->team->shown[0], n);
  pthread_barrier_wait(&m->team->barrier);
  return HPO_OK;
}

static hpo_status team_gather(void *self, const void *bytes, size_t n,
                              void *out, size_t *counts, hpo_error *err) {
  member *m = self;
  uint8_t *all = NULL;
  size_t at = 0;

  (void)err;
  show(m, bytes, n);
  for (int r = 0; r < m->team->size; r++)
    at += m->team->n[r];
  if (m->coll.rank == 0) {
    all = malloc(at + 1);
    HPO_ASSERT(all != NULL);
    at = 0;
    for (int r = 0; r < m->team->size; r++) {
      counts[r] = m->team->n[r];
      if (counts[r] > 0)
        memcpy(all + at, m->team->shown[r], counts[r]);
      at += counts[r];
    }
  }
  pthread_barrier_wait(&m->team->barrier);
  *(uint8_t **)out = all;
  return HPO_OK;
}

static hpo_status team_sum_parts(void *self, int64_t *x, const size_t *n,
                                 int64_t *out, hpo_error *err) {
  member *m = self;
  size_t from = 0, all = 0;

  (void)err;
  for (int r = 0; r < m->team->size; r++) {
    from += r < m->coll.rank ? n[r] : 0;
    all += n[r];
  }
  show(m, x, all);
  memset(out, 0, n[m->coll.rank] * sizeof *out);
  for (int r = 0; r < m->team->size; r++) {
    const int64_t *y = m->team->shown[r];
    HPO_ASSERT(m->team->n[r] == all);
    for (size_t i = 0; i < n[m->coll.rank]; i++)
      out[i] += y[from + i];
  }
  pthread_barrier_wait(&m->team->barrier);
  memset(x, 0x55, all * sizeof *x); /* used up */
  return HPO_OK;
}

static hpo_status team_best(void *self, void *record, size_t n, size_t size,
                            hpo_error *err) {
  member *m = self;
  uint8_t *best = calloc(n * size + 1, 1);

  (void)err;
  HPO_ASSERT(best != NULL);
  show(m, record, n * size);
  for (int r = 0; r < m->team->size; r++) {
    const uint8_t *from = m->team->shown[r];
    HPO_ASSERT(m->team->n[r] == n * size);
    for (size_t i = 0; i < n; i++) {
      double a = 0, b = 0;
      memcpy(&a, from + i * size, sizeof a);
      memcpy(&b, best + i * size, sizeof b);
      if (r == 0 || a > b)
        memcpy(best + i * size, from + i * size, size);
    }
  }
  pthread_barrier_wait(&m->team->barrier);
  memcpy(record, best, n * size);
  free(best);
  return HPO_OK;
}

/* Bytes for this rank, from where each rank has them. */
typedef struct parcel {
  const uint8_t *bytes;
  const size_t *n; /* [size] for each rank; NULL: all for each */
  size_t all;
} parcel;

static hpo_status receive(member *m, const parcel *mine, hpo_buffer *out,
                          size_t *came, hpo_error *err) {
  hpo_status status = HPO_OK;

  show(m, mine, 0);
  out->n = 0;
  for (int r = 0; r < m->team->size; r++) {
    const parcel *p = m->team->shown[r];
    const uint8_t *at = p->bytes;
    for (int i = 0; p->n != NULL && i < m->coll.rank; i++)
      at += p->n[i];
    came[r] = p->n != NULL ? p->n[m->coll.rank] : p->all;
    if (came[r] > 0 && status == HPO_OK)
      status = hpo_buffer_add(out, at, came[r], err);
  }
  pthread_barrier_wait(&m->team->barrier);
  return status;
}

static hpo_status team_exchange(void *self, const void *bytes, const size_t *n,
                                hpo_buffer *out, size_t *came,
                                hpo_error *err) {
  parcel p = {.bytes = bytes, .n = n};

  return receive(self, &p, out, came, err);
}

static hpo_status team_share(void *self, const void *bytes, size_t n,
                             hpo_buffer *out, size_t *came, hpo_error *err) {
  parcel p = {.bytes = bytes, .all = n};

  return receive(self, &p, out, came, err);
}

static void *member_run(void *self) {
  member *m = self;

  m->work(&m->coll, m->argument);
  return NULL;
}

void team_run(int size, void (*work)(const hpo_coll *coll, void *argument),
              void *argument) {
  team t = {.size = size};
  member m[TEAM_MOST];
  pthread_t thread[TEAM_MOST];

  HPO_ASSERT(size >= 1 && size <= TEAM_MOST);
  pthread_barrier_init(&t.barrier, NULL, (unsigned)size);
  for (int r = 0; r < size; r++) {
    m[r] = (member){&t, hpo_coll_serial(), work, argument};
    m[r].coll.self = &m[r];
    m[r].coll.rank = r;
    m[r].coll.size = size;
    m[r].coll.sum = team_sum;
    m[r].coll.max = team_max;
    m[r].coll.broadcast = team_broadcast;
    m[r].coll.await = team_broadcast;
    m[r].coll.gather = team_gather;
    m[r].coll.sum_parts = team_sum_parts;
    m[r].coll.best = team_best;
    m[r].coll.exchange = team_exchange;
    m[r].coll.share = team_share;
  }
  for (int r = 1; r < size; r++)
    HPO_ASSERT(pthread_create(&thread[r], NULL, member_run, &m[r]) == 0);
  member_run(&m[0]);
  for (int r = 1; r < size; r++)
    pthread_join(thread[r], NULL);
  pthread_barrier_destroy(&t.barrier);
}
