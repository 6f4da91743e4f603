/* SPDX-License-Identifier: BSD-3-Clause */
/* The hypervolume of a front: see hypervolume.h. */
#include "hpo/hypervolume.h"

#include "hpo/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4 };

typedef struct point {
  double x[MOST];
} point;

/** The area that points in the plane dominate: a staircase, x ascending, y
 *  falling. */
typedef struct stairs {
  double *x, *y; /* [n] */
  size_t n;
  double right, top; /* the reference */
  double area;
} stairs;

static int by_axis(const point *p, const point *q, size_t axis) {
  return p->x[axis] < q->x[axis] ? -1 : p->x[axis] > q->x[axis];
}

static int by_third(const void *a, const void *b) { return by_axis(a, b, 2); }

static int by_fourth(const void *a, const void *b) { return by_axis(a, b, 3); }

/* Where x would stand among the steps. */
static size_t place(const stairs *s, double x) {
  size_t low = 0, high = s->n;

  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (s->x[mid] < x)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static void add_step(stairs *s, double x, double y) {
  size_t at = place(s, x), end = at;
  double high = at > 0 ? s->y[at - 1] : s->top, from = x;

  if (high <= y || (at < s->n && s->x[at] == x && s->y[at] <= y))
    return;
  for (; end < s->n && s->y[end] >= y; end++) {
    s->area += (s->x[end] - from) * (high - y);
    from = s->x[end];
    high = s->y[end];
  }
  s->area += ((end < s->n ? s->x[end] : s->right) - from) * (high - y);
  memmove(s->x + at + 1, s->x + end, (s->n - end) * sizeof *s->x);
  memmove(s->y + at + 1, s->y + end, (s->n - end) * sizeof *s->y);
  s->n = s->n - (end - at) + 1;
  s->x[at] = x;
  s->y[at] = y;
}

/* Points in the plane, in any order. */
static double area_of(stairs *s, const point *p, size_t n) {
  s->n = 0;
  s->area = 0;
  for (size_t i = 0; i < n; i++)
    add_step(s, p[i].x[0], p[i].x[1]);
  return s->area;
}

/* Points in order of their third coordinate, up to `deep`. */
static double volume_of(stairs *s, const point *p, size_t n, double deep) {
  double volume = 0;

  s->n = 0;
  s->area = 0;
  for (size_t i = 0; i < n; i++) {
    double next = i + 1 < n ? p[i + 1].x[2] : deep;
    add_step(s, p[i].x[0], p[i].x[1]);
    volume += s->area * (next - p[i].x[2]);
  }
  return volume;
}

/* Puts p into slice [n], which is in order of the third coordinate, without
 * those that p leaves without a share. */
static size_t add_slice(point *slice, size_t n, const point *p) {
  size_t kept = 0, at;

  for (size_t i = 0; i < n; i++)
    if (slice[i].x[0] <= p->x[0] && slice[i].x[1] <= p->x[1] &&
        slice[i].x[2] <= p->x[2])
      return n;
  for (size_t i = 0; i < n; i++)
    if (!(p->x[0] <= slice[i].x[0] && p->x[1] <= slice[i].x[1] &&
          p->x[2] <= slice[i].x[2]))
      slice[kept++] = slice[i];
  for (at = kept; at > 0 && slice[at - 1].x[2] > p->x[2]; at--)
    slice[at] = slice[at - 1];
  slice[at] = *p;
  return kept + 1;
}

/* Points in order of their fourth coordinate; slice [n] is workspace. */
static double hyper_of(stairs *s, const point *p, size_t n,
                       const double *reference, point *slice) {
  double sum = 0;
  size_t n_slice = 0;

  for (size_t i = 0; i < n; i++) {
    double next = i + 1 < n ? p[i + 1].x[3] : reference[3];
    n_slice = add_slice(slice, n_slice, &p[i]);
    if (next > p[i].x[3])
      sum += volume_of(s, slice, n_slice, reference[2]) * (next - p[i].x[3]);
  }
  return sum;
}

/** Room for the hypervolume of n points. */
typedef struct work {
  point *p;    /* [2][n] */
  double *x;   /* [2][n] */
  size_t room; /* n */
} work;

static hpo_status make_work(size_t n, work *w, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_new(2 * n, sizeof *w->p, &w->p, err));
  HPO_TRY(status, hpo_mem_new(2 * n, sizeof *w->x, &w->x, err));
  w->room = n;
done:
  return status;
}

