/* SPDX-License-Identifier: BSD-3-Clause */
/** \file predictor.h
 *  Stored models, read back to predict new rows.
 *
 *  Bytes that are not what this program writes are refused with a sentence,
 *  whatever they are.  Predictions equal those of validation bit for bit for
 *  gbt (the same leaves are added in the same order), and to rounding for
 *  linear models (double) and networks (float32 in validation).
 */
#ifndef HPO_PREDICTOR_H
#define HPO_PREDICTOR_H

#include "hpo/dataset.h"
#include "hpo/mem.h"
#include "hpo/status.h"

typedef struct hpo_predictor hpo_predictor;

/** \param [in] format  "xgboost-ubj" or "json"
 *  \param [in] bytes   [n] borrowed for the call
 *  \param [in] facts   columns and classes the model was trained on
 *                      (hpo_dataset_from_record); borrowed, must outlive
 *  \return HPO_OK; HPO_ESTUDY: damaged, or of another data set; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_predictor_create(const char *format,
                                             const void *bytes, size_t n,
                                             const hpo_dataset *facts,
                                             hpo_predictor **out,
                                             hpo_error *err);
/** A plugin's library. */
typedef struct hpo_predictor_library {
  const char *path;
  double seconds; /* longest time of an answer; 0: 10 minutes */
} hpo_predictor_library;

/** The same for format "plugin": by its library, in a process of its own.
 *  Predictions that don't come in time, or a process that ends: HPO_ETRIAL.
 *  \param [in] library borrowed for the call */
HPO_MUST_USE hpo_status hpo_predictor_plug(
    const hpo_predictor_library *library, const void *bytes, size_t n,
    const hpo_dataset *facts, hpo_predictor **out, hpo_error *err);
void hpo_predictor_destroy(hpo_predictor *p);
/** Numbers that a row gets: 1, or the classes where they are more than 2. */
size_t hpo_predictor_outputs(const hpo_predictor *p);
/** Predictions of rows.
 *  \param [in]  x      [n][columns] row-major, NaN missing, categories by
 *                      index
 *  \param [in]  margin before sigmoid or softmax
 *  \param [out] out    [n][outputs] */
HPO_MUST_USE hpo_status hpo_predictor_rows(const hpo_predictor *p,
                                           const float *x, size_t n,
                                           bool margin, double *out,
                                           hpo_error *err);
/** A C source of its own: void hpotune_predict(const float *x, double *out),
 *  and a main under HPOTUNE_MAIN. */
HPO_MUST_USE hpo_status hpo_predictor_write_c(const hpo_predictor *p,
                                              hpo_buffer *out, hpo_error *err);

#endif
