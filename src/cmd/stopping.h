/* SPDX-License-Identifier: BSD-3-Clause */
/** \file stopping.h
 *  When a run must end early: signals and the job's time limit.
 *
 *  SIGUSR1 is the soft stop; SIGTERM and SIGINT do the same (mpirun leaves
 *  one second after them).  mpirun forwards signals to every rank; only
 *  rank 0 acts on them.
 */
#ifndef CMD_STOPPING_H
#define CMD_STOPPING_H

#include "cmd/args.h"
#include "hpo/status.h"

typedef struct hpo_stopping {
  double deadline; /* monotonic seconds; INFINITY: none */
  double latest;   /* after it no step is waited for any more */
  bool asked;      /* set by poll; the manager reads it */
  const char *reason;
  char own[192];      /* reason of a stop that nobody asked for */
  char request[4096]; /* file that asks for a stop; "": none is looked for */
  double next_look;   /* monotonic seconds */
} hpo_stopping;

/** Installs the handlers and finds the deadline: --time-limit T counts from
 *  now; else Slurm's SLURM_JOB_END_TIME; else, in a Slurm job, what squeue
 *  says (asked by rank 0 alone).  It is met with a margin of 5 %, at
 *  least 1 s, at most 60 s; after three quarters of it not even a step under
 *  way is waited for.  HPO_EINVAL: T is no duration. */
HPO_MUST_USE hpo_status hpo_stopping_start(const hpo_args *args,
                                           hpo_stopping *out, hpo_error *err);
/** From now on poll looks twice a second for STUDY.h5.stop, which `hpotune
 *  stop` makes; one that is left from before is removed. */
void hpo_stopping_watch(hpo_stopping *s, const char *study_file);
/** squeue's "[D-]H:MM:SS" or "M:SS" as seconds; false: it says something
 *  else (UNLIMITED, INVALID, NOT_SET). */
bool hpo_stopping_parse_left(const char *text, double *out);
/** Looks at signals and clock. */
void hpo_stopping_poll(hpo_stopping *s);

#endif