static void free_work(work *w) {
  hpo_mem_free(w->p);
  hpo_mem_free(w->x);
}

static bool is_within(const double *loss, size_t d, const double *reference) {
  for (size_t i = 0; i < d; i++)
    if (!(loss[i] < reference[i]))
      return false;
  return true;
}

/* Of the points which [n] of loss; which NULL: all but `without`. */
static double compute(work *w, const double *loss, const size_t *which,
                      size_t n, size_t without, size_t d,
                      const double *reference) {
  stairs s = {.x = w->x, .y = w->x + w->room, .right = reference[0]};
  size_t kept = 0;

  for (size_t i = 0; i < n; i++) {
    const double *from = loss + (which != NULL ? which[i] : i) * d;
    if ((which != NULL || i != without) && is_within(from, d, reference))
      memcpy(w->p[kept++].x, from, d * sizeof *from);
  }
  if (d == 1) {
    double best = reference[0];
    for (size_t i = 0; i < kept; i++)
      best = fmin(best, w->p[i].x[0]);
    return reference[0] - best;
  }
  s.top = reference[1];
  if (d == 2)
    return area_of(&s, w->p, kept);
  if (kept > 0)
    qsort(w->p, kept, sizeof *w->p, d == 3 ? by_third : by_fourth);
  return d == 3 ? volume_of(&s, w->p, kept, reference[2])
                : hyper_of(&s, w->p, kept, reference, w->p + w->room);
}

hpo_status hpo_hypervolume(const double *loss, size_t n, size_t d,
                           const double *reference, double *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  work w = {0};

  HPO_ASSERT(d >= 1 && d <= MOST);
  HPO_TRY(status, make_work(n, &w, err));
  *out = compute(&w, loss, NULL, n, SIZE_MAX, d, reference);
done:
  free_work(&w);
  return status;
}

hpo_status hpo_hypervolume_shares(const double *loss, size_t n, size_t d,
                                  const double *reference, double *out,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  work w = {0};
  double all;

  HPO_ASSERT(d >= 1 && d <= MOST);
  HPO_TRY(status, make_work(n, &w, err));
  all = compute(&w, loss, NULL, n, SIZE_MAX, d, reference);
  for (size_t i = 0; i < n; i++)
    out[i] = fmax(all - compute(&w, loss, NULL, n, i, d, reference), 0);
done:
  free_work(&w);
  return status;
}

/* The point that adds most to pick [n]; gain [n_all] are bounds of what each
 * adds, as a point never adds more than it did to fewer; -1: it is picked. */
static size_t best_of(work *w, const double *loss, double *gain, size_t n_all,
                      size_t d, const double *reference, size_t *pick,
                      size_t n, double *volume) {
  for (size_t checked = SIZE_MAX;;) {
    size_t best = 0;
    double with;
    for (size_t i = 1; i < n_all; i++)
      if (gain[i] > gain[best])
        best = i;
    pick[n] = best;
    with = compute(w, loss, pick, n + 1, SIZE_MAX, d, reference);
    if (checked == best || !(with - *volume < gain[best])) {
      *volume = with;
      return best;
    }
    gain[best] = fmax(with - *volume, 0);
    checked = best;
  }
}

hpo_status hpo_hypervolume_subset(const double *loss, size_t n, size_t d,
                                  const double *reference, size_t k,
                                  size_t *pick, hpo_error *err) {
  hpo_status status = HPO_OK;
  work w = {0};
  double *gain = NULL, volume = 0;

  HPO_ASSERT(d >= 1 && d <= MOST && k <= n);
  HPO_TRY(status, make_work(n, &w, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *gain, &gain, err));
  for (size_t i = 0; i < n; i++)
    gain[i] = compute(&w, loss, &i, 1, SIZE_MAX, d, reference);
  for (size_t i = 0; i < k; i++)
    gain[best_of(&w, loss, gain, n, d, reference, pick, i, &volume)] = -1;
done:
  hpo_mem_free(gain);
  free_work(&w);
  return status;
}
