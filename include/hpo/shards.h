/* SPDX-License-Identifier: BSD-3-Clause */
/** \file shards.h
 *  The training rows, dealt out into shards for data="local": a trial trains
 *  on one of them alone.
 *
 *  Rows in order of (class, random key, row id) are dealt in turn, so the
 *  shards' sizes, and those of each class in them, differ by one at most, as
 *  the test folds of scikit-learn's StratifiedKFold (KFold in a regression).
 *  Who deals does not matter: the same shards on any number of ranks.
 */
#ifndef HPO_SHARDS_H
#define HPO_SHARDS_H

#include "hpo/dataset.h"
#include "hpo/status.h"

typedef struct hpo_shards {
  size_t n;
  const hpo_row *row; /* [n_train] shard after shard, each in ascending order;
                         shared by the node's ranks */
  hpo_row *first;     /* [n + 1] where each begins in row */
  hpo_shared *node;   /* borrowed */
  void *block;
} hpo_shards;

/** Whether d has rows enough for n shards, n >= 1.
 *  HPO_EDATA: fewer training rows than shards, or of a class that trains. */
HPO_MUST_USE hpo_status hpo_shards_check(const hpo_dataset *d, int64_t n,
                                         hpo_error *err);
/** Deals them; collective over d's node.  HPO_EDATA as check; HPO_EMEM. */
HPO_MUST_USE hpo_status hpo_shards_create(const hpo_dataset *d, uint64_t seed,
                                          int64_t n, hpo_shards **out,
                                          hpo_error *err);
/** Collective over the node. */
void hpo_shards_destroy(hpo_shards *s);
/** Rows of shard i; borrowed. */
const hpo_row *hpo_shards_get(const hpo_shards *s, size_t i, hpo_row *n);
/** Adds to /data the shard of each row: field "shard". */
HPO_MUST_USE hpo_status hpo_shards_record(const hpo_shards *s,
                                          const hpo_dataset *d, hpo_record *to,
                                          hpo_error *err);

#endif
