/* SPDX-License-Identifier: BSD-3-Clause */
/* How much time Slurm says is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/stopping.h"

static void test_left(void **state) {
  static const struct {
    const char *text;
    double seconds; /* < 0: not told */
  } v[] = {{"0:57\n", 57},
           {"59:00", 3540},
           {"1:02:03\n", 3723},
           {"23:59:59", 86399},
           {"2-00:00:01\n", 172801},
           {"UNLIMITED\n", -1},
           {"INVALID\n", -1},
           {"", -1},
           {"\n", -1},
           {"12\n", -1},
           {"1:2:3:4", -1},
           {"-1:00", -1},
           {"1::2", -1},
           {"1-", -1}};

  (void)state;
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
    double seconds = -1;
    assert_int_equal(hpo_stopping_parse_left(v[i].text, &seconds),
                     v[i].seconds >= 0);
    assert_true(seconds == v[i].seconds);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_left)};
  return cmocka_run_group_tests_name("stopping", tests, NULL, NULL);
}
