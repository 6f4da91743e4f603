/* SPDX-License-Identifier: BSD-3-Clause */
/* Signs of life: see life_mpi.h.
 *
 * Contents: the thread that speaks; the main thread that listens; processes
 * of this node; start and end.
 *
 * A sign is one byte, sent eagerly; to a rank that does not take it in, no
 * second one is sent, so nothing piles up.  Silence is counted in time in
 * which this rank looked: after it was suspended itself, or wrote to a slow
 * disk, it accuses nobody. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mpi.h>

#include "comm/life_mpi.h"
#include "hpo/clock.h"
#include "hpo/process.h"

/* In times of a silence that is a loss: a rank waits longer for rank 0 than
 * rank 0 for it, as without rank 0 the session is over; and for MPI's start
 * much longer. */
enum { PATIENCE = 3, MOST_PATIENCE = 10 };
enum { EXIT_CAN_GO_ON = 75 };
/* Seconds that ranks are given to leave by themselves. */
#define LEAVE_TIME 2.0
/* Signs in the time whose silence is a loss, and seconds between two. */
enum { SIGNS = 8, LONGEST_GAP = 2 };

/* BEREFT: here, but some ranks are lost. */
typedef enum word { NOTHING, HERE, BEREFT, LEAVE } word;
static const uint8_t words[] = {NOTHING, HERE, BEREFT, LEAVE};

struct life {
  MPI_Comm comm;
  int rank, size;
  double lost_after, gap; /* seconds */

  pthread_t thread;
  bool has_thread;
  pthread_mutex_t lock; /* of all up to request */
  pthread_cond_t wake;
  bool is_ending;
  bool is_blocked;      /* the main thread, in a call of MPI */
  double blocked;       /* for so many seconds of turns */
  uint8_t *say;         /* [size] word for each rank */
  MPI_Request *request; /* [size] the last one sent to it */

  double clock, looked; /* seconds looked for so far; when last */
  double *heard;        /* [size] of clock; -1: dismissed */
  double bereft; /* of clock, when rank 0 told of a loss; -1: it did not */

  hpo_process_id *mate; /* [n_mate] processes of this node */
  int n_mate;
};

/* --- speaking ----------------------------------------------------------- */

/* The lock is held. */
static void speak(life *l, int to) {
  int done = 1;

  if (l->say[to] == NOTHING)
    return;
  if (l->request[to] != MPI_REQUEST_NULL &&
      MPI_Test(&l->request[to], &done, MPI_STATUS_IGNORE) != MPI_SUCCESS)
    l->say[to] = NOTHING;
  else if (done && MPI_Isend(&words[l->say[to]], 1, MPI_BYTE, to, 0, l->comm,
                             &l->request[to]) != MPI_SUCCESS)
    l->say[to] = NOTHING;
}

void hpo_life_end_launcher(void) {
  static const char *const launchers[] = {"mpirun", "mpiexec", "orterun",
                                          "prterun"};
  char name[32];

  hpo_process_name(getppid(), name, sizeof name);
  for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++)
    if (strcmp(name, launchers[i]) == 0)
      (void)kill(getppid(), SIGTERM);
}

/* MPI waits for a rank that is lost; no call of it can be ended. */
static void give_up(const life *l) {
  if (hpo_mpi_rank_hint() == 0) {
    fprintf(stderr,
            "hpotune: error: MPI has waited for %.3g s: a rank was lost "
            "before the first trial; the same command goes on\n",
            l->blocked);
    hpo_life_end_launcher();
  }
  _exit(EXIT_CAN_GO_ON);
}

static void *speak_on(void *self) {
  life *l = self;
  struct timespec until;

  (void)pthread_mutex_lock(&l->lock);
  while (!l->is_ending) {
    for (int i = 0; i < l->size; i++)
      speak(l, i);
    if (l->is_blocked && l->blocked > MOST_PATIENCE * l->lost_after)
      give_up(l);
    l->blocked += l->is_blocked ? l->gap : -l->blocked;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)((l->gap - (double)(long)l->gap) * 1e9);
    until.tv_sec += (time_t)l->gap + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&l->wake, &l->lock, &until);
  }
  (void)pthread_mutex_unlock(&l->lock);
  return NULL;
}

