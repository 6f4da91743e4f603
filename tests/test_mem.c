/* SPDX-License-Identifier: BSD-3-Clause */
/* mem: sizes that overflow, growth, buffers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/mem.h"

static void test_new(void **state) {
  int64_t *a = NULL, *b = NULL;
  hpo_error err = {0};
  (void)state;
  assert_int_equal(hpo_mem_new(1000, sizeof *a, &a, &err), HPO_OK);
  assert_int_equal(hpo_mem_new_aligned(1000, sizeof *b, &b, &err), HPO_OK);
  assert_int_equal((uintptr_t)b % 64, 0);
  for (int i = 0; i < 1000; i++)
    assert_true(a[i] == 0 && b[i] == 0);
  hpo_mem_free(a);
  hpo_mem_free(b);
  hpo_mem_free(NULL);
  a = b = NULL;
  assert_int_equal(hpo_mem_new_aligned(5 << 20, 1, &a, &err), HPO_OK);
  assert_int_equal((uintptr_t)a % 64, 0);
  for (size_t i = 0; i < (5 << 20) / sizeof *a; i++)
    assert_true(a[i] == 0);
  hpo_mem_free(a);
  a = NULL;
  assert_int_equal(hpo_mem_new(0, sizeof *a, &a, &err), HPO_OK);
  assert_int_equal(hpo_mem_new_aligned(0, 0, &b, &err), HPO_OK);
  assert_true(a != NULL && b != NULL);
  hpo_mem_free(a);
  hpo_mem_free(b);
}

static void test_too_much(void **state) {
  static const size_t n[] = {SIZE_MAX, SIZE_MAX / 8 + 1, SIZE_MAX / 2};
  char c = 'c', *p = &c;
  size_t capacity = 0;
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    char *none = NULL;
    hpo_error err = {0};
    assert_int_equal(hpo_mem_new(n[i], 8, &p, &err), HPO_EMEM);
    assert_int_equal(err.code, HPO_EMEM);
    assert_non_null(strstr(err.text, "no memory for"));
    assert_int_equal(hpo_mem_new_aligned(n[i], 8, &p, NULL), HPO_EMEM);
    assert_int_equal(hpo_mem_grow(&none, &capacity, n[i], 8, &err), HPO_EMEM);
    assert_true(none == NULL && capacity == 0 && p == &c);
  }
}

static void test_grow(void **state) {
  int *a = NULL, *before = NULL;
  size_t capacity = 0, moves = 0;
  (void)state;
  for (int n = 0; n < 10000; n++) {
    before = a;
    assert_int_equal(
        hpo_mem_grow(&a, &capacity, (size_t)n + 1, sizeof *a, NULL), HPO_OK);
    moves += a != before;
    assert_true(capacity > (size_t)n && a[capacity - 1] == 0 && a[n] == 0);
    a[n] = n;
  }
  for (int n = 0; n < 10000; n++)
    assert_int_equal(a[n], n);
  assert_true(moves < 16); /* it doubles */
  assert_int_equal(hpo_mem_grow(&a, &capacity, 5, sizeof *a, NULL), HPO_OK);
  assert_true(capacity >= 10000);
  hpo_mem_free(a);
  a = NULL;
  capacity = 0;
  assert_int_equal(hpo_mem_grow(&a, &capacity, 0, sizeof *a, NULL), HPO_OK);
  hpo_mem_free(a);
}

static void test_copies(void **state) {
  char *text = NULL, *copy = NULL;
  (void)state;
  assert_int_equal(hpo_mem_format(&text, NULL, "%s %d", "row", 7), HPO_OK);
  assert_string_equal(text, "row 7");
  assert_int_equal(hpo_mem_string(text, &copy, NULL), HPO_OK);
  assert_string_equal(copy, text);
  assert_true(copy != text);
  hpo_mem_free(copy);
  assert_int_equal(hpo_mem_copy(text, 3, &copy, NULL), HPO_OK);
  assert_memory_equal(copy, "row", 3);
  hpo_mem_free(copy);
  assert_int_equal(hpo_mem_copy(NULL, 0, &copy, NULL), HPO_OK);
  hpo_mem_free(copy);
  hpo_mem_free(text);
}

static void test_buffer(void **state) {
  hpo_buffer b = {0};
  hpo_error err = {0};
  (void)state;
  assert_int_equal(hpo_buffer_add(&b, NULL, 0, &err), HPO_OK);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(hpo_buffer_add(&b, "ab", 2, &err), HPO_OK);
    assert_int_equal(hpo_buffer_format(&b, &err, "%03d", i), HPO_OK);
    assert_int_equal(b.n, 5 * (i + 1));
    assert_int_equal(b.byte[b.n], 0);
  }
  assert_memory_equal(b.byte, "ab000ab001", 10);
  assert_memory_equal(b.byte + 4995, "ab999", 5);
  assert_int_equal(hpo_buffer_add(&b, "x", SIZE_MAX, &err), HPO_EMEM);
  assert_int_equal(b.n, 5000);
  hpo_buffer_free(&b);
  assert_true(b.byte == NULL && b.n == 0 && b.capacity == 0);
  hpo_buffer_free(&b);
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_new),    cmocka_unit_test(test_too_much),
      cmocka_unit_test(test_grow),   cmocka_unit_test(test_copies),
      cmocka_unit_test(test_buffer),
  };
  return cmocka_run_group_tests(test, NULL, NULL);
}
