/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages over MPI, and MPI's start and end.
 *
 * Sends are MPI_Isend of a copy, kept in a list until MPI_Test says they are
 * done.  A receive is probed for (twice: Open MPI's first probe only makes
 * progress), then posted with MPI_Irecv and tested: nothing here ever
 * blocks.  One receive is under way at a time.
 * Where lost ranks are outlived (life_mpi.h), what is under way to and from
 * one that was dismissed is forgotten: such requests may never end.
 * A message longer than the chunk goes as several parts, all but the last
 * with the low bit of the MPI tag set; MPI keeps the parts of one sender in
 * order, and the receiver takes no other message before the last one.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <mpi.h>

#include "comm/life_mpi.h"
#include "hpo/clock.h"

enum { LARGEST_CHUNK = 1 << 30 };
/* Turns of a wait between two looks for signs of life; that a team, whose
 * ranks are all at the same step, spins before it sleeps. */
enum { TURNS = 32, SPINS = 20000 };
/* Seconds that a rank which left waits to be ended with the job. */
#define LAST_WAIT 60.0

hpo_status hpo_mpi_check(int rc, const char *call, hpo_error *err) {
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;

  if (rc == MPI_SUCCESS)
    return HPO_OK;
  if (MPI_Error_string(rc, text, &length) != MPI_SUCCESS)
    text[0] = 0;
  return hpo_error_set(err, HPO_EPEER, "%s failed: %s", call, text);
}

hpo_status hpo_mpi_wait(const group *g, MPI_Request *request, const char *call,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_backoff wait = {0};
  int done = 0;
  long turns = 0;

  if (!g->patient && !g->life)
    return hpo_mpi_check(MPI_Wait(request, MPI_STATUS_IGNORE), call, err);
  while (!done) {
    HPO_TRY(status, hpo_mpi_check(MPI_Test(request, &done, MPI_STATUS_IGNORE),
                                  call, err));
    if (done)
      goto done;
    if (turns++ % TURNS == 0)
      HPO_TRY(status, hpo_life_check(g->life, !g->is_team, err));
    if (g->patient || turns > SPINS)
      hpo_backoff_turn(&wait, false);
    else
      (void)sched_yield();
  }
done:
  return status;
}

void hpo_mpi_set_limits(hpo_mpi *m, size_t chunk, size_t shared_room) {
  HPO_ASSERT(chunk >= 8 && chunk <= LARGEST_CHUNK);
  m->chunk = chunk;
  m->shared_room = shared_room;
}

/* --- messages ---------------------------------------------------------- */

static hpo_status progress(hpo_mpi *m, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (outgoing **at = &m->first; *at;) {
    outgoing *o = *at;
    int done = 0;
    status = hpo_mpi_check(MPI_Test(&o->request, &done, MPI_STATUS_IGNORE),
                           "sending a message", err);
    if (status != HPO_OK && m->life) /* whoever is gone will be missed */
      status = HPO_OK, done = 1;
    HPO_TRY(status, status);
    if (!done) {
      at = &o->next;
      continue;
    }
    *at = o->next;
    if (!o->next)
      m->end = at;
    m->n_outgoing--;
    hpo_mem_free(o->bytes);
    hpo_mem_free(o);
  }
done:
  return status;
}

static hpo_status send_part(hpo_mpi *m, int to, int mpi_tag,
                            const uint8_t *bytes, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  outgoing *o = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *o, &o, err));
  HPO_TRY(status, hpo_mem_copy(bytes, n, &o->bytes, err));
  HPO_TRY(status, hpo_mpi_check(MPI_Isend(o->bytes, (int)n, MPI_BYTE, to,
                                          mpi_tag, m->world.comm, &o->request),
                                "sending a message", err));
  *m->end = o;
  m->end = &o->next;
  m->n_outgoing++;
  m->sent += (int64_t)n;
  o = NULL; /* in the list now */
done:
  if (o)
    hpo_mem_free(o->bytes);
  hpo_mem_free(o);
  return status;
}

