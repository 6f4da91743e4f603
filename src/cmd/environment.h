/* SPDX-License-Identifier: BSD-3-Clause */
/** \file environment.h
 *  What this process runs with, as /sessions keeps it.
 */
#ifndef CMD_ENVIRONMENT_H
#define CMD_ENVIRONMENT_H

#include <stddef.h>

/** Texts as long as their columns in /sessions are wide. */
typedef struct hpo_environment {
  char hpotune_version[32], git[64], compiler[128], flags[256];
  char mpi[128], hdf5[32], blas[128], cpu[128];
} hpo_environment;

void hpo_environment_take(hpo_environment *e);

/** The members, for comparing: column of /sessions, place, meaning. */
typedef struct hpo_environment_member {
  const char *column;
  size_t offset;
  const char *says; /* "the CPU" */
} hpo_environment_member;
extern const hpo_environment_member hpo_environment_members[]; /* end: NULL */

#endif
