/* SPDX-License-Identifier: BSD-3-Clause */
/* Sampler cmaes: eigenvalues, the same with and without its cache, its own
 * draws found again, convergence, integers, restarts.  check_samplers.py
 * compares the updates with the package cmaes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/rng.h"
#include "hpo/sampler.h"
#include "play.h"
#include "sampler/eigen.h"
#include "sampler/evolve.h"
#include "tinyplan.h"

static void option(hpo_plan *p, const char *name, const char *value) {
  assert_int_equal(hpo_settings_add(&p->sampler.options, name, value, 0, NULL),
                   HPO_OK);
}

static hpo_sampler *make(hpo_plan *p) {
  hpo_sampler *s = NULL;
  hpo_error err = {0};

  tinyplan_text(&p->sampler.name, "cmaes");
  if (hpo_sampler_create(p, &s, &err) != HPO_OK)
    fail_msg("%s", err.text);
  return s;
}

static void eigen(void **state) {
  hpo_rng rng = hpo_rng_make(tinyplan_seed(1), HPO_RNG_TEST, 0, 0);
  double a[400], copy[400], value[20], basis[400];

  (void)state;
  for (size_t n = 1; n <= 20; n++) {
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j <= i; j++)
        a[i * n + j] = a[j * n + i] = hpo_rng_normal(&rng);
    memcpy(copy, a, sizeof a);
    hpo_eigen_symmetric(n, copy, value, basis);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        double product = 0, dot = 0;
        for (size_t k = 0; k < n; k++) {
          product += basis[i * n + k] * value[k] * basis[j * n + k];
          dot += basis[k * n + i] * basis[k * n + j];
        }
        assert_true(fabs(product - a[i * n + j]) < 1e-12);
        assert_true(fabs(dot - (i == j ? 1 : 0)) < 1e-13);
      }
  }
}

/* --- Studies ---------------------------------------------------------- */

typedef double function(const hpo_plan *p, const double *x);

static double bowl(const hpo_plan *p, const double *x) {
  double sum = 0;

  for (size_t i = 0; i < p->space.n_param; i++)
    sum += isnan(x[i]) ? 1 : (x[i] - 0.3) * (x[i] - 0.3) * (double)(i + 1);
  return sum;
}

static double rosenbrock(const hpo_plan *p, const double *x) {
  double sum = 0;

  for (size_t i = 0; i + 1 < p->space.n_param; i++) {
    double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    sum += 100 * a * a + b * b;
  }
  return sum;
}

static double rastrigin(const hpo_plan *p, const double *x) {
  double sum = 0;

  for (size_t i = 0; i < p->space.n_param; i++) {
    double y = x[i] - 0.7;
    sum += y * y + 10 - 10 * cos(6.283185307179586 * y);
  }
  return sum;
}

/* A study whose results come window trials late; the best value. */
static double minimize(hpo_plan *p, function *f, hpo_id n, hpo_id window) {
  hpo_sampler *s = make(p);
  hpo_ledger *ledger = NULL;
  hpo_error err = {0};
  double best = (double)INFINITY, x[32];

  assert_int_equal(hpo_ledger_create(p, &ledger, &err), HPO_OK);
  for (hpo_id i = 0; i < n; i++) {
    hpo_view view = {.ledger = ledger, .horizon = i - window, .trials = i};
    assert_int_equal(hpo_sampler_suggest(s, &view, i, NULL, x, &err), HPO_OK);
    assert_int_equal(hpo_space_check(&p->space, x, &err), HPO_OK);
    double value = f(p, x);
    best = fmin(best, value);
    hpo_trial *t = tinyplan_trial(p, i, HPO_TRIAL_COMPLETE, x,
                                  p->objective[0].maximize ? -value : value);
    assert_int_equal(hpo_ledger_put(ledger, t, &err), HPO_OK);
  }
  hpo_ledger_destroy(ledger);
  hpo_sampler_destroy(s);
  return best;
}

static hpo_plan *cube(size_t n, double low, double high) {
  hpo_plan *p = tinyplan_make();

  for (size_t i = 0; i < n; i++)
    tinyplan_float(p, low, high, false, -1, 0);
  return p;
}

static void converges(void **state) {
  uint64_t seed = tinyplan_seed(1);

  (void)state;
  for (uint64_t k = 0; k < 3; k++) {
    hpo_plan *p = cube(4, -2, 5);
    p->seed = seed + k;
    p->objective[0].maximize = k == 1;
    assert_true(minimize(p, bowl, 900, 1) < 1e-9);
    assert_true(minimize(p, bowl, 900, 16) < 1e-5);
    hpo_plan_destroy(p);
    p = cube(2, -2, 5);
    p->seed = seed + k;
    assert_true(minimize(p, rosenbrock, 1500, 1) < 1e-6);
    hpo_plan_destroy(p);
    p = cube(1, -2, 5);
    assert_true(minimize(p, bowl, 200, 1) < 1e-6);
    hpo_plan_destroy(p);
    p = cube(2, -5, 5);
    option(p, "restart", k == 1 ? "ipop" : "bipop");
    option(p, "tolerance", "0.001");
    assert_true(minimize(p, rastrigin, 3000, 1) < 0.01);
    hpo_plan_destroy(p);
  }
}

