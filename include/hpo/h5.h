/* SPDX-License-Identifier: BSD-3-Clause */
/** \file h5.h
 *  The only HDF5 calls: one file with growing tables, fixed arrays and root
 *  attributes, that survives a kill of its writer at any instant.
 *
 *      create --add_attribute/add_array/add_table--> close   (a plain file)
 *      open(WRITE) --append/put/flush--> close               (SWMR writer)
 *      open(READ) --rows/read--> close                       (any time)
 *
 *  1. Every object and attribute is made between create and close; after
 *     open(WRITE) tables only grow or are overwritten in place.
 *  2. open(WRITE) sets the file's flags to "SWMR writer" in one write, so
 *     readers with swmr=True may come at any instant, also after a kill.
 *  3. After a write that failed nothing more is written, as if the process
 *     had been killed there: what was flushed before stays readable.
 *
 *  Rows are bytes as they stand in the file: packed, little-endian.
 *  Strings and data in hpo_h5_column and hpo_h5_array are borrowed on the
 *  way in and owned by the struct on the way out.
 */
#ifndef HPO_H5_H
#define HPO_H5_H

#include "hpo/status.h"

typedef enum hpo_h5_kind {
  HPO_H5_I64,
  HPO_H5_F64,
  HPO_H5_F32,
  HPO_H5_I32,
  HPO_H5_U8,
  HPO_H5_U32,
  HPO_H5_ENUM, /* int32 with named values: -1 none, 0.. choice */
  HPO_H5_TEXT  /* width bytes of UTF-8, padded with NULs */
} hpo_h5_kind;

/** What an item is: a column of a table, an array or an attribute. */
typedef struct hpo_h5_column {
  char *name; /* of an array: its path, "/data/cuts" */
  char *unit, *description;
  hpo_h5_kind kind;
  size_t width;  /* bytes of an item; counts on the way in for TEXT only */
  char *none;    /* ENUM: name of the value -1 */
  char **choice; /* [n_choice] ENUM: names of 0.. */
  size_t n_choice;
} hpo_h5_column;
void hpo_h5_column_free(hpo_h5_column *c);
/** Bytes of one item. */
size_t hpo_h5_width(const hpo_h5_column *c);
/** Turns rows from the machine's byte order to little-endian or back, in
 *  place; does nothing on a little-endian machine. */
void hpo_h5_swap(const hpo_h5_column *column, size_t n_column, void *rows,
                 size_t n);

/** An array with what it is. */
typedef struct hpo_h5_array {
  hpo_h5_column about;
  size_t n_shape; /* 0 (one item), 1 or 2 */
  size_t shape[2];
  void *data; /* row-major, in the machine's byte order */
} hpo_h5_array;
void hpo_h5_array_free(hpo_h5_array *a);
/** Items of it. */
size_t hpo_h5_items(const hpo_h5_array *a);
/** For each array or attribute: returns HPO_OK to go on.  May take strings
 *  and data by setting them to NULL. */
typedef hpo_status hpo_h5_visit(void *context, hpo_h5_array *a,
                                hpo_error *err);

/** An open file; it owns its tables. */
typedef struct hpo_h5 hpo_h5;
typedef struct hpo_h5_table hpo_h5_table;

/** A new file, in place of one that is there, to be filled and closed. */
HPO_MUST_USE hpo_status hpo_h5_create(const char *path, hpo_h5 **out,
                                      hpo_error *err);
/** Opens an existing file: as its one writer (the caller holds the lock), or
 *  for reading, which never changes it nor waits for its writer.
 *  \return HPO_ESTUDY: missing, no HDF5 file, damaged */
HPO_MUST_USE hpo_status hpo_h5_open(const char *path, bool write, hpo_h5 **out,
                                    hpo_error *err);
/** Flushes and closes; frees f whatever happens.  HPO_EIO: a write failed
 *  now or before. NULL is a no-op. */
