/* SPDX-License-Identifier: BSD-3-Clause */
/* NSGA-II in a steady state: a trial is the child of two of the best points
 * so far.
 *
 * The population is no object of its own but what the view shows: the best
 * `population-size` complete trials, by fronts and in the last front by
 * crowding.  So a result counts as soon as it is known, any number of trials
 * may run at the same time, and a suggestion is a function of the set of
 * results.  Generations, which wait for all of their trials, gain nothing
 * here (J. J. Durillo and others, On the effect of the steady-state selection
 * scheme in multi-objective genetic algorithms, EMO 2009).
 *
 * K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, A fast and elitist
 * multiobjective genetic algorithm: NSGA-II, IEEE Trans. Evol. Comput. 6,
 * 2002: fronts (III.A), crowding (III.B), constrained domination (VI.A).
 * Crossovers: sbx, K. Deb, R. B. Agrawal, 1995; blxalpha, L. J. Eshelman,
 * J. D. Schaffer, 1993; uniform as in Optuna.
 *
 * Contents: the population; crowding; variation; suggestion. */
#include "hpo/front.h"
#include "hpo/mem.h"
#include "hpo/num.h"
#include "hpo/rng.h"
#include "sampler/draw.h"
#include "sampler/kinds.h"
#include "sampler/points.h"
#include "sampler/seen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Children made of a trial before one that was tried already moves on. */
#define ATTEMPTS 16
/* Distribution indices of sbx with several objectives and with one (Optuna's),
 * and of polynomial mutation (Deb 2002). */
#define ETA_SEVERAL 20
#define ETA_ONE 2
#define ETA_MUTATION 20

typedef enum crossover { UNIFORM, SBX, BLX_ALPHA } crossover;

typedef struct member {
  hpo_id number;
  size_t front, item; /* of the fronts */
  double crowding;
} member;

typedef struct nsga2 {
  const hpo_plan *plan;
  hpo_fronts fronts; /* of complete trials */
  hpo_points points; /* of all trials: final ones first, then open ones */
  size_t n_final_points, n_final;
  hpo_seen seen;
  member *population; /* [n_population] */
  size_t n_population, room;
  bool is_stale; /* the population is not that of the fronts */
  size_t size;
  crossover crossover;
  double crossover_prob, swapping_prob, mutation_prob;
  bool is_polynomial;
} nsga2;

static void destroy(void *self) {
  nsga2 *g = self;

  if (g == NULL)
    return;
  hpo_fronts_free(&g->fronts);
  hpo_points_free(&g->points);
  hpo_seen_free(&g->seen);
  hpo_mem_free(g->population);
  hpo_mem_free(g);
}

static crossover crossover_of(const char *name) {
  return strcmp(name, "sbx") == 0        ? SBX
         : strcmp(name, "blxalpha") == 0 ? BLX_ALPHA
                                         : UNIFORM;
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  nsga2 *g = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *g, &g, err));
  g->plan = plan;
  g->size = (size_t)hpo_options_get_int(options, "population-size");
  g->fronts = (hpo_fronts){.d = plan->n_objective, .depth = g->size};
  g->points.space = &plan->space;
  g->crossover = crossover_of(hpo_options_get_text(options, "crossover"));
  g->crossover_prob = hpo_options_get_float(options, "crossover-prob");
  g->swapping_prob = hpo_options_get_float(options, "swapping-prob");
  g->mutation_prob = hpo_options_get_float(options, "mutation-prob");
  g->is_polynomial =
      strcmp(hpo_options_get_text(options, "mutation"), "polynomial") == 0;
  *self = g;
done:
  return status;
}

/* --- Crowding --------------------------------------------------------- */

typedef struct placed {
  double loss;
  size_t member;
} placed;

static int by_loss(const void *a, const void *b) {
  const placed *p = a, *q = b;

  if (p->loss != q->loss)
    return p->loss < q->loss ? -1 : 1;
  return p->member < q->member ? -1 : p->member > q->member;
}

/* Adds the members' distances along one objective. */
static void add_crowding(const nsga2 *g, member *m, placed *p, size_t n,
                         size_t k) {
  double range;

  for (size_t i = 0; i < n; i++)
    p[i] = (placed){g->fronts.item[m[i].item].loss[k], i};
  qsort(p, n, sizeof *p, by_loss);
  range = p[n - 1].loss - p[0].loss;
  m[p[0].member].crowding = m[p[n - 1].member].crowding = (double)INFINITY;
  for (size_t i = 1; i + 1 < n && range > 0; i++)
    m[p[i].member].crowding += (p[i + 1].loss - p[i - 1].loss) / range;
}

static int by_crowding(const void *a, const void *b) {
  const member *m = a, *o = b;

  if (m->front != o->front)
    return m->front < o->front ? -1 : 1;
  if (m->crowding != o->crowding)
    return m->crowding > o->crowding ? -1 : 1;
  return m->number < o->number ? -1 : m->number > o->number;
}

/* --- The population --------------------------------------------------- */

