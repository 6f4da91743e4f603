/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of samplers, the random one, and the set of tried points. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/rng.h"
#include "hpo/sampler.h"
#include "sampler/points.h"
#include "tinyplan.h"

static void refuses(const char *name, const char *word) {
  hpo_plan *p = tinyplan_make();
  hpo_sampler *s = NULL;
  hpo_error err = {0};

  tinyplan_text(&p->sampler.name, name);
  assert_int_equal(hpo_sampler_create(p, &s, &err), HPO_EINVAL);
  assert_null(s);
  assert_non_null(strstr(err.text, word));
  hpo_plan_destroy(p);
}

static void names(void **state) {
  size_t n = 0;
  const hpo_sampler_kind *const *kind = hpo_sampler_kinds(&n);

  (void)state;
  assert_int_equal(n, 7);
  for (size_t i = 0; i < n; i++) {
    assert_ptr_equal(hpo_sampler_find(kind[i]->name), kind[i]);
    assert_true(strlen(kind[i]->help) > 0);
    if (!kind[i]->is_built)
      refuses(kind[i]->name, "is not built yet in this version");
  }
  refuses("tpo", "the nearest is \"tpe\"");
}

static void unknown_option(void **state) {
  hpo_plan *p = tinyplan_make();
  hpo_sampler *s = NULL;
  hpo_error err = {0};

  (void)state;
  tinyplan_text(&p->sampler.name, "tpe");
  assert_int_equal(
      hpo_settings_add(&p->sampler.options, "startup-trails", "3", 4, &err),
      HPO_OK);
  assert_int_equal(hpo_sampler_create(p, &s, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "startup-trials"));
  hpo_plan_destroy(p);
}

static void suggest(hpo_sampler *s, const hpo_plan *p, hpo_id number,
                    const double *given, double *x) {
  hpo_ledger *ledger = NULL;
  hpo_error err = {0};

  assert_int_equal(hpo_ledger_create(p, &ledger, &err), HPO_OK);
  hpo_view view = {.ledger = ledger, .horizon = INT64_MAX};
  assert_int_equal(hpo_sampler_suggest(s, &view, number, given, x, &err),
                   HPO_OK);
  assert_int_equal(hpo_space_check(&p->space, x, &err), HPO_OK);
  hpo_ledger_destroy(ledger);
}

static void random_is_pure(void **state) {
  uint64_t seed = tinyplan_seed(3);
  hpo_rng_key key = hpo_rng_key_make(7, HPO_RNG_SAMPLER);

  (void)state;
  for (uint64_t k = 0; k < 100; k++) {
    hpo_plan *p = tinyplan_make();
    hpo_sampler *s = NULL;
    double x[256], y[256];
    assert_int_equal(hpo_space_sample(seed + k, &p->space, NULL), HPO_OK);
    assert_int_equal(hpo_sampler_create(p, &s, NULL), HPO_OK);
    for (hpo_id i = 0; i < 20; i++) {
      suggest(s, p, i, NULL, x);
      suggest(s, p, 1000 + i, NULL, y);
      suggest(s, p, i, NULL, y);
      assert_true(hpo_space_equal_points(&p->space, x, y));
      for (size_t j = 0; j < p->space.n_param; j++)
        if (!isnan(x[j]))
          assert_true(x[j] == hpo_param_from_unit(
                                  &p->space.param[j],
                                  hpo_rng_uniform(key, (uint64_t)i, j)));
    }
    hpo_sampler_destroy(s);
    hpo_plan_destroy(p);
  }
}

