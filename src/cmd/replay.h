/* SPDX-License-Identifier: BSD-3-Clause */
/** \file replay.h
 *  Inside of `hpotune replay`: what was, what came, and how they differ.
 */
#ifndef CMD_REPLAY_H
#define CMD_REPLAY_H

#include "hpo/report.h"
#include "hpo/trial.h"

/** A trial as the file has it. */
typedef struct hpo_replay_stored { /* `hpo_replay_stored s = {0}` */
  hpo_trial *trial;                /* with its curve */
  hpo_buffer model;                /* empty: it was not kept */
  hpo_record *session;             /* its row of /sessions; NULL: none */
} hpo_replay_stored;

/** The plan that the file was made from.  HPO_ESTUDY: the file has none, or
 *  one of another version. */
HPO_MUST_USE hpo_status hpo_replay_read_plan(const hpo_study_file *f,
                                             hpo_plan **out, hpo_error *err);
/** The same from the file's facts alone.
 *  \param [in] path  of the file, for messages */
HPO_MUST_USE hpo_status hpo_replay_decode_plan(hpo_store *store,
                                               const char *path,
                                               hpo_plan **out, hpo_error *err);
/** HPO_ESTUDY: no such trial, torn, without a result, or damaged. */
HPO_MUST_USE hpo_status hpo_replay_read_trial(hpo_study_file *f, size_t i,
                                              const hpo_plan *plan,
                                              hpo_replay_stored *out,
                                              hpo_error *err);
void hpo_replay_free(hpo_replay_stored *s);
/** Sets the plan's paths to where the data lie now: in `folder` where given,
 *  else beside the study file as the study has them, else where they lay.
 *  HPO_EDATA: a file is in none of these. */
HPO_MUST_USE hpo_status hpo_replay_find_data(hpo_plan *plan,
                                             const char *study_file,
                                             const char *folder,
                                             hpo_error *err);
/** Prints what is the same and what is not; *same. */
HPO_MUST_USE hpo_status hpo_replay_compare(const hpo_plan *plan,
                                           const hpo_replay_stored *was,
                                           const hpo_result *is, bool *same,
                                           hpo_error *err);

#endif
