/* SPDX-License-Identifier: BSD-3-Clause */
/* options: defaults, setting, every kind of refusal with its sentence. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/options.h"

static const hpo_option table[] = {
    {"max_depth", HPO_OPTION_INT, "6", 1, 64, false, NULL, "Depth.", NULL},
    {"learning_rate", HPO_OPTION_FLOAT, "0.30", 0, 1, true, NULL, "Step.",
     NULL},
    {"gamma", HPO_OPTION_FLOAT, "0", 0, INFINITY, false, NULL, "Gain.", NULL},
    {"base_score", HPO_OPTION_FLOAT, NULL, -INFINITY, INFINITY, false, NULL,
     "None: fitted.", NULL},
    {"grow_policy", HPO_OPTION_CHOICE, "depthwise", 0, 0, false,
     "depthwise lossguide", "Order.", "lossguide leafwise"},
    {"stratify", HPO_OPTION_BOOL, "true", 0, 0, false, NULL, "Keep.", NULL},
    {"time", HPO_OPTION_DURATION, NULL, 0, 0, false, NULL, "Limit.", NULL},
    {"memory", HPO_OPTION_BYTES, "4K", 0, 0, false, NULL, "Limit.", NULL},
    {"note", HPO_OPTION_TEXT, NULL, 0, 0, false, NULL, "Words.", NULL},
    {"max_leaves", HPO_OPTION_INT, "0", 0, INFINITY, false, NULL, "Leaves.",
     "*"},
};
#define N (sizeof table / sizeof table[0])

static hpo_options *make(void) {
  hpo_options *o = NULL;
  hpo_error err = {0};
  assert_int_equal(hpo_options_create(table, N, &o, &err), HPO_OK);
  return o;
}

static void test_defaults(void **state) {
  hpo_options *o = make();
  (void)state;
  assert_int_equal(hpo_options_get_int(o, "max_depth"), 6);
  assert_true(hpo_options_get_float(o, "learning_rate") == 0.3);
  assert_string_equal(hpo_options_text_at(o, 1), "0.3");
  assert_true(isnan(hpo_options_get_float(o, "base_score")));
  assert_int_equal(hpo_options_get_int(o, "base_score"), INT64_MIN);
  assert_null(hpo_options_get_text(o, "base_score"));
  assert_string_equal(hpo_options_text_at(o, 3), "");
  assert_string_equal(hpo_options_get_text(o, "grow_policy"), "depthwise");
  assert_true(hpo_options_get_bool(o, "stratify"));
  assert_string_equal(hpo_options_text_at(o, 5), "yes");
  assert_int_equal(hpo_options_get_int(o, "memory"), 4096);
  assert_false(hpo_options_is_set(o, "max_depth"));
  hpo_options_destroy(o);
  hpo_options_destroy(NULL);
}

static void set(hpo_options *o, const char *name, const char *value) {
  hpo_error err = {0};
  if (hpo_options_set(o, name, value, &err) != HPO_OK)
    fail_msg("%s", err.text);
}

static void test_set_and_copy(void **state) {
  hpo_options *o = make(), *copy = NULL;
  hpo_error err = {0};
  (void)state;
  set(o, "max_depth", "64");
  set(o, "learning_rate", "1e-1");
  set(o, "base_score", "-0");
  set(o, "stratify", "0");
  set(o, "time", "1:30:00");
  set(o, "memory", "2G");
  set(o, "note", "two words");
  set(o, "note", "three such words");
  set(o, "max_leaves", "0"); /* its default: asks for nothing new */
  assert_int_equal(hpo_options_copy(o, &copy, &err), HPO_OK);
  hpo_options_destroy(o);
  assert_int_equal(hpo_options_get_int(copy, "max_depth"), 64);
  assert_true(hpo_options_is_set(copy, "max_depth"));
  assert_false(hpo_options_is_set(copy, "gamma"));
  assert_string_equal(hpo_options_text_at(copy, 1), "0.1");
  assert_string_equal(hpo_options_text_at(copy, 3), "0");
  assert_false(hpo_options_get_bool(copy, "stratify"));
  assert_true(hpo_options_get_float(copy, "time") == 5400);
  assert_int_equal(hpo_options_get_int(copy, "memory"), (int64_t)2 << 30);
  assert_string_equal(hpo_options_get_text(copy, "note"), "three such words");
  hpo_options_destroy(copy);
}

