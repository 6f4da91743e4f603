/* SPDX-License-Identifier: BSD-3-Clause */
/* bins: cuts against their definition done the slow way, codes against
 * cuts. */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/encode.h"
#include "data/radix.h"
#include "hpo/bins.h"
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "testdata.h"
#include "testnode.h"

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");
  const uint64_t s = text != NULL ? strtoull(text, NULL, 10) : 1;

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return s;
}

static int by_value(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;

  return (x > y) - (x < y);
}

/* The definition in cuts.c, with lists of runs. */
enum { MOST = 4096 };
typedef struct runs {
  float value[MOST];
  uint64_t count[MOST];
  bool heavy[MOST];
  size_t n;
} runs;

static size_t slow_bins(runs *r, uint64_t rows, uint64_t bins, float *cut) {
  uint64_t light = rows, k = bins, rank = 0, last = UINT64_MAX;
  size_t cuts = 0;
  bool more = true;

  memset(r->heavy, 0, sizeof r->heavy);
  while (more) {
    const uint64_t l0 = light, k0 = k;

    more = false;
    for (size_t i = 0; i < r->n; i++)
      if (!r->heavy[i] && r->count[i] * k0 >= l0) {
        r->heavy[i] = more = true;
        light -= r->count[i];
        k--;
      }
  }
  for (size_t i = 0; i < r->n; i++) {
    uint64_t id = UINT64_MAX;

    if (!r->heavy[i]) {
      id = (2 * rank + r->count[i]) * k / (2 * light);
      rank += r->count[i];
    }
    if (i > 0 && (id != last || r->heavy[i]))
      cut[cuts++] = r->value[i];
    last = id;
  }
  return cuts;
}

static size_t slow_cuts(const float *x, size_t n, size_t max_bin, float *cut) {
  static runs r;
  size_t low = 1, high = max_bin + 1, bins = max_bin;

  r.n = 0;
  for (size_t i = 0; i < n; i++) {
    if (i == 0 || x[i] != x[i - 1]) {
      r.value[r.n] = x[i];
      r.count[r.n++] = 0;
    }
    r.count[r.n - 1]++;
  }
  if (r.n <= max_bin) {
    for (size_t i = 1; i < r.n; i++)
      cut[i - 1] = r.value[i];
    return r.n > 0 ? r.n - 1 : 0;
  }
  while (high - low > 1) {
    if (slow_bins(&r, n, bins, cut) <= max_bin - 1)
      low = bins;
    else
      high = bins;
    bins = low + (high - low) / 2;
  }
  return slow_bins(&r, n, low, cut);
}

/* Values with every kind of tie. */
static void draw(hpo_rng *rng, unsigned kind, float *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double u = hpo_rng_next(rng);

    switch (kind % 6) {
    case 0:
      x[i] = (float)(u - 0.5);
      break;
    case 1:
      x[i] = (float)(int)(20 * u * u);
      break;
    case 2: /* heavy zero */
      x[i] = u < 0.6 ? 0.0f : (float)(u - 0.8);
      break;
    case 3: /* heavy values among light ones */
      x[i] = u < 0.5 ? (float)(int)(u * 10) : (float)(u * 5);
      break;
    case 4: /* sizes that halve: 0 is half of all, 1 a quarter ... */
      x[i] = (float)(int)(-log2(u + 1e-9));
      break;
    default:
      x[i] = (float)(int)(1000 * u) / 8;
      break;
    }
  }
  qsort(x, n, sizeof *x, by_value);
}