static hpo_status mpi_send(void *self, int to, int tag, const void *bytes,
                           size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_mpi *m = self;
  const uint8_t *from = bytes;

  HPO_ASSERT(tag >= 0 && to >= 0 && to < m->world.size);
  HPO_ASSERT(to != m->world.rank);
  for (; n > m->chunk; from += m->chunk, n -= m->chunk)
    HPO_TRY(status, send_part(m, to, 2 * tag + 1, from, m->chunk, err));
  HPO_TRY(status, send_part(m, to, 2 * tag, n > 0 ? from : NULL, n, err));
  HPO_TRY(status, progress(m, err));
done:
  return status;
}

/* A message of a rank that was dismissed: received for nobody.  Its sender
 * may be dead, so that it never comes: its memory is MPI's for ever. */
static hpo_status throw_away(hpo_mpi *m, const MPI_Status *probed, int n,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  MPI_Request request = MPI_REQUEST_NULL;
  uint8_t *lost = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)n + 1, 1, &lost, err));
  (void)MPI_Irecv(lost, n, MPI_BYTE, probed->MPI_SOURCE, probed->MPI_TAG,
                  m->world.comm, &request);
done:
  return status;
}

/* Posts the receive of the next part, if one is there. */
static hpo_status post_receive(hpo_mpi *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  int source = m->tag < 0 ? MPI_ANY_SOURCE : m->from;
  int there = 0, n = 0;
  MPI_Status probed;
  hpo_buffer *b = &m->incoming;

  for (int turn = 0; turn < 2 && !there; turn++)
    HPO_TRY(status, hpo_mpi_check(MPI_Iprobe(source, MPI_ANY_TAG,
                                             m->world.comm, &there, &probed),
                                  "looking for messages", err));
  if (!there)
    goto done;
  HPO_TRY(status, hpo_mpi_check(MPI_Get_count(&probed, MPI_BYTE, &n),
                                "looking for messages", err));
  if (m->life && hpo_life_is_dismissed(m->life, probed.MPI_SOURCE))
    return throw_away(m, &probed, n, err);
  HPO_TRY(status,
          hpo_mem_grow(&b->byte, &b->capacity, b->n + (size_t)n + 1, 1, err));
  HPO_TRY(status, hpo_mpi_check(MPI_Irecv(b->byte + b->n, n, MPI_BYTE,
                                          probed.MPI_SOURCE, probed.MPI_TAG,
                                          m->world.comm, &m->request),
                                "receiving a message", err));
  b->n += (size_t)n;
  m->in_flight = true;
  m->from = probed.MPI_SOURCE;
  m->tag = probed.MPI_TAG / 2;
  m->more = probed.MPI_TAG % 2 == 1;
done:
  return status;
}

/* What is coming in may never be whole; MPI may still write to its memory. */
static void forget_incoming(hpo_mpi *m) {
  if (m->in_flight)
    m->incoming = (hpo_buffer){0};
  m->incoming.n = 0;
  m->in_flight = false;
  m->tag = -1;
}

static hpo_status mpi_receive(void *self, bool *have, int *from, int *tag,
                              hpo_buffer *bytes, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_mpi *m = self;
  hpo_buffer emptied = {0};
  int arrived = 0;

  *have = false;
  if (m->life && m->world.rank == 0)
    hpo_life_look(m->life);
  else
    HPO_TRY(status, hpo_life_check(m->life, false, err));
  HPO_TRY(status, progress(m, err));
  do {
    if (!m->in_flight)
      HPO_TRY(status, post_receive(m, err));
    if (!m->in_flight)
      goto done;
    status = hpo_mpi_check(MPI_Test(&m->request, &arrived, MPI_STATUS_IGNORE),
                           "receiving a message", err);
    if (status != HPO_OK && m->life) { /* its sender will be missed */
      forget_incoming(m);
      status = HPO_OK;
    }
    HPO_TRY(status, status);
    if (!arrived)
      goto done;
    m->in_flight = false;
  } while (m->more);

  *have = true;
  *from = m->from;
  *tag = m->tag;
  m->tag = -1;
  emptied = *bytes;
  emptied.n = 0;
  *bytes = m->incoming;
  m->incoming = emptied;
done:
  return status;
}

static size_t mpi_pending(void *self) {
  hpo_mpi *m = self;
  return progress(m, NULL) == HPO_OK ? m->n_outgoing : 0;
}

static int64_t mpi_bytes_sent(void *self) { return ((hpo_mpi *)self)->sent; }

