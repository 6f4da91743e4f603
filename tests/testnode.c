/* SPDX-License-Identifier: BSD-3-Clause */
/* A node of threads: every collective call is two barriers around the
 * leader's pointer. */

#include "testnode.h"

#include <pthread.h>
#include <string.h>

#include "hpo/mem.h"

typedef struct node {
  pthread_barrier_t barrier;
  bool is_shared;
  void *leaders; /* what the leader passed to the call at hand */
  size_t size;
} node;

typedef struct rank {
  node *node;
  hpo_shared shared;
  void (*work)(hpo_shared *node, void *argument);
  void *argument;
} rank;

static hpo_status broadcast(void *self, void *bytes, size_t n,
                            hpo_error *err) {
  rank *r = self;

  (void)err;
  if (r->shared.node_rank == 0) {
    r->node->leaders = bytes;
    r->node->size = n;
  }
  (void)pthread_barrier_wait(&r->node->barrier);
  HPO_ASSERT(r->node->size == n);
  if (bytes != r->node->leaders && n > 0)
    memcpy(bytes, r->node->leaders, n);
  (void)pthread_barrier_wait(&r->node->barrier);
  return HPO_OK;
}

static hpo_status alloc(void *self, size_t n, void *out_bytes, bool *is_shared,
                        hpo_error *err) {
  rank *r = self;
  void *bytes = NULL;

  if (r->shared.node_rank == 0 || !r->node->is_shared)
    HPO_ASSERT(hpo_mem_new_aligned(n, 1, &bytes, err) == HPO_OK);
  if (r->shared.node_rank == 0)
    r->node->leaders = bytes;
  (void)pthread_barrier_wait(&r->node->barrier);
  if (r->node->is_shared)
    bytes = r->node->leaders;
  (void)pthread_barrier_wait(&r->node->barrier);
  memcpy(out_bytes, &bytes, sizeof bytes);
  *is_shared = r->node->is_shared;
  return HPO_OK;
}

static void give_back(void *self, void *bytes) {
  rank *r = self;

  (void)pthread_barrier_wait(&r->node->barrier);
  if (r->shared.node_rank == 0 || !r->node->is_shared)
    hpo_mem_free(bytes);
}

static void *run(void *self) {
  rank *r = self;

  r->work(&r->shared, r->argument);
  return NULL;
}

void testnode_run(int size, bool is_shared,
                  void (*work)(hpo_shared *node, void *argument),
                  void *argument) {
  node n = {.is_shared = is_shared};
  rank r[TESTNODE_MOST];
  pthread_t thread[TESTNODE_MOST];

  HPO_ASSERT(size <= TESTNODE_MOST);
  (void)pthread_barrier_init(&n.barrier, NULL, (unsigned)size);
  for (int i = 0; i < size; i++) {
    r[i] = (rank){&n,
                  {&r[i], i, size, alloc, broadcast, broadcast, give_back},
                  work,
                  argument};
    HPO_ASSERT(pthread_create(&thread[i], NULL, run, &r[i]) == 0);
  }
  for (int i = 0; i < size; i++)
    (void)pthread_join(thread[i], NULL);
  (void)pthread_barrier_destroy(&n.barrier);
}
