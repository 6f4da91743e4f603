/* SPDX-License-Identifier: BSD-3-Clause */
/** \file table.h
 *  Rows as they come in, before their number is known.  Private to data/.
 *
 *  Features stand in chunks of about a megabyte, row by row, so nothing is
 *  copied when the table grows, and chunks are given back one by one when
 *  the values move to their columns.
 */
#ifndef HPO_DATA_TABLE_H
#define HPO_DATA_TABLE_H

#include "hpo/dataset.h"

typedef struct hpo_table {
  size_t features;
  size_t chunk_rows;
  float **chunk; /* [n_chunk][chunk_rows][features] of those kept */
  size_t n_chunk, chunk_room;
  hpo_row rows; /* counted in */
  bool is_part; /* only rows from first up to, without, end are kept */
  hpo_row first, end;
  size_t kept;        /* rows that are there: rows unless is_part */
  double *y, *weight; /* [kept]; weight NULL: none */
  double *key;        /* [kept] group or fold as read; NULL: none */
  uint8_t *role;      /* [kept] hpo_role */
  size_t y_room, weight_room, key_room, role_room;
} hpo_table;

/** `hpo_table t = {0}` has no rows; features are set before the first, as
 *  are is_part, first and end, which clear leaves as they are. */
void hpo_table_clear(hpo_table *t);

/** Gives back all but the features. */
void hpo_table_drop_labels(hpo_table *t);

/** Room for one more row's features, not yet counted as a row. */
HPO_MUST_USE hpo_status hpo_table_slot(hpo_table *t, float **out,
                                       hpo_error *err);
/** Counts that row in.  weight: NULL if the files have no such column.
 *  \return HPO_OK; HPO_EDATA: more than 2^32 - 1 rows, which split and cuts
 *  number in 32 bits; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_table_add(hpo_table *t, double y,
                                      const double *weight, hpo_role role,
                                      hpo_error *err);

/** The group or fold of the row that the next hpo_table_add counts in. */
HPO_MUST_USE hpo_status hpo_table_add_key(hpo_table *t, double key,
                                          hpo_error *err);

/** Missing values of each feature in the rows kept. */
void hpo_table_missing(const hpo_table *t, hpo_row *missing);

/** Rows of a table that stay together, and where they go. */
typedef struct hpo_stretch {
  size_t from, n; /* rows kept */
  size_t to;      /* global row of the first */
} hpo_stretch;

/** Moves the features of the rows in n stretches, ascending and apart, to x:
 *  [features] columns of `rows` places; where place[j] is not NULL, a value v
 *  becomes place[j][v].  The chunks are given back. */
void hpo_table_move(hpo_table *t, const hpo_stretch *s, size_t n,
                    uint32_t *const *place, size_t rows, float *x);

#endif