HPO_MUST_USE hpo_status hpo_h5_close(hpo_h5 *f, hpo_error *err);
/** Forces what was flushed to the disk (fdatasync). */
HPO_MUST_USE hpo_status hpo_h5_sync(hpo_h5 *f, hpo_error *err);
/** Whether the file's flags say that it has a SWMR writer, or had one that
 *  was killed. */
bool hpo_h5_is_swmr(const hpo_h5 *f);

/** New empty table; groups on the way to it are made.
 *  Attributes: description; units and column_descriptions, one text per
 *  column.
 *  \param [in] column [n_column] of a row in order; n_column = 0: a row is
 *                     one byte
 *  \param [in] chunk  rows per chunk; up to a quarter more are taken to fill
 *                     whole pages
 *  \return HPO_EINVAL: too many columns or choices for HDF5; HPO_EIO */
HPO_MUST_USE hpo_status hpo_h5_add_table(hpo_h5 *f, const char *path,
                                         const hpo_h5_column *column,
                                         size_t n_column, size_t chunk,
                                         const char *description,
                                         hpo_error *err);
/** New dataset a->about.name with attributes units, description and crc
 *  (CRC-32 of its bytes as stored). */
HPO_MUST_USE hpo_status hpo_h5_add_array(hpo_h5 *f, const hpo_h5_array *a,
                                         hpo_error *err);
/** New attribute of the root (n_shape 0 or 1). */
HPO_MUST_USE hpo_status hpo_h5_add_attribute(hpo_h5 *f, const hpo_h5_array *a,
                                             hpo_error *err);

/** A text among the attributes of the root, "" where there is none; works
 *  on any HDF5 file. */
HPO_MUST_USE hpo_status hpo_h5_read_text(hpo_h5 *f, const char *name,
                                         char **out, hpo_error *err);
/** The arrays of a group in order of creation; tables and groups in it are
 *  passed over. */
HPO_MUST_USE hpo_status hpo_h5_visit_arrays(hpo_h5 *f, const char *group,
                                            hpo_h5_visit *visit, void *context,
                                            hpo_error *err);
/** The attributes of the root in order of creation. */
HPO_MUST_USE hpo_status hpo_h5_visit_attributes(hpo_h5 *f, hpo_h5_visit *visit,
                                                void *context, hpo_error *err);

/** The table at path, opened once and kept until the file is closed. */
HPO_MUST_USE hpo_status hpo_h5_find_table(hpo_h5 *f, const char *path,
                                          hpo_h5_table **out, hpo_error *err);
/** Its columns as the file has them; none: its rows are bytes. */
const hpo_h5_column *hpo_h5_table_columns(const hpo_h5_table *t, size_t *n);
/** Bytes of a row. */
size_t hpo_h5_table_width(const hpo_h5_table *t);
/** Rows now; looks again at the file where another process writes it. */
HPO_MUST_USE hpo_status hpo_h5_table_rows(hpo_h5_table *t, size_t *out,
                                          hpo_error *err);
/** Appends n rows. \param [out] first number of the first; may be NULL */
HPO_MUST_USE hpo_status hpo_h5_table_append(hpo_h5_table *t, const void *rows,
                                            size_t n, size_t *first,
                                            hpo_error *err);
/** Overwrites row i. */
HPO_MUST_USE hpo_status hpo_h5_table_put(hpo_h5_table *t, size_t i,
                                         const void *row, hpo_error *err);
/** Rows first .. first+n-1, which must be there. */
HPO_MUST_USE hpo_status hpo_h5_table_read(hpo_h5_table *t, size_t first,
                                          size_t n, void *to, hpo_error *err);
/** Hands what was appended and put to the operating system, in an order that
 *  a kill cannot turn into a damaged file. */
HPO_MUST_USE hpo_status hpo_h5_table_flush(hpo_h5_table *t, hpo_error *err);

/** "1.10.8": of the library that runs. \param [out] to [32] */
char *hpo_h5_version(char *to);

#endif
