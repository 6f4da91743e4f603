/* SPDX-License-Identifier: BSD-3-Clause */
/* The solver: measure, release, descend. */
#include "newton.h"

#include "hpo/mem.h"
#include "kernels.h"

#include <math.h>
#include <string.h>

enum {
  MOST_PRODUCTS = 60,
  MOST_HALVINGS = 50,
  FAR_HALVINGS = 44,
  MOST_STALLS = 3
};

/* Decrease that a step must give, of what its slope promises. */
static const double armijo = 1e-4;
/* Changes of the objective below this share of it are rounding. */
static const double rounding = 1e-14;

struct newton {
  newton_problem p;
  double *x, *g, *diagonal; /* [n] point, gradient of f, its Hessian's */
  double value;             /* f + l1 */
  double *trial, *trial_g, *trial_diagonal;
  double *d, *r, *z, *v, *hv;  /* [n] direction; CG's vectors */
  uint8_t *is_free;            /* [n] moves in this phase */
  double zeros, others, first; /* residuals: variables at 0, the others;
                                  the first iteration's */
  bool is_ready, is_done;
  int stalls;
};

static double l1_of(const newton *s, size_t i) {
  return s->p.l1 != NULL ? s->p.l1[i] : 0;
}

void newton_destroy(newton *s) {
  if (s == NULL)
    return;
  hpo_mem_free(s->x);
  hpo_mem_free(s->is_free);
  hpo_mem_free(s);
}

hpo_status newton_create(const newton_problem *p, newton **out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  newton *s = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  s->p = *p;
  HPO_TRY(status, hpo_mem_new_aligned(p->n, 11 * sizeof *s->x, &s->x, err));
  HPO_TRY(status, hpo_mem_new(p->n, 1, &s->is_free, err));
  double **const part[] = {
      &s->g, &s->diagonal, &s->trial, &s->trial_g, &s->trial_diagonal,
      &s->d, &s->r,        &s->z,     &s->v,       &s->hv};
  for (size_t k = 0; k < sizeof part / sizeof *part; k++)
    *part[k] = s->x + (k + 1) * p->n;
  *out = s;
  s = NULL;
done:
  newton_destroy(s);
  return status;
}

bool newton_is_done(const newton *s) { return s->is_done; }
const double *newton_x(const newton *s) { return s->x; }
double newton_value(const newton *s) { return s->value; }
double newton_residual(const newton *s) { return fmax(s->zeros, s->others); }

/* --- Objective and residual ------------------------------------------- */

/* At s->trial. */
static hpo_status eval_trial(newton *s, double *value, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, s->p.eval(s->p.self, s->trial, value, s->trial_g,
                            s->trial_diagonal, err));
  for (size_t i = 0; s->p.l1 != NULL && i < s->p.n; i++)
    *value += s->p.l1[i] * fabs(s->trial[i]);
done:
  return status;
}

static void swap(double **a, double **b) {
  double *c = *a;
  *a = *b;
  *b = c;
}

/* The point last evaluated is the new one.  x stays where it is: it is what
 * owns the memory. */
static void take_trial(newton *s, double value) {
  memcpy(s->x, s->trial, s->p.n * sizeof *s->x);
  swap(&s->g, &s->trial_g);
  swap(&s->diagonal, &s->trial_diagonal);
  s->value = value;
}

/* The derivative that leads away from 0: beta of the paper. */
static double released(const newton *s, size_t i) {
  double l1 = l1_of(s, i), g = s->g[i];

  if (s->x[i] != 0)
    return 0;
  return g < -l1 ? g + l1 : g > l1 ? g - l1 : 0;
}

/* Derivative of a variable that is not 0 (or has no l1). */
static double slope(const newton *s, size_t i) {
  double l1 = l1_of(s, i);

  return s->g[i] + (s->x[i] > 0 ? l1 : s->x[i] < 0 ? -l1 : 0);
}

/* The same where it leads towards 0, not beyond it: phi of the paper. */
static double kept(const newton *s, size_t i) {
  double l1 = l1_of(s, i), x = s->x[i], g = slope(s, i);

  if (l1 > 0 && x > 0 && g > 0)
    return fmin(g, fmax(x, s->g[i] - l1));
  if (l1 > 0 && x < 0 && g < 0)
    return fmax(g, fmin(x, s->g[i] + l1));
  return g;
}