static hpo_status add_front(nsga2 *g, size_t front, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_front *f = &g->fronts.front[front];
  placed *p = NULL;
  member *m;

  HPO_TRY(status,
          hpo_mem_grow(&g->population, &g->room, g->n_population + f->n,
                       sizeof *g->population, err));
  HPO_TRY(status, hpo_mem_new(f->n, sizeof *p, &p, err));
  m = g->population + g->n_population;
  for (size_t i = 0; i < f->n; i++)
    m[i] = (member){.number = g->fronts.item[f->member[i]].number,
                    .front = front,
                    .item = f->member[i]};
  for (size_t k = 0; k < g->fronts.d; k++)
    add_crowding(g, m, p, f->n, k);
  qsort(m, f->n, sizeof *m, by_crowding);
  g->n_population += f->n;
done:
  hpo_mem_free(p);
  return status;
}

static hpo_status select_best(nsga2 *g, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (!g->is_stale)
    goto done;
  g->n_population = 0;
  for (size_t f = 0; f < g->fronts.n_front && g->n_population < g->size; f++)
    HPO_TRY(status, add_front(g, f, err));
  if (g->n_population > g->size)
    g->n_population = g->size;
  g->is_stale = false;
done:
  return status;
}

static hpo_status learn(nsga2 *g, const hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;

  g->n_final++;
  if (hpo_space_check(&g->plan->space, t->x, NULL) != HPO_OK)
    goto done;
  if (t->number >= 0)
    HPO_TRY(status, hpo_points_add(&g->points, t->x, err));
  if (t->state != HPO_TRIAL_COMPLETE)
    goto done;
  const hpo_outcome o = hpo_outcome_of(t, g->plan);
  HPO_TRY(status, hpo_fronts_add(&g->fronts, &o, err));
  g->is_stale = true;
done:
  return status;
}

static hpo_status update(nsga2 *g, const hpo_view *view, hpo_id number,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  bool reset = false;

  HPO_TRY(status, hpo_seen_update(&g->seen, view, &reset, err));
  if (reset) {
    g->n_final = g->n_final_points = 0;
    g->is_stale = true;
    hpo_fronts_clear(&g->fronts);
  }
  hpo_points_cut(&g->points, g->n_final_points);
  for (size_t i = 0; i < g->seen.n_fresh; i++)
    HPO_TRY(status, learn(g, hpo_view_trial(view, g->seen.fresh[i]), err));
  g->n_final_points = g->points.n;
  for (size_t i = 0; i < g->seen.n_open; i++) {
    const hpo_trial *t = hpo_view_trial(view, g->seen.open[i]);
    if (t->number != number &&
        hpo_space_check(&g->plan->space, t->x, NULL) == HPO_OK)
      HPO_TRY(status, hpo_points_add(&g->points, t->x, err));
  }
  HPO_TRY(status, select_best(g, err));
done:
  return status;
}

/* --- Variation -------------------------------------------------------- */

/* The better of two at random: of the better front, then less crowded; the
 * population is sorted so. */
static size_t tournament(const nsga2 *g, hpo_rng *rng) {
  size_t a = (size_t)hpo_rng_below(rng, g->n_population);
  size_t b = (size_t)hpo_rng_below(rng, g->n_population);

  return a < b ? a : b;
}

static double clip(double u) { return fmin(fmax(u, 0), 0x1.fffffffffffffp-1); }

/* Simulated binary crossover, one of its two children. */
static double sbx(double a, double b, double eta, hpo_rng *rng) {
  double u = hpo_rng_next(rng), side = hpo_rng_next(rng) < 0.5 ? -1 : 1;
  double ratio = u <= 0.5 ? 2 * u : 1 / (2 * (1 - u));
  double beta = hpo_num_pow(ratio, 1 / (eta + 1));

  return clip(0.5 * (a + b + side * beta * (a - b)));
}

static double blx_alpha(double a, double b, hpo_rng *rng) {
  double reach = 0.5 * fabs(a - b);

  return clip(fmin(a, b) - reach +
              hpo_rng_next(rng) * (fabs(a - b) + 2 * reach));
}

/* Of two values that both parents have. */
static double cross(const nsga2 *g, const hpo_param *p, double a, double b,
                    hpo_rng *rng) {
  double u, v;

  if (g->crossover == UNIFORM || hpo_param_is_unordered(p))
    return hpo_rng_next(rng) < g->swapping_prob ? b : a;
  u = hpo_param_to_unit(p, a);
  v = hpo_param_to_unit(p, b);
  u = g->crossover == BLX_ALPHA
          ? blx_alpha(u, v, rng)
          : sbx(u, v, g->plan->n_objective > 1 ? ETA_SEVERAL : ETA_ONE, rng);
  return hpo_param_from_unit(p, u);
}

