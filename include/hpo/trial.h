/* SPDX-License-Identifier: BSD-3-Clause */
/** \file trial.h
 *  One trial of a study, its life, and the job that runs it.
 *
 *      waiting --assign--> running --result--> complete | pruned | failed
 *         ^                   |
 *         |                   +-- the job (session) ended under it -->
 *         +---- next session, run first ----------- interrupted
 *      failed --retry (trial-limits on-fail)--> running, attempt + 1
 *      running --rung done--> paused --promote--> running
 *                               +--end of the study--> pruned
 *      waiting | running --budget over--> cancelled (run first when raised)
 *
 *  1. number never changes; row number of /trials is the trial's number.
 *  2. complete, pruned and failed are final (failed: when no retry is left).
 *  3. a final trial is never touched again.
 *  4. value is finite if and only if the state is complete, or paused or
 *     pruned with at least one step (then it is the objective at the last
 *     step).
 */
#ifndef HPO_TRIAL_H
#define HPO_TRIAL_H

#include "hpo/mem.h"
#include "hpo/plan.h"
#include "hpo/record.h"
#include "hpo/space.h"
#include "hpo/status.h"
#include "hpo/tally.h"
#include "hpo/watch.h"

typedef enum hpo_trial_state {
  HPO_TRIAL_WAITING = 0,
  HPO_TRIAL_RUNNING = 1,
  HPO_TRIAL_PAUSED = 2,
  HPO_TRIAL_COMPLETE = 3,
  HPO_TRIAL_PRUNED = 4,
  HPO_TRIAL_FAILED = 5,
  HPO_TRIAL_INTERRUPTED = 6,
  HPO_TRIAL_CANCELLED = 7
} hpo_trial_state;
#define HPO_TRIAL_STATES 8
const char *hpo_trial_state_name(hpo_trial_state s);
bool hpo_trial_is_final(hpo_trial_state s);

typedef struct hpo_curve_point {
  int32_t fold;   /* 0 without folds */
  int32_t metric; /* index into the study's metrics */
  int64_t step;   /* 1.. */
  double value;
} hpo_curve_point;

/** Everything that a trial's row in /trials holds, and its curve. */
typedef struct hpo_trial {
  hpo_id number;
  hpo_id job;      /* job that ran it last, -1 before */
  int64_t attempt; /* 0 at first */
  hpo_trial_state state;
  char reason[192]; /* why pruned, failed, interrupted; else "" */
  int64_t rung;     /* halving: that it goes for or has done last; -1 */
  double *x;        /* [n_param] the point; owned */
  double *value;    /* [n_objective]; NaN before; owned */
  double *metric;   /* [n_metric] as hpo_plan_metrics orders; owned */
  size_t n_param, n_objective, n_metric;
  int64_t start, end;              /* ns UTC; -1 before */
  double wall, cpu;                /* seconds */
  int64_t peak_memory, bytes_sent; /* bytes; -1 unknown */
  int64_t steps;                   /* done */
  int64_t team, session;           /* -1 before */
  hpo_id reused; /* trial that answered it (roles/reuse.h); -1 */
  char host[64];
  int64_t curve_offset, curve_length; /* rows of /curves; -1, 0 */
  int64_t model_offset, model_length; /* bytes of /models; -1, 0 */
  char model_format[16];              /* "xgboost-ubj", "json", "plugin", "" */
  int64_t model_crc;                  /* CRC-32 of the blob; -1 */
  hpo_curve_point *curve; /* [n_curve], owned; objective per step */
  size_t n_curve, curve_room;
} hpo_trial;

HPO_MUST_USE hpo_status hpo_trial_create(size_t n_param, size_t n_objective,
                                         size_t n_metric, hpo_trial **out,
                                         hpo_error *err);
HPO_MUST_USE hpo_status hpo_trial_copy(const hpo_trial *from, hpo_trial **out,
                                       hpo_error *err);
void hpo_trial_destroy(hpo_trial *t);
HPO_MUST_USE hpo_status hpo_trial_add_curve(hpo_trial *t, hpo_curve_point p,
                                            hpo_error *err);

/** hpo_plan_violation of a complete or pruned trial; NaN for others. */
double hpo_trial_violation(const hpo_trial *t, const hpo_plan *plan);

/** A random trial of a plan for tests. */
HPO_MUST_USE hpo_status hpo_trial_sample(uint64_t seed, const hpo_plan *plan,
                                         hpo_id number, hpo_trial **out,
                                         hpo_error *err);

/** The row of /trials without crc, which the store adds; and back, from row i
 *  of a table in columns, without the curve.  An inactive parameter is NaN,
 *  -1 (the choice none), or INT64_MIN for an integer that can be negative.
 *  HPO_ESTUDY: a column is missing or of another type. */
HPO_MUST_USE hpo_status hpo_trial_record(const hpo_trial *t,
                                         const hpo_plan *plan,
                                         hpo_record **out, hpo_error *err);
HPO_MUST_USE hpo_status hpo_trial_from_record(const hpo_record *r, size_t i,
                                              const hpo_plan *plan,
                                              hpo_trial **out, hpo_error *err);

/** What a worker is told to do: the unit of strict order (rulings.md). */
typedef struct hpo_job {
  hpo_id job; /* 0.. in order of assignment */
  hpo_id trial;
  int64_t attempt;
  int64_t from_step; /* steps already done; 0 but after a pause */
  int64_t to_step;   /* pause after it; INT64_MAX: to the end */
  double *x;         /* [n_param]; owned */
  size_t n_param;
  double *threshold; /* [n_threshold] prune after step s+1 if the best value
                        so far is worse than threshold[s]; NaN: never */
  size_t n_threshold;
  hpo_rule rule;     /* of the trial's own curve */
  double send_model; /* send the model only if the value is at least this
                        good; NaN: always; an infinity: never */
  bool want_reports; /* send each step's best value so far as it comes,
                        where thresholds count */
  bool on_all; /* no trial of the search: its model after to_step steps on all
                  rows but the test's is wanted, nothing is scored */
} hpo_job;
void hpo_job_free(hpo_job *j);
HPO_MUST_USE hpo_status hpo_job_record(const hpo_job *j, hpo_record **out,
                                       hpo_error *err);
HPO_MUST_USE hpo_status hpo_job_from_record(const hpo_record *r, hpo_job *out,
                                            hpo_error *err);

/** What comes back: the trial as it ended, its model's bytes, what that
 *  model's validation predictions add up to, and what its program printed. */
typedef struct hpo_result {
  hpo_trial *trial;  /* owned */
  hpo_buffer model;  /* empty: not sent */
  hpo_tally tally;   /* empty without a model */
  hpo_buffer output; /* empty: nothing to keep */
} hpo_result;
void hpo_result_free(hpo_result *r);
HPO_MUST_USE hpo_status hpo_result_record(const hpo_result *r,
                                          hpo_record **out, hpo_error *err);
HPO_MUST_USE hpo_status hpo_result_from_record(const hpo_record *r,
                                               hpo_result *out,
                                               hpo_error *err);

#endif
