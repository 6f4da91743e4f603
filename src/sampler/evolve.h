/* SPDX-License-Identifier: BSD-3-Clause */
/* What cmaes has learnt: the results so far, told generation by generation
 * to runs of CMA-ES.  A pure cache of a view.
 *
 * Results come in order of their jobs (strict) or of their end (arrival).  A
 * trial's place in a distribution is not stored anywhere: its point is drawn
 * again from the last distributions, until one gives it.  A point that none
 * gives (enqueued, or of a distribution long gone) is taken as one from
 * outside, at a limited distance: N. Hansen, Injecting external solutions
 * into CMA-ES, arXiv:1110.4181. */
#ifndef HPO_SAMPLER_EVOLVE_H
#define HPO_SAMPLER_EVOLVE_H

#include "sampler/cma.h"
#include "sampler/points.h"
#include "sampler/promise.h"
#include "sampler/seen.h"
#include "sampler/sobol.h"

/* Distributions that are remembered. */
#define HPO_EVOLVE_PAST 32
/* Draws of a trial before a point that was tried already moves on. */
#define HPO_EVOLVE_ATTEMPTS 8
/* The last double below 1: within the last value of a countable range. */
#define HPO_EVOLVE_LAST 0x1.fffffffffffffp-1

typedef enum hpo_restart {
  HPO_RESTART_NONE,
  HPO_RESTART_IPOP,
  HPO_RESTART_BIPOP
} hpo_restart;

typedef struct hpo_evolve_options {
  double sigma;      /* first standard deviation, share of the range */
  double tolerance;  /* of the range: below it a run is done */
  size_t population; /* 0: by the number of parameters */
  hpo_restart restart;
  bool margin;
  bool adapt; /* learning rates */
} hpo_evolve_options;

/** A distribution that trials were drawn from. */
typedef struct hpo_source {
  size_t run;
  double sigma;
  double *mean, *stretch; /* [n] */
  double *spread;         /* [n][n] basis times scale */
} hpo_source;

typedef struct hpo_told {
  double step, value; /* less is better, step first */
  size_t order;       /* of coming, in the generation */
} hpo_told;

typedef struct hpo_evolve {
  hpo_evolve_options options;
  const hpo_plan *plan;
  size_t n;            /* parameters that take part: numbers without condition
                          and with more than one value */
  size_t *param;       /* [n] */
  double *cells;       /* [n] number of values, 0: not countable */
  double *start;       /* [n] the first mean */
  bool has_start;      /* the caller's own */
  hpo_promise promise; /* of the first run, where other studies are known */
  uint32_t (*direction)[HPO_SOBOL_BITS]; /* [n] of Sobol points */
  bool is_countable; /* all of them: points may come twice */
  hpo_cma *run;      /* the present one */
  size_t n_run;
  size_t large; /* ipop, bipop: population of the last large run */
  size_t spent_large, spent_small; /* bipop: results in either kind of run */
  bool is_small;
  hpo_source source[HPO_EVOLVE_PAST]; /* of step i: i mod HPO_EVOLVE_PAST */
  size_t n_source;
  hpo_id *queue; /* [n_queue] final trials in order */
  size_t n_queue, queue_room, taken;
  hpo_told *told; /* [n_told] of the generation that is being filled */
  double *place;  /* [n_told][n] where they lie */
  size_t n_told, told_room, place_room;
  double *sorted; /* [lambda][n] */
  size_t sorted_room;
  double *work; /* [4][n] */
  hpo_points points;
  size_t n_final_points;
  hpo_seen seen;
} hpo_evolve;

/** start [n_param]: the first mean where it is not NaN; NULL: the centre, or
 *  what other studies' trials promise. */
HPO_MUST_USE hpo_status hpo_evolve_create(const hpo_evolve_options *options,
                                          const hpo_plan *plan,
                                          const double *start,
                                          hpo_evolve **out, hpo_error *err);
void hpo_evolve_destroy(hpo_evolve *e);
/** Learns what the view shows; trial `number` itself is left out. */
HPO_MUST_USE hpo_status hpo_evolve_update(hpo_evolve *e, const hpo_view *view,
                                          hpo_id number, hpo_error *err);
/** A point of trial `number` from the present distribution: value [n_param],
 *  NaN for those that do not take part.  attempt 0, 1, ... are different
 *  draws. */
void hpo_evolve_draw(hpo_evolve *e, hpo_id number, uint32_t attempt,
                     double *value);

/** The run's distribution becomes the latest source. */
void hpo_evolve_add_source(hpo_evolve *e);
/** Where a trial lies, place [n] as shares of the ranges, and the
 *  distribution it is from; NULL: none of ours. */
const hpo_source *hpo_evolve_locate(const hpo_evolve *e, const hpo_trial *t,
                                    double *place);

#endif
