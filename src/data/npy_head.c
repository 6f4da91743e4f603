/* SPDX-License-Identifier: BSD-3-Clause */
/* The head of a .npy file, and its values. */

#include "npy_head.h"

#include <math.h>
#include <string.h>

#include "hpo/clones.h"
#include "utf8.h"

/* Past blanks; true and past the character if it is there. */
static bool take(const char **p, char c) {
  while (**p == ' ' || **p == '\n' || **p == '\t')
    (*p)++;
  if (**p != c)
    return false;
  (*p)++;
  return true;
}

/* A quoted text without escapes. */
static bool take_text(const char **p, char *to, size_t room) {
  char quote = '\'';
  size_t n = 0;

  if (!take(p, quote)) {
    quote = '"';
    if (!take(p, quote))
      return false;
  }
  while (**p != quote && **p != '\0' && n + 1 < room)
    to[n++] = *(*p)++;
  to[n] = '\0';
  return take(p, quote);
}

static bool take_size(const char **p, size_t *out) {
  size_t x = 0;
  bool some = false;

  (void)take(p, ' ');
  for (; **p >= '0' && **p <= '9'; (*p)++, some = true) {
    const size_t digit = (size_t)(**p - '0');

    if (x > (SIZE_MAX / 4 - digit) / 10)
      return false;
    x = 10 * x + digit;
  }
  *out = x;
  return some;
}

static hpo_status take_shape(const char *path, const char **p, hpo_npy_head *h,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t dim[2] = {0, 1}, n = 0;

  if (!take(p, '('))
    HPO_FAIL(status, err, HPO_EDATA, "%s: shape is no tuple", path);
  while (!take(p, ')')) {
    if (n == 2)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the array has more than two dimensions; allowed: rows by "
               "columns",
               path);
    if (!take_size(p, &dim[n++]))
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: shape holds no number, or one that is too large", path);
    if (!take(p, ',')) {
      if (!take(p, ')'))
        HPO_FAIL(status, err, HPO_EDATA, "%s: shape is damaged", path);
      break;
    }
  }
  if (n == 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: the array is a single number; allowed: rows by columns",
             path);
  h->rows = dim[0];
  h->columns = dim[1];
done:
  return status;
}

static hpo_status read_type(const char *path, const char *descr,
                            hpo_npy_head *h, hpo_error *err) {
  static const char *const known[] = {"b1", "i1", "i2", "i4", "i8", "u1",
                                      "u2", "u4", "u8", "f2", "f4", "f8"};
  hpo_status status = HPO_OK;
  const size_t order = strspn(descr, "<>|=") > 0;
  char shown[HPO_UTF8_SHOWN];

  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(descr + order, known[i]) == 0) {
      h->kind = known[i][0];
      h->size = (size_t)(known[i][1] - '0');
      h->is_big = descr[0] == '>';
      return HPO_OK;
    }
  HPO_FAIL(status, err, HPO_EDATA,
           "%s: the array's type is '%s'; allowed: bool, integers of 8 to 64 "
           "bits, float16, float32, float64",
           path, hpo_utf8_show(descr, strlen(descr), shown));
done:
  return status;
}

static hpo_status take_item(const char *path, const char **p, unsigned *seen,
                            hpo_npy_head *h, hpo_error *err) {
  hpo_status status = HPO_OK;
  char key[16] = "", text[64] = "";

  if (!take_text(p, key, sizeof key) || !take(p, ':'))
    HPO_FAIL(status, err, HPO_EDATA, "%s: the head is damaged", path);
  if (strcmp(key, "descr") == 0) {
    if (!take_text(p, text, sizeof text))
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the array is structured; allowed: one type of number",
               path);
    HPO_TRY(status, read_type(path, text, h, err));
    *seen |= 1;
  } else if (strcmp(key, "fortran_order") == 0) {
    (void)take(p, ' ');
    h->fortran = strncmp(*p, "True", 4) == 0;
    if (!h->fortran && strncmp(*p, "False", 5) != 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: fortran_order is neither True nor False", path);
    *p += h->fortran ? 4 : 5;
    *seen |= 2;
  } else if (strcmp(key, "shape") == 0) {
    HPO_TRY(status, take_shape(path, p, h, err));
    *seen |= 4;
  } else {
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: the head holds an unknown key; allowed: descr, "
             "fortran_order, shape",
             path);
  }
done:
  return status;
}

hpo_status hpo_npy_head_parse(const char *path, const char *text,
                              hpo_npy_head *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_npy_head h = {0};
  unsigned seen = 0;
  const char *p = text;

  if (!take(&p, '{'))
    HPO_FAIL(status, err, HPO_EDATA, "%s: the head is damaged", path);
  while (!take(&p, '}')) {
    HPO_TRY(status, take_item(path, &p, &seen, &h, err));
    if (!take(&p, ',')) {
      if (!take(&p, '}'))
        HPO_FAIL(status, err, HPO_EDATA, "%s: the head is damaged", path);
      break;
    }
  }
  if (seen != 7)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: the head lacks descr, fortran_order or shape", path);
  if (h.rows == 0 || h.columns == 0)
    HPO_FAIL(status, err, HPO_EDATA, "%s: the array is empty (%zu x %zu)",
             path, h.rows, h.columns);
  if (h.rows > SIZE_MAX / 4 / h.columns / h.size)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: an array of %zu x %zu values is larger than any memory",
             path, h.rows, h.columns);
  *out = h;
done:
  return status;
}

static double half(uint64_t bits) {
  const int exponent = (int)(bits >> 10 & 31);
  const double part = (double)(bits & 1023), sign = bits >> 15 ? -1 : 1;

  if (exponent == 31)
    return part > 0 ? NAN : sign * HUGE_VAL;
  if (exponent == 0)
    return sign * ldexp(part, -24);
  return sign * ldexp(1024 + part, exponent - 25);
}

HPO_INLINE double value_of(char kind, size_t size, bool is_big,
                           const uint8_t *p) {
  uint64_t bits = 0;
  uint32_t narrow;
  float single;
  double x;

  for (size_t i = 0; i < size; i++)
    bits = bits << 8 | p[is_big ? i : size - 1 - i];
  if (kind == 'b')
    return bits != 0;
  if (kind == 'u')
    return (double)bits;
  if (kind == 'i') {
    const uint64_t sign = (uint64_t)1 << (8 * size - 1);

    return bits & sign ? -(double)((sign << 1) - bits) : (double)bits;
  }
  if (size == 2)
    return half(bits);
  if (size == 4) {
    narrow = (uint32_t)bits;
    memcpy(&single, &narrow, sizeof single);
    return single;
  }
  memcpy(&x, &bits, sizeof x);
  return x;
}

double hpo_npy_value(const hpo_npy_head *h, const uint8_t *p) {
  return value_of(h->kind, h->size, h->is_big, p);
}

void hpo_npy_values(const hpo_npy_head *h, const uint8_t *p, size_t n,
                    double *to) {
  if (h->kind == 'f' && h->size == 4 && !h->is_big)
    for (size_t i = 0; i < n; i++) /* as most files: known to the compiler */
      to[i] = value_of('f', 4, false, p + 4 * i);
  else
    for (size_t i = 0; i < n; i++)
      to[i] = hpo_npy_value(h, p + i * h->size);
}
