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
  }
  for (int r = 1; r < size; r++)
    HPO_ASSERT(pthread_create(&thread[r], NULL, member_run, &m[r]) == 0);
  member_run(&m[0]);
  for (int r = 1; r < size; r++)
    pthread_join(thread[r], NULL);
  pthread_barrier_destroy(&t.barrier);
}
