/* SPDX-License-Identifier: BSD-3-Clause */
/* A team, and a node, of one rank: every collective is the identity. */
#include "hpo/coll.h"

#include "hpo/mem.h"

#include <string.h>

static hpo_status serial_sum(void *self, int64_t *x, size_t n,
                             hpo_error *err) {
  (void)self, (void)x, (void)n, (void)err;
  return HPO_OK;
}

static hpo_status serial_max(void *self, double *x, size_t n, hpo_error *err) {
  (void)self, (void)x, (void)n, (void)err;
  return HPO_OK;
}

static hpo_status serial_broadcast(void *self, void *bytes, size_t n,
                                   hpo_error *err) {
  (void)self, (void)bytes, (void)n, (void)err;
  return HPO_OK;
}

static hpo_status serial_gather(void *self, const void *bytes, size_t n,
                                void *out, size_t *counts, hpo_error *err) {
  hpo_status status = HPO_OK;

  (void)self;
  HPO_TRY(status, hpo_mem_copy(bytes, n, out, err));
  counts[0] = n;
done:
  return status;
}

static hpo_status serial_sum_parts(void *self, int64_t *x, const size_t *n,
                                   int64_t *out, hpo_error *err) {
  (void)self, (void)err;
  memcpy(out, x, n[0] * sizeof *out);
  return HPO_OK;
}

static hpo_status serial_best(void *self, void *record, size_t n, size_t size,
                              hpo_error *err) {
  (void)self, (void)record, (void)n, (void)size, (void)err;
  return HPO_OK;
}

static hpo_status serial_share(void *self, const void *bytes, size_t n,
                               hpo_buffer *out, size_t *came, hpo_error *err) {
  (void)self;
  out->n = 0;
  came[0] = n;
  return hpo_buffer_add(out, bytes, n, err);
}

static hpo_status serial_exchange(void *self, const void *bytes,
                                  const size_t *n, hpo_buffer *out,
                                  size_t *came, hpo_error *err) {
  return serial_share(self, bytes, n[0], out, came, err);
}

static int64_t serial_sent(void *self) {
  (void)self;
  return 0;
}

hpo_coll hpo_coll_serial(void) {
  return (hpo_coll){.self = NULL,
                    .rank = 0,
                    .size = 1,
                    .sum = serial_sum,
                    .max = serial_max,
                    .broadcast = serial_broadcast,
                    .await = serial_broadcast,
                    .gather = serial_gather,
                    .sum_parts = serial_sum_parts,
                    .best = serial_best,
                    .exchange = serial_exchange,
                    .share = serial_share,
                    .bytes_sent = serial_sent,
                    .calls = serial_sent};
}

static hpo_status serial_alloc(void *self, size_t n, void *out_bytes,
                               bool *is_shared, hpo_error *err) {
  hpo_status status = HPO_OK;

  (void)self;
  HPO_TRY(status, hpo_mem_new_aligned(n, 1, out_bytes, err));
  *is_shared = true;
done:
  return status;
}

static void serial_free(void *self, void *bytes) {
  (void)self;
  hpo_mem_free(bytes);
}

hpo_shared hpo_shared_serial(void) {
  return (hpo_shared){.self = NULL,
                      .node_rank = 0,
                      .node_size = 1,
                      .alloc = serial_alloc,
                      .ready = serial_broadcast,
                      .broadcast = serial_broadcast,
                      .free = serial_free};
}
