/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors as sentences, exit codes, broken invariants. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/status.h"

/* Bytes from outside that a terminal would obey. */
static void make_harmless(char *text) {
  for (; *text != '\0'; text++)
    if (((unsigned char)*text < 0x20 && *text != '\n' && *text != '\t') ||
        *text == 0x7F)
      *text = '?';
}

hpo_status hpo_error_set(hpo_error *err, hpo_status code, const char *fmt,
                         ...) {
  if (err != NULL) {
    char text[sizeof err->text]; /* an argument may be err->text itself */
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n >= 0)
      make_harmless(text);
    err->code = code;
    memcpy(err->text, n < 0 ? "" : text, n < 0 ? 1 : strlen(text) + 1);
  }
  return code;
}

void hpo_error_prefix(hpo_error *err, const char *fmt, ...) {
  if (err == NULL)
    return;
  char prefix[sizeof err->text];
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(prefix, sizeof prefix, fmt, args);
  va_end(args);
  if (n <= 0)
    return;
  size_t room = sizeof err->text - 1, front = strlen(prefix);
  size_t back = strlen(err->text);
  if (back > room - front)
    back = room - front;
  memmove(err->text + front, err->text, back);
  memcpy(err->text, prefix, front);
  err->text[front + back] = '\0';
}

int hpo_status_exit(hpo_status status) {
  switch (status) {
  case HPO_OK:
    return 0;
  case HPO_EINVAL:
    return 2;
  case HPO_EDATA:
    return 3;
  case HPO_ESTUDY:
    return 4;
  case HPO_EIO:
  case HPO_EMEM:
  case HPO_EPEER:
  case HPO_ETRIAL:
  case HPO_EBUG:
    break;
  }
  return 1;
}

void hpo_assert_failed(const char *what, const char *file, int line) {
  fprintf(stderr, "hpotune: %s:%d: this must hold: %s\n", file, line, what);
  abort();
}
