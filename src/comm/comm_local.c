/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages inside one process: a mailbox per endpoint. */
#include <string.h>

#include "hpo/comm.h"

typedef struct letter letter;
struct letter {
  letter *next;
  int from, tag;
  hpo_buffer bytes;
};

typedef struct local_world local_world;

typedef struct endpoint {
  local_world *world;
  int rank;
  letter *first, *last; /* arrived, oldest first */
  size_t pending;       /* sent by this one, not yet received */
  int64_t sent;         /* bytes */
  uint64_t turns;       /* times it received */
  uint64_t *seen;       /* [n] of its turns when each last received */
  bool is_dismissed;
} endpoint;

struct local_world {
  int n;
  endpoint *end; /* [n] */
};

static void letter_free(letter *l) {
  if (!l)
    return;
  hpo_buffer_free(&l->bytes);
  hpo_mem_free(l);
}

static hpo_status local_send(void *self, int to, int tag, const void *bytes,
                             size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  endpoint *e = self, *peer = NULL;
  letter *l = NULL;

  HPO_ASSERT(to >= 0 && to < e->world->n);
  if (e->is_dismissed)
    return HPO_OK; /* nobody will receive it */
  peer = &e->world->end[to];
  HPO_TRY(status, hpo_mem_new(1, sizeof *l, &l, err));
  l->from = e->rank;
  l->tag = tag;
  if (n > 0)
    HPO_TRY(status, hpo_buffer_add(&l->bytes, bytes, n, err));
  if (peer->last)
    peer->last->next = l;
  else
    peer->first = l;
  peer->last = l;
  l = NULL; /* now the peer's */
  e->pending++;
  e->sent += (int64_t)n;
done:
  letter_free(l);
  return status;
}

static hpo_status local_receive(void *self, bool *have, int *from, int *tag,
                                hpo_buffer *bytes, hpo_error *err) {
  endpoint *e = self;
  letter *l = e->first;

  e->turns++;
  for (int i = 0; i < e->world->n; i++)
    e->world->end[i].seen[e->rank] = e->world->end[i].turns;
  if (e->is_dismissed)
    return hpo_error_set(err, HPO_EPEER, "endpoint %d was told to leave",
                         e->rank);
  *have = l != NULL;
  if (!l)
    return HPO_OK;
  e->first = l->next;
  if (!e->first)
    e->last = NULL;
  *from = l->from;
  *tag = l->tag;
  hpo_buffer_free(bytes);
  *bytes = l->bytes;
  l->bytes = (hpo_buffer){0};
  e->world->end[l->from].pending--;
  letter_free(l);
  return HPO_OK;
}

static size_t local_pending(void *self) { return ((endpoint *)self)->pending; }

static int64_t local_bytes_sent(void *self) {
  return ((endpoint *)self)->sent;
}

static double local_silence(void *self, int rank) {
  const endpoint *e = self;
  return 1e-3 * (double)(e->turns - e->seen[rank]);
}

static void local_dismiss(void *self, int rank) {
  endpoint *e = self;
  letter **at = &e->first;

  e->world->end[rank].is_dismissed = true;
  e->last = NULL;
  while (*at) {
    letter *l = *at;
    if (l->from == rank) {
      *at = l->next;
      letter_free(l);
    } else {
      e->last = l;
      at = &l->next;
    }
  }
}

static void world_free(local_world *w) {
  if (!w)
    return;
  for (int i = 0; w->end && i < w->n; i++) {
    hpo_mem_free(w->end[i].seen);
    for (letter *l = w->end[i].first; l;) {
      letter *next = l->next;
      letter_free(l);
      l = next;
    }
  }
  hpo_mem_free(w->end);
  hpo_mem_free(w);
}

hpo_status hpo_comm_local_create(int n, hpo_comm **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  local_world *w = NULL;
  hpo_comm *comms = NULL;

  HPO_ASSERT(n >= 1);
  HPO_TRY(status, hpo_mem_new(1, sizeof *w, &w, err));
  w->n = n;
  HPO_TRY(status, hpo_mem_new((size_t)n, sizeof *w->end, &w->end, err));
  HPO_TRY(status, hpo_mem_new((size_t)n, sizeof *comms, &comms, err));
  for (int i = 0; i < n; i++) {
    w->end[i].world = w;
    w->end[i].rank = i;
    HPO_TRY(status,
            hpo_mem_new((size_t)n, sizeof(uint64_t), &w->end[i].seen, err));
    comms[i] = (hpo_comm){.self = &w->end[i],
                          .rank = i,
                          .size = n,
                          .send = local_send,
                          .receive = local_receive,
                          .pending = local_pending,
                          .bytes_sent = local_bytes_sent,
                          .silence = local_silence,
                          .dismiss = local_dismiss};
  }
  *out = comms;
  w = NULL; /* found again through comms[0] */
  comms = NULL;
done:
  hpo_mem_free(comms);
  world_free(w);
  return status;
}

void hpo_comm_local_destroy(hpo_comm *comms) {
  if (!comms)
    return;
  world_free(((endpoint *)comms[0].self)->world);
  hpo_mem_free(comms);
}
