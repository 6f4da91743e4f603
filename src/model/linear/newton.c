/* SPDX-License-Identifier: BSD-3-Clause */
/* The solver: measure, release, descend; as phases between its questions.
 *
 *   FIRST -> BEGIN -+-> RELEASE -> ALONG -> (search) -> RELEASED -+-> FINISH
 *                   |                                             |
 *                   +-> DESCEND <---------------------------------+
 *                         |  CONJUGATE <-> PRODUCT -> (search) -> FINISH
 *                         |  TURN -> (search) -> TURNED -> TURN | FINISH
 *   (search) is SEARCH, until the objective is low enough. */
#include "newton.h"

#include "hpo/mem.h"
#include "kernels.h"
#include "memory.h"

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

typedef enum phase {
  PHASE_FIRST,
  PHASE_BEGIN,
  PHASE_RELEASE,
  PHASE_ALONG,
  PHASE_RELEASED,
  PHASE_DESCEND,
  PHASE_CONJUGATE,
  PHASE_PRODUCT,
  PHASE_TURN,
  PHASE_TURNED,
  PHASE_SEARCH,
  PHASE_FINISH,
  PHASE_OVER
} phase;

struct newton {
  newton_problem p;
  double *x, *g, *diagonal; /* [n] point, gradient of f, its Hessian's */
  double value;             /* f + l1 */
  double *trial, *trial_g;
  double *d, *r, *z, *v, *hv; /* [n] direction; CG's vectors */
  double *hessian;            /* [n][n] of NEWTON_MATRIX */
  memory memory;              /* of NEWTON_MEMORY */
  uint8_t *is_free;           /* [n] moves in this phase */
  double zeros, others;       /* residuals: variables at 0, the others */
  double first;               /* residual of the first iteration */
  double old_value, old_residual;
  bool is_ready, is_done;
  bool has_curvature; /* hessian or diagonal are those at x */
  int stalls, turns;
  int64_t share;
  phase phase, after; /* the search */
  double step, along, slack;
  int tries;
  bool good;                        /* the search found a point */
  double rz, start, eta, quadratic; /* of conjugate gradients */
  size_t k;
  newton_ask ask;
};

static double l1_of(const newton *s, size_t i) {
  return s->p.l1 != NULL ? s->p.l1[i] : 0;
}

void newton_destroy(newton *s) {
  if (s == NULL)
    return;
  hpo_mem_free(s->x);
  hpo_mem_free(s->hessian);
  memory_free(&s->memory);
  hpo_mem_free(s->is_free);
  hpo_mem_free(s);
}

