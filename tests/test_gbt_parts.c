/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of gbt against slow words of the same: histograms, the two searches,
 * rounding, draws, walking a tree. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/gbt/gbt.h"
#include "model/gbt/kernels.h"
#include "testdata.h"

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");

  return text != NULL ? strtoull(text, NULL, 10) : 1;
}

/* A matrix with random codes and gradients. */
typedef struct matrix {
  hpo_dataset *d;
  hpo_bins *bins;
  uint32_t *row; /* [n] 0 .. n - 1 */
  int64_t *gh;   /* [n] */
  gbt_set set;   /* all columns */
  size_t n;
} matrix;

/* absent: share of values that are 0, or in every third column missing. */
static matrix matrix_make_sparse(size_t n, size_t columns, int max_bin,
                                 int bits, double absent) {
  hpo_rng r = hpo_rng_make(seed(), HPO_RNG_TEST, n, 1);
  matrix m = {.n = n};
  float *x = calloc(n * columns, sizeof *x);
  double *y = calloc(n, sizeof *y);
  size_t *n_category = calloc(columns, sizeof *n_category);

  m.row = calloc(n, sizeof *m.row);
  m.gh = calloc(n, sizeof *m.gh);
  m.set.item = calloc(columns, sizeof *m.set.item);
  HPO_ASSERT(x && y && n_category && m.row && m.gh && m.set.item);
  n_category[1] = 6;
  for (size_t i = 0; i < n * columns; i++) {
    double u = hpo_rng_next(&r);
    x[i] = i / n == 1 ? (float)floor(u * 6) : (float)(u * u);
    if (i / n != 2 && hpo_rng_next(&r) < 0.1)
      x[i] = NAN;
    if (hpo_rng_next(&r) < absent)
      x[i] = i / n % 3 == 0 ? NAN : 0;
  }
  for (size_t i = 0; i < n; i++) {
    int64_t g = (int64_t)((hpo_rng_next(&r) - 0.5) * ldexp(2, bits));
    int64_t h = (int64_t)(hpo_rng_next(&r) * ldexp(1, bits));
    m.row[i] = (uint32_t)i;
    m.gh[i] = g * ((int64_t)1 << 32) + h;
  }
  for (; m.set.n < columns; m.set.n++)
    m.set.item[m.set.n] = (uint32_t)m.set.n;
  m.d = testdata_make_full(n, columns, x, y, 0, NULL, NULL, n_category);
  HPO_ASSERT(hpo_bins_create(m.d, max_bin, &m.bins, NULL) == HPO_OK);
  free(x);
  free(y);
  free(n_category);
  return m;
}

static matrix matrix_make(size_t n, size_t columns, int max_bin, int bits) {
  return matrix_make_sparse(n, columns, max_bin, bits, 0);
}

static void matrix_free(matrix *m) {
  hpo_bins_destroy(m->bins);
  hpo_dataset_destroy(m->d);
  free(m->row);
  free(m->gh);
  free(m->set.item);
}

static uint32_t code(const matrix *m, size_t row, size_t f) {
  const uint8_t *c = (const uint8_t *)m->bins->code + row * m->bins->stride;
  uint16_t v = 0;

  if (m->bins->code_bytes == 1)
    return c[f];
  memcpy(&v, c + 2 * f, 2);
  return v;
}

static gbt_rows rows_of(const matrix *m, size_t from, size_t n) {
  return (gbt_rows){.row = m->row + from,
                    .n = n,
                    .total = (hpo_row)n,
                    .gh = m->gh,
                    .code = m->bins->code,
                    .start = m->bins->csr.start,
                    .cell = m->bins->csr.cell};
}

static int64_t cell(const gbt_hist *h, size_t i, bool second) {
  if (h->is_wide)
    return h->cell[2 * i + second];
  return second ? h->cell[i] & 0xffffffff : h->cell[i] >> 32;
}

