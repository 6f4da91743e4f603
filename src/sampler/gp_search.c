/* SPDX-License-Identifier: BSD-3-Clause */
/* Where expected improvement is highest: Sobol points and surroundings of the
 * best trials, of which the most promising are improved by turns along the
 * slope in what is continuous (descent.h) and value by value in what is not.
 *
 * Contents: making; the score; where to begin; improving; the end. */
#include "hpo/mem.h"
#include "hpo/num.h"
#include "sampler/draw.h"
#include "sampler/expect.h"
#include "sampler/gp_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH HPO_GAUSS_BATCH
#define STARTS (2 * BATCH) /* that are improved */
#define ROUNDS 2
#define MOST_ANSWERS 40
#define ENOUGH 1e-4 /* gain of log improvement that is not worth a step */
#define SHORT HPO_GAUSS_SHORT
#define NEAR_SHARE 4 /* one start in so many is near a good point */

typedef struct start {
  double score;
  size_t index;
} start;

struct hpo_gp_search {
  size_t n, n_param, room;
  double *x;                           /* [room][n_param] */
  start *order;                        /* [room] */
  double *place;                       /* [BATCH][n] */
  double *mean_slope, *variance_slope; /* [BATCH][n] */
  double *trial;                       /* [SHORT][n_param] */
  double *score;                       /* [SHORT] */
  hpo_descent *lane[BATCH];
};

/* --- Making ----------------------------------------------------------- */

hpo_status hpo_gp_search_create(const hpo_gp *g, struct hpo_gp_search **out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  struct hpo_gp_search *s = NULL;
  const size_t one = sizeof(double);
  size_t n = g->n, n_param = g->plan->space.n_param;

  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  s->n = n;
  s->n_param = n_param;
  s->room = (g->candidates + BATCH - 1) / BATCH * BATCH;
  HPO_TRY(status, hpo_mem_new(s->room * n_param, one, &s->x, err));
  HPO_TRY(status, hpo_mem_new(s->room, sizeof *s->order, &s->order, err));
  HPO_TRY(status, hpo_mem_new(BATCH * n, one, &s->place, err));
  HPO_TRY(status, hpo_mem_new(BATCH * n, one, &s->mean_slope, err));
  HPO_TRY(status, hpo_mem_new(BATCH * n, one, &s->variance_slope, err));
  HPO_TRY(status, hpo_mem_new(SHORT * n_param, one, &s->trial, err));
  HPO_TRY(status, hpo_mem_new(SHORT, one, &s->score, err));
  for (size_t r = 0; r < BATCH; r++)
    HPO_TRY(status, hpo_descent_create(n, &s->lane[r], err));
  *out = s;
  s = NULL; /* now the caller's */
done:
  hpo_gp_search_destroy(s);
  return status;
}

void hpo_gp_search_destroy(struct hpo_gp_search *s) {
  if (s == NULL)
    return;
  hpo_mem_free(s->x);
  hpo_mem_free(s->order);
  hpo_mem_free(s->place);
  hpo_mem_free(s->mean_slope);
  hpo_mem_free(s->variance_slope);
  hpo_mem_free(s->trial);
  hpo_mem_free(s->score);
  for (size_t r = 0; r < BATCH; r++)
    hpo_descent_destroy(s->lane[r]);
  hpo_mem_free(s);
}

/* --- The score -------------------------------------------------------- */

/* Log improvement of n points x [n][n_param]. */
static void score(hpo_gp *g, const double *x, size_t n, double *out) {
  struct hpo_gp_search *s = g->search;
  double mean[BATCH], variance[BATCH], by_mean, by_variance;

  for (size_t i = 0; i < n; i += BATCH) {
    size_t m = n - i < BATCH ? n - i : BATCH;
    for (size_t r = 0; r < m; r++)
      hpo_gp_place(g, x + (i + r) * s->n_param, s->place + r * s->n);
    hpo_gauss_predict(g->gauss, s->place, mean, variance, NULL, NULL);
    for (size_t r = 0; r < m; r++)
      out[i + r] = hpo_expect_log(g->best, mean[r], variance[r], &by_mean,
                                  &by_variance);
  }
}

/* --- Where to begin --------------------------------------------------- */