hpo_status newton_create(const newton_problem *p, newton **out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  newton *s = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  s->p = *p;
  s->share = p->share;
  s->phase = PHASE_OVER;
  HPO_TRY(status, hpo_mem_new_aligned(p->n, 10 * sizeof *s->x, &s->x, err));
  HPO_TRY(status, hpo_mem_new(p->n, 1, &s->is_free, err));
  if (p->method == NEWTON_MATRIX)
    HPO_TRY(status, hpo_mem_new_aligned(p->n, p->n * sizeof *s->hessian,
                                        &s->hessian, err));
  if (p->method == NEWTON_MEMORY)
    HPO_TRY(status, memory_create(p->n, &s->memory, err));
  double **const part[] = {&s->g, &s->diagonal, &s->trial, &s->trial_g, &s->d,
                           &s->r, &s->z,        &s->v,     &s->hv};
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

/* --- Residual ---------------------------------------------------------- */

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

/* --- Asking ------------------------------------------------------------ */

static bool ask(newton *s, newton_wish what, const double *at, double *out) {
  s->ask = (newton_ask){.what = what, .share = s->share, .at = at, .out = out};
  return true;
}

/* The objective at trial, as answered. */
static double trial_value(const newton *s) {
  double value = s->ask.value;

  for (size_t i = 0; s->p.l1 != NULL && i < s->p.n; i++)
    value += s->p.l1[i] * fabs(s->trial[i]);
  return value;
}

/* The point last evaluated is the new one.  x stays where it is: it is what
 * owns the memory. */
static void take_trial(newton *s, double value) {
  double *g = s->g;

  memcpy(s->x, s->trial, s->p.n * sizeof *s->x);
  s->g = s->trial_g;
  s->trial_g = g;
  s->value = value;
  s->has_curvature = s->has_curvature && s->p.is_quadratic;
}

/* Returns whether the second derivatives at x must be asked for. */
static bool ask_curvature(newton *s) {
  if (s->has_curvature)
    return false;
  s->has_curvature = true;
  return s->p.method == NEWTON_MATRIX
             ? ask(s, NEWTON_HESSIAN, s->x, s->hessian)
             : ask(s, NEWTON_DIAGONAL, s->x, s->diagonal);
}

/* hv = Hessian v; returns whether it must be asked for. */
static bool ask_product(newton *s, const double *v, phase next) {
  s->phase = next;
  if (s->p.method != NEWTON_MATRIX)
    return ask(s, NEWTON_PRODUCT, v, s->hv);
  linear_multiply(s->hessian, s->p.n, v, s->hv);
  return false;
}

static double preconditioner(const newton *s, size_t i) {
  double d = s->p.method == NEWTON_MATRIX ? s->hessian[i * s->p.n + i]
                                          : s->diagonal[i];
  return d > 0 ? d : 1;
}

static bool go_to(newton *s, phase next) {
  s->phase = next;
  return false;
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

/* Where the trial must be, by its slope; 0 where a variable met its 0. */
static double try_step(newton *s) {
  bool met = move(s, s->step);

  (void)ask(s, NEWTON_EVAL, s->trial, s->trial_g);
  return met ? 0 : armijo * s->step * s->along;
}

static bool search_from(newton *s, double step, double along, phase after) {
  s->phase = PHASE_SEARCH;
  s->after = after;
  s->step = step;
  s->along = along;
  s->slack = rounding * fabs(s->value);
  s->tries = 0;
  s->quadratic = try_step(s);
  return true;
}

/* A shorter step: half, or without l1 the least point of the parabola. */
static double shorter(const newton *s, double value) {
  double rise = value - s->value - s->step * s->along;
  double best = -s->along * s->step * s->step / (2 * rise);

  if (s->p.l1 != NULL || !(best > 0.1 * s->step))
    return s->step * (s->p.l1 != NULL ? 0.5 : 0.1);
  return fmin(best, 0.5 * s->step);
}

/* Shortens the step until the objective is low enough.  After some halvings
 * it goes back to the first zero: where the model is flat but for l1, d is
 * far too long. */
static bool do_search(newton *s) {
  double value = trial_value(s);

  s->good = value <= s->value + s->quadratic + s->slack;
  if (s->good) {
    take_trial(s, value);
    return go_to(s, s->after);
  }
  s->tries++;
  if (s->tries < MOST_HALVINGS && fabs(s->step * s->along) >= s->slack) {
    s->step = shorter(s, value);
    if (s->tries == FAR_HALVINGS)
      s->step = fmin(s->step, first_zero(s));
    s->quadratic = try_step(s);
    return true;
  }
  s->phase = s->after;
  if (s->p.method != NEWTON_PRODUCTS)
    return false;
  memcpy(s->trial, s->x, s->p.n * sizeof *s->x); /* products are there */
  return ask(s, NEWTON_EVAL, s->trial, s->trial_g);
}

/* --- Release ----------------------------------------------------------- */

/* Releases variables at 0, those with the steepest slopes. */
static bool do_release(newton *s) {
  if (ask_curvature(s))
    return true;
  s->along = 0;
  for (size_t i = 0; i < s->p.n; i++) {
    double b = l1_of(s, i) > 0 ? released(s, i) : 0;
    bool moves = fabs(b) >= 0.3 * s->zeros;
    s->d[i] = moves ? -b / preconditioner(s, i) : 0;
    s->along += b * s->d[i];
  }
  return ask_product(s, s->d, PHASE_ALONG);
}

static bool do_along(newton *s) {
  double curvature = linear_dot(s->d, s->hv, s->p.n);

  return search_from(s, curvature > 0 ? -s->along / curvature : 1, s->along,
                     PHASE_RELEASED);
}

/* --- Conjugate gradients ------------------------------------------------ */

static void precondition(newton *s) {
  for (size_t i = 0; i < s->p.n; i++)
    s->z[i] = s->is_free[i] ? s->r[i] / preconditioner(s, i) : 0;
}

static bool is_exact(const newton *s) { return s->p.method == NEWTON_MATRIX; }

/* How far the Newton system is solved: the closer to the end, the better. */
static double forcing(const newton *s) {
  return is_exact(s) ? 1e-10 : fmin(0.5, s->others / s->first);
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
 * rule of Nash and Sofer, as Galli and Lin have it. */
static bool is_enough(newton *s) {
  double before = s->quadratic;

  if (is_exact(s))
    return false;
  s->quadratic = model_value(s);
  return (double)s->k * (before - s->quadratic) <= s->eta * -s->quadratic;
}

/* Along v the model is flat, and l1 alone counts: d goes on until the first
 * variable meets its 0.  (More variables than rows have room for.) */
static void follow(newton *s) {
  double least = INFINITY;

  for (size_t i = 0; i < s->p.n; i++) {
    double x = s->x[i] + s->d[i], t = -x / s->v[i];
    if (s->is_free[i] && l1_of(s, i) > 0 && x * s->x[i] > 0 && t > 0)
      least = fmin(least, t);
  }
  if (isinf(least))
    least = s->k == 0 ? 1 : 0;
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

static bool search_along(newton *s) {
  double along = 0;

  for (size_t i = 0; i < s->p.n; i++)
    if (s->is_free[i])
      along += slope(s, i) * s->d[i];
  return search_from(s, 1, along, PHASE_FINISH);
}

/* d: the Newton direction of the variables that are not 0, by conjugate
 * gradients. */
static bool do_conjugate(newton *s) {
  size_t most = is_exact(s) ? 2 * s->p.n + 10 : MOST_PRODUCTS;

  if (s->k >= most || !(s->rz > 1e-20 * s->start))
    return search_along(s);
  return ask_product(s, s->v, PHASE_PRODUCT);
}

static bool do_product(newton *s) {
  size_t n = s->p.n;
  double before = s->rz;

  for (size_t i = 0; i < n; i++)
    if (!s->is_free[i])
      s->hv[i] = 0;
  double curvature = linear_dot(s->v, s->hv, n);
  if (is_flat(s, curvature)) {
    follow(s);
    return search_along(s);
  }
  linear_add(s->rz / curvature, s->v, n, s->d);
  linear_add(-(s->rz / curvature), s->hv, n, s->r);
  s->k++;
  if (is_enough(s))
    return search_along(s);
  precondition(s);
  s->rz = linear_dot(s->r, s->z, n);
  for (size_t i = 0; i < n; i++)
    s->v[i] = s->z[i] + s->rz / before * s->v[i];
  return go_to(s, PHASE_CONJUGATE);
}

static bool do_descend(newton *s) {
  size_t n = s->p.n;

  if (!(s->others > s->p.tol))
    return go_to(s, PHASE_FINISH);
  if (s->p.method == NEWTON_MEMORY) {
    s->turns = 0;
    return go_to(s, PHASE_TURN);
  }
  if (ask_curvature(s))
    return true;
  for (size_t i = 0; i < n; i++) {
    s->is_free[i] = l1_of(s, i) == 0 || s->x[i] != 0;
    s->d[i] = 0;
    s->r[i] = s->is_free[i] ? -slope(s, i) : 0;
  }
  precondition(s);
  memcpy(s->v, s->z, n * sizeof *s->v);
  s->k = 0;
  s->quadratic = 0;
  s->eta = forcing(s);
  s->rz = linear_dot(s->r, s->z, n);
  s->start = s->rz;
  return go_to(s, PHASE_CONJUGATE);
}

/* --- Limited memory ----------------------------------------------------- */

static bool do_turn(newton *s) {
  double step = 1, along = 0;

  memory_direction(&s->memory, s->g, s->p.second, s->d);
  along = linear_dot(s->g, s->d, s->p.n);
  if (s->memory.pairs == 0) /* columns that go together: too long else */
    step = fmin(1, 1 / sqrt(-along * (double)s->p.n));
  return search_from(s, step, along, PHASE_TURNED);
}

static bool do_turned(newton *s) {
  if (s->good)
    memory_add(&s->memory, s->step, s->d, s->trial_g, s->g, s->p.second);
  else
    s->memory.pairs = 0;
  measure(s);
  s->turns++;
  return go_to(s, s->good && s->turns < NEWTON_TURNS && s->others > s->p.tol
                      ? PHASE_TURN
                      : PHASE_FINISH);
}

/* --- One iteration ------------------------------------------------------ */

static bool do_first(newton *s) {
  take_trial(s, trial_value(s));
  s->is_ready = true;
  measure(s);
  s->first = newton_residual(s);
  return go_to(s, PHASE_BEGIN);
}

static bool do_begin(newton *s) {
  s->old_value = s->value;
  s->old_residual = newton_residual(s);
  return go_to(s, s->zeros > s->others && s->zeros > s->p.tol ? PHASE_RELEASE
                                                              : PHASE_DESCEND);
}

static bool do_released(newton *s) {
  measure(s);
  return go_to(s, PHASE_DESCEND);
}

static bool do_finish(newton *s) {
  measure(s);
  double residual = newton_residual(s);
  bool moved = s->old_value - s->value > rounding * fabs(s->old_value) ||
               residual < s->old_residual / 2;

  s->stalls = moved ? 0 : s->stalls + 1;
  s->is_done = residual <= s->p.tol || s->stalls >= MOST_STALLS;
  if (!(residual < s->old_residual / 4) && s->share > s->p.least_share)
    s->share =
        s->share / 4 > s->p.least_share ? s->share / 4 : s->p.least_share;
  return go_to(s, PHASE_OVER);
}

void newton_begin(newton *s) {
  if (s->is_done)
    s->phase = PHASE_OVER;
  else if (s->is_ready)
    s->phase = PHASE_BEGIN;
  else
    s->phase = PHASE_FIRST;
  s->ask.out = NULL;
}

newton_ask *newton_next(newton *s) {
  static bool (*const work[])(newton *) = {
      do_first,     do_begin,   do_release, do_along,  do_released, do_descend,
      do_conjugate, do_product, do_turn,    do_turned, do_search,   do_finish};

  if (s->phase == PHASE_FIRST && s->ask.out == NULL) {
    (void)ask(s, NEWTON_EVAL, s->trial, s->trial_g);
    return &s->ask;
  }
  while (s->phase != PHASE_OVER)
    if (work[s->phase](s))
      return &s->ask;
  return NULL;
}

hpo_status newton_end(const newton *s, hpo_error *err) {
  return isfinite(s->value)
             ? HPO_OK
             : hpo_error_set(err, HPO_ETRIAL, "the loss is not finite");
}
