/* SPDX-License-Identifier: BSD-3-Clause */
/* Points from a distribution, and a point's distribution: see evolve.h. */
#include "hpo/num.h"
#include "hpo/rng.h"
#include "sampler/draw.h"
#include "sampler/evolve.h"

#include <math.h>
#include <string.h>

/* Draws of a point outside the range before it is put on the edge. */
#define OUTSIDE 10

void hpo_evolve_add_source(hpo_evolve *e) {
  const hpo_cma *c = e->run;
  size_t n = e->n;
  hpo_source *s = &e->source[e->n_source++ % HPO_EVOLVE_PAST];

  s->run = e->n_run;
  s->sigma = c->sigma;
  memcpy(s->mean, c->mean, n * sizeof *s->mean);
  memcpy(s->stretch, c->stretch, n * sizeof *s->stretch);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      s->spread[i * n + j] = c->basis[i * n + j] * c->scale[j];
}

static double value_at(const hpo_evolve *e, size_t a, double place) {
  double most = e->cells[a] > 0 ? HPO_EVOLVE_LAST : 1;

  return hpo_param_from_unit(&e->plan->space.param[e->param[a]],
                             fmin(fmax(place, 0), most));
}

static hpo_source *latest(hpo_evolve *e) {
  return &e->source[(e->n_source - 1) % HPO_EVOLVE_PAST];
}

/* Normal deviates [n] of a trial's first draw, from Sobol points: those of
 * consecutive trials are more even than random ones (O. Teytaud, S. Gelly,
 * DCMA, yet another derandomization in covariance-matrix-adaptation, GECCO
 * 2007). */
static void even_normals(const hpo_evolve *e, hpo_id number, double *z) {
  hpo_rng_key key = hpo_rng_key_make(e->plan->seed, HPO_RNG_SAMPLER);

  for (size_t i = 0; i < e->n && i < HPO_SOBOL_DIMENSIONS; i++) {
    uint32_t x = hpo_sobol_point(e->direction[i], (uint64_t)number);
    double u = hpo_sobol_scramble(key, HPO_DRAW_QMC | (uint64_t)i << 6, x);
    z[i] = hpo_num_ndtri(u + 0x1p-54);
  }
}

/* place [n] of deviates z, stretched; whether it is within the range. */
static bool spread_out(const hpo_evolve *e, const hpo_source *s,
                       const double *z, double *place) {
  size_t n = e->n;
  bool is_inside = true;

  for (size_t i = 0; i < n; i++) {
    double y = 0;
    for (size_t j = 0; j < n; j++)
      y += s->spread[i * n + j] * z[j];
    place[i] = s->mean[i] + s->stretch[i] * s->sigma * y;
    if (e->cells[i] == 0)
      is_inside = is_inside && place[i] >= 0 && place[i] <= 1;
  }
  return is_inside;
}

static void draw(const hpo_evolve *e, const hpo_source *s, hpo_id number,
                 uint32_t attempt, double *place) {
  hpo_rng rng = hpo_rng_make(e->plan->seed, HPO_RNG_SAMPLER, (uint64_t)number,
                             HPO_DRAW_CMAES | attempt);
  double *z = e->work;

  for (unsigned k = 0; k <= OUTSIDE; k++) {
    for (size_t i = 0; i < e->n; i++)
      z[i] = hpo_rng_normal(&rng);
    if (attempt == 0 && k == 0)
      even_normals(e, number, z);
    if (spread_out(e, s, z, place))
      break;
  }
  for (size_t i = 0; i < e->n; i++)
    if (e->cells[i] == 0)
      place[i] = fmin(fmax(place[i], 0), 1);
}

void hpo_evolve_draw(hpo_evolve *e, hpo_id number, uint32_t attempt,
                     double *value) {
  double *place = e->work + e->n;

  for (size_t i = 0; i < e->plan->space.n_param; i++)
    value[i] = (double)NAN;
  draw(e, latest(e), number, attempt, place);
  for (size_t a = 0; a < e->n; a++)
    value[e->param[a]] = value_at(e, a, place[a]);
}

static bool is_at(const hpo_evolve *e, const double *place, const double *x) {
  for (size_t a = 0; a < e->n; a++)
    if (value_at(e, a, place[a]) != x[e->param[a]])
      return false;
  return true;
}

const hpo_source *hpo_evolve_locate(const hpo_evolve *e, const hpo_trial *t,
                                    double *place) {
  size_t most = e->n_source < HPO_EVOLVE_PAST ? e->n_source : HPO_EVOLVE_PAST;
  uint32_t attempts = e->is_countable ? HPO_EVOLVE_ATTEMPTS : 1;

  for (uint32_t k = 0; k < attempts; k++)
    for (size_t i = 1; i <= most; i++) {
      const hpo_source *s = &e->source[(e->n_source - i) % HPO_EVOLVE_PAST];
      draw(e, s, t->number, k, place);
      if (is_at(e, place, t->x))
        return s;
    }
  for (size_t a = 0; a < e->n; a++)
    place[a] = hpo_param_to_unit(&e->plan->space.param[e->param[a]],
                                 t->x[e->param[a]]);
  return NULL;
}
