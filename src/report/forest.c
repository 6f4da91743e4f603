/* SPDX-License-Identifier: BSD-3-Clause */
/* A regression tree of full depth, as the boxes of its leaves. */
#include "report/forest.h"

#include "hpo/mem.h"
#include "hpo/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct grower {
  const hpo_points *p;
  size_t n, d;
  size_t *row;      /* [n] the bootstrap sample */
  size_t *order;    /* [d][n] places in row, sorted by each feature */
  size_t *spare;    /* [n] */
  uint8_t *is_left; /* [n] by place */
  hpo_boxes out;
} grower;

/* A node that waits: places [from, to) of every order, and its box. */
typedef struct node {
  size_t from, to;
  hpo_side *side; /* [d], owned */
} node;

typedef struct split {
  double gain, at; /* at: threshold, or the category */
  size_t feature;
} split;

static double x_of(const grower *g, size_t place, size_t j) {
  return g->p->x[g->row[place] * g->d + j];
}

static double y_of(const grower *g, size_t place) {
  return g->p->y[g->row[place]];
}

typedef struct keyed {
  double x;
  size_t place;
} keyed;

static int ascending(const void *a, const void *b) {
  const keyed *u = a, *v = b;
  if (u->x != v->x)
    return u->x < v->x ? -1 : 1;
  return u->place < v->place ? -1 : u->place > v->place;
}

static hpo_status sort_features(grower *g, hpo_error *err) {
  hpo_status status = HPO_OK;
  keyed *key = NULL;

  HPO_TRY(status, hpo_mem_new(g->n, sizeof *key, &key, err));
  for (size_t j = 0; j < g->d; j++) {
    for (size_t i = 0; i < g->n; i++)
      key[i] = (keyed){x_of(g, i, j), i};
    qsort(key, g->n, sizeof *key, ascending);
    for (size_t i = 0; i < g->n; i++)
      g->order[j * g->n + i] = key[i].place;
  }
done:
  hpo_mem_free(key);
  return status;
}

static double gain_of(double left, size_t n_left, double right,
                      size_t n_right) {
  return left * left / (double)n_left + right * right / (double)n_right;
}

static void try_number(const grower *g, const node *v, size_t j, double total,
                       split *best) {
  const size_t *order = g->order + j * g->n;
  double left = 0;

  for (size_t i = v->from; i + 1 < v->to; i++) {
    double x = x_of(g, order[i], j), next = x_of(g, order[i + 1], j);
    left += y_of(g, order[i]);
    if (next <= x)
      continue;
    double gain = gain_of(left, i + 1 - v->from, total - left, v->to - i - 1);
    if (gain > best->gain)
      *best = (split){gain, x + (next - x) / 2, j};
  }
}

static void try_category(const grower *g, const node *v, size_t j,
                         double total, split *best) {
  const size_t *order = g->order + j * g->n;

  for (size_t i = v->from, end; i < v->to; i = end) {
    double x = x_of(g, order[i], j), left = 0;
    for (end = i; end < v->to && x_of(g, order[end], j) == x; end++)
      left += y_of(g, order[end]);
    if (end - i == v->to - v->from)
      return;
    double gain =
        gain_of(left, end - i, total - left, v->to - v->from - (end - i));
    if (gain > best->gain)
      *best = (split){gain, x, j};
  }
}

static split find_split(const grower *g, const node *v) {
  double total = 0, low = INFINITY, high = -INFINITY;
  split best = {.feature = SIZE_MAX};

  for (size_t i = v->from; i < v->to; i++) {
    double y = y_of(g, g->order[i]);
    total += y;
    low = fmin(low, y);
    high = fmax(high, y);
  }
  if (v->to - v->from < 2 || low == high)
    return best;
  best.gain = -INFINITY;
  for (size_t j = 0; j < g->d; j++)
    if (g->p->n_category[j])
      try_category(g, v, j, total, &best);
    else
      try_number(g, v, j, total, &best);
  return best;
}

/* Orders every feature's places: left ones first, each side still sorted;
 * returns where the right ones begin. */
static size_t partition(grower *g, const node *v, const split *s) {
  size_t middle = v->from;

  for (size_t i = v->from; i < v->to; i++) {
    size_t place = g->order[i];
    double x = x_of(g, place, s->feature);
    g->is_left[place] = g->p->n_category[s->feature] ? x == s->at : x <= s->at;
  }
  for (size_t j = 0; j < g->d; j++) {
    size_t *order = g->order + j * g->n, n_left = 0, n_right = 0;
    for (size_t i = v->from; i < v->to; i++)
      if (g->is_left[order[i]])
        order[v->from + n_left++] = order[i];
      else
        g->spare[n_right++] = order[i];
    middle = v->from + n_left;
    memcpy(order + middle, g->spare, n_right * sizeof *order);
  }
  return middle;
}