/* The histogram holds the sums of rows [from, from + n). */
static void expect_sums(const matrix *m, const gbt_pool *p, const gbt_hist *h,
                        size_t from, size_t n) {
  size_t cells = p->cells;
  int64_t *g = calloc(cells, sizeof *g), *s = calloc(cells, sizeof *s);

  HPO_ASSERT(g && s);
  for (size_t i = from; i < from + n; i++)
    for (size_t f = 0; f < m->bins->columns; f++) {
      size_t at = p->layout.offset[f] + code(m, i, f);
      if (m->bins->csr.start != NULL &&
          code(m, i, f) == m->bins->csr.implicit[f])
        continue;
      g[at] += m->gh[i] >> 32;
      s[at] += m->gh[i] & 0xffffffff;
    }
  for (size_t i = 0; i < cells; i++) {
    assert_true(cell(h, i, false) == g[i]);
    assert_true(cell(h, i, true) == s[i]);
  }
  free(g);
  free(s);
}

/* Builds of all kinds, and parent - child in both ways. */
static void check_hist_of(matrix m, size_t cut, int bits, bool is_wide) {
  size_t n = m.n;
  gbt_scale scale = {.g = 1, .h = 1, .is_wide = is_wide, .bits = bits};
  gbt_rows all = rows_of(&m, 0, n), child = rows_of(&m, 0, cut);
  gbt_pool pool;
  gbt_hist a, b;

  assert_int_equal(gbt_pool_create(m.bins, &pool, NULL), HPO_OK);
  assert_int_equal(gbt_pool_take(&pool, &a, NULL), HPO_OK);
  assert_int_equal(gbt_pool_take(&pool, &b, NULL), HPO_OK);
  gbt_hist_build(&pool, &all, &scale, &a);
  expect_sums(&m, &pool, &a, 0, n);
  gbt_hist_build(&pool, &child, &scale, &b);
  expect_sums(&m, &pool, &b, 0, cut);
  gbt_hist_subtract(&pool, &a, &b, &scale, (hpo_row)(n - cut));
  expect_sums(&m, &pool, &a, cut, n - cut);
  gbt_hist_build(&pool, &all, &scale, &a);
  gbt_hist_remove(&pool, &a, &child, &scale, (hpo_row)(n - cut));
  expect_sums(&m, &pool, &a, cut, n - cut);
  gbt_pool_free(&pool);
  matrix_free(&m);
}

static void check_hist(size_t n, size_t cut, int bits, bool is_wide,
                       int max_bin) {
  check_hist_of(matrix_make(n, 11, max_bin, bits), cut, bits, is_wide);
}

static void test_hist(void **state) {
  (void)state;
  check_hist(1000, 300, 21, false, 256);
  check_hist(1000, 300, 30, true, 64);
  check_hist(3000, 10, 19, false, 600);
  check_hist(140000, 65536, 15, false, 256); /* wide, its child narrow */
  check_hist(70000, 60000, 15, false, 64);   /* the rest gets narrow */
  check_hist_of(matrix_make_sparse(1000, 40, 64, 21, 0.8), 300, 21, false);
  check_hist_of(matrix_make_sparse(1000, 40, 600, 30, 0.8), 300, 30, true);
}

static void expect_equal(const gbt_split *a, const gbt_split *b) {
  assert_true(a->score == b->score);
  if (a->score < 0)
    return;
  assert_int_equal(a->feature, b->feature);
  assert_int_equal(a->bin, b->bin);
  assert_int_equal(a->default_left, b->default_left);
  assert_true(a->left.g == b->left.g && a->left.h == b->left.h);
  assert_true(a->right.g == b->right.g && a->right.h == b->right.h);
}

/* The best split by trying all of them on the rows themselves: every bin,
   both defaults. */
static gbt_sums side(const matrix *m, size_t from, size_t n,
                     const gbt_rule *rule, uint32_t right) {
  gbt_sums s = {0, 0};

  for (size_t i = from; i < from + n; i++)
    if (gbt_rule_right(rule, code(m, i, rule->feature)) == right) {
      s.g += m->gh[i] >> 32;
      s.h += m->gh[i] & 0xffffffff;
    }
  return s;
}

static double score_of(const gbt_search *s, gbt_sums l, gbt_sums r) {
  if ((double)l.h * s->rule.unit_h < s->rule.min_hess ||
      (double)r.h * s->rule.unit_h < s->rule.min_hess)
    return -1;
  return gbt_gain_node(&s->rule, l) + gbt_gain_node(&s->rule, r);
}

