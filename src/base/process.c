/* SPDX-License-Identifier: BSD-3-Clause */
/* A short helper program, run for what it prints. */
#include "hpo/process.h"

#include "hpo/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static hpo_status start(const char *const *argv, int out, pid_t *pid,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  posix_spawn_file_actions_t files;
  int failed;

  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  /* posix_spawnp takes the words as they are but not as const */
  failed =
      posix_spawnp(pid, argv[0], &files, NULL, (char *const *)argv, environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed)
    HPO_FAIL(status, err, HPO_EIO, "%s: %s", argv[0], strerror(failed));
done:
  return status;
}

/* Reads up to the end of the output or the deadline; false: too late. */
static bool read_all(int from, double deadline, char *text, size_t room) {
  size_t n = 0;
  char rest[256];

  for (;;) {
    struct pollfd wait = {.fd = from, .events = POLLIN};
    double left = deadline - hpo_clock_seconds();
    ssize_t got;

    text[n] = '\0';
    if (left <= 0)
      return false;
    if (poll(&wait, 1, (int)(left * 1000) + 1) <= 0)
      continue;
    got = n + 1 < room ? read(from, text + n, room - 1 - n)
                       : read(from, rest, sizeof rest);
    if (got <= 0)
      return true;
    if (n + 1 < room)
      n += (size_t)got;
  }
}

hpo_status hpo_process_read(const char *const *argv, double seconds,
                            char *text, size_t room, hpo_error *err) {
  hpo_status status = HPO_OK;
  double deadline = hpo_clock_seconds() + seconds;
  int end[2] = {-1, -1}, code = 0;
  pid_t pid = -1;
  bool in_time;

  if (pipe2(end, O_CLOEXEC) != 0)
    HPO_FAIL(status, err, HPO_EIO, "%s: %s", argv[0], strerror(errno));
  HPO_TRY(status, start(argv, end[1], &pid, err));
  (void)close(end[1]);
  end[1] = -1;
  in_time = read_all(end[0], deadline, text, room);
  if (!in_time)
    (void)kill(pid, SIGKILL);
  while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
    ;
  if (!in_time)
    HPO_FAIL(status, err, HPO_EIO, "%s: no answer in %g seconds", argv[0],
             seconds);
  if (!WIFEXITED(code) || WEXITSTATUS(code) != 0)
    HPO_FAIL(status, err, HPO_EIO, "%s failed (%s %d)", argv[0],
             WIFEXITED(code) ? "exit code" : "signal",
             WIFEXITED(code) ? WEXITSTATUS(code) : WTERMSIG(code));
done:
  for (int i = 0; i < 2; i++)
    if (end[i] >= 0)
      (void)close(end[i]);
  return status;
}
