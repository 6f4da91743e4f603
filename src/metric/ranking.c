/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of the order of scores: area under the ROC curve and average
 * precision; with more than two classes the mean over one-against-rest.
 *
 * Definitions: scikit-learn 1.2, sklearn.metrics (roc_auc_score with
 * multi_class="ovr", average_precision_score).  A class without rows, or
 * without rows of the others for ROC, makes the score undefined.
 * Rows are sorted by score, and the weights of rows with one score are
 * summed in a way that knows no order; so the metric depends on the set of
 * rows alone.
 */
#include <math.h>
#include <string.h>

#include "hpo/mem.h"
#include "metric_impl.h"

typedef struct entry {
  uint64_t key;
  size_t row; /* row << 1 | is positive */
} entry;

/* Bits whose order as integers is the order of doubles; -0 is +0. */
static uint64_t order_key(double x) {
  uint64_t u;

  x += 0.0;
  memcpy(&u, &x, sizeof u);
  return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}

/* Stable, ascending; spare has room for n as well. */
static void radix_sort(entry **sorted, entry **spare, size_t n) {
  size_t count[8][256] = {{0}};

  for (size_t i = 0; i < n; i++)
    for (unsigned b = 0; b < 8; b++)
      count[b][(*sorted)[i].key >> (8 * b) & 255]++;
  for (unsigned b = 0; b < 8; b++) {
    entry *from = *sorted, *to = *spare;
    size_t at = 0;

    if (n == 0 || count[b][from[0].key >> (8 * b) & 255] == n)
      continue;
    for (size_t d = 0; d < 256; d++) {
      size_t c = count[b][d];
      count[b][d] = at;
      at += c;
    }
    for (size_t i = 0; i < n; i++)
      to[count[b][from[i].key >> (8 * b) & 255]++] = from[i];
    *sorted = to;
    *spare = from;
  }
}

/* A running sum with its rounding error carried along. D. E. Knuth, The Art
 * of Computer Programming 2, section 4.2.2, theorem B. */
typedef struct running {
  double hi, lo;
} running;

static void run_add(running *r, double x) {
  double sum = r->hi + x, part = sum - r->hi;

  r->lo += (r->hi - (sum - part)) + (x - part);
  r->hi = sum;
}

static double run_get(const running *r) { return r->hi + r->lo; }

/* Rows of equal score, from the highest score down. */
typedef struct ranking {
  const hpo_scored *s;
  double positive;       /* the class that counts as positive */
  entry *sorted, *spare; /* [n] */
  size_t left;
} ranking;

static void rank_rows(ranking *r, size_t positive) {
  const hpo_scored *s = r->s;
  size_t column = s->k == 1 ? 0 : positive;

  r->positive = (double)positive;
  r->left = s->n;
  for (size_t i = 0; i < s->n; i++) {
    r->sorted[i].key = order_key(s->p[i * s->k + column]);
    r->sorted[i].row = i << 1 | (s->y[i] == r->positive);
  }
  radix_sort(&r->sorted, &r->spare, s->n);
}

/* Weights of the negative and the positive rows among e[0..n-1].  Two rows
 * have a sum without an order; more are summed exactly. */
static void weigh(const hpo_scored *s, const entry *e, size_t n,
                  double out[2]) {
  hpo_sum sum[2];

  out[0] = out[1] = 0;
  if (!s->weight || n <= 2) {
    for (size_t i = 0; i < n; i++)
      out[e[i].row & 1] += row_weight(s, e[i].row >> 1);
    return;
  }
  memset(sum, 0, sizeof sum);
  for (size_t i = 0; i < n; i++)
    hpo_sum_add(&sum[e[i].row & 1], s->weight[e[i].row >> 1]);
  out[0] = hpo_sum_get(&sum[0]);
  out[1] = hpo_sum_get(&sum[1]);
}

static bool next_group(ranking *r, double *positive, double *negative) {
  size_t end = r->left;
  double weight[2];

  if (end == 0)
    return false;
  while (r->left > 0 && r->sorted[r->left - 1].key == r->sorted[end - 1].key)
    r->left--;
  weigh(r->s, r->sorted + r->left, end - r->left, weight);
  *negative = weight[0];
  *positive = weight[1];
  return true;
}

/* Area: each negative weight times the positive weight above it, ties
 * half. */
static double area_under_roc(ranking *r) {
  running area = {0, 0}, above = {0, 0}, below = {0, 0};
  double pos, neg, hi, lo;

  while (next_group(r, &pos, &neg)) {
    if (neg > 0) {
      exact_product(neg, above.hi + 0.5 * pos, &hi, &lo);
      run_add(&area, hi);
      area.lo += lo + neg * above.lo;
      run_add(&below, neg);
    }
    run_add(&above, pos);
  }
  return run_get(&area) / run_get(&above) / run_get(&below);
}

/* Mean of the precision at each score, weighted by the recall it adds. */
static double average_precision(ranking *r) {
  running area = {0, 0}, tp = {0, 0}, all = {0, 0};
  double pos, neg;

  while (next_group(r, &pos, &neg)) {
    run_add(&tp, pos);
    run_add(&all, pos);
    run_add(&all, neg);
    if (pos > 0)
      run_add(&area, pos * (run_get(&tp) / run_get(&all)));
  }
  return run_get(&area) / run_get(&tp);
}

