/* SPDX-License-Identifier: BSD-3-Clause */
/* Helper programs: what they print, how they fail. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/family.h"
#include "hpo/process.h"

static hpo_status sh(const char *command, double seconds, char *text,
                     size_t room, hpo_error *err) {
  const char *const argv[] = {"sh", "-c", command, NULL};
  return hpo_process_read(argv, seconds, text, room, err);
}

static void test_output(void **state) {
  hpo_error err = {0};
  char text[64], small[5];

  (void)state;
  assert_int_equal(sh("echo one; echo two", 60, text, sizeof text, &err),
                   HPO_OK);
  assert_string_equal(text, "one\ntwo\n");
  assert_int_equal(sh("seq 100000", 60, small, sizeof small, &err), HPO_OK);
  assert_string_equal(small, "1\n2\n");
  assert_int_equal(sh("cat; echo no >&2", 60, text, sizeof text, &err),
                   HPO_OK);
  assert_string_equal(text, "");
}

static void test_failures(void **state) {
  const char *const nothing[] = {"there-is-no-such-program", NULL};
  hpo_error err = {0};
  char text[64];

  (void)state;
  assert_int_equal(hpo_process_read(nothing, 60, text, sizeof text, &err),
                   HPO_EIO);
  assert_non_null(strstr(err.text, "there-is-no-such-program"));
  assert_int_equal(sh("exit 7", 60, text, sizeof text, &err), HPO_EIO);
  assert_non_null(strstr(err.text, "exit code 7"));
  assert_int_equal(sh("kill -9 $$", 60, text, sizeof text, &err), HPO_EIO);
  assert_non_null(strstr(err.text, "signal 9"));
  assert_int_equal(sh("echo x; exec sleep 1000", 3, text, sizeof text, &err),
                   HPO_EIO);
  assert_non_null(strstr(err.text, "no answer"));
  assert_string_equal(text, "x\n");
}

/* Two programs under guards: the end of one closes no file of the other, nor
   one of ours; each has the file that was handed to it. */
static void test_several(void **state) {
  const char *const argv[] = {"sh", "-c", "cat <&3", NULL};
  hpo_process *p[2] = {NULL, NULL};
  hpo_process_end end = {0};
  hpo_error err = {0};
  char text[64] = "";
  int pair[2][2], before = dup(0);
  size_t n = 0;

  (void)state;
  for (int i = 0; i < 2; i++) {
    assert_int_equal(pipe(pair[i]), 0);
    hpo_process_input in = {.argv = argv,
                            .env = environ,
                            .folder = "/",
                            .grace = 0.1,
                            .file = &pair[i][0],
                            .n_file = 1};
    assert_int_equal(fcntl(pair[i][1], F_SETFD, FD_CLOEXEC), 0);
    assert_int_equal(hpo_process_start(&in, &p[i], &err), HPO_OK);
  }
  hpo_process_destroy(p[0]);
  assert_true(before < 0 || fcntl(0, F_GETFD) >= 0);
  assert_int_equal(write(pair[1][1], "told", 4), 4);
  assert_int_equal(close(pair[1][1]), 0);
  while (!hpo_process_is_over(p[1], &end))
    hpo_process_wait(p[1], -1, 10);
  n = hpo_process_take(p[1], 1, text, sizeof text - 1);
  text[n] = '\0';
  assert_string_equal(text, "told");
  assert_int_equal(end.error, 0);
  assert_int_equal(end.code, 0);
  hpo_process_destroy(p[1]);
  if (before >= 0)
    (void)close(before);
}

/* More than the list has room for at first; sessions don't matter. */
static void test_family(void **state) {
  enum { MANY = 300 };
  pid_t child[MANY];
  hpo_relative *all = NULL;
  size_t n;

  (void)state;
  for (int i = 0; i < MANY; i++) {
    child[i] = fork();
    assert_true(child[i] >= 0);
    if (child[i] == 0) {
      if (i % 2 > 0)
        (void)setsid();
      (void)pause();
      _exit(0);
    }
  }
  n = hpo_family_list(getpid(), &all);
  assert_int_equal(n, MANY);
  for (size_t i = 0; i < n; i++)
    assert_true(all[i].parent == getpid() && all[i].pages > 0);
  free(all);
  for (int i = 0; i < MANY; i++)
    (void)kill(child[i], SIGKILL);
  for (int i = 0; i < MANY; i++)
    assert_int_equal(waitpid(child[i], NULL, 0), child[i]);
}

/* What a helper starts ends with it, and does not keep its reader. */
static void test_leftovers(void **state) {
  hpo_relative *all = NULL;
  hpo_error err = {0};
  char text[64];

  (void)state;
  assert_int_equal(
      sh("setsid sleep 1000 & echo $!", 60, text, sizeof text, &err), HPO_OK);
  assert_int_equal(kill((pid_t)atoi(text), 0), -1);
  assert_int_equal(hpo_family_list(getpid(), &all), 0);
  free(all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output),    cmocka_unit_test(test_failures),
      cmocka_unit_test(test_several),   cmocka_unit_test(test_family),
      cmocka_unit_test(test_leftovers),
  };
  return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
