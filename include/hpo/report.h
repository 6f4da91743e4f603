/* SPDX-License-Identifier: BSD-3-Clause */
/** \file report.h
 *  A study file as people look at it: which trials, in which order, which
 *  columns, as a table, CSV or JSON.  Works on a running study.
 */
#ifndef HPO_REPORT_H
#define HPO_REPORT_H

#include "hpo/front.h"
#include "hpo/mem.h"
#include "hpo/plan.h"
#include "hpo/record.h"
#include "hpo/status.h"
#include "hpo/store.h"

typedef struct hpo_study_objective {
  char metric[64], column[16]; /* column of /trials: value, value.0, ... */
  bool maximize;
  double reference; /* for the hypervolume; NaN: the worst value */
} hpo_study_objective;

/** A study file's trials, read at once. */
typedef struct hpo_study_file {
  char *path;
  hpo_store *store;       /* open for reading */
  hpo_record *attributes; /* of the root: name, metrics, directions, ... */
  hpo_record *trials;     /* /trials in columns, tags.NAME, and test.METRIC
                             where kept models were scored on a test */
  uint8_t *good;          /* [n] the row's crc is right */
  size_t n;               /* trials */
  bool maximize;          /* direction of objective 0 */
  hpo_study_objective objective[HPO_PLAN_OBJECTIVES]; /* [n_objective] */
  size_t n_objective;
  bool is_live;   /* a process is writing it now */
  char *resolved; /* /study/resolved: lines "name = value" */
} hpo_study_file;

/** HPO_ESTUDY: no study file, damaged. */
HPO_MUST_USE hpo_status hpo_study_file_open(const char *path,
                                            hpo_study_file *out,
                                            hpo_error *err);
void hpo_study_file_close(hpo_study_file *f);
/** State of trial i by name; "torn" where its crc is wrong; a trial that ran
 *  when nothing writes the file any more is interrupted. */
void hpo_study_file_state(const hpo_study_file *f, size_t i, char *text,
                          size_t room);
/** Trials in a state. */
size_t hpo_study_file_count(const hpo_study_file *f, const char *state);
/** Index of the best complete trial, -1: none: the least violation of the
 *  constraints, then the best in objective 0, then the lowest number. */
ptrdiff_t hpo_study_file_best(const hpo_study_file *f);
/** Opens a study file and finds one of its trials, which two words name in
 *  either order; as hpo_study_file_open and hpo_study_file_trial. */
HPO_MUST_USE hpo_status hpo_study_file_open_trial(const char *one,
                                                  const char *other,
                                                  hpo_study_file *f,
                                                  size_t *out, hpo_error *err);
/** A trial by what people write: its number, or best.  HPO_EINVAL: there is
 *  none; HPO_ESTUDY: its row is torn. */
HPO_MUST_USE hpo_status hpo_study_file_trial(const hpo_study_file *f,
                                             const char *word, size_t *out,
                                             hpo_error *err);
/** The value of a line of /study/resolved ("trials", "space.0.low"), with its
 *  escapes taken back; false, and "" in text: there is no such line. */
bool hpo_study_file_setting(const hpo_study_file *f, const char *name,
                            char *text, size_t room);
/** Whether trial i has a stored model. */
bool hpo_study_file_has_model(const hpo_study_file *f, size_t i);
/** Its bytes, added to out, and their format.  HPO_EINVAL: it has none;
 *  HPO_ESTUDY: they are damaged. */
HPO_MUST_USE hpo_status hpo_study_file_model(const hpo_study_file *f, size_t i,
                                             hpo_buffer *out, char *format,
                                             size_t room, hpo_error *err);
/** The model that row i of a record names by model_offset, model_length,
 *  model_crc and model_format: of /trials or of /refits. */
HPO_MUST_USE hpo_status hpo_study_file_bytes(const hpo_study_file *f,
                                             const hpo_record *rows, size_t i,
                                             hpo_buffer *out, char *format,
                                             size_t room, hpo_error *err);
/** Name of the column with objective 0: "value" or "value.0". */
const char *hpo_study_file_value(const hpo_study_file *f);

/** What complete trial i came to; false: it is not complete. */
bool hpo_study_file_outcome(const hpo_study_file *f, size_t i,
                            hpo_outcome *out);
/** Whether a is better than b: less violation of the constraints, or as much
 *  and less loss in objective 0. */
bool hpo_study_file_beats(const hpo_outcome *a, const hpo_outcome *b);

