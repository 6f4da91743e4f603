/* SPDX-License-Identifier: BSD-3-Clause */
/* Grid search: every combination once, in the order of an odometer.
 *
 * Parameters stand as in the study file, the last one turns fastest; what
 * hangs on a choice turns before that choice goes on.  Trial number n is
 * point n - (enqueued points), so nothing is remembered.
 *
 * Contents: the values of a parameter; combinations; the sampler. */
#include "hpo/mem.h"
#include "hpo/num.h"
#include "sampler/kinds.h"

#include <math.h>
#include <stdio.h>

/* More than this nobody waits for. */
#define MOST 1e7

typedef struct grid {
  const hpo_space *space; /* borrowed */
  double **value;    /* [n_param] its values where points= chose them; NULL */
  double *count;     /* [n_param] values of the parameter alone */
  double *size;      /* [n_param] with all that hangs on its choices */
  uint32_t *allowed; /* [n_allowed] points; NULL: nothing is forbidden */
  size_t n_allowed;
} grid;

/* --- the values of a parameter ---------------------------------------- */

static bool needs_points(const hpo_param *p) {
  return isinf(hpo_param_cardinality(p));
}

/* The decimal of 12 digits next to x, so that 1, 10, 100 is what it looks
 * like. */
static double tidy(const hpo_param *p, double x) {
  char text[32];
  double near = x;

  snprintf(text, sizeof text, "%.12g", x);
  if (!hpo_options_parse_float(text, &near))
    near = x;
  return hpo_param_round(p, near);
}

/* Point k of n from low to high, both ends included. */
static double place(const hpo_param *p, double k, double n) {
  double t = k / (n - 1);

  if (t <= 0)
    return p->low;
  if (t >= 1)
    return p->high;
  if (!p->log)
    return tidy(p, p->low * (1 - t) + p->high * t);
  return tidy(p, hpo_num_exp(hpo_num_log(p->low) * (1 - t) +
                             hpo_num_log(p->high) * t));
}

/* n values, evenly (on its scale); integers each once. */
static hpo_status choose_values(grid *g, size_t i, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_param *p = &g->space->param[i];
  size_t used = 0;

  HPO_TRY(status, hpo_mem_new(n, sizeof *g->value[i], &g->value[i], err));
  for (size_t k = 0; k < n; k++) {
    double x = place(p, (double)k, (double)n);
    if (used == 0 || x > g->value[i][used - 1])
      g->value[i][used++] = x;
  }
  g->count[i] = (double)used;
done:
  return status;
}

static hpo_status make_axis(grid *g, size_t i, int64_t points,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_param *p = &g->space->param[i];
  bool has_points = points > 0;

  g->count[i] = hpo_param_cardinality(p);
  if (needs_points(p) && !has_points)
    HPO_FAIL(status, err, HPO_EINVAL,
             "sampler \"grid\": parameter %s has no end of values; give it "
             "step=, make it a categorical, or say points=\"N\" in <sampler> "
             "for N values of each such range",
             p->full_name);
  if (has_points &&
      (needs_points(p) || (p->log && g->count[i] > (double)points)))
    HPO_TRY(status, choose_values(g, i, (size_t)points, err));
done:
  return status;
}

static double value_of(const grid *g, size_t i, double k) {
  const hpo_param *p = &g->space->param[i];

  if (p->kind == HPO_PARAM_CATEGORICAL)
    return k;
  if (g->value[i] != NULL)
    return g->value[i][(size_t)k];
  return hpo_param_round(p, p->low + k * p->step);
}

/* --- combinations ------------------------------------------------------ */

static bool hangs_on(const hpo_param *p, ptrdiff_t parent, size_t choice) {
  return p->parent == parent && (parent < 0 || p->parent_choice == choice);
}

/* Combinations of all that hangs on one choice (parent -1: of the space). */
static double combinations(const grid *g, ptrdiff_t parent, size_t choice) {
  double n = 1;

  for (size_t i = (size_t)(parent + 1); i < g->space->n_param; i++)
    if (hangs_on(&g->space->param[i], parent, choice))
      n *= g->size[i];
  return n;
}

static void measure(grid *g) {
  for (size_t i = g->space->n_param; i-- > 0;) {
    const hpo_param *p = &g->space->param[i];
    g->size[i] = p->kind == HPO_PARAM_CATEGORICAL ? 0 : g->count[i];
    for (size_t c = 0; c < p->n_choice; c++)
      g->size[i] += combinations(g, (ptrdiff_t)i, c);
  }
}

static double take_digit(double *index, double size) {
  double digit = fmod(*index, size);

  *index = floor(*index / size);
  return digit;
}