/* Around a good point: numbers move a little, one choice in a while. */
static void move_near(const hpo_gp *g, const double *from, hpo_rng *rng,
                      const double *given, double *x) {
  const hpo_space *space = &g->plan->space;
  double reach = hpo_num_exp(-1.5 - 3.5 * hpo_rng_next(rng));

  for (size_t i = 0; i < space->n_param; i++)
    x[i] = (double)NAN;
  for (size_t i = 0; i < space->n_param; i++) {
    const hpo_param *p = &space->param[i];
    double u = hpo_rng_next(rng), z = hpo_rng_normal(rng);
    if (!hpo_space_active(space, x, i))
      continue;
    if (given != NULL && !isnan(given[i]))
      x[i] = given[i];
    else if (isnan(from[i]) || (hpo_param_is_unordered(p) && u < 0.15))
      x[i] = hpo_param_from_unit(p, hpo_num_ndtr(z));
    else if (hpo_param_is_unordered(p))
      x[i] = from[i];
    else
      x[i] = hpo_param_from_unit(
          p, fmin(fmax(hpo_param_to_unit(p, from[i]) + reach * z, 0),
                  0x1.fffffffffffffp-1));
  }
}

static int by_score(const void *a, const void *b) {
  const start *c = a, *d = b;

  if (c->score != d->score)
    return c->score > d->score ? -1 : 1;
  return c->index < d->index ? -1 : c->index > d->index;
}

/* The starts in order of their score; the first STARTS different ones are
 * moved to the front of s->x. */
static void begin(hpo_gp *g, hpo_id number, const double *given,
                  const double *const *near, size_t n_near) {
  struct hpo_gp_search *s = g->search;
  hpo_rng rng = hpo_rng_make(g->plan->seed, HPO_RNG_SAMPLER, (uint64_t)number,
                             HPO_DRAW_GP_NEAR);
  double scores[BATCH];

  for (size_t i = 0; i < s->room; i++) {
    double *x = s->x + i * s->n_param;
    if (n_near > 0 && i % NEAR_SHARE == 0)
      move_near(g, near[i / NEAR_SHARE % n_near], &rng, given, x);
    else
      hpo_quasi_start(&g->quasi, number, (uint32_t)i, given, x);
  }
  for (size_t i = 0; i < s->room; i += BATCH) {
    score(g, s->x + i * s->n_param, BATCH, scores);
    for (size_t r = 0; r < BATCH; r++)
      s->order[i + r] = (start){scores[r], i + r};
  }
  qsort(s->order, s->room, sizeof *s->order, by_score);
}

/* --- Improving -------------------------------------------------------- */

static bool is_free(const hpo_gp *g, size_t a, const double *given,
                    const double *x) {
  size_t i = g->param[a];

  return !isnan(x[i]) && (given == NULL || isnan(given[i]));
}

static bool is_smooth(const hpo_gp *g, size_t a) {
  return hpo_gauss_is_smooth(&g->plan->space.param[g->param[a]]);
}

/* Opens lane r at x; false: nothing there moves. */
static bool open_lane(hpo_gp *g, size_t r, const double *given,
                      const double *x) {
  hpo_descent *d = g->search->lane[r];
  bool moves = false;

  hpo_gp_place(g, x, d->x);
  for (size_t a = 0; a < g->n; a++) {
    bool is_open = is_smooth(g, a) && is_free(g, a, given, x);
    d->low[a] = is_open ? 0 : d->x[a];
    d->high[a] = is_open ? 1 : d->x[a];
    moves = moves || is_open;
  }
  hpo_descent_begin(d, d->x, ENOUGH, MOST_ANSWERS);
  return moves;
}

static void close_lane(const hpo_gp *g, size_t r, const double *given,
                       double *x) {
  const hpo_descent *d = g->search->lane[r];

  for (size_t a = 0; a < g->n; a++)
    if (is_smooth(g, a) && is_free(g, a, given, x))
      x[g->param[a]] =
          hpo_param_from_unit(&g->plan->space.param[g->param[a]],
                              fmin(d->x[a], 0x1.fffffffffffffp-1));
}

/* Lanes go down together: x [n_lane] points, score [n_lane] theirs, made
 * better. */
