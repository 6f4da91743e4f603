/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks dealt out over ranks and put together in order. */
#include "cmd/deal.h"

#include "cmd/cmd.h"
#include "hpo/comm.h"
#include "hpo/log.h"

#include <stdio.h>
#include <string.h>

hpo_status hpo_deal_start(hpo_status (*work)(void *context, const hpo_coll *w,
                                             hpo_error *err),
                          void *context, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_mpi *mpi = NULL;

  HPO_TRY(status, hpo_mpi_start(NULL, NULL, 0, &mpi, err));
  hpo_coll world = hpo_mpi_world(mpi);
  hpo_log_set_rank(world.rank);
  status = work(context, &world, err);
  /* told before any rank leaves: mpirun ends the others with the first that
   * fails, rank 0 among them */
  if (status != HPO_OK && world.size > 1 && world.rank == 0) {
    hpo_cmd_complain(err);
    err->text[0] = '\0';
  }
done:
  fflush(stdout);
  hpo_mpi_end(mpi);
  return status;
}

hpo_status hpo_deal_agree(const hpo_coll *w, hpo_status mine, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error *all = NULL;
  size_t *count = NULL;
  hpo_error told = *err;
  double worst = mine == HPO_OK ? 0 : w->size - w->rank;

  told.code = mine;
  HPO_TRY(status, w->max(w->self, &worst, 1, err));
  if (worst == 0)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new((size_t)w->size, sizeof *count, &count, err));
  HPO_TRY(status, w->gather(w->self, &told, sizeof told, &all, count, err));
  if (all)
    told = all[w->size - (int)worst];
  HPO_TRY(status, w->broadcast(w->self, &told, sizeof told, err));
  *err = told;
  status = told.code;
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

/* What stands before a block on its way to rank 0. */
typedef struct head {
  int32_t status, more;
} head;

/* What rank 0 answers. */
typedef struct verdict {
  int32_t is_over;
  hpo_error err; /* code HPO_OK: none */
} verdict;

/* A head and the block, or the error that it ended with; the buffer has room
 * for these two, so that a rank without memory can say so to the others. */
static void make_block(const hpo_dealing *d, size_t block, hpo_buffer *out) {
  hpo_error own = {0};
  head h = {HPO_OK, 1};
  bool more = true;

  out->n = sizeof h;
  h.status = (int32_t)d->make(d->context, block, out, &more, &own);
  h.more = more;
  if (h.status != HPO_OK) {
    own.code = (hpo_status)h.status;
    memcpy(out->byte + sizeof h, &own, sizeof own);
    out->n = sizeof h + sizeof own;
  }
  memcpy(out->byte, &h, sizeof h);
}

/* Rank 0: one rank's block. */
static void take_block(const hpo_dealing *d, const uint8_t *bytes, size_t n,
                       verdict *v) {
  head h;

  memcpy(&h, bytes, sizeof h);
  bytes += sizeof h;
  n -= sizeof h;
  if (h.status != HPO_OK)
    memcpy(&v->err, bytes, sizeof v->err);
  else
    v->err.code = d->take(d->context, bytes, n, &v->err);
  v->is_over = v->err.code != HPO_OK || !h.more;
}

static hpo_status deal_round(const hpo_coll *w, const hpo_dealing *d,
                             const hpo_buffer *mine, size_t *count, verdict *v,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t *all = NULL, *at = NULL;

  if (w->size == 1) {
    take_block(d, mine->byte, mine->n, v);
    return HPO_OK;
  }
  HPO_TRY(status, w->gather(w->self, mine->byte, mine->n, &all, count, err));
  at = all;
  for (int i = 0; at && i < w->size && !v->is_over; at += count[i++])
    take_block(d, at, count[i], v);
  HPO_TRY(status, w->broadcast(w->self, v, sizeof *v, err));
done:
  hpo_mem_free(all);
  return status;
}

hpo_status hpo_deal(const hpo_coll *w, const hpo_dealing *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer mine = {0};
  size_t *count = NULL, size = (size_t)w->size;
  verdict v = {0};

  status = hpo_mem_new(size, sizeof *count, &count, err);
  if (status == HPO_OK)
    status = hpo_mem_grow(&mine.byte, &mine.capacity,
                          sizeof(head) + sizeof(hpo_error), 1, err);
  HPO_TRY(status, hpo_deal_agree(w, status, err));
  for (size_t block = (size_t)w->rank; !v.is_over; block += size) {
    make_block(d, block, &mine);
    HPO_TRY(status, deal_round(w, d, &mine, count, &v, err));
  }
  status = v.err.code;
  if (status != HPO_OK)
    *err = v.err;
done:
  hpo_mem_free(count);
  hpo_buffer_free(&mine);
  return status;
}