static void random_keeps_what_is_given(void **state) {
  hpo_plan *p = tinyplan_make();
  hpo_sampler *s = NULL;
  double x[3], given[3] = {(double)NAN, 1, 0.25};
  size_t low = 0;

  (void)state;
  tinyplan_int(p, 1, 4, -1, 0);
  tinyplan_choice(p, 2, -1, 0);
  tinyplan_float(p, 0, 1, false, 1, 1);
  assert_int_equal(hpo_sampler_create(p, &s, NULL), HPO_OK);
  for (hpo_id i = 0; i < 4000; i++) {
    suggest(s, p, i, given, x);
    assert_true(x[1] == 1 && x[2] == 0.25);
    low += x[0] == 1 ? 1 : 0;
  }
  assert_true(low > 900 && low < 1100);
  hpo_sampler_destroy(s);
  hpo_plan_destroy(p);
}

static void points_are_a_set(void **state) {
  hpo_plan *p = tinyplan_make();
  hpo_points set = {.space = &p->space};
  hpo_rng rng = hpo_rng_make(tinyplan_seed(1), HPO_RNG_TEST, 0, 0);
  bool there[64] = {false};

  (void)state;
  tinyplan_int(p, 0, 63, -1, 0);
  tinyplan_float(p, 0, 1, false, -1, 0);
  for (int round = 0; round < 300; round++) {
    size_t keep = set.n;
    for (int i = 0; i < 3; i++) {
      double x[2] = {(double)hpo_rng_below(&rng, 64), (double)NAN};
      assert_int_equal(hpo_points_add(&set, x, NULL), HPO_OK);
      if (round % 8 == 0)
        there[(size_t)x[0]] = true;
    }
    if (round % 8 != 0)
      hpo_points_cut(&set, keep);
    for (size_t i = 0; i < 64; i++) {
      double x[2] = {(double)i, (double)NAN};
      assert_int_equal(hpo_points_find(&set, x), there[i]);
    }
  }
  hpo_points_free(&set);
  hpo_plan_destroy(p);
}

/* The odometer meets every point of a conditional space once. */
static void odometer(void **state) {
  hpo_plan *p = tinyplan_make();
  hpo_points set = {.space = &p->space};
  double x[4] = {2, (double)NAN, (double)NAN, 1};

  (void)state;
  tinyplan_choice(p, 3, -1, 0);
  tinyplan_int(p, 5, 9, 0, 0);
  tinyplan_choice(p, 2, 0, 1);
  tinyplan_int(p, 1, 2, -1, 0);
  for (int i = 0; i < (5 + 2 + 1) * 2; i++) {
    assert_false(hpo_points_find(&set, x));
    assert_int_equal(hpo_space_check(&p->space, x, NULL), HPO_OK);
    assert_int_equal(hpo_points_add(&set, x, NULL), HPO_OK);
    assert_true(hpo_points_next(&p->space, NULL, x));
  }
  assert_true(hpo_points_find(&set, x));
  hpo_points_free(&set);
  hpo_plan_destroy(p);
}

static hpo_sampler *make_grid(hpo_plan *p, const char *points) {
  hpo_sampler *s = NULL;
  hpo_error err = {0};

  tinyplan_text(&p->sampler.name, "grid");
  if (points != NULL)
    assert_int_equal(
        hpo_settings_add(&p->sampler.options, "points", points, 0, &err),
        HPO_OK);
  if (hpo_sampler_create(p, &s, &err) != HPO_OK)
    fail_msg("%s", err.text);
  return s;
}