static void test_cuts_by_definition(void **state) {
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 1, 0);
  static float x[MOST], cut[MOST], slow[MOST];
  (void)state;

  for (unsigned round = 0; round < 3000; round++) {
    const size_t n = (size_t)hpo_rng_below(&rng, round % 10 ? 300 : MOST);
    const int max_bin = 2 + (int)hpo_rng_below(&rng, round % 3 ? 30 : 300);
    size_t n_cut = 999999, n_slow;

    draw(&rng, round, x, n);
    hpo_bins_cuts(x, n, max_bin, cut, &n_cut);
    n_slow = slow_cuts(x, n, (size_t)max_bin, slow);
    assert_int_equal(n_cut, n_slow);
    assert_true(n_cut <= (size_t)max_bin - 1);
    assert_memory_equal(cut, slow, n_cut * sizeof *cut);
  }
}

static void test_cuts_known(void **state) {
  static const float two[] = {1, 1, 1, 2};
  float x[1000], cut[300];
  size_t n = 9;
  (void)state;

  hpo_bins_cuts(NULL, 0, 256, cut, &n);
  assert_int_equal(n, 0);
  hpo_bins_cuts(two, 3, 256, cut, &n);
  assert_int_equal(n, 0);
  hpo_bins_cuts(two, 4, 2, cut, &n);
  assert_int_equal(n, 1);
  assert_true(cut[0] == 2.0f);
  for (size_t i = 0; i < 1000; i++)
    x[i] = (float)i;
  hpo_bins_cuts(x, 1000, 4, cut, &n); /* quartiles */
  assert_int_equal(n, 3);
  for (size_t i = 0; i < 3; i++)
    assert_true(cut[i] == 250.0f * (float)(i + 1));
  hpo_bins_cuts(x, 1000, 256, cut, &n);
  assert_int_equal(n, 255);
  for (size_t i = 1; i < n; i++) /* 3 or 4 rows each */
    assert_true(cut[i] - cut[i - 1] >= 3 && cut[i] - cut[i - 1] <= 4);
  for (size_t i = 100; i < 900; i++) /* one heavy value, 200 others */
    x[i] = 500;
  hpo_bins_cuts(x, 1000, 256, cut, &n);
  assert_int_equal(n, 200);
  hpo_bins_cuts(x, 1000, 101, cut, &n); /* 50 + 1 + 50 bins */
  assert_int_equal(n, 100);
  assert_true(cut[49] == 500.0f && cut[50] == 900.0f);
}

/* Every code of the matrix by counting cuts. */
static void check_codes(const hpo_dataset *d, const hpo_bins *b) {
  const uint8_t *code = b->code, *column = b->column;

  for (hpo_row i = 0; i < d->rows; i++)
    for (size_t j = 0; j < d->columns; j++) {
      const float x = d->x[j * (size_t)d->rows + (size_t)i];
      const uint8_t *at = code + (size_t)i * b->stride + j * b->code_bytes;
      uint32_t expected = 0, found;

      if (isnan(x))
        expected = b->n_bin[j];
      else if (b->categorical[j])
        expected = (uint32_t)x;
      else
        while (expected < b->n_bin[j] - 1 && b->cut[j][expected] <= x)
          expected++;
      found = b->code_bytes == 1 ? at[0] : (uint32_t)(at[0] | at[1] << 8);
      assert_int_equal(found, expected);
      assert_memory_equal(
          at, column + (j * (size_t)d->rows + (size_t)i) * b->code_bytes,
          b->code_bytes);
      assert_int_equal(hpo_bins_code(b, j, x), expected);
    }
}

static void check_faces(const hpo_dataset *d, const hpo_bins *b) {
  uint32_t cell = 0;
  unsigned bytes = 1;

  for (size_t j = 0; j < d->columns; j++) {
    assert_int_equal(b->offset[j], cell);
    assert_int_equal(b->has_missing[j], d->column[j].missing > 0);
    cell += b->n_bin[j] + b->has_missing[j];
    if (b->n_bin[j] + b->has_missing[j] > 256)
      bytes = 2;
    assert_true(b->categorical[j] == (b->cut[j] == NULL));
    for (size_t i = 1; b->cut[j] != NULL && i + 1 < b->n_bin[j]; i++)
      assert_true(b->cut[j][i] > b->cut[j][i - 1]);
  }
  assert_int_equal(b->offset[d->columns], cell);
  assert_int_equal(b->code_bytes, bytes);
  assert_true(b->stride >= d->columns * bytes);
}

