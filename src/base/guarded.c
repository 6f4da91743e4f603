/* SPDX-License-Identifier: BSD-3-Clause */
/* A program under a guard: started, polled, ended.  The other side is
 * src/guard/main.c. */
#include "hpo/process.h"

#include "base/family.h"
#include "base/guard_note.h"
#include "hpo/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUARD "hpotune-guard"
/* Files of a guard: socket, two outputs, those that it hands over. */
enum { ENDS = 3 + HPO_PROCESS_FILES };

struct hpo_process {
  pid_t guard; /* also the session; -1: waited for */
  int socket;
  int out[3]; /* [1], [2] pipes; -1: closed */
  bool is_asked, is_over;
  hpo_process_end end;
};

/* --- start ----------------------------------------------------------------
 */

bool hpo_process_beside(const char *name, char *path, size_t room) {
  char self[4096];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

  self[n > 0 ? n : 0] = '\0';
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(self, '/');
    if (slash == NULL)
      return false;
    *slash = '\0';
    if ((size_t)snprintf(path, room, "%s/%s", self, name) < room &&
        access(path, X_OK) == 0)
      return true;
  }
  return false;
}

static void close_all(int *fd, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (fd[i] >= 0)
      (void)close(fd[i]);
    fd[i] = -1;
  }
}

static int spawn_guard(const char *path, char *const *argv, char *const *env,
                       const int *fd, pid_t *pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  int failed;

  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  for (int i = 0; i < ENDS; i++)
    if (fd[i] >= 0)
      posix_spawn_file_actions_adddup2(&files, fd[i], i);
  failed = posix_spawn(pid, path, &files, &attributes, argv, env);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return failed;
}

/* "hpotune-guard GRACE_MS FILES FOLDER PROGRAM WORD..." */
static hpo_status make_words(const hpo_process_input *in, char *grace,
                             char *files, char ***out, hpo_error *err) {
  static char name[] = GUARD;
  hpo_status status = HPO_OK;
  char **words = NULL;
  size_t n = 0;

  while (in->argv[n] != NULL)
    n++;
  HPO_TRY(status, hpo_mem_new(n + 5, sizeof *words, &words, err));
  words[0] = name;
  words[1] = grace;
  words[2] = files;
  words[3] = (char *)in->folder; /* posix_spawn takes them so, unchanged */
  for (size_t i = 0; i < n; i++)
    words[4 + i] = (char *)in->argv[i];
  *out = words;
done:
  return status;
}

/* mine: socket, output, error output; its: the other ends. */
static hpo_status make_ends(int *mine, int *its, hpo_error *err) {
  hpo_status status = HPO_OK;
  int pair[2] = {-1, -1};

  for (int i = 0; i < 3; i++) {
    int failed = i == 0
                     ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)
                     : pipe2(pair, O_CLOEXEC);
    if (failed != 0)
      HPO_FAIL(status, err, HPO_EIO, "no pipe to a program: %s",
               strerror(errno));
    mine[i] = pair[0];
    its[i] = pair[1];
    (void)fcntl(mine[i], F_SETFL, O_NONBLOCK);
  }
done:
  return status;
}

/* Ours under numbers that no target has, so that none is overwritten before
   it is handed over. */
static hpo_status lift_files(const hpo_process_input *in, int *its,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_ASSERT(in->n_file <= HPO_PROCESS_FILES);
  for (size_t i = 0; i < in->n_file; i++)
    its[3 + i] = fcntl(in->file[i], F_DUPFD_CLOEXEC, ENDS);
  for (int i = 0; i < 3; i++) {
    int own = its[i];
    its[i] = fcntl(own, F_DUPFD_CLOEXEC, ENDS);
    (void)close(own);
  }
  for (size_t i = 0; i < 3 + in->n_file; i++)
    if (its[i] < 0)
      HPO_FAIL(status, err, HPO_EIO, "no file for a program: %s",
               strerror(errno));
done:
  return status;
}

