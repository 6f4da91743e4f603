/* SPDX-License-Identifier: BSD-3-Clause */
/** \file layout.h
 *  The study file's layout, declared once: every table with its columns,
 *  units and meanings, and how its rows are made (docs/hdf5-format.md).
 *
 *  Every table of the format is made with the file, also those that this
 *  version does not fill yet: SWMR allows no new objects later.  Rows are
 *  records; the store writes them without knowing what they mean.
 *  Texts in the structs below are borrowed; NULL stands for "".
 */
#ifndef HPO_LAYOUT_H
#define HPO_LAYOUT_H

#include "hpo/plan.h"
#include "hpo/record.h"
#include "hpo/status.h"
#include "hpo/trial.h"

#define HPO_LAYOUT_FORMAT "hpotune-study"
#define HPO_LAYOUT_VERSION 1

/** Tables of rows. */
#define HPO_TABLE_TRIALS "/trials"
#define HPO_TABLE_CURVES "/curves"
#define HPO_TABLE_DECISIONS "/decisions"
#define HPO_TABLE_SESSIONS "/sessions"
#define HPO_TABLE_PARETO "/pareto"
#define HPO_TABLE_TEST_SCORES "/test_scores"
#define HPO_TABLE_WINNER "/winner"
#define HPO_TABLE_LOG "/log"
#define HPO_TABLE_TAGS "/tags"
#define HPO_TABLE_NOTES "/notes"
#define HPO_TABLE_REFITS "/refits"
#define HPO_TABLE_ARTIFACTS "/artifacts"
#define HPO_TABLE_CONFUSION "/confusion"
#define HPO_TABLE_ROC "/roc"
/** Runs of bytes that rows point into. */
#define HPO_TABLE_MODELS "/models"
#define HPO_TABLE_DECISION_IMAGES "/decision_images"
#define HPO_TABLE_SESSION_XML "/study/session_xml"
#define HPO_TABLE_ARTIFACT_BYTES "/artifact_bytes"
/** Records written once, when the file is made. */
#define HPO_FACTS_STUDY "/study"
#define HPO_FACTS_COLUMNS "/study/columns"
#define HPO_FACTS_DATA "/data"
#define HPO_FACTS_KNOWN "/known" /* where the study knows others' trials */
#define HPO_FACTS_CUTS "/data/cuts"

/** A table to be made; row is NULL for a run of bytes. */
typedef struct hpo_layout_table {
  const char *path;
  hpo_record *row; /* prototype: one item per field; owned */
  size_t chunk;    /* rows, or bytes, per chunk */
  bool crc;        /* the store adds a column crc to each row */
  const char *description;
} hpo_layout_table;

/** All tables of a study's file; [*n] in *out, freed by
 *  hpo_layout_destroy. */
HPO_MUST_USE hpo_status hpo_layout_tables(const hpo_plan *plan,
                                          hpo_layout_table **out, size_t *n,
                                          hpo_error *err);
void hpo_layout_destroy(hpo_layout_table *tables, size_t n);

/** HPO_EINVAL: the study's rows do not fit in HDF5's 64 KiB for a type's
 *  description (more than about 1,300 columns or 2,700 choices), or two
 *  parameters or choices have one name, or a choice has none. */
HPO_MUST_USE hpo_status hpo_layout_check(const hpo_plan *plan, hpo_error *err);

/** Attributes of the file's root: format, format_version, uuid, name,
 *  created, directions, metrics, hpotune_version, identity. */
HPO_MUST_USE hpo_status
hpo_layout_attributes(const hpo_plan *plan, const char *uuid,
                      const char *created, const char *version,
                      const char *identity, hpo_record **out, hpo_error *err);
/** HPO_FACTS_STUDY: xml (the file's bytes), resolved (hpo_plan_text). */
HPO_MUST_USE hpo_status hpo_layout_study(const hpo_plan *plan, const void *xml,
                                         size_t n, hpo_record **out,
                                         hpo_error *err);
