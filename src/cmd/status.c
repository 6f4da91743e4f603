/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune status: how far a study is; what job scripts ask. */
#include "cmd/cmd.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/report.h"
#include "hpo/sched.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_DAMAGED = 4, EXIT_NO_SUCCESS = 5, EXIT_CAN_GO_ON = 75 };

/* How the last session ended: "" while it runs or if it was killed. */
static hpo_status read_end(hpo_study_file *f, char *text, size_t room,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *sessions = NULL;
  uint8_t *good = NULL;
  size_t n = 0;

  text[0] = 0;
  HPO_TRY(status, hpo_store_rows(f->store, HPO_TABLE_SESSIONS, &n, err));
  if (n == 0)
    goto done;
  HPO_TRY(status, hpo_store_read(f->store, HPO_TABLE_SESSIONS, n - 1, 1, NULL,
                                 0, &sessions, &good, err));
  if (good[0])
    hpo_record_text(sessions, "exit_reason", text, room);
done:
  hpo_record_destroy(sessions);
  hpo_mem_free(good);
  return status;
}

static bool is_finished(const char *end) {
  return strcmp(end, hpo_end_name(HPO_END_TRIALS)) == 0 ||
         strcmp(end, hpo_end_name(HPO_END_TARGET)) == 0 ||
         strcmp(end, hpo_end_name(HPO_END_PATIENCE)) == 0 ||
         strcmp(end, hpo_end_name(HPO_END_TIMEOUT)) == 0;
}

/* A study that ended in order has no torn row, unless it was damaged. */
static bool is_damaged(const hpo_study_file *f, const char *end) {
  return !f->is_live && is_finished(end) &&
         hpo_study_file_count(f, "torn") > 0;
}

static void print_status(const hpo_study_file *f, const char *end,
                         bool damaged) {
  static const char *const states[] = {"complete", "pruned",      "failed",
                                       "running",  "interrupted", "cancelled",
                                       "waiting",  "paused",      "torn"};
  char name[128], cell[64];
  hpo_record_text(f->attributes, "name", name, sizeof name);
  printf("study    %s\nstate    %s\ntrials   ", name,
         f->is_live         ? "running"
         : damaged          ? "damaged: rows of finished trials are torn"
         : is_finished(end) ? "finished"
                            : "can go on");
  const char *between = "";
  for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
    size_t n = hpo_study_file_count(f, states[s]);
    if (n)
      printf("%s%zu %s", between, n, states[s]);
    between = n ? ", " : between;
  }
  printf("%s\n", f->n ? "" : "none yet");
  if (!f->is_live && *end)
    printf("ended    %s\n", end);
  ptrdiff_t best = hpo_study_file_best(f);
  if (best < 0)
    return;
  hpo_report_cell(hpo_record_find(f->trials, hpo_study_file_value(f)),
                  (size_t)best, false, cell, sizeof cell);
  hpo_record_text(f->attributes, "metrics", name, sizeof name);
  printf("best     trial %td, %.*s %s\n", best, (int)strcspn(name, " ,"), name,
         cell);
}

static hpo_status show_status(const hpo_args *args, int *exit_code,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  char end[64];

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune status FILE.h5");
  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  HPO_TRY(status, read_end(&f, end, sizeof end, err));
  if (!hpo_args_get(args, "quiet"))
    print_status(&f, end, is_damaged(&f, end));
  *exit_code = is_damaged(&f, end)              ? EXIT_DAMAGED
               : f.is_live || !is_finished(end) ? EXIT_CAN_GO_ON
               : hpo_study_file_best(&f) < 0    ? EXIT_NO_SUCCESS
                                                : 0;
done:
  hpo_study_file_close(&f);
  return status;
}

static const hpo_arg arguments[] = {
    {"quiet", NULL, "the exit code alone, nothing printed"}};

const hpo_command hpo_cmd_status = {
    .name = "status",
    .words = "FILE.h5",
    .summary = "progress; the exit code tells job scripts what to do",
    .help = "Exit codes: 0 finished; 75 can go on (or still running): the "
            "same command\ncontinues it; 5 finished, but no trial succeeded; "
            "4 damaged or no study file.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = show_status};
