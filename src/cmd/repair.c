/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune repair: after a crash, what is in a study file and what was mended.
 *
 * A killed run leaves a file that `run` goes on with by itself.  What is
 * mended here is for the others: the flags, so that programs without SWMR
 * open the file, and the verdict on a finished study with torn rows, so that
 * job scripts go on with it. */
#include "cmd/cmd.h"
#include "cmd/standing.h"
#include "config.h"
#include "hpo/audit.h"
#include "hpo/clock.h"
#include "hpo/layout.h"

#include <stdio.h>

enum { EXIT_DAMAGED = 4 };

/** What there is to do. */
typedef struct repair {
  hpo_study_file file;
  hpo_standing standing;
  hpo_audit audit;
  bool flags; /* a writer that was killed left the file open */
  bool torn;  /* of a study that had ended */
} repair;

static hpo_status look(repair *r, const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_study_file_open(path, &r->file, err));
  HPO_TRY(status, hpo_standing_read(&r->file, &r->standing, err));
  HPO_TRY(status, hpo_audit_make(&r->file, &r->audit, err));
  r->flags = !r->file.is_live && hpo_store_is_open(r->file.store);
  r->torn = hpo_standing_is_damaged(&r->standing, &r->file);
done:
  return status;
}

/* --- What is mended ----------------------------------------------------- */

/* A row of /sessions that takes the word "finished" back. */
static hpo_status append_session(const repair *r, hpo_store *store,
                                 hpo_error *err) {
  static const char *const flushed[] = {HPO_TABLE_SESSIONS};
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  int64_t now = hpo_clock_wall_ns();
  const hpo_layout_session s = {.number = (int64_t)r->standing.sessions,
                                .start = now,
                                .end = now,
                                .exit_reason = "repair: torn rows",
                                .hpotune_version = PACKAGE_VERSION,
                                .slurm_restart_count = -1,
                                .command = "hpotune repair",
                                .xml_offset = -1,
                                .trials = r->standing.trials};

  HPO_TRY(status, hpo_layout_session_row(&s, &row, err));
  HPO_TRY(status, hpo_store_append(store, HPO_TABLE_SESSIONS, row, NULL, err));
  HPO_TRY(status, hpo_store_flush(store, flushed, 1, err));
done:
  hpo_record_destroy(row);
  return status;
}

/* Opening as the one writer and closing in order clears the flags. */
static hpo_status mend(repair *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *store = NULL, *closing = r->file.store;

  r->file.store = NULL; /* a writer must not have it open for reading too */
  HPO_TRY(status, hpo_store_close(closing, err));
  HPO_TRY(status, hpo_store_open_write(r->file.path, &store, err));
  if (r->torn)
    HPO_TRY(status, append_session(r, store, err));
  HPO_TRY(status, hpo_store_sync(store, err));
  closing = store;
  store = NULL;
  HPO_TRY(status, hpo_store_close(closing, err));
done:
  hpo_store_destroy(store);
  return status;
}

/* --- What is said ------------------------------------------------------- */

static void print_contents(const repair *r) {
  const hpo_audit *a = &r->audit;
  const hpo_standing *s = &r->standing;

  printf("sessions  %zu, the last %s%s\ntrials    ", s->sessions,
         r->file.is_live ? "runs"
         : *s->end       ? "ended: "
                         : "was killed",
         r->file.is_live ? "" : s->end);
  hpo_standing_print_trials(&r->file);
  printf("rows      %zu with the right checksum, %zu torn\n",
         r->file.n - a->torn, a->torn);
  printf("curves    %zu points\n", a->curve_rows);
  printf("models    %zu of %llu bytes; %llu bytes of models that were "
         "dropped\n",
         a->models, (unsigned long long)a->model_bytes,
         (unsigned long long)(a->room > a->model_bytes
                                  ? a->room - a->model_bytes
                                  : 0));
}

static void print_mended(const repair *r, bool dry) {
  if (r->flags)
    printf("%s  a killed run left the file open, so that programs without "
           "SWMR refuse it\n",
           dry ? "to mend " : "mended  ");
  if (r->torn)
    printf("%s  the study had ended, but rows are damaged: the same command "
           "runs their trials again (%zu)\n",
           dry ? "to mend " : "mended  ", r->audit.torn);
  for (size_t i = 0; i < r->audit.fault.n; i++)
    printf("damaged   %s\n", r->audit.fault.item[i]);
  if (r->audit.n_fault > r->audit.fault.n)
    printf("damaged   ... and %zu more\n",
           r->audit.n_fault - r->audit.fault.n);
  if (r->audit.n_fault)
    printf("result    damaged: what is named above can't be had again from "
           "this file; the rest is good\n");
  else if (r->audit.torn && !r->torn)
    printf("result    whole; the same command runs the %zu torn trials "
           "again\n",
           r->audit.torn);
  else
    printf("result    whole%s\n", r->standing.finished || r->file.is_live
                                      ? ""
                                      : "; the same command goes on");
}

static hpo_status repair_file(const hpo_args *args, int *exit_code,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  bool dry = hpo_args_get(args, "dry-run") != NULL;
  repair r = {.flags = false};

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune repair FILE.h5");
  HPO_TRY(status, look(&r, args->word.item[0], err));
  if (!dry && (r.flags || r.torn || r.file.is_live))
    HPO_TRY(status, mend(&r, err));
  print_contents(&r);
  print_mended(&r, dry);
  *exit_code = r.audit.n_fault || (dry && r.torn) ? EXIT_DAMAGED : 0;
done:
  hpo_audit_free(&r.audit);
  hpo_study_file_close(&r.file);
  return status;
}

static const hpo_arg arguments[] = {
    {"dry-run", NULL, "say what is there, change nothing"}};

const hpo_command hpo_cmd_repair = {
    .name = "repair",
    .words = "FILE.h5",
    .summary = "after a crash: what is there, what was mended",
    .help = "A killed run needs no repair: the same command goes on. This "
            "command looks at every\nrow, curve, model and attached file, "
            "closes a file that a kill left open (for h5dump\nand others), "
            "and puts trials of a finished study whose rows are damaged back "
            "in the\nqueue.\n"
            "A running study's file is refused; --dry-run looks at it all "
            "the same.\nExit codes: 0 whole, or mended; 4 damaged, locked or "
            "no study file.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = repair_file};