hpo_status hpo_process_start(const hpo_process_input *in, hpo_process **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_process *p = NULL;
  int mine[3] = {-1, -1, -1}, its[ENDS] = {-1, -1, -1, -1, -1}, failed;
  char path[4200], grace[32], files[16];
  char **words = NULL;

  if (!hpo_process_beside(GUARD, path, sizeof path))
    HPO_FAIL(status, err, HPO_EIO,
             GUARD
             " is not beside hpotune: it is built and installed with it");
  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  p->guard = -1;
  HPO_TRY(status, make_ends(mine, its, err));
  HPO_TRY(status, lift_files(in, its, err));
  (void)snprintf(files, sizeof files, "%zu", in->n_file);
  (void)snprintf(grace, sizeof grace, "%.0f", in->grace * 1000);
  HPO_TRY(status, make_words(in, grace, files, &words, err));
  failed = spawn_guard(path, words, in->env, its, &p->guard);
  if (failed)
    HPO_FAIL(status, err, HPO_EIO, "%s: %s", path, strerror(failed));
  p->socket = mine[0];
  p->out[1] = mine[1];
  p->out[2] = mine[2];
  *out = p;
  p = NULL;
  mine[0] = mine[1] = mine[2] = -1;
done:
  close_all(mine, 3);
  close_all(its, ENDS);
  hpo_mem_free(words);
  hpo_mem_free(p);
  return status;
}

/* --- while it runs --------------------------------------------------------
 */

size_t hpo_process_take(hpo_process *p, int which, char *text, size_t room) {
  ssize_t n;

  if (p->out[which] < 0)
    return 0;
  do
    n = read(p->out[which], text, room);
  while (n < 0 && errno == EINTR);
  if (n == 0)
    close_all(&p->out[which], 1);
  return n > 0 ? (size_t)n : 0;
}

void hpo_process_wait(const hpo_process *p, int to, int ms) {
  struct pollfd on[] = {{.fd = p->out[1], .events = POLLIN},
                        {.fd = p->out[2], .events = POLLIN},
                        {.fd = p->is_over ? -1 : p->socket, .events = POLLIN},
                        {.fd = to, .events = POLLOUT}};

  (void)poll(on, sizeof on / sizeof *on, ms);
}

static void wait_for_guard(hpo_process *p) {
  while (waitpid(p->guard, NULL, 0) < 0 && errno == EINTR)
    ;
  p->guard = -1;
}

bool hpo_process_is_over(hpo_process *p, hpo_process_end *end) {
  hpo_guard_note note = {0};
  ssize_t n;

  if (!p->is_over) {
    n = read(p->socket, &note, sizeof note);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return false;
    wait_for_guard(p);
    p->is_over = true;
    p->end = (hpo_process_end){.error = note.error,
                               .code = note.code,
                               .signal = note.signal,
                               .wall = note.wall,
                               .cpu = note.cpu,
                               .peak = note.peak};
    p->end.is_lost = n != (ssize_t)sizeof note || note.size != sizeof note;
  }
  *end = p->end;
  return true;
}

void hpo_process_stop(hpo_process *p) {
  if (p->is_asked || p->is_over)
    return;
  p->is_asked = true;
  (void)send(p->socket, "T", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int64_t hpo_process_memory(const hpo_process *p) {
  hpo_relative *all = NULL;
  size_t n = p->guard > 0 ? hpo_family_list(p->guard, &all) : 0;
  int64_t sum = 0;

  for (size_t i = 0; i < n; i++)
    sum += all[i].pages;
  free(all);
  return sum * sysconf(_SC_PAGESIZE);
}

/* --- end ------------------------------------------------------------------
 */

void hpo_process_destroy(hpo_process *p) {
  if (p == NULL)
    return;
  hpo_process_stop(p);
  close_all(p->out + 1, 2);
  if (p->guard > 0)
    wait_for_guard(p);
  (void)close(p->socket);
  hpo_mem_free(p);
}
