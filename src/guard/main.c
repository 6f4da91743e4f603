/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune-guard: runs one program for hpotune and leaves nothing of it
 * behind.  Started by base/guarded.c, never by hand:
 *
 *   hpotune-guard GRACE_MS FILES FOLDER PROGRAM [WORD...]
 *
 * File 0 is a socket: 'T' asks to end the program, and its end (hpotune has
 * let go of the program, or is dead) asks the same.  Files 1 and 2 are the
 * program's output, and FILES more from 3 on are handed to it.  At the end
 * the socket gets one hpo_guard_note.
 *
 *   running --program ends--> leftovers have a second --> SIGTERM, grace,
 *      |                                                  SIGKILL until no
 *      +-- 'T', socket closed --------------------------> process is left
 *
 * All that the program starts stays below this process (child subreaper),
 * whatever groups and sessions it makes; if this process itself is killed,
 * the kernel kills the program.  It is small, so that the program's peak
 * memory is its own (a child begins with its parent's). */
#include "base/family.h"
#include "base/guard_note.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LEFTOVERS_MS = 1000, AGAIN_MS = 20 };

static double seconds(void) {
  struct timespec t;

  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- the program --------------------------------------------------------- */

/* Only calls that are allowed after vfork. */
static void become(char **argv, pid_t guard, const sigset_t *mask,
                   volatile int *failed) {
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != guard)
    _exit(127);
  (void)setpgid(0, 0);
  (void)dup2(null, 0);
  (void)sigprocmask(SIG_SETMASK, mask, NULL);
  (void)execvp(argv[0], argv);
  *failed = errno;
  _exit(127);
}

static pid_t start(char **argv, const sigset_t *mask, int *error) {
  volatile int failed = 0;
  pid_t guard = getpid(), pid = vfork();

  if (pid == 0)
    become(argv, guard, mask, &failed);
  *error = pid < 0 ? errno : failed;
  return pid;
}

/* Takes what has ended; false: nothing is left. */
static bool reap(pid_t pid, hpo_guard_note *note, double began) {
  for (;;) {
    int code = 0;
    pid_t got = waitpid(-1, &code, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR))
      return true;
    if (got < 0)
      return false;
    if (got != pid)
      continue;
    note->has_ended = 1;
    note->wall = seconds() - began;
    note->code = WIFEXITED(code) ? WEXITSTATUS(code) : -1;
    note->signal = WIFSIGNALED(code) ? WTERMSIG(code) : 0;
  }
}

/* --- waiting ------------------------------------------------------------- */

typedef struct guard {
  pid_t pid;
  int children; /* signalfd */
  double began, grace;
  bool asked;    /* to end it */
  double due;    /* when the next signal is sent; 0: none */
  int next;      /* that signal */
  bool is_ended; /* the program, while others may be left */
} guard;

/* Sends a signal to everything below this process; to the program and its
   group even if /proc can't be read. */
static void signal_all(const guard *g, int number) {
  hpo_relative *all = NULL;
  size_t n = hpo_family_list(getpid(), &all);

  for (size_t i = 0; i < n; i++)
    (void)kill((pid_t)all[i].pid, number);
  free(all);
  if (g->pid > 0 && !g->is_ended) {
    (void)kill(g->pid, number);
    (void)kill(-g->pid, number);
  }
}

static void plan_end(guard *g, double now) {
  g->due = now;
  g->next = SIGTERM;
}

static void send_due(guard *g, double now) {
  if (g->due == 0 || now < g->due)
    return;
  signal_all(g, g->next);
  g->due = now + (g->next == SIGTERM ? g->grace : AGAIN_MS * 1e-3);
  g->next = SIGKILL;
}

static void wait_for(guard *g, double now) {
  struct pollfd on[2] = {{.fd = g->asked ? -1 : 0, .events = POLLIN},
                         {.fd = g->children, .events = POLLIN}};
  double left = g->due - now;
  int timeout = g->due == 0 ? -1 : left <= 0 ? 0 : (int)(left * 1000) + 1;
  struct signalfd_siginfo info;
  char word;

  if (poll(on, 2, timeout) <= 0)
    return;
  if (on[1].revents != 0)
    while (read(g->children, &info, sizeof info) > 0)
      ;
  if (on[0].revents != 0) {
    (void)!read(0, &word, 1);
    g->asked = true;
    plan_end(g, seconds());
  }
}

static void run(guard *g, hpo_guard_note *note) {
  while (reap(g->pid, note, g->began)) {
    double now = seconds();
    if (note->has_ended && !g->is_ended) {
      g->is_ended = true;
      if (g->due == 0) {
        g->due = now + LEFTOVERS_MS * 1e-3;
        g->next = SIGTERM;
      }
    }
    send_due(g, now);
    wait_for(g, now);
  }
}

static void close_from(unsigned first) {
  long most = sysconf(_SC_OPEN_MAX);

  if (close_range(first, ~0U, 0) == 0)
    return;
  for (int fd = (int)first; fd < (most > 0 && most < 65536 ? most : 65536);
       fd++)
    (void)close(fd);
}

/* All signals wait but SIGCHLD, which the signalfd tells; the program gets
   the defaults.  *mask: nothing blocked. */
static int take_signals(sigset_t *mask) {
  sigset_t all, child;

  for (int s = 1; s < 65; s++)
    (void)signal(s, SIG_DFL);
  (void)sigemptyset(mask);
  (void)sigfillset(&all);
  (void)sigprocmask(SIG_SETMASK, &all, NULL);
  (void)sigemptyset(&child);
  (void)sigaddset(&child, SIGCHLD);
  return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(int argc, char **argv) {
  hpo_guard_note note = {.size = sizeof note};
  guard g = {0};
  sigset_t mask;
  struct rusage used;

  if (argc < 5) {
    (void)fprintf(stderr, "hpotune-guard is started by hpotune alone\n");
    return 2;
  }
  close_from(3 + (unsigned)strtoul(argv[2], NULL, 10));
  g.children = take_signals(&mask);
  (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
  g.grace = 1e-3 * strtod(argv[1], NULL);
  g.began = seconds();
  if (chdir(argv[3]) != 0)
    note.error = errno;
  else
    g.pid = start(argv + 4, &mask, &note.error);
  for (int fd = 3; fd < g.children; fd++)
    (void)close(fd); /* the program's alone now */
  run(&g, &note);
  if (getrusage(RUSAGE_CHILDREN, &used) == 0) {
    note.cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    note.peak = (int64_t)used.ru_maxrss * 1024;
  }
  (void)!write(0, &note, sizeof note);
  return 0;
}
