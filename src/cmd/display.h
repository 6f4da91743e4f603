/* SPDX-License-Identifier: BSD-3-Clause */
/** \file display.h
 *  What a person sees while a study runs: on a terminal one line that
 *  changes, in a batch log one line per finished trial, but no more than
 *  ten in 30 seconds once trials come fast.
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
  double last;        /* when the last line was printed */
  int burst;          /* lines in this window of 30 s */
  double window;      /* when it began */
} hpo_display;

void hpo_display_start(hpo_display *p, const hpo_plan *plan,
                       size_t done_before, bool quiet);
/** The manager's listener that shows each trial. */
hpo_listener hpo_display_listener(hpo_display *p);
/** Ends the changing line. */
/** The objectives and their values: "rmse 2.1, train_seconds 0.3". */
void hpo_display_values(const hpo_plan *plan, const double *value, char *text,
                        size_t room);
void hpo_display_end(hpo_display *p);
/** Complete + pruned + failed. */
size_t hpo_display_done(const hpo_ledger *ledger);

#endif
