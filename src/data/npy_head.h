/* SPDX-License-Identifier: BSD-3-Clause */
/** \file npy_head.h
 *  The dictionary at the head of a NumPy .npy file (NEP 1).  Private to
 *  data/.
 */
#ifndef HPO_DATA_NPY_HEAD_H
#define HPO_DATA_NPY_HEAD_H

#include "hpo/mem.h"
#include "hpo/status.h"

typedef struct hpo_npy_head {
  char kind;    /* 'b' bool, 'i', 'u', 'f' */
  size_t size;  /* bytes of a value: 1, 2, 4, 8 */
  bool is_big;  /* most significant byte first */
  bool fortran; /* column after column */
  size_t rows, columns;
} hpo_npy_head;

/** Reads {'descr': ..., 'fortran_order': ..., 'shape': ...}, keys in any
 *  order; one dimension is one column.
 *  \param [in] text NUL-terminated
 *  \return HPO_OK; HPO_EDATA: damaged, a type or shape that is not allowed;
 *  rows times columns times size always fits */
HPO_MUST_USE hpo_status hpo_npy_head_parse(const char *path, const char *text,
                                           hpo_npy_head *out, hpo_error *err);

/** The value at p. */
double hpo_npy_value(const hpo_npy_head *h, const uint8_t *p);
/** n of them, one after the other; little-endian float32 fast. */
void hpo_npy_values(const hpo_npy_head *h, const uint8_t *p, size_t n,
                    double *to);

#endif
