/* SPDX-License-Identifier: BSD-3-Clause */
/* Test functions: known values and minima, steps, refusals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/model.h"

#define PI 3.14159265358979323846

static const char *const names[] = {"x0", "x1", "x2", "x3", "x4", "x5"};

typedef struct call {
  const char *objective, *steps;
  const char *const *name;
  const double *x;
  size_t n;
  int64_t at; /* step that the value is asked for */
} call;

static hpo_status value_of(const call *c, double *out, hpo_error *err) {
  const hpo_model_kind *kind = hpo_model_find("function");
  hpo_coll coll = hpo_coll_serial();
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;
  void *self = NULL;

  HPO_TRY(status, hpo_options_create(kind->option, kind->n_option, &o, err));
  HPO_TRY(status, hpo_options_set(o, "objective", c->objective, err));
  HPO_TRY(status, hpo_options_set(o, "steps", c->steps, err));
  hpo_model_input in = {.options = o,
                        .coll = &coll,
                        .free_name = c->name,
                        .free_value = c->x,
                        .n_free = c->n};
  HPO_TRY(status, kind->create(&in, &self, err));
  for (int64_t i = 0; i < c->at; i++)
    HPO_TRY(status, kind->step(self, err));
  HPO_TRY(status, kind->value(self, out, err));
done:
  kind->destroy(self);
  hpo_options_destroy(o);
  return status;
}

static void expect(const char *objective, const double *x, size_t n,
                   double value) {
  double found = NAN;
  hpo_error err = {0};
  call c = {objective, "1", names, x, n, 1};

  assert_int_equal(value_of(&c, &found, &err), HPO_OK);
  if (!(fabs(found - value) < 2e-5))
    fail_msg("%s is %.9g, not %.9g", objective, found, value);
}

static void test_values(void **state) {
  const double zero[6] = {0}, one[6] = {1, 1, 1, 1, 1, 1}, two[2] = {2, -1};
  const double b[3][2] = {{-PI, 12.275}, {PI, 2.275}, {9.42478, 2.475}};
  const double h[6] = {0.20169,  0.150011, 0.476874,
                       0.275332, 0.311652, 0.6573};
  const double m[3] = {0.5, 7, 2}, away[3] = {0.5, 7, 0};

  (void)state;
  expect("sphere", zero, 6, 0);
  expect("sphere", two, 2, 5);
  expect("rosenbrock", one, 6, 0);
  expect("rosenbrock", two, 2, 2501);
  expect("ackley", zero, 6, 0);
  expect("ackley", one, 2, 3.62538);
  expect("rastrigin", zero, 6, 0);
  expect("rastrigin", one, 2, 2);
  for (int i = 0; i < 3; i++)
    expect("branin", b[i], 2, 0.397887);
  expect("branin", zero, 2, 55.602113);
  expect("hartmann6", h, 6, -3.32237);
  expect("mixed", m, 3, 0);
  expect("mixed", away, 3, 0.45);
}

/* The shifted minimum is elsewhere, with the same value. */
static void test_shifted(void **state) {
  const double zero[1] = {0};
  const double at = 0.5 + 0.5 * 0.61803398874989485, moved[1] = {at};

  (void)state;
  expect("sphere-shifted", zero, 1, at * at);
  expect("sphere-shifted", moved, 1, 0);
  expect("rastrigin-shifted", moved, 1, 0);
}

/* Values fall to the last one, and keep the order of points. */
static void test_steps(void **state) {
  const double good[2] = {1, 1}, bad[2] = {2, 1};
  call c = {"sphere", "5", names, good, 2, 0}, worse = c;
  double last = INFINITY, x = 0, y = 0;
  hpo_error err = {0};

  (void)state;
  worse.x = bad;
  for (c.at = 0; c.at <= 5; c.at++) {
    worse.at = c.at;
    assert_int_equal(value_of(&c, &x, &err), HPO_OK);
    assert_int_equal(value_of(&worse, &y, &err), HPO_OK);
    assert_true(x < last && x < y);
    last = x;
  }
  assert_true(last == 2);
}

static void refuse(const char *objective, const char *const *name, size_t n,
                   const char *word) {
  const double x[6] = {0};
  double value = 0;
  hpo_error err = {0};
  call c = {objective, "1", name, x, n, 1};

  assert_int_equal(value_of(&c, &value, &err), HPO_ETRIAL);
  assert_non_null(strstr(err.text, word));
}

static void test_refusals(void **state) {
  const char *const odd[] = {"x0", "y"}, *const zeros[] = {"x00"};
  const char *const gap[] = {"x1"};
  const double x[1] = {3};
  double value = 0;
  call c = {"sphere", "1", gap, x, 1, 1};

  (void)state;
  refuse("branin", names, 3, "found 3");
  refuse("hartmann6", names, 5, "found 5");
  refuse("sphere", names, 0, "at least 1");
  refuse("rosenbrock", names, 1, "at least 2");
  refuse("sphere", odd, 2, "\"y\"");
  refuse("sphere", zeros, 1, "\"x00\"");
  assert_int_equal(value_of(&c, &value, NULL), HPO_OK); /* x0 is 0 */
  assert_true(value == 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values), cmocka_unit_test(test_shifted),
      cmocka_unit_test(test_steps), cmocka_unit_test(test_refusals)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
