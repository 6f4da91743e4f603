/* SPDX-License-Identifier: BSD-3-Clause */
/** \file store.h
 *  The study file: tables of rows and runs of bytes in one HDF5 file, that
 *  survives a kill at any instant and can be read while it is written.
 *
 *  The store knows records, not trials: the tables are declared by layout.h
 *  and created all at once; afterwards rows are appended or overwritten in
 *  place (SWMR allows nothing else).
 *
 *      create --> (writing) --append/put/flush--> close
 *      open_write (after a close or a kill) --> (writing)
 *      open_read (any time, also while it is written)
 *
 *  1. Rows that were appended or put are in the file after a flush of their
 *     table; a kill before may lose them, and may tear a row that is put.
 *  2. The writer flushes what rows point at before the rows; a reader looks
 *     at the rows first (hpo_store_rows, hpo_store_read).
 *  3. After a write that failed nothing more is written (HPO_EIO): what was
 *     flushed before stays, as after a kill.
 *  4. A process that writes a file does not open it for reading too, and
 *     does not fork a child that uses it.
 */
#ifndef HPO_STORE_H
#define HPO_STORE_H

#include "hpo/record.h"
#include "hpo/status.h"

#define HPO_STORE_FORMAT "hpotune-study" /* root attribute `format` */
#define HPO_STORE_VERSION 1 /* highest `format_version` that is known */

typedef struct hpo_store hpo_store;

/** A table to be made: rows of record `row`, or bytes where row is NULL. */
typedef struct hpo_store_table {
  const char *path;        /* "/trials" */
  const hpo_record *row;   /* prototype: one item per field; names, types,
                              units, descriptions count; borrowed */
  size_t chunk;            /* rows (or bytes) per chunk; up to a quarter
                              more are taken where that fills pages */
  bool crc;                /* rows end with a uint32 column "crc": CRC-32 of
                              the row's other bytes as stored */
  const char *description; /* attribute of the dataset */
} hpo_store_table;

/** A record that is written once at creation: every field a dataset
 *  PATH/name with attributes units and description. */
typedef struct hpo_store_facts {
  const char *path; /* "/data" */
  const hpo_record *record;
} hpo_store_facts;

/** Makes PATH: FILE.tmp, all objects, close, rename, open for writing, SWMR.
 *  attributes: one-item fields become attributes of the root.
 *  The lock beside the file is taken first.  HPO_ESTUDY: locked (by whom) or
 *  exists and overwrite is false; HPO_EIO: disk. */
HPO_MUST_USE hpo_status hpo_store_create(
    const char *path, bool overwrite, const hpo_store_table *table,
    size_t n_table, const hpo_store_facts *facts, size_t n_facts,
    const hpo_record *attributes, hpo_store **out, hpo_error *err);
/** Opens an existing file to go on: lock, clear flags, SWMR at once, then
 *  validate. HPO_ESTUDY: locked, damaged, not a study file, other version. */
HPO_MUST_USE hpo_status hpo_store_open_write(const char *path, hpo_store **out,
                                             hpo_error *err);
/** Opens for reading: SWMR if it is being written or was killed, else
 *  plainly; never blocks or changes the file. */
HPO_MUST_USE hpo_status hpo_store_open_read(const char *path, hpo_store **out,
                                            hpo_error *err);
/** Flushes, closes, releases the lock; NULL is a no-op.  A failing last
 *  flush is reported. */
HPO_MUST_USE hpo_status hpo_store_close(hpo_store *s, hpo_error *err);
/** Closes without a word: for error paths. */
void hpo_store_destroy(hpo_store *s);

/** Whether the file has such a table: those of older versions may not. */
bool hpo_store_has(hpo_store *s, const char *path);
/** Rows (or bytes) of a table now; refreshed where a writer is at work. */
HPO_MUST_USE hpo_status hpo_store_rows(hpo_store *s, const char *path,
                                       size_t *out, hpo_error *err);
/** Appends all rows of a record in columns (one row where it is a row).
 *  Fields are matched by name; all of the table's must be there.
 *  \param [out] first number of the first new row; may be NULL */
HPO_MUST_USE hpo_status hpo_store_append(hpo_store *s, const char *path,
                                         const hpo_record *rows, size_t *first,
                                         hpo_error *err);
HPO_MUST_USE hpo_status hpo_store_append_bytes(hpo_store *s, const char *path,
                                               const void *bytes, size_t n,
                                               size_t *first, hpo_error *err);
/** Overwrites row i. */
HPO_MUST_USE hpo_status hpo_store_put(hpo_store *s, const char *path, size_t i,
                                      const hpo_record *row, hpo_error *err);
/** Rows first .. first+n-1 as a record in columns (n = SIZE_MAX: to the
 *  end); columns: only these fields (NULL: all).
 *  \param [out] good [n] 1 where the crc is right; may be NULL; malloc'ed */
HPO_MUST_USE hpo_status hpo_store_read(hpo_store *s, const char *path,
                                       size_t first, size_t n,
                                       const char *const *columns,
                                       size_t n_columns, hpo_record **out,
                                       uint8_t **good, hpo_error *err);
HPO_MUST_USE hpo_status hpo_store_read_bytes(hpo_store *s, const char *path,
                                             size_t first, size_t n, void *to,
                                             hpo_error *err);
/** One of the facts, or a root attribute (path "/"), as a record field. */
HPO_MUST_USE hpo_status hpo_store_read_facts(hpo_store *s, const char *path,
                                             hpo_record **out, hpo_error *err);
/** H5Dflush of the named tables, in this order; the caller flushes curves
 *  and models before the rows that point at them. */
HPO_MUST_USE hpo_status hpo_store_flush(hpo_store *s, const char *const *paths,
                                        size_t n, hpo_error *err);
/** Forces what was flushed to the disk (fdatasync), against power cuts. */
HPO_MUST_USE hpo_status hpo_store_sync(hpo_store *s, hpo_error *err);
/** Whether the file is being written by a live process now (lock is held). */
bool hpo_store_is_live(const hpo_store *s);
/** Whether the file's flags say that a writer has it, or had it when it was
 *  killed: then only readers that ask for SWMR open it. */
bool hpo_store_is_open(const hpo_store *s);

#endif