/** HPO_FACTS_COLUMNS: name, unit, description and inactive (what stands
 *  where a parameter is inactive) of each column of /trials. */
HPO_MUST_USE hpo_status hpo_layout_columns(const hpo_plan *plan,
                                           hpo_record **out, hpo_error *err);

/** The curve as rows for /curves, one per point (none: zero items each). */
HPO_MUST_USE hpo_status hpo_layout_curve_rows(const hpo_trial *t,
                                              const hpo_plan *plan,
                                              hpo_record **out,
                                              hpo_error *err);
/** Adds rows first .. first+n-1 of /curves to the trial's curve.
 *  HPO_ESTUDY: there are no such rows, or they belong to another trial. */
HPO_MUST_USE hpo_status hpo_layout_curve_read(const hpo_record *rows,
                                              size_t first, size_t n,
                                              hpo_trial *t, hpo_error *err);

/** The tally of a trial's stored model (model_offset is set) as rows for
 *  HPO_TABLE_CONFUSION, cells of weight 0 left out, and HPO_TABLE_ROC. */
HPO_MUST_USE hpo_status hpo_layout_tally_rows(const hpo_trial *t,
                                              const hpo_tally *tally,
                                              hpo_record **confusion,
                                              hpo_record **roc,
                                              hpo_error *err);

/** One start of the program on this study. */
typedef struct hpo_layout_session {
  int64_t number;          /* of its row */
  int64_t start, end;      /* ns UTC; end -1 while it runs */
  double wall;             /* seconds that count for the timeout */
  const char *exit_reason; /* "" while it runs or if it was killed */
  const char *hosts;       /* "node1:32 node2:32" */
  int64_t ranks, teams;
  const char *hpotune_version, *git, *compiler, *flags;
  const char *mpi, *hdf5, *blas, *cpu;
  const char *slurm_job_id;       /* "" outside Slurm */
  int64_t slurm_restart_count;    /* -1 outside Slurm */
  const char *command;            /* line */
  int64_t xml_offset, xml_length; /* in HPO_TABLE_SESSION_XML; -1, 0 */
  int64_t trials; /* the study's budget in it; 0 not limited, -1 unknown */
} hpo_layout_session;
HPO_MUST_USE hpo_status hpo_layout_session_row(const hpo_layout_session *s,
                                               hpo_record **out,
                                               hpo_error *err);

typedef enum hpo_decision_kind {
  HPO_DECISION_NEW,
  HPO_DECISION_RETRY,
  HPO_DECISION_AGAIN, /* an interrupted job is run again */
  HPO_DECISION_PROMOTE,
  HPO_DECISION_END
} hpo_decision_kind;
/** The kind of a name as sched gives it ("new"); -1 for none of them. */
int hpo_layout_decision_kind(const char *name);

/** One decision of the scheduler. */
typedef struct hpo_layout_decision {
  hpo_id job, trial; /* -1 where the study ends */
  int64_t attempt;
  int kind; /* hpo_decision_kind */
  int64_t from_step, to_step;
  hpo_id horizon; /* the last job whose result it could see; -1 none,
                     INT64_MAX all */
  int64_t time;   /* ns UTC */
  int64_t image_offset, image_length; /* in HPO_TABLE_DECISION_IMAGES;
                                         -1, 0 */
} hpo_layout_decision;
HPO_MUST_USE hpo_status hpo_layout_decision_row(const hpo_layout_decision *d,
                                                hpo_record **out,
                                                hpo_error *err);

/** What a line of /pareto tells. */
typedef enum hpo_pareto_event {
  HPO_PARETO_JOINED, /* the trial came onto the front */
  HPO_PARETO_LEFT,   /* another one dominates it */
  HPO_PARETO_END     /* a session ended */
} hpo_pareto_event;

