/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits that tests lower to reach the paths of huge messages and of a
 * /dev/shm without room. */
#ifndef COMM_MPI_LIMITS_H
#define COMM_MPI_LIMITS_H

#include "hpo/comm.h"

/* chunk: bytes per MPI call at most, 8 .. 2^30; shared_room: bytes that
 * /dev/shm is thought to have at most. The same on all ranks. */
void hpo_mpi_set_limits(hpo_mpi *m, size_t chunk, size_t shared_room);

#endif
