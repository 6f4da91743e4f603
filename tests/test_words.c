/* SPDX-License-Identifier: BSD-3-Clause */
/* Command lines as words: quotes, escapes, values, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/words.h"

/* {a} has blanks and quotes, {empty} nothing, {none} is absent. */
static bool value_of(void *self, const char *name, const char **value) {
  (void)self;
  *value = strcmp(name, "a") == 0 ? "x 'y\" {a}" : "";
  if (strcmp(name, "none") == 0)
    *value = NULL;
  return strcmp(name, "a") == 0 || strcmp(name, "empty") == 0 ||
         strcmp(name, "none") == 0;
}

/* The words with | after each. */
static void check(const char *text, const char *expected) {
  hpo_words w = {0};
  char all[256] = "";

  assert_int_equal(hpo_words_make(text, value_of, NULL, &w, NULL), HPO_OK);
  for (size_t i = 0; i < w.n; i++) {
    strcat(all, w.word[i]);
    strcat(all, "|");
  }
  assert_string_equal(all, expected);
  assert_null(w.word[w.n]);
  hpo_words_free(&w);
}

static void test_words(void **state) {
  (void)state;
  check("  one\ttwo\nthree ", "one|two|three|");
  check("'a b'c \"d  e\" '' x", "a bc|d  e||x|");
  check("a\\ b \\' '\\' \"\\\" \\\\ \\n\"", "a b|'|\\|\" \\ \\n|");
  check("$HOME * | > ;", "$HOME|*|||>|;|");
}

static void test_values(void **state) {
  (void)state;
  check("p --x={a} '{a}' \"{a}{a}\"",
        "p|--x=x 'y\" {a}|x 'y\" {a}|x 'y\" {a}x 'y\" {a}|");
  check("p {empty} --n={none} {{a}} '{{'", "p||{a}|{|");
}

static void test_refused(void **state) {
  static const char *const bad[] = {"",     "  ", "a 'b",   "a \"b", "{b}",
                                    "a {a", "a}", "a {} b", "{a b}"};
  hpo_words w = {0};
  hpo_error err = {0};

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(hpo_words_make(bad[i], value_of, NULL, &w, &err),
                     HPO_EINVAL);
    assert_null(w.word);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_words),
                                     cmocka_unit_test(test_values),
                                     cmocka_unit_test(test_refused)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
