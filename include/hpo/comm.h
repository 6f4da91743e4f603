/* SPDX-License-Identifier: BSD-3-Clause */
/** \file comm.h
 *  Messages between ranks: tagged bytes, never blocking.
 *
 *  A comm is a struct of functions with two carriers: MPI (comm_mpi.c) and
 *  mailboxes in one process (comm_local.c), so roles and protocol are tested
 *  without mpirun, and one rank alone runs manager and worker by turns.
 *  Messages from one rank to another with any tags arrive in order of
 *  sending.
 */
#ifndef HPO_COMM_H
#define HPO_COMM_H

#include "hpo/coll.h"
#include "hpo/mem.h"
#include "hpo/status.h"

typedef struct hpo_comm hpo_comm;
struct hpo_comm {
  void *self;
  int rank, size;
  /** Copies the bytes and returns at once; delivery goes on in poll. */
  hpo_status (*send)(void *self, int to, int tag, const void *bytes, size_t n,
                     hpo_error *err);
  /** Makes progress; the next message if one has arrived whole.  *bytes is
   *  emptied and filled; *have false: none. */
  hpo_status (*receive)(void *self, bool *have, int *from, int *tag,
                        hpo_buffer *bytes, hpo_error *err);
  /** Sends not yet delivered. */
  size_t (*pending)(void *self);
  int64_t (*bytes_sent)(void *self);
  /** Seconds since the last sign of life of a rank, in time that this rank
   *  spent receiving (after a suspension of its own it accuses nobody); 0:
   *  none are sent. */
  double (*silence)(void *self, int rank);
  /** Tells a rank to leave, wherever it stands (its calls then answer
   *  HPO_EPEER), and forgets what is under way to and from it: nothing of it
   *  is received any more. */
  void (*dismiss)(void *self, int rank);
};

/** n endpoints in this process (not thread-safe); [n] comms in *out, freed
 *  by hpo_comm_local_destroy.  To receive is an endpoint's sign of life;
 *  silence is counted in the asker's receives, 1 ms each. */
HPO_MUST_USE hpo_status hpo_comm_local_create(int n, hpo_comm **out,
                                              hpo_error *err);
void hpo_comm_local_destroy(hpo_comm *comms);

/** Waiting: sleeps a little longer each time nothing comes, up to 1 ms, and
 *  up to 5 ms once nothing came for most of a second. */
typedef struct hpo_backoff {
  unsigned idle; /* turns without work so far; zero-initialise */
} hpo_backoff;
/** Counts one turn (worked resets the count) and returns the nanoseconds to
 *  sleep in it; 0: only yield. */
long hpo_backoff_next(hpo_backoff *b, bool worked);
/** One turn, slept as hpo_backoff_next says. */
void hpo_backoff_turn(hpo_backoff *b, bool worked);

/** The MPI job this process is part of: a private duplicate of
 *  MPI_COMM_WORLD. */
typedef struct hpo_mpi hpo_mpi;

/** MPI_Init unless the process was started alone (no mpirun, no srun):
 *  then a world of one rank without MPI.
 *  \param lost_after above 0: lost ranks are to be outlived, and so many
 *         seconds of silence mean a loss: threads send signs of life, and no
 *         wait of a collective is for ever: it answers HPO_EPEER */
HPO_MUST_USE hpo_status hpo_mpi_start(int *argc, char ***argv,
                                      double lost_after, hpo_mpi **out,
                                      hpo_error *err);
/** Whether the launcher lets the other ranks live when one dies: mpirun
 *  --enable-recovery, or HPOTUNE_RECOVERY=1 in the environment where that
 *  can't be seen.  (Then it ends with 0, whatever the ranks do.) */
bool hpo_mpi_outlives(void);
/** Whether rank 0 told this rank to leave. */
bool hpo_mpi_is_dismissed(const hpo_mpi *m);
/** Orderly end; NULL is a no-op. */
void hpo_mpi_end(hpo_mpi *m);
/** The end where ranks are lost, and nothing can be done together: rank 0
 *  tells the others to leave, stopped processes are killed.  Afterwards the
 *  process is to _exit.  Unless the launcher outlives ranks, rank 0 ends them
 *  all with its exit code, and does not return. */
void hpo_mpi_leave(hpo_mpi *m, int exit_code);
/** When peers cannot be told: prints nothing, ends all ranks. */
void hpo_mpi_abort(hpo_mpi *m, int exit_code);
/** Borrowed views. */
hpo_comm hpo_mpi_comm(hpo_mpi *m);
/** All ranks together: setup before the first trial only. */
hpo_coll hpo_mpi_world(hpo_mpi *m);
/** The ranks of this node. */
hpo_shared hpo_mpi_node(hpo_mpi *m);
/** This rank's team: team t = ranks 1 + t*k .. ; rank 0 belongs to none
 *  (size 0) unless it is alone, when any number will do.  Ranks left over
 *  idle: *team -1, size 0.  HPO_EINVAL: more ranks per trial than workers.
 *  Collective over the world, once. */
HPO_MUST_USE hpo_status hpo_mpi_team(hpo_mpi *m, int ranks_per_trial,
                                     hpo_coll *out, int *team, int *n_teams,
                                     hpo_error *err);
/** "Open MPI 4.1.4 ..." for /sessions; valid without hpo_mpi_start. */
void hpo_mpi_describe(char *text, size_t room);
/** This process's rank as the launcher's environment says (OMPI_COMM_WORLD_
 *  RANK, PMIX_RANK, PMI_RANK, SLURM_PROCID), 0 without; for commands that
 *  only read and never start MPI. */
int hpo_mpi_rank_hint(void);

#endif
