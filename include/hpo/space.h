/* SPDX-License-Identifier: BSD-3-Clause */
/** \file space.h
 *  The search space: a flat list of parameters, parents before children.
 *
 *  A parameter may be conditional: it is active only where its parent, a
 *  categorical, has one given choice (and is active itself).  With several
 *  models the choice of the model is parameter 0, "model", and each model's
 *  parameters hang on one of its choices.
 *
 *  A point is a plain array double x[n_param]: an int's value (exact up to
 *  2^53), a float's, or the index of a categorical's choice; NaN where the
 *  parameter is inactive.
 *
 *  Combinations can be forbidden: a rule is a list of ranges, and a point at
 *  which each of them holds is none of the space.
 */
#ifndef HPO_SPACE_H
#define HPO_SPACE_H

#include "hpo/record.h"
#include "hpo/status.h"

typedef enum hpo_param_kind {
  HPO_PARAM_INT,
  HPO_PARAM_FLOAT,
  HPO_PARAM_CATEGORICAL
} hpo_param_kind;

typedef struct hpo_param {
  char *name;      /* "max_depth": the model's own name for it */
  char *full_name; /* column is "params." + this: with several models
                      "gbt.max_depth", else "max_depth"; "model" itself */
  int model;       /* index of the model it belongs to; -1: the choice of
                      the model */
  hpo_param_kind kind;
  double low, high; /* closed; INT and FLOAT */
  double step;      /* 0: none; INT always >= 1 */
  bool log;         /* low > 0 then; no step for FLOAT */
  char **choice;    /* [n_choice] texts, CATEGORICAL */
  size_t n_choice;
  bool ordered; /* CATEGORICAL: the choices ascend (<ordinal>); low, high and
                   step are then those of their indices */
  ptrdiff_t parent;     /* index of the parent, -1: always active */
  size_t parent_choice; /* choice of the parent that activates it */
} hpo_param;

typedef struct hpo_range { /* of a forbidden combination */
  size_t rule;             /* 0.., ranges of one rule follow each other */
  size_t param;
  double low, high; /* closed; of choices: their indices */
} hpo_range;

typedef struct hpo_space {
  hpo_param *param; /* [n_param] */
  size_t n_param, room;
  hpo_range *forbidden; /* [n_forbidden] ascending by rule */
  size_t n_forbidden, forbidden_room;
} hpo_space;

void hpo_space_free(hpo_space *s);
/** Copies p to the end. */
HPO_MUST_USE hpo_status hpo_space_add(hpo_space *s, const hpo_param *p,
                                      hpo_error *err);
/** Adds to the forbidden ranges; its parameter must be there. */
HPO_MUST_USE hpo_status hpo_space_forbid(hpo_space *s, hpo_range range,
                                         hpo_error *err);
/** The first rule that forbids x, -1: none does.  A range of an inactive
 *  parameter, or of one that is not chosen yet (NaN), does not hold. */
ptrdiff_t hpo_space_forbids(const hpo_space *s, const double *x);
/** Index by full name, -1 where there is none. */
ptrdiff_t hpo_space_find(const hpo_space *s, const char *full_name);
/** Whether parameter i is active at x (its ancestors' values decide). */
bool hpo_space_active(const hpo_space *s, const double *x, size_t i);
/** Sets the inactive parameters of x to NaN. */
void hpo_space_mask(const hpo_space *s, double *x);
/** HPO_EINVAL: an active parameter is NaN, outside its range or off its grid
 *  (by more than 1e-9 of a step), an inactive one is not NaN, or the
 *  combination is forbidden. */
HPO_MUST_USE hpo_status hpo_space_check(const hpo_space *s, const double *x,
                                        hpo_error *err);
bool hpo_space_equal_points(const hpo_space *s, const double *a,
                            const double *b);

/** Whether it has an end of points: no float without step. */
bool hpo_space_is_countable(const hpo_space *s);

/** Whether it is a choice whose values have no order, so that none is nearer
 *  to another than any other is. */
bool hpo_param_is_unordered(const hpo_param *p);
/** Whether it is a choice, and each of them is a number. */
bool hpo_param_is_numeric(const hpo_param *p);
/** Whether it is numeric, and its numbers neither ascend nor descend. */
bool hpo_param_is_disordered(const hpo_param *p);
/** The number of different values, INFINITY for a float without step. */
double hpo_param_cardinality(const hpo_param *p);
/** From u in [0, 1) to a value with the parameter's distribution: int and
 *  stepped float uniform over the grid (log: over the log range widened by
 *  half a step), categorical uniform over choices.  Always a legal value. */
double hpo_param_from_unit(const hpo_param *p, double u);
/** The other way: where in [0, 1) a value lies, the middle of its cell on a
 *  grid; from_unit gives the value back (a float's but for rounding). NaN
 *  stays NaN. */
double hpo_param_to_unit(const hpo_param *p, double value);
/** An end of a forbidden range as text: a choice, or a number. */
const char *hpo_param_end(const hpo_param *p, double end, char number[32]);
/** The nearest legal value (clamped, rounded to the grid, ties down). */
double hpo_param_round(const hpo_param *p, double value);
/** Value as text: "7", "0.05", the choice; NaN gives "". */
char *hpo_param_format(const hpo_param *p, double value, char *text,
                       size_t room);
/** Text to value, checked against range and grid. HPO_EINVAL says what is
 *  allowed. */
HPO_MUST_USE hpo_status hpo_param_parse(const hpo_param *p, const char *text,
                                        double *out, hpo_error *err);

/** A random valid space (nested conditions, all kinds) for tests. */
HPO_MUST_USE hpo_status hpo_space_sample(uint64_t seed, hpo_space *out,
                                         hpo_error *err);

#endif
