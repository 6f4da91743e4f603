/* SPDX-License-Identifier: BSD-3-Clause */
/** \file tally.h
 *  What a classifier's predictions of the validation rows add up to: how
 *  often each class was taken for each, and points of its ROC curve, from
 *  which precision and recall follow.  Bounded in size, however many rows;
 *  made for the models that are stored, and stored beside them.
 */
#ifndef HPO_TALLY_H
#define HPO_TALLY_H

#include "hpo/record.h"
#include "hpo/status.h"

/** Bounds: more classes have no table, or no curves. */
#define HPO_TALLY_MOST_CLASSES 64
#define HPO_TALLY_MOST_CURVES 32
/** Points of a curve: with two classes, and of each of more. */
#define HPO_TALLY_POINTS 256
#define HPO_TALLY_POINTS_EACH 64

/** Rows whose score for a class is at least a threshold. */
typedef struct hpo_tally_point {
  int32_t positive; /* class */
  double threshold;
  double hits, alarms; /* weight of those that are of the class, and of those
                          that are not */
} hpo_tally_point;

typedef struct hpo_tally { /* `hpo_tally t = {0}`: none */
  size_t n_class;          /* 0: no table */
  double *confusion; /* [n_class truth][n_class predicted] weight; owned */
  hpo_tally_point *point; /* [n_point] by class, threshold falling; owned */
  size_t n_point, point_room;
} hpo_tally;

void hpo_tally_free(hpo_tally *t);
HPO_MUST_USE hpo_status hpo_tally_add(hpo_tally *t, hpo_tally_point p,
                                      hpo_error *err);
/** Adds the fields tally.* to a record, and finds them again.
 *  HPO_ESTUDY: they are not there, or don't fit each other. */
HPO_MUST_USE hpo_status hpo_tally_record(const hpo_tally *t, hpo_record *r,
                                         hpo_error *err);
HPO_MUST_USE hpo_status hpo_tally_from_record(const hpo_record *r,
                                              hpo_tally *out, hpo_error *err);

#endif