static double best_score(const matrix *m, const gbt_search *s, size_t from,
                         size_t n) {
  double best = -1;

  for (uint32_t f = 0; f < m->bins->columns; f++)
    for (uint32_t b = 0; b < m->bins->n_bin[f]; b++)
      for (int left = 0; left < 2; left++) {
        gbt_node node = {.feature = f,
                         .bin = b,
                         .left = 1,
                         .categorical = m->bins->categorical[f],
                         .default_left = left};
        gbt_rule rule = gbt_rule_get(&node, 0, m->bins);
        double x = score_of(s, side(m, from, n, &rule, 0),
                            side(m, from, n, &rule, 1));
        best = x > best ? x : best;
      }
  return best;
}

/* Both searches agree, on rows 17 .. 17 + n; the split in *out. */
static void search_both(const matrix *m, const gbt_config *c, size_t n,
                        bool is_wide, gbt_split *out) {
  gbt_scale scale = {
      .g = 0x1p-18, .h = 0x1p-18, .is_wide = is_wide, .bits = 18};
  gbt_rows rows = rows_of(m, 17, n);
  gbt_sums total = {0, 0};
  gbt_search s;
  gbt_pool pool;
  gbt_hist h;
  gbt_split full, sparse;
  double best = 0;

  for (size_t i = 17; i < 17 + n; i++) {
    total.g += m->gh[i] >> 32;
    total.h += m->gh[i] & 0xffffffff;
  }
  assert_int_equal(gbt_pool_create(m->bins, &pool, NULL), HPO_OK);
  assert_int_equal(gbt_search_create(m->bins, pool.layout.offset, &s, NULL),
                   HPO_OK);
  assert_int_equal(gbt_pool_take(&pool, &h, NULL), HPO_OK);
  gbt_hist_build(&pool, &rows, &scale, &h);
  gbt_search_begin(&s, c, &scale);
  gbt_search_full(&s, &h, total, &m->set, &full);
  gbt_hist_sparse(&pool, &rows, &scale);
  gbt_search_sparse(&s, pool.sparse, pool.mask, is_wide, total, &m->set,
                    &sparse);
  expect_equal(&full, &sparse);
  best = best_score(m, &s, 17, n);
  assert_true(fabs(full.score - best) <= 1e-14 * fabs(best));
  for (size_t i = 0; i < 2 * pool.cells; i++)
    assert_true(pool.sparse[i] == 0);
  gbt_search_free(&s);
  gbt_pool_free(&pool);
  *out = full;
}

static void check_search(const gbt_config *c, size_t n, bool is_wide) {
  matrix m = matrix_make(400, 7, 32, 18);
  gbt_split split;

  search_both(&m, c, n, is_wide, &split);
  matrix_free(&m);
}

/* Compressed rows give what whole rows give. */
static void check_compressed(const gbt_config *c, size_t n, bool is_wide,
                             int max_bin) {
  matrix m = matrix_make_sparse(400, 40, max_bin, 18, 0.8), whole = m;
  hpo_bins bins = *m.bins;
  gbt_split a, b;

  assert_non_null(m.bins->csr.start);
  bins.csr.start = NULL;
  whole.bins = &bins;
  search_both(&m, c, n, is_wide, &a);
  search_both(&whole, c, n, is_wide, &b);
  expect_equal(&a, &b);
  matrix_free(&m);
}

static void test_search(void **state) {
  const gbt_config c[] = {
      {.reg_lambda = 1, .min_child_weight = 1},
      {.reg_lambda = 0, .min_child_weight = 0},
      {.reg_lambda = 2, .reg_alpha = 0.7, .min_child_weight = 0.1},
      {.reg_lambda = 1, .max_delta_step = 0.4, .min_child_weight = 0}};
  const size_t n[] = {2, 3, 10, 60, 380};

  (void)state;
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 5; j++) {
      check_search(&c[i], n[j], false);
      check_search(&c[i], n[j], true);
      check_compressed(&c[i], n[j], false, 32);
      check_compressed(&c[i], n[j], true, 300);
    }
}

static void test_bits(void **state) {
  (void)state;
  assert_int_equal(gbt_quant_bits(1), 22);
  assert_int_equal(gbt_quant_bits(512), 22);
  assert_int_equal(gbt_quant_bits(513), 21);
  assert_int_equal(gbt_quant_bits(5000), 18);
  assert_int_equal(gbt_quant_bits(65536), 15);
  assert_int_equal(gbt_quant_bits(1000000), 15);
}