/* Combination `index` of what hangs on one choice into x. */
static void combine(const grid *g, ptrdiff_t parent, size_t choice,
                    double index, double *x) {
  for (size_t i = g->space->n_param; i-- > (size_t)(parent + 1);) {
    const hpo_param *p = &g->space->param[i];
    size_t c = 0;
    if (!hangs_on(p, parent, choice))
      continue;
    double digit = take_digit(&index, g->size[i]);
    if (p->kind != HPO_PARAM_CATEGORICAL) {
      x[i] = value_of(g, i, digit);
      continue;
    }
    while (digit >= combinations(g, (ptrdiff_t)i, c))
      digit -= combinations(g, (ptrdiff_t)i, c++);
    x[i] = (double)c;
    combine(g, (ptrdiff_t)i, c, digit, x);
  }
}

static void set_point(const grid *g, double index, double *x) {
  for (size_t i = 0; i < g->space->n_param; i++)
    x[i] = (double)NAN;
  combine(g, -1, 0, index, x);
}

/* Lists the points that are not forbidden, if any is. */
static hpo_status list_allowed(grid *g, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  double *x = NULL;

  if (g->space->n_forbidden == 0)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(g->space->n_param, sizeof *x, &x, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *g->allowed, &g->allowed, err));
  for (size_t i = 0; i < n; i++) {
    set_point(g, (double)i, x);
    if (hpo_space_forbids(g->space, x) < 0)
      g->allowed[g->n_allowed++] = (uint32_t)i;
  }
  if (g->n_allowed == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "sampler \"grid\": <forbidden> leaves nothing of %zu points", n);
done:
  hpo_mem_free(x);
  return status;
}

/* --- the sampler ------------------------------------------------------- */

static void destroy(void *self) {
  grid *g = self;

  if (g == NULL)
    return;
  for (size_t i = 0; g->value != NULL && i < g->space->n_param; i++)
    hpo_mem_free(g->value[i]);
  hpo_mem_free(g->value);
  hpo_mem_free(g->count);
  hpo_mem_free(g->size);
  hpo_mem_free(g->allowed);
  hpo_mem_free(g);
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = plan->space.n_param;
  int64_t points = hpo_options_get_int(options, "points");
  grid *g = NULL;
  double all;

  HPO_TRY(status, hpo_mem_new(1, sizeof *g, &g, err));
  g->space = &plan->space;
  HPO_TRY(status, hpo_mem_new(n, sizeof *g->value, &g->value, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *g->count, &g->count, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *g->size, &g->size, err));
  for (size_t i = 0; i < n; i++)
    HPO_TRY(status, make_axis(g, i, points, err));
  measure(g);
  all = combinations(g, -1, 0);
  if (!(all <= MOST))
    HPO_FAIL(status, err, HPO_EINVAL,
             "sampler \"grid\": the grid has %.15g points, more than the "
             "%.0f that it may have; take larger steps, fewer points=, or "
             "sampler \"random\"",
             all, MOST);
  HPO_TRY(status, list_allowed(g, (size_t)all, err));
  *self = g;
  g = NULL; /* now the caller's */
done:
  destroy(g);
  return status;
}

static double count(const void *self) {
  const grid *g = self;

  return g->allowed != NULL ? (double)g->n_allowed : combinations(g, -1, 0);
}

/* Enqueued points stand before the grid; what they leave open gets its first
 * value. */
static void fill(const grid *g, const double *given, double *x) {
  for (size_t i = 0; i < g->space->n_param; i++)
    if (hpo_space_active(g->space, x, i))
      x[i] = isnan(given[i]) ? value_of(g, i, 0) : given[i];
}

static hpo_status suggest(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  const grid *g = self;
  hpo_id before = (hpo_id)hpo_ledger_plan(view->ledger)->n_enqueue;

  (void)options, (void)err;
  if (given != NULL) {
    for (size_t i = 0; i < g->space->n_param; i++)
      x[i] = (double)NAN;
    fill(g, given, x);
  } else {
    double k = fmod((double)(number > before ? number - before : 0), count(g));
    set_point(g, g->allowed != NULL ? g->allowed[(size_t)k] : k, x);
  }
  return HPO_OK;
}

static const hpo_option option[] = {
    {.name = "points",
     .kind = HPO_OPTION_INT,
     .low = 2,
     .high = 1e6,
     .help = "Values of each float without step= and of each log range that "
             "has more, both ends included, evenly (log: on the log scale); "
             "without it, such a float is refused."},
};

const hpo_sampler_kind hpo_sampler_grid = {
    .name = "grid",
    .help =
        "Every combination once, the last parameter fastest, for small "
        "discrete spaces; the study ends when all were tried.\nOrder: as the "
        "parameters stand in the study file; a choice's own parameters turn "
        "before the choice goes on. Enqueued points come before the grid. At "
        "most 10,000,000 points. A suggestion costs nothing.",
    .option = option,
    .n_option = sizeof option / sizeof *option,
    .is_built = true,
    .is_blind = true,
    .create = create,
    .destroy = destroy,
    .count = count,
    .suggest = suggest};
