/* SPDX-License-Identifier: BSD-3-Clause */
/** \file finale.h
 *  Rank 0, once the search is over: the winner is chosen, trained again where
 *  that is asked for, and the kept models are scored on the test.
 *
 *      start --> [again] --> [refit] --> judged --> over
 *
 *  1. Nothing of it is seen by the search: all goes to /winner, /test_scores
 *     and /refits.
 *  2. The row of /winner comes last, so a session that was killed before it
 *     does what is missing; a test score that stands is not made anew.  So
 *     does one after a session that was stopped while it judged.
 */
#ifndef CMD_FINALE_H
#define CMD_FINALE_H

#include "cmd/run.h"
#include "hpo/winner.h"

/** Where a model stands in /models. */
typedef struct hpo_finale_model {
  hpo_id trial;
  bool is_refit;
  double violation, value; /* of its trial; less is better */
  int64_t offset, length, crc;
  char format[32];
} hpo_finale_model;

typedef enum hpo_finale_stage {
  HPO_FINALE_START,
  HPO_FINALE_AGAIN, /* its model, where it was not kept; with several
                       objectives there is no winner */
  HPO_FINALE_REFIT,
  HPO_FINALE_JUDGE,
  HPO_FINALE_OVER
} hpo_finale_stage;

typedef struct hpo_finale_work { /* `hpo_finale_work w = {.r = r, ...}` */
  const hpo_run *r;
  hpo_store *store;
  hpo_stopping *stopping; /* asked while the luck is judged */
  bool is_stopped;        /* then: the next session judges it anew */
  hpo_finale_stage stage;
  int64_t rows; /* that the job in training trains on */
  hpo_winner winner;
  hpo_fold_values folds;
  int64_t steps;           /* that the winner's model took */
  hpo_dataset *facts;      /* of the data; NULL without */
  hpo_finale_model *model; /* [n_model] of complete trials, best first */
  size_t n_model, room;
} hpo_finale_work;

/** The manager's finale; NULL functions where the study asks for none.
 *  w must outlive the manager. */
hpo_finale hpo_finale_make(hpo_finale_work *w);
void hpo_finale_free(hpo_finale_work *w);

/** The stored models of complete trials, best first, from the file. */
HPO_MUST_USE hpo_status hpo_finale_find_models(hpo_finale_work *w,
                                               hpo_error *err);
/** The winner's own model, or its refit on so many rows; *found. */
HPO_MUST_USE hpo_status hpo_finale_find_refit(const hpo_finale_work *w,
                                              int64_t rows,
                                              hpo_finale_model *out,
                                              bool *found, hpo_error *err);
/** Rows that train, and validate too where `all`. */
int64_t hpo_finale_rows(const hpo_finale_work *w, bool all);
/** Test scores of kept models and the winner's luck, then /winner. */
HPO_MUST_USE hpo_status hpo_finale_judge(hpo_finale_work *w, hpo_error *err);

#endif
