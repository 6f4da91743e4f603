/* SPDX-License-Identifier: BSD-3-Clause */
/* Warnings and errors of rank 0 for the study file. */
#include "cmd/run_log.h"
#include "hpo/clock.h"
#include "hpo/layout.h"
#include "hpo/mem.h"

#include <stdio.h>

void hpo_run_log_add(hpo_run_log *log, hpo_log_level level, const char *text) {
  const bool is_last = log->n + 1 == HPO_RUN_LOG_MOST;
  hpo_run_log_line *line;

  if (log->n == HPO_RUN_LOG_MOST ||
      hpo_mem_grow(&log->line, &log->room, log->n + 1, sizeof *log->line,
                   NULL) != HPO_OK)
    return;
  line = &log->line[log->n++];
  line->time = hpo_clock_wall_ns();
  line->level = is_last ? HPO_LOG_WARN : level;
  snprintf(line->text, sizeof line->text, "%s",
           is_last ? "what this session says from here on is left out" : text);
}

static void hear(void *context, hpo_log_level level, const char *text) {
  if (level <= HPO_LOG_WARN)
    hpo_run_log_add(context, level, text);
}

void hpo_run_log_start(hpo_run_log *log) { hpo_log_set_ear(hear, log); }

static hpo_status append(const hpo_run_log_line *line, hpo_store *store,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_layout_log row = {
      .time = line->time, .level = (int)line->level, .text = line->text};
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_layout_log_row(&row, &r, err));
  HPO_TRY(status, hpo_store_append(store, HPO_TABLE_LOG, r, NULL, err));
done:
  hpo_record_destroy(r);
  return status;
}

hpo_status hpo_run_log_write(hpo_run_log *log, hpo_store *store,
                             hpo_error *err) {
  static const char *const flushed[] = {HPO_TABLE_LOG};
  hpo_status status = HPO_OK;

  if (log->written == log->n)
    return HPO_OK;
  for (; log->written < log->n; log->written++)
    HPO_TRY(status, append(&log->line[log->written], store, err));
  HPO_TRY(status, hpo_store_flush(store, flushed, 1, err));
done:
  return status;
}

void hpo_run_log_end(hpo_run_log *log) {
  hpo_log_set_ear(NULL, NULL);
  hpo_mem_free(log->line);
  *log = (hpo_run_log){0};
}
