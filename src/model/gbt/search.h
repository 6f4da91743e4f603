/* SPDX-License-Identifier: BSD-3-Clause */
/** \file search.h
 *  What the two searches of a split share, for gain.c, search_full.c and
 *  search_marked.c.
 */
#ifndef HPO_MODEL_GBT_SEARCH_H
#define HPO_MODEL_GBT_SEARCH_H

#include "gbt.h"

static inline gbt_sums gbt_sums_unpack(int64_t v) {
  return (gbt_sums){v >> 32, v & 0xffffffff};
}

static inline int64_t gbt_sums_pack(gbt_sums s) {
  return s.g * ((int64_t)1 << 32) + s.h;
}

static inline gbt_sums gbt_sums_at(const int64_t *cell, bool is_wide,
                                   size_t at) {
  if (is_wide)
    return (gbt_sums){cell[2 * at], cell[2 * at + 1]};
  return gbt_sums_unpack(cell[at]);
}

static inline bool gbt_search_is_sparse(const gbt_search *s) {
  return s->bins->csr.start != NULL;
}

/** The candidates of one feature, listed in s->pre, s->pre_h and s->bin. */
typedef struct gbt_candidates {
  size_t n;
  bool is_run; /* bins follow one another from s->bin[0] */
  uint32_t feature;
  bool is_wide, categorical;
  gbt_sums missing; /* gradients of rows that lack the feature */
} gbt_candidates;

/** Takes the best of the candidates if it beats what out has. */
void gbt_search_candidates(gbt_search *s, const gbt_candidates *c,
                           gbt_split *out);

/** Cells of one feature that may hold something, ascending; the other rows
 *  of the node have its implicit code, if data are sparse. */
typedef struct gbt_marks {
  const uint32_t *mark; /* [n] cells of the histogram */
  size_t n;
  uint32_t feature;
} gbt_marks;

/** Searches one feature by its marks; a cell of the implicit code is zero
 *  before and after. */
void gbt_search_marks(gbt_search *s, const gbt_marks *m, int64_t *cell,
                      bool is_wide, gbt_split *out);

#endif
