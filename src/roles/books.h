/* SPDX-License-Identifier: BSD-3-Clause */
/** \file books.h
 *  The manager's pen: what sched wants written becomes rows of the study
 *  file, committed in batches.
 *
 *      add, decide --> (batch) --commit--> on disk --clear--> (empty)
 *
 *  1. A commit appends the curves and models of the whole batch and flushes
 *     them before it writes the rows that point at them and flushes those:
 *     two flushes, however large the batch.
 *  2. Row n of /trials is trial n; new rows come without gaps.
 *  3. A row that is final is never written again.
 *  4. The row of a paused trial is overwritten only after its new image, with
 *     a CRC, stands in /decision_images and is flushed.
 *  5. A batch without final trials is not flushed at once: running rows may
 *     be lost, they are run again.
 */
#ifndef ROLES_BOOKS_H
#define ROLES_BOOKS_H

#include "hpo/layout.h"
#include "hpo/ledger.h"
#include "hpo/mem.h"
#include "hpo/sched.h"
#include "hpo/store.h"
#include "roles/books_pareto.h"

typedef struct hpo_books_entry {
  hpo_trial *trial; /* as it will stand in its row; owned */
  hpo_buffer model;
  hpo_tally tally;   /* of the model's predictions */
  hpo_buffer output; /* what the trial printed */
} hpo_books_entry;

/** What the file holds of a trial. */
typedef struct hpo_books_row {
  bool is_final, is_paused;
  int64_t curve_offset, curve_length; /* of its curve so far */
} hpo_books_row;

typedef struct hpo_books {
  const hpo_plan *plan;
  hpo_store *store;
  int64_t refit_rows;     /* that every stored model was trained on, once its
                             trial was done; 0: models are the trials' own */
  bool has_tallies;       /* the file has tables for them */
  bool has_artifacts;     /* likewise */
  double sync_seconds;    /* fdatasync at most every so many; 0: never */
  hpo_books_entry *entry; /* [n] the batch, in order of its writes */
  size_t n, room;
  size_t rows;        /* of /trials in the file */
  hpo_books_row *row; /* [rows] */
  size_t row_room;
  hpo_layout_decision *waiting; /* [n_waiting] promotions whose image is made
                                   with the batch */
  size_t n_waiting, waiting_room;
  hpo_books_pareto pareto;
  bool has_decisions;     /* appended since the last flush of them */
  bool has_outputs;       /* likewise */
  bool is_dirty;          /* rows written, not flushed */
  bool is_unsynced;       /* flushed, not on the disk's plate */
  double flushed, synced; /* when, monotonic seconds */
} hpo_books;

/** ledger: as the file holds it. */
HPO_MUST_USE hpo_status hpo_books_start(hpo_books *b, const hpo_plan *plan,
                                        hpo_store *store,
                                        const hpo_ledger *ledger,
                                        double sync_seconds, hpo_error *err);
void hpo_books_free(hpo_books *b);
/** A trial as it stands now, by a WRITE; takes its model, tally and output.  A
 *  running trial's start is now. */
HPO_MUST_USE hpo_status hpo_books_add(hpo_books *b, hpo_action *write,
                                      hpo_error *err);
/** A line for /decisions. */
HPO_MUST_USE hpo_status hpo_books_decide(hpo_books *b, const hpo_action *a,
                                         hpo_error *err);
/** Writes the batch; afterwards the entries are as in the file. */
HPO_MUST_USE hpo_status hpo_books_commit(hpo_books *b, hpo_error *err);
void hpo_books_clear(hpo_books *b);
/** Flushes what waits for longer than a second, fdatasync when it is due;
 *  now: both at once. */
HPO_MUST_USE hpo_status hpo_books_tick(hpo_books *b, bool now, hpo_error *err);

#endif