enum { ROWS = 5000, COLS = 7 };

static hpo_dataset *mixed(uint64_t key) {
  static const size_t n_category[COLS] = {0, 0, 0, 5, 0, 0, 0};
  static float x[COLS * ROWS];
  static double y[ROWS];
  static uint8_t role[ROWS];
  hpo_rng rng = hpo_rng_make(key, HPO_RNG_TEST, 2, 0);

  for (size_t i = 0; i < ROWS; i++) {
    const double u = hpo_rng_next(&rng);

    x[i] = (float)(u - 0.5);
    x[ROWS + i] = hpo_rng_next(&rng) < 0.1 ? NAN : (float)(u * 100);
    x[2 * ROWS + i] = 3;
    x[3 * ROWS + i] =
        hpo_rng_next(&rng) < 0.1 ? NAN : (float)hpo_rng_below(&rng, 5);
    x[4 * ROWS + i] = NAN;
    x[5 * ROWS + i] = ldexpf((float)u - 0.5f, -140); /* denormals */
    x[6 * ROWS + i] = (float)hpo_rng_below(&rng, 40);
    role[i] = hpo_rng_next(&rng) < 0.2 ? HPO_ROLE_VALID : HPO_ROLE_TRAIN;
    y[i] = (double)(i % 2);
  }
  return testdata_make_full(ROWS, COLS, x, y, 2, role, NULL, n_category);
}

static void test_matrix(void **state) {
  static const int max_bin[] = {2, 3, 16, 255, 256, 257, 1000, 65535};
  hpo_dataset *d = mixed(seed());
  (void)state;

  for (size_t k = 0; k < sizeof max_bin / sizeof *max_bin; k++) {
    hpo_bins *b = NULL;

    assert_int_equal(hpo_bins_create(d, max_bin[k], &b, NULL), HPO_OK);
    check_codes(d, b);
    check_faces(d, b);
    assert_true(b->n_bin[0] <= (uint32_t)max_bin[k]);
    assert_int_equal(b->n_bin[2], 1);
    assert_int_equal(b->n_bin[3], 5);
    assert_int_equal(b->n_bin[4], 1);
    if (max_bin[k] == 256) {
      assert_int_equal(b->n_bin[0], 256);
      assert_int_equal(b->n_bin[1], 255);
      assert_int_equal(b->code_bytes, 1);
    }
    hpo_bins_destroy(b);
  }
  hpo_dataset_destroy(d);
}

/* --- Several max_bin, several ranks ------------------------------------- */

enum { SEVERAL = 5 };
static const int several[SEVERAL] = {64, 256, 100, 1000, 128};

typedef struct together {
  const hpo_dataset *d;
  hpo_bins *alone[SEVERAL];
  bool is_same[TESTNODE_MOST][SEVERAL];
} together;

static bool equal_bins(const hpo_bins *a, const hpo_bins *b) {
  const size_t row = (size_t)a->rows * a->stride;

  if (a->max_bin != b->max_bin || a->code_bytes != b->code_bytes ||
      memcmp(a->n_bin, b->n_bin, a->columns * sizeof *a->n_bin) != 0)
    return false;
  for (size_t j = 0; j < a->columns; j++)
    if (a->cut[j] != NULL &&
        memcmp(a->cut[j], b->cut[j], (a->n_bin[j] - 1) * sizeof(float)) != 0)
      return false;
  return memcmp(a->code, b->code, row) == 0 &&
         memcmp(a->column, b->column, row) == 0;
}

