/* SPDX-License-Identifier: BSD-3-Clause */
/* Decimal text to double.
 *
 * Three ways, all correctly rounded (nearest, ties to even):
 * 1. up to 2^53 with at most 22 places: one exact product or quotient
 *    (W. D. Clinger, How to read floating point numbers accurately, 1990);
 * 2. up to 19 digits with at most 64 places: the product with 1/5^k to 128
 *    bits, whose error shows only where the bits below the top 64 are all
 *    ones (after D. Lemire, Number parsing at a gigabyte per second, 2021);
 * 3. up to 19 digits with at most 27 places either way: 5^27 < 2^63, so the
 *    quotient by 5^k or the product with it is exact in 128 bits, and its top
 *    64 bits with a sticky lowest bit round as the whole would;
 * 4. the C library, which is exact; the program runs in the C locale.
 *
 * Digits are taken up to eight at a time: a word's bytes become four numbers
 * of two digits, two of four, one of eight (section 3 of the same paper). */

#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "number_fifths.h"

enum { EXACT_TEN = 22, EXACT_FIVE = 27, DIGITS = 19 };

__extension__ typedef unsigned __int128 wide;

static const double ten_to[EXACT_TEN + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

typedef struct decimal { /* digits * 10^exponent */
  uint64_t digits;
  int64_t exponent;
  bool negative, is_cut; /* is_cut: more than DIGITS digits */
} decimal;

static inline bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

/* x * 2^power, exact: the result is a normal number. */
static double scale(double x, int power) {
  const uint64_t bits = (uint64_t)(1023 + power) << 52;
  double factor;

  memcpy(&factor, &bits, sizeof factor);
  return x * factor;
}

static double by_five(uint64_t digits, int exponent) {
  const unsigned k = (unsigned)(exponent < 0 ? -exponent : exponent);
  uint64_t five = 1, top, sticky;
  int power;

  for (unsigned i = 0; i < k; i++)
    five *= 5;
  if (exponent < 0) { /* 2^62 <= top < 2^64 */
    const int left = __builtin_clzll(digits);
    const int up = 63 - __builtin_clzll(five);
    const wide over = (wide)(digits << left) << up;

    top = (uint64_t)(over / five);
    sticky = (wide)top * five != over;
    power = -left - up - (int)k;
  } else {
    const wide all = (wide)digits * five;
    const uint64_t high = (uint64_t)(all >> 64);
    const int down = high != 0 ? 64 - __builtin_clzll(high) : 0;

    top = (uint64_t)(all >> down);
    sticky = ((wide)top << down) != all;
    power = down + (int)k;
  }
  return scale((double)(top | sticky), power);
}

/* digits / 5^k by way of the reciprocal; false: too close to call. */
static bool by_fifth(uint64_t digits, unsigned k, double *out) {
  const int left = __builtin_clzll(digits);
  const uint64_t *r = hpo_fifth[k - 1];
  const int bits = (int)(k * 1217359 >> 19) + 1; /* k log2(5), up to 3500 */
  const wide low = (wide)(digits << left) * r[1];
  const wide all = (wide)(digits << left) * r[0] + (low >> 64);

  if ((uint64_t)all >= UINT64_MAX - 1) /* all is too low by less than 2 */
    return false;
  *out = scale((double)((uint64_t)(all >> 64) | 1), 1 - bits - left - (int)k);
  return true;
}

/* The digits that the eight bytes at p begin with, as a number; how many. */
static inline uint64_t word_of(const char *p, unsigned *n) {
  uint64_t w, other;

  memcpy(&w, p, sizeof w);
  w ^= 0x3030303030303030u; /* digits are 0 .. 9 now */
  other = (w | (w + 0x0606060606060606u)) & 0xf0f0f0f0f0f0f0f0u;
  *n = other != 0 ? (unsigned)__builtin_ctzll(other) / 8 : 8;
  w = w << (32 - 4 * *n) << (32 - 4 * *n); /* they are the last of eight */
  w = w * 10 + (w >> 8);
  return (((w & 0x000000ff000000ffu) * 0x000f424000000064u) +
          ((w >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u)) >>
         32;
}

/* Adds digits at p, as far as they come in words; HPO_NUMBER_SLACK bytes may
 * be read.  Leading zeros count where they share words with others.  Two
 * words are taken whether or not the second one is wanted: a branch on the
 * number of digits would be guessed wrong. */
static inline const char *take_words(const char *p, decimal *d,
                                     unsigned *taken) {
  static const uint64_t ten[] = {1,      10,      100,      1000,     10000,
                                 100000, 1000000, 10000000, 100000000};
  unsigned n, m;
  uint64_t first, second;

  if (*taken + 16 > DIGITS)
    return p;
  first = word_of(p, &n);
  second = word_of(p + 8, &m);
  second = n == 8 ? second : 0;
  m = n == 8 ? m : 0;
  d->digits = (d->digits * ten[n] + first) * ten[m] + second;
  *taken += d->digits != 0 ? n + m : 0;
  return p + n + m;
}

/* Adds the digits at p; places counts those after the point. */
static inline const char *take_digits(const char *p, decimal *d,
                                      unsigned *taken) {
  for (; is_digit(*p); p++) {
    if (*taken >= DIGITS) {
      d->is_cut = true;
      continue;
    }
    d->digits = d->digits * 10 + (uint64_t)(*p - '0');
    *taken += d->digits != 0; /* leading zeros do not count */
  }
  return p;
}

static const char *take_exponent(const char *p, decimal *d) {
  const char *at = p + 1;
  const bool negative = *at == '-';
  int64_t e = 0;

  if (*at == '-' || *at == '+')
    at++;
  if (!is_digit(*at))
    return p;
  for (; is_digit(*at); at++)
    if (e < 100000)
      e = e * 10 + (*at - '0');
  d->exponent += negative ? -e : e;
  return at;
}

static double value_of(const decimal *d, const char *text) {
  const int64_t e = d->exponent;
  double x = 0;

  if (d->digits == 0 && !d->is_cut)
    return 0;
  if (!d->is_cut && d->digits <= (uint64_t)1 << 53 && e <= EXACT_TEN &&
      e >= -EXACT_TEN)
    return e < 0 ? (double)d->digits / ten_to[-e]
                 : (double)d->digits * ten_to[e];
  if (!d->is_cut && e < 0 && e >= -HPO_FIFTHS &&
      by_fifth(d->digits, (unsigned)-e, &x))
    return x;
  if (!d->is_cut && e <= EXACT_FIVE && e >= -EXACT_FIVE)
    return by_five(d->digits, (int)e);
  return fabs(strtod(text, NULL));
}

static inline const char *scan(const char *text, bool is_long, double *out) {
  decimal d = {0};
  const char *p = text, *whole, *point;
  unsigned taken = 0;
  double x;

  d.negative = *p == '-';
  if (*p == '-' || *p == '+')
    p++;
  whole = p;
  p = take_digits(p, &d, &taken);
  point = p;
  if (*p == '.') {
    p++;
    if (is_long)
      p = take_words(p, &d, &taken);
    p = take_digits(p, &d, &taken);
    d.exponent = -(p - point - 1);
  }
  if (p - whole - (p > point) == 0)
    return NULL;
  if (*p == 'e' || *p == 'E')
    p = take_exponent(p, &d);
  x = value_of(&d, text);
  *out = d.negative && x != 0 ? -x : x;
  return p;
}

const char *hpo_number_scan(const char *text, double *out) {
  return scan(text, false, out);
}

const char *hpo_number_scan_long(const char *text, double *out) {
  return scan(text, true, out);
}

bool hpo_number_whole(const char *text, size_t n, double *out) {
  double x = 0;

  if (hpo_number_scan(text, &x) != text + n || n == 0)
    return false;
  *out = x;
  return true;
}

static const char *skip_digits(const char *p) {
  while (is_digit(*p))
    p++;
  return p;
}

/* Past digits, which may stand in threes behind marks. */
static const char *skip_groups(const char *p, char mark) {
  const char *q = skip_digits(p);

  if (q > p && q <= p + 3)
    while (*q == mark && skip_digits(q + 1) == q + 4)
      q += 4;
  return q;
}

bool hpo_number_comma(const char *text, size_t n) {
  const char *end = text + n;
  const char *p = text + (*text == '-' || *text == '+');
  const char *q = skip_groups(p, ',');
  decimal d = {0};

  if (q > skip_digits(p) && (*q == '.' ? skip_digits(q + 1) : q) == end)
    return true;
  q = skip_groups(p, '.');
  if (*q != ',' || !is_digit(q[1]))
    return false;
  q = skip_digits(q + 1);
  return (*q == 'e' || *q == 'E' ? take_exponent(q, &d) : q) == end;
}

const char *hpo_number_fault(const char *text, size_t n) {
  return hpo_number_comma(text, n)
             ? "is not a number: it has a comma; write 1.5 for 1,5"
             : "is not a number";
}
