/* SPDX-License-Identifier: BSD-3-Clause */
/* folds: each row validates once, groups stay whole, sizes, order of time.
 * check_folds.py compares the sizes with scikit-learn's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/folds.h"
#include "hpo/rng.h"

enum { MOST = 600, CLASSES = 4, MOST_COUNT = 12 };

typedef struct table {
  double y[MOST];
  uint32_t key[MOST];
  uint8_t fold[MOST];
  size_t n, count;
  size_t rows[MOST_COUNT + 1];
  size_t in_class[MOST_COUNT + 1][CLASSES];
} table;

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");
  const uint64_t s = text != NULL ? strtoull(text, NULL, 10) : 1;

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return s;
}

static void make(table *t, hpo_rng *rng, uint32_t groups) {
  t->n = 100 + (size_t)hpo_rng_below(rng, MOST - 100);
  t->count = 2 + (size_t)hpo_rng_below(rng, MOST_COUNT - 1);
  for (size_t i = 0; i < t->n; i++) {
    t->y[i] = (double)hpo_rng_below(rng, CLASSES);
    t->key[i] =
        i < groups ? (uint32_t)i : (uint32_t)hpo_rng_below(rng, groups);
  }
}

static void deal(table *t, hpo_folds_options o) {
  o.count = t->count;
  assert_int_equal(hpo_folds_deal(&o, t->y, (hpo_row)t->n, t->fold, NULL),
                   HPO_OK);
  memset(t->rows, 0, sizeof t->rows);
  memset(t->in_class, 0, sizeof t->in_class);
  for (size_t i = 0; i < t->n; i++) {
    assert_true(t->fold[i] <= t->count);
    t->rows[t->fold[i]]++;
    t->in_class[t->fold[i]][(size_t)t->y[i]]++;
  }
}

static void test_sizes_differ_by_one(void **state) {
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 11, 0);
  static table t;
  (void)state;

  for (uint64_t round = 0; round < 100; round++) {
    const size_t classes = round % 2 == 0 ? CLASSES : 0;

    make(&t, &rng, 1);
    deal(&t, (hpo_folds_options){.seed = round, .n_class = classes});
    assert_int_equal(t.rows[0], 0);
    for (size_t a = 1; a <= t.count; a++)
      for (size_t b = 1; b <= t.count; b++) {
        assert_true(t.rows[a] <= t.rows[b] + 1);
        for (size_t c = 0; c < classes; c++)
          assert_true(t.in_class[a][c] <= t.in_class[b][c] + 1);
      }
  }
}

static void test_groups_stay_whole(void **state) {
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 12, 0);
  static table t;
  (void)state;

  for (uint64_t round = 0; round < 60; round++) {
    const uint32_t groups = MOST_COUNT + (uint32_t)hpo_rng_below(&rng, 60);
    uint8_t home[MOST] = {0};

    make(&t, &rng, groups);
    deal(&t, (hpo_folds_options){.n_class = round % 2 == 0 ? CLASSES : 0,
                                 .key = t.key,
                                 .n_key = groups,
                                 .key_name = "g"});
    assert_int_equal(t.rows[0], 0);
    for (size_t i = 0; i < t.n; i++) {
      if (home[t.key[i]] == 0)
        home[t.key[i]] = t.fold[i];
      assert_int_equal(home[t.key[i]], t.fold[i]);
    }
  }
}

static void test_time_never_looks_ahead(void **state) {
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 13, 0);
  static table t;
  (void)state;

  for (int round = 0; round < 60; round++) {
    make(&t, &rng, 1);
    deal(&t, (hpo_folds_options){.in_time = true});
    const size_t size = t.n / (t.count + 1);
    for (size_t i = 1; i < t.n; i++)
      assert_true(t.fold[i] >= t.fold[i - 1]);
    for (size_t f = 1; f <= t.count; f++)
      assert_int_equal(t.rows[f], size);
    assert_int_equal(t.rows[0], t.n - t.count * size);
  }
}

static void test_seed_counts(void **state) {
  static table t;
  uint8_t first[MOST];
  hpo_rng rng = hpo_rng_make(5, HPO_RNG_TEST, 14, 0);
  (void)state;

  make(&t, &rng, 1);
  deal(&t, (hpo_folds_options){.seed = 1});
  memcpy(first, t.fold, t.n);
  deal(&t, (hpo_folds_options){.seed = 1});
  assert_memory_equal(first, t.fold, t.n);
  deal(&t, (hpo_folds_options){.seed = 2});
  assert_memory_not_equal(first, t.fold, t.n);
}

static void test_refusals(void **state) {
  static table t;
  hpo_error err = {0};
  hpo_folds_options o = {.count = 3, .n_key = 2, .key_name = "g"};
  (void)state;

  assert_int_equal(hpo_folds_deal(&o, t.y, 2, t.fold, &err), HPO_EDATA);
  assert_non_null(strstr(err.text, "there are 2"));
  o.in_time = true;
  assert_int_equal(hpo_folds_deal(&o, t.y, 3, t.fold, &err), HPO_EDATA);
  o.in_time = false;
  o.key = t.key;
  assert_int_equal(hpo_folds_deal(&o, t.y, 9, t.fold, &err), HPO_EDATA);
  assert_non_null(strstr(err.text, "column 'g' has 2"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sizes_differ_by_one),
      cmocka_unit_test(test_groups_stay_whole),
      cmocka_unit_test(test_time_never_looks_ahead),
      cmocka_unit_test(test_seed_counts),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
