/* SPDX-License-Identifier: BSD-3-Clause */
/* The columns of the tables beside /trials, declared once. */
#ifndef HPO_LAYOUT_PRIVATE_H
#define HPO_LAYOUT_PRIVATE_H

#include "hpo/layout.h"

typedef enum hpo_column_kind {
  HPO_COLUMN_WHOLE,  /* int64_t */
  HPO_COLUMN_REAL,   /* double */
  HPO_COLUMN_TEXT,   /* const char *, NULL is "" */
  HPO_COLUMN_CHOICE, /* int: index into words; -1 none */
  HPO_COLUMN_METRIC  /* int: index into the plan's metrics */
} hpo_column_kind;

typedef struct hpo_column {
  const char *name;
  hpo_column_kind kind;
  size_t offset;     /* in the row's struct */
  size_t room;       /* TEXT: bytes */
  const char *words; /* CHOICE: its choices, separated by spaces */
  const char *unit, *description;
} hpo_column;

/** A table of rows whose columns are declared; plain byte runs have no
 *  columns, and neither have /trials and /curves, which make their own. */
typedef struct hpo_table {
  const char *path;
  const hpo_column *column; /* ends with name NULL; NULL: bytes */
  size_t row_size;          /* of the struct */
  size_t chunk;
  bool crc;
  const char *description;
} hpo_table;

/** All tables, /trials and /curves among them; end: path is NULL. */
extern const hpo_table hpo_layout_declared[];

/** The row of a declared table from its struct.  plan may be NULL where no
 *  column is a metric. */
hpo_status hpo_layout_row(const char *path, const void *row,
                          const hpo_plan *plan, hpo_record **out,
                          hpo_error *err);

/** Rows of HPO_TABLE_CONFUSION and HPO_TABLE_ROC. */
typedef struct hpo_layout_cell {
  int64_t trial, model_offset, truth, predicted;
  double weight;
} hpo_layout_cell;

typedef struct hpo_layout_point {
  int64_t trial, model_offset, positive;
  double threshold, true_positives, false_positives;
} hpo_layout_point;

#endif
