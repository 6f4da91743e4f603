/* SPDX-License-Identifier: BSD-3-Clause */
/* The study file under SIGKILL and failing writes, at chosen instants.
 *
 * HDF5 writes by pwrite, which this program defines itself: a child dies (or
 * is refused) at its k-th write, before the write or after half of its pages.
 * Everything that the child acknowledged must then be there, for a reader
 * and after a resume.
 *
 * LIMITS: from the 8177th chunk of a table on, blocks of its index take more
 * than a page (H5EA: 512 addresses), so that half of such a write leaves a
 * wrong checksum.  No file here gets so long.
 *
 * HPO_TEST_KILLS=N  kill points per test (default 40; thousands for a soak)
 * HPO_TEST_KEEP=DIR keeps a copy of each killed file as DIR/n.h5 with
 *                   DIR/n.acked, for check_store.py
 * HPO_TEST_SEED=S   repeats a random case */
#include "storedata.h"

#include "hpo/file.h"
#include "hpo/mem.h"
#include "hpo/rng.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ------------------------------------------------- the writes of a child */

typedef enum how { NEVER, BEFORE, HALF, REFUSE } how;

/* The one place that HDF5's calls can reach: no context comes with them. */
static how fault_how = NEVER;
static long fault_at = 0;
static long n_write = 0;

/** How much of a write is done when a kill stops it: the kernel copies page
 *  by page, and looks for a kill between two of them. */
static size_t half(size_t n, off64_t at) {
  const size_t page = 4096;
  size_t from = (size_t)at;
  size_t cut = (from + n / 2) / page * page;

  if (cut <= from)
    cut = (from / page + 1) * page;
  return cut < from + n ? cut - from : 0;
}

ssize_t pwrite64(int file, const void *from, size_t n, off64_t at);
ssize_t pwrite64(int file, const void *from, size_t n, off64_t at) {
  n_write++;
  if (fault_how == REFUSE && n_write >= fault_at) {
    errno = ENOSPC;
    return -1;
  }
  if (fault_how != NEVER && n_write == fault_at) {
    if (fault_how == HALF)
      (void)!syscall(SYS_pwrite64, file, from, half(n, at), at);
    kill(getpid(), SIGKILL);
  }
  return (ssize_t)syscall(SYS_pwrite64, file, from, n, at);
}

ssize_t pwrite(int file, const void *from, size_t n, off_t at);
ssize_t pwrite(int file, const void *from, size_t n, off_t at) {
  return pwrite64(file, from, n, at);
}

/* --------------------------------------------------------------- helpers */

static size_t kills(void) {
  const char *text = getenv("HPO_TEST_KILLS");

  return text != NULL ? (size_t)strtoul(text, NULL, 10) : 40;
}

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");
  uint64_t s = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);

  printf("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return s;
}

/** What a child is asked to do. */
typedef struct job {
  const char *path;
  bool create; /* else: open for writing and go on */
  size_t chunk;
  int trials; /* to add */
  how fault;
  long at;    /* which write */
  bool close; /* close at the end */
} job;

/** The child's life; returns how it ended: 0 well, 7 a write failed as it
 *  may, 8 otherwise. */
static int child(const job *j, int to) {
  hpo_error err = {0};
  hpo_store *s = NULL;
  size_t n = 0;
  hpo_status status = HPO_OK;

  fault_how = j->fault;
  fault_at = j->at;
  status = j->create ? storedata_create(j->path, true, j->chunk, &s, &err)
                     : hpo_store_open_write(j->path, &s, &err);
  if (status == HPO_OK && !j->create)
    status = hpo_store_rows(s, "/trials", &n, &err);
  if (n > 0)
    n--; /* the last one may be a torn row that was never acknowledged */
  for (int i = 0; i < j->trials && status == HPO_OK; i++) {
    status = storedata_add(s, (int64_t)n + i, &err);
    int64_t done = (int64_t)n + i + 1;
    if (status == HPO_OK && write(to, &done, sizeof done) != sizeof done)
      return 8;
  }
  if (status == HPO_OK && j->close)
    status = hpo_store_close(s, &err);
  else
    hpo_store_destroy(s);
  if (status == HPO_OK)
    return 0;
  if (status == HPO_EIO &&
      strcasestr(err.text, "no space left on device") != NULL)
    return 7;
  fprintf(stderr, "child: %d %s\n", (int)status, err.text);
  return 8;
}

/** Runs a child; *acked: trials that the file must hold. */
static int run(const job *j, size_t *acked) {
  int pipes[2];
  int how_ended = 0;
  int64_t done = 0;

  assert_int_equal(pipe(pipes), 0);
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    close(pipes[0]);
    _exit(child(j, pipes[1]));
  }
  close(pipes[1]);
  while (read(pipes[0], &done, sizeof done) == sizeof done)
    *acked = (size_t)done;
  close(pipes[0]);
  assert_int_equal(waitpid(pid, &how_ended, 0), pid);
  return how_ended;
}

static void keep(const char *path, size_t acked) {
  static int number = 0;
  const char *folder = getenv("HPO_TEST_KEEP");
  hpo_buffer bytes = {0};
  hpo_error err = {0};
  char to[512], text[32];

  if (folder == NULL || !hpo_file_exists(path))
    return;
  assert_int_equal(hpo_file_read_all(path, 0, &bytes, &err), HPO_OK);
  snprintf(to, sizeof to, "%s/%d.h5", folder, number);
  assert_int_equal(hpo_file_write_all(to, bytes.byte, bytes.n, &err), HPO_OK);
  snprintf(to, sizeof to, "%s/%d.acked", folder, number++);
  snprintf(text, sizeof text, "%zu\n", acked);
  assert_int_equal(hpo_file_write_all(to, text, strlen(text), &err), HPO_OK);
  hpo_buffer_free(&bytes);
}

