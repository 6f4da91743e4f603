/* SPDX-License-Identifier: BSD-3-Clause */
/* Fronts against their definition, hypervolume against inclusion and
 * exclusion, violation by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/front.h"
#include "hpo/hypervolume.h"
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "tinyplan.h"

enum { N = 60 };

/* Small whole numbers: many ties and equal points. */
static hpo_outcome draw(hpo_rng *rng, hpo_id number, size_t d) {
  hpo_outcome o = {.number = number};

  if (hpo_rng_below(rng, 4) == 0)
    o.violation = (double)(1 + hpo_rng_below(rng, 3));
  for (size_t i = 0; i < d; i++)
    o.loss[i] = (double)hpo_rng_below(rng, 7);
  return o;
}

/* By the words of front.h. */
static bool dominates(const hpo_outcome *a, const hpo_outcome *b, size_t d) {
  bool worse = false, better = false;

  if (a->violation != b->violation)
    return a->violation < b->violation;
  if (a->violation > 0)
    return false;
  for (size_t i = 0; i < d; i++) {
    worse = worse || a->loss[i] > b->loss[i];
    better = better || a->loss[i] < b->loss[i];
  }
  return better && !worse;
}

/* rank [n]: fronts peeled off one after the other. */
static void peel(const hpo_outcome *o, size_t n, size_t d, size_t *rank) {
  size_t left = n;

  for (size_t i = 0; i < n; i++)
    rank[i] = SIZE_MAX;
  for (size_t r = 0; left > 0; r++)
    for (size_t i = 0; i < n; i++) {
      bool is_free = rank[i] == SIZE_MAX;
      for (size_t k = 0; k < n && is_free; k++)
        is_free = rank[k] < r || !dominates(&o[k], &o[i], d);
      if (is_free) {
        rank[i] = r;
        left--;
      }
    }
}

static void shuffle(hpo_rng *rng, size_t *order, size_t n) {
  for (size_t i = 0; i < n; i++)
    order[i] = i;
  for (size_t i = n; i > 1; i--) {
    size_t k = hpo_rng_below(rng, i), t = order[k];
    order[k] = order[i - 1];
    order[i - 1] = t;
  }
}

static void check_fronts(uint64_t seed, size_t d, size_t depth) {
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 21, (uint32_t)d);
  hpo_fronts f = {.d = d, .depth = depth};
  hpo_outcome o[N];
  size_t rank[N], order[N], seen = 0, wanted = 0;

  for (size_t i = 0; i < N; i++)
    o[i] = draw(&rng, (hpo_id)i, d);
  peel(o, N, d, rank);
  shuffle(&rng, order, N);
  for (size_t i = 0; i < N; i++)
    assert_int_equal(hpo_fronts_add(&f, &o[order[i]], NULL), HPO_OK);
  for (size_t r = 0; r < f.n_front; r++)
    for (size_t i = 0; i < f.front[r].n; i++, seen++) {
      const hpo_outcome *m = &f.item[f.front[r].member[i]];
      assert_int_equal(rank[m->number], r);
      if (i > 0)
        assert_true(f.item[f.front[r].member[i - 1]].number < m->number);
    }
  for (size_t i = 0; i < N; i++) {
    wanted += depth == 0 || rank[i] < depth;
    assert_true(hpo_fronts_covers(&f, &o[i]));
    if (depth == 0)
      assert_int_equal(hpo_fronts_find(&f, &o[i]), rank[i]);
  }
  assert_int_equal(seen, wanted);
  hpo_fronts_free(&f);
}

static void test_fronts(void **state) {
  uint64_t first = tinyplan_seed(1);

  (void)state;
  for (uint64_t seed = first; seed < first + 40; seed++)
    for (size_t d = 1; d <= 4; d++) {
      check_fronts(seed, d, 0);
      check_fronts(seed, d, 1);
    }
}

/* Inclusion and exclusion over all subsets of n points. */
static double by_subsets(const double *loss, size_t n, size_t d,
                         const double *reference) {
  double sum = 0;

  for (size_t set = 1; set < (size_t)1 << n; set++) {
    double box = 1;
    bool odd = false;
    for (size_t i = 0; i < n; i++)
      odd = odd != ((set >> i & 1) == 1);
    for (size_t k = 0; k < d; k++) {
      double low = -INFINITY;
      for (size_t i = 0; i < n; i++)
        if (set >> i & 1)
          low = fmax(low, loss[i * d + k]);
      box *= fmax(reference[k] - low, 0);
    }
    sum += odd ? box : -box;
  }
  return sum;
}

