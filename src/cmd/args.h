/* SPDX-License-Identifier: BSD-3-Clause */
/** \file args.h
 *  Command-line arguments by a declared table, which --help prints too.
 *  Long options, "--name value" or "--name=value"; a name of one letter is
 *  given as "-o value"; "--" ends them.
 */
#ifndef CMD_ARGS_H
#define CMD_ARGS_H

#include "hpo/plan.h"
#include "hpo/status.h"

typedef struct hpo_arg {
  const char *name;  /* "trials" */
  const char *value; /* what stands behind it in help: "N"; NULL: a flag */
  const char *help;
} hpo_arg;

typedef struct hpo_args {
  const hpo_arg *table; /* [n]; borrowed */
  size_t n;
  hpo_settings given; /* name, value ("yes" for flags), in order */
  hpo_names word;     /* the other words */
} hpo_args;

/** Parses argv[0..argc-1] (without program and command).
 *  HPO_EINVAL: unknown option (nearest name), value missing or not wanted. */
HPO_MUST_USE hpo_status hpo_args_parse(int argc, char **argv,
                                       const hpo_arg *table, size_t n,
                                       hpo_args *out, hpo_error *err);
void hpo_args_free(hpo_args *a);
/** The last value given, or NULL. */
const char *hpo_args_get(const hpo_args *a, const char *name);
/** Lines "  --name VALUE   help" to standard output. */
void hpo_args_print(const hpo_arg *table, size_t n);

#endif
