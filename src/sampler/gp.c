/* SPDX-License-Identifier: BSD-3-Clause */
/* Bayesian optimisation with a Gaussian process: a model of the objective
 * over the whole space (gauss.h), and the point where the logarithm of the
 * expected improvement is highest under it (gp_search.c).
 *
 * Trials whose results are to come take part with the value that the model
 * expects of them: the mean stays, the variance falls there, and what is to be
 * improved on falls to their best, unless trials fail, next to which the model
 * expects what no trial reaches (kriging believer: D. Ginsbourger, R. Le
 * Riche, L. Carraro, Kriging is well-suited to parallelize optimization,
 * 2010).  Failed trials and those that break a constraint count as the worst,
 * pruned ones with their last value but no better than the best; as long as no
 * trial keeps to the constraints, the violation is modelled instead.
 *
 * Hyperparameters are found anew whenever there are a tenth more results, from
 * the first so many trials alone: the more trials, the rarer.  Of more trials
 * than max-points the best half takes part and the rest is taken evenly.
 *
 * Contents: making; what the view shows; the model; suggesting; options.
 *
 * D. R. Jones, M. Schonlau, W. J. Welch, Efficient global optimization of
 * expensive black-box functions, J. Global Optim. 13 (1998).  J. Snoek, H.
 * Larochelle, R. P. Adams, Practical Bayesian optimization of machine
 * learning algorithms, NIPS 2012.  S. Ament and others, NeurIPS 2023. */
#include "hpo/mem.h"
#include "sampler/gp_private.h"
#include "sampler/kinds.h"
#include "sampler/warp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEAR 4 /* good points whose surroundings are searched */

/* --- Making ----------------------------------------------------------- */

static void destroy(void *self) {
  hpo_gp *g = self;

  if (g == NULL)
    return;
  hpo_gp_search_destroy(g->search);
  hpo_quasi_free(&g->quasi);
  hpo_gauss_destroy(g->gauss);
  hpo_descent_destroy(g->fitting);
  hpo_seen_free(&g->seen);
  hpo_points_free(&g->points);
  hpo_mem_free(g->param);
  hpo_mem_free(g->prior);
  hpo_mem_free(g->row);
  hpo_mem_free(g->open);
  hpo_mem_free(g->chosen);
  hpo_mem_free(g->merit);
  hpo_mem_free(g->fit);
  hpo_mem_free(g->theta);
  hpo_mem_free(g->place);
  hpo_mem_free(g);
}

static hpo_status make_model(hpo_gp *g, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *space = &g->plan->space;
  size_t n_theta;

  HPO_TRY(status,
          hpo_mem_new(space->n_param, sizeof *g->param, &g->param, err));
  g->n = hpo_gauss_params(space, g->param);
  n_theta = g->n + HPO_GAUSS_EXTRA;
  HPO_TRY(status, hpo_gauss_create(g->n, &g->gauss, err));
  hpo_gauss_mark(g->gauss, space, g->param);
  HPO_TRY(status, hpo_mem_new(n_theta, sizeof *g->prior, &g->prior, err));
  HPO_TRY(status, hpo_mem_new(n_theta, sizeof *g->theta, &g->theta, err));
  HPO_TRY(status, hpo_mem_new(HPO_GAUSS_BATCH * g->n, sizeof *g->place,
                              &g->place, err));
  HPO_TRY(status, hpo_descent_create(n_theta, &g->fitting, err));
  hpo_gauss_priors(g->n, g->noise, g->prior);
done:
  return status;
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_gp *g = NULL;
  double noise = hpo_options_get_float(options, "noise");

  HPO_TRY(status, hpo_mem_new(1, sizeof *g, &g, err));
  g->plan = plan;
  g->points.space = &plan->space;
  g->startup = (size_t)hpo_options_get_int(options, "startup-trials");
  g->candidates = (size_t)hpo_options_get_int(options, "candidates");
  g->most = (size_t)hpo_options_get_int(options, "max-points");
  g->noise = isnan(noise) ? -1 : noise;
  g->warp = hpo_options_get_bool(options, "warp");
  HPO_TRY(status,
          hpo_quasi_init(&g->quasi, &plan->space, plan->seed, true, err));
  HPO_TRY(status, make_model(g, err));
  HPO_TRY(status, hpo_gp_search_create(g, &g->search, err));
  *self = g;
  g = NULL; /* now the caller's */
done:
  destroy(g);
  return status;
}

