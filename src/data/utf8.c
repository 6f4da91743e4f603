/* SPDX-License-Identifier: BSD-3-Clause */
/* Text from outside (RFC 3629). */

#include "utf8.h"

#include <string.h>

/* Bytes of the character that lead begins; 0: it begins none. */
static size_t length_of(unsigned char lead) {
  if (lead < 0x80)
    return 1;
  if (lead < 0xC2 || lead > 0xF4)
    return 0;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

bool hpo_utf8_check(const char *text, size_t n) {
  const unsigned char *p = (const unsigned char *)text;

  for (size_t i = 0; i < n;) {
    const size_t length = length_of(p[i]);

    if (length == 0 || length > n - i || p[i] == 0)
      return false;
    for (size_t k = 1; k < length; k++)
      if (p[i + k] >> 6 != 2)
        return false;
    if (length > 2 && ((p[i] == 0xE0 && p[i + 1] < 0xA0) ||
                       (p[i] == 0xED && p[i + 1] > 0x9F) ||
                       (p[i] == 0xF0 && p[i + 1] < 0x90) ||
                       (p[i] == 0xF4 && p[i + 1] > 0x8F)))
      return false; /* too long a form, a surrogate, beyond U+10FFFF */
    i += length;
  }
  return true;
}

char *hpo_utf8_show(const char *text, size_t n, char to[HPO_UTF8_SHOWN]) {
  static const char dots[] = "...";
  const size_t most = HPO_UTF8_SHOWN - sizeof dots;
  const bool good = hpo_utf8_check(text, n);
  size_t end = n < most ? n : most;

  while (good && end < n && end > 0 && (unsigned char)text[end] >> 6 == 2)
    end--; /* not inside a character */
  for (size_t i = 0; i < end; i++) {
    const unsigned char c = (unsigned char)text[i];

    to[i] = c < 0x20 || c == 0x7F ? ' ' : c >= 0x80 && !good ? '?' : text[i];
  }
  strcpy(to + end, end < n ? dots : "");
  return to;
}