static double mpi_silence(void *self, int rank) {
  const hpo_mpi *m = self;
  return m->life ? hpo_life_silence(m->life, rank) : 0;
}

static void mpi_dismiss(void *self, int rank) {
  hpo_mpi *m = self;

  if (!m->life)
    return;
  hpo_life_dismiss(m->life, rank);
  if (m->tag >= 0 && m->from == rank)
    forget_incoming(m);
}

/* One rank has nobody to write to. */
static hpo_status no_send(void *self, int to, int tag, const void *bytes,
                          size_t n, hpo_error *err) {
  (void)self, (void)tag, (void)bytes, (void)n;
  return hpo_error_set(err, HPO_EPEER, "there is no rank %d", to);
}

static hpo_status no_receive(void *self, bool *have, int *from, int *tag,
                             hpo_buffer *bytes, hpo_error *err) {
  (void)self, (void)from, (void)tag, (void)bytes, (void)err;
  *have = false;
  return HPO_OK;
}

hpo_comm hpo_mpi_comm(hpo_mpi *m) {
  return (hpo_comm){.self = m,
                    .rank = m->world.rank,
                    .size = m->world.size,
                    .send = m->alone ? no_send : mpi_send,
                    .receive = m->alone ? no_receive : mpi_receive,
                    .pending = mpi_pending,
                    .bytes_sent = mpi_bytes_sent,
                    .silence = mpi_silence,
                    .dismiss = mpi_dismiss};
}

/* --- start and end ----------------------------------------------------- */

/* Whether a launcher of MPI programs started this process.  Slurm's own
 * variables do not count: a batch script has them too. */
static bool has_launcher(void) {
  static const char *const signs[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK",
                                      "PMI_RANK", "PMI_SIZE"};

  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (getenv(signs[i]))
      return true;
  return false;
}

static hpo_status start_group(hpo_mpi *m, group *g, hpo_error *err) {
  hpo_status status = HPO_OK;

  g->patient = true;
  g->chunk = &m->chunk;
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

static hpo_status start_mpi(hpo_mpi *m, int *argc, char ***argv,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  int wanted = m->life ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE;
  int given = wanted;

  HPO_TRY(status, hpo_mpi_check(MPI_Init_thread(argc, argv, wanted, &given),
                                "MPI_Init_thread", err));
  HPO_TRY(status, hpo_mpi_check(MPI_Comm_dup(MPI_COMM_WORLD, &m->world.comm),
                                "MPI_Comm_dup", err));
  HPO_TRY(status, start_group(m, &m->world, err));
  HPO_TRY(status, hpo_mpi_check(
                      MPI_Comm_split_type(m->world.comm, MPI_COMM_TYPE_SHARED,
                                          0, MPI_INFO_NULL, &m->node.comm),
                      "MPI_Comm_split_type", err));
  HPO_TRY(status, start_group(m, &m->node, err));
  if (given < wanted)
    HPO_FAIL(status, err, HPO_EPEER,
             "this MPI was built without threads, which give the signs of "
             "life by which lost ranks are noticed");
  if (m->life)
    HPO_TRY(status, hpo_life_start(m, err));
done:
  return status;
}

/* Bytes per call at most; the tests lower it for whole runs, to go where
 * otherwise only gigabytes do. */
static size_t chunk_size(void) {
  const char *text = getenv("HPOTUNE_TEST_CHUNK");
  long n = text ? strtol(text, NULL, 10) : 0;
  return n >= 8 && n < LARGEST_CHUNK ? (size_t)n : LARGEST_CHUNK;
}

hpo_status hpo_mpi_start(int *argc, char ***argv, double lost_after,
                         hpo_mpi **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_mpi *m = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->alone = !has_launcher();
  m->world = (group){.comm = MPI_COMM_NULL, .size = 1};
  m->node = m->team = m->world;
  m->chunk = chunk_size();
  m->shared_room = SIZE_MAX;
  m->end = &m->first;
  m->tag = -1;
  if (!m->alone && lost_after > 0)
    HPO_TRY(status, hpo_life_create(lost_after, &m->life, err));
  if (!m->alone)
    HPO_TRY(status, start_mpi(m, argc, argv, err));
  *out = m;
  m = NULL;
done:
  if (m)
    hpo_life_end(m->life);
  hpo_mem_free(m);
  return status;
}

/* Waits for all ranks, sleeping, and takes what still comes in, so that no
 * rank's last sends hang. */
static hpo_status meet_all(hpo_mpi *m) {
  hpo_status status = HPO_OK;
  MPI_Request barrier = MPI_REQUEST_NULL;
  hpo_backoff wait = {0};
  hpo_buffer bytes = {0};
  bool have = false, entered = false;
  int met = 0, from, tag;

  while (!met) {
    HPO_TRY(status, hpo_life_check(m->life, true, NULL));
    HPO_TRY(status, mpi_receive(m, &have, &from, &tag, &bytes, NULL));
    if (!entered && m->n_outgoing == 0) {
      entered = true;
      HPO_TRY(status, hpo_mpi_check(MPI_Ibarrier(m->world.comm, &barrier),
                                    "MPI_Ibarrier", NULL));
    }
    if (entered)
      HPO_TRY(status,
              hpo_mpi_check(MPI_Test(&barrier, &met, MPI_STATUS_IGNORE),
                            "MPI_Ibarrier", NULL));
    hpo_backoff_turn(&wait, have || met);
  }
done:
  hpo_buffer_free(&bytes);
  return status;
}

void hpo_mpi_end(hpo_mpi *m) {
  group *groups[] = {m ? &m->team : NULL, m ? &m->node : NULL,
                     m ? &m->world : NULL};
  bool met;

  if (!m)
    return;
  met = !m->alone && meet_all(m) == HPO_OK;
  if (met) {
    hpo_life_destroy(m->life);
    hpo_mpi_free_blocks(m);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
      if (groups[i]->comm != MPI_COMM_NULL)
        (void)MPI_Comm_free(&groups[i]->comm);
  }
  if (m->alone)
    hpo_mpi_free_blocks(m);
  else if (met) /* else it would wait for the lost */
    (void)MPI_Finalize();
  hpo_buffer_free(&m->incoming);
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    hpo_mem_free(groups[i]->parts);
  hpo_mem_free(m);
}

bool hpo_mpi_outlives(void) {
  static const char *const signs[] = {"OMPI_MCA_orte_enable_recovery",
                                      "PRTE_MCA_prte_enable_recovery",
                                      "HPOTUNE_RECOVERY"};

  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    const char *text = getenv(signs[i]);
    if (text && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0))
      return true;
  }
  return false;
}

