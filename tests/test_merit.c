/* SPDX-License-Identifier: BSD-3-Clause */
/* What counts as good to a sampler: the order of one objective, the picks of
 * several. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/mem.h"
#include "hpo/rng.h"
#include "sampler/merit.h"
#include "tinyplan.h"

enum { N = 50 };

static void one_objective(void **state) {
  hpo_plan *p = tinyplan_make();
  const double x = 0;
  struct {
    hpo_trial_state state;
    int64_t steps;
    double metric, value;
  } row[] = {/* best first; the bound is 10 */
             {HPO_TRIAL_COMPLETE, 1, 9, 3},  {HPO_TRIAL_COMPLETE, 1, 10, 2},
             {HPO_TRIAL_PRUNED, 9, 50, 1},   {HPO_TRIAL_PRUNED, 4, 1, 7},
             {HPO_TRIAL_COMPLETE, 1, 12, 9}, {HPO_TRIAL_COMPLETE, 1, 90, 9},
             {HPO_TRIAL_FAILED, 1, 1, 9}};
  double before = -(double)INFINITY, before_value = -(double)INFINITY;

  (void)state;
  tinyplan_float(p, 0, 1, false, -1, 0);
  p->objective[0].maximize = true;
  assert_int_equal(hpo_mem_grow(&p->constraint, &p->constraint_room, 1,
                                sizeof *p->constraint, NULL),
                   HPO_OK);
  tinyplan_text(&p->constraint[0].metric, "a");
  p->constraint[0].min = (double)NAN;
  p->constraint[0].max = 10;
  p->n_constraint = 1;
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    hpo_trial *t =
        tinyplan_trial(p, (hpo_id)i, row[i].state, &x, row[i].value);
    double step, value;
    t->steps = row[i].steps;
    t->metric[1] = row[i].metric;
    hpo_merit_get(p, t, &step, &value);
    assert_true(step > before || (step == before && value > before_value));
    before = step;
    before_value = value;
    hpo_trial_destroy(t);
  }
  hpo_plan_destroy(p);
}

static size_t front_of(const hpo_fronts *f, hpo_id number) {
  for (size_t r = 0; r < f->n_front; r++)
    for (size_t i = 0; i < f->front[r].n; i++)
      if (f->item[f->front[r].member[i]].number == number)
        return r;
  fail();
  return 0;
}

static void check_picks(uint64_t seed, size_t d, size_t most) {
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 31, (uint32_t)d);
  hpo_fronts f = {.d = d};
  float active[N];
  uint8_t is_best[N] = {0};
  double weight[N] = {0}, top = 0;
  size_t n_active = 0, picked = 0, worst = 0;

  for (hpo_id i = 0; i < N; i++) {
    hpo_outcome o = {.number = i};
    o.violation = hpo_rng_below(&rng, 5) == 0 ? hpo_rng_next(&rng) : 0;
    for (size_t k = 0; k < d; k++)
      o.loss[k] = hpo_rng_next(&rng) - (double)k / 2;
    active[i] = hpo_rng_below(&rng, 3) == 0 ? (float)NAN : 0.5F;
    n_active += !isnan(active[i]) ? 1U : 0U;
    assert_int_equal(hpo_fronts_add(&f, &o, NULL), HPO_OK);
  }
  assert_int_equal(hpo_merit_pick(&f, active, most, is_best, weight, NULL),
                   HPO_OK);
  for (hpo_id i = 0; i < N; i++) {
    if (!is_best[i])
      continue;
    picked++;
    assert_true(!isnan(active[i]));
    assert_true(weight[i] > 0 && weight[i] <= 1);
    top = fmax(top, weight[i]);
    worst = front_of(&f, i) > worst ? front_of(&f, i) : worst;
  }
  assert_int_equal(picked, most < n_active ? most : n_active);
  assert_true(top == 1);
  for (hpo_id i = 0; i < N; i++)
    if (!is_best[i] && !isnan(active[i]))
      assert_true(front_of(&f, i) >= worst);
  hpo_fronts_free(&f);
}

static void several_objectives(void **state) {
  uint64_t first = tinyplan_seed(1);

  (void)state;
  for (uint64_t seed = first; seed < first + 20; seed++)
    for (size_t d = 2; d <= 4; d++) {
      check_picks(seed, d, 1);
      check_picks(seed, d, 7);
      check_picks(seed, d, N);
    }
}

/* Of one front: corners and middle before their near neighbours, and a point
 * that adds nothing weighs next to nothing. */
static void spread(void **state) {
  static const double at[][2] = {{0, 10}, {0.1, 9.9}, {5, 5},
                                 {5, 5},  {9.9, 0.1}, {10, 0}};
  hpo_fronts f = {.d = 2};
  float active[6] = {0};
  uint8_t is_best[6] = {0};
  double weight[6] = {0};

  (void)state;
  for (hpo_id i = 0; i < 6; i++) {
    hpo_outcome o = {.number = i, .loss = {at[i][0], at[i][1]}};
    assert_int_equal(hpo_fronts_add(&f, &o, NULL), HPO_OK);
  }
  assert_int_equal(hpo_merit_pick(&f, active, 3, is_best, weight, NULL), 0);
  assert_true(is_best[2] && !is_best[3]);
  assert_true(is_best[0] + is_best[1] == 1 && is_best[4] + is_best[5] == 1);
  memset(is_best, 0, sizeof is_best);
  assert_int_equal(hpo_merit_pick(&f, active, 6, is_best, weight, NULL), 0);
  assert_true(weight[2] < 1e-9 && weight[3] < 1e-9 && weight[0] > 0.01);
  hpo_fronts_free(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_objective),
                                     cmocka_unit_test(several_objectives),
                                     cmocka_unit_test(spread)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
