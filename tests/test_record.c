/* SPDX-License-Identifier: BSD-3-Clause */
/* Records: adding, reading, writing, cutting of texts, copies. */
#include "hpo/record.h"

#include "hpo/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static hpo_record *new_record(void) {
  hpo_record *r = NULL;
  assert_int_equal(hpo_record_create("test", &r, NULL), HPO_OK);
  return r;
}

static void test_row(void **state) {
  static const char *const choice[] = {"l1", "l2"};
  const int32_t item[] = {1}, none[] = {-1};
  hpo_record *r = new_record();
  char text[16];

  (void)state;
  assert_int_equal(hpo_record_add_int(r, "i", INT64_MIN, "s", "", NULL), 0);
  assert_int_equal(hpo_record_add_float(r, "f", 0.1, "", "", NULL), 0);
  assert_int_equal(hpo_record_add_text(r, "t", "hello", 0, "", NULL), 0);
  assert_int_equal(hpo_record_add_text(r, "u", "abü", 3, "", NULL), 0);
  assert_int_equal(hpo_record_add_enum(r, "e", choice, 2, item, 1, "", NULL),
                   0);
  assert_int_equal(hpo_record_add_enum(r, "n", choice, 2, none, 1, "", NULL),
                   0);
  assert_true(hpo_record_int(r, "i") == INT64_MIN);
  assert_true(hpo_record_number(r, "f") == 0.1);
  assert_string_equal(hpo_record_text(r, "t", text, sizeof text), "hello");
  assert_string_equal(hpo_record_text(r, "u", text, sizeof text), "ab");
  assert_string_equal(hpo_record_text(r, "e", text, sizeof text), "l2");
  assert_string_equal(hpo_record_text(r, "n", text, sizeof text), "");
  assert_string_equal(hpo_record_text(r, "f", text, sizeof text), "0.1");
  assert_string_equal(hpo_record_text(r, "t", text, 3), "he");
  assert_int_equal(hpo_record_int(r, "n"), -1);
  assert_true(isnan(hpo_record_number(r, "t")));
  assert_true(isnan(hpo_record_number(r, "missing")));
  assert_int_equal(hpo_record_int(r, "missing"), -1);
  assert_string_equal(hpo_record_text(r, "missing", text, 9), "");
  hpo_record_destroy(r);
}

static void test_set(void **state) {
  hpo_record *r = new_record();
  hpo_field *f = NULL;
  char text[16];

  (void)state;
  assert_int_equal(
      hpo_record_add(r, "i", HPO_FIELD_INT, 0, NULL, 3, "", "", NULL), 0);
  assert_int_equal(
      hpo_record_add(r, "t", HPO_FIELD_TEXT, 4, NULL, 2, "", "", NULL), 0);
  f = hpo_record_find(r, "i");
  hpo_field_set_number(f, 0, -7.9);
  hpo_field_set_number(f, 1, (double)NAN);
  hpo_field_set_number(f, 2, 1e30);
  assert_int_equal(hpo_field_int(f, 0), -7);
  assert_int_equal(hpo_field_int(f, 1), -1);
  assert_true(hpo_field_int(f, 2) == INT64_MAX);
  f = hpo_record_find(r, "t");
  hpo_field_set_text(f, 0, "longer");
  hpo_field_set_text(f, 1, "x");
  hpo_field_set_text(f, 1, "");
  assert_string_equal(hpo_field_text(f, 0, text, sizeof text), "long");
  assert_string_equal(hpo_field_text(f, 1, text, sizeof text), "");
  hpo_record_destroy(r);
}

static void test_none_name(void **state) {
  static const char *const plain[] = {"a", "b"};
  static const char *const taken[] = {"(none)", "none"};
  hpo_record *r = new_record();

  (void)state;
  assert_int_equal(hpo_record_add_enum(r, "a", plain, 2, NULL, 1, "", NULL),
                   0);
  assert_int_equal(hpo_record_add_enum(r, "b", taken, 2, NULL, 1, "", NULL),
                   0);
  assert_int_equal(
      hpo_record_add_enum(r, "c", taken + 1, 1, NULL, 1, "", NULL), 0);
  assert_string_equal(hpo_field_none_name(hpo_record_find(r, "a")), "none");
  assert_string_equal(hpo_field_none_name(hpo_record_find(r, "b")),
                      "(inactive)");
  assert_string_equal(hpo_field_none_name(hpo_record_find(r, "c")), "(none)");
  hpo_record_destroy(r);
}

static void test_matrix_too_large(void **state) {
  hpo_record *r = new_record();
  hpo_error err = {0};

  (void)state;
  assert_int_equal(hpo_record_add_matrix(r, "m", HPO_FIELD_FLOAT, NULL,
                                         SIZE_MAX / 4, 8, "", "", &err),
                   HPO_EMEM);
  assert_int_equal(r->n_field, 0);
  hpo_record_destroy(r);
}

static void test_samples(void **state) {
  const char *given = getenv("HPO_TEST_SEED");
  uint64_t first = given != NULL ? strtoull(given, NULL, 10) : 1;
  bool types[HPO_FIELD_TEXT + 1] = {false};

  (void)state;
  print_message("seed %llu\n", (unsigned long long)first);
  for (uint64_t seed = first; seed < first + 300; seed++) {
    hpo_record *a = NULL, *b = NULL;
    assert_int_equal(hpo_record_sample(seed, &a, NULL), HPO_OK);
    assert_int_equal(hpo_record_copy(a, &b, NULL), HPO_OK);
    assert_true(hpo_record_equal(a, b));
    for (size_t i = 0; i < a->n_field; i++)
      types[a->field[i].type] = true;
    if (b->n_field > 0 && b->field[0].room > 0) {
      ((uint8_t *)b->field[0].data)[0] ^= 1;
      assert_false(hpo_record_equal(a, b));
    }
    hpo_record_destroy(a);
    hpo_record_destroy(b);
  }
  for (size_t i = 0; i <= HPO_FIELD_TEXT; i++)
    assert_true(types[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_row), cmocka_unit_test(test_set),
      cmocka_unit_test(test_none_name),
      cmocka_unit_test(test_matrix_too_large), cmocka_unit_test(test_samples)};

  return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
