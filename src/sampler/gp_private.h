/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of sampler gp share: see gp.c. */
#ifndef HPO_SAMPLER_GP_PRIVATE_H
#define HPO_SAMPLER_GP_PRIVATE_H

#include "sampler/gauss_fit.h"
#include "sampler/gauss_space.h"
#include "sampler/points.h"
#include "sampler/quasi.h"
#include "sampler/seen.h"

typedef enum hpo_gp_kind { /* of a final trial */
                           HPO_GP_COMPLETE,
                           HPO_GP_INFEASIBLE, /* complete, breaks a constraint
                                               */
                           HPO_GP_PRUNED,
                           HPO_GP_FAILED
} hpo_gp_kind;

typedef struct hpo_gp_row {
  hpo_id number;
  hpo_gp_kind kind;
  double value; /* less is better; INFEASIBLE: the violation; NaN: failed */
} hpo_gp_row;

typedef struct hpo_gp {
  const hpo_plan *plan;
  size_t startup, candidates, most; /* options */
  double noise;                     /* < 0: learnt */
  bool warp;
  size_t n;      /* coordinates */
  size_t *param; /* [n] parameters with several values */
  hpo_quasi quasi;
  hpo_gauss *gauss;
  hpo_prior *prior;     /* [n + HPO_GAUSS_EXTRA] */
  hpo_descent *fitting; /* [n + HPO_GAUSS_EXTRA] */
  /* what the view shows */
  hpo_seen seen;
  hpo_points points; /* of all trials: final ones first, then open ones */
  size_t n_final_points;
  hpo_gp_row *row; /* [n_row] final trials, by number */
  size_t n_row, row_room;
  hpo_id *open; /* [n_open] trials whose results are to come, by number */
  size_t n_open, open_room;
  /* points of a model */
  size_t *chosen, *merit; /* [n_chosen], [n_row] rows */
  size_t n_chosen, chosen_room, merit_room;
  hpo_id *fit; /* [n_fit] trials that theta was fitted to */
  size_t n_fit, fit_room;
  double *theta; /* [n + HPO_GAUSS_EXTRA] */
  double *place; /* [HPO_GAUSS_BATCH][n] */
  double best;   /* value to improve on, as the model has it */
  /* search */
  struct hpo_gp_search *search;
} hpo_gp;

/** Where x lies, place [n]: see gauss_space.h. */
void hpo_gp_place(const hpo_gp *g, const double *x, double *place);

HPO_MUST_USE hpo_status hpo_gp_search_create(const hpo_gp *g,
                                             struct hpo_gp_search **out,
                                             hpo_error *err);
void hpo_gp_search_destroy(struct hpo_gp_search *s);
/** The point with the highest expected improvement that was not tried yet, or
 *  the highest of all if there is none; x [n_param].  near [n_near][n_param]:
 *  good points, whose surroundings are looked at too. */
void hpo_gp_find(hpo_gp *g, hpo_id number, const double *given,
                 const double *const *near, size_t n_near, double *x);

#endif
