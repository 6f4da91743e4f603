/* SPDX-License-Identifier: BSD-3-Clause */
/* Values to codes: the number of cuts <= x.
 *
 * The search takes the same steps for every value and has no branch, so the
 * processor works on several values at once.  For longer columns a table
 * tells where to begin, and most values need a step or two. */

#include "encode.h"

#include <math.h>
#include <string.h>

#include "hpo/clones.h"
#include "radix.h"

unsigned hpo_coder_steps(size_t n_cut) {
  unsigned steps = 0;

  while (((size_t)1 << steps) <= n_cut)
    steps++;
  return steps;
}

static inline uint32_t search(const float *cut, unsigned steps,
                              uint32_t missing, float x) {
  uint32_t code = 0;

  for (unsigned s = steps; s-- > 0;)
    code += (uint32_t)(cut[code + (1u << s) - 1] <= x) << s;
  return isnan(x) ? missing : code;
}

HPO_INLINE void put_code(uint8_t *to, size_t i, unsigned code_bytes,
                         uint32_t code) {
  const uint16_t wide = (uint16_t)code;

  if (code_bytes == 1)
    to[i] = (uint8_t)code;
  else
    memcpy(to + 2 * i, &wide, sizeof wide);
}

uint32_t hpo_coder_code(const hpo_coder *c, float x) {
  if (c->categorical)
    return isnan(x) ? c->missing : (uint32_t)x;
  return search(c->cut, c->steps, c->missing, x);
}

/* --- By table ---------------------------------------------------------- */

enum { TABLE_BITS = 14, TABLE = 1 << TABLE_BITS, MOST_IN_PLACE = 4 };

/* Where a value's search begins: the numbers that floats' bits make, in order
 * of the values, are cut into 2^14 places of equal width from the first cut
 * to the last.  So places are narrow where floats are dense, and most hold
 * one cut or none. */
typedef struct table {
  uint32_t first, last;      /* keys of the first and the last cut */
  unsigned shift;            /* a place is 2^shift keys wide */
  unsigned most;             /* cuts in a place */
  uint16_t start[TABLE + 1]; /* cuts before each place */
} table;

static inline uint32_t key_of(float x) {
  uint32_t bits;

  memcpy(&bits, &x, sizeof bits);
  return hpo_radix_key(bits);
}

static inline uint32_t place_of(const table *t, float x) {
  uint32_t key = key_of(x + 0.0F); /* -0 is +0 */

  key = key < t->first ? t->first : key > t->last ? t->last : key;
  return (key - t->first) >> t->shift;
}

/* false: too many cuts share a place. */
static bool make_table(const hpo_coder *c, table *t) {
  size_t n = 0, i = 0;

  while (n < ((size_t)1 << c->steps) && !isinf(c->cut[n]))
    n++;
  if (n == 0)
    return false;
  t->first = key_of(c->cut[0]);
  t->last = key_of(c->cut[n - 1]);
  t->shift = 0;
  while ((t->last - t->first) >> t->shift >= TABLE)
    t->shift++;
  t->most = 0;
  for (uint32_t p = 0; p <= TABLE; p++) {
    const size_t before = i;

    t->start[p] = (uint16_t)i;
    while (i < n && place_of(t, c->cut[i]) == p)
      i++;
    t->most = i - before > t->most ? (unsigned)(i - before) : t->most;
  }
  return t->most <= MOST_IN_PLACE;
}

HPO_INLINE void look_up(const hpo_coder *c, const table *t, unsigned most,
                        const float *x, size_t n, unsigned code_bytes,
                        uint8_t *to) {
  const float *cut = c->cut;
  const uint32_t missing = c->missing;

  for (size_t i = 0; i < n; i++) {
    uint32_t code = t->start[place_of(t, x[i])];

    for (unsigned s = 0; s < most; s++)
      code += cut[code] <= x[i];
    put_code(to, i, code_bytes, isnan(x[i]) ? missing : code);
  }
}

static void code_by_table(const hpo_coder *c, const table *t, const float *x,
                          size_t n, unsigned code_bytes, uint8_t *to) {
  if (code_bytes == 2)
    look_up(c, t, MOST_IN_PLACE, x, n, 2, to);
  else if (t->most == 1)
    look_up(c, t, 1, x, n, 1, to);
  else if (t->most == 2)
    look_up(c, t, 2, x, n, 1, to);
  else
    look_up(c, t, MOST_IN_PLACE, x, n, 1, to);
}

/* --- Columns ----------------------------------------------------------- */

void hpo_coder_column(const hpo_coder *c, const float *x, size_t n,
                      unsigned code_bytes, uint8_t *to) {
  table t;

  if (!c->categorical && n >= TABLE / 4 && make_table(c, &t)) {
    code_by_table(c, &t, x, n, code_bytes, to);
    return;
  }
  for (size_t i = 0; i < n; i++)
    put_code(to, i, code_bytes, hpo_coder_code(c, x[i]));
}

bool hpo_coder_compare(const hpo_coder *fine, size_t fine_cuts,
                       const hpo_coder *coarse, size_t coarse_cuts,
                       uint16_t *map) {
  size_t k = 0;

  map[0] = 0;
  for (size_t i = 0; i < fine_cuts; i++) {
    k += k < coarse_cuts && coarse->cut[k] == fine->cut[i];
    map[i + 1] = (uint16_t)k;
  }
  map[fine->missing] = (uint16_t)coarse->missing;
  return k == coarse_cuts;
}

void hpo_coder_coarsen(const uint16_t *map, const uint8_t *fine,
                       unsigned fine_bytes, size_t n, unsigned code_bytes,
                       uint8_t *to) {
  for (size_t i = 0; i < n; i++) {
    uint16_t code = fine_bytes == 1 ? fine[i] : 0;

    if (fine_bytes == 2)
      memcpy(&code, fine + 2 * i, sizeof code);
    put_code(to, i, code_bytes, map[code]);
  }
}

void hpo_coder_spread(const uint8_t *code, size_t n, unsigned code_bytes,
                      uint8_t *to, size_t stride) {
  if (code_bytes == 1)
    for (size_t i = 0; i < n; i++)
      to[i * stride] = code[i];
  else
    for (size_t i = 0; i < n; i++)
      memcpy(to + i * stride, code + 2 * i, 2);
}