/* The optimum in whole numbers is found though the mean starts far off, and
 * so is one at the edge. */
static void integers(void **state) {
  uint64_t seed = tinyplan_seed(1);

  (void)state;
  for (uint64_t k = 0; k < 5; k++) {
    hpo_plan *p = tinyplan_make();
    p->seed = seed + k;
    tinyplan_int(p, -50, 200, -1, 0);
    tinyplan_int(p, 0, 1, -1, 0);
    tinyplan_int(p, 0, 30, -1, 0);
    tinyplan_float(p, 0, 3, false, -1, 0);
    assert_true(minimize(p, bowl, 600, 4) < 0.09 * (1 + 2 + 3) + 1e-2);
    hpo_plan_destroy(p);
  }
}

/* --- The cache, and what it knows ------------------------------------- */

static hpo_trial *random_result(const hpo_plan *p, hpo_rng *rng, hpo_id n,
                                const double *x) {
  uint64_t state = hpo_rng_below(rng, 10);
  hpo_trial *t = tinyplan_trial(p, n,
                                state == 0   ? HPO_TRIAL_FAILED
                                : state <= 2 ? HPO_TRIAL_PRUNED
                                             : HPO_TRIAL_COMPLETE,
                                x, state == 0 ? (double)NAN : bowl(p, x));

  t->steps = (int64_t)hpo_rng_below(rng, 5) + 1;
  t->end = (int64_t)hpo_rng_below(rng, 1000);
  return t;
}

/* Any space, results in any order: a sampler that has seen it all gives the
 * same as a new one. */
static void is_pure(void **state) {
  uint64_t seed = tinyplan_seed(3);

  (void)state;
  for (uint64_t k = 0; k < 24; k++) {
    hpo_plan *p = tinyplan_make();
    hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, k, 0);
    hpo_ledger *ledger = NULL;
    hpo_error err = {0};
    double x[256], y[256];
    hpo_id waiting[8];
    size_t n_waiting = 0;

    assert_int_equal(hpo_space_sample(seed + k, &p->space, NULL), HPO_OK);
    p->strict = k % 2 == 0;
    option(p, "restart", k % 3 == 0 ? "bipop" : k % 3 == 1 ? "ipop" : "none");
    option(p, "tolerance", "0.1");
    hpo_sampler *warm = make(p);
    assert_int_equal(hpo_ledger_create(p, &ledger, &err), HPO_OK);
    for (hpo_id i = 0; i < 70; i++) {
      hpo_sampler *cold = make(p);
      hpo_view view = {.ledger = ledger,
                       .horizon = p->strict ? i - 8 : INT64_MAX,
                       .trials = i};
      assert_int_equal(hpo_sampler_suggest(warm, &view, i, NULL, x, &err),
                       HPO_OK);
      assert_int_equal(hpo_sampler_suggest(cold, &view, i, NULL, y, &err),
                       HPO_OK);
      hpo_sampler_destroy(cold);
      assert_int_equal(hpo_space_check(&p->space, x, &err), HPO_OK);
      assert_true(hpo_space_equal_points(&p->space, x, y));
      hpo_trial *t = tinyplan_trial(p, i, HPO_TRIAL_RUNNING, x, 0);
      assert_int_equal(hpo_ledger_put(ledger, t, &err), HPO_OK);
      waiting[n_waiting++] = i;
      while (n_waiting == 8 ||
             (n_waiting > 0 && hpo_rng_below(&rng, 3) == 0)) {
        size_t at = p->strict ? 0 : (size_t)hpo_rng_below(&rng, n_waiting);
        hpo_id n = waiting[at];
        memmove(waiting + at, waiting + at + 1,
                (n_waiting - at - 1) * sizeof *waiting);
        n_waiting--;
        t = random_result(p, &rng, n, hpo_ledger_get(ledger, n)->x);
        assert_int_equal(hpo_ledger_put(ledger, t, &err), HPO_OK);
      }
    }
    hpo_ledger_destroy(ledger);
    hpo_sampler_destroy(warm);
    hpo_plan_destroy(p);
  }
}

static const hpo_evolve_options plain = {
    .sigma = 0.2, .tolerance = 0.01, .margin = true};

