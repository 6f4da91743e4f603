/* SPDX-License-Identifier: BSD-3-Clause */
/* What cmaes has learnt: see evolve.h.
 *
 * Contents: making; the margin; runs; telling; the view. */
#include "sampler/evolve.h"

#include "hpo/mem.h"
#include "hpo/num.h"
#include "hpo/rng.h"
#include "sampler/draw.h"
#include "sampler/merit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- Making ----------------------------------------------------------- */

static hpo_status reset(hpo_evolve *e, hpo_error *err);

static void choose_params(hpo_evolve *e, const double *start) {
  e->is_countable = true;
  for (size_t i = 0; i < e->plan->space.n_param; i++) {
    const hpo_param *p = &e->plan->space.param[i];
    double cells = hpo_param_cardinality(p);
    if (hpo_param_is_unordered(p) || p->parent >= 0 || !(cells > 1))
      continue;
    e->is_countable = e->is_countable && isfinite(cells);
    e->cells[e->n] = isfinite(cells) ? cells : 0;
    e->start[e->n] = start != NULL && !isnan(start[i])
                         ? hpo_param_to_unit(p, start[i])
                         : 0.5;
    e->param[e->n++] = i;
  }
}

hpo_status hpo_evolve_create(const hpo_evolve_options *options,
                             const hpo_plan *plan, const double *start,
                             hpo_evolve **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_evolve *e = NULL;
  size_t n = plan->space.n_param;

  HPO_TRY(status, hpo_mem_new(1, sizeof *e, &e, err));
  e->options = *options;
  e->plan = plan;
  e->has_start = start != NULL;
  e->points.space = &plan->space;
  HPO_TRY(status, hpo_mem_new(n, sizeof *e->param, &e->param, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *e->cells, &e->cells, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *e->start, &e->start, err));
  HPO_TRY(status, hpo_mem_new(4 * n, sizeof *e->work, &e->work, err));
  choose_params(e, start);
  n = e->n;
  HPO_TRY(status, hpo_mem_new(n, sizeof *e->direction, &e->direction, err));
  for (size_t i = 0; i < n && i < HPO_SOBOL_DIMENSIONS; i++)
    hpo_sobol_directions(i, e->direction[i]);
  for (size_t i = 0; i < HPO_EVOLVE_PAST; i++) {
    hpo_source *s = &e->source[i];
    HPO_TRY(status, hpo_mem_new(n, sizeof(double), &s->mean, err));
    HPO_TRY(status, hpo_mem_new(n, sizeof(double), &s->stretch, err));
    HPO_TRY(status, hpo_mem_new(n * n, sizeof(double), &s->spread, err));
  }
  HPO_TRY(status, reset(e, err));
  *out = e;
  e = NULL; /* now the caller's */
done:
  hpo_evolve_destroy(e);
  return status;
}

void hpo_evolve_destroy(hpo_evolve *e) {
  if (e == NULL)
    return;
  for (size_t i = 0; i < HPO_EVOLVE_PAST; i++) {
    hpo_mem_free(e->source[i].mean);
    hpo_mem_free(e->source[i].stretch);
    hpo_mem_free(e->source[i].spread);
  }
  hpo_mem_free(e->param);
  hpo_mem_free(e->cells);
  hpo_mem_free(e->start);
  hpo_promise_free(&e->promise);
  hpo_mem_free(e->direction);
  hpo_mem_free(e->queue);
  hpo_mem_free(e->told);
  hpo_mem_free(e->place);
  hpo_mem_free(e->sorted);
  hpo_mem_free(e->work);
  hpo_cma_destroy(e->run);
  hpo_points_free(&e->points);
  hpo_seen_free(&e->seen);
  hpo_mem_free(e);
}

/* --- The margin ------------------------------------------------------- */

/* Where cell k of a countable parameter begins, 0 < k < cells. */
static double edge(const hpo_param *p, double cells, double k) {
  if (!p->log)
    return k / cells;
  double half = p->step / 2, top = p->low + (cells - 1) * p->step;
  double low = hpo_num_log(fmax(p->low - half, p->low / 2));
  double high = hpo_num_log(top + half);
  return (hpo_num_log(p->low + k * p->step - half) - low) / (high - low);
}

/* The cell of the mean as hpo_cma_margin takes it. */
static void correct_margin(hpo_evolve *e, size_t a) {
  const hpo_param *p = &e->plan->space.param[e->param[a]];
  double cells = e->cells[a];
  double u = fmin(fmax(e->run->mean[a], 0), HPO_EVOLVE_LAST);
  double k = floor((hpo_param_from_unit(p, u) - p->low) / p->step + 0.5);
  double low = edge(p, cells, k > 0 ? k : 1);
  double high = edge(p, cells, k + 1 < cells ? k + 1 : cells - 1);

  hpo_cma_margin(e->run, a, low, high, 1 / (double)(e->n * e->run->lambda));
}