/* floor(x + u): the mean over u is x, whole numbers stay, the largest value
   does not overflow. */
static void test_round(void **state) {
  enum { N = 4096 };
  const gbt_scale scale = {.g = 0x1p-3, .h = 0x1p-3, .bits = 15};
  float g[N], h[N];
  uint32_t random[N];
  int64_t gh[N], sum[2] = {0, 0}, total[2] = {0, 0};

  (void)state;
  for (uint32_t i = 0; i < N; i++) {
    g[i] = -1.0F / 32; /* a quarter of a unit */
    h[i] = 3.0F / 32;
    random[i] = (i << 4) | (i << 20);
  }
  gbt_kernel_round(g, h, random, N, &scale, gh, sum);
  for (size_t i = 0; i < N; i++) {
    total[0] += gh[i] >> 32;
    total[1] += gh[i] & 0xffffffff;
  }
  assert_true(total[0] == -N / 4 && sum[0] == N / 4);
  assert_true(total[1] == 3 * N / 4 && sum[1] == 3 * N / 4);
  g[0] = 4095.99F;
  g[1] = -4095.99F;
  g[2] = 5;
  h[0] = 4095.99F;
  random[0] = random[1] = random[2] = 0xffffffff;
  gbt_kernel_round(g, h, random, 3, &scale, gh, sum);
  assert_true(gh[0] >> 32 == 32767 && (gh[0] & 0xffffffff) == 32767);
  assert_true(gh[1] >> 32 == -32767);
  assert_true(gh[2] >> 32 == 40);
}

static void test_rows(void **state) {
  enum { N = 20000 };
  uint32_t *row = calloc(N, sizeof *row), *idx = calloc(N, sizeof *idx);
  uint32_t *tmp = calloc(N, sizeof *tmp);
  size_t n_in = 0, most = 0;

  (void)state;
  HPO_ASSERT(row && idx && tmp);
  for (uint32_t i = 0; i < N; i++)
    row[i] = 3 * i;
  gbt_loss l = {.n = N, .row = row, .base = 5};
  gbt_sample_rows(&l, 0.3, 9, 4, idx, tmp, &n_in);
  assert_true(fabs((double)n_in - 0.3 * N) < 5 * sqrt(0.21 * N));
  for (size_t i = 1; i < N; i++)
    assert_true(i == n_in || idx[i] > idx[i - 1]);
  most = n_in;
  gbt_sample_rows(&l, 0.6, 9, 4, idx, tmp, &n_in);
  assert_true(n_in > most);
  gbt_sample_rows(&l, 1.0, 9, 4, idx, tmp, &n_in);
  assert_int_equal(n_in, N);
  free(row);
  free(idx);
  free(tmp);
}

/* max(1, floor(rate n)), ascending, out of the set it is drawn from, and all
   equally often. */
static void test_columns(void **state) {
  uint32_t all[10], some[10], count[10] = {0};
  uint64_t work[10];
  gbt_set from = {all, 10}, to = {some, 0};
  hpo_rng_key key = hpo_rng_key_make(seed(), HPO_RNG_COLSAMPLE);

  (void)state;
  for (uint32_t i = 0; i < 10; i++)
    all[i] = 7 * i;
  gbt_sample_columns(&from, 0.01, key, 1, 0, work, &to);
  assert_int_equal(to.n, 1);
  gbt_sample_columns(&from, 0.99, key, 1, 0, work, &to);
  assert_int_equal(to.n, 9);
  gbt_sample_columns(&from, 1.0, key, 1, 0, work, &to);
  assert_int_equal(to.n, 10);
  for (uint64_t t = 0; t < 2000; t++) {
    gbt_sample_columns(&from, 0.5, key, t, 0, work, &to);
    assert_int_equal(to.n, 5);
    for (size_t i = 0; i < to.n; i++) {
      assert_true(some[i] % 7 == 0 && (i == 0 || some[i] > some[i - 1]));
      count[some[i] / 7]++;
    }
  }
  for (size_t i = 0; i < 10; i++)
    assert_true(count[i] > 870 && count[i] < 1130);
}

