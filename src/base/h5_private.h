/* SPDX-License-Identifier: BSD-3-Clause */
/** \file h5_private.h
 *  What the h5*.c files share; the only header that includes hdf5.h.
 */
#ifndef HPO_BASE_H5_PRIVATE_H
#define HPO_BASE_H5_PRIVATE_H

#include "hpo/h5.h"

#define H5_USE_110_API /* the same calls from 1.10 to 1.14 */
#include <hdf5.h>

/* A kill can end a write between two pages of memory.  A block of the index
 * or a header that lies within one page is therefore written whole or not at
 * all; torn, its checksum would be wrong and the table lost. */
#define PAGE ((size_t)4096)

struct hpo_h5_table {
  hpo_h5 *file; /* whose it is */
  char *path;
  hid_t id, type; /* data set; its rows as they stand in the file */
  hpo_h5_column *column;
  size_t n_column;     /* 0: bytes */
  size_t width;        /* bytes of a row */
  size_t chunk;        /* rows of a chunk */
  hsize_t rows;        /* as last seen or written */
  hsize_t extent;      /* rows that HDF5 knows of, at most `rows` */
  uint8_t *image;      /* [chunk * width] the chunk at work; NULL: none yet */
  hsize_t image_chunk; /* its number */
  bool dirty;          /* the file's chunk is not yet like the image */
};

struct hpo_h5 {
  hid_t id;
  char *path;
  bool write, swmr;
  bool failed; /* a write failed: nothing more is written (h5.h, 3.) */
  hpo_h5_table **table; /* [n_table] opened so far */
  size_t n_table, room;
};

/** HDF5 prints nothing and does nothing at exit. */
void hpo_h5_quiet(void);
/** A sentence from fmt, a colon, and the reason that HDF5 gives. */
hpo_status hpo_h5_fail(hpo_error *err, hpo_status code, const char *fmt, ...)
    HPO_PRINTF(3, 4);

/** Closes an object of any kind, if there is one.  Every call clears HDF5's
 *  stack of errors, so after a failed one (good = false) it is put back. */
void hpo_h5_drop(hid_t id, bool good);

/** Types of the file; < 0 where HDF5 refuses. The caller closes them. */
hid_t hpo_h5_type_make(const hpo_h5_column *c);
hid_t hpo_h5_type_make_row(const hpo_h5_column *column, size_t n);
/** Bytes that the type of a row takes in the file, from above. */
size_t hpo_h5_type_bytes(const hpo_h5_column *column, size_t n);
/** kind, width, none and choices of c from a type of the file. */
hpo_status hpo_h5_type_read(hid_t type, hpo_h5_column *c, hpo_error *err);
/** The columns of a compound type, without units and descriptions. */
hpo_status hpo_h5_type_read_row(hid_t type, hpo_h5_column **column, size_t *n,
                                hpo_error *err);

/** An attribute of n texts (n = 0: one text) at an object. */
hpo_status hpo_h5_text_add(hid_t object, const char *name,
                           const char *const *text, size_t n, hpo_error *err);
/** An attribute of an object, as stored; no items where there is none. */
hpo_status hpo_h5_attribute_read(hid_t object, const char *name,
                                 hpo_h5_array *out, hpo_error *err);
/** Text i of an array, "" where there is none. */
hpo_status hpo_h5_text_get(const hpo_h5_array *a, size_t i, char **out,
                           hpo_error *err);
/** Makes the groups on the way to path. */
hpo_status hpo_h5_add_groups(hpo_h5 *f, const char *path, hpo_error *err);
/** Properties of a link with an UTF-8 name. */
hid_t hpo_h5_link_list(void);

/** Looks how many rows there are. */
hpo_status hpo_h5_table_look(hpo_h5_table *t, hpo_error *err);
/** Hands all rows to HDF5. */
hpo_status hpo_h5_table_settle(hpo_h5_table *t, hpo_error *err);
/** Closes a table; keep: leaves its HDF5 objects as they are. */
void hpo_h5_table_free(hpo_h5_table *t, bool keep);

#endif
