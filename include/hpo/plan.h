/* SPDX-License-Identifier: BSD-3-Clause */
/** \file plan.h
 *  The study as a plain struct: what study.xml says, with all defaults
 *  taken.  Made by study/, read by everyone; strings are owned by the plan,
 *  "" where the file is silent (never NULL).
 */
#ifndef HPO_PLAN_H
#define HPO_PLAN_H

#include "hpo/record.h"
#include "hpo/space.h"
#include "hpo/status.h"

typedef enum hpo_task {
  HPO_TASK_BINARY,
  HPO_TASK_MULTICLASS,
  HPO_TASK_REGRESSION,
  HPO_TASK_NONE /* models without data (function) */
} hpo_task;

/** A set of tasks has a bit for each; hpotune/plugin.h has the same bits. */
#define HPO_TASK_BIT(task) (1U << (unsigned)(task))

typedef struct hpo_setting { /* a fixed option, in the order of the file */
  char *name, *value;
  int line; /* in the study file; 0: not from it */
} hpo_setting;

typedef struct hpo_settings {
  hpo_setting *item; /* [n] */
  size_t n, room;
} hpo_settings;

typedef struct hpo_names { /* a list of words */
  char **item;             /* [n] */
  size_t n, room;
} hpo_names;

typedef struct hpo_plan_data {
  hpo_task task;
  char *label;          /* column name, or its number from 0 */
  char *positive;       /* "" or ">=7", "<3", "=yes", "yes" */
  hpo_names train;      /* hrefs, resolved to paths */
  hpo_names train_href; /* the same as written */
  /* of each training file, "" where it has none: the data set in it, the
     file of its labels (path, as written), their data set */
  hpo_names train_dataset, train_label, train_label_href, train_label_dataset;
  char *format;     /* "" by suffix, "csv", "tsv", "npy" ... */
  char *header;     /* auto, yes, no */
  hpo_names names;  /* column names given, may be empty */
  char *validation; /* path or "" */
  char *validation_href;
  char *validation_dataset, *validation_label, *validation_label_href;
  char *validation_label_dataset;
  double validation_fraction; /* 0: none */
  bool stratify;
  int folds;          /* 0: none, or as many as fold= names */
  bool has_folds;     /* instead of a validation file or fraction */
  bool folds_in_time; /* each trains on what stands before it */
  char *group;        /* column: no group in two folds; or "" */
  char *fold;         /* column: the user's own folds; or "" */
  char *test;         /* path or "" */
  char *test_href;
  char *test_dataset, *test_label, *test_label_href, *test_label_dataset;
  double test_fraction; /* of the training files' rows; 0: none */
  bool test_stratify;
  hpo_names categorical, ignore;
  char *weight;      /* column or "" */
  hpo_names missing; /* texts that mean missing beside the usual */
  hpo_names onehot;  /* those of categorical with encode="onehot" */
  bool standardize;
  char *impute; /* "", mean, median, most_frequent */
} hpo_plan_data;

typedef struct hpo_plan_model {
  char *name;            /* unique; the kind unless given */
  char *kind;            /* gbt, baseline, function */
  hpo_settings fixed;    /* options by name; "objective" among them */
  hpo_settings patterns; /* regular expressions by metric (command) */
  int line;
} hpo_plan_model;

/** The most objectives of a study. */
#define HPO_PLAN_OBJECTIVES 4

typedef struct hpo_plan_objective {
  char *metric;
  bool maximize;
  double reference; /* for the hypervolume; NaN: the worst value so far */
} hpo_plan_objective;

typedef struct hpo_plan_constraint { /* on the outcome of a trial */
  char *metric;
  double min, max; /* NaN: no such bound */
} hpo_plan_constraint;

typedef struct hpo_plan_warm { /* trials of another study */
  char *href, *path;           /* of its file as written; resolved */
  bool is_points; /* they are tried first; no: samplers know them */
  int64_t best;   /* that many of the best; 0: all */
  bool clip;      /* a value outside the range moves to its end; no: the
                     trial is left out */
  char *taken;    /* what was taken and left out, in words */
  int line;       /* in the study file */
} hpo_plan_warm;

typedef struct hpo_plan_choice { /* sampler, pruner, terminator */
  char *name;
  hpo_settings options;
  int line;
} hpo_plan_choice;

