/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune status: how far a study is; what job scripts ask. */
#include "cmd/cmd.h"
#include "cmd/standing.h"
#include "hpo/report.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_DAMAGED = 4, EXIT_NO_SUCCESS = 5, EXIT_CAN_GO_ON = 75 };

static void print_status(const hpo_study_file *f, const hpo_standing *last,
                         bool damaged) {
  char name[128], cell[64];
  hpo_outcome o;

  hpo_record_text(f->attributes, "name", name, sizeof name);
  printf("study    %s\nstate    %s\ntrials   ", name,
         f->is_live       ? "running"
         : damaged        ? "damaged: rows of finished trials are torn"
         : last->finished ? "finished"
                          : "can go on");
  hpo_standing_print_trials(f);
  if (!f->is_live && *last->end)
    printf("ended    %s\n", last->end);
  ptrdiff_t best = hpo_study_file_best(f);
  if (best < 0 || f->n_objective > 1)
    return;
  hpo_report_cell(hpo_record_find(f->trials, hpo_study_file_value(f)),
                  (size_t)best, false, cell, sizeof cell);
  hpo_record_text(f->attributes, "metrics", name, sizeof name);
  printf("best     trial %td, %.*s %s%s\n", best, (int)strcspn(name, " ,"),
         name, cell,
         hpo_study_file_outcome(f, (size_t)best, &o) && o.violation > 0
             ? "; it does not keep to the constraints, nor does any other"
             : "");
}

/* With several objectives there is a front in place of a best trial. */
static hpo_status print_front(const hpo_study_file *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_front front = {0};
  char text[256];

  if (f->n_objective < 2)
    return HPO_OK;
  HPO_TRY(status, hpo_study_front_make(f, &front, err));
  hpo_study_front_format(f, &front, text, sizeof text);
  if (front.n > 0)
    printf("front    %s\n", text);
done:
  hpo_study_front_free(&front);
  return status;
}

static hpo_status show_status(const hpo_args *args, int *exit_code,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  hpo_standing last = {.end = ""};

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune status FILE.h5");
  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  HPO_TRY(status, hpo_standing_read(&f, &last, err));
  bool damaged = hpo_standing_is_damaged(&last, &f);
  if (!hpo_args_get(args, "quiet")) {
    print_status(&f, &last, damaged);
    HPO_TRY(status, print_front(&f, err));
  }
  *exit_code = damaged                       ? EXIT_DAMAGED
               : f.is_live || !last.finished ? EXIT_CAN_GO_ON
               : hpo_study_file_best(&f) < 0 ? EXIT_NO_SUCCESS
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
