/* SPDX-License-Identifier: BSD-3-Clause */
/* Text to numbers and back: whole text, correctly rounded, locale-free.
 *
 * A decimal is w * 10^e.  Three ways, the first that is sure to be right:
 * - w < 2^53 and |e| <= 22: one exact product or quotient (W. D. Clinger,
 *   How to read floating point numbers accurately, PLDI 1990);
 * - w < 2^64 and |e| <= 22: the same in twice the precision, taken where
 *   its error can't change the rounding;
 * - else the C library's strtod, in the "C" locale whatever the host
 *   application has set. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/options.h"
#include "num_private.h"

#define MOST_DIGITS                                                           \
  780 /* 768 decide every rounding, the rest: zero or not                     \
       */
#define MOST_EXPONENT 100000 /* beyond lie only 0 and infinity */
#define FAR_EXPONENT ((int64_t)1 << 56)

/* A decimal as it stands in the text. */
typedef struct decimal {
  bool negative;
  uint64_t w;        /* the first digits, at most 19 */
  int n_w;           /* significant digits in w */
  int64_t e;         /* the value is w * 10^e if w holds all of them */
  bool all;          /* w holds all digits that are not trailing zeros */
  const char *first; /* the first significant digit; NULL: zero */
  const char *end;   /* after the last digit */
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Takes one digit into d; zeros at the end wait in *zeros. */
static void take_digit(decimal *d, const char *at, int *zeros) {
  if (d->first == NULL && *at == '0')
    return;
  if (d->first == NULL)
    d->first = at;
  if (*at == '0') {
    (*zeros)++;
    return;
  }
  if (*zeros >= 19 - d->n_w || !d->all) {
    d->all = false;
    *zeros = 0;
    return;
  }
  for (; *zeros > 0; (*zeros)--, d->n_w++)
    d->w *= 10;
  d->w = d->w * 10 + (uint64_t)(*at - '0');
  d->n_w++;
}

/* "e-05" and the like at p; false if something else stands there. */
static bool read_exponent(const char *p, const char *end, int64_t *e) {
  bool negative = false;
  int64_t value = 0;
  p++;
  if (p < end && (*p == '+' || *p == '-'))
    negative = *p++ == '-';
  if (p == end)
    return false;
  for (; p < end; p++) {
    if (!is_digit(*p))
      return false;
    if (value < FAR_EXPONENT)
      value = value * 10 + (*p - '0');
  }
  *e = negative ? -value : value;
  return true;
}

static bool read_decimal(const char *p, size_t n, decimal *d) {
  const char *end = p + n;
  int zeros = 0;
  int64_t digits = 0, fraction = 0, exponent = 0;
  *d = (decimal){.all = true};
  if (p < end && (*p == '+' || *p == '-'))
    d->negative = *p++ == '-';
  for (; p < end && is_digit(*p); p++, digits++)
    take_digit(d, p, &zeros);
  if (p < end && *p == '.')
    for (p++; p < end && is_digit(*p); p++, fraction++)
      take_digit(d, p, &zeros);
  d->end = p;
  if (digits + fraction == 0)
    return false;
  if (p < end &&
      ((*p != 'e' && *p != 'E') || !read_exponent(p, end, &exponent)))
    return false;
  d->e = exponent - fraction + zeros;
  return true;
}

static const double power_of_ten[23] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* w * 10^e in twice the precision; false where that does not decide. */
static bool twice_precision(uint64_t w, int64_t e, double *out) {
  double wh = (double)(w & ~(uint64_t)0x7ff), wl = (double)(w & 0x7ff);
  double ten = power_of_ten[e < 0 ? -e : e], high = 0, low = 0;
  double sum = wh + wl;
  wl -= sum - wh;
  if (e < 0) {
    high = sum / ten;
    double back_low = 0, back = exact_product(high, ten, &back_low);
    low = (((sum - back) - back_low) + wl) / ten;
  } else {
    high = exact_product(sum, ten, &low);
    low += wl * ten;
  }
  /* The relative error is under 2^-100; it must not move the rounding. */
  double slack = high * 0x1p-95, near = high + low;
  if (high + (low - slack) != near || high + (low + slack) != near)
    return false;
  *out = near;
  return true;
}

/* Any decimal: its digits in a canonical form that strtod reads. */
static double long_way(const decimal *d) {
  char text[MOST_DIGITS + 40];
  size_t n = 0;
  int64_t exponent = d->e;
  bool lost = false;
  const char *last = d->end; /* e counts from after the last nonzero digit */
  while (last[-1] == '0' || last[-1] == '.')
    last--;
  for (const char *p = d->first; p < last; p++) {
    if (*p == '.')
      continue;
    if (n < MOST_DIGITS)
      text[n++] = *p;
    else {
      lost = lost || *p != '0';
      exponent++;
    }
  }
  if (lost) {
    text[n++] = '1';
    exponent--;
  }
  if (exponent > MOST_EXPONENT || exponent < -MOST_EXPONENT)
    return exponent < 0 ? 0.0 : INFINITY;
  snprintf(text + n, sizeof text - n, "e%d", (int)exponent);
  locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (c == (locale_t)0)
    return strtod(text, NULL); /* no memory: digits alone need no locale */
  double value = strtod_l(text, NULL, c);
  freelocale(c);
  return value;
}

bool hpo_options_parse_float_n(const char *text, size_t n, double *out) {
  decimal d;
  double value = 0;
  if (!read_decimal(text, n, &d))
    return false;
  if (d.first == NULL)
    value = 0;
  else if (d.all && d.e >= -22 && d.e <= 22 && d.w <= (uint64_t)1 << 53)
    value = d.e < 0 ? (double)d.w / power_of_ten[-d.e]
                    : (double)d.w * power_of_ten[d.e];
  else if (!(d.all && d.e >= -22 && d.e <= 22 &&
             twice_precision(d.w, d.e, &value)))
    value = long_way(&d);
  if (isinf(value))
    return false;
  *out = d.negative ? -value : value;
  return true;
}

bool hpo_options_parse_float(const char *text, double *out) {
  return hpo_options_parse_float_n(text, strlen(text), out);
}

bool hpo_options_parse_int(const char *text, int64_t *out) {
  bool negative = *text == '-';
  uint64_t value = 0, most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
  if (*text == '-' || *text == '+')
    text++;
  if (*text == '\0')
    return false;
  for (; *text != '\0'; text++) {
    if (!is_digit(*text))
      return false;
    uint64_t digit = (uint64_t)(*text - '0');
    if (value > (most - digit) / 10)
      return false;
    value = value * 10 + digit;
  }
  *out = !negative    ? (int64_t)value
         : value == 0 ? 0
                      : -(int64_t)(value - 1) - 1;
  return true;
}

bool hpo_options_parse_bool(const char *text, bool *out) {
  static const char *const word[] = {"no", "yes", "false", "true", "0", "1"};
  for (size_t i = 0; i < sizeof word / sizeof word[0]; i++)
    if (strcmp(text, word[i]) == 0) {
      *out = i % 2 == 1;
      return true;
    }
  return false;
}

/* "H:MM:SS" with any number of hours. */
static bool parse_hms(const char *text, double *out) {
  int64_t part[3] = {0, 0, 0};
  for (int i = 0; i < 3; i++) {
    const char *end = strchr(text, i < 2 ? ':' : '\0');
    size_t n = end == NULL ? 0 : (size_t)(end - text);
    if (n == 0 || n > 9 || (i > 0 && n != 2))
      return false;
    for (size_t k = 0; k < n; k++) {
      if (!is_digit(text[k]))
        return false;
      part[i] = part[i] * 10 + (text[k] - '0');
    }
    if (i < 2)
      text = end + 1;
  }
  if (part[1] > 59 || part[2] > 59)
    return false;
  *out = (double)(part[0] * 3600 + part[1] * 60 + part[2]);
  return true;
}

bool hpo_options_parse_duration(const char *text, double *out_seconds) {
  static const char letter[] = "smhd";
  static const double unit[] = {1, 60, 3600, 86400};
  size_t n = strlen(text);
  double value = 0, scale = 1;
  if (strchr(text, ':') != NULL)
    return parse_hms(text, out_seconds);
  if (n > 0 && strchr(letter, text[n - 1]) != NULL)
    scale = unit[strchr(letter, text[--n]) - letter];
  if (!hpo_options_parse_float_n(text, n, &value) || value < 0 ||
      value * scale > 1e15)
    return false;
  *out_seconds = value * scale;
  return true;
}

bool hpo_options_parse_bytes(const char *text, int64_t *out) {
  static const char letter[] = "KMGTkmgt";
  char digits[24];
  size_t n = strlen(text);
  int64_t value = 0, scale = 1;
  if (n > 0 && strchr(letter, text[n - 1]) != NULL)
    scale =
        (int64_t)1 << (10 * ((strchr(letter, text[--n]) - letter) % 4 + 1));
  if (n >= sizeof digits)
    return false;
  memcpy(digits, text, n);
  digits[n] = '\0';
  if (!hpo_options_parse_int(digits, &value) || value < 0 ||
      value > INT64_MAX / scale)
    return false;
  *out = value * scale;
  return true;
}

char *hpo_options_format_float(double x, char *text) {
  double back = 0;
  /* 15 digits survive the way to a double and back, but for subnormals. */
  int digits = fabs(x) < 0x1p-1022 ? 1 : 15;
  if (!isfinite(x)) {
    snprintf(text, 32, "%s", isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
    return text;
  }
  do {
    snprintf(text, 32, "%.*g", digits, x);
    char *point = strpbrk(text, ",");
    if (point != NULL) /* the host application's locale */
      *point = '.';
  } while (digits++ < 17 &&
           (!hpo_options_parse_float(text, &back) || back != x));
  return text;
}
