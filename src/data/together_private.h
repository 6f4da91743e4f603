/* SPDX-License-Identifier: BSD-3-Clause */
/** \file together_private.h
 *  What together.c and together_merge.c share.
 */
#ifndef HPO_DATA_TOGETHER_PRIVATE_H
#define HPO_DATA_TOGETHER_PRIVATE_H

#include "together.h"

/* Of one rank in one file. */
typedef struct hpo_share {
  uint64_t from, to;   /* bytes */
  uint64_t begin, end; /* as in hpo_csv_part */
  int64_t rows;
  int64_t first; /* global row of the first; set by every rank for itself */
} hpo_share;

/* Of one rank. */
typedef struct hpo_said {
  uint64_t names; /* bytes of its names in exchange */
  int64_t is_odd; /* it can't vouch for its rows */
} hpo_said;

struct hpo_together {
  hpo_shared *node; /* borrowed */
  hpo_data_list list;
  uint64_t *size; /* [list.n] bytes of each file */
  bool *is_tsv;   /* [list.n] */
  hpo_reading reading;
  bool *is_text;     /* [columns.n] after the first look */
  hpo_buffer names;  /* of this rank, as in exchange */
  hpo_share *share;  /* [list.n][node_size] */
  hpo_table part;    /* this rank's rows; features alone on the leader */
  hpo_row *missing;  /* [features], the leader */
  hpo_row rows;      /* of all ranks and files */
  char hash[65];     /* the leader */
  uint8_t *control;  /* shared: said[node_size], share[], lines */
  uint8_t *exchange; /* shared: y, weight, key [rows]; missing
                        [node_size][features]; names */
};

static inline size_t hpo_pieces_of(const hpo_together *t, size_t file) {
  return (size_t)((t->size[file] + t->reading.piece - 1) / t->reading.piece);
}

static inline hpo_share *hpo_share_of(const hpo_together *t, size_t file,
                                      int rank) {
  return &t->share[file * (size_t)t->node->node_size + (size_t)rank];
}

static inline hpo_said *hpo_said_by(const hpo_together *t, int rank) {
  return (hpo_said *)(void *)t->control + rank;
}

static inline hpo_share *hpo_told_shares(const hpo_together *t) {
  return (hpo_share *)(void *)hpo_said_by(t, t->node->node_size);
}

/* The lines of the pieces of file i. */
static inline char *hpo_lines_of(const hpo_together *t, size_t i) {
  char *at =
      (char *)(hpo_told_shares(t) + t->list.n * (size_t)t->node->node_size);

  for (size_t k = 0; k < i; k++)
    at += hpo_pieces_of(t, k) * HPO_DIGEST_LINE;
  return at;
}

/** Every rank writes labels, weights, groups, missing values and names to
 *  t->exchange.  *is_there false: there is no room that is shared.
 *  Collective. */
HPO_MUST_USE hpo_status hpo_together_exchange(hpo_together *t, bool *is_there,
                                              hpo_error *err);
/** The leader puts together what take gives. */
HPO_MUST_USE hpo_status hpo_together_collect(hpo_together *t, hpo_error *err);

#endif
