/* SPDX-License-Identifier: BSD-3-Clause */
/** \file encode.h
 *  Values to codes, the hot part of binning.  Private to data/.
 */
#ifndef HPO_DATA_ENCODE_H
#define HPO_DATA_ENCODE_H

#include "hpo/status.h"

/** What one feature's values turn into. */
typedef struct hpo_coder {
  bool categorical;
  uint32_t missing; /* code of NaN */
  unsigned steps;   /* 2^steps places in cut, one more than cuts at least */
  const float *cut; /* ascending, filled up with +inf; NULL: categorical */
} hpo_coder;

/** Number of steps that n_cut cuts need. */
unsigned hpo_coder_steps(size_t n_cut);

uint32_t hpo_coder_code(const hpo_coder *c, float x);

/** Codes of n values, code_bytes wide, one after the other.  Many values go
 *  by a table. */
void hpo_coder_column(const hpo_coder *c, const float *x, size_t n,
                      unsigned code_bytes, uint8_t *to);
/** Codes by coarser cuts, all of which are among the finer ones. */
void hpo_coder_coarsen(const uint16_t *map, const uint8_t *fine,
                       unsigned fine_bytes, size_t n, unsigned code_bytes,
                       uint8_t *to);
/** [fine's codes] the coarser code of each.  \return false: a cut of the
 *  coarser coder is none of the finer one's */
bool hpo_coder_compare(const hpo_coder *fine, size_t fine_cuts,
                       const hpo_coder *coarse, size_t coarse_cuts,
                       uint16_t *map);
/** Copies n codes to to, to + stride, ... */
void hpo_coder_spread(const uint8_t *code, size_t n, unsigned code_bytes,
                      uint8_t *to, size_t stride);

#endif