static void check_volume(uint64_t seed, size_t d, bool whole) {
  enum { n = 9 };
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 22, (uint32_t)d);
  const double reference[] = {0.9, 1.1, 0.8, 1};
  double loss[n * 4], share[n], volume = 0, all;

  for (size_t i = 0; i < n * d; i++)
    loss[i] = whole ? (double)hpo_rng_below(&rng, 4) / 3 : hpo_rng_next(&rng);
  all = by_subsets(loss, n, d, reference);
  assert_int_equal(hpo_hypervolume(loss, n, d, reference, &volume, NULL),
                   HPO_OK);
  assert_true(fabs(volume - all) < 1e-12);
  assert_int_equal(hpo_hypervolume_shares(loss, n, d, reference, share, NULL),
                   HPO_OK);
  for (size_t i = 0; i < n; i++) {
    double rest[(n - 1) * 4];
    memcpy(rest, loss, i * d * sizeof *loss);
    memcpy(rest + i * d, loss + (i + 1) * d, (n - 1 - i) * d * sizeof *loss);
    assert_true(fabs(share[i] -
                     (all - by_subsets(rest, n - 1, d, reference))) < 1e-12);
  }
}

static void test_volume(void **state) {
  uint64_t first = tinyplan_seed(1);
  const double one[] = {0.25}, reference[] = {1};
  double volume = 1;

  (void)state;
  for (uint64_t seed = first; seed < first + 30; seed++)
    for (size_t d = 1; d <= 4; d++) {
      check_volume(seed, d, false);
      check_volume(seed, d, true);
    }
  assert_int_equal(hpo_hypervolume(one, 0, 1, reference, &volume, NULL), 0);
  assert_true(volume == 0);
  assert_int_equal(hpo_hypervolume(one, 1, 1, reference, &volume, NULL), 0);
  assert_true(volume == 0.75);
}

/* Each pick adds most to those before. */
static void test_subset(void **state) {
  enum { n = 12, k = 5 };
  uint64_t first = tinyplan_seed(1);
  const double reference[] = {1, 1, 1, 1};

  (void)state;
  for (uint64_t seed = first; seed < first + 60; seed++) {
    size_t d = 2 + seed % 3, pick[k];
    hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 23, (uint32_t)d);
    double loss[n * 4], chosen[(k + 1) * 4], before = 0;
    for (size_t i = 0; i < n * d; i++)
      loss[i] = hpo_rng_next(&rng);
    assert_int_equal(
        hpo_hypervolume_subset(loss, n, d, reference, k, pick, NULL), 0);
    for (size_t j = 0; j < k; j++) {
      double gain = 0, most = 0;
      for (size_t i = 0; i < n; i++) {
        memcpy(chosen + j * d, loss + i * d, d * sizeof *loss);
        most = fmax(most, by_subsets(chosen, j + 1, d, reference) - before);
      }
      memcpy(chosen + j * d, loss + pick[j] * d, d * sizeof *loss);
      gain = by_subsets(chosen, j + 1, d, reference) - before;
      assert_true(gain > most - 1e-12);
      before += gain;
    }
  }
}

static void constrain(hpo_plan *p, const char *metric, double min,
                      double max) {
  assert_int_equal(hpo_mem_grow(&p->constraint, &p->constraint_room,
                                p->n_constraint + 1, sizeof *p->constraint,
                                NULL),
                   HPO_OK);
  tinyplan_text(&p->constraint[p->n_constraint].metric, metric);
  p->constraint[p->n_constraint].min = min;
  p->constraint[p->n_constraint++].max = max;
}

static void test_violation(void **state) {
  hpo_plan *p = tinyplan_make();
  hpo_names names = {0};
  const double nan = (double)NAN;
  /* value, a, b, train_seconds, model_bytes */
  double metric[] = {3, 10, -2, 0, 0};

  (void)state;
  assert_true(hpo_plan_violation(p, metric) == 0);
  constrain(p, "a", nan, 8);
  constrain(p, "value", 4, 5);
  constrain(p, "b", 0, nan);
  assert_int_equal(hpo_plan_metrics(p, &names, NULL), HPO_OK);
  assert_string_equal(names.item[1], "a");
  assert_string_equal(names.item[2], "b");
  assert_int_equal(names.n, 5);
  assert_true(hpo_plan_violation(p, metric) == 2.0 / 8 + 1.0 / 4 + 2);
  metric[0] = 4.5;
  metric[1] = 8;
  metric[2] = 0;
  assert_true(hpo_plan_violation(p, metric) == 0);
  metric[1] = nan;
  assert_true(isinf(hpo_plan_violation(p, metric)));
  hpo_names_free(&names);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fronts), cmocka_unit_test(test_volume),
      cmocka_unit_test(test_subset), cmocka_unit_test(test_violation)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