typedef struct hpo_plan {
  char *name, *description;
  uint64_t seed;
  hpo_settings tags;
  bool has_data;
  hpo_plan_data data;
  hpo_plan_model *model; /* [n_model] >= 1 */
  size_t n_model, model_room;
  hpo_space space;
  hpo_plan_objective *objective; /* [n_objective] >= 1 */
  size_t n_objective, objective_room;
  hpo_plan_constraint *constraint; /* [n_constraint] */
  size_t n_constraint, constraint_room;
  hpo_names report; /* other metrics to record at the end */
  hpo_plan_choice sampler, pruner, terminator;
  double *enqueue; /* [n_enqueue][n_param]; NaN: not given, sampled */
  size_t n_enqueue;
  hpo_plan_warm *warm; /* [n_warm] */
  size_t n_warm, warm_room;
  double *known; /* [n_known][known_width] what was taken (known.h) */
  size_t n_known, known_width, known_room; /* room in doubles */
  int64_t trials;       /* exact total of the study; 0: no limit */
  double timeout;       /* seconds over all sessions; 0: none */
  double target;        /* NaN: none */
  int64_t patience;     /* trials without a better one; 0: none */
  double limit_time;    /* of a trial, seconds; 0: none */
  int64_t limit_memory; /* bytes; 0: none */
  int retries;          /* of a failed trial */
  int ranks_per_trial;  /* of a team; 0: all */
  int batch;            /* trials that a team trains side by side */
  char *data_mode;      /* shared, local */
  int64_t shards;       /* of local; 0: it is not local */
  bool strict;          /* order="strict" */
  int64_t window;       /* P; 16 */
  char *folder;         /* of the study file (XML); "." */
  char *output;         /* path of the study file, resolved */
  int64_t keep_models;  /* N best; -1 all; 0 none */
  char *winner;         /* rule: best, one-se; "" where none is asked for */
  char *simpler;        /* of one-se: a metric or parameter, less is simpler;
                           with "-" before it more is */
  int64_t bootstrap;    /* samples that the winner's luck is judged by; 0 */
  bool refit;           /* the winner is trained again on all rows */
  bool reuse;           /* equal parameters are trained once */
} hpo_plan;

void hpo_plan_destroy(hpo_plan *p);

/** The plan as a flat record and back: broadcast at the start, stored as
 *  /study/resolved.  Round-trips exactly.  Fields: "seed", "data.label",
 *  "model.0.kind", "sampler.name" ...; a list of settings takes three fields
 *  ("model.0.fixed.name" .value .line), the space one field for each member
 *  ("space.low") with an item for each parameter.
 *  HPO_ESTUDY: the record is not one of a plan. */
HPO_MUST_USE hpo_status hpo_plan_record(const hpo_plan *p, hpo_record **out,
                                        hpo_error *err);
HPO_MUST_USE hpo_status hpo_plan_from_record(const hpo_record *r,
                                             hpo_plan **out, hpo_error *err);
/** Readable "name = value" lines ("model.0.fixed.max_bin = 256"), in the
 *  order of the record; *out is freed with hpo_mem_free. */
HPO_MUST_USE hpo_status hpo_plan_text(const hpo_plan *p, char **out,
                                      hpo_error *err);
/** SHA-256 over what makes a study the same study (rulings.md, The file):
 *  without description, tags, budget, trial-limits, output, ranks-per-trial
 *  and shared against sharded; with data_hash ("" without data). */
HPO_MUST_USE hpo_status hpo_plan_identity(const hpo_plan *p,
                                          const char *data_hash, char hex[65],
                                          hpo_error *err);
/** Whether a line of hpo_plan_text, by its name ("space.0.low"), is part of
 *  the identity. */
bool hpo_plan_counts(const char *name);

/** Whether something is left to do once the search is over: test, winner,
 *  refit. */
bool hpo_plan_has_finale(const hpo_plan *p);
/** Whether rows are sealed for a test. */
bool hpo_plan_has_test(const hpo_plan *p);
/** Shard that a trial trains on; -1: the plan is not local. */
int64_t hpo_plan_shard(const hpo_plan *p, hpo_id trial);

/** A random plan for round-trip tests; not one that could be run. */
HPO_MUST_USE hpo_status hpo_plan_sample(uint64_t seed, hpo_plan **out,
                                        hpo_error *err);

/** Helpers for lists. */
HPO_MUST_USE hpo_status hpo_names_add(hpo_names *n, const char *text,
                                      hpo_error *err);
void hpo_names_free(hpo_names *n);
HPO_MUST_USE hpo_status hpo_settings_add(hpo_settings *s, const char *name,
                                         const char *value, int line,
                                         hpo_error *err);
/** The value of the first setting of a name, or NULL. */
const char *hpo_settings_get(const hpo_settings *s, const char *name);
void hpo_settings_free(hpo_settings *s);
/** All metrics a trial records: the objectives, those of constraints, then
 *  report, each once, then train_seconds and model_bytes.  Freed with
 *  hpo_names_free. */
HPO_MUST_USE hpo_status hpo_plan_metrics(const hpo_plan *p, hpo_names *out,
                                         hpo_error *err);
/** How far a trial's metrics are from what the constraints allow: the sum of
 *  the excesses, each as a share of its bound (of 1 where the bound is 0), so
 *  that seconds and bytes can be added; 0: feasible, or there are none.  A
 *  metric that is NaN is infinitely far (Deb 2000, section 3: normalised
 *  constraints).
 *  \param [in] metric  [as hpo_plan_metrics orders] */
double hpo_plan_violation(const hpo_plan *p, const double *metric);
const char *hpo_task_name(hpo_task task);

#endif