/* Partition agrees with the rule, for plain and odd rules. */
static void test_partition(void **state) {
  matrix m = matrix_make(1000, 5, 40, 15);
  uint32_t right[1000], row[1000];

  (void)state;
  for (int i = 0; i < 20; i++) {
    gbt_node node = {.feature = (uint32_t)i % 5,
                     .bin = (uint32_t)i % 6,
                     .left = 1,
                     .categorical = i % 5 == 1,
                     .default_left = i % 2 == 0};
    gbt_rule rule = gbt_rule_get(&node, 0, m.bins);
    gbt_column column = {(const uint8_t *)m.bins->column +
                             node.feature * (size_t)m.bins->rows,
                         1, 1};
    size_t n = 0, at = 0, gone = 0;
    memcpy(row, m.row, sizeof row);
    if (i >= 10) /* by rows */
      column = (gbt_column){(const uint8_t *)m.bins->code + node.feature,
                            m.bins->stride, 1};
    n = gbt_kernel_partition(&rule, &column, row, 1000, right);
    for (uint32_t r = 0; r < 1000; r++)
      if (gbt_rule_right(&rule, code(&m, r, node.feature)))
        assert_int_equal(right[gone++], r);
      else
        assert_int_equal(row[at++], r);
    assert_int_equal(n, at);
  }
  matrix_free(&m);
}

/* Rows find their leaves, few of them (node by node) and many (row by row),
 * by row and by id, with codes of one byte and two. */
static void check_routes(int max_bin) {
  enum { ROWS = 20000, FEW = 300, NODES = 9 };
  matrix m = matrix_make(ROWS, 5, max_bin, 15);
  gbt_node node[NODES];
  gbt_tree tree = {node, NODES};
  gbt_router router = {.node_room = 0};
  static float many[ROWS], few[ROWS], some[FEW];
  static hpo_row id[FEW];
  gbt_walk all = {.row = m.row, .n = ROWS}, by_id = {.id = id, .n = FEW};

  for (int32_t i = 0; i < NODES; i++) /* a leaf at each odd place, and last */
    node[i] = (gbt_node){.feature = (uint32_t)i % 5,
                         .bin = (uint32_t)i % 6,
                         .left = i % 2 == 0 && i + 2 < NODES ? i + 1 : -1,
                         .categorical = i % 5 == 1,
                         .default_left = i % 4 == 0,
                         .value = (float)(i + 1)};
  assert_int_equal(gbt_tree_add(&tree, m.bins, &all, &router, many, NULL), 0);
  for (uint32_t r = 0; r < ROWS; r++) {
    int32_t at = 0;
    while (node[at].left >= 0) {
      gbt_rule rule = gbt_rule_get(&node[at], at, m.bins);
      at = rule.left +
           (int32_t)gbt_rule_right(&rule, code(&m, r, rule.feature));
    }
    assert_true(many[r] == node[at].value);
  }
  for (size_t from = 0; from < ROWS; from += FEW) {
    gbt_walk part = {.row = m.row + from,
                     .n = ROWS - from < FEW ? ROWS - from : FEW};
    assert_int_equal(gbt_tree_add(&tree, m.bins, &part, &router, few, NULL),
                     0);
  }
  assert_memory_equal(few, many, sizeof few);
  for (size_t i = 0; i < FEW; i++)
    id[i] = (hpo_row)(17 + 3 * i);
  assert_int_equal(gbt_tree_add(&tree, m.bins, &by_id, &router, some, NULL),
                   0);
  for (size_t i = 0; i < FEW; i++)
    assert_true(some[i] == many[id[i]]);
  memset(many, 0, sizeof many);
  memset(few, 0, sizeof few);
  memset(some, 0, sizeof some);
  gbt_router_free(&router);
  matrix_free(&m);
}

static void test_routes(void **state) {
  (void)state;
  check_routes(40);
  check_routes(600);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_routes),  cmocka_unit_test(test_hist),
      cmocka_unit_test(test_search),  cmocka_unit_test(test_bits),
      cmocka_unit_test(test_round),   cmocka_unit_test(test_rows),
      cmocka_unit_test(test_columns), cmocka_unit_test(test_partition)};

  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)seed());
  return cmocka_run_group_tests(tests, NULL, NULL);
}