static void demand(hpo_status status, const hpo_error *err, const job *j) {
  if (status != HPO_OK)
    fail_msg("write %ld (%d): %s", j->at, (int)j->fault, err->text);
}

/** A reader sees all acknowledged trials; the file itself is untouched. */
static void check_reader(const job *j, size_t acked) {
  hpo_error err = {0};
  hpo_store *s = NULL;

  demand(hpo_store_open_read(j->path, &s, &err), &err, j);
  demand(storedata_check(s, acked, &err), &err, j);
  assert_false(hpo_store_is_live(s));
  demand(hpo_store_close(s, &err), &err, j);
}

/** The same after a resume that goes on and closes. */
static void check_resume(const job *j, size_t acked) {
  job more = {.path = j->path, .trials = 3, .close = true};
  size_t now = acked;

  assert_int_equal(run(&more, &now), 0);
  assert_true(now >= acked + 2);
  check_reader(j, now);
}

static const char *scratch(char *to, const char *name) {
  snprintf(to, 128, "test_store_kill-%s-%d.h5", name, (int)getpid());
  return to;
}

static void clean(const char *path) {
  char other[160];

  remove(path);
  snprintf(other, sizeof other, "%s.lock", path);
  remove(other);
  snprintf(other, sizeof other, "%s.tmp", path);
  remove(other);
}

/** The k-th of the kill points: each of the first, then ever sparser; each
 *  one where many are asked for. */
static long point(size_t k) {
  if (k < 24 || kills() > 100)
    return (long)k + 1;
  return (long)(k + (k - 23) * (k - 23));
}

/** Trials that a child adds: 10 writes each, so that most points are met. */
static int trials(void) { return kills() > 100 ? (int)(kills() / 10) : 60; }

/* ----------------------------------------------------------------- tests */

/** A new file, killed at its k-th write. */
static void fresh(how fault, const char *name) {
  char path[128];

  scratch(path, name);
  for (size_t k = 0; k < kills(); k++) {
    job j = {path, true, 2, trials(), fault, point(k), true};
    size_t acked = 0;
    clean(path);
    int ended = run(&j, &acked);
    if (ended == 0) /* it had no such write any more */
      assert_int_equal(acked, trials());
    else
      assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
    if (!hpo_file_exists(path)) {
      assert_int_equal(acked, 0); /* killed as the file was made */
      continue;
    }
    keep(path, acked);
    check_reader(&j, acked);
    check_resume(&j, acked);
  }
  clean(path);
}

static void test_kill_before(void **state) {
  (void)state;
  fresh(BEFORE, "before");
}

static void test_kill_half(void **state) {
  (void)state;
  fresh(HALF, "half");
}

/** One file that is killed and resumed over and over, also while it is
 *  opened and closed. */
static void test_kill_resume(void **state) {
  char path[128];
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 7, 0);
  size_t acked = 0;

  (void)state;
  scratch(path, "resume");
  clean(path);
  job first = {path, true, 2, 2, NEVER, 0, true};
  for (size_t round = 0; round < kills(); round++) {
    if (round % 100 == 0) { /* a new file: see LIMITS */
      acked = 0;
      assert_int_equal(run(&first, &acked), 0);
    }
    size_t far = hpo_rng_below(&rng, 2) ? 8 : 200;
    job j = {path,
             false,
             2,
             12,
             hpo_rng_below(&rng, 2) ? BEFORE : HALF,
             1 + (long)hpo_rng_below(&rng, far),
             true};
    run(&j, &acked);
    keep(path, acked);
    check_reader(&j, acked);
  }
  job last = {path, false, 2, 0, NEVER, 0, true};
  check_resume(&last, acked);
  clean(path);
}

/** Killed by the clock, not at a write. */
static void test_kill_any_time(void **state) {
  char path[128];
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 8, 0);

  (void)state;
  scratch(path, "time");
  for (size_t round = 0; round < kills() / 4; round++) {
    job j = {path, true, 16, 1000000, NEVER, 0, true};
    const struct timespec wait = {0, 10000000 +
                                         (long)hpo_rng_below(&rng, 50000000)};
    size_t acked = 0;
    int64_t done = 0;
    int pipes[2];
    clean(path);
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
      _exit(child(&j, pipes[1]));
    close(pipes[1]);
    nanosleep(&wait, NULL);
    kill(pid, SIGKILL);
    while (read(pipes[0], &done, sizeof done) == sizeof done)
      acked = (size_t)done;
    close(pipes[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    if (!hpo_file_exists(path))
      continue;
    keep(path, acked);
    check_reader(&j, acked);
    check_resume(&j, acked);
  }
  clean(path);
}

/** The disk is full from the k-th write on: told as such, nothing that was
 *  acknowledged is lost, and the process ends in order. */
static void test_disk_full(void **state) {
  char path[128];

  (void)state;
  scratch(path, "full");
  for (size_t k = 0; k < kills(); k++) {
    job j = {path, true, 2, trials(), REFUSE, point(k), k % 2 == 0};
    size_t acked = 0;
    size_t n = (size_t)j.trials;
    clean(path);
    int ended = run(&j, &acked);
    assert_true(WIFEXITED(ended));
    if (k % 2 == 0 || acked < n)
      assert_int_equal(WEXITSTATUS(ended), acked < n ? 7 : 0);
    if (!hpo_file_exists(path)) {
      assert_int_equal(acked, 0);
      continue;
    }
    keep(path, acked);
    check_reader(&j, acked);
    check_resume(&j, acked);
  }
  clean(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kill_before), cmocka_unit_test(test_kill_half),
      cmocka_unit_test(test_kill_resume), cmocka_unit_test(test_kill_any_time),
      cmocka_unit_test(test_disk_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
