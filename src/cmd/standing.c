/* SPDX-License-Identifier: BSD-3-Clause */
/* How a study file stands. */
#include "cmd/standing.h"

#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/sched.h"

#include <stdio.h>
#include <string.h>

static bool is_finished(const char *end) {
  const char *regret = hpo_end_name(HPO_END_REGRET); /* its figures follow */

  return strcmp(end, hpo_end_name(HPO_END_TRIALS)) == 0 ||
         strcmp(end, hpo_end_name(HPO_END_TARGET)) == 0 ||
         strcmp(end, hpo_end_name(HPO_END_PATIENCE)) == 0 ||
         strncmp(end, regret, strlen(regret)) == 0 ||
         strcmp(end, hpo_end_name(HPO_END_TIMEOUT)) == 0;
}

hpo_status hpo_standing_read(const hpo_study_file *f, hpo_standing *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_standing s = {.end = "", .trials = -1};
  hpo_record *rows = NULL;
  uint8_t *good = NULL;

  HPO_TRY(status,
          hpo_store_rows(f->store, HPO_TABLE_SESSIONS, &s.sessions, err));
  if (s.sessions > 0)
    HPO_TRY(status,
            hpo_store_read(f->store, HPO_TABLE_SESSIONS, s.sessions - 1, 1,
                           NULL, 0, &rows, &good, err));
  if (rows && good[0]) {
    hpo_record_text(rows, "exit_reason", s.end, sizeof s.end);
    if (hpo_record_find(rows, "trials"))
      s.trials = hpo_record_int(rows, "trials");
  }
  s.finished = is_finished(s.end);
  *out = s;
done:
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

bool hpo_standing_is_damaged(const hpo_standing *s, const hpo_study_file *f) {
  return !f->is_live && s->finished && hpo_study_file_count(f, "torn") > 0;
}

void hpo_standing_print_trials(const hpo_study_file *f) {
  static const char *const states[] = {"complete", "pruned",      "failed",
                                       "running",  "interrupted", "cancelled",
                                       "waiting",  "paused",      "torn"};
  const char *between = "";

  for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
    size_t n = hpo_study_file_count(f, states[s]);
    if (n)
      printf("%s%zu %s", between, n, states[s]);
    between = n ? ", " : between;
  }
  printf("%s\n", f->n ? "" : "none yet");
}
