/* SPDX-License-Identifier: BSD-3-Clause */
/* The ledger: what may be put, the best ones against a sort, views. */
#include "hpo/ledger.h"

#include "hpo/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t first_seed(void) {
  const char *given = getenv("HPO_TEST_SEED");
  uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 1;
  print_message("seed %llu\n", (unsigned long long)seed);
  return seed;
}

static hpo_plan *new_plan(bool maximize) {
  hpo_plan *p = NULL;
  assert_int_equal(hpo_plan_sample(1, &p, NULL), HPO_OK);
  while (p->n_objective > 1)
    hpo_mem_free(p->objective[--p->n_objective].metric);
  while (p->n_constraint > 0)
    hpo_mem_free(p->constraint[--p->n_constraint].metric);
  p->objective[0].maximize = maximize;
  return p;
}

static hpo_trial *trial(const hpo_plan *p, hpo_id number,
                        hpo_trial_state state, double value) {
  hpo_trial *t = NULL;
  assert_int_equal(hpo_trial_create(p->space.n_param, 1, 3, &t, NULL), HPO_OK);
  t->number = number;
  t->job = number;
  t->state = state;
  t->value[0] = value;
  return t;
}

static void test_put(void **state) {
  hpo_plan *p = new_plan(false);
  hpo_ledger *l = NULL;
  hpo_error err = {0};
  hpo_trial *t = NULL;
  const double nan = (double)NAN;

  (void)state;
  assert_int_equal(hpo_ledger_create(p, &l, NULL), HPO_OK);
  assert_null(hpo_ledger_best(l));
  assert_null(hpo_ledger_get(l, 0));
  assert_true(isnan(hpo_ledger_kth_best(l, 1)));
  t = trial(p, 1, HPO_TRIAL_RUNNING, nan); /* 0 is not there yet */
  assert_int_equal(hpo_ledger_put(l, t, &err), HPO_EBUG);
  t->number = -1;
  assert_int_equal(hpo_ledger_put(l, t, &err), HPO_EBUG);
  t->number = 0;
  assert_int_equal(hpo_ledger_put(l, t, &err), HPO_OK);
  assert_int_equal(hpo_ledger_version(l), 0);
  assert_int_equal(hpo_ledger_count(l, HPO_TRIAL_RUNNING), 1);
  t = trial(p, 0, HPO_TRIAL_COMPLETE, nan); /* NaN is never complete */
  assert_int_equal(hpo_ledger_put(l, t, &err), HPO_EBUG);
  t->value[0] = -(double)INFINITY;
  assert_int_equal(hpo_ledger_put(l, t, &err), HPO_EBUG);
  t->value[0] = 0.5;
  assert_int_equal(hpo_ledger_put(l, t, &err), HPO_OK);
  assert_int_equal(hpo_ledger_version(l), 1);
  assert_int_equal(hpo_ledger_trials(l), 1);
  assert_int_equal(hpo_ledger_count(l, HPO_TRIAL_RUNNING), 0);
  assert_int_equal(hpo_ledger_count(l, HPO_TRIAL_COMPLETE), 1);
  assert_ptr_equal(hpo_ledger_best(l), t);
  t = trial(p, 0, HPO_TRIAL_COMPLETE, 0.1); /* final is final */
  assert_int_equal(hpo_ledger_put(l, t, &err), HPO_EBUG);
  assert_true(hpo_ledger_best(l)->value[0] == 0.5);
  hpo_trial_destroy(t);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

typedef struct item {
  double key;
  hpo_id number;
} item;

static int by_merit(const void *a, const void *b) {
  const item *x = a, *y = b;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

/** Trials that run and end in a random order, with many ties. */
static void check_best(bool maximize, uint64_t seed) {
  enum { N = 400 };
  hpo_plan *p = new_plan(maximize);
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 6, 0);
  hpo_ledger *l = NULL;
  item items[N];
  size_t n = 0;

  assert_int_equal(hpo_ledger_create(p, &l, NULL), HPO_OK);
  for (int i = 0; i < N; i++)
    assert_int_equal(
        hpo_ledger_put(l, trial(p, i, HPO_TRIAL_RUNNING, (double)NAN), NULL),
        HPO_OK);
  for (int k = 0; k < N; k++) {
    hpo_id number = (hpo_id)hpo_rng_below(&rng, N);
    double value = floor(hpo_rng_next(&rng) * 40) - 20;
    if (hpo_trial_is_final(hpo_ledger_get(l, number)->state))
      continue;
    assert_int_equal(
        hpo_ledger_put(l, trial(p, number, HPO_TRIAL_COMPLETE, value), NULL),
        HPO_OK);
    items[n++] = (item){.key = maximize ? -value : value, .number = number};
  }
  qsort(items, n, sizeof *items, by_merit);
  assert_int_equal(hpo_ledger_best(l)->number, items[0].number);
  for (size_t k = 0; k < n; k++) {
    double value = maximize ? -items[k].key : items[k].key;
    size_t better = 0;
    assert_true(hpo_ledger_kth_best(l, k + 1) == value);
    while (items[better].key < items[k].key)
      better++;
    assert_int_equal(hpo_ledger_better(l, value), better);
  }
  assert_true(isnan(hpo_ledger_kth_best(l, n + 1)));
  assert_true(isnan(hpo_ledger_kth_best(l, 0)));
  assert_int_equal(hpo_ledger_better(l, (double)NAN), n);
  assert_int_equal(hpo_ledger_version(l), n);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

static void test_best(void **state) {
  uint64_t first = first_seed();

  (void)state;
  for (uint64_t seed = first; seed < first + 20; seed++)
    check_best(seed % 2 == 0, seed);
}

static void test_view(void **state) {
  hpo_plan *p = new_plan(false);
  hpo_ledger *l = NULL;
  hpo_view v = {.horizon = 1, .trials = 4};

  (void)state;
  assert_int_equal(hpo_ledger_create(p, &l, NULL), HPO_OK);
  v.ledger = l;
  assert_int_equal(hpo_ledger_put(l, trial(p, 0, HPO_TRIAL_COMPLETE, 1), NULL),
                   HPO_OK);
  assert_int_equal(
      hpo_ledger_put(l, trial(p, 1, HPO_TRIAL_INTERRUPTED, 1), NULL), HPO_OK);
  assert_int_equal(hpo_ledger_put(l, trial(p, 2, HPO_TRIAL_PRUNED, 1), NULL),
                   HPO_OK);
  assert_int_equal(hpo_ledger_put(l, trial(p, 3, HPO_TRIAL_RUNNING, 1), NULL),
                   HPO_OK);
  assert_int_equal(hpo_view_state(&v, 0), HPO_TRIAL_COMPLETE);
  assert_int_equal(hpo_view_state(&v, 1), HPO_TRIAL_RUNNING);
  assert_int_equal(hpo_view_state(&v, 2), HPO_TRIAL_RUNNING); /* not seen */
  assert_int_equal(hpo_view_state(&v, 3), HPO_TRIAL_RUNNING);
  v.horizon = INT64_MAX;
  assert_int_equal(hpo_view_state(&v, 2), HPO_TRIAL_PRUNED);
  assert_int_equal(hpo_view_trial(&v, 3)->number, 3);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

/** 20,000 trials in falling order of merit, the worst for insertion. */
static void test_many(void **state) {
  enum { N = 20000 };
  hpo_plan *p = new_plan(true);
  hpo_ledger *l = NULL;

  (void)state;
  assert_int_equal(hpo_ledger_create(p, &l, NULL), HPO_OK);
  for (int i = 0; i < N; i++)
    assert_int_equal(
        hpo_ledger_put(l, trial(p, i, HPO_TRIAL_COMPLETE, i), NULL), HPO_OK);
  assert_true(hpo_ledger_kth_best(l, 1) == N - 1);
  assert_true(hpo_ledger_kth_best(l, N) == 0);
  hpo_ledger_destroy(l);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_put), cmocka_unit_test(test_best),
      cmocka_unit_test(test_view), cmocka_unit_test(test_many)};

  return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
