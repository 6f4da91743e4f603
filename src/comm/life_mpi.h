/* SPDX-License-Identifier: BSD-3-Clause */
/* Signs of life between rank 0 and the others, where lost ranks are to be
 * outlived.
 *
 * Open MPI 4 tells nobody that a rank has died, and a stopped one looks like
 * a busy one.  So a thread of every rank says "here" to rank 0 every few
 * seconds, and rank 0's thread says so to all, over a communicator of their
 * own, however long the main thread trains.  What silence means is not
 * decided here, but by those who ask (roles/lookout.h). */
#ifndef COMM_LIFE_MPI_H
#define COMM_LIFE_MPI_H

#include "comm/mpi_private.h"

/** Before MPI starts, whose calls block for ever where a rank is lost.
 *  \param lost_after seconds of silence that will mean a loss
 *  \param [out] out blocked, see hpo_life_block */
HPO_MUST_USE hpo_status hpo_life_create(double lost_after, life **out,
                                        hpo_error *err);
/** Signs of life are sent from now on.  Collective over the world; MPI was
 *  started for threads. */
HPO_MUST_USE hpo_status hpo_life_start(hpo_mpi *m, hpo_error *err);
/** Ends the thread alone, where MPI's calls may block: no more signs; NULL is
 *  a no-op. */
void hpo_life_end(life *l);
/** Collective; NULL is a no-op. */
void hpo_life_destroy(life *l);
/** Around a call of MPI that can't be given up: if it takes much too long,
 *  this process ends, with exit code 75.  NULL is a no-op. */
void hpo_life_block(life *l, bool is_blocked);

/** Takes in the signs that have come. */
void hpo_life_look(life *l);
/** For whoever waits: HPO_EPEER where the wait may be for ever, as a rank
 *  that takes part is silent, or rank 0 told this one to leave.  NULL: no
 *  signs are sent, HPO_OK.
 *  \param with_all for something that needs all ranks: in vain too, where
 *         rank 0 has given up any, even if it went through for rank 0 */
HPO_MUST_USE hpo_status hpo_life_check(life *l, bool with_all, hpo_error *err);
/** Seconds since the last sign of a rank, while this one looked. */
double hpo_life_silence(const life *l, int rank);
/** Rank 0: tells a rank to leave. */
void hpo_life_dismiss(life *l, int rank);
bool hpo_life_is_dismissed(const life *l, int rank);
/** Ends ranks of this node that are stopped, which mpirun would wait for. */
void hpo_life_end_stopped(const life *l);
/** Asks mpirun, which would wait for the others for ever, to end them. */
void hpo_life_end_launcher(void);
/** Rank 0, when all were told to leave: ends the ranks of this node that are
 *  stopped, or in the middle of a step and still there a short time later.
 *  \param is_left some rank was given up: if it may be on another node, the
 *         launcher ends it */
void hpo_life_end_all(const life *l, bool is_left);

#endif
