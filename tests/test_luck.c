/* SPDX-License-Identifier: BSD-3-Clause */
/* luck: how many samples are drawn, a bootstrap that is stopped. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/exam.h"

static void test_samples(void **state) {
  static const struct {
    int64_t asked;
    size_t models, rows;
    int64_t drawn;
  } v[] = {{1000, 8, 100, 1000},      {1000, 20, 10000, 499},
           {1000, 20, 100000, 200},   {1000, 20, 249999, 200},
           {1000, 20, 1000000, 49},   {1000, 20, 100000000, 20},
           {10, 20, 100000000, 10},   {100000, 1, 10, 100000},
           {100000, 20, 1000000, 49}, {0, 20, 100, 0}};

  (void)state;
  for (size_t i = 0; i < sizeof v / sizeof *v; i++)
    assert_int_equal(hpo_exam_luck_samples(v[i].asked, v[i].models, v[i].rows),
                     v[i].drawn);
}

static bool count_down(void *context) { return --*(int *)context == 0; }

static void test_stop(void **state) {
  double y[] = {1, 2, 3, 4}, p[] = {1, 2, 2, 5}, *all[] = {p};
  const hpo_exam e = {.n = 4, .y = y};
  const hpo_dataset facts = {.columns = 0};
  hpo_luck luck;

  (void)state;
  for (int stop_at = 9; stop_at <= 10; stop_at++) {
    int left = stop_at;
    assert_int_equal(hpo_exam_luck(&e, &facts, all, 1, "rmse", false, 1, 10,
                                   (hpo_luck_stop){count_down, &left}, &luck,
                                   NULL),
                     HPO_OK);
    /* not asked after the last one */
    assert_int_equal(luck.is_stopped, stop_at == 9);
  }
  assert_int_equal(hpo_exam_luck(&e, &facts, all, 1, "rmse", false, 1, 10,
                                 (hpo_luck_stop){NULL, NULL}, &luck, NULL),
                   HPO_OK);
  assert_false(luck.is_stopped || isnan(luck.value));
}

int main(void) {
  const struct CMUnitTest test[] = {cmocka_unit_test(test_samples),
                                    cmocka_unit_test(test_stop)};
  return cmocka_run_group_tests(test, NULL, NULL);
}
