/* SPDX-License-Identifier: BSD-3-Clause */
/* Helper programs: what they print, how they fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output),
      cmocka_unit_test(test_failures),
  };
  return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