void hpo_life_block(life *l, bool is_blocked) {
  if (!l)
    return;
  (void)pthread_mutex_lock(&l->lock);
  l->is_blocked = is_blocked;
  (void)pthread_mutex_unlock(&l->lock);
}

void hpo_life_dismiss(life *l, int rank) {
  (void)pthread_mutex_lock(&l->lock);
  l->say[rank] = LEAVE;
  for (int i = 0; i < l->size; i++) {
    l->say[i] = l->say[i] == HERE ? BEREFT : l->say[i];
    speak(l, i);
  }
  (void)pthread_mutex_unlock(&l->lock);
  l->heard[rank] = -1;
}

bool hpo_life_is_dismissed(const life *l, int rank) {
  return l->heard[rank] < 0;
}

/* --- listening ---------------------------------------------------------- */

/* Whether there was one more sign. */
static bool take(life *l) {
  MPI_Status from;
  uint8_t heard = NOTHING;
  int there = 0;

  for (int turn = 0; turn < 2 && !there; turn++)
    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, l->comm, &there, &from) !=
        MPI_SUCCESS)
      return false;
  if (!there || MPI_Recv(&heard, 1, MPI_BYTE, from.MPI_SOURCE, from.MPI_TAG,
                         l->comm, MPI_STATUS_IGNORE) != MPI_SUCCESS)
    return false;
  if (l->heard[from.MPI_SOURCE] >= 0)
    l->heard[from.MPI_SOURCE] = l->clock;
  if (heard == BEREFT && l->bereft < 0)
    l->bereft = l->clock;
  if (heard == LEAVE)
    l->heard[l->rank] = -1;
  return true;
}

void hpo_life_look(life *l) {
  double now = hpo_clock_seconds(), gap = now - l->looked;

  if (gap < l->gap / 4)
    return;
  l->clock += gap < l->gap ? gap : l->gap;
  l->looked = now;
  while (take(l))
    ;
}

double hpo_life_silence(const life *l, int rank) {
  return l->clock - l->heard[rank];
}

/* The first rank that this one hears from and that is silent; -1: none. */
static int find_silent(const life *l) {
  int end = l->rank == 0 ? l->size : 1;
  double most = l->rank == 0 ? l->lost_after : PATIENCE * l->lost_after;

  for (int i = l->rank == 0; i < end; i++)
    if (!hpo_life_is_dismissed(l, i) && hpo_life_silence(l, i) > most)
      return i;
  return -1;
}

hpo_status hpo_life_check(life *l, bool with_all, hpo_error *err) {
  int silent;

  if (!l)
    return HPO_OK;
  hpo_life_look(l);
  if (hpo_life_is_dismissed(l, l->rank))
    return hpo_error_set(err, HPO_EPEER, "rank 0 goes on without rank %d",
                         l->rank);
  if (with_all && l->bereft >= 0 && l->clock - l->bereft > l->lost_after)
    return hpo_error_set(err, HPO_EPEER, "rank %d waits for one that is lost",
                         l->rank);
  silent = find_silent(l);
  if (silent < 0)
    return HPO_OK;
  return hpo_error_set(err, HPO_EPEER,
                       "rank %d gave no sign of life for %.3g s", silent,
                       hpo_life_silence(l, silent));
}

/* --- processes of this node --------------------------------------------- */

static hpo_status meet_mates(hpo_mpi *m, life *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_process_id mine = hpo_process_self();
  MPI_Request request = MPI_REQUEST_NULL;

  l->n_mate = m->node.size;
  HPO_TRY(status,
          hpo_mem_new((size_t)l->n_mate, sizeof *l->mate, &l->mate, err));
  HPO_TRY(status,
          hpo_mpi_check(MPI_Iallgather(&mine, (int)sizeof mine, MPI_BYTE,
                                       l->mate, (int)sizeof mine, MPI_BYTE,
                                       m->node.comm, &request),
                        "MPI_Iallgather", err));
  HPO_TRY(status, hpo_mpi_wait(&m->node, &request, "MPI_Iallgather", err));
done:
  return status;
}

void hpo_life_end_stopped(const life *l) {
  for (int i = 0; i < l->n_mate; i++)
    if (hpo_process_is_stopped(&l->mate[i]))
      (void)kill((pid_t)l->mate[i].pid, SIGKILL);
}

static bool is_other(const hpo_process_id *p) {
  return p->pid != getpid() && hpo_process_is_there(p);
}

