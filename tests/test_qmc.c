/* SPDX-License-Identifier: BSD-3-Clause */
/* Sampler qmc: points are nets, pure, legal in any space, keep what is
 * given.  check_samplers.py compares the plain sequence with scipy's. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/sampler.h"
#include "sampler/sobol.h"
#include "tinyplan.h"

static hpo_sampler *make(hpo_plan *p, const char *scramble) {
  hpo_sampler *s = NULL;
  hpo_error err = {0};

  tinyplan_text(&p->sampler.name, "qmc");
  assert_int_equal(
      hpo_settings_add(&p->sampler.options, "scramble", scramble, 0, &err),
      HPO_OK);
  assert_int_equal(hpo_sampler_create(p, &s, &err), HPO_OK);
  return s;
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

/* Any block of 256 points has one in each of 256 slices of every dimension,
 * and of the first two one in each of 16 x 16 squares. */
static void points_are_nets(void **state) {
  enum { D = HPO_SOBOL_DIMENSIONS + 2 };
  hpo_plan *p = tinyplan_make();
  static unsigned slice[D][256];
  unsigned square[256] = {0};
  double x[D];

  (void)state;
  p->seed = tinyplan_seed(1);
  for (int i = 0; i < D; i++)
    tinyplan_float(p, 0, 1, false, -1, 0);
  hpo_sampler *s = make(p, "yes");
  memset(slice, 0, sizeof slice);
  for (hpo_id n = 512; n < 768; n++) {
    suggest(s, p, n, NULL, x);
    for (size_t d = 0; d < D; d++)
      slice[d][(size_t)(x[d] * 256)]++;
    square[(size_t)(x[0] * 16) * 16 + (size_t)(x[1] * 16)]++;
  }
  for (size_t d = 0; d < HPO_SOBOL_DIMENSIONS; d++)
    for (size_t i = 0; i < 256; i++)
      assert_int_equal(slice[d][i], 1);
  for (size_t i = 0; i < 256; i++)
    assert_int_equal(square[i], 1);
  hpo_sampler_destroy(s);
  hpo_plan_destroy(p);
}

/* Scrambled coordinates are uniform: mean and variance over seeds. */
static void scrambling_is_uniform(void **state) {
  uint64_t seed = tinyplan_seed(1);
  const size_t n = 20000;
  double sum = 0, square = 0;

  (void)state;
  for (size_t i = 0; i < n; i++) {
    hpo_rng_key key = hpo_rng_key_make(seed + i, HPO_RNG_SAMPLER);
    double u = hpo_sobol_scramble(key, 64, 0xfffffff0u);
    assert_true(u >= 0 && u < 1);
    sum += u / (double)n;
    square += u * u / (double)n;
  }
  assert_true(fabs(sum - 0.5) < 0.01);
  assert_true(fabs(square - 1.0 / 3) < 0.012);
}

static void is_pure_in_any_space(void **state) {
  uint64_t seed = tinyplan_seed(3);

  (void)state;
  for (uint64_t k = 0; k < 60; k++) {
    hpo_plan *p = tinyplan_make();
    double x[256], y[256];
    assert_int_equal(hpo_space_sample(seed + k, &p->space, NULL), HPO_OK);
    hpo_sampler *s = make(p, k % 2 == 0 ? "yes" : "no");
    for (hpo_id i = 0; i < 20; i++) {
      suggest(s, p, i, NULL, x);
      suggest(s, p, 1000 + i, NULL, y);
      suggest(s, p, i, NULL, y);
      assert_true(hpo_space_equal_points(&p->space, x, y));
    }
    hpo_sampler_destroy(s);
    hpo_plan_destroy(p);
  }
}

/* Integers, choices and conditional parameters come out evenly. */
static void every_kind_is_even(void **state) {
  hpo_plan *p = tinyplan_make();
  double x[3], given[3] = {(double)NAN, (double)NAN, 0.25};
  size_t whole[4] = {0}, choice[2] = {0}, low = 0;

  (void)state;
  tinyplan_int(p, 0, 3, -1, 0);
  tinyplan_choice(p, 2, -1, 0);
  tinyplan_float(p, 1e-4, 1, true, 1, 1);
  hpo_sampler *s = make(p, "yes");
  for (hpo_id i = 0; i < 1024; i++) {
    suggest(s, p, i, NULL, x);
    whole[(size_t)x[0]]++;
    choice[(size_t)x[1]]++;
    low += x[2] < 1e-2 ? 1 : 0;
    suggest(s, p, i, given, x);
    assert_true(x[1] == 0 ? isnan(x[2]) : x[2] == 0.25);
  }
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(whole[i], 256);
  assert_int_equal(choice[0], 512);
  assert_int_equal(choice[1], 512);
  assert_in_range(low, 250, 262);
  hpo_sampler_destroy(s);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(points_are_nets),
                                     cmocka_unit_test(scrambling_is_uniform),
                                     cmocka_unit_test(is_pure_in_any_space),
                                     cmocka_unit_test(every_kind_is_even)};

  return cmocka_run_group_tests_name("qmc", tests, NULL, NULL);
}
