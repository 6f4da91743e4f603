/* SPDX-License-Identifier: BSD-3-Clause */
/* Losses of a tile's rows, their derivatives and probabilities. */
#include "link.h"

#include "hpo/clones.h"
#include "hpo/num.h"
#include "kernels.h"
#include "lanes.h"

enum { TILE = LINEAR_TILE };

#define LN2 0x1.62e42fefa39efp-1

/* e becomes log(1 + e), e in [0, 1]: 2 atanh(s), s = e / (2 + e), or with (1 +
 * e) / 2 in place of 1 + e where that is nearer to 1; |s| < 0.172. */
HPO_INLINE void log_1p(lanes *x) {
  const lanes zero = {0}, e = *x;
  mask big = e > 0x1.a827999fcef32p-2; /* sqrt(2) - 1 */
  lanes s = CHOOSE(big, e - 1, e) / (e + 2 + CHOOSE(big, zero + 1, zero));
  lanes q = s * s;
  lanes sum = zero + 2.0 / 21;

  sum = sum * q + 2.0 / 19;
  sum = sum * q + 2.0 / 17;
  sum = sum * q + 2.0 / 15;
  sum = sum * q + 2.0 / 13;
  sum = sum * q + 2.0 / 11;
  sum = sum * q + 2.0 / 9;
  sum = sum * q + 2.0 / 7;
  sum = sum * q + 2.0 / 5;
  sum = sum * q + 2.0 / 3;
  *x = CHOOSE(big, zero + LN2, zero) + (2 * s + s * (q * sum));
}

/* x becomes exp(x) for x <= 0, 0 below -708: x = k log 2 + r, and Taylor's
 * series to r^13 for |r| <= 0.347.  NaN stays. */
