/* SPDX-License-Identifier: BSD-3-Clause */
/* Limited-memory BFGS. */
#include "memory.h"

#include "hpo/mem.h"
#include "kernels.h"

hpo_status memory_create(size_t n, memory *out, hpo_error *err) {
  hpo_status status = HPO_OK;

  *out = (memory){.n = n, .gamma = 1};
  HPO_TRY(status, hpo_mem_new_aligned(n, 2 * MEMORY_PAIRS * sizeof *out->s,
                                      &out->s, err));
  out->y = out->s + MEMORY_PAIRS * n;
done:
  return status;
}

void memory_free(memory *m) {
  hpo_mem_free(m->s);
  *m = (memory){0};
}

void memory_add(memory *m, double step, const double *d, const double *before,
                const double *now, const double *second) {
  double *s = m->s + m->next * m->n, *y = m->y + m->next * m->n;
  double inner = 0, size = 0, scaled = 0;

  for (size_t i = 0; i < m->n; i++) {
    s[i] = step * d[i];
    y[i] = now[i] - before[i];
    size += s[i] * s[i] * second[i];
    scaled += y[i] * y[i] / second[i];
  }
  inner = linear_dot(s, y, m->n);
  if (!(inner > 1e-12 * size))
    return;
  m->inner[m->next] = inner;
  m->gamma = inner / scaled;
  m->next = (m->next + 1) % MEMORY_PAIRS;
  m->pairs += m->pairs < MEMORY_PAIRS;
}

void memory_direction(const memory *m, const double *g, const double *second,
                      double *d) {
  double alpha[MEMORY_PAIRS];
  size_t n = m->n;

  for (size_t i = 0; i < n; i++)
    d[i] = -g[i];
  for (size_t k = 1; k <= m->pairs; k++) {
    size_t i = (m->next + MEMORY_PAIRS - k) % MEMORY_PAIRS;
    alpha[i] = linear_dot(m->s + i * n, d, n) / m->inner[i];
    linear_add(-alpha[i], m->y + i * n, n, d);
  }
  for (size_t i = 0; i < n; i++)
    d[i] *= m->gamma / second[i];
  for (size_t k = m->pairs; k >= 1; k--) {
    size_t i = (m->next + MEMORY_PAIRS - k) % MEMORY_PAIRS;
    double beta = linear_dot(m->y + i * n, d, n) / m->inner[i];
    linear_add(alpha[i] - beta, m->s + i * n, n, d);
  }
}
