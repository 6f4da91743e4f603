/* SPDX-License-Identifier: BSD-3-Clause */
/** \file folds.h
 *  In which fold each row validates.  Private to data/.
 */
#ifndef HPO_DATA_FOLDS_H
#define HPO_DATA_FOLDS_H

#include "hpo/dataset.h"

enum { HPO_FOLDS_MOST = 255 };

typedef struct hpo_folds_options {
  uint64_t seed;
  size_t count;        /* 2 .. HPO_FOLDS_MOST */
  size_t n_class;      /* stratified over these; 0: not */
  const uint32_t *key; /* [n] group of each row, from 0; NULL: none */
  size_t n_key;
  const char *key_name; /* its column, for sentences */
  bool in_time;         /* rows stand in order of time */
} hpo_folds_options;

/** Deals n rows into folds, the same for any number of ranks.
 *
 *  Plain and stratified: rows in order of (class, random key, row id) are
 *  dealt in turn: the sizes of scikit-learn's KFold and StratifiedKFold.
 *  By group: the largest group first, each to the fold with the fewest rows
 *  (GroupKFold); stratified, the group with the most uneven classes first,
 *  each to the fold where the classes' shares then differ least over the
 *  folds (StratifiedGroupKFold).  Equal groups and folds: the lower first.
 *  In time: TimeSeriesSplit's; the first rows validate nowhere.
 *
 *  \param [in]  y    [n] class indices; unused if not stratified
 *  \param [out] fold [n] 1 .. count; 0: validates in none
 *  \return HPO_OK; HPO_EDATA: fewer rows or groups than folds; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_folds_deal(const hpo_folds_options *o,
                                       const double *y, hpo_row n,
                                       uint8_t *fold, hpo_error *err);

#endif
