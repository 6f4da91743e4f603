/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes beyond 32 bits: refused or counted right, without the data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "data/table.h"
#include "hpo/mem.h"
#include "model/gbt/gbt.h"

static void test_rows_of_a_rank(void **state) {
  hpo_error err = {0};
  hpo_table t = {.features = 1, .kept = UINT32_MAX, .rows = UINT32_MAX};

  (void)state;
  assert_int_equal(hpo_table_add(&t, 1, NULL, HPO_ROLE_TRAIN, &err),
                   HPO_EDATA);
  assert_non_null(strstr(err.text, "allowed: up to 4294967295"));
  assert_true(t.rows == UINT32_MAX && t.y == NULL);
  /* Rows of other ranks are counted on. */
  t.is_part = true;
  t.end = UINT32_MAX;
  assert_int_equal(hpo_table_add(&t, 1, NULL, HPO_ROLE_TRAIN, &err), HPO_OK);
  assert_true(t.rows == INT64_C(1) << 32);
}

/* Cells that are counted in 32 bits only if they lie close together. */
static void test_histograms_of_many_features(void **state) {
  hpo_error err = {0};
  const size_t columns = (size_t)1 << 24, bins_of_one = 200;
  hpo_bins b = {.columns = columns, .code_bytes = 1};
  gbt_layout l = {0};

  (void)state;
  assert_int_equal(hpo_mem_new(columns + 1, sizeof *b.offset, &b.offset, &err),
                   HPO_OK);
  for (size_t f = 0; f <= columns; f++)
    b.offset[f] = (uint32_t)(f * bins_of_one);
  assert_int_equal(gbt_layout_create(&b, &l, &err), HPO_OK);
  assert_true(l.cells >= columns * bins_of_one);
  assert_true(l.offset[columns] == l.cells);
  hpo_mem_free(l.offset);
  hpo_mem_free(b.offset);
}

static void test_memory_limit(void **state) {
  struct rlimit before, less;

  (void)state;
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  assert_true(hpo_mem_most() > 0);
  less = before;
  less.rlim_cur = hpo_mem_most() - 4096;
  assert_int_equal(setrlimit(RLIMIT_AS, &less), 0);
  assert_true(hpo_mem_most() == less.rlim_cur);
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_of_a_rank),
      cmocka_unit_test(test_histograms_of_many_features),
      cmocka_unit_test(test_memory_limit)};

  return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
