/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loops of gbt over gradients: of a chunk of rows, their maximum,
 * their fixed point.  All are element by element and vectorise: full tiles,
 * whose length is known at compile time, and what is left. */
#include "kernels.h"

#include "hpo/clones.h"

#include <string.h>

#define INLINE HPO_INLINE
/* Elements that a vectorised loop takes at once. */
#define TILE 16

/* Where a chunk's gradients come from and go to. */
typedef struct chunk {
  const float *p, *y, *w; /* w NULL: all 1 */
  float *g, *h;
  float k; /* class, or the lift of poisson */
} chunk;

INLINE void logistic(const float *restrict p, const float *restrict y,
                     float *restrict g, float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float v = p[i] * (1.0F - p[i]);
    g[i] = p[i] - y[i];
    h[i] = v > 1e-16F ? v : 1e-16F;
  }
}

INLINE void softmax(const float *restrict p, const float *restrict y, float k,
                    float *restrict g, float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    g[i] = y[i] == k ? p[i] - 1.0F : p[i];
    h[i] = 2.0F * p[i] * (1.0F - p[i]);
  }
}

INLINE void squared(const float *restrict p, const float *restrict y,
                    float *restrict g, float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    g[i] = p[i] - y[i];
    h[i] = 1.0F;
  }
}

INLINE void poisson(const float *restrict p, const float *restrict y,
                    float lift, float *restrict g, float *restrict h,
                    size_t n) {
  for (size_t i = 0; i < n; i++) {
    g[i] = p[i] - y[i];
    h[i] = p[i] * lift;
  }
}

INLINE void absolute(const float *restrict p, const float *restrict y,
                     float *restrict g, float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    g[i] = (float)((p[i] > y[i]) - (p[i] < y[i]));
    h[i] = 1.0F;
  }
}

INLINE void weigh(const float *restrict w, float *restrict g,
                  float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    g[i] *= w[i];
    h[i] *= w[i];
  }
}

INLINE void at_least(float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++)
    h[i] = h[i] > 1e-16F ? h[i] : 1e-16F;
}

INLINE void gradients(const chunk *c, gbt_objective objective, size_t at,
                      size_t n) {
  if (objective == GBT_LOGISTIC)
    logistic(c->p + at, c->y + at, c->g + at, c->h + at, n);
  else if (objective == GBT_SOFTPROB)
    softmax(c->p + at, c->y + at, c->k, c->g + at, c->h + at, n);
  else if (objective == GBT_POISSON)
    poisson(c->p + at, c->y + at, c->k, c->g + at, c->h + at, n);
  else if (objective == GBT_ABSOLUTE)
    absolute(c->p + at, c->y + at, c->g + at, c->h + at, n);
  else
    squared(c->p + at, c->y + at, c->g + at, c->h + at, n);
  if (c->w != NULL)
    weigh(c->w + at, c->g + at, c->h + at, n);
  if (objective == GBT_SOFTPROB)
    at_least(c->h + at, n);
}

