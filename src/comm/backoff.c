/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting without a core of one's own: some turns that only yield, then
 * sleeps that double from 2 us to 1 ms.  To wake up costs 20 us and more
 * where the CPU is virtual, so after a quarter of a second sleeps are 2 ms,
 * after three quarters 5 ms: then what is waited for comes at most one per
 * cent later, and waiting costs under one per cent of a core. */
#include "hpo/comm.h"

#include <sched.h>
#include <time.h>

enum { SPINS = 50, DOUBLINGS = 10, LONG = SPINS + 250, LONGER = LONG + 250 };

long hpo_backoff_next(hpo_backoff *b, bool worked) {
  if (worked) {
    b->idle = 0;
    return 0;
  }
  if (b->idle <= LONGER)
    b->idle++;
  if (b->idle <= SPINS)
    return 0;
  if (b->idle > LONGER)
    return 5000000;
  if (b->idle > LONG)
    return 2000000;
  return b->idle - SPINS < DOUBLINGS ? 1000L << (b->idle - SPINS) : 1000000;
}

void hpo_backoff_turn(hpo_backoff *b, bool worked) {
  struct timespec pause = {0, hpo_backoff_next(b, worked)};

  if (worked)
    return;
  if (pause.tv_nsec == 0)
    (void)sched_yield();
  else
    (void)nanosleep(&pause, NULL); /* a signal may cut it short: good */
}
