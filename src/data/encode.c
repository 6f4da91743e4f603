/* SPDX-License-Identifier: BSD-3-Clause */
/* Values to codes.
 *
 * The search for the number of cuts <= x takes the same steps for every
 * value and has no branch, so the processor works on several values at
 * once. */

#include "encode.h"

#include <math.h>
#include <string.h>

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

uint32_t hpo_coder_code(const hpo_coder *c, float x) {
  if (c->categorical)
    return isnan(x) ? c->missing : (uint32_t)x;
  return search(c->cut, c->steps, c->missing, x);
}

/* Up to 256 codes: the steps are a constant for the compiler to unroll. */
static void search_bytes(const hpo_coder *c, const float *x, size_t n,
                         uint8_t *to) {
  const float *cut = c->cut;
  const uint32_t missing = c->missing;

  for (size_t i = 0; i < n; i++)
    to[i] = (uint8_t)search(cut, 8, missing, x[i]);
}

void hpo_coder_column(const hpo_coder *c, const float *x, size_t n,
                      unsigned code_bytes, uint8_t *to) {
  if (code_bytes == 1 && !c->categorical && c->steps == 8) {
    search_bytes(c, x, n, to);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const uint32_t code = hpo_coder_code(c, x[i]);
    const uint16_t wide = (uint16_t)code;

    if (code_bytes == 1)
      to[i] = (uint8_t)code;
    else
      memcpy(to + 2 * i, &wide, sizeof wide);
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
