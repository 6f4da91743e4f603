/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5's stack of errors turned into one sentence. */
#include "h5_private.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void hpo_h5_quiet(void) {
  (void)H5dont_atexit(); /* fails from the second time on */
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void hpo_h5_drop(hid_t id, bool good) {
  hid_t stack = H5I_INVALID_HID;

  if (id < 0)
    return;
  if (!good)
    stack = H5Eget_current_stack();
  (void)H5Idec_ref(id);
  if (stack >= 0)
    (void)H5Eset_current_stack(stack); /* which closes it */
}

/** What the stack has told so far. */
typedef struct reason {
  char text[256];
  bool system; /* text is the operating system's word */
} reason;

/** The operating system's message in "..., errno = 28, error message = 'No
 *  space left on device', ..."; false where there is none. */
static bool system_message(const char *text, reason *to) {
  static const char mark[] = "error message = '";
  const char *from = strstr(text, mark);
  const char *end = NULL;

  if (from == NULL)
    return false;
  from += sizeof mark - 1;
  end = strchr(from, '\'');
  if (end == NULL || end == from)
    return false;
  snprintf(to->text, sizeof to->text, "%.*s", (int)(end - from), from);
  to->text[0] = (char)tolower((unsigned char)to->text[0]);
  to->system = true;
  return true;
}

/** Entries come deepest first: the first that says anything counts, unless a
 *  later one has the operating system's message. */
static herr_t look(unsigned n, const H5E_error2_t *entry, void *to) {
  reason *r = to;

  (void)n;
  if (r->system || entry->desc == NULL || entry->desc[0] == '\0')
    return 0;
  if (!system_message(entry->desc, r) && r->text[0] == '\0')
    snprintf(r->text, sizeof r->text, "%s", entry->desc);
  return 0;
}

hpo_status hpo_h5_fail(hpo_error *err, hpo_status code, const char *fmt, ...) {
  char what[1024];
  reason r = {.text = "", .system = false};
  va_list list;

  (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, look, &r);
  va_start(list, fmt);
  vsnprintf(what, sizeof what, fmt, list);
  va_end(list);
  if (code == HPO_ESTUDY && r.system)
    code = HPO_EIO;
  if (r.text[0] == '\0')
    return hpo_error_set(err, code, "%s", what);
  return hpo_error_set(err, code, "%s: %s", what, r.text);
}

char *hpo_h5_version(char *to) {
  unsigned major = 0, minor = 0, release = 0;

  (void)H5get_libversion(&major, &minor, &release);
  snprintf(to, 32, "%u.%u.%u", major, minor, release);
  return to;
}
