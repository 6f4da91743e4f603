/* SPDX-License-Identifier: BSD-3-Clause */
/* clock: times that move, texts of times, memory, host. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/clock.h"

static void test_moving(void **state) {
  double start = hpo_clock_seconds(), cpu = hpo_clock_cpu();
  int64_t wall = hpo_clock_wall_ns();
  (void)state;
  hpo_clock_sleep(0.02);
  hpo_clock_sleep(0);
  hpo_clock_sleep(-1);
  double slept = hpo_clock_seconds() - start;
  assert_true(slept >= 0.02);
  assert_true(hpo_clock_wall_ns() - wall > 10000000);
  volatile double sum = 0;
  for (int i = 0; i < 2000000; i++)
    sum = sum + i;
  assert_true(hpo_clock_cpu() > cpu);
}

static void test_format(void **state) {
  static const struct {
    double seconds;
    const char *text;
  } v[] = {{0, "0.0s"},        {12.34, "12.3s"}, {59.94, "59.9s"},
           {59.96, "1m 00s"},  {185, "3m 05s"},  {3599.4, "59m 59s"},
           {3599.6, "1h 00m"}, {3720, "1h 02m"}, {360000, "100h 00m"},
           {1e300, "?"}};
  char text[32];
  (void)state;
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
    assert_string_equal(hpo_clock_format_seconds(v[i].seconds, text),
                        v[i].text);
  assert_string_equal(hpo_clock_format(0, text), "1970-01-01T00:00:00Z");
  assert_string_equal(hpo_clock_format(-1, text), "1969-12-31T23:59:59Z");
  assert_string_equal(hpo_clock_format(1795248000999999999, text),
                      "2026-11-21T08:00:00Z");
}

static void test_memory(void **state) {
  enum { MORE = 64 << 20 };
  int64_t before = hpo_clock_rss();
  (void)state;
  assert_true(before > 100000);
  char *p = malloc(MORE);
  assert_non_null(p);
  for (size_t i = 0; i < MORE; i += 512)
    ((volatile char *)p)[i] = 1;
  int64_t full = hpo_clock_rss();
  assert_true(full - before > MORE / 2);
  free(p);
  assert_true(hpo_clock_peak_rss() >= before + MORE / 2);
  assert_true(hpo_clock_memory_left() > 0);
}

static void test_bytes(void **state) {
  static const struct {
    double bytes;
    const char *text;
  } v[] = {{0, "0 bytes"},      {999, "999 bytes"}, {1500, "1.5 KB"},
           {20000000, "20 MB"}, {4e9, "4.0 GB"},    {3e18, "3000 PB"}};
  char text[32];
  (void)state;
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
    assert_string_equal(hpo_clock_format_bytes(v[i].bytes, text), v[i].text);
}

static void test_host(void **state) {
  char text[300], small[3];
  (void)state;
  hpo_clock_host(text, sizeof text);
  assert_true(strlen(text) > 0);
  hpo_clock_host(small, sizeof small);
  assert_true(strlen(small) <= 2);
  hpo_clock_cpu_model(text, sizeof text);
  assert_null(strchr(text, '\n'));
  print_message("%s\n", text);
  hpo_clock_cpu_model(small, sizeof small);
  assert_true(strlen(small) <= 2);
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_moving), cmocka_unit_test(test_format),
      cmocka_unit_test(test_memory), cmocka_unit_test(test_bytes),
      cmocka_unit_test(test_host),
  };
  return cmocka_run_group_tests(test, NULL, NULL);
}
