/* SPDX-License-Identifier: BSD-3-Clause */
/** \file together.h
 *  CSV files read by all ranks of a node, each a part.  Private to data/.
 *
 *  Every rank looks at the head and the first records of the first file, so
 *  all know the same columns and which of them hold texts.  Each then reads
 *  a stretch of whole pieces (hpo_digest) of every file, from the first line
 *  end on: a guess, since quotes may hold line ends.  It was right for all
 *  if each rank's first record begins where the rank before stopped.  What
 *  goes another way than the reader that reads alone would have gone (a wrong
 *  guess, a text in a column of numbers, any error) makes the leader read
 *  alone, from the start: so the data, and the sentence of an error, are
 *  always that reader's.
 *
 *  The values go from each rank's rows to the node's memory without the
 *  leader; labels, weights, groups and names go to the leader, who decides.
 */
#ifndef HPO_DATA_TOGETHER_H
#define HPO_DATA_TOGETHER_H

#include "source.h"

typedef struct hpo_together hpo_together;

/** Reads the plan's files.  Collective over the node.
 *  \param [out] out NULL: the leader has to read alone
 *  \return HPO_OK; what the node's functions return */
HPO_MUST_USE hpo_status hpo_together_create(const hpo_plan *plan,
                                            hpo_shared *node,
                                            hpo_together **out,
                                            hpo_error *err);
/** Leader, once: gives what hpo_read_csv of all files would have given, but
 *  that the table has no features.
 *  \param [in,out] r       empty; the caller's
 *  \param [out]    hash    of all files
 *  \param [out]    missing [features] of all rows; the caller's */
void hpo_together_take(hpo_together *t, hpo_reading *r, char hash[65],
                       hpo_row **missing);
/** Every rank: its rows to their places in the values of d, whose categories
 *  are known.
 *  \param [in]  leaders [columns] leader: places of the names that it took,
 *                       as in hpo_table_move; other ranks: NULL
 *  \param [out] x       [columns][rows]; other ranks write other rows
 *  \return HPO_OK; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_together_move(hpo_together *t,
                                          const hpo_dataset *d,
                                          uint32_t *const *leaders, float *x,
                                          hpo_error *err);
/** Collective over the node. */
void hpo_together_destroy(hpo_together *t);

#endif
