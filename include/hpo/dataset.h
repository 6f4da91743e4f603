/* SPDX-License-Identifier: BSD-3-Clause */
/** \file dataset.h
 *  The rows that a study trains and validates on.
 *
 *  Collective over a node: the node's leader reads the files, agrees the
 *  column types, categories and classes (sorted, never first seen), splits
 *  the rows and shares the result; the others attach.  If the leader fails,
 *  every rank returns its status and its sentence.
 *  Row ids are global and count from 0 over all <train> files in order, then
 *  the <validation> file.  What files may hold: docs/data.md.
 */
#ifndef HPO_DATASET_H
#define HPO_DATASET_H

#include "hpo/coll.h"
#include "hpo/plan.h"
#include "hpo/record.h"
#include "hpo/status.h"

typedef enum hpo_role {
  HPO_ROLE_TRAIN = 0,
  HPO_ROLE_VALID = 1,
  HPO_ROLE_TEST = 2
} hpo_role;

typedef struct hpo_column {
  char *name;
  bool categorical; /* x holds the index into category */
  bool onehot;      /* <categorical encode="onehot"> names it */
  char **category;  /* [n_category] sorted by name */
  size_t n_category;
  hpo_row missing; /* missing values in all rows */
  char *doubt;     /* on a rank that read the files: a sentence, if its texts
                      are likelier a slip among numbers; else NULL */
} hpo_column;

/** Rows of one fold, or of the one split; borrowed. */
typedef struct hpo_fold {
  const hpo_row *train; /* [n_train] ids in ascending order */
  const hpo_row *valid; /* [n_valid] likewise */
  hpo_row n_train, n_valid;
} hpo_fold;

typedef struct hpo_dataset {
  hpo_task task;
  hpo_row rows;       /* all roles together */
  size_t columns;     /* features: without label, weight, ignored */
  hpo_column *column; /* [columns] */
  char *label_name;
  size_t n_class;      /* binary 2, multiclass K, regression 0 */
  char **class_name;   /* [n_class] in order of class index */
  char hash[65];       /* SHA-256 of what was read: hex */
  int index_base;      /* LIBSVM: features count from 0 or 1; else -1 */
  bool absent_is_zero; /* LIBSVM: NaN in x is an entry that is not there:
                          missing for gbt, 0 for linear models */
  /* shared by the node's ranks, read-only: */
  const double *y;      /* [rows] class index, or the target */
  const double *weight; /* [rows] or NULL: all 1 */
  const uint8_t *role;  /* [rows] hpo_role */
  const float *x;       /* [columns][rows] column-major, NaN missing; NULL
                           after hpo_dataset_drop_x */
  bool x_is_spare;      /* false; set by d's owner if nobody but trials wants
                           x any more */
  const hpo_row *train; /* [n_train] ids in ascending order */
  const hpo_row *valid; /* [n_valid] */
  hpo_row n_train, n_valid;
  size_t n_fold;        /* 0: a single split.  With folds all rows but the
                           test's stand in train, none in valid */
  bool in_time;         /* a fold trains on the rows of earlier folds alone */
  const uint8_t *fold;  /* [rows] fold in which a row validates, from 1; 0:
                           in none; NULL without folds */
  hpo_fold *part;       /* [n_fold]; owned */
  bool is_shared;       /* false: private copies (small /dev/shm) */
  hpo_shared *node;     /* borrowed, or `own` */
  const hpo_coll *team; /* NULL: every row is here; else (borrowed)
                           the ranks that hold a part each */
  hpo_row first, end;   /* of the rows that are here */
  hpo_row train_first, train_end; /* of the places in train ... */
  hpo_row valid_first, valid_end; /* and valid that are here */
  hpo_shared own;                 /* sparse memory of a part */
  void *block;                    /* what backs the pointers above */
} hpo_dataset;

/** Reads, splits, shares. Collective over node (borrowed, must outlive).
 *  \return HPO_OK; HPO_EDATA: file, line, column, what was found, what is
 *  allowed; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_dataset_load(const hpo_plan *plan,
                                         hpo_shared *node, hpo_dataset **out,
                                         hpo_error *err);
/** Reads only this rank's rows, of a team that holds the data together: whole
 *  stretches of HPO_SHARD_BLOCK rows by global id, in rank order; a rank may
 *  have none.  Everything but the rows is the same as after
 *  hpo_dataset_load, hash and row ids included.  The arrays have a place for
 *  each row of the whole, which takes memory only where it is filled:
 *  other ranks' rows must not be read.  Collective over the team (borrowed,
 *  must outlive); all ranks return the status and sentence of the first
 *  that failed.  Folds are not built yet. */
HPO_MUST_USE hpo_status hpo_dataset_load_part(const hpo_plan *plan,
                                              const hpo_coll *team,
                                              hpo_dataset **out,
                                              hpo_error *err);
/** Numbers that a model predicts for a row: with task multiclass one for each
 *  class, be they two; else 1. */
size_t hpo_dataset_outputs(const hpo_dataset *d);
/** The rows that this rank holds: all of them unless d has a team. */
void hpo_dataset_held(const hpo_dataset *d, hpo_row *first, hpo_row *end);

/** Rows that are never parted: HPO_DESIGN_BLOCK, by which linear models
 *  sum. */
enum { HPO_SHARD_BLOCK = 512 };

/** The rows of fold f from 0; without folds those of the split. */
hpo_fold hpo_dataset_fold(const hpo_dataset *d, size_t f);
/** Collective over the node. */
void hpo_dataset_destroy(hpo_dataset *d);
/** Gives the float32 values back once every matrix is binned. Collective. */
void hpo_dataset_drop_x(hpo_dataset *d);
/** What h5py users find under /data: rows, columns, names, types,
 *  categories, classes, sha256, role of each row.  Collective over d's team
 *  where it has one: then the record is whole on the team's rank 0 alone. */
HPO_MUST_USE hpo_status hpo_dataset_record(const hpo_dataset *d,
                                           hpo_record **out, hpo_error *err);
/** The facts alone, from such a record: task, columns with their categories,
 *  label, classes; no rows.  HPO_ESTUDY: it is not one of a data set. */
HPO_MUST_USE hpo_status hpo_dataset_from_record(const hpo_record *r,
                                                hpo_dataset **out,
                                                hpo_error *err);

#endif
