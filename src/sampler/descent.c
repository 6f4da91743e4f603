/* SPDX-License-Identifier: BSD-3-Clause */
/* Limited-memory BFGS within a box: see descent.h. */
#include "sampler/descent.h"

#include "hpo/mem.h"

#include <math.h>
#include <string.h>

#define PAST HPO_DESCENT_PAST
#define TRIES 12    /* of a line search */
#define ENOUGH 1e-4 /* share of the slope's promise (Armijo) */
#define CURVATURE 1e-10

hpo_status hpo_descent_create(size_t n, hpo_descent **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_descent *d = NULL;
  const size_t one = sizeof(double);

  HPO_TRY(status, hpo_mem_new(1, sizeof *d, &d, err));
  d->n = n;
  HPO_TRY(status, hpo_mem_new(n, one, &d->low, err));
  HPO_TRY(status, hpo_mem_new(n, one, &d->high, err));
  HPO_TRY(status, hpo_mem_new(n, one, &d->x, err));
  HPO_TRY(status, hpo_mem_new(n, one, &d->slope, err));
  HPO_TRY(status, hpo_mem_new(n, one, &d->ask, err));
  HPO_TRY(status, hpo_mem_new(n, one, &d->reply, err));
  HPO_TRY(status, hpo_mem_new(n, one, &d->direction, err));
  HPO_TRY(status, hpo_mem_new(n * PAST, one, &d->s, err));
  HPO_TRY(status, hpo_mem_new(n * PAST, one, &d->y, err));
  HPO_TRY(status, hpo_mem_new(PAST, one, &d->rho, err));
  *out = d;
  d = NULL; /* now the caller's */
done:
  hpo_descent_destroy(d);
  return status;
}

void hpo_descent_destroy(hpo_descent *d) {
  if (d == NULL)
    return;
  hpo_mem_free(d->low);
  hpo_mem_free(d->high);
  hpo_mem_free(d->x);
  hpo_mem_free(d->slope);
  hpo_mem_free(d->ask);
  hpo_mem_free(d->reply);
  hpo_mem_free(d->direction);
  hpo_mem_free(d->s);
  hpo_mem_free(d->y);
  hpo_mem_free(d->rho);
  hpo_mem_free(d);
}

static double dot(const double *x, const double *y, size_t n) {
  double sum = 0;

  for (size_t i = 0; i < n; i++)
    sum += x[i] * y[i];
  return sum;
}

void hpo_descent_begin(hpo_descent *d, const double *x, double tolerance,
                       size_t most) {
  for (size_t i = 0; i < d->n; i++)
    d->ask[i] = fmin(fmax(x[i], d->low[i]), d->high[i]);
  memcpy(d->x, d->ask, d->n * sizeof *d->x);
  d->value = (double)INFINITY;
  d->tolerance = tolerance;
  d->most = most;
  d->asked = d->tries = d->n_past = 0;
}

/* Held, or at a bound that the slope presses against. */
static bool is_stuck(const hpo_descent *d, size_t i) {
  return d->low[i] == d->high[i] ||
         (d->x[i] <= d->low[i] && d->slope[i] > 0) ||
         (d->x[i] >= d->high[i] && d->slope[i] < 0);
}

/* Nocedal's two loops over the steps so far, newest first and back. */
static void turn(hpo_descent *d) {
  size_t n = d->n, first = d->n_past > PAST ? d->n_past - PAST : 0;
  double *q = d->direction, a[PAST];

  for (size_t k = d->n_past; k-- > first;) {
    size_t c = k % PAST;
    a[c] = d->rho[c] * dot(d->s + c * n, q, n);
    for (size_t i = 0; i < n; i++)
      q[i] -= a[c] * d->y[c * n + i];
  }
  if (d->n_past > 0) {
    const double *y = d->y + (d->n_past - 1) % PAST * n;
    double ratio = 1 / (d->rho[(d->n_past - 1) % PAST] * dot(y, y, n));
    for (size_t i = 0; i < n; i++)
      q[i] *= ratio;
  }
  for (size_t k = first; k < d->n_past; k++) {
    size_t c = k % PAST;
    double b = d->rho[c] * dot(d->y + c * n, q, n);
    for (size_t i = 0; i < n; i++)
      q[i] += (a[c] - b) * d->s[c * n + i];
  }
}

/* A new line from x; false: no way down. */
static bool aim(hpo_descent *d) {
  size_t n = d->n;
  double down, length;

  for (int again = 0;; again++) {
    for (size_t i = 0; i < n; i++)
      d->direction[i] = is_stuck(d, i) ? 0 : d->slope[i];
    length = sqrt(dot(d->direction, d->direction, n));
    turn(d);
    for (size_t i = 0; i < n; i++)
      d->direction[i] = is_stuck(d, i) ? 0 : -d->direction[i];
    down = dot(d->direction, d->slope, n);
    if (down < 0 || again > 0)
      break;
    d->n_past = 0;
  }
  d->step = d->n_past > 0 ? 1 : fmin(1, 1 / length);
  d->tries = 0;
  return down < 0;
}

static void look(hpo_descent *d) {
  for (size_t i = 0; i < d->n; i++)
    d->ask[i] =
        fmin(fmax(d->x[i] + d->step * d->direction[i], d->low[i]), d->high[i]);
}

static void remember(hpo_descent *d) {
  size_t n = d->n, c = d->n_past % PAST;
  double *s = d->s + c * n, *y = d->y + c * n, product;

  for (size_t i = 0; i < n; i++) {
    s[i] = d->ask[i] - d->x[i];
    y[i] = d->reply[i] - d->slope[i];
  }
  product = dot(s, y, n);
  if (product > CURVATURE * dot(y, y, n)) {
    d->rho[c] = 1 / product;
    d->n_past++;
  }
}

bool hpo_descent_answer(hpo_descent *d, double value) {
  size_t n = d->n;
  bool is_first = d->asked++ == 0;
  double promise = 0, gain = d->value - value;

  for (size_t i = 0; i < n && !is_first; i++)
    promise += d->slope[i] * (d->ask[i] - d->x[i]);
  if (!isfinite(value) || (!is_first && !(gain >= -ENOUGH * promise))) {
    if (is_first || ++d->tries >= TRIES || d->asked >= d->most)
      return false;
    d->step *= d->tries > 2 ? 0.2 : 0.5;
    look(d);
    return true;
  }
  if (!is_first)
    remember(d);
  memcpy(d->x, d->ask, n * sizeof *d->x);
  memcpy(d->slope, d->reply, n * sizeof *d->slope);
  d->value = value;
  if ((!is_first && gain < d->tolerance) || d->asked >= d->most || !aim(d))
    return false;
  look(d);
  return true;
}
