/* SPDX-License-Identifier: BSD-3-Clause */
/** \file process.h
 *  Other programs: a short helper, run for what it prints; and one that runs
 *  beside us under a guard, is polled, and leaves nothing behind; and what
 *  the system says of a process.
 */
#ifndef HPO_PROCESS_H
#define HPO_PROCESS_H

#include "hpo/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Runs argv[0] (found on PATH) without input and without error output, and
 *  waits for its end, at most some seconds: then it is killed.  It runs under
 *  a guard: what it has started ends with it, within seconds.
 *  \param [in]  argv ends with NULL
 *  \param [out] text [room] what it printed, cut to fit, ends with NUL
 *  \return HPO_OK: it ended with 0; HPO_EIO: it could not be run, failed, or
 *  was killed (err says which) */
HPO_MUST_USE hpo_status hpo_process_read(const char *const *argv,
                                         double seconds, char *text,
                                         size_t room, hpo_error *err);

/** Path of a program that lies beside this one, or, for the tests, beside its
 *  folder. \return false: there is none */
bool hpo_process_beside(const char *name, char *path, size_t room);

/** A program under a guard (hpotune-guard, which lies beside hpotune): the
 *  guard is a small process between us and it, in a session of its own.  All
 *  that the program starts ends with it, whatever groups and sessions it
 *  makes; if this process dies, in whatever way, the guard ends the program.
 *  Started by posix_spawn, so it is safe under MPI and does not copy this
 *  process's memory. */
typedef struct hpo_process hpo_process;

enum { HPO_PROCESS_FILES = 2 };

typedef struct hpo_process_input {
  const char *const *argv; /* ends with NULL; [0] is found on PATH of env */
  char *const *env;        /* ends with NULL */
  const char *folder;      /* where it runs */
  double grace;            /* seconds from SIGTERM to SIGKILL */
  const int *file;         /* [n_file] of ours, which it gets as 3, 4, ... */
  size_t n_file;           /* at most HPO_PROCESS_FILES */
} hpo_process_input;

/** How it ended. */
typedef struct hpo_process_end {
  int error;    /* errno: it could not be started; 0: it was */
  bool is_lost; /* the guard was killed: nothing else is known */
  int code;     /* exit code; -1: ended by a signal */
  int signal;   /* that signal, or 0 */
  double wall;  /* seconds */
  double cpu;   /* seconds of all that it started and has ended */
  int64_t peak; /* bytes: the most that one of its processes held */
} hpo_process_end;

/** \return HPO_EIO: there is no guard, no pipe, no process.  That the
 *  program itself can't be run is told by is_over. */
HPO_MUST_USE hpo_status hpo_process_start(const hpo_process_input *in,
                                          hpo_process **out, hpo_error *err);
/** What it has written since the last time, without waiting.
 *  \param [in]  which 1 its output, 2 its error output
 *  \return bytes in text [room]; 0: nothing now */
size_t hpo_process_take(hpo_process *p, int which, char *text, size_t room);
/** Whether the program and all that it started are gone; then how it ended.
 *  What it wrote can still be taken. */
bool hpo_process_is_over(hpo_process *p, hpo_process_end *end);
/** Waits until there is output to take, or it is closed, or the program is
 *  over, or some ms are.
 *  \param [in] to  a file of ours; that it can be written ends the wait too;
 *                  -1: none */
void hpo_process_wait(const hpo_process *p, int to, int ms);
/** Asks it to end: SIGTERM to all its processes, SIGKILL after the grace.
 *  Returns at once; again does nothing. */
void hpo_process_stop(hpo_process *p);
/** Resident bytes of all its processes now, whatever groups and sessions they
 *  make. */
int64_t hpo_process_memory(const hpo_process *p);
/** Ends it if it runs, and waits for that: up to the grace. */
void hpo_process_destroy(hpo_process *p);

/** A process of this host: its number, and when it began (clock ticks since
 *  the system did), which tells it from a later one of the same number. */
typedef struct hpo_process_id {
  int64_t pid, began; /* began -1: unknown */
} hpo_process_id;
hpo_process_id hpo_process_self(void);
/** Its program's name, at most 15 bytes; "": there is no such process. */
void hpo_process_name(int64_t pid, char *text, size_t room);
/** Whether that process has not ended. */
bool hpo_process_is_there(const hpo_process_id *p);
/** Whether that process is still there, and stopped (SIGSTOP). */
bool hpo_process_is_stopped(const hpo_process_id *p);

#endif