/* --- Runs ------------------------------------------------------------- */

/* cov [n][n]: instead of sigma; may be NULL. */
static hpo_status start_run(hpo_evolve *e, size_t lambda, const double *mean,
                            double sigma, const double *cov, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_cma *run = NULL;

  HPO_TRY(status, hpo_cma_create(e->n, lambda, mean, sigma, &run, err));
  if (cov != NULL)
    hpo_cma_shape(run, cov);
  if (e->options.adapt)
    HPO_TRY(status, hpo_cma_adapt(run, err));
  hpo_cma_destroy(e->run);
  e->run = run;
  run = NULL; /* now e's */
  e->n_run++;
  e->n_told = 0;
  hpo_evolve_add_source(e);
done:
  hpo_cma_destroy(run);
  return status;
}

static size_t first_population(const hpo_evolve *e) {
  return e->options.population > 0 ? e->options.population
                                   : hpo_cma_population(e->n);
}

/* A new run from a random mean.  ipop: twice the population (A. Auger,
 * N. Hansen, CEC 2005); bipop: that, or a small run, whichever kind has had
 * fewer results (N. Hansen, GECCO workshop 2009). */
static hpo_status restart(hpo_evolve *e, hpo_error *err) {
  hpo_rng rng = hpo_rng_make(e->plan->seed, HPO_RNG_SAMPLER,
                             HPO_DRAW_RESTART | e->n_run, 0);
  double sigma = e->options.sigma;
  size_t lambda = first_population(e);
  double *mean = e->work;

  e->is_small = e->options.restart == HPO_RESTART_BIPOP && e->n_run > 1 &&
                e->spent_small < e->spent_large;
  for (size_t a = 0; a < e->n; a++)
    mean[a] = hpo_rng_next(&rng);
  if (e->is_small) {
    double u = hpo_rng_next(&rng), v = hpo_rng_next(&rng);
    double ratio = 0.5 * (double)e->large / (double)lambda;
    lambda = (size_t)fmax((double)lambda,
                          floor((double)lambda * hpo_num_pow(ratio, u * u)));
    sigma *= hpo_num_pow(10, -2 * v);
  } else {
    e->large *= 2;
    lambda = e->large;
  }
  return start_run(e, lambda, mean, sigma, NULL, err);
}

static hpo_status reset(hpo_evolve *e, hpo_error *err) {
  e->n_source = e->n_run = e->taken = e->n_told = 0;
  e->spent_large = e->spent_small = 0;
  e->is_small = false;
  e->large = first_population(e);
  if (e->n == 0)
    return HPO_OK;
  return start_run(e, e->large,
                   e->promise.mean != NULL ? e->promise.mean : e->start,
                   e->options.sigma, e->promise.cov, err);
}

/* --- Telling ---------------------------------------------------------- */

static int by_merit(const void *a, const void *b) {
  const hpo_told *t = a, *u = b;

  if (t->step != u->step)
    return t->step < u->step ? -1 : 1;
  if (t->value != u->value)
    return t->value < u->value ? -1 : 1;
  return t->order < u->order ? -1 : t->order > u->order;
}

/* Row k of sorted: the place as the run sees it, not too far off. */
static void standardize(hpo_evolve *e, const double *place, size_t k) {
  const hpo_cma *c = e->run;
  double *y = e->sorted + k * e->n, n = (double)e->n;
  double most = sqrt(n) + 2 * n / (n + 2), distance;

  for (size_t a = 0; a < e->n; a++)
    y[a] = (place[a] - c->mean[a]) / (c->stretch[a] * c->sigma);
  distance = hpo_cma_distance(c, y);
  for (size_t a = 0; a < e->n && distance > most; a++)
    y[a] *= most / distance;
}

static hpo_status end_generation(hpo_evolve *e, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_cma *c = e->run;

  HPO_TRY(status, hpo_mem_grow(&e->sorted, &e->sorted_room, c->lambda * e->n,
                               sizeof *e->sorted, err));
  qsort(e->told, e->n_told, sizeof *e->told, by_merit);
  for (size_t k = 0; k < c->lambda; k++)
    standardize(e, e->place + e->told[k].order * e->n, k);
  hpo_cma_tell(c, e->sorted, e->told[0].value, e->told[c->lambda - 1].value);
  for (size_t a = 0; a < e->n && e->options.margin; a++)
    if (e->cells[a] > 0)
      correct_margin(e, a);
  *(e->is_small ? &e->spent_small : &e->spent_large) += e->n_told;
  e->n_told = 0;
  hpo_evolve_add_source(e);
  if (e->options.restart != HPO_RESTART_NONE &&
      hpo_cma_is_done(c, e->options.tolerance))
    HPO_TRY(status, restart(e, err));
done:
  return status;
}