HPO_CLONES
void gbt_kernel_logistic(const float *p, const float *y, const float *w,
                         size_t n, float *g, float *h) {
  chunk c = {p, y, w, g, h, 0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    gradients(&c, GBT_LOGISTIC, i, TILE);
  gradients(&c, GBT_LOGISTIC, i, n - i);
}

HPO_CLONES
void gbt_kernel_softmax(const float *p, const float *y, const float *w,
                        float k, size_t n, float *g, float *h) {
  chunk c = {p, y, w, g, h, k};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    gradients(&c, GBT_SOFTPROB, i, TILE);
  gradients(&c, GBT_SOFTPROB, i, n - i);
}

HPO_CLONES
void gbt_kernel_squared(const float *p, const float *y, const float *w,
                        size_t n, float *g, float *h) {
  chunk c = {p, y, w, g, h, 0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    gradients(&c, GBT_SQUARED, i, TILE);
  gradients(&c, GBT_SQUARED, i, n - i);
}

HPO_CLONES
void gbt_kernel_poisson(const float *p, const float *y, const float *w,
                        float lift, size_t n, float *g, float *h) {
  chunk c = {p, y, w, g, h, lift};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    gradients(&c, GBT_POISSON, i, TILE);
  gradients(&c, GBT_POISSON, i, n - i);
}

HPO_CLONES
void gbt_kernel_absolute(const float *p, const float *y, const float *w,
                         size_t n, float *g, float *h) {
  chunk c = {p, y, w, g, h, 0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE)
    gradients(&c, GBT_ABSOLUTE, i, TILE);
  gradients(&c, GBT_ABSOLUTE, i, n - i);
}

INLINE void max_bits(const float *restrict x, size_t n,
                     int32_t *restrict max) {
  int32_t bits[TILE];

  memcpy(bits, x, n * sizeof *bits);
  for (size_t i = 0; i < n; i++) {
    int32_t b = bits[i] & 0x7fffffff;
    max[i] = b > max[i] ? b : max[i];
  }
}

HPO_CLONES
void gbt_kernel_max(const float *g, const float *h, size_t n, int32_t max[2]) {
  int32_t top_g[TILE] = {0}, top_h[TILE] = {0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE) {
    max_bits(g + i, TILE, top_g);
    max_bits(h + i, TILE, top_h);
  }
  max_bits(g + i, n - i, top_g);
  max_bits(h + i, n - i, top_h);
  for (i = 0; i < TILE; i++) {
    max[0] = top_g[i] > max[0] ? top_g[i] : max[0];
    max[1] = top_h[i] > max[1] ? top_h[i] : max[1];
  }
}

/* floor(x + u) without a call: x + u + 2^bits is positive and exact. */
INLINE void round_some(const float *restrict x, double up,
                       const uint32_t *restrict random, unsigned shift,
                       int32_t lift, size_t n, int32_t *restrict out) {
  for (size_t i = 0; i < n; i++) {
    int32_t word = (int32_t)(random[i] >> shift & 0xffff);
    double u = ((double)word + 0.5) * 0x1p-16;
    int32_t q = (int32_t)((double)x[i] * up + u + (double)lift) - lift;
    q = q < lift ? q : lift - 1;
    out[i] = q > -lift ? q : 1 - lift;
  }
}

INLINE void pack_some(const int32_t *restrict g, const int32_t *restrict h,
                      size_t n, int64_t *restrict gh, int64_t *restrict sum_g,
                      int64_t *restrict sum_h) {
  for (size_t i = 0; i < n; i++) {
    gh[i] = (int64_t)g[i] * ((int64_t)1 << 32) + h[i];
    sum_g[i] += g[i] < 0 ? -g[i] : g[i];
    sum_h[i] += h[i];
  }
}

HPO_CLONES
void gbt_kernel_round(const float *g, const float *h, const uint32_t *random,
                      size_t n, const gbt_scale *scale, int64_t *gh,
                      int64_t sum[2]) {
  double up_g = 1.0 / scale->g, up_h = 1.0 / scale->h;
  int32_t lift = (int32_t)1 << scale->bits, a[TILE], b[TILE];
  int64_t sum_g[TILE] = {0}, sum_h[TILE] = {0};
  size_t i = 0;

  for (; i + TILE <= n; i += TILE) {
    round_some(g + i, up_g, random + i, 0, lift, TILE, a);
    round_some(h + i, up_h, random + i, 16, lift, TILE, b);
    pack_some(a, b, TILE, gh + i, sum_g, sum_h);
  }
  round_some(g + i, up_g, random + i, 0, lift, n - i, a);
  round_some(h + i, up_h, random + i, 16, lift, n - i, b);
  pack_some(a, b, n - i, gh + i, sum_g, sum_h);
  for (i = 0; i < TILE; i++) {
    sum[0] += sum_g[i];
    sum[1] += sum_h[i];
  }
}