static void measure(newton *s) {
  s->zeros = 0;
  s->others = 0;
  for (size_t i = 0; i < s->p.n; i++) {
    bool is_free = l1_of(s, i) == 0 || s->x[i] != 0;
    if (is_free)
      s->others = fmax(s->others, fabs(kept(s, i)));
    else
      s->zeros = fmax(s->zeros, fabs(released(s, i)));
  }
}

/* --- Moving ----------------------------------------------------------- */

/* trial = x + step d on the orthant of x.  Returns whether some variable met
 * its 0. */
static bool move(newton *s, double step) {
  bool met = false;

  for (size_t i = 0; i < s->p.n; i++) {
    double to = s->x[i] + step * s->d[i];
    if (s->x[i] != 0 && l1_of(s, i) > 0 && !(to * s->x[i] > 0)) {
      to = 0;
      met = true;
    }
    s->trial[i] = to;
  }
  return met;
}

/* The step at which the first variable meets its 0; infinite if none does. */
static double first_zero(const newton *s) {
  double least = INFINITY;

  for (size_t i = 0; i < s->p.n; i++)
    if (l1_of(s, i) > 0 && s->x[i] * s->d[i] < 0)
      least = fmin(least, -s->x[i] / s->d[i]);
  return least * (1 + 1e-10);
}

/* Halves the step until the objective is low enough; *good: it became so.
 * After some halvings it goes back to the first zero: where the model is
 * flat but for l1, d is far too long. */
static hpo_status search(newton *s, double step, double along, bool *good,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  double value = 0, slack = rounding * fabs(s->value);

  *good = false;
  for (int k = 0; k < MOST_HALVINGS && !*good; k++, step /= 2) {
    if (k == FAR_HALVINGS)
      step = fmin(step, first_zero(s));
    bool met = move(s, step);
    HPO_TRY(status, eval_trial(s, &value, err));
    double wanted = met ? 0 : armijo * step * along;
    *good = value <= s->value + wanted + slack;
    if (!*good && fabs(step * along) < slack)
      break;
  }
  if (*good) {
    take_trial(s, value);
    goto done;
  }
  memcpy(s->trial, s->x, s->p.n * sizeof *s->x);
  HPO_TRY(status, eval_trial(s, &value, err));
done:
  return status;
}

static double preconditioner(const newton *s, size_t i) {
  return s->diagonal[i] > 0 ? s->diagonal[i] : 1;
}

/* Releases variables at 0, those with the steepest slopes. */
static hpo_status release(newton *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  double along = 0, curvature = 0;
  bool good = false;

  for (size_t i = 0; i < s->p.n; i++) {
    double b = l1_of(s, i) > 0 ? released(s, i) : 0;
    bool moves = fabs(b) >= 0.3 * s->zeros;
    s->d[i] = moves ? -b / preconditioner(s, i) : 0;
    along += b * s->d[i];
  }
  HPO_TRY(status, s->p.product(s->p.self, s->d, s->hv, err));
  curvature = linear_dot(s->d, s->hv, s->p.n);
  HPO_TRY(status, search(s, curvature > 0 ? -along / curvature : 1, along,
                         &good, err));
done:
  return status;
}

/* hv = H v for the free variables. */
static hpo_status product(newton *s, hpo_error *err) {
  hpo_status status = s->p.product(s->p.self, s->v, s->hv, err);

  for (size_t i = 0; i < s->p.n; i++)
    if (!s->is_free[i])
      s->hv[i] = 0;
  return status;
}

static void precondition(newton *s) {
  for (size_t i = 0; i < s->p.n; i++)
    s->z[i] = s->is_free[i] ? s->r[i] / preconditioner(s, i) : 0;
}

/* How far the Newton system is solved: the closer to the end, the better. */
static double forcing(const newton *s) {
  return s->p.cheap ? 1e-10 : fmin(0.5, s->others / s->first);
}

/* Twice the quadratic model's value at d, r being the residual there. */
static double model_value(const newton *s) {
  double sum = 0;

  for (size_t i = 0; i < s->p.n; i++)
    if (s->is_free[i])
      sum += s->d[i] * (slope(s, i) - s->r[i]);
  return sum;
}

