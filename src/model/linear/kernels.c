/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loops of linear models, in vectors of eight doubles whatever the
 * processor's width: the same additions in the same order everywhere. */
#include "kernels.h"

#include "hpo/clones.h"

#include <stdint.h>

typedef double lanes __attribute__((vector_size(64), may_alias));
typedef float narrow __attribute__((vector_size(32), aligned(4), may_alias));
typedef int64_t mask __attribute__((vector_size(64)));

#define LANES 8
#define AT(p) (*(const lanes *)(p))
#define TO(p) (*(lanes *)(p))

HPO_CLONES
void linear_decode(const float *x, size_t ld, const linear_scale *s,
                   double *z) {
  for (size_t j = 0; j < ld; j += LANES) {
    lanes v = __builtin_convertvector(*(const narrow *)(x + j), lanes);
    mask there = v == v;
    lanes scaled = (v - AT(s->center + j)) * AT(s->factor + j);
    TO(z + j) =
        (lanes)(((mask)scaled & there) | ((mask)AT(s->fill + j) & ~there));
  }
}

HPO_CLONES
void linear_square(double *z, size_t n, size_t ld) {
  for (size_t j = 0; j < n * ld; j += LANES)
    TO(z + j) = AT(z + j) * AT(z + j);
}

HPO_INLINE double sum_of(const lanes *v) {
  const lanes a = *v;

  return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}

HPO_CLONES
double linear_dot(const double *x, const double *y, size_t n) {
  lanes sum = {0};

  for (size_t j = 0; j < n; j += LANES)
    sum += AT(x + j) * AT(y + j);
  return sum_of(&sum);
}

/* --- One output ------------------------------------------------------- */

HPO_CLONES
static void forward_one(const double *z, size_t n, size_t ld, const double *w,
                        double *m) {
  size_t i = 0;

  for (; i + 4 <= n; i += 4) {
    const double *a = z + i * ld, *b = a + ld, *c = b + ld, *d = c + ld;
    lanes s = {0}, t = {0}, u = {0}, v = {0};

    for (size_t j = 0; j < ld; j += LANES) {
      const lanes x = AT(w + j);
      s += AT(a + j) * x;
      t += AT(b + j) * x;
      u += AT(c + j) * x;
      v += AT(d + j) * x;
    }
    m[i] = sum_of(&s);
    m[i + 1] = sum_of(&t);
    m[i + 2] = sum_of(&u);
    m[i + 3] = sum_of(&v);
  }
  for (; i < n; i++) {
    lanes s = {0};

    for (size_t j = 0; j < ld; j += LANES)
      s += AT(z + i * ld + j) * AT(w + j);
    m[i] = sum_of(&s);
  }
}

HPO_CLONES
static void backward_one(const double *z, size_t n, size_t ld, const double *r,
                         double *g) {
  size_t j = 0;

  for (; j + 4 * LANES <= ld; j += 4 * LANES) {
    lanes a = AT(g + j), b = AT(g + j + LANES);
    lanes c = AT(g + j + 2 * LANES), d = AT(g + j + 3 * LANES);

    for (size_t i = 0; i < n; i++) {
      const double *x = z + i * ld + j;
      a += AT(x) * r[i];
      b += AT(x + LANES) * r[i];
      c += AT(x + 2 * LANES) * r[i];
      d += AT(x + 3 * LANES) * r[i];
    }
    TO(g + j) = a;
    TO(g + j + LANES) = b;
    TO(g + j + 2 * LANES) = c;
    TO(g + j + 3 * LANES) = d;
  }
  for (; j < ld; j += LANES) {
    lanes a = AT(g + j);

    for (size_t i = 0; i < n; i++)
      a += AT(z + i * ld + j) * r[i];
    TO(g + j) = a;
  }
}

/* --- Many outputs ----------------------------------------------------- */

/* Four rows, two vectors of outputs from column c on. */
HPO_INLINE void forward_4x2(const double *z, size_t ld, const double *w,
                            size_t kp, double *m) {
  const double *x = z, *y = x + ld, *u = y + ld, *v = u + ld;
  lanes a = {0}, b = {0}, c = {0}, d = {0}, e = {0}, f = {0}, g = {0}, h = {0};

  for (size_t j = 0; j < ld; j++) {
    const lanes p = AT(w + j * kp), q = AT(w + j * kp + LANES);
    a += p * x[j];
    b += q * x[j];
    c += p * y[j];
    d += q * y[j];
    e += p * u[j];
    f += q * u[j];
    g += p * v[j];
    h += q * v[j];
  }
  TO(m) = a;
  TO(m + LANES) = b;
  TO(m + kp) = c;
  TO(m + kp + LANES) = d;
  TO(m + 2 * kp) = e;
  TO(m + 2 * kp + LANES) = f;
  TO(m + 3 * kp) = g;
  TO(m + 3 * kp + LANES) = h;
}

