/* SPDX-License-Identifier: BSD-3-Clause */
/** \file block.h
 *  The arrays of a data set that a node's ranks share: room for them, and
 *  the facts about them that every rank holds itself.  Private to data/ and
 *  the tests' data.
 */
#ifndef HPO_DATA_BLOCK_H
#define HPO_DATA_BLOCK_H

#include "hpo/dataset.h"

/** Where the leader writes before hpo_block_ready. */
typedef struct hpo_arrays {
  float *x;       /* [columns][rows] */
  double *y;      /* [rows] */
  double *weight; /* [rows] or NULL */
  uint8_t *role;  /* [rows] */
  hpo_row *train; /* [n_train] */
  hpo_row *valid; /* [n_valid] */
  uint8_t *fold;  /* [rows] or NULL: no folds */
  hpo_row *list;  /* [n_fold][n_train] what the folds' lists are made of */
} hpo_arrays;

/** Makes room for d's arrays on d->node and points d at it; rows, columns,
 *  n_train, n_valid and n_fold are set.  Collective over the node.  What it
 * made is given back by hpo_dataset_destroy, also after an error. \return
 * HPO_OK; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_block_create(hpo_dataset *d, bool has_weight,
                                         hpo_arrays *out, hpo_error *err);

/** What the leader wrote is now seen by all ranks.  Collective. */
HPO_MUST_USE hpo_status hpo_block_ready(hpo_dataset *d, hpo_error *err);

/** Leader: the lists of all folds, from to->fold and to->train. */
void hpo_block_list_folds(const hpo_dataset *d, const hpo_arrays *to);
/** Points d->part into the lists, once they are there.  Local. */
HPO_MUST_USE hpo_status hpo_block_find_folds(hpo_dataset *d, hpo_error *err);

/** Gives back the memory of one feature's values, which are undefined from
 *  then on, as far as pages hold nothing else.  On one rank. */
void hpo_block_drop_column(const hpo_dataset *d, size_t j);
/** Gives the arrays back.  Collective. */
void hpo_block_destroy(hpo_dataset *d);

/** Gives the leader's facts (task, sizes, columns, classes, hash) to the
 *  node's other ranks: on the leader d holds them, elsewhere d is filled.
 *  Collective. */
HPO_MUST_USE hpo_status hpo_facts_broadcast(hpo_dataset *d, bool *has_weight,
                                            hpo_error *err);

/** Tells the node's ranks how the leader fared: they return its status with
 *  its sentence.  Collective; every rank gives its own status. */
HPO_MUST_USE hpo_status hpo_facts_verdict(hpo_shared *node, hpo_status status,
                                          hpo_error *err);

/** Sums the leader's role array up: n_train, n_valid. */
void hpo_block_count(const uint8_t *role, hpo_row rows, hpo_row *n_train,
                     hpo_row *n_valid);
/** Fills train and valid from role[first..end), in ascending order. */
void hpo_block_list(const uint8_t *role, hpo_row first, hpo_row end,
                    hpo_row *train, hpo_row *valid);
/** All ranks of a team return the status and sentence of the first that
 *  failed.  Collective; every rank gives its own. */
HPO_MUST_USE hpo_status hpo_team_verdict(const hpo_coll *team,
                                         hpo_status status, hpo_error *err);

#endif
