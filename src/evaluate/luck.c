/* SPDX-License-Identifier: BSD-3-Clause */
/* How much of a winner's score is luck, by resampling the rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/exam.h"
#include "hpo/metric.h"
#include "hpo/num.h"
#include "hpo/rng.h"

/* Work that is worth spending: samples times models times rows. */
#define MOST_WORK 100000000.0
/* And what FEW samples may cost; LEAST are drawn whatever they cost. */
#define MOST_OF_FEW 1000000000.0
enum { FEW = 200, LEAST = 20 };

/* Some of the exam's rows, gathered for one score. */
typedef struct part {
  hpo_scored s;
  double *y, *p, *weight; /* [n][k] with room for all rows */
} part;

typedef struct resampling {
  const hpo_exam *e;
  const hpo_metric *metric;
  bool maximize;
  size_t k;
  double *const *p;
  size_t n_model;
  uint32_t *times; /* [n] how often a row was drawn */
  part in, out;
} resampling;

static hpo_status part_create(const resampling *r, size_t n_class, part *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = r->e->n;

  HPO_TRY(status, hpo_mem_new(n, sizeof *out->y, &out->y, err));
  HPO_TRY(status, hpo_mem_new(n, r->k * sizeof *out->p, &out->p, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *out->weight, &out->weight, err));
  out->s = (hpo_scored){.k = r->k,
                        .n_class = n_class,
                        .y = out->y,
                        .p = out->p,
                        .weight = out->weight};
done:
  return status;
}

static void part_free(part *p) {
  hpo_mem_free(p->y);
  hpo_mem_free(p->p);
  hpo_mem_free(p->weight);
}

static void draw(resampling *r, uint64_t seed, int64_t sample) {
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_BOOTSTRAP, (uint64_t)sample, 0);

  memset(r->times, 0, r->e->n * sizeof *r->times);
  for (size_t i = 0; i < r->e->n; i++)
    r->times[hpo_rng_below(&rng, r->e->n)]++;
}

/* The metric of one model on the rows drawn, as often as they were, or on the
 * others; false: undefined there. */
static bool score(const resampling *r, part *to, size_t model, double *out) {
  const hpo_exam *e = r->e;
  const bool drawn = to == &r->in;
  hpo_error ignored = {0};
  size_t n = 0;

  for (size_t i = 0; i < e->n; i++) {
    if ((r->times[i] > 0) != drawn)
      continue;
    to->y[n] = e->y[i];
    to->weight[n] =
        (e->weight ? e->weight[i] : 1) * (drawn ? (double)r->times[i] : 1);
    memcpy(to->p + n * r->k, r->p[model] + i * r->k, r->k * sizeof *to->p);
    n++;
  }
  to->s.n = n;
  return hpo_metric_compute(r->metric, &to->s, out, &ignored) == HPO_OK;
}

/* The out-of-sample score of the sample's own winner. */
static bool judge(resampling *r, double *out) {
  double best = NAN, value = 0;
  size_t winner = 0;

  for (size_t m = 0; m < r->n_model; m++) {
    if (!score(r, &r->in, m, &value))
      return false;
    if (m == 0 || (r->maximize ? value > best : value < best)) {
      best = value;
      winner = m;
    }
  }
  return score(r, &r->out, winner, out);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

/* Mean and percentiles; values: sorted here. */
static hpo_luck sum_up(double *value, size_t n) {
  hpo_luck l = {.value = NAN, .low = NAN, .high = NAN, .samples = (int64_t)n};
  hpo_sum sum = {0};

  if (n == 0)
    return l;
  qsort(value, n, sizeof *value, ascending);
  for (size_t i = 0; i < n; i++)
    hpo_sum_add(&sum, value[i]);
  l.value = hpo_sum_get(&sum) / (double)n;
  l.low = value[(size_t)floor(0.025 * (double)(n - 1))];
  l.high = value[(size_t)ceil(0.975 * (double)(n - 1))];
  return l;
}

int64_t hpo_exam_luck_samples(int64_t asked, size_t models, size_t rows) {
  const double size = (double)models * (double)rows + 1;
  const double few = fmin(FEW, fmax(LEAST, MOST_OF_FEW / size));
  const double most = fmax(MOST_WORK / size, few);

  return (double)asked <= most ? asked : (int64_t)most;
}

hpo_status hpo_exam_luck(const hpo_exam *e, const hpo_dataset *facts,
                         double *const *p, size_t n_model, const char *metric,
                         bool maximize, uint64_t seed, int64_t samples,
                         hpo_luck_stop stop, hpo_luck *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  resampling r = {.e = e,
                  .metric = hpo_metric_find(metric),
                  .maximize = maximize,
                  .k = hpo_dataset_outputs(facts),
                  .p = p,
                  .n_model = n_model};
  double *value = NULL;
  size_t n = 0;
  bool is_stopped = false;
  const bool can = r.metric && !r.metric->of_trial && n_model > 0 && e->n > 1;

  samples = can ? hpo_exam_luck_samples(samples, n_model, e->n) : 0;
  HPO_TRY(status, hpo_mem_new((size_t)samples, sizeof *value, &value, err));
  HPO_TRY(status, hpo_mem_new(e->n, sizeof *r.times, &r.times, err));
  HPO_TRY(status, part_create(&r, facts->n_class, &r.in, err));
  HPO_TRY(status, part_create(&r, facts->n_class, &r.out, err));
  for (int64_t b = 0; b < samples && !is_stopped; b++) {
    draw(&r, seed, b);
    if (judge(&r, &value[n]))
      n++;
    is_stopped = b + 1 < samples && stop.ask && stop.ask(stop.context);
  }
  *out = sum_up(value, n);
  out->is_stopped = is_stopped;
done:
  part_free(&r.in);
  part_free(&r.out);
  hpo_mem_free(r.times);
  hpo_mem_free(value);
  return status;
}
