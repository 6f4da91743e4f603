/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals and deadlines of a run. */
#include "cmd/stopping.h"
#include "hpo/clock.h"
#include "hpo/comm.h"
#include "hpo/file.h"
#include "hpo/options.h"
#include "hpo/process.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The one thing that a signal handler may touch. */
static volatile sig_atomic_t caught;

static void note(int number) { caught = number; }

/* The job ends in so many seconds. */
static void set_deadline(hpo_stopping *s, double seconds) {
  double margin = fmin(fmax(0.05 * seconds, 1), 60);
  s->deadline = hpo_clock_seconds() + fmax(seconds - margin, 0);
  s->latest = s->deadline + 0.75 * fmin(margin, seconds);
}

/* "1-02:03:04", "2:03:04", "3:04" -> seconds; false: "UNLIMITED" ... */
bool hpo_stopping_parse_left(const char *text, double *out) {
  double days = 0, seconds = 0, part = 0;
  const char *dash = strchr(text, '-');
  size_t n, colons = 0;

  if (dash && !hpo_options_parse_float_n(text, (size_t)(dash - text), &days))
    return false;
  text = dash ? dash + 1 : text;
  for (;; text += n + 1, colons++) {
    n = strcspn(text, ":\n");
    if (!hpo_options_parse_float_n(text, n, &part) || part < 0)
      return false;
    seconds = 60 * seconds + part;
    if (text[n] != ':')
      break;
  }
  if (colons < 1 || colons > 2)
    return false;
  *out = 86400 * days + seconds;
  return true;
}

/* Slurm before 23.02 does not tell a job when it ends: squeue knows how much
 * time is left. */
static bool ask_slurm(double *left) {
  const char *job = getenv("SLURM_JOB_ID");
  const char *const squeue[] = {"squeue", "-h", "-o", "%L", "-j", job, NULL};
  enum { PATIENCE = 10 };
  hpo_error ignored = {0};
  char text[64];

  return job && hpo_mpi_rank_hint() <= 0 &&
         hpo_process_read(squeue, PATIENCE, text, sizeof text, &ignored) ==
             HPO_OK &&
         hpo_stopping_parse_left(text, left);
}

hpo_status hpo_stopping_start(const hpo_args *args, hpo_stopping *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_stopping s = {.deadline = INFINITY, .latest = INFINITY};
  const char *limit = hpo_args_get(args, "time-limit");
  const char *slurm = getenv("SLURM_JOB_END_TIME");
  struct sigaction action;
  double seconds = 0;
  int64_t end = 0;

  if (limit) {
    if (!hpo_options_parse_duration(limit, &seconds) || seconds <= 0)
      HPO_FAIL(status, err, HPO_EINVAL,
               "--time-limit %s is no duration; allowed are 90, 90s, 10m, "
               "2h, 1d, 1:30:00",
               limit);
    set_deadline(&s, seconds);
  } else if (slurm && hpo_options_parse_int(slurm, &end) && end > 0) {
    set_deadline(&s, (double)end - 1e-9 * (double)hpo_clock_wall_ns());
  } else if (ask_slurm(&seconds)) {
    set_deadline(&s, seconds);
  }
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit is then refused */
  *out = s;
done:
  return status;
}

void hpo_stopping_watch(hpo_stopping *s, const char *study_file) {
  char *path = NULL;

  s->request[0] = '\0';
  if (hpo_file_beside(study_file, ".stop", &path, NULL) == HPO_OK &&
      strlen(path) < sizeof s->request) {
    strcpy(s->request, path);
    (void)unlink(path);
  }
  hpo_mem_free(path);
}

/* Whether somebody has asked by file; the file is then taken away. */
static bool is_requested(hpo_stopping *s) {
  double now = hpo_clock_seconds();

  if (!s->request[0] || now < s->next_look)
    return false;
  s->next_look = now + 0.5;
  return hpo_file_exists(s->request) && unlink(s->request) == 0;
}

void hpo_stopping_poll(hpo_stopping *s) {
  if (s->asked)
    return;
  if (caught) {
    s->asked = true;
    s->reason = caught == SIGUSR1   ? "stopped by SIGUSR1"
                : caught == SIGTERM ? "stopped by SIGTERM"
                                    : "stopped by SIGINT";
  } else if (hpo_clock_seconds() > s->deadline) {
    s->asked = true;
    s->reason = "the job's time limit is near";
  } else if (is_requested(s)) {
    s->asked = true;
    s->reason = "stopped by hpotune stop";
  }
}
