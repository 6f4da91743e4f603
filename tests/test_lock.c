/* SPDX-License-Identifier: BSD-3-Clause */
/* lock: one holder, named to the others; a killed holder holds nothing; the
 * way without flock. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/lock_private.h"
#include "hpo/clock.h"
#include "hpo/file.h"

typedef struct place {
  char folder[64], path[128];
} place;

static int set_up(void **state) {
  place *p = calloc(1, sizeof *p);
  if (p == NULL)
    return -1;
  strcpy(p->folder, "test_lock_XXXXXX");
  if (mkdtemp(p->folder) == NULL)
    return -1;
  snprintf(p->path, sizeof p->path, "%s/study.h5.lock", p->folder);
  *state = p;
  return 0;
}

static int tear_down(void **state) {
  place *p = *state;
  unlink(p->path);
  int code = rmdir(p->folder);
  free(p);
  return code;
}

static void test_flock(void **state) {
  const place *p = *state;
  hpo_lock *lock = NULL, *second = NULL;
  hpo_error err = {0};
  struct stat st;
  char pid[64];
  setenv("SLURM_JOB_ID", "4711", 1);
  assert_int_equal(hpo_lock_take(p->path, &lock, &err), HPO_OK);
  assert_int_equal(hpo_lock_take(p->path, &second, &err), HPO_ESTUDY);
  assert_null(second);
  snprintf(pid, sizeof pid, ", pid %ld, job 4711, since 2", (long)getpid());
  assert_non_null(strstr(err.text, "is held by host "));
  assert_non_null(strstr(err.text, pid));
  assert_non_null(strstr(err.text, p->path));
  hpo_lock_release(lock);
  assert_int_equal(stat(p->path, &st), 0); /* it stays, empty */
  assert_int_equal(st.st_size, 0);
  unsetenv("SLURM_JOB_ID");
  assert_int_equal(hpo_lock_take(p->path, &lock, &err), HPO_OK);
  hpo_lock_release(lock);
  hpo_lock_release(NULL);
  assert_int_equal(hpo_lock_take("no/such/lock", &lock, &err), HPO_EIO);
}

/* Another process holds; it is killed; the lock is free. */
static void test_killed_holder(void **state) {
  const place *p = *state;
  hpo_lock *lock = NULL;
  hpo_error err = {0};
  int end[2];
  char byte = 0;
  assert_int_equal(pipe(end), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (hpo_lock_take(p->path, &lock, NULL) == HPO_OK &&
        write(end[1], "x", 1) == 1)
      pause();
    _exit(1);
  }
  close(end[1]);
  assert_int_equal(read(end[0], &byte, 1), 1);
  close(end[0]);
  assert_int_equal(hpo_lock_take(p->path, &lock, &err), HPO_ESTUDY);
  char pid[64];
  snprintf(pid, sizeof pid, "pid %ld,", (long)child);
  assert_non_null(strstr(err.text, pid));
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  assert_int_equal(hpo_lock_take(p->path, &lock, &err), HPO_OK);
  hpo_lock_release(lock);
}

static void put(const char *path, const char *text) {
  assert_int_equal(hpo_file_write_all(path, text, strlen(text), NULL), HPO_OK);
}

/* A pid that no process has: that of a child that is gone. */
static long dead_pid(void) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(0);
  waitpid(child, NULL, 0);
  return child;
}

static void test_exclusive(void **state) {
  const place *p = *state;
  hpo_error err = {0};
  char text[400], host[256];
  int fd = -1, other = -1;
  hpo_clock_host(host, sizeof host);
  unlink(p->path);
  assert_int_equal(hpo_lock_take_exclusive(p->path, &fd, &err), HPO_OK);
  assert_int_equal(hpo_lock_take_exclusive(p->path, &other, &err), HPO_ESTUDY);
  assert_non_null(strstr(err.text, host));
  assert_non_null(strstr(err.text, "remove this file"));
  assert_int_equal(other, -1);
  close(fd);
  /* its process is dead on this host: taken over */
  snprintf(text, sizeof text, "host %s, pid %ld, job none, since then\n", host,
           dead_pid());
  put(p->path, text);
  assert_int_equal(hpo_lock_take_exclusive(p->path, &fd, &err), HPO_OK);
  close(fd);
  /* dead or not on another host, or unreadable: refused */
  snprintf(text, sizeof text, "host %s.far, pid %ld, job none\n", host,
           dead_pid());
  put(p->path, text);
  assert_int_equal(hpo_lock_take_exclusive(p->path, &fd, &err), HPO_ESTUDY);
  assert_non_null(strstr(err.text, ".far, pid "));
  put(p->path, "");
  assert_int_equal(hpo_lock_take_exclusive(p->path, &fd, &err), HPO_ESTUDY);
  assert_non_null(strstr(err.text, "held by someone"));
  unlink(p->path);
}

/* As readers ask. */
static void test_is_held(void **state) {
  const place *p = *state;
  hpo_lock *lock = NULL;
  hpo_error err = {0};
  unlink(p->path);
  assert_false(hpo_lock_is_held(p->path));
  assert_int_equal(hpo_lock_take(p->path, &lock, &err), HPO_OK);
  assert_true(hpo_lock_is_held(p->path));
  hpo_lock_release(lock);
  assert_false(hpo_lock_is_held(p->path));
}

static void test_stale(void **state) {
  char text[400], host[256];
  (void)state;
  hpo_clock_host(host, sizeof host);
  snprintf(text, sizeof text, "host %s, pid %ld, job x", host, dead_pid());
  assert_true(hpo_lock_is_stale(text));
  snprintf(text, sizeof text, "host %s, pid %ld, job x", host, (long)getpid());
  assert_false(hpo_lock_is_stale(text));
  snprintf(text, sizeof text, "host %s, pid -1, job x", host);
  assert_false(hpo_lock_is_stale(text));
  assert_false(hpo_lock_is_stale(""));
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_flock),     cmocka_unit_test(test_killed_holder),
      cmocka_unit_test(test_exclusive), cmocka_unit_test(test_is_held),
      cmocka_unit_test(test_stale),
  };
  return cmocka_run_group_tests(test, set_up, tear_down);
}
