/* SPDX-License-Identifier: BSD-3-Clause */
/** \file log.h
 *  Lines for people, on standard error: time, rank, module, text.
 *
 *  Wings return errors and are silent above debug; roles and commands
 *  speak.  Only rank 0 prints unless the level is debug.  The level, the
 *  rank, the sink and the ear are the program's only mutable globals.
 */
#ifndef HPO_LOG_H
#define HPO_LOG_H

#include "hpo/status.h"

typedef enum hpo_log_level {
  HPO_LOG_ERROR,
  HPO_LOG_WARN,
  HPO_LOG_INFO,
  HPO_LOG_DEBUG
} hpo_log_level;

/** Receives finished lines (no newline at the end). */
typedef void (*hpo_log_sink)(void *context, hpo_log_level level,
                             const char *line);

void hpo_log_set_level(hpo_log_level level);
void hpo_log_set_rank(int rank);
/** Sends lines to sink instead of standard error; NULL restores it. */
void hpo_log_set_sink(hpo_log_sink sink, void *context);
/** Rank 0's lines of any level reach the ear as well, as "module: text";
 *  NULL: nobody listens. */
void hpo_log_set_ear(hpo_log_sink ear, void *context);

void hpo_log(hpo_log_level level, const char *module, const char *fmt, ...)
    HPO_PRINTF(3, 4);

#endif
