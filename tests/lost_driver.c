/* SPDX-License-Identifier: BSD-3-Clause */
/* usage: mpirun --enable-recovery -np 3 lost_driver
 *
 * Rank 1 waits in a collective of all that rank 2 never joins, though it
 * lives; rank 0, which is past it, gives rank 2 up.  Both must hear of it:
 * each prints what its call answered. */
#include <stdio.h>
#include <unistd.h>

#include "hpo/comm.h"

#define LOST_AFTER 0.5

/* Receives until it is told to leave. */
static hpo_status wait_for_orders(hpo_mpi *m, hpo_error *err) {
  hpo_comm c = hpo_mpi_comm(m);
  hpo_buffer bytes = {0};
  hpo_status status = HPO_OK;
  hpo_backoff wait = {0};
  bool have = false;
  int from, tag;

  while (status == HPO_OK) {
    status = c.receive(c.self, &have, &from, &tag, &bytes, err);
    hpo_backoff_turn(&wait, have);
  }
  return status;
}

int main(int argc, char **argv) {
  hpo_mpi *m = NULL;
  hpo_error err = {0};
  hpo_status status = hpo_mpi_start(&argc, &argv, LOST_AFTER, &m, &err);
  hpo_coll world;
  double x = 0;

  if (status != HPO_OK) {
    fprintf(stderr, "%s\n", err.text);
    return 1;
  }
  world = hpo_mpi_world(m);
  if (world.rank == 0) {
    hpo_comm c = hpo_mpi_comm(m);
    c.dismiss(c.self, 2);
    while (c.silence(c.self, 1) < LOST_AFTER) { /* until it has left */
      bool have = false;
      int from, tag;
      hpo_buffer bytes = {0};
      if (c.receive(c.self, &have, &from, &tag, &bytes, &err) != HPO_OK)
        break;
      (void)usleep(1000);
    }
  } else {
    status = world.rank == 1 ? world.max(world.self, &x, 1, &err)
                             : wait_for_orders(m, &err);
    printf("rank %d: %s: %s\n", world.rank,
           status == HPO_EPEER ? "lost" : "not lost", err.text);
  }
  fflush(stdout);
  _exit(0);
}