HPO_INLINE void exp_down(lanes *x) {
  const lanes zero = {0}, from = *x, whole = zero + 0x1.8p52;
  mask tiny = from < -708;
  lanes v = CHOOSE(tiny, zero - 708, from);
  lanes shifted = v * 0x1.71547652b82fep+0 + whole, k = shifted - whole;
  lanes r = v - k * 0x1.62e42fefa3000p-1 - k * 0x1.3de6af278ece6p-42;
  lanes r2 = r * r, r4 = r2 * r2;
  lanes a = (0.5 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
  lanes b =
      (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
  lanes c = (1.0 / 3628800 + r * (1.0 / 39916800)) +
            r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
  lanes y = 1 + (r + r2 * (a + r4 * (b + r4 * c)));
  mask scale = ((mask)shifted + 1023) << 52; /* 2^k */

  *x = CHOOSE(tiny, zero, y * (lanes)scale);
}

HPO_CLONES
static void exp_rows(double *m, size_t n) {
  for (size_t i = 0; i < n; i += LANES) {
    lanes x = AT(m + i);
    exp_down(&x);
    TO(m + i) = x;
  }
}

HPO_CLONES
static void logistic_rows(const linear_tile_rows *t, double *m, double *p,
                          double *value) {
  const lanes zero = {0};

  for (size_t i = 0; i < TILE; i += LANES) {
    const lanes x = AT(m + i), w = AT(t->w + i);
    lanes u = CHOOSE(x > 0, -x, x);
    exp_down(&u);
    mask is_one = AT(t->y + i) > 0;
    lanes s = CHOOSE(is_one, x, -x); /* the loss is log(1 + exp(-s)) */
    lanes d = 1 / (1 + u);
    lanes wrong = CHOOSE(s >= 0, u, zero + 1) * d;

    lanes far = u;

    log_1p(&far);
    TO(value + i) = w * (far + CHOOSE(s < 0, -s, zero));
    TO(m + i) = w * CHOOSE(is_one, -wrong, wrong);
    if (p)
      TO(p + i) = CHOOSE(x >= 0, zero + 1, u) * d;
  }
}

HPO_CLONES
static void squared_rows(const linear_tile_rows *t, double *m, double *value) {
  for (size_t i = 0; i < TILE; i += LANES) {
    const lanes d = AT(m + i) - AT(t->y + i), w = AT(t->w + i);

    TO(value + i) = w * (d * d / 2);
    TO(m + i) = w * d;
  }
}

/* --- Several classes --------------------------------------------------- */

/* m less the most of each row. */
HPO_CLONES
static void lower(double *m, size_t k, double *most) {
  for (size_t i = 0; i < TILE; i += LANES) {
    lanes top = AT(m + i);

    for (size_t c = 1; c < k; c++) {
      const lanes x = AT(m + c * TILE + i);
      top = CHOOSE(x > top, x, top);
    }
    for (size_t c = 0; c < k; c++)
      TO(m + c * TILE + i) = AT(m + c * TILE + i) - top;
    TO(most + i) = top;
  }
}

/* Exponentials to probabilities; sum of each row. */
HPO_CLONES
static void share(double *m, size_t k, double *sum) {
  for (size_t i = 0; i < TILE; i += LANES) {
    lanes all = AT(m + i);

    for (size_t c = 1; c < k; c++)
      all += AT(m + c * TILE + i);
    const lanes part = 1 / all;
    for (size_t c = 0; c < k; c++)
      TO(m + c * TILE + i) = AT(m + c * TILE + i) * part;
    TO(sum + i) = all;
  }
}

HPO_CLONES
static void weigh(const double *w, size_t k, double *m) {
  for (size_t c = 0; c < k; c++)
    for (size_t i = 0; i < TILE; i += LANES)
      TO(m + c * TILE + i) = AT(m + c * TILE + i) * AT(w + i);
}

HPO_CLONES
static void copy(const double *from, size_t n, double *to) {
  for (size_t i = 0; i < n; i += LANES)
    TO(to + i) = AT(from + i);
}

static void multinomial_rows(const linear_tile_rows *t, size_t k, double *m,
                             double *p, double *value) {
  double most[TILE] __attribute__((aligned(64)));
  double sum[TILE] __attribute__((aligned(64)));

  for (size_t i = 0; i < t->n; i++)
    value[i] = -m[(size_t)t->y[i] * TILE + i];
  lower(m, k, most);
  exp_rows(m, k * TILE);
  share(m, k, sum);
  if (p)
    copy(m, k * TILE, p);
  for (size_t i = 0; i < t->n; i++) {
    value[i] = t->w[i] * (value[i] + (most[i] + hpo_num_log(sum[i])));
    m[(size_t)t->y[i] * TILE + i] -= 1;
  }
  weigh(t->w, k, m);
}

/* --- Faces ------------------------------------------------------------- */

double linear_link_loss(linear_loss loss, const linear_tile_rows *t, size_t k,
                        double *m, double *p) {
  double value[TILE] __attribute__((aligned(64))) = {0};
  double sum = 0;

  if (loss == LINEAR_SQUARED) {
    squared_rows(t, m, value);
  } else if (loss == LINEAR_LOGISTIC) {
    logistic_rows(t, m, p, value);
  } else {
    multinomial_rows(t, k, m, p, value);
  }
  for (size_t i = 0; i < t->n; i++)
    sum += value[i];
  return sum;
}

HPO_CLONES
static void product_rows(const double *w, size_t k, const double *p,
                         double *m) {
  for (size_t i = 0; i < TILE; i += LANES) {
    lanes mean = {0};

    for (size_t c = 0; c < k; c++)
      mean += AT(p + c * TILE + i) * AT(m + c * TILE + i);
    for (size_t c = 0; c < k; c++) {
      const lanes x = AT(m + c * TILE + i), q = AT(p + c * TILE + i);
      TO(m + c * TILE + i) = AT(w + i) * (q * (x - mean));
    }
  }
}

HPO_CLONES
static void curve_rows(const double *w, size_t k, const double *p, double *q) {
  for (size_t c = 0; c < k; c++)
    for (size_t i = 0; i < TILE; i += LANES) {
      const lanes x = AT(p + c * TILE + i);
      TO(q + c * TILE + i) = AT(w + i) * (x * (1 - x));
    }
}

void linear_link_curve(linear_loss loss, const linear_tile_rows *t, size_t k,
                       const double *p, double *q) {
  if (loss == LINEAR_SQUARED)
    copy(t->w, TILE, q);
  else
    curve_rows(t->w, k, p, q);
}

void linear_link_product(linear_loss loss, const linear_tile_rows *t, size_t k,
                         const double *p, double *m) {
  double q[TILE] __attribute__((aligned(64)));

  if (loss == LINEAR_MULTINOMIAL) {
    product_rows(t->w, k, p, m);
    return;
  }
  linear_link_curve(loss, t, 1, p, q);
  weigh(q, 1, m);
}

void linear_link(linear_loss loss, size_t k, double *m) {
  double room[TILE] __attribute__((aligned(64)));

  if (loss == LINEAR_LOGISTIC) {
    for (size_t i = 0; i < TILE; i++)
      m[i] = hpo_num_sigmoid(m[i]);
  } else if (loss == LINEAR_MULTINOMIAL) {
    lower(m, k, room);
    exp_rows(m, k * TILE);
    share(m, k, room);
  }
}
