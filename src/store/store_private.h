/* SPDX-License-Identifier: BSD-3-Clause */
/** \file store_private.h
 *  An open study file, as the files of this wing share it.
 */
#ifndef HPO_STORE_PRIVATE_H
#define HPO_STORE_PRIVATE_H

#include "hpo/file.h"
#include "hpo/h5.h"
#include "hpo/store.h"

/** A table as the file has it, with room to pack rows in. */
typedef struct store_table {
  char *path;
  hpo_h5_table *h5;            /* the file's */
  const hpo_h5_column *column; /* [n_column] borrowed from h5 */
  size_t n_column;             /* 0: bytes; without crc */
  size_t *offset;              /* [n_column] of each column in a row */
  size_t width;                /* bytes of a row, crc included */
  bool crc;                    /* rows end with their CRC-32 */
  size_t seen;                 /* rows when last looked at */
  uint8_t *row;                /* [room] */
  size_t room;
} store_table;

struct hpo_store {
  char *path;
  hpo_lock *lock; /* of the writer; NULL when reading */
  hpo_h5 *file;
  store_table **table; /* [n_table] used so far */
  size_t n_table, table_room;
};

/** The table at path. */
hpo_status store_table_find(hpo_store *s, const char *path, store_table **out,
                            hpo_error *err);
/** The same; HPO_EBUG unless it holds bytes, or rows, as wanted. */
hpo_status store_table_of(hpo_store *s, const char *path, bool bytes,
                          store_table **out, hpo_error *err);
/** Looks how many rows there are now. */
hpo_status store_table_look(store_table *t, hpo_error *err);
void store_table_free(store_table *t);

/** n items of the given width from one stride to another; common widths go
 *  by moves of a constant size. */
void store_copy_items(uint8_t *to, size_t to_step, const uint8_t *from,
                      size_t from_step, size_t width, size_t n);
/** The CRC-32 of a row's other bytes, little-endian. */
void store_row_crc(const store_table *t, const uint8_t *row, uint8_t to[4]);

/** Makes the table that a record declares. */
hpo_status store_table_add(hpo_h5 *file, const hpo_store_table *table,
                           hpo_error *err);
/** Writes the fields of a record as arrays PATH/name, or as attributes of
 *  the root. */
hpo_status store_facts_add(hpo_h5 *file, const char *path,
                           const hpo_record *record, hpo_error *err);
hpo_status store_attributes_add(hpo_h5 *file, const hpo_record *record,
                                hpo_error *err);

/** What a field is, in terms of the file; strings are borrowed from f. */
hpo_h5_column store_column(const hpo_field *f);
/** An empty field of n items like a column, at the end of r. */
hpo_status store_add_field(hpo_record *r, const hpo_h5_column *c, size_t n,
                           hpo_error *err);

#endif