/* --- What the view shows ---------------------------------------------- */

static hpo_gp_row row_of(const hpo_gp *g, const hpo_trial *t) {
  double value = t->state == HPO_TRIAL_FAILED ? (double)NAN : t->value[0];
  double violation = hpo_trial_violation(t, g->plan);
  hpo_gp_row row = {.number = t->number,
                    .kind = isnan(value)                     ? HPO_GP_FAILED
                            : t->state == HPO_TRIAL_COMPLETE ? HPO_GP_COMPLETE
                                                             : HPO_GP_PRUNED,
                    .value = g->plan->objective[0].maximize ? -value : value};

  if (row.kind == HPO_GP_COMPLETE && isinf(violation)) {
    row.kind = HPO_GP_FAILED; /* nothing tells how far off it is */
  } else if (row.kind == HPO_GP_COMPLETE && violation > 0) {
    row.kind = HPO_GP_INFEASIBLE;
    row.value = violation;
  }
  return row;
}

static hpo_status add_row(hpo_gp *g, const hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t at = g->n_row;

  if (t->number >= 0)
    HPO_TRY(status, hpo_points_add(&g->points, t->x, err));
  g->n_final_points = g->points.n;
  HPO_TRY(status, hpo_mem_grow(&g->row, &g->row_room, g->n_row + 1,
                               sizeof *g->row, err));
  while (at > 0 && g->row[at - 1].number > t->number)
    at--;
  memmove(g->row + at + 1, g->row + at, (g->n_row - at) * sizeof *g->row);
  g->row[at] = row_of(g, t);
  g->n_row++;
done:
  return status;
}

static bool is_point(const hpo_gp *g, const hpo_trial *t) {
  return hpo_space_check(&g->plan->space, t->x, NULL) == HPO_OK;
}

static hpo_status update(hpo_gp *g, const hpo_view *view, hpo_id number,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  bool reset = false;

  HPO_TRY(status, hpo_seen_update(&g->seen, view, &reset, err));
  if (reset)
    g->n_row = g->n_final_points = 0;
  hpo_points_cut(&g->points, g->n_final_points);
  for (size_t i = 0; i < g->seen.n_fresh; i++) {
    const hpo_trial *t = hpo_view_trial(view, g->seen.fresh[i]);
    if (is_point(g, t))
      HPO_TRY(status, add_row(g, t, err));
  }
  HPO_TRY(status, hpo_mem_grow(&g->open, &g->open_room, g->seen.n_open,
                               sizeof *g->open, err));
  g->n_open = 0;
  for (size_t i = 0; i < g->seen.n_open; i++) {
    const hpo_trial *t = hpo_view_trial(view, g->seen.open[i]);
    if (t->number == number || !is_point(g, t))
      continue;
    g->open[g->n_open++] = t->number;
    HPO_TRY(status, hpo_points_add(&g->points, t->x, err));
  }
done:
  return status;
}

/* --- The model -------------------------------------------------------- */

void hpo_gp_place(const hpo_gp *g, const double *x, double *place) {
  hpo_gauss_place(&g->plan->space, g->param, g->n, x, place);
}

/* Best first: complete, infeasible, pruned, failed ones; ties by number. */
static int by_merit(const void *a, const void *b, void *row) {
  const hpo_gp_row *r = (const hpo_gp_row *)row + *(const size_t *)a;
  const hpo_gp_row *s = (const hpo_gp_row *)row + *(const size_t *)b;

  if (r->kind != s->kind)
    return r->kind < s->kind ? -1 : 1;
  if (r->kind != HPO_GP_FAILED && r->value != s->value)
    return r->value < s->value ? -1 : 1;
  return r->number < s->number ? -1 : r->number > s->number;
}

static int by_row(const void *a, const void *b) {
  size_t i = *(const size_t *)a, j = *(const size_t *)b;
  return i < j ? -1 : i > j;
}

/* Rows of a model of the first n, `most` of them: g->chosen, ascending; all
 * of them by merit: g->merit. */
