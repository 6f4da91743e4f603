/* SPDX-License-Identifier: BSD-3-Clause */
/* read_csv and its parts: numbers against the C library, fields, conditions,
 * formats, and random text that must never do more than be refused. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/columns.h"
#include "data/csv.h"
#include "data/intern.h"
#include "data/missing.h"
#include "data/number.h"
#include "data/source.h"
#include "data/utf8.h"
#include "hpo/rng.h"
#include "testplan.h"

static char path[] = "/tmp/hpotune-test-XXXXXX.csv";

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");
  const uint64_t s = text != NULL ? strtoull(text, NULL, 10) : 1;

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return s;
}

static void random_number(hpo_rng *r, char *to, size_t room) {
  const uint64_t digits = hpo_rng_next64(r) >> hpo_rng_below(r, 64);
  const uint64_t bits = hpo_rng_next64(r);
  const int power = (int)hpo_rng_below(r, 80) - 40;
  double x;

  memcpy(&x, &bits, sizeof x);
  if (!isfinite(x))
    x = 0;
  switch (hpo_rng_below(r, 6)) {
  case 0:
    (void)snprintf(to, room, "%llue%d", (unsigned long long)digits, power);
    break;
  case 1:
    (void)snprintf(to, room, "%.17g", x);
    break;
  case 2:
    (void)snprintf(to, room, "%.18e", (double)(float)hpo_rng_next(r));
    break;
  case 3:
    (void)snprintf(to, room, "-%llu.%019llu",
                   (unsigned long long)digits % 100000,
                   (unsigned long long)(bits % 10000000000000000000u));
    break;
  case 4: { /* the quotient by a power of five is a whole number */
    const int k = (int)hpo_rng_below(r, 28);
    uint64_t five = 1;

    for (int i = 0; i < k; i++)
      five *= 5;
    (void)snprintf(
        to, room, "%llue-%d",
        (unsigned long long)(five * (1 + bits % (UINT64_MAX / five / 2))), k);
    break;
  }
  default:
    (void)snprintf(to, room, ".000%lluE%+d", (unsigned long long)digits,
                   power);
    break;
  }
}

static void test_numbers(void **state) {
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, 3, 0);
  char text[64 + HPO_NUMBER_SLACK] = "";
  (void)state;

  for (int i = 0; i < 300000; i++) {
    double x = 7, y;

    random_number(&r, text, sizeof text - HPO_NUMBER_SLACK);
    y = strtod(text, NULL) + 0.0;
    assert_ptr_equal(hpo_number_scan(text, &x), text + strlen(text));
    if (memcmp(&x, &y, sizeof x) != 0)
      fail_msg("%s is %.17g, not %.17g", text, y, x);
    x = 7;
    assert_ptr_equal(hpo_number_scan_long(text, &x), text + strlen(text));
    assert_memory_equal(&x, &y, sizeof x);
  }
}

static void test_what_is_a_number(void **state) {
  static const char *const good[] = {"0",     "-0",     "+5",    ".5",
                                     "5.",    "1e5",    "1.E-3", "007",
                                     "1e400", "1e-999", "1e+0",  "0e99"};
  static const char *const bad[] = {
      "",    ".",   "-",    "+.",  "e5", "1e", "1e+", "0x10", "inf",  "nan",
      "1_0", "1,5", "1.5.", "--1", "1 ", " 1", "1d5", "1f",   "five", "1e5e"};
  double x = 7;
  (void)state;

  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(hpo_number_whole(good[i], strlen(good[i]), &x));
  assert_true(hpo_number_whole("-0.0", 4, &x) && x == 0 && !signbit(x));
  assert_true(hpo_number_whole("-1e-400", 7, &x) && !signbit(x));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(hpo_number_whole(bad[i], strlen(bad[i]), &x));
}