/* Whether iteration k lowered the model by a share too small to go on: the
   rule of Nash and Sofer, as Galli and Lin have it. */
static bool is_enough(const newton *s, size_t k, double before, double now,
                      double eta) {
  return !s->p.cheap && (double)k * (before - now) <= eta * -now;
}

/* Along v the model is flat, and l1 alone counts: d goes on until the first
 * variable meets its 0.  (More variables than rows have room for.) */
static void follow(newton *s, bool is_first) {
  double least = INFINITY;

  for (size_t i = 0; i < s->p.n; i++) {
    double x = s->x[i] + s->d[i], t = -x / s->v[i];
    if (s->is_free[i] && l1_of(s, i) > 0 && x * s->x[i] > 0 && t > 0)
      least = fmin(least, t);
  }
  if (isinf(least))
    least = is_first ? 1 : 0;
  for (size_t i = 0; i < s->p.n; i++)
    s->d[i] += least * (1 + 1e-10) * s->v[i];
}

/* Whether the curvature along v is rounding. */
static bool is_flat(const newton *s, double curvature) {
  double most = 0;

  for (size_t i = 0; i < s->p.n; i++)
    most += s->v[i] * s->v[i] * preconditioner(s, i);
  return !(curvature > 1e-12 * most);
}

/* d: the Newton direction of the free variables, by conjugate gradients. */
static hpo_status solve(newton *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = s->p.n;
  size_t most = s->p.cheap ? 2 * n + 10 : MOST_PRODUCTS;
  double rz = 0, eta = forcing(s), start = 0, value = 0;

  for (size_t i = 0; i < n; i++) {
    s->d[i] = 0;
    s->r[i] = s->is_free[i] ? -slope(s, i) : 0;
  }
  precondition(s);
  memcpy(s->v, s->z, n * sizeof *s->v);
  rz = linear_dot(s->r, s->z, n);
  start = rz;
  for (size_t k = 0; k < most && rz > 1e-20 * start; k++) {
    HPO_TRY(status, product(s, err));
    double curvature = linear_dot(s->v, s->hv, n), before = rz;
    if (is_flat(s, curvature)) {
      follow(s, k == 0);
      break;
    }
    double step = rz / curvature;
    for (size_t i = 0; i < n; i++) {
      s->d[i] += step * s->v[i];
      s->r[i] -= step * s->hv[i];
    }
    double last = value;
    value = model_value(s);
    if (is_enough(s, k + 1, last, value, eta))
      break;
    precondition(s);
    rz = linear_dot(s->r, s->z, n);
    for (size_t i = 0; i < n; i++)
      s->v[i] = s->z[i] + rz / before * s->v[i];
  }
done:
  return status;
}

/* A Newton step of the variables that are not 0. */
static hpo_status descend(newton *s, bool *good, hpo_error *err) {
  hpo_status status = HPO_OK;
  double along = 0;

  for (size_t i = 0; i < s->p.n; i++)
    s->is_free[i] = l1_of(s, i) == 0 || s->x[i] != 0;
  HPO_TRY(status, solve(s, err));
  for (size_t i = 0; i < s->p.n; i++)
    if (s->is_free[i])
      along += slope(s, i) * s->d[i];
  HPO_TRY(status, search(s, 1, along, good, err));
done:
  return status;
}

hpo_status newton_step(newton *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  double value = 0;
  bool good = true;

  if (s->is_done)
    return HPO_OK;
  if (!s->is_ready) {
    HPO_TRY(status, eval_trial(s, &value, err));
    take_trial(s, value);
    s->is_ready = true;
    measure(s);
    s->first = newton_residual(s);
  }
  double before = s->value, residual = newton_residual(s);
  if (s->zeros > s->others && s->zeros > s->p.tol) {
    HPO_TRY(status, release(s, err));
    measure(s);
  }
  if (s->others > s->p.tol)
    HPO_TRY(status, descend(s, &good, err));
  measure(s);
  if (!isfinite(s->value))
    HPO_FAIL(status, err, HPO_ETRIAL, "the loss is not finite");
  bool moved = before - s->value > rounding * fabs(before) ||
               newton_residual(s) < residual / 2;
  s->stalls = moved ? 0 : s->stalls + 1;
  s->is_done = newton_residual(s) <= s->p.tol || s->stalls >= MOST_STALLS;
done:
  return status;
}