static void test_refusals(void **state) {
  static const struct {
    const char *name, *value, *sentence;
  } no[] = {
      {"max_dept", "3",
       "unknown option \"max_dept\"; did you mean \"max_depth\"? Allowed: "
       "max_depth, learning_rate, gamma, base_score, grow_policy, stratify, "
       "time, memory, note, max_leaves"},
      {"zzz", "3",
       "unknown option \"zzz\". Allowed: max_depth, learning_rate, gamma, "
       "base_score, grow_policy, stratify, time, memory, note, max_leaves"},
      {"max_depth", "0",
       "max_depth = 0 is out of range: allowed are integers from 1 to 64"},
      {"max_depth", "65",
       "max_depth = 65 is out of range: allowed are integers from 1 to 64"},
      {"max_depth", "3.5",
       "max_depth = 3.5 is not an integer: allowed are integers from 1 to "
       "64"},
      {"learning_rate", "0",
       "learning_rate = 0 is out of range: allowed are numbers above 0 up to "
       "1"},
      {"gamma", "-1",
       "gamma = -1 is out of range: allowed are numbers from 0"},
      {"base_score", "inf",
       "base_score = inf is not a number: allowed are numbers"},
      {"grow_policy", "depthwize",
       "grow_policy = \"depthwize\" is not known; did you mean "
       "\"depthwise\"? Allowed: depthwise, lossguide"},
      {"grow_policy", "lossguide",
       "option grow_policy = lossguide is not built yet in this version"},
      {"grow_policy", "leafwise",
       "option grow_policy = leafwise is not built yet in this version"},
      {"grow_policy", "",
       "grow_policy = \"\" is not known. Allowed: depthwise, lossguide"},
      {"max_leaves", "31",
       "option max_leaves = 31 is not built yet in this version"},
      {"stratify", "maybe",
       "stratify = maybe is neither yes nor no: allowed are yes, no, true, "
       "false, 1, 0"},
      {"time", "-3",
       "time = -3 is not a duration: allowed are durations (90, 90s, 10m, "
       "2h, 1d, 1:30:00)"},
      {"memory", "4X",
       "memory = 4X is not a size: allowed are sizes (1000, 4K, 4M, 4G)"},
  };
  hpo_options *o = make();
  (void)state;
  for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
    hpo_error err = {0};
    assert_int_equal(hpo_options_set(o, no[i].name, no[i].value, &err),
                     HPO_EINVAL);
    assert_int_equal(err.code, HPO_EINVAL);
    assert_string_equal(err.text, no[i].sentence);
    assert_int_equal(hpo_options_set(o, no[i].name, no[i].value, NULL),
                     HPO_EINVAL);
  }
  assert_int_equal(hpo_options_get_int(o, "max_depth"), 6); /* untouched */
  assert_false(hpo_options_is_set(o, "max_depth"));
  hpo_options_destroy(o);
}

static void test_numbers(void **state) {
  hpo_options *o = make();
  hpo_error err = {0};
  (void)state;
  assert_int_equal(hpo_options_set_number(o, "max_depth", 7, &err), HPO_OK);
  assert_int_equal(hpo_options_get_int(o, "max_depth"), 7);
  assert_int_equal(hpo_options_set_number(o, "max_depth", 7.5, &err),
                   HPO_EINVAL);
  assert_int_equal(hpo_options_set_number(o, "max_depth", NAN, &err),
                   HPO_EINVAL);
  assert_int_equal(hpo_options_set_number(o, "gamma", 0.1, &err), HPO_OK);
  assert_true(hpo_options_get_float(o, "gamma") == 0.1);
  assert_int_equal(hpo_options_set_number(o, "gamma", INFINITY, &err),
                   HPO_EINVAL);
  assert_int_equal(hpo_options_set_number(o, "stratify", 0, &err), HPO_OK);
  assert_false(hpo_options_get_bool(o, "stratify"));
  assert_int_equal(hpo_options_set_number(o, "memory", 1e15, &err), HPO_OK);
  assert_int_equal(hpo_options_get_int(o, "memory"), 1000000000000000);
  assert_int_equal(hpo_options_set_number(o, "none", 1, &err), HPO_EINVAL);
  hpo_options_destroy(o);
}

static void test_bad_table(void **state) {
  static const hpo_option bad[] = {
      {"a", HPO_OPTION_INT, "0", 1, 2, false, NULL, "", NULL}};
  hpo_options *o = NULL;
  hpo_error err = {0};
  (void)state;
  assert_int_equal(hpo_options_create(bad, 1, &o, &err), HPO_EBUG);
  assert_int_equal(err.code, HPO_EBUG);
  assert_null(o);
}

static void test_nearest(void **state) {
  static const char *const name[] = {"max_depth", "max_bin", "gamma", "C"};
  static const struct {
    const char *word, *near;
  } pair[] = {{"max_depth", "max_depth"},
              {"amx_depth", "max_depth"},
              {"MaxDepth", "max_depth"},
              {"max-bins", "max_bin"},
              {"gmama", "gamma"},
              {"c", "C"},
              {"gam", NULL},
              {"x", NULL},
              {"", NULL},
              {"depth", NULL}};
  char huge[300];
  (void)state;
  for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
    const char *near = hpo_options_nearest(pair[i].word, name, 4);
    if (pair[i].near == NULL)
      assert_null(near);
    else
      assert_string_equal(near, pair[i].near);
  }
  memset(huge, 'x', sizeof huge - 1);
  huge[sizeof huge - 1] = '\0';
  assert_null(hpo_options_nearest(huge, name, 4));
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_defaults),  cmocka_unit_test(test_set_and_copy),
      cmocka_unit_test(test_refusals),  cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_bad_table), cmocka_unit_test(test_nearest),
  };
  return cmocka_run_group_tests(test, NULL, NULL);
}
