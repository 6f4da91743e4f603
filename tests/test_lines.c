/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program prints: reports, and how many numbers wait. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/command/lines.h"

static const char *const metric[] = {"loss", "acc", "f1"};

static void say(hpo_lines *l, const char *name, int value) {
  char text[64];

  (void)snprintf(text, sizeof text, "{\"metrics\": {\"%s\": %d}}\n", name,
                 value);
  assert_int_equal(hpo_lines_add(l, 1, text, strlen(text), NULL), HPO_OK);
}

/* The next report's numbers, [3], NaN for those that it lacks. */
static void take(hpo_lines *l, double *out) {
  hpo_reported r = {0};

  out[0] = out[1] = out[2] = (double)NAN;
  while (!r.ends && hpo_lines_take(l, &r))
    out[r.metric] = r.value;
}

/* Numbers of other metrics pile up neither before a report ... */
static void test_without_reports(void **state) {
  hpo_lines l;
  double got[3];

  (void)state;
  assert_int_equal(hpo_lines_create(&l, metric, 3, NULL), HPO_OK);
  for (int i = 0; i < 20000; i++)
    say(&l, i % 2 > 0 ? "acc" : "f1", i);
  assert_int_equal(l.n, 2);
  say(&l, "loss", 7);
  say(&l, "acc", 5);
  assert_int_equal(l.n_report, 1);
  take(&l, got);
  assert_true(got[0] == 7 && got[1] == 19999 && got[2] == 19998);
  take(&l, got);
  assert_true(isnan(got[0]) && got[1] == 5 && isnan(got[2]));
  hpo_lines_free(&l);
}

/* ... nor behind reports that are taken one by one. */
static void test_with_reports(void **state) {
  hpo_lines l;
  double got[3];

  (void)state;
  assert_int_equal(hpo_lines_create(&l, metric, 3, NULL), HPO_OK);
  say(&l, "acc", 0);
  for (int i = 0; i < 20000; i++) {
    say(&l, "loss", i);
    say(&l, "acc", i + 1);
    take(&l, got);
    assert_true(got[0] == i && got[1] == i && isnan(got[2]));
  }
  assert_true(l.room < 100);
  hpo_lines_free(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_without_reports),
      cmocka_unit_test(test_with_reports),
  };
  return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
