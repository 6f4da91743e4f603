/* SPDX-License-Identifier: BSD-3-Clause */
/* parse: text to numbers against the C library's correctly rounded strtod,
 * numbers to their shortest text. */

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/options.h"
#include "hpo/rng.h"

static hpo_rng the_rng(void) {
  const char *text = getenv("HPO_TEST_SEED");
  uint64_t s = text != NULL ? strtoull(text, NULL, 10) : 1;
  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return hpo_rng_make(s, HPO_RNG_TEST, 2, 0);
}

/* Reads text as ours and as the C library; the same bits, or both refuse. */
static void check(const char *text) {
  double x = 7, right = strtod(text, NULL);
  bool ok = hpo_options_parse_float(text, &x);
  if (ok != (bool)isfinite(right) ||
      (ok && (x != right || signbit(x) != signbit(right))))
    fail_msg("%s: read as %a, not %a", text, x, right);
}

static void test_float_random(void **state) {
  hpo_rng r = the_rng();
  char text[80];
  (void)state;
  for (int t = 0; t < 300000; t++) {
    uint64_t u = hpo_rng_next64(&r);
    int digits = (int)hpo_rng_below(&r, 25);
    double x = 0;
    memcpy(&x, &u, sizeof x);
    if (t % 3 == 0)
      x = (hpo_rng_next(&r) - 0.5) * 1e6;
    if (t % 3 == 1)
      x = isfinite(x) ? (float)fmod(x, 1e30) : 1;
    snprintf(text, sizeof text, t % 2 == 0 ? "%.*g" : "%.*e", digits, x);
    if (isfinite(x))
      check(text);
    snprintf(text, sizeof text, "%llu.%llue%d",
             (unsigned long long)hpo_rng_next64(&r),
             (unsigned long long)hpo_rng_next64(&r),
             (int)hpo_rng_below(&r, 80) - 60);
    check(text);
    snprintf(text, sizeof text, "%llue%d",
             (unsigned long long)(hpo_rng_next64(&r) >> hpo_rng_below(&r, 60)),
             (int)hpo_rng_below(&r, 50) - 25);
    check(text);
  }
}

/* Points half way between two doubles, exact and a digit more. */
static void test_float_half_way(void **state) {
  hpo_rng r = the_rng();
  char text[900];
  (void)state;
  for (int t = 0; t < 3000; t++) {
    uint64_t u = hpo_rng_next64(&r) & 0x7fffffffffffffffu;
    double x = 0;
    memcpy(&x, &u, sizeof x);
    if (t % 2 == 0)
      x = ldexp(1 + hpo_rng_next(&r), (int)hpo_rng_below(&r, 80) - 20);
    if (!isfinite(x))
      continue;
    long double half = ((long double)x + nextafter(x, INFINITY)) / 2;
    int n = snprintf(text, sizeof text, "%.780Le", half);
    check(text);
    char *e = strchr(text, 'e'), tail[32];
    assert_true(n > 0 && e != NULL);
    snprintf(tail, sizeof tail, "0001%s", e);
    strcpy(e, tail);
    check(text);
  }
}

