/* SPDX-License-Identifier: BSD-3-Clause */
/** \file inputs.h
 *  From the features of a row to the numbers that a stored linear model or
 *  network takes: categories one-hot, missing numbers imputed, standardised;
 *  as "features", "mean_" and "scale_" of its JSON say.  Private to model/.
 */
#ifndef HPO_MODEL_INPUTS_H
#define HPO_MODEL_INPUTS_H

#include "hpo/dataset.h"
#include "hpo/doc.h"
#include "hpo/mem.h"

typedef struct hpo_input {
  size_t feature;
  int64_t category;   /* -1: the feature's number; else 1 where it is there */
  double impute;      /* for a missing number; NaN: none */
  double mean, scale; /* of the standardised input; 0, 1 */
} hpo_input;

typedef struct hpo_inputs {
  hpo_input *item; /* [n] */
  size_t n, room;
} hpo_inputs;

/** \return HPO_ESTUDY: damaged, or of another data set; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_inputs_get(const hpo_doc *model,
                                       const hpo_dataset *facts,
                                       hpo_inputs *out, hpo_error *err);
void hpo_inputs_free(hpo_inputs *in);
/** The inputs [n] of a row of features x.
 *  \return HPO_EDATA: a feature is missing that never was in training */
HPO_MUST_USE hpo_status hpo_inputs_row(const hpo_inputs *in, const float *x,
                                       double *to, hpo_error *err);
/** C: a table, and `static double input(const float *x, int j)`. */
HPO_MUST_USE hpo_status hpo_inputs_write_c(const hpo_inputs *in,
                                           hpo_buffer *out, hpo_error *err);
/** n finite numbers of a document; name: what is damaged else. */
HPO_MUST_USE hpo_status hpo_inputs_read(const hpo_doc *d, size_t n, double *to,
                                        const char *name, hpo_error *err);

#endif
