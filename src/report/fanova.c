/* SPDX-License-Identifier: BSD-3-Clause */
/* Functional analysis of variance on a random forest (importance.h). */
#include "hpo/importance.h"
#include "hpo/mem.h"
#include "report/forest.h"

#include <math.h>
#include <stdlib.h>

enum { TREES = 64 };

/* Where a marginal prediction changes, and by how much. */
typedef struct event {
  double at, change;
} event;

static int by_place(const void *a, const void *b) {
  const event *u = a, *v = b;
  if (u->at != v->at)
    return u->at < v->at ? -1 : 1;
  return u->change < v->change ? -1 : u->change > v->change;
}

/* The part of dimension j that a leaf covers. */
static double width(const hpo_points *p, const hpo_side *s, size_t j) {
  if (p->n_category[j])
    return (double)__builtin_popcountll(s[j].mask) / (double)p->n_category[j];
  return s[j].high - s[j].low;
}

static double volume(const hpo_points *p, const hpo_side *s) {
  double v = 1;
  for (size_t j = 0; j < p->d; j++)
    v *= width(p, s, j);
  return v;
}

/* Variance of the marginal over a category: its mean square less mean^2. */
static double category_square(const hpo_points *p, const hpo_boxes *b,
                              const double *vol, size_t j) {
  double square = 0;

  for (size_t c = 0; c < p->n_category[j]; c++) {
    double a = 0;
    for (size_t i = 0; i < b->n; i++) {
      const hpo_side *s = b->side + i * p->d;
      if (s[j].mask >> c & 1)
        a += b->value[i] * vol[i] / width(p, s, j);
    }
    square += a * a / (double)p->n_category[j];
  }
  return square;
}

/* The same over a number: the marginal is constant between two events. */
static double number_square(const hpo_points *p, const hpo_boxes *b,
                            const double *vol, size_t j, event *e) {
  double square = 0, a = 0;

  for (size_t i = 0; i < b->n; i++) {
    const hpo_side *s = b->side + i * p->d;
    double w = b->value[i] * vol[i] / width(p, s, j);
    e[2 * i] = (event){s[j].low, w};
    e[2 * i + 1] = (event){s[j].high, -w};
  }
  qsort(e, 2 * b->n, sizeof *e, by_place);
  for (size_t i = 0; i + 1 < 2 * b->n; i++) {
    a += e[i].change;
    square += a * a * (e[i + 1].at - e[i].at);
  }
  return square;
}

/* Adds the shares of one tree, nothing where it does not vary. */
static void add_tree(const hpo_points *p, const hpo_boxes *b, double *vol,
                     event *e, double *share) {
  double mean = 0, square = 0;

  for (size_t i = 0; i < b->n; i++) {
    vol[i] = volume(p, b->side + i * p->d);
    mean += vol[i] * b->value[i];
    square += vol[i] * b->value[i] * b->value[i];
  }
  if (!(square - mean * mean > 0))
    return;
  for (size_t j = 0; j < p->d; j++) {
    double mine = p->n_category[j] ? category_square(p, b, vol, j)
                                   : number_square(p, b, vol, j, e);
    share[j] += fmax(0, mine - mean * mean) / (square - mean * mean);
  }
}

hpo_status hpo_importance_fanova(const hpo_points *p, uint64_t seed,
                                 double *share, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_boxes boxes = {0};
  double *vol = NULL, sum = 0;
  event *e = NULL;

  HPO_TRY(status, hpo_mem_new(p->n, sizeof *vol, &vol, err));
  HPO_TRY(status, hpo_mem_new(2 * p->n, sizeof *e, &e, err));
  for (size_t j = 0; j < p->d; j++)
    share[j] = 0;
  for (uint64_t t = 0; t < TREES; t++) {
    HPO_TRY(status, hpo_forest_tree(p, seed, t, &boxes, err));
    add_tree(p, &boxes, vol, e, share);
    hpo_boxes_free(&boxes);
  }
  for (size_t j = 0; j < p->d; j++)
    sum += share[j];
  for (size_t j = 0; j < p->d && sum > 0; j++)
    share[j] /= sum;
done:
  hpo_mem_free(vol);
  hpo_mem_free(e);
  hpo_boxes_free(&boxes);
  return status;
}