/** The trials that no other dominates. */
typedef struct hpo_study_front {
  size_t *row; /* [n] ascending */
  size_t n;
  bool is_feasible;   /* they keep to the constraints; what follows is only
                         then there */
  double hypervolume; /* between the front and the reference */
  double reference[HPO_PLAN_OBJECTIVES]; /* [n_objective] in the units of the
                                            objectives: as the study has it,
                                            or the worst value of all
                                            feasible complete trials */
} hpo_study_front;
HPO_MUST_USE hpo_status hpo_study_front_make(const hpo_study_file *f,
                                             hpo_study_front *out,
                                             hpo_error *err);
void hpo_study_front_free(hpo_study_front *f);
/** "5 trials, hypervolume 3.1 (reference rmse 2, train_seconds 8)". */
void hpo_study_front_format(const hpo_study_file *f,
                            const hpo_study_front *front, char *text,
                            size_t room);

/** A condition on columns, in MLflow's words:
 *  `metrics.roc_auc > 0.9 and params.max_depth < 8 and state = "complete"`.
 *  Operators = != < <= > >= like; and, or, not, parentheses; numbers and
 *  quoted texts; names with odd characters in backquotes. */
typedef struct hpo_filter hpo_filter;
/** HPO_EINVAL: the sentence points at the column of the fault; an unknown
 *  name gets the nearest right one. */
HPO_MUST_USE hpo_status hpo_filter_create(const char *text,
                                          const hpo_record *columns,
                                          hpo_filter **out, hpo_error *err);
void hpo_filter_destroy(hpo_filter *f);
/** Whether row i fulfils it; a comparison with NaN, an inactive
 *  parameter or a tag that the trial has not is false. */
bool hpo_filter_match(const hpo_filter *f, const hpo_record *columns,
                      size_t i);

typedef enum hpo_table_format {
  HPO_FORMAT_TABLE,
  HPO_FORMAT_CSV,
  HPO_FORMAT_JSON
} hpo_table_format;

/** The format of a name; NULL: a table.  HPO_EINVAL: which are allowed. */
HPO_MUST_USE hpo_status hpo_table_format_find(const char *name,
                                              hpo_table_format *out,
                                              hpo_error *err);

/** Item i of a field as people read it: times as dates, short numbers; ""
 *  where there is none (NaN, -1 of an enum).  full: all digits. */
void hpo_report_cell(const hpo_field *f, size_t i, bool full, char *text,
                     size_t room);

/** Writes rows row[0..n-1] of a record in columns, only the named columns,
 *  into text: aligned, RFC 4180 with a header, or an array of objects. */
HPO_MUST_USE hpo_status hpo_report_rows(const hpo_record *columns,
                                        const hpo_names *names,
                                        const size_t *row, size_t n,
                                        hpo_table_format format,
                                        hpo_buffer *out, hpo_error *err);
/** Sorts row numbers by a column, choices by their places in the study file;
 *  "-name" or descending: reversed; rows without a value last; ties by
 *  number. HPO_EINVAL: unknown column.
 *  \param [in] before [rows of columns] rows with less of this number stand
 *              before all others, INFINITY: last; no NaN; NULL: none */
HPO_MUST_USE hpo_status hpo_report_sort(const hpo_record *columns,
                                        const double *before, const char *by,
                                        bool descending, size_t *row, size_t n,
                                        hpo_error *err);
/** The field of a column, or HPO_EINVAL with the nearest name. */
HPO_MUST_USE hpo_status hpo_report_find(const hpo_record *columns,
                                        const char *name,
                                        const hpo_field **out, hpo_error *err);

/** The study as one self-contained HTML page (UTF-8): charts drawn by its
 *  own script from data within it; nothing is fetched.  At most 1,000 trials
 *  and 150 curves are drawn, which the page says.
 *  \param [in] version of the program that makes the page */
HPO_MUST_USE hpo_status hpo_report_page(const hpo_study_file *f,
                                        const char *version, hpo_buffer *out,
                                        hpo_error *err);

/** The last row of /winner; NULL: none, as in files of earlier versions. */
HPO_MUST_USE hpo_status hpo_winner_read(hpo_store *store, hpo_record **out,
                                        hpo_error *err);
/** What the file says of its winner, in lines for people; nothing where it
 *  has none. */
HPO_MUST_USE hpo_status hpo_winner_text(hpo_store *store, hpo_buffer *out,
                                        hpo_error *err);

#endif
