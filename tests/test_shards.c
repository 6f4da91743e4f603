/* SPDX-License-Identifier: BSD-3-Clause */
/* Training rows dealt out into shards: each row once, sizes even in all and
 * in each class, too many refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/mem.h"
#include "hpo/rng.h"
#include "hpo/shards.h"
#include "tinyplan.h"

enum { ROWS = 300, CLASSES = 3 };

typedef struct rows {
  hpo_shared node;
  hpo_dataset d;
  double y[ROWS];
  hpo_row train[ROWS];
  char *name[CLASSES];
} rows;

static char names[CLASSES][2] = {"a", "b", "c"};

/* Rows of random classes, about a quarter of them left to validate. */
static void make(rows *x, uint64_t seed, size_t n_class) {
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 1, 0);

  memset(x, 0, sizeof *x);
  x->node = hpo_shared_serial();
  x->d = (hpo_dataset){.rows = ROWS,
                       .n_class = n_class,
                       .class_name = x->name,
                       .y = x->y,
                       .train = x->train,
                       .node = &x->node};
  for (size_t c = 0; c < CLASSES; c++)
    x->name[c] = names[c];
  for (hpo_row r = 0; r < ROWS; r++) {
    x->y[r] = n_class > 0 ? (double)hpo_rng_below(&rng, n_class) : (double)r;
    if (r < 50 || hpo_rng_below(&rng, 4) > 0)
      x->train[x->d.n_train++] = r;
  }
}

/* Most less fewest rows of a class over the shards; -1: all classes. */
static hpo_row unevenness(const hpo_shards *s, const rows *x, int class) {
  hpo_row least = ROWS, most = 0;

  for (size_t i = 0; i < s->n; i++) {
    hpo_row n = 0, found = 0;
    const hpo_row *row = hpo_shards_get(s, i, &n);
    for (hpo_row k = 0; k < n; k++) {
      assert_true(k == 0 || row[k] > row[k - 1]);
      found += class < 0 || (int)x->y[row[k]] == class;
    }
    least = found < least ? found : least;
    most = found > most ? found : most;
  }
  return most - least;
}

static void check_deal(const hpo_shards *s, const rows *x) {
  int seen[ROWS] = {0};

  for (size_t i = 0; i < s->n; i++) {
    hpo_row n = 0;
    const hpo_row *row = hpo_shards_get(s, i, &n);
    for (hpo_row k = 0; k < n; k++)
      seen[row[k]]++;
  }
  for (hpo_row i = 0; i < x->d.n_train; i++)
    assert_int_equal(seen[x->train[i]]--, 1);
  for (hpo_row r = 0; r < ROWS; r++)
    assert_int_equal(seen[r], 0);
  for (int c = -1; c < (int)x->d.n_class; c++)
    assert_true(unevenness(s, x, c) <= 1);
}

static void test_deal(void **state) {
  static const int64_t counts[] = {1, 2, 3, 7, 20};
  uint64_t seed = tinyplan_seed(1);
  hpo_error err = {0};
  rows x;

  (void)state;
  for (size_t n_class = 0; n_class <= CLASSES; n_class += CLASSES)
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
      hpo_shards *s = NULL, *other = NULL;
      make(&x, seed, n_class);
      assert_int_equal(hpo_shards_create(&x.d, seed, counts[i], &s, &err),
                       HPO_OK);
      check_deal(s, &x);
      assert_int_equal(
          hpo_shards_create(&x.d, seed + 1, counts[i], &other, &err), HPO_OK);
      assert_true(counts[i] == 1 ||
                  memcmp(s->row, other->row,
                         (size_t)x.d.n_train * sizeof *s->row) != 0);
      hpo_shards_destroy(s);
      hpo_shards_destroy(other);
    }
}

static void test_too_many(void **state) {
  hpo_error err = {0};
  hpo_shards *s = NULL;
  rows x;

  (void)state;
  make(&x, 1, 0);
  assert_int_equal(hpo_shards_check(&x.d, x.d.n_train, &err), HPO_OK);
  assert_int_equal(hpo_shards_create(&x.d, 1, x.d.n_train + 1, &s, &err),
                   HPO_EDATA);
  assert_non_null(strstr(err.text, "would leave shards empty"));
  make(&x, 1, 2);
  for (hpo_row i = 0; i < x.d.n_train; i++)
    x.y[x.train[i]] = i < 3;
  assert_int_equal(hpo_shards_check(&x.d, 3, &err), HPO_OK);
  assert_int_equal(hpo_shards_check(&x.d, 4, &err), HPO_EDATA);
  assert_non_null(strstr(err.text, "class 'b' has 3 training rows, so that 1 "
                                   "of the shards=\"4\" would have none"));
  assert_null(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_deal),
                                     cmocka_unit_test(test_too_many)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