/* Tells n trials one by one, every third moved to a corner by hand. */
static hpo_evolve *learn(hpo_plan *p, const hpo_evolve_options *o, hpo_id n,
                         bool by_hand) {
  hpo_evolve *e = NULL;
  hpo_ledger *ledger = NULL;
  double x[8];

  assert_int_equal(hpo_evolve_create(o, p, NULL, &e, NULL), HPO_OK);
  assert_int_equal(hpo_ledger_create(p, &ledger, NULL), HPO_OK);
  for (hpo_id i = 0; i <= n; i++) {
    hpo_view view = {.ledger = ledger, .horizon = INT64_MAX, .trials = i};
    assert_int_equal(hpo_evolve_update(e, &view, i, NULL), HPO_OK);
    hpo_evolve_draw(e, i, 0, x);
    if (by_hand && i % 3 == 0)
      x[0] = x[1] = p->space.param[0].high;
    hpo_trial *t = tinyplan_trial(p, i, HPO_TRIAL_COMPLETE, x, bowl(p, x));
    assert_int_equal(hpo_ledger_put(ledger, t, NULL), HPO_OK);
  }
  hpo_ledger_destroy(ledger);
  return e;
}

/* An integer's place within its cell is found again, though the ledger knows
 * the integer alone. */
static void finds_its_draws(void **state) {
  hpo_plan *p = tinyplan_make();
  size_t middles = 0, n;

  (void)state;
  p->seed = tinyplan_seed(1);
  tinyplan_int(p, 0, 9, -1, 0);
  tinyplan_int(p, 0, 9, -1, 0);
  for (int by_hand = 0; by_hand < 2; by_hand++) {
    hpo_evolve *e = learn(p, &plain, 3 * 6 + 5, by_hand == 1);
    assert_int_equal(e->run->lambda, 6);
    assert_int_equal(e->run->generation, 3);
    n = e->n_told;
    assert_int_equal(n, 5);
    middles = 0;
    for (size_t i = 0; i < n * 2; i++) {
      double cell = e->place[i] * 10 - 0.5;
      middles += fabs(cell - floor(cell + 0.5)) < 1e-9 ? 1 : 0;
    }
    assert_int_equal(middles, by_hand == 1 ? 4 : 0);
    hpo_evolve_destroy(e);
  }
  hpo_plan_destroy(p);
}

static void runs_follow(void **state) {
  hpo_plan *p = cube(2, -1, 1);
  hpo_evolve_options o = plain;
  hpo_evolve *e;

  (void)state;
  p->seed = tinyplan_seed(1);
  e = learn(p, &o, 400, false);
  assert_int_equal(e->n_run, 1);
  hpo_evolve_destroy(e);
  o.restart = HPO_RESTART_IPOP;
  e = learn(p, &o, 400, false);
  assert_true(e->n_run >= 2);
  assert_int_equal(e->run->lambda, (size_t)6 << (e->n_run - 1));
  hpo_evolve_destroy(e);
  o.restart = HPO_RESTART_BIPOP;
  e = learn(p, &o, 1200, false);
  assert_true(e->n_run >= 4);
  assert_true(e->spent_small > 0 && e->spent_large > 0);
  hpo_evolve_destroy(e);
  hpo_plan_destroy(p);
}

/* The first points are around the first enqueued one; what is given stays. */
static void starts_where_told(void **state) {
  hpo_plan *p = cube(2, 0, 1);
  hpo_ledger *ledger = NULL;
  double x[3], given[3] = {0.5, (double)NAN, (double)NAN};

  (void)state;
  tinyplan_choice(p, 3, -1, 0);
  assert_int_equal(hpo_mem_new(3, sizeof(double), &p->enqueue, NULL), HPO_OK);
  p->n_enqueue = 1;
  memcpy(p->enqueue, (double[3]){0.9, (double)NAN, 1}, 3 * sizeof(double));
  option(p, "start", "enqueued");
  option(p, "sigma", "0.01");
  hpo_sampler *s = make(p);
  assert_int_equal(hpo_ledger_create(p, &ledger, NULL), HPO_OK);
  hpo_view view = {.ledger = ledger, .horizon = INT64_MAX};
  for (hpo_id i = 0; i < 50; i++) {
    assert_int_equal(hpo_sampler_suggest(s, &view, i, NULL, x, NULL), HPO_OK);
    assert_true(fabs(x[0] - 0.9) < 0.06 && fabs(x[1] - 0.5) < 0.06);
    assert_int_equal(hpo_sampler_suggest(s, &view, i, given, x, NULL), HPO_OK);
    assert_true(x[0] == 0.5);
  }
  hpo_ledger_destroy(ledger);
  hpo_sampler_destroy(s);
  hpo_plan_destroy(p);
}

static void no_duplicates(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 8; seed++) {
    hpo_plan *p = tinyplan_make();
    tinyplan_text(&p->sampler.name, "cmaes");
    p->seed = seed;
    play_all_points(p);
    hpo_plan_destroy(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(eigen),
                                     cmocka_unit_test(converges),
                                     cmocka_unit_test(integers),
                                     cmocka_unit_test(is_pure),
                                     cmocka_unit_test(finds_its_draws),
                                     cmocka_unit_test(runs_follow),
                                     cmocka_unit_test(starts_where_told),
                                     cmocka_unit_test(no_duplicates)};

  return cmocka_run_group_tests_name("cmaes", tests, NULL, NULL);
}
