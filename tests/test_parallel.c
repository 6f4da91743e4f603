/* SPDX-License-Identifier: BSD-3-Clause */
/* Trials at the same time: no two of them at the same point while there are
 * others, in either order, with times of any spread; and what is found is not
 * worse than one by one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet.h"
#include "tinyplan.h"

static const char *const samplers[] = {"random", "qmc",   "tpe", "gp",
                                       "cmaes",  "nsga2", "grid"};
enum { N_SAMPLER = sizeof samplers / sizeof *samplers };

/* A bowl; a sixth of it fails. */
static double bowl(const double *x) {
  double sum = 0;

  for (size_t i = 0; i < 2; i++)
    sum += (x[i] - 2) * (x[i] - 2);
  return x[0] > 4 ? (double)NAN : sum;
}

static hpo_plan *plan_of(const char *sampler, bool strict) {
  hpo_plan *p = tinyplan_make();

  p->strict = strict;
  p->window = 12;
  tinyplan_text(&p->sampler.name, sampler);
  return p;
}

static fleet run(const hpo_plan *p, double (*value)(const double *),
                 int workers, double spread) {
  fleet f = {.plan = p,
             .value = value,
             .workers = workers,
             .spread = spread,
             .seed = p->seed};

  fleet_run(&f);
  assert_int_equal(f.trials, p->trials);
  return f;
}

/* 8 x 5 points and a choice of 2: all 80 of them, each once, then again. */
static void tries_each_point_once(void **state) {
  (void)state;
  for (size_t k = 0; k < N_SAMPLER; k++)
    for (int strict = 0; strict < 2; strict++)
      for (uint64_t seed = 0; seed < 4; seed++) {
        hpo_plan *p = plan_of(samplers[k], strict == 1);
        p->seed = seed;
        tinyplan_int(p, -1, 6, -1, 0);
        tinyplan_int(p, 0, 4, -1, 0);
        tinyplan_choice(p, 2, -1, 0);
        p->trials = seed % 2 == 0 ? 80 : 76;
        fleet f = run(p, bowl, 8, seed < 2 ? 0.3 : 2);
        if (f.equal > 0 || f.repeated > 0)
          fail_msg("%s, strict %d, seed %d: %zu at a running point, %zu at "
                   "an earlier one",
                   samplers[k], strict, (int)seed, f.equal, f.repeated);
        fleet_free(&f);
        hpo_plan_destroy(p);
      }
}

/* A space with an end of points goes on after it, with points again. */
static void goes_on_when_all_are_tried(void **state) {
  (void)state;
  for (size_t k = 0; k + 1 < N_SAMPLER; k++) {
    hpo_plan *p = plan_of(samplers[k], false);
    tinyplan_int(p, 0, 2, -1, 0);
    tinyplan_choice(p, 2, -1, 0);
    p->trials = 20;
    fleet f = run(p, bowl, 4, 1);
    assert_int_equal(f.repeated, 14);
    fleet_free(&f);
    hpo_plan_destroy(p);
  }
}

/* Conditions: 3 points under one choice, 2 under the other. */
static void heeds_conditions(void **state) {
  (void)state;
  for (size_t k = 0; k < N_SAMPLER; k++) {
    hpo_plan *p = plan_of(samplers[k], false);
    size_t top = tinyplan_choice(p, 2, -1, 0);
    tinyplan_int(p, 0, 2, (ptrdiff_t)top, 0);
    tinyplan_int(p, 5, 6, (ptrdiff_t)top, 1);
    p->trials = 5;
    fleet f = run(p, bowl, 3, 1);
    assert_int_equal(f.repeated, 0);
    fleet_free(&f);
    hpo_plan_destroy(p);
  }
}

/* Numbers without a step, and logarithms: never the same. */
static void continuous_points_differ(void **state) {
  (void)state;
  for (size_t k = 0; k + 1 < N_SAMPLER; k++)
    for (int strict = 0; strict < 2; strict++) {
      hpo_plan *p = plan_of(samplers[k], strict == 1);
      tinyplan_float(p, -3, 6, false, -1, 0);
      tinyplan_float(p, 0.001, 6, true, -1, 0);
      p->trials = 60;
      fleet f = run(p, bowl, 16, 1);
      assert_int_equal(f.equal, 0);
      assert_int_equal(f.repeated, 0);
      fleet_free(&f);
      hpo_plan_destroy(p);
    }
}

/* Points of random and qmc do not depend on the times either. */
static void blind_points_are_the_same(void **state) {
  (void)state;
  for (size_t k = 0; k < 2; k++) {
    hpo_plan *p = plan_of(samplers[k], false);
    tinyplan_int(p, 0, 9, -1, 0);
    tinyplan_int(p, 0, 5, -1, 0);
    p->trials = 60;
    fleet a = run(p, bowl, 1, 1), b = run(p, bowl, 7, 3);
    assert_memory_equal(a.x, b.x, 60 * 2 * sizeof *a.x);
    fleet_free(&a);
    fleet_free(&b);
    hpo_plan_destroy(p);
  }
}

/* In strict order the times do not matter, nor how many work. */
static void strict_order_heeds_no_times(void **state) {
  (void)state;
  for (size_t k = 0; k < N_SAMPLER; k++) {
    hpo_plan *p = plan_of(samplers[k], true);
    tinyplan_int(p, -1, 6, -1, 0);
    tinyplan_int(p, 0, 4, -1, 0);
    p->trials = 40;
    fleet a = run(p, bowl, 1, 0), b = run(p, bowl, 9, 3);
    assert_memory_equal(a.x, b.x, 40 * 2 * sizeof *a.x);
    fleet_free(&a);
    fleet_free(&b);
    hpo_plan_destroy(p);
  }
}

/* A worker that is alone never idles; a window of one is as slow as that. */
static void idles_as_it_must(void **state) {
  hpo_plan *p = plan_of("random", false);

  (void)state;
  tinyplan_float(p, 0, 3, false, -1, 0);
  tinyplan_float(p, 0, 3, false, -1, 0);
  p->trials = 64;
  fleet alone = run(p, bowl, 1, 1), eight = run(p, bowl, 8, 0);
  assert_true(fabs(alone.idle) < 1e-9);
  assert_true(fabs(eight.idle) < 1e-9 && fabs(eight.makespan - 8) < 1e-9);
  p->strict = true;
  p->window = 1;
  fleet narrow = run(p, bowl, 8, 0);
  assert_true(fabs(narrow.makespan - 64) < 1e-9);
  assert_true(fabs(narrow.idle - 7.0 / 8) < 1e-9);
  fleet_free(&alone);
  fleet_free(&eight);
  fleet_free(&narrow);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tries_each_point_once),
      cmocka_unit_test(goes_on_when_all_are_tried),
      cmocka_unit_test(heeds_conditions),
      cmocka_unit_test(continuous_points_differ),
      cmocka_unit_test(blind_points_are_the_same),
      cmocka_unit_test(strict_order_heeds_no_times),
      cmocka_unit_test(idles_as_it_must)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
