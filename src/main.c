/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune: the program.  Finds the subcommand and runs it. */
#include "cmd/cmd.h"
#include "config.h"
#include "hpo/comm.h"
#include "hpo/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const hpo_command *const commands[] = {
    &hpo_cmd_run,    &hpo_cmd_check,   &hpo_cmd_describe,   &hpo_cmd_status,
    &hpo_cmd_watch,  &hpo_cmd_stop,    &hpo_cmd_list,       &hpo_cmd_best,
    &hpo_cmd_show,   &hpo_cmd_compare, &hpo_cmd_importance, &hpo_cmd_report,
    &hpo_cmd_export, &hpo_cmd_predict, &hpo_cmd_tag,        &hpo_cmd_attach,
    &hpo_cmd_replay, &hpo_cmd_repair,  &hpo_cmd_compact,    &hpo_cmd_generate};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_overview(void) {
  printf("hpotune %s: hyperparameter tuning over MPI, one HDF5 file per "
         "study\n\n"
         "usage: mpirun -np W+1 hpotune STUDY.xml     runs or continues a "
         "study\n"
         "       hpotune COMMAND ...\n\ncommands:\n",
         PACKAGE_VERSION);
  for (size_t i = 0; i < N_COMMANDS; i++)
    printf("  %-10s %-14s %s\n", commands[i]->name, commands[i]->words,
           commands[i]->summary);
  printf("\n\"hpotune help COMMAND\" explains one.  Exit codes: 0 done; 1 "
         "failed at run time;\n2 wrong usage or study file; 3 data that "
         "cannot be read; 4 a study file that is\nlocked, damaged or of "
         "another study; 5 finished, but no trial succeeded;\n75 stopped "
         "early, the same command goes on.\n");
}

static void print_help(const hpo_command *c) {
  printf("usage: hpotune %s [options] %s\n%s\n\noptions:\n", c->name, c->words,
         c->summary);
  hpo_args_print(c->arg, c->n_arg);
  printf("  %-22s %s\n%s%s", "--help", "this text", *c->help ? "\n" : "",
         c->help);
}

static const hpo_command *find(const char *name) {
  for (size_t i = 0; i < N_COMMANDS; i++)
    if (strcmp(commands[i]->name, name) == 0)
      return commands[i];
  return NULL;
}

static bool looks_like_a_file(const char *word) {
  return strchr(word, '.') || strchr(word, '/');
}

static int unknown_command(const char *word) {
  const char *names[N_COMMANDS];
  for (size_t i = 0; i < N_COMMANDS; i++)
    names[i] = commands[i]->name;
  const char *near = hpo_options_nearest(word, names, N_COMMANDS);
  fprintf(stderr,
          "hpotune: error: no command \"%s\"%s%s%s see hpotune --help\n", word,
          near ? "; did you mean \"" : "", near ? near : "",
          near ? "\"?" : ";");
  return 2;
}

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool is_version(const char *word) {
  return strcmp(word, "--version") == 0 || strcmp(word, "-v") == 0;
}

static bool has_help(int argc, char **argv) {
  for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (is_help(argv[i]))
      return true;
  return false;
}

static int run_command(const hpo_command *c, int argc, char **argv) {
  hpo_error err = {0};
  hpo_args args = {0};
  int exit_code = 0;
  hpo_status status =
      hpo_args_parse(argc, argv, c->arg, c->n_arg, &args, &err);

  if (status == HPO_OK)
    status = c->run(&args, &exit_code, &err);
  if (status != HPO_OK) {
    if (hpo_mpi_rank_hint() == 0)
      hpo_cmd_complain(&err);
    exit_code = hpo_status_exit(status);
  }
  if (c == &hpo_cmd_run)
    hpo_cmd_note_exit(exit_code);
  hpo_args_free(&args);
  if (exit_code == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
    fprintf(stderr, "hpotune: error: standard output: %s\n", strerror(errno));
    exit_code = 1;
  }
  return exit_code;
}

int main(int argc, char **argv) {
  bool speaks = hpo_mpi_rank_hint() == 0;

  bool asks = argc > 1 && strcmp(argv[1], "help") == 0;

  if (asks && argc > 2) { /* help COMMAND is COMMAND --help */
    argv[1] = argv[2];
    argv[2] = "--help";
  } else if (argc < 2 || asks || is_help(argv[1])) {
    if (speaks)
      print_overview();
    return argc < 2 ? 2 : 0;
  }
  if (is_version(argv[1])) {
    if (speaks)
      printf("hpotune %s\n", PACKAGE_VERSION);
    return 0;
  }
  const hpo_command *c = find(argv[1]);
  int skip = 2;
  if (!c && (argv[1][0] == '-' || looks_like_a_file(argv[1]))) {
    c = &hpo_cmd_run;
    skip = 1;
  }
  if (!c)
    return speaks ? unknown_command(argv[1]) : 2;
  if (has_help(argc - skip, argv + skip)) {
    if (speaks)
      print_help(c);
    return 0;
  }
  if (c->reads_only && !speaks)
    return 0;
  return run_command(c, argc - skip, argv + skip);
}