static void slide(hpo_gp *g, const double *given, double *const *x,
                  double *scores, size_t n_lane) {
  struct hpo_gp_search *s = g->search;
  bool goes_on[BATCH] = {false}, any = false;
  double mean[BATCH], variance[BATCH], by_mean, by_variance;

  for (size_t r = 0; r < n_lane; r++)
    any = (goes_on[r] = open_lane(g, r, given, x[r])) || any;
  while (any) {
    any = false;
    for (size_t r = 0; r < n_lane; r++)
      memcpy(s->place + r * s->n, s->lane[r]->ask, s->n * sizeof *s->place);
    hpo_gauss_predict(g->gauss, s->place, mean, variance, s->mean_slope,
                      s->variance_slope);
    for (size_t r = 0; r < n_lane; r++) {
      if (!goes_on[r])
        continue;
      double value = hpo_expect_log(g->best, mean[r], variance[r], &by_mean,
                                    &by_variance);
      for (size_t a = 0; a < s->n; a++)
        s->lane[r]->reply[a] =
            -(by_mean * s->mean_slope[r * s->n + a] +
              by_variance * s->variance_slope[r * s->n + a]);
      goes_on[r] = hpo_descent_answer(s->lane[r], -value);
      any = any || goes_on[r];
    }
  }
  for (size_t r = 0; r < n_lane; r++) {
    memcpy(s->trial, x[r], s->n_param * sizeof *s->trial);
    close_lane(g, r, given, s->trial);
    score(g, s->trial, 1, s->score);
    if (s->score[0] > scores[r]) {
      scores[r] = s->score[0];
      memcpy(x[r], s->trial, s->n_param * sizeof *s->trial);
    }
  }
}

/* Sets parameter i of x; what becomes active through it takes the middle of
 * its range. */
static void set(const hpo_gp *g, size_t i, double value, double *x) {
  const hpo_space *space = &g->plan->space;

  x[i] = value;
  hpo_space_mask(space, x);
  for (size_t j = i + 1; j < space->n_param; j++)
    if (isnan(x[j]) && hpo_space_active(space, x, j))
      x[j] = hpo_param_from_unit(&space->param[j], 0.5);
}

/* Other values of parameter i than x has, at s->trial; how many. */
static size_t others(hpo_gp *g, size_t i, const double *x) {
  struct hpo_gp_search *s = g->search;
  const hpo_param *p = &g->plan->space.param[i];
  double cells = hpo_param_cardinality(p), u = hpo_param_to_unit(p, x[i]);
  size_t n = 0;

  for (int k = 0; k < SHORT; k++) {
    double at = cells <= SHORT ? (k + 0.5) / cells
                : k < 8 ? u + (k % 2 == 0 ? 1 : -1) * (1 << k / 2) / cells
                        : 2;
    if (at < 0 || at >= 1)
      continue;
    double value = hpo_param_from_unit(p, at);
    if (value == x[i])
      continue;
    double *to = s->trial + n++ * s->n_param;
    memcpy(to, x, s->n_param * sizeof *to);
    set(g, i, value, to);
  }
  return n;
}

/* Value by value; whether it got better. */
static bool hop(hpo_gp *g, const double *given, double *x, double *best) {
  struct hpo_gp_search *s = g->search;
  bool moved = false;

  for (size_t a = 0; a < g->n; a++) {
    size_t i = g->param[a], n, top = 0;
    if (isinf(hpo_param_cardinality(&g->plan->space.param[i])) ||
        !is_free(g, a, given, x))
      continue;
    n = others(g, i, x);
    score(g, s->trial, n, s->score);
    for (size_t k = 1; k < n; k++)
      if (s->score[k] > s->score[top])
        top = k;
    if (n == 0 || !(s->score[top] > *best))
      continue;
    *best = s->score[top];
    memcpy(x, s->trial + top * s->n_param, s->n_param * sizeof *x);
    moved = true;
  }
  return moved;
}

/* --- The end ---------------------------------------------------------- */

static void improve(hpo_gp *g, const double *given, start *first, size_t n) {
  struct hpo_gp_search *s = g->search;
  double *x[BATCH], scores[BATCH];
  bool moved = true;

  for (size_t r = 0; r < n; r++) {
    x[r] = s->x + first[r].index * s->n_param;
    scores[r] = first[r].score;
  }
  for (int round = 0; round < ROUNDS && moved; round++) {
    moved = false;
    slide(g, given, x, scores, n);
    for (size_t r = 0; r < n; r++)
      moved = hop(g, given, x[r], &scores[r]) || moved;
  }
  for (size_t r = 0; r < n; r++)
    first[r].score = scores[r];
}

void hpo_gp_find(hpo_gp *g, hpo_id number, const double *given,
                 const double *const *near, size_t n_near, double *x) {
  struct hpo_gp_search *s = g->search;
  size_t best = 0;

  begin(g, number, given, near, n_near);
  for (size_t i = 0; i < STARTS && i < s->room; i += BATCH)
    improve(g, given, s->order + i, BATCH);
  qsort(s->order, s->room, sizeof *s->order, by_score);
  while (best < s->room &&
         hpo_points_find(&g->points, s->x + s->order[best].index * s->n_param))
    best++;
  if (best == s->room)
    best = 0;
  memcpy(x, s->x + s->order[best].index * s->n_param, s->n_param * sizeof *x);
}