static void bin_together(hpo_shared *node, void *argument) {
  together *t = argument;
  hpo_dataset view = *t->d;
  hpo_bins *b[SEVERAL];
  hpo_error e = {0};

  view.node = node;
  view.is_shared = true;
  HPO_ASSERT(hpo_bins_create_all(&view, several, SEVERAL, false, b, &e) ==
             HPO_OK);
  for (size_t k = 0; k < SEVERAL; k++) {
    t->is_same[node->node_rank][k] = equal_bins(t->alone[k], b[k]);
    hpo_bins_destroy(b[k]);
  }
}

static void test_several(void **state) {
  static const int ranks[] = {1, 2, 3, 5};
  together t = {.d = mixed(seed())};
  (void)state;

  for (size_t k = 0; k < SEVERAL; k++)
    assert_int_equal(hpo_bins_create(t.d, several[k], &t.alone[k], NULL),
                     HPO_OK);
  for (size_t i = 0; i < 4; i++)
    for (int is_shared = 0; is_shared < 2; is_shared++) {
      memset(t.is_same, 0, sizeof t.is_same);
      testnode_run(ranks[i], is_shared == 1, bin_together, &t);
      for (int r = 0; r < ranks[i]; r++)
        for (size_t k = 0; k < SEVERAL; k++)
          assert_true(t.is_same[r][k]);
    }
  for (size_t k = 0; k < SEVERAL; k++)
    hpo_bins_destroy(t.alone[k]);
  hpo_dataset_destroy((hpo_dataset *)t.d);
}

/* Values given back as they become codes leave the same codes. */
static void test_drops(void **state) {
  const int max_bin = 256;
  hpo_dataset *d = mixed(3);
  hpo_bins *alone = NULL, *b = NULL;
  (void)state;

  assert_int_equal(hpo_bins_create(d, max_bin, &alone, NULL), HPO_OK);
  assert_int_equal(hpo_bins_create_all(d, &max_bin, 1, true, &b, NULL),
                   HPO_OK);
  hpo_dataset_drop_x(d);
  assert_true(equal_bins(alone, b));
  hpo_bins_destroy(alone);
  hpo_bins_destroy(b);
  hpo_dataset_destroy(d);
}

/* --- Tables ------------------------------------------------------------- */

enum { LONG = 40000 };

static float odd_value(hpo_rng *rng, int kind) {
  const double u = hpo_rng_next(rng) - 0.5;
  static const float edge[] = {0.0F,    -0.0F,    FLT_MAX, -FLT_MAX,
                               FLT_MIN, -FLT_MIN, 1e-45F,  -1e-45F};

  switch (kind) {
  case 0:
    return (float)(u * u * u * 10);
  case 1:
    return 1000 + (float)u;
  case 2:
    return (float)hpo_rng_below(rng, 300) - 150;
  case 3:
    return (float)(u * pow(10, 70 * (hpo_rng_next(rng) - 0.5)));
  case 4:
    return hpo_rng_next(rng) < 0.01 ? 1e30F : (float)u;
  default:
    return edge[hpo_rng_below(rng, sizeof edge / sizeof *edge)];
  }
}

