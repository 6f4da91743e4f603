/* SPDX-License-Identifier: BSD-3-Clause */
/** \file generate.h
 *  Synthetic tables of any size.  Row i is a pure function of (recipe,
 *  seed, columns, i): the first rows of a longer table are the shorter one,
 *  and any rank can make any rows.
 */
#ifndef HPO_GENERATE_H
#define HPO_GENERATE_H

#include "hpo/plan.h"
#include "hpo/rng.h"
#include "hpo/status.h"

/** A column as it is written. */
typedef struct hpo_made_column {
  const char *name;        /* NULL: "x0", "x1", ... */
  int decimals;            /* digits behind the point, 0 to 6 */
  const char *const *text; /* [n_text] names that the value is an index of;
                              NULL: a number */
  size_t n_text;
} hpo_made_column;

typedef struct hpo_generator {
  const char *name;
  const char *help; /* one line */
  hpo_task task;
  const hpo_made_column *column; /* [n_column] features, then the label */
  size_t n_column;
  size_t least_features; /* > 0: the number is free, features are all
                            column[0], and the label is column[1] */
  size_t usual_features;
  /** One row: value [features + 1], NaN missing, not yet rounded to the
   *  column's decimals. */
  void (*make)(hpo_rng *r, uint64_t seed, size_t features, double *value);
} hpo_generator;

const hpo_generator *const *hpo_generators(size_t *n);
const hpo_generator *hpo_generator_find(const char *name);
/** Column j of a table with so many features (the last is the label). */
const hpo_made_column *hpo_generator_column(const hpo_generator *g,
                                            size_t features, size_t j);
/** Rows first .. first+n-1 into value [n][features + 1], rounded to the
 *  decimals of their columns. */
void hpo_generate(const hpo_generator *g, uint64_t seed, size_t features,
                  hpo_row first, size_t n, double *value);

#endif
