/* SPDX-License-Identifier: BSD-3-Clause */
/** \file interchange.h
 *  A study for other programs: Optuna's journal, MLflow's file store.
 */
#ifndef CMD_INTERCHANGE_H
#define CMD_INTERCHANGE_H

#include "hpo/mem.h"
#include "hpo/report.h"

/** A parameter of the space as the study file has it. */
typedef struct hpo_traded_param {
  char name[160];         /* "gbt.max_depth" */
  const hpo_field *field; /* its column; ENUM: choices */
  bool is_int, log;
  double low, high, step; /* numbers; step 0: none */
} hpo_traded_param;

/** A study and its curves, read at once: `hpo_traded t = {0}`. */
typedef struct hpo_traded {
  hpo_study_file file;
  hpo_record *curves;
  hpo_traded_param *param; /* [n_param] */
  size_t n_param, room;
  char uuid[64], name[256];
} hpo_traded;

HPO_MUST_USE hpo_status hpo_traded_open(const char *path, hpo_traded *out,
                                        hpo_error *err);
void hpo_traded_close(hpo_traded *t);
/** The value of a parameter in a trial (ENUM: index); NaN: inactive. */
double hpo_traded_value(const hpo_traded_param *p, size_t trial);
/** Rows of /curves that belong to a trial: first in *at. */
size_t hpo_traded_curve(const hpo_traded *t, size_t trial, size_t *at);
/** A column of /trials, NaN or -1 where there is none. */
double hpo_traded_number(const hpo_traded *t, const char *name, size_t trial);
int64_t hpo_traded_int(const hpo_traded *t, const char *name, size_t trial);

/** Appends text as a JSON string; a number as JSON has it (NaN, Infinity as
 *  Python writes them). */
HPO_MUST_USE hpo_status hpo_put_json_text(hpo_buffer *b, const char *text,
                                          hpo_error *err);
HPO_MUST_USE hpo_status hpo_put_json_number(hpo_buffer *b, double x,
                                            hpo_error *err);

/** The lines of a journal that optuna.storages.JournalFileStorage opens: one
 *  for the study, one for each trial. */
HPO_MUST_USE hpo_status hpo_export_optuna(const hpo_traded *t, hpo_buffer *out,
                                          hpo_error *err);
/** FOLDER/EXPERIMENT/RUN/... as MLflow's file store has it; made if it is
 *  not there; the same study's earlier export is written over. */
HPO_MUST_USE hpo_status hpo_export_mlflow(const hpo_traded *t,
                                          const char *folder, hpo_error *err);

#endif