void hpo_mpi_abort(hpo_mpi *m, int exit_code) {
  if (!m || m->alone)
    return;
  if (hpo_mpi_outlives()) /* it would outlive this as well */
    hpo_life_end_launcher();
  (void)MPI_Abort(m->world.comm, exit_code);
}

bool hpo_mpi_is_dismissed(const hpo_mpi *m) {
  return m->life && hpo_life_is_dismissed(m->life, m->world.rank);
}

void hpo_mpi_leave(hpo_mpi *m, int exit_code) {
  const bool is_outlived = m->life && hpo_mpi_outlives();
  bool is_left = false;

  if (m->alone)
    return;
  for (int i = 1; m->life && m->world.rank == 0 && i < m->world.size; i++) {
    is_left = is_left || hpo_life_is_dismissed(m->life, i);
    mpi_dismiss(m, i);
  }
  if (is_outlived && m->world.rank == 0)
    hpo_life_end_all(m->life, is_left);
  else if (is_outlived)
    hpo_life_end_stopped(m->life);
  else if (m->world.rank == 0)
    hpo_mpi_abort(m, exit_code);
  else
    hpo_clock_sleep(LAST_WAIT);
}

void hpo_mpi_describe(char *text, size_t room) {
  char library[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;

  if (room == 0)
    return;
  if (MPI_Get_library_version(library, &length) != MPI_SUCCESS)
    library[0] = 0;
  library[strcspn(library, ",\n")] = 0;
  length = (int)strlen(library);
  if ((size_t)length >= room)
    length = (int)room - 1;
  memcpy(text, library, (size_t)length);
  text[length] = 0;
}

int hpo_mpi_rank_hint(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK",
                                      "PMI_RANK", "SLURM_PROCID"};

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *text = getenv(names[i]);
    long rank = text ? strtol(text, NULL, 10) : 0;
    if (text)
      return rank > 0 && rank < INT32_MAX ? (int)rank : 0;
  }
  return 0;
}