/* Nested conditions, a log range, enqueued points before: all in order. */
static void grid_is_an_odometer(void **state) {
  static const double n = (double)NAN;
  static const double expected[][4] = {
      {0, n, 1, 1},  {0, n, 10, 1},  {0, n, 100, 1}, {0, n, 1, 2},
      {0, n, 10, 2}, {0, n, 100, 2}, {1, 3, n, 1},   {1, 4, n, 1},
      {1, 3, n, 2},  {1, 4, n, 2}};
  hpo_plan *p = tinyplan_make();
  double x[4], given[2][4] = {{0, n, 50, n}, {1, n, n, 2}};

  (void)state;
  tinyplan_choice(p, 2, -1, 0);
  tinyplan_int(p, 3, 4, 0, 1);
  tinyplan_float(p, 1, 100, true, 0, 0);
  tinyplan_int(p, 1, 2, -1, 0);
  hpo_sampler *s = make_grid(p, "3");
  assert_true(hpo_sampler_trials(s) == 10);
  assert_int_equal(hpo_sampler_budget(s), 10);
  p->trials = 4;
  assert_int_equal(hpo_sampler_budget(s), 4);
  p->trials = 0;
  assert_int_equal(hpo_sampler_budget(s), 10);
  p->n_enqueue = 2;
  assert_true(hpo_sampler_trials(s) == 12);
  suggest(s, p, 0, given[0], x);
  assert_true(x[0] == 0 && isnan(x[1]) && x[2] == 50 && x[3] == 1);
  suggest(s, p, 1, given[1], x);
  assert_true(x[0] == 1 && x[1] == 3 && isnan(x[2]) && x[3] == 2);
  /* the order: x0, then what hangs on it, then x3; the last is fastest */
  size_t found[10] = {0};
  for (hpo_id i = 0; i < 10; i++) {
    suggest(s, p, 2 + i, NULL, x);
    assert_true(x[3] == 1 + (double)(i % 2));
    for (size_t k = 0; k < 10; k++)
      found[k] += hpo_space_equal_points(&p->space, x, expected[k]) ? 1 : 0;
  }
  for (size_t k = 0; k < 10; k++)
    assert_int_equal(found[k], 1);
  p->n_enqueue = 0;
  hpo_sampler_destroy(s);
  hpo_plan_destroy(p);
}

/* On random spaces: all points differ, each is legal, the first and the last
 * are where they belong. */
static void grid_is_complete(void **state) {
  uint64_t seed = tinyplan_seed(8);
  size_t n_tried = 0;

  (void)state;
  for (uint64_t k = 0; k < 200; k++) {
    hpo_plan *p = tinyplan_make();
    hpo_sampler *s = NULL;
    hpo_points set = {.space = &p->space};
    double x[256];
    assert_int_equal(hpo_space_sample(seed + k, &p->space, NULL), HPO_OK);
    tinyplan_text(&p->sampler.name, "grid");
    assert_int_equal(
        hpo_settings_add(&p->sampler.options, "points", "3", 0, NULL), HPO_OK);
    bool is_made = hpo_sampler_create(p, &s, NULL) == HPO_OK;
    double n = is_made ? hpo_sampler_trials(s) : 0;
    for (hpo_id i = 0; n <= 5000 && i < (hpo_id)n; i++) {
      suggest(s, p, i, NULL, x);
      assert_false(hpo_points_find(&set, x));
      assert_int_equal(hpo_points_add(&set, x, NULL), HPO_OK);
    }
    n_tried += set.n;
    hpo_points_free(&set);
    hpo_sampler_destroy(s);
    hpo_plan_destroy(p);
  }
  assert_true(n_tried > 1000);
}

static void grid_refuses(void **state) {
  hpo_plan *p = tinyplan_make();
  hpo_sampler *s = NULL;
  hpo_error err = {0};

  (void)state;
  tinyplan_text(&p->sampler.name, "grid");
  tinyplan_float(p, 0, 1, false, -1, 0);
  assert_int_equal(hpo_sampler_create(p, &s, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "x0 has no end of values"));
  tinyplan_int(p, 1, 100000, -1, 0);
  assert_int_equal(
      hpo_settings_add(&p->sampler.options, "points", "1000", 0, &err),
      HPO_OK);
  assert_int_equal(hpo_sampler_create(p, &s, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "the grid has 100000000 points"));
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names),
      cmocka_unit_test(unknown_option),
      cmocka_unit_test(random_is_pure),
      cmocka_unit_test(random_keeps_what_is_given),
      cmocka_unit_test(points_are_a_set),
      cmocka_unit_test(odometer),
      cmocka_unit_test(grid_is_an_odometer),
      cmocka_unit_test(grid_is_complete),
      cmocka_unit_test(grid_refuses)};

  return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
