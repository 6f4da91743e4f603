/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of points that were tried already: see points.h.
 *
 * Contents: the set, a hash table with linear probing; the odometer. */
#include "sampler/points.h"

#include "hpo/mem.h"
#include "sampler/draw.h"

#include <math.h>
#include <string.h>

static const double *point(const hpo_points *p, size_t i) {
  return p->x + i * p->space->n_param;
}

/* Equal points have equal hashes: one zero, one NaN. */
static size_t hash(const hpo_points *p, const double *x) {
  uint64_t h = 0x9e3779b97f4a7c15u, bits;

  for (size_t i = 0; i < p->space->n_param; i++) {
    double v = isnan(x[i]) ? -1.5 : x[i] + 0.0;
    memcpy(&bits, &v, sizeof bits);
    h = (h ^ bits) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  return (size_t)h;
}

/* The cell of a point that equals x, else the free cell where it would be. */
static size_t *locate(const hpo_points *p, const double *x) {
  size_t mask = p->n_cell - 1;

  for (size_t c = hash(p, x) & mask;; c = (c + 1) & mask)
    if (p->cell[c] == 0 ||
        hpo_space_equal_points(p->space, point(p, p->cell[c] - 1), x))
      return &p->cell[c];
}

static void index_all(hpo_points *p) {
  for (size_t i = 0; i < p->n; i++) {
    size_t *cell = locate(p, point(p, i));
    if (*cell == 0)
      *cell = i + 1;
  }
}

hpo_status hpo_points_add(hpo_points *p, const double *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n_param = p->space->n_param, *cell = NULL;

  HPO_TRY(status, hpo_mem_grow(&p->x, &p->x_room, (p->n + 1) * n_param,
                               sizeof *p->x, err));
  if (2 * (p->n + 1) > p->n_cell) {
    size_t most = p->n_cell > 0 ? 2 * p->n_cell : 64;
    HPO_TRY(status, hpo_mem_new(most, sizeof *cell, &cell, err));
    hpo_mem_free(p->cell);
    p->cell = cell;
    p->n_cell = most;
    index_all(p);
  }
  memcpy(p->x + p->n * n_param, x, n_param * sizeof *x);
  p->n++;
  cell = locate(p, x);
  if (*cell == 0)
    *cell = p->n;
done:
  return status;
}

bool hpo_points_find(const hpo_points *p, const double *x) {
  return (p->n > 0 && *locate(p, x) != 0) ||
         hpo_space_forbids(p->space, x) >= 0;
}

/* Closes the gap at cell c: a later cell of the same run moves in if its
 * point could not be found from its own hash any more. */
static void close_gap(hpo_points *p, size_t c) {
  size_t mask = p->n_cell - 1;

  for (size_t d = (c + 1) & mask; p->cell[d] != 0; d = (d + 1) & mask) {
    size_t home = hash(p, point(p, p->cell[d] - 1)) & mask;
    if (((d - home) & mask) < ((d - c) & mask))
      continue;
    p->cell[c] = p->cell[d];
    p->cell[d] = 0;
    c = d;
  }
}

void hpo_points_cut(hpo_points *p, size_t n) {
  while (p->n > n) {
    size_t *cell = locate(p, point(p, p->n - 1));
    if (*cell == p->n) {
      *cell = 0;
      close_gap(p, (size_t)(cell - p->cell));
    }
    p->n--;
  }
}

void hpo_points_free(hpo_points *p) {
  hpo_mem_free(p->x);
  hpo_mem_free(p->cell);
  *p = (hpo_points){0};
}

static double grid_point(const hpo_param *p, double k, double n) {
  return hpo_param_from_unit(p, (k + 0.5) / n);
}

/* Value k of the parameter's n in ascending order. */
static double value_at(const hpo_param *p, double k, double n) {
  if (p->kind == HPO_PARAM_CATEGORICAL)
    return k;
  if (p->log)
    return hpo_param_round(p, p->low + k * p->step);
  return grid_point(p, k, n);
}

static double index_of(const hpo_param *p, double value) {
  if (p->kind == HPO_PARAM_CATEGORICAL)
    return value;
  return p->step > 0 ? floor((value - p->low) / p->step + 0.5) : 0;
}

static bool is_held(const double *given, size_t i) {
  return given != NULL && !isnan(given[i]);
}

static bool is_countable(const hpo_space *s, const double *given,
                         const double *x) {
  for (size_t i = 0; i < s->n_param; i++)
    if (!isnan(x[i]) && !is_held(given, i) &&
        isinf(hpo_param_cardinality(&s->param[i])))
      return false;
  return true;
}

bool hpo_points_next(const hpo_space *space, const double *given, double *x) {
  size_t i = space->n_param;

  if (!is_countable(space, given, x))
    return false;
  while (i-- > 0) {
    const hpo_param *p = &space->param[i];
    double n = hpo_param_cardinality(p);
    if (isnan(x[i]) || is_held(given, i))
      continue;
    double k = index_of(p, x[i]) + 1;
    if (k < n) {
      x[i] = value_at(p, k, n);
      break;
    }
    x[i] = value_at(p, 0, n);
    if (i == 0)
      break;
  }
  /* conditions may have changed to the right of i: start anew there */
  for (size_t j = i < space->n_param ? i + 1 : 0; j < space->n_param; j++) {
    const hpo_param *p = &space->param[j];
    double n = hpo_param_cardinality(p);
    x[j] = (double)NAN;
    if (hpo_space_active(space, x, j))
      x[j] = is_held(given, j) ? given[j]
             : isinf(n)        ? hpo_param_from_unit(p, 0.5)
                               : value_at(p, 0, n);
  }
  return true;
}

/* Among n + 1 different points, one is new. */
void hpo_points_move(const hpo_points *p, uint64_t seed, hpo_id number,
                     const double *given, double *x) {
  size_t left = p->n + 1;

  while (left-- > 0 && hpo_points_find(p, x))
    if (!hpo_points_next(p->space, given, x))
      break;
  for (uint32_t i = 1; i <= 64 && hpo_points_find(p, x); i++)
    hpo_draw_point(p->space, seed, number, i, given, x);
}