static void test_float_words(void **state) {
  static const char *const good[] = {
      "0",
      "-0",
      "+1",
      "1.",
      ".5",
      "-.5e-3",
      "00012",
      "1E5",
      "1e+05",
      "0.000000000000000000000000000000000000000000000000001",
      "100000000000000000000000000000",
      "9007199254740993",
      "9007199254740992.5",
      "9007199254740993.0000000000000000000000001",
      "1.7976931348623157e308",
      "1.7976931348623159e308",
      "1e309",
      "-1e400",
      "4.9e-324",
      "2.4703282292062327e-324",
      "2.4703282292062328e-324",
      "1e-400",
      "0e999999",
      "1e22",
      "1e23",
      "8.5e22",
      "123456789012345678e-22",
      "2.2250738585072011e-308",
      "0.1e1",
      "1e99999999999999999999",
      "1e-99999999999999999999",
      "6.02214076e23",
      "8.692932128906250000e-01"};
  static const char *const bad[] = {"",         " ",
                                    "+",        "-",
                                    ".",        "e5",
                                    "1e",       "1e+",
                                    "1e5x",     "inf",
                                    "nan",      "NAN",
                                    "0x10",     " 1",
                                    "1 ",       "1,5",
                                    "1.2.3",    "--1",
                                    "+-1",      "1e5.",
                                    "infinity", "1f",
                                    "1_000",    "INF",
                                    "1e 5",     "\342\210\2221"};
  double x = 7;
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    check(good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(hpo_options_parse_float(bad[i], &x));
  assert_true(x == 7);
  assert_true(hpo_options_parse_float_n("1.25;3", 4, &x) && x == 1.25);
  assert_false(hpo_options_parse_float_n("12", 0, &x));
  /* far zeros and a far exponent that meet again */
  enum { FAR = 200000 };
  char *text = malloc(FAR + 20);
  assert_non_null(text);
  memset(text, '0', FAR);
  text[1] = '.';
  snprintf(text + FAR, 20, "25e%d", FAR - 1);
  assert_true(hpo_options_parse_float(text, &x) && x == 2.5);
  memset(text, '1', FAR);
  snprintf(text + FAR, 20, "e-%d", FAR - 1);
  assert_true(hpo_options_parse_float(text, &x) && x == 10 / 9.0);
  free(text);
}

static void test_float_locale(void **state) {
  double x = 0;
  char text[32];
  (void)state;
  if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
    print_message("no locale with a decimal comma here\n");
  assert_true(hpo_options_parse_float("1.2345678901234567e-200", &x));
  assert_true(x == 1.2345678901234567e-200);
  assert_string_equal(hpo_options_format_float(0.5, text), "0.5");
  setlocale(LC_ALL, "C");
}

static void test_format(void **state) {
  static const struct {
    double x;
    const char *text;
  } v[] = {{0.1, "0.1"},
           {1e-5, "1e-05"},
           {1, "1"},
           {-2.5, "-2.5"},
           {1.0 / 3, "0.3333333333333333"},
           {5e-324, "5e-324"},
           {INFINITY, "inf"},
           {-INFINITY, "-inf"},
           {NAN, "nan"},
           {0.1 + 0.2, "0.30000000000000004"},
           {100000, "100000"},
           {DBL_MAX, "1.7976931348623157e+308"}};
  hpo_rng r = the_rng();
  char text[32];
  (void)state;
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
    assert_string_equal(hpo_options_format_float(v[i].x, text), v[i].text);
  for (int t = 0; t < 20000; t++) {
    uint64_t u = hpo_rng_next64(&r);
    double x = 0, back = 0;
    memcpy(&x, &u, sizeof x);
    if (!isfinite(x))
      continue;
    assert_true(
        hpo_options_parse_float(hpo_options_format_float(x, text), &back));
    assert_true(back == x);
  }
}

static void test_int(void **state) {
  static const char *const bad[] = {"",
                                    "-",
                                    "1.0",
                                    "1e3",
                                    " 1",
                                    "1 ",
                                    "0x1",
                                    "9223372036854775808",
                                    "-9223372036854775809",
                                    "+-1"};
  int64_t x = 7;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(hpo_options_parse_int(bad[i], &x));
  assert_int_equal(x, 7);
  assert_true(hpo_options_parse_int("9223372036854775807", &x));
  assert_true(x == INT64_MAX);
  assert_true(hpo_options_parse_int("-9223372036854775808", &x));
  assert_true(x == INT64_MIN);
  assert_true(hpo_options_parse_int("+007", &x) && x == 7);
  assert_true(hpo_options_parse_int("-0", &x) && x == 0);
}

static void test_duration_and_bytes(void **state) {
  static const struct {
    const char *text;
    double seconds;
  } good[] = {{"90", 90},     {"90s", 90},           {"10m", 600},
              {"2h", 7200},   {"1d", 86400},         {"1:30:00", 5400},
              {"0:00:09", 9}, {"100:00:00", 360000}, {"1.5h", 5400},
              {"0", 0}};
  static const char *const bad[] = {
      "",      "s",  "1:30",       "1:60:00", "1:3:00", "-1",     "1w",
      "1h30m", "::", "1:00:00:00", "inf",     "1e300d", "a:00:00"};
  static const char *const no_size[] = {
      "", "K", "-1", "1.5G", "4KB", "4KK", "8388608T", "99999999999999999999"};
  double x = 7;
  int64_t n = 7;
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_true(hpo_options_parse_duration(good[i].text, &x));
    assert_true(x == good[i].seconds);
  }
  x = 7;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(hpo_options_parse_duration(bad[i], &x));
  assert_true(x == 7);
  for (size_t i = 0; i < sizeof no_size / sizeof no_size[0]; i++)
    assert_false(hpo_options_parse_bytes(no_size[i], &n));
  assert_int_equal(n, 7);
  assert_true(hpo_options_parse_bytes("1000", &n) && n == 1000);
  assert_true(hpo_options_parse_bytes("4k", &n) && n == 4096);
  assert_true(hpo_options_parse_bytes("4M", &n) && n == 4 << 20);
  assert_true(hpo_options_parse_bytes("4G", &n) && n == (int64_t)4 << 30);
  assert_true(hpo_options_parse_bytes("8388607T", &n));
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_float_random),
      cmocka_unit_test(test_float_half_way),
      cmocka_unit_test(test_float_words),
      cmocka_unit_test(test_float_locale),
      cmocka_unit_test(test_format),
      cmocka_unit_test(test_int),
      cmocka_unit_test(test_duration_and_bytes),
  };
  return cmocka_run_group_tests(test, NULL, NULL);
}