static hpo_status child_of(const grower *g, const node *v, const split *s,
                           bool left, size_t middle, node *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  node c = {.from = left ? v->from : middle, .to = left ? middle : v->to};

  HPO_TRY(status, hpo_mem_copy(v->side, g->d * sizeof *v->side, &c.side, err));
  hpo_side *side = &c.side[s->feature];
  if (g->p->n_category[s->feature]) {
    uint64_t bit = (uint64_t)1 << (unsigned)s->at;
    side->mask &= left ? bit : ~bit;
  } else if (left) {
    side->high = s->at;
  } else {
    side->low = s->at;
  }
  *out = c;
done:
  return status;
}

static void add_leaf(grower *g, const node *v) {
  double sum = 0;

  for (size_t i = v->from; i < v->to; i++)
    sum += y_of(g, g->order[i]);
  g->out.value[g->out.n] = sum / (double)(v->to - v->from);
  memcpy(g->out.side + g->out.n * g->d, v->side, g->d * sizeof *v->side);
  g->out.n++;
}

static hpo_status grow(grower *g, hpo_error *err) {
  hpo_status status = HPO_OK;
  node *stack = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_mem_new(g->n + 1, sizeof *stack, &stack, err));
  stack[0] = (node){.from = 0, .to = g->n};
  HPO_TRY(status,
          hpo_mem_new(g->d, sizeof *stack[0].side, &stack[0].side, err));
  n = 1;
  for (size_t j = 0; j < g->d; j++) {
    size_t k = g->p->n_category[j];
    stack[0].side[j] =
        (hpo_side){0, 1, k >= 64 ? UINT64_MAX : ((uint64_t)1 << k) - 1};
  }
  while (n > 0) {
    node v = stack[--n];
    split s = find_split(g, &v);
    if (s.feature == SIZE_MAX || s.gain == -INFINITY) {
      add_leaf(g, &v);
    } else {
      size_t middle = partition(g, &v, &s);
      status = child_of(g, &v, &s, false, middle, &stack[n], err);
      n += status == HPO_OK;
      if (status == HPO_OK)
        status = child_of(g, &v, &s, true, middle, &stack[n], err);
      n += status == HPO_OK;
    }
    hpo_mem_free(v.side);
    HPO_TRY(status, status);
  }
done:
  while (n > 0)
    hpo_mem_free(stack[--n].side);
  hpo_mem_free(stack);
  return status;
}

hpo_status hpo_forest_tree(const hpo_points *p, uint64_t seed, uint64_t tree,
                           hpo_boxes *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  grower g = {.p = p, .n = p->n, .d = p->d};
  hpo_rng dice = hpo_rng_make(seed, HPO_RNG_IMPORTANCE, tree, 0);

  HPO_TRY(status, hpo_mem_new(g.n, sizeof *g.row, &g.row, err));
  HPO_TRY(status, hpo_mem_new(g.n * g.d, sizeof *g.order, &g.order, err));
  HPO_TRY(status, hpo_mem_new(g.n, sizeof *g.spare, &g.spare, err));
  HPO_TRY(status, hpo_mem_new(g.n, 1, &g.is_left, err));
  HPO_TRY(status, hpo_mem_new(g.n, sizeof *g.out.value, &g.out.value, err));
  HPO_TRY(status,
          hpo_mem_new(g.n * g.d, sizeof *g.out.side, &g.out.side, err));
  for (size_t i = 0; i < g.n; i++)
    g.row[i] = (size_t)hpo_rng_below(&dice, g.n);
  HPO_TRY(status, sort_features(&g, err));
  HPO_TRY(status, grow(&g, err));
  *out = g.out;
  g.out = (hpo_boxes){0};
done:
  hpo_mem_free(g.row);
  hpo_mem_free(g.order);
  hpo_mem_free(g.spare);
  hpo_mem_free(g.is_left);
  hpo_boxes_free(&g.out);
  return status;
}

void hpo_boxes_free(hpo_boxes *b) {
  hpo_mem_free(b->value);
  hpo_mem_free(b->side);
  *b = (hpo_boxes){0};
}
