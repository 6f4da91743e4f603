/* SPDX-License-Identifier: BSD-3-Clause */
/** \file display.h
 *  What a person sees while a study runs: on a terminal one line that
 *  changes; in a batch log a line for each of the first ten trials that end or
 *  pause in every 30 seconds, for the first failure in them, for a trial that
 * is the best so far and for the last, and then how many were left out.
 */
#ifndef CMD_DISPLAY_H
#define CMD_DISPLAY_H

#include "hpo/ledger.h"
#include "hpo/manager.h"
#include "hpo/plan.h"

typedef struct hpo_display {
  const hpo_plan *plan;
  bool quiet, terminal;
  double began;       /* monotonic seconds */
  size_t done_before; /* trials of earlier sessions */
  size_t done;        /* with those of this one that were told of */
  double last;        /* when the last line was printed */
  int burst;          /* lines in this window of 30 s */
  double window;      /* when it began */
  bool told_failure;  /* in this window */
  size_t complete, pruned, failed, paused; /* left out since it was said */
} hpo_display;

void hpo_display_start(hpo_display *p, const hpo_plan *plan,
                       size_t done_before, bool quiet);
/** The manager's listener that shows each trial. */
hpo_listener hpo_display_listener(hpo_display *p);
/** The objectives and their values: "rmse 2.1, train_seconds 0.3". */
void hpo_display_values(const hpo_plan *plan, const double *value, char *text,
                        size_t room);
/** Ends the changing line, tells what was left out. */
void hpo_display_end(hpo_display *p);
/** Complete + pruned + failed. */
size_t hpo_display_done(const hpo_ledger *ledger);

#endif
