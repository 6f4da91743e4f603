/* SPDX-License-Identifier: BSD-3-Clause */
/** \file exam.h
 *  Rows that stored models are judged on once the search is over: those
 *  sealed for the test, or those that validated.
 *
 *  The rows' values are copied before the data set gives them back
 *  (hpo_dataset_drop_x); models are read back from their bytes, as predict
 *  does, so what is judged is what is stored.
 */
#ifndef HPO_EXAM_H
#define HPO_EXAM_H

#include "hpo/coll.h"
#include "hpo/dataset.h"
#include "hpo/mem.h"
#include "hpo/predictor.h"
#include "hpo/status.h"

typedef struct hpo_exam {
  size_t n, columns;
  float *x;       /* [n][columns] NaN missing, categories by index */
  double *y;      /* [n] class index or target */
  double *weight; /* [n] or NULL: all 1 */
} hpo_exam;

/** Copies the rows of a role that are here, in order of their ids.
 *  d NULL: none. */
HPO_MUST_USE hpo_status hpo_exam_create(const hpo_dataset *d, hpo_role role,
                                        hpo_exam **out, hpo_error *err);
void hpo_exam_destroy(hpo_exam *e);
/** All ranks' rows to rank 0, in rank order; the others keep none.
 *  Collective over w. */
HPO_MUST_USE hpo_status hpo_exam_gather(hpo_exam *e, const hpo_coll *w,
                                        hpo_error *err);
/** A stored model's predictions.
 *  \param [in]  facts of the data (hpo_dataset_from_record)
 *  \param [in]  format, model as stored (predictor.h)
 *  \param [in]  library of a plugin's model; else NULL
 *  \param [out] p    [n][k]; freed with hpo_mem_free
 *  \return HPO_EINVAL: models of this kind can't predict; HPO_ETRIAL: the
 *  library fails or takes too long; HPO_ESTUDY, HPO_EMEM */
HPO_MUST_USE hpo_status hpo_exam_predict(const hpo_exam *e,
                                         const hpo_dataset *facts,
                                         const char *format,
                                         const hpo_buffer *model,
                                         const hpo_predictor_library *library,
                                         double **p, hpo_error *err);
/** A metric of predictions; NaN where it is undefined on these rows, or not
 *  one of predictions (train_seconds). */
HPO_MUST_USE hpo_status hpo_exam_score(const hpo_exam *e,
                                       const hpo_dataset *facts,
                                       const double *p, const char *metric,
                                       double *out, hpo_error *err);

/** What the choice of a winner among several models has cost in honesty. */
typedef struct hpo_luck {
  double value; /* what the winner may be expected to score; NaN: unknown */
  double low, high; /* 95 % of the samples lie between */
  int64_t samples;  /* used */
  bool is_stopped;  /* before it was through; the rest says nothing */
} hpo_luck;

/** Asked between two samples: whether to stop. */
typedef struct hpo_luck_stop {
  bool (*ask)(void *context); /* NULL: never */
  void *context;
} hpo_luck_stop;

/** Samples that are worth drawing: fewer than asked for where models times
 *  rows are many, 200 down to 5 million of these, then down to 20. */
int64_t hpo_exam_luck_samples(int64_t asked, size_t models, size_t rows);

/** Bootstrap bias correction (Tsamardinos, Greasidou, Borboudakis 2018,
 *  Bootstrapping the out-of-sample predictions for efficient and accurate
 *  cross-validation, Machine Learning 107, algorithm 2): in each sample of
 *  the rows the model that is best on the rows drawn is scored on those that
 *  were not; the mean is the estimate, its 2.5 and 97.5 percentiles the
 *  interval (section 4.3).  Here for a single split, and among stored models
 *  only.  Rows are drawn by (seed, sample, draw): the same anywhere.
 *  \param [in] p [n_model] predictions of the exam's rows
 *  O(samples n_model n log n). */
HPO_MUST_USE hpo_status hpo_exam_luck(
    const hpo_exam *e, const hpo_dataset *facts, double *const *p,
    size_t n_model, const char *metric, bool maximize, uint64_t seed,
    int64_t samples, hpo_luck_stop stop, hpo_luck *out, hpo_error *err);

#endif