void hpo_life_end_all(const life *l, bool is_left) {
  const double end = hpo_clock_seconds() + LEAVE_TIME;
  bool are_there = true;

  hpo_life_end_stopped(l);
  while (are_there && hpo_clock_seconds() < end) {
    hpo_clock_sleep(LEAVE_TIME / 100);
    are_there = false;
    for (int i = 0; i < l->n_mate; i++)
      are_there = are_there || is_other(&l->mate[i]);
  }
  for (int i = 0; i < l->n_mate; i++)
    if (is_other(&l->mate[i]))
      (void)kill((pid_t)l->mate[i].pid, SIGKILL);
  if (is_left && l->n_mate < l->size)
    hpo_life_end_launcher();
}

/* --- start and end ------------------------------------------------------ */

hpo_status hpo_life_create(double lost_after, life **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  life *l = NULL;
  pthread_condattr_t steady; /* whatever is done to the time of day */
  int rc;

  HPO_TRY(status, hpo_mem_new(1, sizeof *l, &l, err));
  l->comm = MPI_COMM_NULL;
  l->lost_after = lost_after;
  l->gap = lost_after / SIGNS < LONGEST_GAP ? lost_after / SIGNS : LONGEST_GAP;
  l->is_blocked = true;
  l->bereft = -1;
  (void)pthread_mutex_init(&l->lock, NULL);
  (void)pthread_condattr_init(&steady);
  (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&l->wake, &steady);
  (void)pthread_condattr_destroy(&steady);
  rc = pthread_create(&l->thread, NULL, speak_on, l);
  if (rc != 0)
    HPO_FAIL(status, err, HPO_EMEM, "no thread for signs of life: %s",
             strerror(rc));
  l->has_thread = true;
  *out = l;
  l = NULL;
done:
  hpo_life_destroy(l);
  return status;
}

/* To whom this rank speaks; the thread does from now on. */
static hpo_status start_speaking(life *l, int rank, int size, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = (size_t)size;

  l->rank = rank;
  HPO_TRY(status, hpo_mem_new(n, sizeof *l->say, &l->say, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *l->request, &l->request, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *l->heard, &l->heard, err));
  for (int i = 0; i < size; i++) {
    l->request[i] = MPI_REQUEST_NULL;
    l->say[i] = (rank == 0) != (i == 0) ? HERE : NOTHING;
  }
  l->looked = hpo_clock_seconds();
  (void)pthread_mutex_lock(&l->lock);
  l->size = size;
  (void)pthread_cond_signal(&l->wake);
  (void)pthread_mutex_unlock(&l->lock);
done:
  return status;
}

hpo_status hpo_life_start(hpo_mpi *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  life *l = m->life;

  HPO_TRY(status, hpo_mpi_check(MPI_Comm_dup(m->world.comm, &l->comm),
                                "MPI_Comm_dup", err));
  HPO_TRY(status,
          hpo_mpi_check(MPI_Comm_set_errhandler(l->comm, MPI_ERRORS_RETURN),
                        "MPI_Comm_set_errhandler", err));
  HPO_TRY(status, meet_mates(m, l, err));
  HPO_TRY(status, start_speaking(l, m->world.rank, m->world.size, err));
  m->world.life = m->node.life = m->team.life = l;
  hpo_life_block(l, false);
done:
  return status;
}

void hpo_life_end(life *l) {
  if (!l || !l->has_thread)
    return;
  (void)pthread_mutex_lock(&l->lock);
  l->is_ending = true;
  (void)pthread_cond_signal(&l->wake);
  (void)pthread_mutex_unlock(&l->lock);
  (void)pthread_join(l->thread, NULL);
  l->has_thread = false;
}

void hpo_life_destroy(life *l) {
  if (!l)
    return;
  hpo_life_end(l);
  for (int i = 0; l->request && i < l->size; i++)
    if (l->request[i] != MPI_REQUEST_NULL)
      (void)MPI_Request_free(&l->request[i]);
  if (l->comm != MPI_COMM_NULL)
    (void)MPI_Comm_free(&l->comm);
  (void)pthread_mutex_destroy(&l->lock);
  (void)pthread_cond_destroy(&l->wake);
  hpo_mem_free(l->say);
  hpo_mem_free(l->request);
  hpo_mem_free(l->heard);
  hpo_mem_free(l->mate);
  hpo_mem_free(l);
}
