/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting without a core of one's own: some turns that only yield, then
 * sleeps that double from 2 us to 1 ms. */
#include "hpo/comm.h"

#include <sched.h>
#include <time.h>

enum { SPINS = 50, DOUBLINGS = 10, LONGEST_NS = 1000000 };

void hpo_backoff_turn(hpo_backoff *b, bool worked) {
  struct timespec pause = {0, 0};

  if (worked) {
    b->idle = 0;
    return;
  }
  if (b->idle < SPINS + DOUBLINGS)
    b->idle++;
  if (b->idle <= SPINS) {
    (void)sched_yield();
    return;
  }
  pause.tv_nsec = 1000L << (b->idle - SPINS);
  if (pause.tv_nsec > LONGEST_NS)
    pause.tv_nsec = LONGEST_NS;
  (void)nanosleep(&pause, NULL); /* a signal may cut it short: good */
}
