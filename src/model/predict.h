/* SPDX-License-Identifier: BSD-3-Clause */
/** \file predict.h
 *  How a kind of model is read back; private to model/.
 */
#ifndef HPO_MODEL_PREDICT_H
#define HPO_MODEL_PREDICT_H

#include "hpo/doc.h"
#include "hpo/predictor.h"

typedef struct hpo_predict_kind {
  hpo_status (*load)(const hpo_doc *d, const hpo_dataset *facts, void **self,
                     hpo_error *err);
  void (*destroy)(void *self);
  hpo_status (*margins)(const void *self, const float *x, size_t n,
                        double *out, hpo_error *err);
  /** Whether margins are logarithms of predictions; NULL: never. */
  bool (*is_log)(const void *self);
  /** C: arrays and `static void margins(const float *x, double *m)`;
   *  NULL: it has none. */
  hpo_status (*write_c)(const void *self, hpo_buffer *out, hpo_error *err);
  bool has_no_margins; /* margins are predictions */
} hpo_predict_kind;

extern const hpo_predict_kind hpo_predict_gbt, hpo_predict_linear,
    hpo_predict_mlp, hpo_predict_baseline, hpo_predict_plugin;

/** What a plugin has saved, in its library. */
HPO_MUST_USE hpo_status hpo_predict_plugin_load(
    const hpo_predictor_library *library, const void *bytes, size_t n,
    const hpo_dataset *facts, void **self, hpo_error *err);

#endif