/* Four rows, one vector. */
HPO_INLINE void forward_4x1(const double *z, size_t ld, const double *w,
                            size_t kp, double *m) {
  const double *x = z, *y = x + ld, *u = y + ld, *v = u + ld;
  lanes a = {0}, c = {0}, e = {0}, g = {0};

  for (size_t j = 0; j < ld; j++) {
    const lanes p = AT(w + j * kp);
    a += p * x[j];
    c += p * y[j];
    e += p * u[j];
    g += p * v[j];
  }
  TO(m) = a;
  TO(m + kp) = c;
  TO(m + 2 * kp) = e;
  TO(m + 3 * kp) = g;
}

HPO_CLONES
static void forward_many(const double *z, size_t n, size_t ld, const double *w,
                         size_t kp, double *m) {
  size_t i = 0;

  for (; i + 4 <= n; i += 4) {
    size_t c = 0;
    for (; c + 2 * LANES <= kp; c += 2 * LANES)
      forward_4x2(z + i * ld, ld, w + c, kp, m + i * kp + c);
    for (; c < kp; c += LANES)
      forward_4x1(z + i * ld, ld, w + c, kp, m + i * kp + c);
  }
  for (; i < n; i++)
    for (size_t c = 0; c < kp; c += LANES) {
      lanes a = {0};
      for (size_t j = 0; j < ld; j++)
        a += AT(w + j * kp + c) * z[i * ld + j];
      TO(m + i * kp + c) = a;
    }
}

/* Four columns of z, two vectors of outputs. */
HPO_INLINE void backward_4x2(const double *z, size_t n, size_t ld,
                             const double *r, size_t kp, double *to) {
  lanes a = AT(to), b = AT(to + LANES);
  lanes c = AT(to + kp), d = AT(to + kp + LANES);
  lanes e = AT(to + 2 * kp), f = AT(to + 2 * kp + LANES);
  lanes g = AT(to + 3 * kp), h = AT(to + 3 * kp + LANES);

  for (size_t i = 0; i < n; i++) {
    const double *x = z + i * ld;
    const lanes p = AT(r + i * kp), q = AT(r + i * kp + LANES);
    a += p * x[0];
    b += q * x[0];
    c += p * x[1];
    d += q * x[1];
    e += p * x[2];
    f += q * x[2];
    g += p * x[3];
    h += q * x[3];
  }
  TO(to) = a;
  TO(to + LANES) = b;
  TO(to + kp) = c;
  TO(to + kp + LANES) = d;
  TO(to + 2 * kp) = e;
  TO(to + 2 * kp + LANES) = f;
  TO(to + 3 * kp) = g;
  TO(to + 3 * kp + LANES) = h;
}

/* Four columns of z, one vector. */
HPO_INLINE void backward_4x1(const double *z, size_t n, size_t ld,
                             const double *r, size_t kp, double *to) {
  lanes a = AT(to), c = AT(to + kp), e = AT(to + 2 * kp), g = AT(to + 3 * kp);

  for (size_t i = 0; i < n; i++) {
    const double *x = z + i * ld;
    const lanes p = AT(r + i * kp);
    a += p * x[0];
    c += p * x[1];
    e += p * x[2];
    g += p * x[3];
  }
  TO(to) = a;
  TO(to + kp) = c;
  TO(to + 2 * kp) = e;
  TO(to + 3 * kp) = g;
}

HPO_CLONES
static void backward_many(const double *z, size_t n, size_t ld,
                          const double *r, size_t kp, double *g) {
  for (size_t j = 0; j < ld; j += 4) {
    size_t c = 0;
    for (; c + 2 * LANES <= kp; c += 2 * LANES)
      backward_4x2(z + j, n, ld, r + c, kp, g + j * kp + c);
    for (; c < kp; c += LANES)
      backward_4x1(z + j, n, ld, r + c, kp, g + j * kp + c);
  }
}

void linear_forward(const double *z, size_t n, size_t ld, const double *w,
                    size_t kp, double *m) {
  if (kp == 1)
    forward_one(z, n, ld, w, m);
  else
    forward_many(z, n, ld, w, kp, m);
}

void linear_backward(const double *z, size_t n, size_t ld, const double *r,
                     size_t kp, double *g) {
  if (kp == 1)
    backward_one(z, n, ld, r, g);
  else
    backward_many(z, n, ld, r, kp, g);
}