static void test_missing(void **state) {
  static const char *const usual[] = {"",    "NA",   "N/A",  "NaN",
                                      "nan", "null", "NULL", "None",
                                      "n/a", "<NA>", "#N/A"};
  static const char *const not [] = {"na", "?", "-", "none", "0", "NAN", "N"};
  hpo_names own = {0};
  hpo_missing m = {0};
  (void)state;

  assert_int_equal(hpo_names_add(&own, "-999", NULL), HPO_OK);
  assert_int_equal(hpo_names_add(&own, "?!", NULL), HPO_OK);
  assert_int_equal(hpo_missing_create(&own, &m, NULL), HPO_OK);
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
    assert_true(hpo_missing_text(&m, usual[i], strlen(usual[i])));
  for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
    assert_false(hpo_missing_text(&m, not [i], strlen(not [i])));
  assert_true(hpo_missing_text(&m, "?!", 2));
  assert_true(hpo_missing_text(&m, "-999", 4));
  assert_true(hpo_missing_number(&m, -999.0));
  assert_false(hpo_missing_number(&m, 999.0));
  hpo_missing_free(&m);
  hpo_names_free(&own);
}

static void test_positive(void **state) {
  static const struct {
    const char *text, *source;
    char op;
    const char *name;
    double number;
  } c[] = {
      {"", "", '=', "", NAN},
      {"yes", "", '=', "yes", NAN},
      {"=yes", "", '=', "yes", NAN},
      {"answer = yes", "answer", '=', "yes", NAN},
      {">=7", "", 'G', "7", 7},
      {"quality>=7", "quality", 'G', "7", 7},
      {" my quality <= -1.5", "my quality", 'L', "-1.5", -1.5},
      {"<3", "", '<', "3", 3},
      {"x > 1e2", "x", '>', "1e2", 100},
      {"x==3", "x", '=', "3", 3},
      {">50K", "", '=', ">50K", NAN},
      {"<=50K", "", '=', "<=50K", NAN},
      {"3", "", '=', "3", 3},
  };
  (void)state;

  for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
    hpo_positive p = {0};

    assert_int_equal(hpo_positive_create(c[i].text, &p, NULL), HPO_OK);
    assert_string_equal(p.source, c[i].source);
    assert_int_equal(p.op, c[i].op);
    assert_string_equal(p.name, c[i].name);
    assert_true(isnan(c[i].number) ? isnan(p.number)
                                   : p.number == c[i].number);
    hpo_positive_free(&p);
  }
}

static void test_format(void **state) {
  static const struct {
    const char *format, *path;
    int is_tsv; /* -1: refused */
  } c[] = {{"", "a.csv", 0},        {"", "a.tsv", 1},
           {"", "d.x/a.CSV.GZ", 0}, {"", "a.b.tab.gz", 1},
           {"", "a.txt", 0},        {"csv", "a", 0},
           {"tsv", "a.csv", 1},     {"", "a", -1},
           {"", "d.csv/a", -1},     {"", "a.npy", 0},
           {"", "a.npz", -1},       {"npz", "a.csv", -1},
           {"", ".gz", -1},         {"", "a.h5", 0},
           {"hdf5", "a.csv", 0},    {"", "t-idx3-ubyte.gz", 0},
           {"", "a.idx1-ubyte", 0}, {"", "ubyte", -1}};
  (void)state;

  for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
    const hpo_format *f = NULL;
    hpo_status s = hpo_format_find(c[i].format, c[i].path, &f, NULL);

    assert_int_equal(s, c[i].is_tsv < 0 ? HPO_EINVAL : HPO_OK);
    if (s == HPO_OK)
      assert_int_equal(f->is_tsv, c[i].is_tsv);
  }
}

