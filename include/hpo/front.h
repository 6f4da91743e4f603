/* SPDX-License-Identifier: BSD-3-Clause */
/** \file front.h
 *  Which outcome is better where there are several objectives or
 *  constraints: dominance, and the fronts that trials stand in.
 *
 *  Of two outcomes the one with the smaller violation dominates; of two
 *  feasible ones that which is nowhere worse and somewhere better (K. Deb
 *  and others, A fast and elitist multiobjective genetic algorithm: NSGA-II,
 *  2002, section VI.A, definition 1).  With one objective and no constraint
 *  that is "strictly better".
 */
#ifndef HPO_FRONT_H
#define HPO_FRONT_H

#include "hpo/plan.h"
#include "hpo/status.h"
#include "hpo/trial.h"

/** What a complete trial came to. */
typedef struct hpo_outcome {
  hpo_id number;
  double violation;                 /* 0: feasible */
  double loss[HPO_PLAN_OBJECTIVES]; /* objectives, negated where they are
                                       maximized: lower is better */
} hpo_outcome;

/** The outcome of a complete trial; a pruned one has only loss[0]. */
hpo_outcome hpo_outcome_of(const hpo_trial *t, const hpo_plan *plan);
/** Whether a dominates b; d objectives. */
bool hpo_outcome_dominates(const hpo_outcome *a, const hpo_outcome *b,
                           size_t d);
/** Whether a dominates b or is as good in everything. */
bool hpo_outcome_covers(const hpo_outcome *a, const hpo_outcome *b, size_t d);

/** Outcomes in one front: indices into hpo_fronts.item, by trial. */
typedef struct hpo_front {
  size_t *member; /* [n] */
  size_t n, room;
} hpo_front;

/** Outcomes sorted into fronts: those that none dominates, those that only
 *  the former dominate, and so on.  A function of the set of outcomes, in
 *  whatever order they are added. `hpo_fronts f = {.d = 2, .depth = 1}`. */
typedef struct hpo_fronts {
  size_t d;          /* objectives */
  size_t depth;      /* fronts that are kept; 0: all */
  hpo_outcome *item; /* [n] in order of coming */
  size_t n, room;
  hpo_front *front; /* [n_front] best first */
  size_t n_front, front_room;
  size_t *move[2]; /* workspace */
  size_t move_room[2];
} hpo_fronts;

/** Adds an outcome.  O(size of the fronts that it passes), after K. Li, K.
 *  Deb, Q. Zhang, Q. Zhang, Efficient non-domination level update method,
 *  IEEE Trans. Cybernetics 47, 2017. */
HPO_MUST_USE hpo_status hpo_fronts_add(hpo_fronts *f, const hpo_outcome *o,
                                       hpo_error *err);
/** The number of the front that an outcome would stand in, n_front if in one
 *  after all. */
size_t hpo_fronts_find(const hpo_fronts *f, const hpo_outcome *o);
/** Whether some outcome covers o. */
bool hpo_fronts_covers(const hpo_fronts *f, const hpo_outcome *o);
/** The hypervolume between the feasible ones of the first front and a
 *  reference point, as losses: as the plan has it, or the worst of all
 *  feasible outcomes.
 *  \param [out] reference  [d]
 *  \param [out] volume     NaN, like the reference, where none is feasible */
HPO_MUST_USE hpo_status hpo_fronts_volume(const hpo_fronts *f,
                                          const hpo_plan_objective *objective,
                                          double *reference, double *volume,
                                          hpo_error *err);
/** Takes away all outcomes. */
void hpo_fronts_clear(hpo_fronts *f);
void hpo_fronts_free(hpo_fronts *f);

#endif
