/* SPDX-License-Identifier: BSD-3-Clause */
/** \file flat.h
 *  Files that are a head and then numbers of one type: NPY, IDX.  Private to
 *  data/.
 *
 *  C order is streamed; Fortran order is held in memory from the first row
 *  to the last.
 */
#ifndef HPO_DATA_FLAT_H
#define HPO_DATA_FLAT_H

#include "npy_head.h"
#include "source.h"

typedef struct hpo_flat {
  const char *path; /* borrowed */
  hpo_digest *hash; /* borrowed */
  hpo_file *file;
  hpo_npy_head head;
  hpo_buffer body; /* Fortran: everything; C: the rows being read */
  size_t next;     /* row that the file stands at (C) */
} hpo_flat;

/** Reads what stands before the numbers with hpo_flat_get into f->head. */
typedef hpo_status hpo_flat_head(hpo_flat *f, hpo_error *err);

/** n more bytes of the file, instead of what f->body holds; it grows only as
 *  bytes come, whatever the head says.
 *  \return HPO_OK; HPO_EDATA: cut short; HPO_EIO; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_flat_get(hpo_flat *f, size_t n, hpo_error *err);

/** What hpo_array_format's functions of these names do. */
HPO_MUST_USE hpo_status hpo_flat_open(const char *path, hpo_flat_head *head,
                                      hpo_digest *hash, hpo_array_facts *facts,
                                      void **out, hpo_error *err);
HPO_MUST_USE hpo_status hpo_flat_read(void *state, hpo_row first, hpo_row n,
                                      double *to, hpo_error *err);
void hpo_flat_close(void *state);

#endif
