/* SPDX-License-Identifier: BSD-3-Clause */
/** \file table_writer.h
 *  Results to a file or standard output, in pieces: a file appears under its
 *  name when it is complete.
 */
#ifndef CMD_TABLE_WRITER_H
#define CMD_TABLE_WRITER_H

#include "hpo/mem.h"
#include "hpo/status.h"

#include <stdio.h>

typedef struct hpo_sink { /* `hpo_sink s = {0}` */
  FILE *stream;
  char *path, *part; /* NULL: standard output */
} hpo_sink;

/** What stands behind the last dot of the file's name; "": it has none. */
const char *hpo_sink_suffix(const char *path);
/** path "-": standard output. HPO_EIO: it can't be made. */
HPO_MUST_USE hpo_status hpo_sink_open(hpo_sink *s, const char *path,
                                      hpo_error *err);
/** Writes the buffer and empties it. */
HPO_MUST_USE hpo_status hpo_sink_write(hpo_sink *s, hpo_buffer *b,
                                       hpo_error *err);
/** Writes n bytes. */
HPO_MUST_USE hpo_status hpo_sink_put(hpo_sink *s, const void *bytes, size_t n,
                                     hpo_error *err);
/** Complete: the file gets its name. */
HPO_MUST_USE hpo_status hpo_sink_finish(hpo_sink *s, hpo_error *err);
/** What is not finished goes. */
void hpo_sink_close(hpo_sink *s);

/** x with so many digits behind the point, 0 to 6, |x| < 1e9. */
HPO_MUST_USE hpo_status hpo_put_fixed(hpo_buffer *b, double x, int decimals,
                                      hpo_error *err);
/** A CSV field, quoted where it must be. */
HPO_MUST_USE hpo_status hpo_put_csv(hpo_buffer *b, const char *text,
                                    hpo_error *err);
/** The head of a .npy file (version 1) of little-endian float64
 *  [rows][columns] in C order; columns 0: one dimension. */
HPO_MUST_USE hpo_status hpo_put_npy_head(hpo_buffer *b, hpo_row rows,
                                         size_t columns, hpo_error *err);
/** A value of such a file. */
HPO_MUST_USE hpo_status hpo_put_npy_value(hpo_buffer *b, double x,
                                          hpo_error *err);

#endif