static hpo_status choose(hpo_gp *g, size_t n, size_t most, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t half = most / 2, rest;

  HPO_TRY(status, hpo_mem_grow(&g->chosen, &g->chosen_room, n,
                               sizeof *g->chosen, err));
  HPO_TRY(status,
          hpo_mem_grow(&g->merit, &g->merit_room, n, sizeof *g->merit, err));
  for (size_t i = 0; i < n; i++)
    g->merit[i] = i;
  qsort_r(g->merit, n, sizeof *g->merit, by_merit, g->row);
  memcpy(g->chosen, g->merit, n * sizeof *g->chosen);
  g->n_chosen = n;
  if (n > most) {
    qsort(g->chosen + half, n - half, sizeof *g->chosen, by_row);
    rest = most - half;
    for (size_t i = 0; i < rest; i++)
      g->chosen[half + i] = g->chosen[half + i * (n - half) / rest];
    g->n_chosen = most;
  }
  qsort(g->chosen, g->n_chosen, sizeof *g->chosen, by_row);
done:
  return status;
}

/* Kinds of the values that the model is of: those of feasible trials, or as
 * long as there is none the violations of the others, which then count. */
static hpo_gp_kind wanted(const hpo_gp *g) {
  bool is_broken = false;

  for (size_t i = 0; i < g->n_chosen; i++) {
    hpo_gp_kind kind = g->row[g->chosen[i]].kind;
    if (kind == HPO_GP_COMPLETE)
      return kind;
    is_broken = is_broken || kind == HPO_GP_INFEASIBLE;
  }
  return is_broken ? HPO_GP_INFEASIBLE : HPO_GP_PRUNED;
}

/* The values of the chosen rows as the model has them, into y. */
static void set_values(const hpo_gp *g, double *y) {
  double best = (double)INFINITY, worst = -(double)INFINITY;
  hpo_gp_kind kind = wanted(g);
  size_t n = g->n_chosen;

  for (size_t i = 0; i < n; i++) {
    const hpo_gp_row *r = &g->row[g->chosen[i]];
    if (r->kind == kind)
      best = fmin(best, r->value);
    if (r->kind == kind ||
        (r->kind == HPO_GP_PRUNED && kind == HPO_GP_COMPLETE))
      worst = fmax(worst, r->value);
  }
  for (size_t i = 0; i < n; i++) {
    const hpo_gp_row *r = &g->row[g->chosen[i]];
    y[i] = r->kind == kind ? r->value
           : r->kind == HPO_GP_PRUNED && kind == HPO_GP_COMPLETE
               ? fmax(r->value, best)
           : isfinite(worst) ? worst
                             : 0;
  }
  hpo_warp_scale(y, n);
  if (g->warp)
    hpo_warp_bend(y, n);
}

static void add_point(hpo_gp *g, size_t i, const double *x) {
  hpo_gp_place(g, x, g->place);
  for (size_t a = 0; a < g->n; a++)
    g->gauss->x[a * g->gauss->pad + i] = g->place[a];
}

/* The chosen rows, and the last n_open of those that are open. */
static hpo_status load(hpo_gp *g, const hpo_view *view, size_t n_open,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = g->n_chosen;

  HPO_TRY(status, hpo_gauss_reserve(g->gauss, n + n_open, n, err));
  for (size_t i = 0; i < n; i++)
    add_point(g, i, hpo_view_trial(view, g->row[g->chosen[i]].number)->x);
  for (size_t i = 0; i < n_open; i++)
    add_point(g, n + i,
              hpo_view_trial(view, g->open[g->n_open - n_open + i])->x);
  set_values(g, g->gauss->y);
done:
  return status;
}

/* Of n results, how many the hyperparameters are fitted to. */
static size_t fitted(size_t n) {
  size_t r = 1;

  while (r + (r + 9) / 10 <= n)
    r += (r + 9) / 10;
  return r;
}

static hpo_status fit(hpo_gp *g, const hpo_view *view, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = fitted(g->n_row);
  bool is_same = n == g->n_fit;

  for (size_t i = 0; i < n && is_same; i++)
    is_same = g->fit[i] == g->row[i].number;
  if (is_same)
    goto done;
  HPO_TRY(status, hpo_mem_grow(&g->fit, &g->fit_room, n, sizeof *g->fit, err));
  for (size_t i = 0; i < n; i++)
    g->fit[i] = g->row[i].number;
  g->n_fit = 0; /* until it is done */
  HPO_TRY(status, choose(g, n, g->most, err));
  HPO_TRY(status, load(g, view, 0, err));
  hpo_gauss_fit(g->gauss, g->prior, g->fitting);
  memcpy(g->theta, g->gauss->theta,
         (g->n + HPO_GAUSS_EXTRA) * sizeof *g->theta);
  g->n_fit = n;
done:
  return status;
}