/* Another value: anywhere, or near by. */
static double mutate(const nsga2 *g, const hpo_param *p, double x,
                     hpo_rng *rng) {
  double u, r, delta, cells = hpo_param_cardinality(p);

  if (!g->is_polynomial || isnan(x) || hpo_param_is_unordered(p))
    return hpo_param_from_unit(p, hpo_rng_next(rng));
  u = hpo_param_to_unit(p, x);
  r = hpo_rng_next(rng);
  delta = r < 0.5 ? hpo_num_pow(2 * r, 1.0 / (ETA_MUTATION + 1)) - 1
                  : 1 - hpo_num_pow(2 * (1 - r), 1.0 / (ETA_MUTATION + 1));
  if (isfinite(cells)) /* a step of one at least */
    delta += (delta < 0 ? -1 : 1) / cells;
  return hpo_param_from_unit(p, clip(u + delta));
}

/* A parameter that neither parent has, or one of them, or both. */
static double inherit(const nsga2 *g, const hpo_param *p, double a, double b,
                      hpo_rng *rng) {
  if (isnan(a) && isnan(b))
    return hpo_param_from_unit(p, hpo_rng_next(rng));
  if (isnan(a) || isnan(b))
    return isnan(a) ? b : a;
  return cross(g, p, a, b, rng);
}

static void make_child(const nsga2 *g, const double *a, const double *b,
                       const double *given, hpo_rng *rng, double *x) {
  const hpo_space *space = &g->plan->space;
  double n = 0, rate = g->mutation_prob;

  for (size_t i = 0; i < space->n_param; i++) {
    n += space->param[i].parent < 0;
    x[i] = (double)NAN;
  }
  if (isnan(rate))
    rate = 1 / fmax(n, 1);
  for (size_t i = 0; i < space->n_param; i++) {
    const hpo_param *p = &space->param[i];
    if (!hpo_space_active(space, x, i))
      continue;
    x[i] = inherit(g, p, a[i], b[i], rng);
    if (hpo_rng_next(rng) < rate)
      x[i] = mutate(g, p, x[i], rng);
    if (given != NULL && !isnan(given[i]))
      x[i] = given[i];
  }
}

/* --- Suggestion ------------------------------------------------------- */

static void breed(const nsga2 *g, const hpo_view *view, hpo_id number,
                  uint32_t attempt, const double *given, double *x) {
  hpo_rng rng = hpo_rng_make(g->plan->seed, HPO_RNG_SAMPLER, (uint64_t)number,
                             HPO_DRAW_NSGA2 | attempt);
  size_t first = tournament(g, &rng), second = first;

  if (hpo_rng_next(&rng) < g->crossover_prob)
    for (int i = 0; i < 8 && second == first; i++)
      second = tournament(g, &rng);
  make_child(g, hpo_view_trial(view, g->population[first].number)->x,
             hpo_view_trial(view, g->population[second].number)->x, given,
             &rng, x);
}

static hpo_status suggest(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  nsga2 *g = self;

  (void)options;
  HPO_TRY(status, update(g, view, number, err));
  for (uint32_t i = 0; i < ATTEMPTS; i++) {
    if (g->n_final < g->size || g->n_population < 2)
      hpo_draw_point(&g->plan->space, g->plan->seed, number, i, given, x);
    else
      breed(g, view, number, i, given, x);
    if (!hpo_points_find(&g->points, x))
      break;
  }
  hpo_points_move(&g->points, g->plan->seed, number, given, x);
done:
  return status;
}

static const hpo_option option[] = {
    {.name = "population-size",
     .kind = HPO_OPTION_INT,
     .value = "50",
     .low = 2,
     .high = 1e6,
     .help = "Trials that children come from: the best so far.  As many "
             "random trials come first."},
    {.name = "crossover",
     .kind = HPO_OPTION_CHOICE,
     .value = "uniform",
     .choices = "uniform sbx blxalpha",
     .help = "How two parents mix: each value from one of them; numbers as "
             "simulated binary crossover or BLX-alpha have them, choices as "
             "uniform."},
    {.name = "crossover-prob",
     .kind = HPO_OPTION_FLOAT,
     .value = "0.9",
     .low = 0,
     .high = 1,
     .help = "Share of the children that have two parents, not one."},
    {.name = "swapping-prob",
     .kind = HPO_OPTION_FLOAT,
     .value = "0.5",
     .low = 0,
     .high = 1,
     .help = "How often a value comes from the second parent."},
    {.name = "mutation-prob",
     .kind = HPO_OPTION_FLOAT,
     .low = 0,
     .high = 1,
     .help = "How often a value changes; unset: 1 / parameters."},
    {.name = "mutation",
     .kind = HPO_OPTION_CHOICE,
     .value = "polynomial",
     .choices = "polynomial uniform",
     .help = "How numbers change: to a value near by mostly (Deb 2002), or "
             "to any."},
};

const hpo_sampler_kind hpo_sampler_nsga2 = {
    .name = "nsga2",
    .help = "NSGA-II, a genetic algorithm: the next point is a child of two "
            "of the best so far; for several objectives, constraints and "
            "some hundred trials or more, at any number of ranks.  Under 0.1 "
            "ms a point (Deb and others 2002).",
    .option = option,
    .n_option = sizeof option / sizeof *option,
    .is_built = true,
    .create = create,
    .destroy = destroy,
    .suggest = suggest};
