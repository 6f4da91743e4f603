/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer's lock.
 *
 * 1. Normally flock on PATH.  The kernel drops it when the process ends, so
 *    a lock can't be stale.  PATH is emptied on release and never removed:
 *    a process that waits with the removed file open would otherwise lock
 *    a file that nobody else sees.
 * 2. Where the file system has no flock, PATH.held is made with O_EXCL and
 *    removed on release.  If it is still there though its process is dead
 *    on this very host, it is moved away and the lock is taken; of another
 *    host nothing can be known, so the user decides.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "hpo/clock.h"
#include "lock_private.h"

#define HOLDER_ROOM 512

struct hpo_lock {
  int fd;
  char *held; /* PATH.held to remove, NULL with flock */
};

/* "host H, pid P, job J, since T" */
static void describe(char *text, size_t room) {
  static const char *const job_name[] = {"SLURM_JOB_ID", "PBS_JOBID",
                                         "LSB_JOBID", "JOB_ID"};
  const char *job = NULL;
  char host[256], since[32];
  for (size_t i = 0; job == NULL && i < 4; i++)
    job = getenv(job_name[i]);
  hpo_clock_host(host, sizeof host);
  snprintf(text, room, "host %s, pid %ld, job %.100s, since %s", host,
           (long)getpid(), job == NULL ? "none" : job,
           hpo_clock_format(hpo_clock_wall_ns(), since));
}

/* The first line of an open file, "" if there is none. */
static void holder_of(int fd, char *text, size_t room) {
  ssize_t n = pread(fd, text, room - 1, 0);
  text[n > 0 ? n : 0] = '\0';
  text[strcspn(text, "\n")] = '\0';
}

static hpo_status held_by(const char *path, const char *holder,
                          const char *hint, hpo_error *err) {
  return hpo_error_set(err, HPO_ESTUDY,
                       "another process is writing here: %s is held by %s%s",
                       path, holder[0] != '\0' ? holder : "someone", hint);
}

static hpo_status write_holder(int fd, const char *path, hpo_error *err) {
  char text[HOLDER_ROOM];
  describe(text, sizeof text - 1);
  strcat(text, "\n");
  size_t n = strlen(text);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text, n, 0) != (ssize_t)n)
    return hpo_error_set(err, HPO_EIO, "%s: cannot be written: %s", path,
                         strerror(errno));
  return HPO_OK;
}

bool hpo_lock_is_stale(const char *holder) {
  char host[256], here[256];
  long pid = 0;
  hpo_clock_host(here, sizeof here);
  return sscanf(holder, "host %255[^,], pid %ld", host, &pid) == 2 &&
         pid > 0 && strcmp(host, here) == 0 && kill((pid_t)pid, 0) != 0 &&
         errno == ESRCH;
}

/* Moves a stale file away.  Another process may do the same at the same
 * time, so what was moved is looked at again: if it is no longer the stale
 * one, it is put back. */
static void move_away(const char *held, const char *holder) {
  char *aside = NULL, text[HOLDER_ROOM];
  if (hpo_mem_format(&aside, NULL, "%s.stale.%ld", held, (long)getpid()) !=
      HPO_OK)
    return;
  if (rename(held, aside) == 0) {
    int fd = open(aside, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
      holder_of(fd, text, sizeof text);
      int back = strcmp(text, holder) != 0 ? link(aside, held) : 0;
      (void)back; /* fails where a third process was faster: it holds now */
      close(fd);
    }
    unlink(aside);
  }
  hpo_mem_free(aside);
}

hpo_status hpo_lock_take_exclusive(const char *held, int *fd, hpo_error *err) {
  char holder[HOLDER_ROOM] = "";
  for (int attempt = 0; attempt < 2; attempt++) {
    int made = open(held, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made >= 0) {
      hpo_status status = write_holder(made, held, err);
      if (status == HPO_OK)
        *fd = made;
      else {
        unlink(held);
        close(made);
      }
      return status;
    }
    if (errno != EEXIST)
      return hpo_error_set(err, HPO_EIO, "%s: cannot be made: %s", held,
                           strerror(errno));
    int there = open(held, O_RDONLY | O_CLOEXEC);
    if (there >= 0) {
      holder_of(there, holder, sizeof holder);
      close(there);
    }
    if (!hpo_lock_is_stale(holder))
      break;
    move_away(held, holder);
  }
  return held_by(held, holder,
                 "; if that process is dead for certain, remove this file",
                 err);
}

/* flock on path; *supported = false where the file system has none. */
static hpo_status take_flock(const char *path, int fd, bool *supported,
                             hpo_error *err) {
  char holder[HOLDER_ROOM];
  int code;
  *supported = true;
  do
    code = flock(fd, LOCK_EX | LOCK_NB);
  while (code != 0 && errno == EINTR);
  if (code == 0)
    return write_holder(fd, path, err);
  if (errno == EWOULDBLOCK) {
    holder_of(fd, holder, sizeof holder);
    return held_by(path, holder, "", err);
  }
  *supported = errno != ENOLCK && errno != ENOTSUP && errno != EOPNOTSUPP &&
               errno != ENOSYS;
  return *supported ? hpo_error_set(err, HPO_EIO, "%s: cannot be locked: %s",
                                    path, strerror(errno))
                    : HPO_OK;
}

hpo_status hpo_lock_take(const char *path, hpo_lock **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_lock *lock = NULL;
  char *held = NULL;
  bool supported = true;
  HPO_TRY(status, hpo_mem_new(1, sizeof *lock, &lock, err));
  lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock->fd < 0)
    HPO_FAIL(status, err, HPO_EIO, "%s: cannot be made: %s", path,
             strerror(errno));
  HPO_TRY(status, take_flock(path, lock->fd, &supported, err));
  if (!supported) {
    close(lock->fd);
    lock->fd = -1;
    HPO_TRY(status, hpo_mem_format(&held, err, "%s.held", path));
    HPO_TRY(status, hpo_lock_take_exclusive(held, &lock->fd, err));
    lock->held = held;
    held = NULL;
  }
  *out = lock;
  lock = NULL;
done:
  if (lock != NULL && lock->fd >= 0)
    close(lock->fd);
  hpo_mem_free(lock);
  hpo_mem_free(held);
  return status;
}

/* Whether PATH.held names a process that may be alive. */
static bool is_held_exclusively(const char *path) {
  char *held = NULL, holder[HOLDER_ROOM] = "";
  bool found = false;
  if (hpo_mem_format(&held, NULL, "%s.held", path) != HPO_OK)
    return false;
  int fd = open(held, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    holder_of(fd, holder, sizeof holder);
    found = !hpo_lock_is_stale(holder);
    close(fd);
  }
  hpo_mem_free(held);
  return found;
}

bool hpo_lock_is_held(const char *path) {
  bool held = false;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  if (flock(fd, LOCK_SH | LOCK_NB) != 0)
    held = errno == EWOULDBLOCK || is_held_exclusively(path);
  close(fd);
  return held;
}

void hpo_lock_release(hpo_lock *lock) {
  if (lock == NULL)
    return;
  /* Where emptying fails, the name of a past holder stays: no harm. */
  int emptied =
      lock->held != NULL ? unlink(lock->held) : ftruncate(lock->fd, 0);
  (void)emptied;
  close(lock->fd);
  hpo_mem_free(lock->held);
  hpo_mem_free(lock);
}
