/* SPDX-License-Identifier: BSD-3-Clause */
/** \file csv.h
 *  Text with fields between delimiters, read in blocks: the lexer.  Private
 *  to data/.
 *
 *  The bytes from the start of a record on are always in memory.  A record
 *  that runs over the end of what was read is given up (HPO_CSV_MORE), more
 *  is read (hpo_csv_more), and it is read again from its start.
 */
#ifndef HPO_DATA_CSV_H
#define HPO_DATA_CSV_H

#include "hpo/file.h"
#include "hpo/status.h"

typedef struct hpo_csv {
  const char *path; /* borrowed */
  hpo_file *file;
  hpo_digest *hash; /* borrowed; takes all bytes as read; may be NULL */
  char *byte;       /* [end], then a NUL and HPO_NUMBER_SLACK bytes; the
                       last one of the file ends a line */
  uint64_t base;    /* where in the file byte[0] stands */
  size_t at;        /* start of the next record */
  size_t end, room;
  bool is_all;         /* the rest of the file is in memory */
  char delimiter;      /* ',' ';' or tab */
  hpo_row line;        /* of the next record, from 1 */
  hpo_buffer unquoted; /* a field whose doubled quotes were undone */
} hpo_csv;

typedef enum hpo_csv_token {
  HPO_CSV_FIELD,
  HPO_CSV_MORE,    /* runs over the end of what is in memory */
  HPO_CSV_NUL,     /* a NUL byte */
  HPO_CSV_TRAILING /* text after a closing quote */
} hpo_csv_token;

typedef struct hpo_csv_field {
  const char *text; /* [n] without quotes and outer blanks; the byte after it
                       is no part of a number */
  size_t n;
  hpo_row lines;    /* line ends inside quotes */
  const char *next; /* the delimiter or line end after it */
} hpo_csv_field;

/** Opens and reads the first block; skips a byte order mark.
 *  \return HPO_OK; HPO_EDATA; HPO_EIO; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_csv_open(hpo_csv *c, const char *path,
                                     hpo_digest *hash, hpo_error *err);
HPO_MUST_USE hpo_status hpo_csv_more(hpo_csv *c, hpo_error *err);
/** Goes to the first record that begins after the line that holds the byte
 *  before `from`, 1 or more, in a file that is not packed; right where that
 *  line does not end inside quotes.  Lines are then counted from there. */
HPO_MUST_USE hpo_status hpo_csv_seek(hpo_csv *c, uint64_t from,
                                     hpo_error *err);
/** Where in the file the next record begins. */
static inline uint64_t hpo_csv_at(const hpo_csv *c) { return c->base + c->at; }
void hpo_csv_close(hpo_csv *c);

/** Skips blank lines.  HPO_CSV_MORE: then nothing is left in memory. */
hpo_csv_token hpo_csv_skip_blank(hpo_csv *c);

/** The field that begins at p.  HPO_EMEM comes as status. */
HPO_MUST_USE hpo_status hpo_csv_get(hpo_csv *c, const char *p,
                                    hpo_csv_token *token, hpo_csv_field *out,
                                    hpo_error *err);

/** p stands after a field: where the next record begins, or NULL: it has to
 *  be seen first whether LF follows CR. */
const char *hpo_csv_line_end(const hpo_csv *c, const char *p);

/** The sentence for a token that is no field; HPO_EDATA. */
hpo_status hpo_csv_refuse(const hpo_csv *c, hpo_csv_token token, hpo_row line,
                          hpo_error *err);

#endif
