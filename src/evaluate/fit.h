/* SPDX-License-Identifier: BSD-3-Clause */
/* One model on one part of the rows: made, stepped, asked to predict, scored.
 * A trial has one fit, or one for each fold, and one more where its model is
 * trained again on all rows. */
#ifndef EVALUATE_FIT_H
#define EVALUATE_FIT_H

#include "evaluate/evaluator.h"
#include "hpo/metric.h"

/** What a point says about its model. */
typedef struct hpo_recipe {
  const hpo_model_kind *kind;
  hpo_options *options;   /* owned */
  const char **free_name; /* [n_free]; names borrowed from the plan */
  double *free_value;
  char **free_text; /* owned */
  size_t n_free;
  size_t shard;          /* of a local plan: the rows that it trains on */
  hpo_model_trial trial; /* number and attempt are set by the evaluation */
  hpo_names metrics;     /* owned; of trial */
} hpo_recipe;

/** HPO_EINVAL: the model refuses a value. */
HPO_MUST_USE hpo_status hpo_recipe_create(const hpo_plan *plan,
                                          const double *x, hpo_recipe *out,
                                          hpo_error *err);
void hpo_recipe_free(hpo_recipe *r);

typedef struct hpo_fit {
  hpo_evaluator *e;       /* borrowed */
  const hpo_recipe *from; /* borrowed */
  void *model;            /* the kind's trainer; NULL: none */
  hpo_fold rows;          /* of the whole team */
  const hpo_truth *truth; /* of rows.valid; NULL: none */
  double *p;              /* [rows][k] predictions: this rank's, on rank 0 the
                             whole team's */
  size_t n_mine;          /* validation rows of this rank, and where they */
  size_t first_mine;      /* begin in rows.valid */
  bool is_gathered;       /* rank 0 has the whole team's p */
  hpo_sum *sum;           /* of the team's rows, for: */
  const hpo_metric *summed; /* NULL: none */
  size_t k;
  int64_t steps; /* done */
} hpo_fit;

/** Rows of a fit beside the folds: all that train. */
#define HPO_FIT_ALL SIZE_MAX
/** And those that validate: all but the test's. */
#define HPO_FIT_WHOLE (SIZE_MAX - 1)

/** Makes a trainer. Collective over the team, as are step, predict and save;
 *  what fit held is lost, so it starts as {0}; free it after errors too.
 *  \param [in] fold 0 without folds, or 0..n_fold-1, HPO_FIT_ALL or
 *                HPO_FIT_WHOLE
 *  \param [in] last_step after which it is done; 0: the model knows
 *  \return HPO_ETRIAL and the like: the model's own sentence */
HPO_MUST_USE hpo_status hpo_fit_create(hpo_evaluator *e, const hpo_recipe *r,
                                       size_t fold, int64_t last_step,
                                       hpo_fit *fit, hpo_error *err);
void hpo_fit_free(hpo_fit *fit);
/** Bytes that such a fit will take on this rank, as its model estimates them;
 *  0: unknown. */
double hpo_fit_need(hpo_evaluator *e, const hpo_recipe *r, size_t fold);

/* need.c: */

/** The same of all fits that a trial holds at once.
 *  \param on_all the finale's fit, of all rows but the test's */
double hpo_need_of(hpo_evaluator *e, const hpo_recipe *r, bool on_all);
/** Trials that are kept go where one of this recipe needs their memory.
 *  Collective. */
HPO_MUST_USE hpo_status hpo_need_make_room(hpo_evaluator *e,
                                           const hpo_recipe *r, bool on_all,
                                           hpo_error *err);
/** The same; HPO_ETRIAL: a trial of this recipe can't fit in memory, on any
 * rank of the team: how much, and of what. Collective. */
HPO_MUST_USE hpo_status hpo_need_check(hpo_evaluator *e, const hpo_recipe *r,
                                       bool on_all, hpo_error *err);
/** Whether a step would do something. */
bool hpo_fit_can_step(const hpo_fit *fit);
/** One step of each of n fits of one kind, side by side where n > 1.
 *  \param self [n] scratch
 *  \param [out] status [n] what came of each, why [n] the sentences
 *  \return a fault of all of them, its sentence in one of why */
HPO_MUST_USE hpo_status hpo_fit_step_together(hpo_fit *const *fit, size_t n,
                                              void **self, hpo_status *status,
                                              hpo_error *why);
/** Whether more steps change nothing. */
bool hpo_fit_is_done(const hpo_fit *fit);
/** Back to the first `steps` steps, where the objective was score. */
HPO_MUST_USE hpo_status hpo_fit_cut(hpo_fit *fit, int64_t steps, double score,
                                    hpo_error *err);
/** Takes that back: it has made `steps` steps. */
HPO_MUST_USE hpo_status hpo_fit_restore(hpo_fit *fit, int64_t steps,
                                        hpo_error *err);
/** Predictions of the validation rows, and to the team's rank 0 what m needs
 *  of them: its sums, or they themselves; m NULL: they. */
HPO_MUST_USE hpo_status hpo_fit_predict(hpo_fit *fit, const hpo_metric *m,
                                        hpo_error *err);
/** Gathers the last predictions on the team's rank 0, unless they are there;
 *  any metric can be scored afterwards. */
HPO_MUST_USE hpo_status hpo_fit_gather(hpo_fit *fit, hpo_error *err);
/** A metric of the last predictions; on the team's rank 0 alone. */
HPO_MUST_USE hpo_status hpo_fit_score(const hpo_fit *fit, const hpo_metric *m,
                                      double *out, hpo_error *err);

/** The last predictions beside the truth; on the team's rank 0 alone, where
 *  they are. */
hpo_scored hpo_fit_scored(const hpo_fit *fit);

#endif