/* What is to be improved on: the lowest value that the model has at the point
 * of a complete trial, K alpha = y - noise alpha, or of an open one. */
static double lowest(hpo_gp *g) {
  hpo_gauss *m = g->gauss;
  hpo_gp_kind kind = wanted(g);
  double best = (double)INFINITY, mean[HPO_GAUSS_BATCH],
         variance[HPO_GAUSS_BATCH];
  bool may_fail = false;

  for (size_t i = 0; i < g->n_chosen; i++) {
    may_fail = may_fail || g->row[g->chosen[i]].kind == HPO_GP_FAILED;
    if (g->row[g->chosen[i]].kind == kind)
      best = fmin(best, m->y[i] - m->noise * m->alpha[i]);
  }
  for (size_t i = m->n_seen; i < m->n && !may_fail; i += HPO_GAUSS_BATCH) {
    size_t n = m->n - i < HPO_GAUSS_BATCH ? m->n - i : HPO_GAUSS_BATCH;
    for (size_t r = 0; r < n; r++)
      for (size_t a = 0; a < g->n; a++)
        g->place[r * g->n + a] = m->x[a * m->pad + i + r];
    hpo_gauss_predict(m, g->place, mean, variance, NULL, NULL);
    for (size_t r = 0; r < n; r++)
      best = fmin(best, mean[r]);
  }
  return isfinite(best) ? best : 0;
}

static hpo_status build(hpo_gp *g, const hpo_view *view, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n_open = g->n_open < g->most / 2 ? g->n_open : g->most / 2;

  HPO_TRY(status, choose(g, g->n_row, g->most - n_open, err));
  HPO_TRY(status, load(g, view, n_open, err));
  hpo_gauss_set(g->gauss, g->theta);
  while (!hpo_gauss_build(g->gauss, NULL)) /* nearly equal points */
    g->gauss->noise *= 8;
  g->best = lowest(g);
done:
  return status;
}

/* --- Suggesting ------------------------------------------------------- */

static hpo_status suggest(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_gp *g = self;
  const double *near[NEAR];
  size_t n_near = 0;

  (void)options;
  HPO_TRY(status, update(g, view, number, err));
  if (g->n == 0 || g->n_row < g->startup || g->n_row == 0) {
    hpo_quasi_point(&g->quasi, number, given, x);
  } else {
    HPO_TRY(status, fit(g, view, err));
    HPO_TRY(status, build(g, view, err));
    while (n_near < NEAR && n_near < g->n_row) {
      const hpo_gp_row *r = &g->row[g->merit[n_near]];
      near[n_near++] = hpo_view_trial(view, r->number)->x;
    }
    hpo_gp_find(g, number, given, near, n_near, x);
  }
  hpo_points_move(&g->points, g->plan->seed, number, given, x);
done:
  return status;
}

/* --- Options ---------------------------------------------------------- */

static const hpo_option option[] = {
    {.name = "startup-trials",
     .kind = HPO_OPTION_INT,
     .value = "10",
     .low = 1,
     .high = 1e9,
     .help = "Sobol points before the first trial that learns."},
    {.name = "candidates",
     .kind = HPO_OPTION_INT,
     .value = "512",
     .low = 8,
     .high = 65536,
     .help = "Points at which a search for the next trial begins."},
    {.name = "max-points",
     .kind = HPO_OPTION_INT,
     .value = "256",
     .low = 16,
     .high = 4096,
     .help = "Trials that the model knows at most; of more, the best half and "
             "others spread evenly.  Time grows with its third power."},
    {.name = "noise",
     .kind = HPO_OPTION_FLOAT,
     .low = 0,
     .high = 1,
     .help = "Variance of a result that is chance, as a share of the "
             "variance of all results; unset: learnt."},
    {.name = "warp",
     .kind = HPO_OPTION_BOOL,
     .value = "yes",
     .help = "Values are bent first by a power that makes them more like a "
             "normal distribution (Yeo and Johnson)."},
};

const hpo_sampler_kind hpo_sampler_gp = {
    .name = "gp",
    .help = "Bayesian optimisation with a Gaussian process and log expected "
            "improvement: the most of 20 to some hundred dear trials of up "
            "to about 20 parameters, also in parallel.  Some 10 ms a point "
            "(Snoek and others 2012; Ament and others 2023).",
    .option = option,
    .n_option = sizeof option / sizeof *option,
    .is_built = true,
    .one_objective = true,
    .create = create,
    .destroy = destroy,
    .suggest = suggest};