/* A point of an earlier distribution is a step from the present mean in the
 * units of its own: old wide steps do not widen the present ones. */
static void rescale(const hpo_evolve *e, const hpo_source *s, double *place) {
  const hpo_cma *c = e->run;

  for (size_t a = 0; a < e->n; a++) {
    double ratio = c->sigma * c->stretch[a] / (s->sigma * s->stretch[a]);
    place[a] = c->mean[a] + (place[a] - c->mean[a]) * ratio;
  }
}

static hpo_status tell(hpo_evolve *e, const hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  double *place = e->work + 2 * e->n;
  const hpo_source *s = hpo_evolve_locate(e, t, place);

  if (s != NULL && s->run != e->n_run)
    goto done;
  HPO_TRY(status, hpo_mem_grow(&e->told, &e->told_room, e->n_told + 1,
                               sizeof *e->told, err));
  HPO_TRY(status, hpo_mem_grow(&e->place, &e->place_room,
                               (e->n_told + 1) * e->n, sizeof *e->place, err));
  if (s != NULL)
    rescale(e, s, place);
  memcpy(e->place + e->n_told * e->n, place, e->n * sizeof *place);
  e->told[e->n_told] = (hpo_told){.order = e->n_told};
  hpo_merit_get(e->plan, t, &e->told[e->n_told].step,
                &e->told[e->n_told].value);
  e->n_told++;
  if (e->n_told == e->run->lambda)
    HPO_TRY(status, end_generation(e, err));
done:
  return status;
}

/* --- The view --------------------------------------------------------- */

static bool comes_before(const hpo_evolve *e, const hpo_trial *t,
                         const hpo_trial *u) {
  if (e->plan->strict)
    return t->job < u->job;
  if (t->end != u->end)
    return t->end < u->end;
  return t->number < u->number;
}

/* Trial n into the queue; *first: the lowest place that has changed. */
static hpo_status enqueue(hpo_evolve *e, const hpo_view *view, hpo_id n,
                          size_t *first, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = hpo_view_trial(view, n);
  size_t at = e->n_queue;

  HPO_TRY(status, hpo_mem_grow(&e->queue, &e->queue_room, e->n_queue + 1,
                               sizeof *e->queue, err));
  while (at > 0 && comes_before(e, t, hpo_view_trial(view, e->queue[at - 1])))
    at--;
  memmove(e->queue + at + 1, e->queue + at,
          (e->n_queue - at) * sizeof *e->queue);
  e->queue[at] = n;
  e->n_queue++;
  *first = at < *first ? at : *first;
  HPO_TRY(status, hpo_points_add(&e->points, t->x, err));
done:
  return status;
}

hpo_status hpo_evolve_update(hpo_evolve *e, const hpo_view *view,
                             hpo_id number, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_new = false;
  size_t first;

  HPO_TRY(status, hpo_seen_update(&e->seen, view, &is_new, err));
  hpo_points_cut(&e->points, is_new ? 0 : e->n_final_points);
  if (is_new) {
    e->n_queue = 0;
    hpo_promise_free(&e->promise);
    if (!e->has_start)
      HPO_TRY(status,
              hpo_promise_make(view, e->param, e->n, &e->promise, err));
  }
  first = e->n_queue;
  for (size_t i = 0; i < e->seen.n_fresh; i++) {
    hpo_id n = e->seen.fresh[i];
    if (n >= 0 && hpo_space_check(e->points.space, hpo_view_trial(view, n)->x,
                                  NULL) == HPO_OK)
      HPO_TRY(status, enqueue(e, view, n, &first, err));
  }
  e->n_final_points = e->points.n;
  for (size_t i = 0; i < e->seen.n_open; i++)
    if (e->seen.open[i] != number)
      HPO_TRY(status,
              hpo_points_add(&e->points,
                             hpo_view_trial(view, e->seen.open[i])->x, err));
  if (e->n == 0)
    goto done;
  if (is_new || first < e->taken)
    HPO_TRY(status, reset(e, err));
  while (e->taken < e->n_queue)
    HPO_TRY(status, tell(e, hpo_view_trial(view, e->queue[e->taken++]), err));
done:
  return status;
}