/* Weight of a class, and of all others. */
static hpo_status check_class(const hpo_scored *s, size_t positive,
                              bool needs_negative, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is = false, is_not = false;

  for (size_t i = 0; i < s->n; i++)
    if (row_weight(s, i) > 0) {
      bool hit = s->y[i] == (double)positive;
      is = is || hit;
      is_not = is_not || !hit;
    }
  if (!is && !is_not)
    HPO_TRY(status, hpo_metric_check_weight(0, err));
  if (!is)
    HPO_FAIL(status, err, HPO_ETRIAL,
             "no validation row (of weight above 0) is of class number %zu",
             positive);
  if (needs_negative && !is_not)
    HPO_FAIL(status, err, HPO_ETRIAL,
             "all validation rows are of class number %zu", positive);
done:
  return status;
}

static hpo_status mean_over_classes(const hpo_scored *s,
                                    double (*score)(ranking *),
                                    bool needs_negative, double *out,
                                    hpo_error *err) {
  hpo_status status = HPO_OK;
  ranking r = {.s = s};
  hpo_sum total = {0};
  size_t first = s->n_class == 2 ? 1 : 0;

  for (size_t c = first; c < s->n_class; c++)
    HPO_TRY(status, check_class(s, c, needs_negative, err));
  HPO_TRY(status, hpo_mem_new(s->n, sizeof(entry), &r.sorted, err));
  HPO_TRY(status, hpo_mem_new(s->n, sizeof(entry), &r.spare, err));
  for (size_t c = first; c < s->n_class; c++) {
    rank_rows(&r, c);
    hpo_sum_add(&total, score(&r));
  }
  *out = hpo_sum_get(&total) / (double)(s->n_class - first);
done:
  hpo_mem_free(r.sorted);
  hpo_mem_free(r.spare);
  return status;
}

/* --- points of the curve ------------------------------------------------- */

/* Weight on each side, and how many scores differ that have any. */
static size_t survey(ranking *r, double *positive, double *negative) {
  running is = {0, 0}, is_not = {0, 0};
  double pos, neg;
  size_t n = 0;

  while (next_group(r, &pos, &neg)) {
    n += pos > 0 || neg > 0;
    run_add(&is, pos);
    run_add(&is_not, neg);
  }
  *positive = run_get(&is);
  *negative = run_get(&is_not);
  r->left = r->s->n;
  return n;
}

static size_t walk(ranking *r, size_t scores, size_t most, double positive,
                   double negative, hpo_roc_point *point) {
  running hits = {0, 0}, alarms = {0, 0};
  double pos, neg, passed = -1;
  size_t n = 0, seen = 0;
  size_t column = r->s->k == 1 ? 0 : (size_t)r->positive;

  while (next_group(r, &pos, &neg)) {
    run_add(&hits, pos);
    run_add(&alarms, neg);
    double rates = run_get(&hits) / positive + run_get(&alarms) / negative;
    double mark = floor(rates / 2 * (double)(most - 2));
    bool is_last = (seen += pos > 0 || neg > 0) == scores;
    if (!(pos > 0 || neg > 0) || (scores > most && mark <= passed && !is_last))
      continue;
    passed = mark;
    point[n++] = (hpo_roc_point){
        .threshold = r->s->p[(r->sorted[r->left].row >> 1) * r->s->k + column],
        .hits = run_get(&hits),
        .alarms = run_get(&alarms)};
  }
  return n;
}

hpo_status hpo_metric_roc(const hpo_scored *s, size_t positive, size_t most,
                          hpo_roc_point *point, size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  ranking r = {.s = s};
  double is = 0, is_not = 0;
  size_t scores = 0;

  HPO_TRY(status, hpo_mem_new(s->n, sizeof(entry), &r.sorted, err));
  HPO_TRY(status, hpo_mem_new(s->n, sizeof(entry), &r.spare, err));
  rank_rows(&r, positive);
  scores = survey(&r, &is, &is_not);
  *n = is > 0 && is_not > 0 ? walk(&r, scores, most, is, is_not, point) : 0;
done:
  hpo_mem_free(r.sorted);
  hpo_mem_free(r.spare);
  return status;
}

/* --- scores -------------------------------------------------------------- */

static hpo_status compute_roc_auc(const hpo_scored *s, double *out,
                                  hpo_error *err) {
  return mean_over_classes(s, area_under_roc, true, out, err);
}

static hpo_status compute_pr_auc(const hpo_scored *s, double *out,
                                 hpo_error *err) {
  return mean_over_classes(s, average_precision, false, out, err);
}

const hpo_metric hpo_metric_roc_auc = {
    .name = "roc_auc",
    .help = "area under the ROC curve, ties half; multiclass: unweighted "
            "mean of each class against the rest "
            "(sklearn.metrics.roc_auc_score, multi_class=\"ovr\")",
    .maximize = true,
    .tasks = ON_CLASSES,
    .high = 1,
    .compute = compute_roc_auc};

const hpo_metric hpo_metric_pr_auc = {
    .name = "pr_auc",
    .help = "average precision: sum of precision times the recall it adds; "
            "multiclass: unweighted mean of each class against the rest "
            "(sklearn.metrics.average_precision_score)",
    .maximize = true,
    .tasks = ON_CLASSES,
    .high = 1,
    .compute = compute_pr_auc};
