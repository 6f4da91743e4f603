/* SPDX-License-Identifier: BSD-3-Clause */
/* The lexer for LIBSVM text, as scikit-learn's load_svmlight_file takes it
 * (which leaves qid: out only where it is asked to). */

#include "libsvm.h"

#include <math.h>
#include <string.h>

#include "number.h"
#include "utf8.h"

enum { LONGEST_LINE = 1 << 26 };

hpo_status hpo_libsvm_open(hpo_libsvm *l, const char *path, hpo_digest *hash,
                           hpo_error *err) {
  *l = (hpo_libsvm){.last = -1};
  return hpo_csv_open(&l->bytes, path, hash, err);
}

void hpo_libsvm_close(hpo_libsvm *l) { hpo_csv_close(&l->bytes); }

static inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

static inline bool is_end(const char *p) {
  return *p == '\n' || *p == '#' || (*p == '\r' && p[1] == '\n');
}

static const char *skip_blank(const char *p) {
  while (is_blank(*p))
    p++;
  return p;
}

/* Up to the next blank or the line's end. */
static size_t word_length(const char *p) {
  size_t n = 0;

  while (!is_blank(p[n]) && !is_end(p + n))
    n++;
  return n;
}

/* "file:line: what 'word' why" */
static hpo_status refuse(const hpo_libsvm *l, const char *what, const char *p,
                         const char *why, hpo_error *err) {
  char shown[HPO_UTF8_SHOWN];

  return hpo_error_set(err, HPO_EDATA, "%s:%lld: %s'%s' %s", l->bytes.path,
                       (long long)l->line, what,
                       hpo_utf8_show(p, word_length(p), shown), why);
}

/* The next line, whatever it holds. */
static hpo_status next_line(hpo_libsvm *l, bool *is_there, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_csv *b = &l->bytes;

  for (;;) {
    const char *from = b->byte + b->at;
    const char *end = memchr(from, '\n', b->end - b->at);

    if ((end != NULL ? end : b->byte + b->end) - from > LONGEST_LINE)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s:%lld: a line of more than %d bytes; is this LIBSVM text?",
               b->path, (long long)(l->line + 1), LONGEST_LINE);
    if (end != NULL) {
      l->at = from;
      l->line++;
      b->at = (size_t)(end + 1 - b->byte);
      *is_there = true;
      return HPO_OK;
    }
    if (b->is_all)
      break;
    HPO_TRY(status, hpo_csv_more(b, err));
  }
  *is_there = false;
done:
  return status;
}

hpo_status hpo_libsvm_row(hpo_libsvm *l, bool *is_there, double *label,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *p, *end;
  double y = 0;

  do {
    HPO_TRY(status, next_line(l, is_there, err));
    if (!*is_there)
      return HPO_OK;
    p = skip_blank(l->at);
  } while (is_end(p));
  end = hpo_number_scan(p, &y);
  if (end != NULL && *end == ':')
    HPO_TRY(status, refuse(l, "", p,
                           "where the label should stand; allowed: label "
                           "index:value ...",
                           err));
  if (end == NULL || (!is_blank(*end) && !is_end(end)))
    HPO_TRY(status,
            refuse(l, "label ", p,
                   "is not a number; allowed: label index:value ...", err));
  if (!isfinite(y))
    HPO_TRY(status, refuse(l, "label ", p, "is infinite", err));
  l->at = end;
  l->last = -1;
  *label = y;
done:
  return status;
}

/* Digits and a colon; *out is -1 where the index is too large. */
static const char *scan_index(const char *p, int64_t *out) {
  const char *from = p;
  int64_t x = 0;

  for (; *p >= '0' && *p <= '9'; p++)
    x = x <= HPO_LIBSVM_MOST_INDEX ? x * 10 + (*p - '0') : x;
  *out = x <= HPO_LIBSVM_MOST_INDEX ? x : -1;
  return p > from && *p == ':' ? p + 1 : NULL;
}

static hpo_status check_index(const hpo_libsvm *l, const char *p,
                              int64_t index, hpo_error *err) {
  if (index < 0)
    return refuse(l, "", p, "has too large an index; allowed: 0 to 2147483646",
                  err);
  if (index == l->last)
    return refuse(l, "", p, "has the same index as the entry before it", err);
  if (index < l->last)
    return refuse(l, "", p,
                  "has a smaller index than the entry before it; the indices "
                  "of a line must ascend",
                  err);
  return HPO_OK;
}

hpo_status hpo_libsvm_next(hpo_libsvm *l, bool *is_there,
                           hpo_libsvm_entry *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *p = skip_blank(l->at), *value, *end;
  int64_t index = 0;
  double x = 0;

  *is_there = !is_end(p);
  if (!*is_there)
    return HPO_OK;
  if (strncmp(p, "qid:", 4) == 0)
    HPO_TRY(status, refuse(l, "", p,
                           "is a query of a ranking task, which hpotune has "
                           "not; take the qid: entries out",
                           err));
  value = scan_index(p, &index);
  if (value == NULL)
    HPO_TRY(status, refuse(l, "", p, "is not index:value", err));
  HPO_TRY(status, check_index(l, p, index, err));
  end = hpo_number_scan(value, &x);
  if (end == NULL || (!is_blank(*end) && !is_end(end)))
    HPO_TRY(status, refuse(l, "", p,
                           "has a value that is not a finite number (a "
                           "missing value is left out)",
                           err));
  l->last = index;
  l->at = end;
  *out = (hpo_libsvm_entry){index, x, value, (size_t)(end - value)};
done:
  return status;
}
