/* SPDX-License-Identifier: BSD-3-Clause */
/* Address space in place of memory.  A page in front of each block says how
 * long it is.  Huge pages are refused: they would fill places that nobody
 * wrote to. */

#include "sparse.h"

#include <string.h>
#include <sys/mman.h>

enum { FRONT = 4096 };

static hpo_status sparse_alloc(void *self, size_t n, void *out_bytes,
                               bool *is_shared, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t all = n + FRONT;
  void *block = MAP_FAILED, *bytes = NULL;

  (void)self;
  if (all > n)
    block = mmap(NULL, all, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED)
    HPO_FAIL(status, err, HPO_EMEM,
             "no address space for %zu bytes, of which this rank would fill "
             "its own rows; is there a limit (ulimit -v)?",
             n);
  (void)madvise(block, all, MADV_NOHUGEPAGE);
  memcpy(block, &all, sizeof all);
  bytes = (char *)block + FRONT;
  memcpy(out_bytes, &bytes, sizeof bytes);
  *is_shared = true;
done:
  return status;
}

static void sparse_free(void *self, void *bytes) {
  char *block = (char *)bytes - FRONT;
  size_t all = 0;

  (void)self;
  memcpy(&all, block, sizeof all);
  (void)munmap(block, all);
}

static hpo_status sparse_ready(void *self, void *bytes, size_t n,
                               hpo_error *err) {
  (void)self, (void)bytes, (void)n, (void)err;
  return HPO_OK;
}

hpo_shared hpo_sparse_node(void) {
  return (hpo_shared){.self = NULL,
                      .node_rank = 0,
                      .node_size = 1,
                      .alloc = sparse_alloc,
                      .ready = sparse_ready,
                      .broadcast = sparse_ready,
                      .free = sparse_free};
}