static void test_utf8(void **state) {
  static const char *const good[] = {"", "a", "é", "日本", "😀", "\x7F"};
  static const char *const bad[] = {
      "\xE9",     "\xC0\x80", "\xED\xA0\x80",    "\xF5\x80\x80\x80",
      "\xE6\x97", "\x80",     "\xF0\x80\x80\x80"};
  char shown[HPO_UTF8_SHOWN], longer[101];
  (void)state;

  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(hpo_utf8_check(good[i], strlen(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(hpo_utf8_check(bad[i], strlen(bad[i])));
  assert_string_equal(hpo_utf8_show("a\nb\xE9", 4, shown), "a b?");
  for (size_t i = 0; i < 50; i++)
    memcpy(longer + 2 * i, "é", 2);
  longer[0] = 'x';
  longer[1] = 'y';
  hpo_utf8_show(longer, 100, shown);
  assert_true(hpo_utf8_check(shown, strlen(shown)));
  assert_string_equal(shown + strlen(shown) - 3, "...");
}

static void test_intern(void **state) {
  hpo_intern t = {0};
  char text[16];
  (void)state;

  for (uint32_t round = 0; round < 2; round++)
    for (uint32_t i = 0; i < 5000; i++) {
      uint32_t number = 9;
      const int n = snprintf(text, sizeof text, "%u", i * 7919 % 5000);

      assert_int_equal(hpo_intern_add(&t, text, (size_t)n, &number, NULL),
                       HPO_OK);
      assert_int_equal(number, i);
    }
  assert_int_equal(t.n, 5000);
  assert_string_equal(hpo_intern_get(&t, 1), "2919");
  hpo_intern_free(&t);
}

/* A few records, mostly of three fields, mostly well-formed. */
static size_t random_text(hpo_rng *r, char *to, size_t room) {
  static const char *const field[] = {
      "1",        "0",       "1",   "0",   "-2.5e3", "",
      "NA",       "a",       "b b", " 1 ", "\"0\"",  "\"q \"\"q\"\"\"",
      "\"1\n1\"", "\"a,b\"", "é",   "?"};
  static const char *const odd[] = {"\"", "\xE9", "inf", "1e999", ",",
                                    "\n", "\r",   ";",   "\t",    "\"x\"y"};
  static const char *const end[] = {"\n", "\r\n", "\r", "\n\n", " \n"};
  const size_t fields = 3 * (size_t)hpo_rng_below(r, 9);
  size_t n = 0;

  for (size_t i = 0; i < fields; i++) {
    const char *f = field[hpo_rng_below(r, i % 3 == 2 ? 4 : 16)];

    if (hpo_rng_below(r, 60) == 0)
      f = odd[hpo_rng_below(r, sizeof odd / sizeof *odd)];
    n += (size_t)snprintf(to + n, room - n, "%s%s", f,
                          i % 3 < 2 ? "," : end[hpo_rng_below(r, 5)]);
  }
  if (n > 0 && hpo_rng_below(r, 50) == 0)
    to[hpo_rng_below(r, n)] = '\0';
  return n - (n > 0 && hpo_rng_below(r, 4) == 0);
}

static void write_text(const char *text, size_t n) {
  FILE *f = fopen(path, "wb");

  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

static void test_random_text(void **state) {
  static const char *const task[] = {"regression", "binary", "multiclass"};
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, 4, 0);
  hpo_shared node = hpo_shared_serial();
  int loaded = 0;
  (void)state;

  for (int i = 0; i < 1500; i++) {
    hpo_plan *p = testplan_make();
    hpo_dataset *d = NULL;
    hpo_error e = {0};
    char text[600] = "x,a,y\n0,b,1\n";
    size_t n = i % 2 ? strlen(text) : 0;

    n += random_text(&r, text + n, sizeof text - n);
    write_text(text, n);
    assert_true(testplan_set(p, "train", path));
    assert_true(testplan_set(p, "label", i % 2 ? "y" : "2"));
    assert_true(testplan_set(p, "task", task[i % 5 % 3]));
    if (i % 7 == 0)
      assert_true(testplan_set(p, "fraction", "0.3"));
    if (hpo_dataset_load(p, &node, &d, &e) == HPO_OK) {
      loaded++;
      for (hpo_row k = 0; k < d->rows * (hpo_row)d->columns; k++)
        assert_true(!isinf(d->x[k]));
    } else {
      assert_int_equal(e.code, HPO_EDATA);
      assert_true(hpo_utf8_check(e.text, strlen(e.text)));
      assert_true(strlen(e.text) > 20);
    }
    hpo_dataset_destroy(d);
    hpo_plan_destroy(p);
  }
  print_message("%d of 1500 loaded\n", loaded);
  assert_true(loaded > 200 && loaded < 1400);
}

static int make_path(void **state) {
  const int f = mkstemps(path, 4);

  (void)state;
  return f < 0 || close(f);
}

static int remove_path(void **state) {
  (void)state;
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers), cmocka_unit_test(test_what_is_a_number),
      cmocka_unit_test(test_missing), cmocka_unit_test(test_positive),
      cmocka_unit_test(test_format),  cmocka_unit_test(test_utf8),
      cmocka_unit_test(test_intern),  cmocka_unit_test(test_random_text),
  };

  return cmocka_run_group_tests(tests, make_path, remove_path);
}
