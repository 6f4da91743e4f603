/* SPDX-License-Identifier: BSD-3-Clause */
/** \file json.h
 *  Pieces of models stored as JSON: texts, numbers, and the features of a
 *  design matrix; private to model/.  All write to the end of a buffer and
 *  fail for want of memory alone.
 */
#ifndef HPO_MODEL_JSON_H
#define HPO_MODEL_JSON_H

#include "hpo/design.h"
#include "hpo/mem.h"

HPO_MUST_USE hpo_status hpo_json_add_text(hpo_buffer *b, const char *text,
                                          hpo_error *err);
/** Reads back as the same double; -0 is 0. */
HPO_MUST_USE hpo_status hpo_json_add_number(hpo_buffer *b, double x,
                                            hpo_error *err);
/** A member of an object that is not its first: ,"key": [x, ...]. */
HPO_MUST_USE hpo_status hpo_json_add_numbers(hpo_buffer *b, const char *key,
                                             const double *x, size_t n,
                                             hpo_error *err);
/** "key": ["text", ...]. */
HPO_MUST_USE hpo_status hpo_json_add_texts(hpo_buffer *b, const char *key,
                                           char *const *text, size_t n,
                                           hpo_error *err);
/** Member "features": the data's features in order, a number with what
 *  stands for a missing one, impute [columns], or categories one-hot. */
HPO_MUST_USE hpo_status hpo_json_add_features(hpo_buffer *b,
                                              const hpo_dataset *d,
                                              const hpo_design *design,
                                              const double *impute,
                                              hpo_error *err);
/** Member "feature_names": one for each column of the design: "age",
 *  "region=north". */
HPO_MUST_USE hpo_status hpo_json_add_names(hpo_buffer *b, const hpo_dataset *d,
                                           const hpo_design *design,
                                           hpo_error *err);

#endif