/* A column by table against value by value. */
static void test_tables(void **state) {
  static const int max_bin[] = {2, 3, 40, 255, 256, 1000, 65535};
  static float x[LONG], sorted[LONG], room[LONG], cut[1 << 17];
  static uint8_t code[2 * LONG];
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 5, 0);
  (void)state;

  for (int kind = 0; kind < 6; kind++)
    for (size_t k = 0; k < sizeof max_bin / sizeof *max_bin; k++) {
      size_t n_cut = 0;
      hpo_coder c = {.cut = cut};

      for (size_t i = 0; i < LONG; i++)
        sorted[i] = x[i] = kind < 5 ? odd_value(&rng, kind) : (float)(i % 97);
      hpo_radix_sort(sorted, LONG, room);
      hpo_bins_cuts(sorted, LONG, max_bin[k], cut, &n_cut);
      c.steps = hpo_coder_steps(n_cut);
      c.missing = (uint32_t)n_cut + 1;
      for (size_t i = n_cut; i < (size_t)1 << c.steps; i++)
        cut[i] = INFINITY;
      for (size_t i = 0; i < 200; i++) /* values that no row has */
        x[i] = i < 100 ? odd_value(&rng, 5) : i < 150 ? NAN : cut[i % n_cut];
      for (unsigned bytes = n_cut > 254 ? 2 : 1; bytes <= 2; bytes++) {
        hpo_coder_column(&c, x, LONG, bytes, code);
        for (size_t i = 0; i < LONG; i++) {
          const uint32_t found =
              bytes == 1 ? code[i]
                         : (uint32_t)(code[2 * i] | code[2 * i + 1] << 8);

          if (found != hpo_coder_code(&c, x[i]))
            fail_msg("kind %d, %zu cuts: %.9g has code %u", kind, n_cut,
                     (double)x[i], (unsigned)found);
        }
      }
    }
}

/* Cuts come from the training rows alone; missing counts in all rows. */
static void test_validation_rows(void **state) {
  static const float x[] = {1, 2, 3, 2.5f, -7, 9, NAN};
  static const double y[7] = {0};
  static const uint8_t role[] = {0, 0, 0, 1, 1, 1, 1};
  static const uint8_t code[] = {0, 1, 2, 1, 0, 2, 3};
  hpo_dataset *d = testdata_make(7, 1, x, y, 0, role);
  hpo_bins *b = NULL;
  (void)state;

  assert_int_equal(hpo_bins_create(d, 256, &b, NULL), HPO_OK);
  assert_int_equal(b->n_bin[0], 3);
  assert_true(b->has_missing[0]);
  assert_true(b->cut[0][0] == 2.0f && b->cut[0][1] == 3.0f);
  assert_memory_equal(b->code, code, sizeof code);
  hpo_bins_destroy(b);
  hpo_dataset_destroy(d);
}

static void test_record(void **state) {
  hpo_dataset *d = mixed(7);
  hpo_bins *b = NULL;
  hpo_record *r = NULL;
  hpo_field *cut, *offset;
  (void)state;

  assert_int_equal(hpo_bins_create(d, 16, &b, NULL), HPO_OK);
  assert_int_equal(hpo_bins_record(b, &r, NULL), HPO_OK);
  cut = hpo_record_find(r, "cuts");
  offset = hpo_record_find(r, "cut_offsets");
  assert_non_null(cut);
  assert_int_equal(offset->n, COLS + 1);
  assert_int_equal(hpo_field_int(offset, COLS), cut->n);
  for (size_t j = 0; j < COLS; j++)
    for (int64_t i = hpo_field_int(offset, j);
         i < hpo_field_int(offset, j + 1); i++)
      assert_true((float)hpo_field_number(cut, (size_t)i) ==
                  b->cut[j][i - hpo_field_int(offset, j)]);
  hpo_record_destroy(r);
  hpo_bins_destroy(b);
  hpo_dataset_destroy(d);
}

static void test_refused(void **state) {
  hpo_dataset *d = mixed(7);
  hpo_bins *b = NULL;
  hpo_error e = {0};
  (void)state;

  assert_int_equal(hpo_bins_create(d, 1, &b, &e), HPO_EINVAL);
  assert_int_equal(hpo_bins_create(d, 65536, &b, &e), HPO_EINVAL);
  assert_non_null(strstr(e.text, "2..65535"));
  assert_null(b);
  hpo_dataset_destroy(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cuts_by_definition),
      cmocka_unit_test(test_cuts_known),
      cmocka_unit_test(test_matrix),
      cmocka_unit_test(test_several),
      cmocka_unit_test(test_drops),
      cmocka_unit_test(test_tables),
      cmocka_unit_test(test_validation_rows),
      cmocka_unit_test(test_record),
      cmocka_unit_test(test_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
