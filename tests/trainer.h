/* SPDX-License-Identifier: BSD-3-Clause */
/** \file trainer.h
 *  Trains a model kind on a data set in a test, on one rank or several.
 */
#ifndef HPO_TEST_TRAINER_H
#define HPO_TEST_TRAINER_H

#include "hpo/model.h"

/** How rows are dealt to the ranks. */
typedef enum trainer_deal { DEAL_BLOCKS, DEAL_TURNS } trainer_deal;

typedef struct trainer_result {
  double *p; /* [n_valid][k], rows in the order of the data set */
  size_t n;  /* n_valid * k */
  hpo_buffer model;
  int64_t steps; /* taken: fewer than asked where the model was done */
  double train;  /* CPU seconds of create and steps, of all ranks */
} trainer_result;

/** How to train; zero-initialised: as many steps as the options say, one
 *  rank at least must be said. */
typedef struct trainer_options {
  int64_t steps;
  int ranks;
  trainer_deal deal;
  uint64_t seed;             /* 0: 7 */
  bool is_untrained;         /* no step at all */
  bool is_together;          /* several models by step_together, */
  bool has_shelf;            /* which need one: what an evaluator has */
  size_t folds;              /* model i leaves out fold i % folds; 0: none */
  const hpo_plan_data *plan; /* of a design matrix; NULL: as it comes */
} trainer_options;

/** Trains `steps` steps (0: as many as the options say).
 *  \param [in] words  "name=value" of options, NULL at the end */
trainer_result trainer_run(const char *kind, const hpo_dataset *d,
                           const char *const *words, int64_t steps, int ranks,
                           trainer_deal deal);
trainer_result trainer_train(const char *kind, const hpo_dataset *d,
                             const char *const *words,
                             const trainer_options *how);
/** n models, one by one or together; the first one's train is that of all. */
void trainer_train_all(const char *kind, const hpo_dataset *d,
                       const char *const *const *words, size_t n,
                       const trainer_options *how, trainer_result *out);
void trainer_free(trainer_result *r);
/** FNV-1a over bytes. */
uint64_t trainer_digest(const void *bytes, size_t n);

#endif
