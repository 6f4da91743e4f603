/* SPDX-License-Identifier: BSD-3-Clause */
/** \file stored.h
 *  A stored model of a study file, for export and predict.
 */
#ifndef CMD_STORED_H
#define CMD_STORED_H

#include "hpo/dataset.h"
#include "hpo/mem.h"
#include "hpo/predictor.h"
#include "hpo/report.h"

typedef struct hpo_stored { /* `hpo_stored s = {0}` */
  hpo_study_file file;
  size_t trial;
  char format[32];  /* "xgboost-ubj", "json" */
  hpo_buffer bytes; /* the model */
  hpo_dataset *facts;
  hpo_names missing, names; /* the study's <missing>, names= */
  hpo_names dataset;        /* of its <train> files */
  char *like;               /* format= of its data, else the path of the
                               first <train> file */
  char *library;            /* of a plugin's model: path, else NULL */
  double seconds;           /* longest time of a trial; 0: no limit */
} hpo_stored;

/** The library of a plugin's model, where it lies now, instead of where the
 *  study had it. */
HPO_MUST_USE hpo_status hpo_stored_plug(hpo_stored *s, const char *library,
                                        hpo_error *err);
/** The trial of a --model: "best" (as NULL), "winner", a number; it has a
 *  model.
 *  \return HPO_OK; HPO_EINVAL: no such trial, or none with a model (which
 *  have one) */
HPO_MUST_USE hpo_status hpo_stored_find(const hpo_study_file *f,
                                        const char *model, size_t *trial,
                                        hpo_error *err);
/** Finds and reads the model of a trial; "refit": that of the winner, trained
 *  again.
 *  \return HPO_OK; HPO_EINVAL: no such trial, or none with a model (which
 *  have one); HPO_ESTUDY: its bytes are damaged */
HPO_MUST_USE hpo_status hpo_stored_open(const char *path, const char *model,
                                        hpo_stored *out, hpo_error *err);
HPO_MUST_USE hpo_status hpo_stored_predictor(const hpo_stored *s,
                                             hpo_predictor **out,
                                             hpo_error *err);
void hpo_stored_close(hpo_stored *s);

#endif
