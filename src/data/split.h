/* SPDX-License-Identifier: BSD-3-Clause */
/** \file split.h
 *  Which rows train and which validate.  Private to data/.
 */
#ifndef HPO_DATA_SPLIT_H
#define HPO_DATA_SPLIT_H

#include "hpo/dataset.h"

typedef struct hpo_split_options {
  uint64_t seed;
  double fraction;         /* of the rows that validate, in (0, 1) */
  size_t n_class;          /* stratified over these; 0: not */
  char *const *class_name; /* [n_class] for sentences; may be NULL */
  bool is_test;            /* the share is sealed for the end, and does not
                              validate */
} hpo_split_options;

/** Deals rows out as scikit-learn's train_test_split sizes them:
 *  of the n rows that train so far, ceil(fraction n) validate (or test); of
 *  each class its share, rounded so that the
 *  largest remainders (ties: the lower class) go up.  Within a class rows
 *  stand in the order of (random key, row id); the first ones validate.
 *  The same for any number of ranks.
 *
 *  \param [in]  y    [n] class indices; unused if not stratified
 *  \param [in,out] role [n] HPO_ROLE_TRAIN of the rows to deal, which may
 *               become HPO_ROLE_VALID or HPO_ROLE_TEST; others are left out
 *  \return HPO_OK; HPO_EDATA: nothing left on one side, a class of one row,
 *  or fewer rows than classes on one side; HPO_EMEM
 *  O(n log n). */
HPO_MUST_USE hpo_status hpo_split_fraction(const hpo_split_options *o,
                                           const double *y, hpo_row n,
                                           uint8_t *role, hpo_error *err);

/** The same roles where each rank of a team holds a part of the rows; no rank
 *  sees another's.  Collective.
 *  \param [in]  first id of this rank's first row
 *  \param [in]  m     rows of this rank; y and role are of these
 *  \param [in]  n     rows of the whole team */
HPO_MUST_USE hpo_status hpo_split_team(const hpo_split_options *o,
                                       const hpo_coll *team, const double *y,
                                       hpo_row first, hpo_row m, hpo_row n,
                                       uint8_t *role, hpo_error *err);

/** What becomes of the share. */
uint8_t hpo_split_role(const hpo_split_options *o);

/** How many rows of each group validate.
 *  \param [in]  count [groups] rows, groups = n_class or 1
 *  \param [out] take  [groups] */
HPO_MUST_USE hpo_status hpo_split_sizes(const hpo_split_options *o,
                                        const hpo_row *count, hpo_row n,
                                        hpo_row *take, hpo_error *err);

#endif
