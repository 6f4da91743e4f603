/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact sums of doubles and of products of doubles.
 *
 * R. M. Neal, Fast exact summation using small and large superaccumulators,
 * 2015, section 2.  We take chunks of 32 bits that do not overlap and so
 * many of them that a product of two subnormals has its place too. */
#include <math.h>
#include <string.h>

#include "hpo/num.h"
#include "num_private.h"

#define LOWEST (-2148) /* the exponent of bit 0 of chunk 0 */
#define MOST_PENDING 65536
#define MANTISSA UINT64_C(0x000fffffffffffff)
#define HIDDEN UINT64_C(0x0010000000000000)

/* |x| = m * 2^(e - 1075), 0 <= m < 2^53, e >= 1; false: not finite. */
static bool take_apart(double x, uint64_t *m, unsigned *e) {
  uint64_t u = bits_of(x);
  *e = (unsigned)(u >> 52) & 0x7ff;
  *m = u & MANTISSA;
  if (*e == 0)
    *e = 1;
  else
    *m |= HIDDEN;
  return *e != 0x7ff;
}

/* Lets each chunk but the last keep 32 bits, in [-2^31, 2^31). */
static void normalise(hpo_sum *s) {
  const int64_t half = (int64_t)1 << 31;
  int64_t carry = 0;
  for (size_t i = 0; i + 1 < HPO_SUM_CHUNKS; i++) {
    int64_t c = s->chunk[i] + carry;
    int64_t digit = (int64_t)(((uint64_t)c + (uint64_t)half) & 0xffffffffu);
    digit -= half;
    carry = (c - digit) / ((int64_t)1 << 32);
    s->chunk[i] = digit;
  }
  s->chunk[HPO_SUM_CHUNKS - 1] += carry;
  s->pending = 0;
}

/* Adds (or takes away) m * 2^(LOWEST + bit). */
static void add_bits(hpo_sum *s, uint64_t m, unsigned bit, bool negative) {
  int64_t *c = &s->chunk[bit / 32];
  unsigned shift = bit % 32;
  uint64_t low = m << shift, high = shift > 0 ? m >> (64 - shift) : 0;
  int64_t part[3] = {(int64_t)(low & 0xffffffffu), (int64_t)(low >> 32),
                     (int64_t)high};
  for (int i = 0; i < 3; i++)
    c[i] += negative ? -part[i] : part[i];
  if (++s->pending >= MOST_PENDING)
    normalise(s);
}

void hpo_sum_add(hpo_sum *s, double x) {
  uint64_t m = 0;
  unsigned e = 0;
  if (take_apart(x, &m, &e))
    add_bits(s, m, (unsigned)((int)e - 1075 - LOWEST), signbit(x) != 0);
  else
    s->not_finite++;
}

void hpo_sum_add_product(hpo_sum *s, double x, double y) {
  __extension__ typedef unsigned __int128 wide;
  uint64_t m = 0, n = 0;
  unsigned e = 0, f = 0;
  bool fine = take_apart(x, &m, &e);
  fine = take_apart(y, &n, &f) && fine;
  if (!fine) {
    s->not_finite++;
    return;
  }
  wide p = (wide)m * n;
  unsigned bit = (unsigned)((int)(e + f) - 2150 - LOWEST);
  bool negative = (signbit(x) != 0) != (signbit(y) != 0);
  add_bits(s, (uint64_t)p, bit, negative);
  add_bits(s, (uint64_t)(p >> 64), bit + 64, negative);
}

void hpo_sum_merge(hpo_sum *s, const hpo_sum *other) {
  for (size_t i = 0; i < HPO_SUM_CHUNKS; i++)
    s->chunk[i] += other->chunk[i];
  s->not_finite += other->not_finite;
  s->pending += other->pending;
  if (s->pending >= MOST_PENDING)
    normalise(s);
}

/* Turns chunks into the 32-bit digits of |sum|; returns its sign. */
static bool magnitude(const hpo_sum *s, uint32_t digit[HPO_SUM_CHUNKS]) {
  hpo_sum t = *s;
  normalise(&t);
  size_t top = HPO_SUM_CHUNKS;
  while (top > 0 && t.chunk[top - 1] == 0)
    top--;
  bool negative = top > 0 && t.chunk[top - 1] < 0;
  int64_t borrow = 0;
  for (size_t i = 0; i < HPO_SUM_CHUNKS; i++) {
    int64_t c = (negative ? -t.chunk[i] : t.chunk[i]) + borrow;
    digit[i] = (uint32_t)c;
    borrow = (c - (int64_t)digit[i]) / ((int64_t)1 << 32);
  }
  return negative;
}

static bool bit_at(const uint32_t *digit, int bit) {
  return (digit[bit / 32] >> (bit % 32) & 1) != 0;
}

static bool any_below(const uint32_t *digit, int bit) {
  for (int i = 0; i < bit / 32; i++)
    if (digit[i] != 0)
      return true;
  return (digit[bit / 32] & (((uint32_t)1 << (bit % 32)) - 1)) != 0;
}

/* The digits as a double, rounded to nearest even. */
static double rounded(const uint32_t *digit) {
  int top = HPO_SUM_CHUNKS * 32 - 1;
  while (top >= 0 && !bit_at(digit, top))
    top--;
  if (top < 0)
    return 0;
  /* The last bit that stays: 53 bits, or down to 2^-1074. */
  int last = top - 52 < -1074 - LOWEST ? -1074 - LOWEST : top - 52;
  uint64_t m = 0;
  for (int i = top; i >= last; i--)
    m = 2 * m + bit_at(digit, i);
  if (bit_at(digit, last - 1) && (m % 2 != 0 || any_below(digit, last - 1)))
    m++;
  int e = last + LOWEST; /* the value is m * 2^e, -1074 <= e */
  if (e > 971 || (e == 971 && m > (HIDDEN | MANTISSA)))
    return INFINITY;
  if (e >= -1022)
    return (double)m * from_bits((uint64_t)(e + 1023) << 52);
  return (double)m * 0x1p-1000 * from_bits((uint64_t)(e + 2023) << 52);
}

double hpo_sum_get(const hpo_sum *s) {
  uint32_t digit[HPO_SUM_CHUNKS];
  if (s->not_finite != 0)
    return NAN;
  bool negative = magnitude(s, digit);
  double value = rounded(digit);
  return negative ? -value : value;
}
