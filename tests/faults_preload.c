/* SPDX-License-Identifier: BSD-3-Clause */
/* Preloaded into hpotune (LD_PRELOAD): at its k-th write to the study file the
 * process dies or is refused, fdatasync fails, or flock is not there.  Built
 * by tests/faults.py.
 *
 * HPO_FAULT_AT    k, from 1
 * HPO_FAULT_HOW   before: SIGKILL before the write; half: after half of its
 *                 pages; ENOSPC, EIO: refused from then on; once-EIO: refused
 *                 that once; sync: the k-th fdatasync is refused; folder: the
 *                 k-th fsync of a folder is; rename: SIGKILL before the k-th
 *                 rename
 * HPO_FAULT_COUNT a file that gets the numbers of writes and of fdatasyncs at
 *                 the process's end
 * HPO_FAULT_FLOCK set: a file system without flock
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long n_write, n_sync, n_folder, n_rename;

static int is_study(int file) {
  char link[64], path[PATH_MAX];
  ssize_t n;

  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  n = readlink(link, path, sizeof path - 1);
  if (n < 3)
    return 0;
  path[n] = '\0';
  return strstr(path, ".h5") != NULL && strstr(path, ".lock") == NULL;
}

/* The kernel copies page by page, and looks for a kill between two. */
static size_t half(size_t n, off64_t at) {
  const size_t page = 4096, from = (size_t)at;
  size_t cut = (from + n / 2) / page * page;

  if (cut <= from)
    cut = (from / page + 1) * page;
  return cut < from + n ? cut - from : 0;
}

ssize_t pwrite64(int file, const void *from, size_t n, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  const char *text = getenv("HPO_FAULT_AT");
  const char *how = getenv("HPO_FAULT_HOW");
  long k = text ? atol(text) : 0;

  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
  if (!is_study(file))
    return real(file, from, n, at);
  n_write++;
  if (k == 0 || !how || n_write < k)
    return real(file, from, n, at);
  if (n_write == k && (!strcmp(how, "before") || !strcmp(how, "half"))) {
    if (!strcmp(how, "half"))
      (void)!real(file, from, half(n, at), at);
    kill(getpid(), SIGKILL);
  }
  if (!strcmp(how, "ENOSPC") || !strcmp(how, "EIO") ||
      (n_write == k && !strcmp(how, "once-EIO"))) {
    errno = strcmp(how, "ENOSPC") ? EIO : ENOSPC;
    return -1;
  }
  return real(file, from, n, at);
}

ssize_t pwrite(int file, const void *from, size_t n, off_t at) {
  return pwrite64(file, from, n, at);
}

/* Whether this is the one that HPO_FAULT_AT counts. */
static int is_hit(const char *how, long number) {
  const char *text = getenv("HPO_FAULT_AT"), *is = getenv("HPO_FAULT_HOW");

  return text && is && !strcmp(is, how) && number == atol(text);
}

int fdatasync(int file) {
  static int (*real)(int);

  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
  if (!is_study(file))
    return real(file);
  n_sync++;
  if (is_hit("sync", n_sync)) {
    errno = EIO;
    return -1;
  }
  return real(file);
}

int fsync(int file) {
  static int (*real)(int);
  struct stat about;

  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "fsync");
  if (fstat(file, &about) == 0 && S_ISDIR(about.st_mode) &&
      is_hit("folder", ++n_folder)) {
    errno = EIO;
    return -1;
  }
  return real(file);
}

int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);

  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "rename");
  if (is_hit("rename", ++n_rename))
    kill(getpid(), SIGKILL);
  return real(from, to);
}

int flock(int file, int what) {
  static int (*real)(int, int);

  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "flock");
  if (!getenv("HPO_FAULT_FLOCK"))
    return real(file, what);
  errno = ENOLCK;
  return -1;
}

static void __attribute__((destructor)) count(void) {
  const char *path = getenv("HPO_FAULT_COUNT");
  FILE *f = path && n_write ? fopen(path, "w") : NULL;

  if (f) {
    fprintf(f, "%ld %ld\n", n_write, n_sync);
    fclose(f);
  }
}
