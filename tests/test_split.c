/* SPDX-License-Identifier: BSD-3-Clause */
/* split: sizes, order of the keys, what is refused.  check_data.py compares
 * the sizes with scikit-learn's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/split.h"
#include "hpo/rng.h"

enum { MOST = 2000 };

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");
  const uint64_t s = text != NULL ? strtoull(text, NULL, 10) : 1;

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return s;
}

/* Within a class, every row that validates has a smaller (key, id) than
 * every row that trains. */
static void check_order(const double *y, const uint8_t *role, size_t n,
                        uint64_t split_seed, size_t k) {
  const hpo_rng_key key = hpo_rng_key_make(split_seed, HPO_RNG_SPLIT);
  uint64_t most_valid = 0, least_train = UINT64_MAX;

  for (size_t i = 0; i < n; i++) {
    const uint64_t hash = hpo_rng_hash(key, i, 0);

    if (k != SIZE_MAX && y[i] != (double)k)
      continue;
    if (role[i] == HPO_ROLE_VALID && hash > most_valid)
      most_valid = hash;
    if (role[i] == HPO_ROLE_TRAIN && hash < least_train)
      least_train = hash;
  }
  assert_true(most_valid < least_train);
}

static void test_stratified(void **state) {
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 5, 0);
  static double y[MOST];
  static uint8_t role[MOST];
  (void)state;

  for (int round = 0; round < 200; round++) {
    const size_t n = 60 + (size_t)hpo_rng_below(&rng, MOST - 60);
    const size_t classes = 2 + (size_t)hpo_rng_below(&rng, 6);
    const hpo_split_options o = {.seed = (uint64_t)round,
                                 .fraction = 0.2 + 0.5 * hpo_rng_next(&rng),
                                 .n_class = classes};
    size_t count[8] = {0}, valid[8] = {0}, n_valid = 0;

    for (size_t i = 0; i < n; i++) {
      y[i] = (double)(i < 2 * classes ? i / 2 : hpo_rng_below(&rng, classes));
      count[(size_t)y[i]]++;
    }
    memset(role, HPO_ROLE_TRAIN, sizeof role);
    assert_int_equal(hpo_split_fraction(&o, y, (hpo_row)n, role, NULL),
                     HPO_OK);
    for (size_t i = 0; i < n; i++) {
      n_valid += role[i] == HPO_ROLE_VALID;
      valid[(size_t)y[i]] += role[i] == HPO_ROLE_VALID;
    }
    assert_true((double)n_valid >= o.fraction * (double)n &&
                (double)n_valid < o.fraction * (double)n + 1);
    for (size_t k = 0; k < classes; k++) {
      const double share = (double)n_valid * (double)count[k] / (double)n;

      assert_true((double)valid[k] > share - 1 &&
                  (double)valid[k] < share + 1);
      check_order(y, role, n, o.seed, k);
    }
  }
}

static void test_plain(void **state) {
  static uint8_t role[MOST], again[MOST];
  static const double fraction[] = {0.1, 0.2, 1.0 / 3, 0.5, 0.999};
  static const size_t n_valid[] = {200, 400, 667, 1000, 1998};
  (void)state;

  for (size_t f = 0; f < 5; f++) {
    const hpo_split_options o = {.seed = 42, .fraction = fraction[f]};
    size_t found = 0;

    memset(role, HPO_ROLE_TRAIN, sizeof role);
    memset(again, HPO_ROLE_TRAIN, sizeof again);
    assert_int_equal(hpo_split_fraction(&o, NULL, MOST, role, NULL), HPO_OK);
    assert_int_equal(hpo_split_fraction(&o, NULL, MOST, again, NULL), HPO_OK);
    assert_memory_equal(role, again, MOST);
    for (size_t i = 0; i < MOST; i++)
      found += role[i] == HPO_ROLE_VALID;
    assert_int_equal(found, n_valid[f]);
    check_order(NULL, role, MOST, 42, SIZE_MAX);
  }
}

static void test_refused(void **state) {
  static const double y[] = {0, 0, 0, 1, 1, 2};
  static char *class_name[] = {"a", "b", "c"};
  hpo_split_options o = {
      .seed = 1, .fraction = 0.5, .n_class = 3, .class_name = class_name};
  uint8_t role[6] = {HPO_ROLE_TRAIN};
  hpo_error e = {0};
  (void)state;

  assert_int_equal(hpo_split_fraction(&o, y, 6, role, &e), HPO_EDATA);
  assert_non_null(strstr(e.text, "class 'c' has 1 row, too few"));
  o.n_class = 2;
  o.fraction = 0.01;
  assert_int_equal(hpo_split_fraction(&o, y, 5, role, &e), HPO_EDATA);
  assert_non_null(strstr(e.text, "leaves 1 to validate and 4 to train"));
  o.n_class = 0;
  o.fraction = 0.9;
  assert_int_equal(hpo_split_fraction(&o, y, 6, role, &e), HPO_EDATA);
  assert_non_null(strstr(e.text, "leaves 6 to validate and 0 to train"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stratified),
      cmocka_unit_test(test_plain),
      cmocka_unit_test(test_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
