/* SPDX-License-Identifier: BSD-3-Clause */
/** \file cmd.h
 *  The subcommands: a table that main looks up.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "cmd/args.h"
#include "hpo/catalog.h"
#include "hpo/status.h"

typedef struct hpo_command {
  const char *name;
  const char *words;   /* "STUDY.xml" */
  const char *summary; /* one line */
  const char *help;    /* paragraphs below the options; may be "" */
  const hpo_arg *arg;  /* [n_arg], without --help */
  size_t n_arg;
  bool reads_only; /* never starts MPI; one rank prints */
  /** Runs it; *exit_code is the program's if the status is HPO_OK. */
  hpo_status (*run)(const hpo_args *args, int *exit_code, hpo_error *err);
} hpo_command;

extern const hpo_command hpo_cmd_run, hpo_cmd_check, hpo_cmd_describe,
    hpo_cmd_list, hpo_cmd_best, hpo_cmd_show, hpo_cmd_report, hpo_cmd_status,
    hpo_cmd_stop, hpo_cmd_watch, hpo_cmd_generate, hpo_cmd_predict,
    hpo_cmd_export, hpo_cmd_compare, hpo_cmd_importance, hpo_cmd_tag,
    hpo_cmd_repair, hpo_cmd_replay, hpo_cmd_attach, hpo_cmd_compact;

/** All names of models, samplers, pruners and metrics; free the entries
 *  with hpo_mem_free. */
HPO_MUST_USE hpo_status hpo_cmd_catalog(hpo_catalog *out, hpo_error *err);

/** Prints "hpotune: error: ..." for each line of err, by the log. */
void hpo_cmd_complain(const hpo_error *err);
/** Rank 0 writes the exit code to the file that HPOTUNE_EXIT_FILE names:
 *  mpirun --enable-recovery hides it. */
void hpo_cmd_note_exit(int code);

#endif
