/* SPDX-License-Identifier: BSD-3-Clause */
/** \file run_log.h
 *  What rank 0 says while a study runs, warnings and errors, on its way into
 *  HPO_TABLE_LOG: heard at any time, written when the study file is at hand.
 *  A session's first 200 lines are kept.
 */
#ifndef CMD_RUN_LOG_H
#define CMD_RUN_LOG_H

#include "hpo/log.h"
#include "hpo/store.h"

enum { HPO_RUN_LOG_MOST = 200 };

typedef struct hpo_run_log_line {
  int64_t time; /* ns UTC */
  hpo_log_level level;
  char text[512];
} hpo_run_log_line;

typedef struct hpo_run_log {
  hpo_run_log_line *line; /* [n] of this session; owned */
  size_t n, room;
  size_t written; /* of them in the file */
} hpo_run_log;

/** Hears hpo_log from now on, until hpo_run_log_end. */
void hpo_run_log_start(hpo_run_log *log);
/** A line that was said otherwise. */
void hpo_run_log_add(hpo_run_log *log, hpo_log_level level, const char *text);
/** Writes and flushes what is new. */
HPO_MUST_USE hpo_status hpo_run_log_write(hpo_run_log *log, hpo_store *store,
                                          hpo_error *err);
void hpo_run_log_end(hpo_run_log *log);

#endif