typedef struct hpo_layout_pareto {
  hpo_id trial;  /* -1: none */
  int event;     /* hpo_pareto_event */
  int64_t time;  /* ns UTC */
  int64_t front; /* trials on it afterwards */
  double hypervolume;
  double reference[HPO_PLAN_OBJECTIVES]; /* NaN beyond the objectives */
} hpo_layout_pareto;
HPO_MUST_USE hpo_status hpo_layout_pareto_row(const hpo_layout_pareto *p,
                                              hpo_record **out,
                                              hpo_error *err);

/** A metric of a kept model on the test rows. */
typedef struct hpo_layout_test_score {
  hpo_id trial;
  int model;  /* 0 the trial's own, 1 its refit on all other rows */
  int metric; /* index into hpo_plan_metrics */
  double value;
  int64_t time; /* ns UTC */
} hpo_layout_test_score;
HPO_MUST_USE hpo_status
hpo_layout_test_score_row(const hpo_layout_test_score *s, const hpo_plan *plan,
                          hpo_record **out, hpo_error *err);

/** Which trial won, and how good it may be expected to be; the last row
 *  counts. */
typedef struct hpo_layout_winner {
  int64_t time; /* ns UTC */
  hpo_id trial, best;
  int rule; /* 0 best, 1 one-se */
  int64_t trials, candidates;
  double value, standard_error, corrected, low, high;
  int method; /* hpo_winner_method: 0 none, 1 bbc, 2 tt */
  int64_t models, samples;
  const char *reason; /* a sentence */
} hpo_layout_winner;
HPO_MUST_USE hpo_status hpo_layout_winner_row(const hpo_layout_winner *w,
                                              hpo_record **out,
                                              hpo_error *err);

/** A model that was trained again on more rows than its trial's. */
typedef struct hpo_layout_refit {
  hpo_id trial;
  int64_t rows;                       /* that it was trained on */
  int64_t model_offset, model_length; /* in HPO_TABLE_MODELS */
  int model_format;                   /* of hpo_layout_model_format */
  int64_t model_crc;
  int64_t time; /* ns UTC */
} hpo_layout_refit;
HPO_MUST_USE hpo_status hpo_layout_refit_row(const hpo_layout_refit *f,
                                             hpo_record **out, hpo_error *err);
/** The number of a model format's name; -1: none of them. */
int hpo_layout_model_format(const char *name);

/** A line of the log. */
typedef struct hpo_layout_log {
  int64_t time; /* ns UTC */
  int level;    /* hpo_log_level */
  const char *text;
} hpo_layout_log;
HPO_MUST_USE hpo_status hpo_layout_log_row(const hpo_layout_log *l,
                                           hpo_record **out, hpo_error *err);

/** A tag of the study or of a trial; the latest of a name counts. */
typedef struct hpo_layout_tag {
  int64_t time; /* ns UTC */
  hpo_id trial; /* -1: the study */
  const char *name, *value;
} hpo_layout_tag;
HPO_MUST_USE hpo_status hpo_layout_tag_row(const hpo_layout_tag *t,
                                           hpo_record **out, hpo_error *err);

/** A note on the study or a trial. */
typedef struct hpo_layout_note {
  int64_t time; /* ns UTC */
  hpo_id trial; /* -1: the study */
  const char *text;
} hpo_layout_note;
HPO_MUST_USE hpo_status hpo_layout_note_row(const hpo_layout_note *n,
                                            hpo_record **out, hpo_error *err);

/** A file attached to the study or a trial. */
typedef struct hpo_layout_artifact {
  hpo_id trial; /* -1: the study */
  const char *name, *media_type;
  int64_t offset, length; /* in HPO_TABLE_ARTIFACT_BYTES */
  int64_t content_crc;
  int64_t time; /* ns UTC */
} hpo_layout_artifact;
HPO_MUST_USE hpo_status hpo_layout_artifact_row(const hpo_layout_artifact *a,
                                                hpo_record **out,
                                                hpo_error *err);

#endif
