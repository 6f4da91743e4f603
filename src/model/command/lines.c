/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program prints: see lines.h. */
#include "model/command/lines.h"

#include "hpo/doc.h"
#include "hpo/options.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LONGEST_LINE ((size_t)1 << 16)
#define LONGEST_LOG ((uint64_t)1 << 20)
/* Bytes of a trial's reason; what is said before the last lines is shorter.
 */
#define REASON 190

hpo_status hpo_lines_create(hpo_lines *l, const char *const *metric,
                            size_t n_metric, hpo_error *err) {
  hpo_status status = HPO_OK;

  *l = (hpo_lines){.metric = metric, .n_metric = n_metric, .log = -1};
  HPO_TRY(status, hpo_mem_new(n_metric, sizeof *l->pattern, &l->pattern, err));
  HPO_TRY(status,
          hpo_mem_new(n_metric, sizeof *l->has_pattern, &l->has_pattern, err));
done:
  return status;
}

void hpo_lines_free(hpo_lines *l) {
  for (size_t i = 0; l->has_pattern && i < l->n_metric; i++)
    if (l->has_pattern[i])
      regfree(&l->pattern[i]);
  hpo_mem_free(l->pattern);
  hpo_mem_free(l->has_pattern);
  hpo_buffer_free(&l->line[1]);
  hpo_buffer_free(&l->line[2]);
  hpo_buffer_free(&l->kept);
  hpo_mem_free(l->number);
  if (l->log >= 0)
    (void)close(l->log);
  *l = (hpo_lines){.log = -1};
}

hpo_status hpo_lines_pattern(hpo_lines *l, size_t metric, const char *text,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  char why[200];
  int code = regcomp(&l->pattern[metric], text, REG_EXTENDED);

  if (code != 0) {
    (void)regerror(code, &l->pattern[metric], why, sizeof why);
    HPO_FAIL(status, err, HPO_EINVAL, "pattern \"%.100s\": %s", text, why);
  }
  l->has_pattern[metric] = true;
done:
  return status;
}

/* --- numbers --------------------------------------------------------------
 */

/* Numbers of the report that has not ended stand last, one for each metric. */
static hpo_reported *find_open(hpo_lines *l, size_t metric) {
  for (size_t i = l->n; i > l->first && !l->number[i - 1].ends; i--)
    if (l->number[i - 1].metric == metric)
      return &l->number[i - 1];
  return NULL;
}

static hpo_status add_number(hpo_lines *l, size_t metric, double value,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_reported *same = find_open(l, metric);

  if (same != NULL) {
    same->value = value;
    return HPO_OK;
  }
  if (l->first > l->n - l->first) { /* those that are taken make room */
    memcpy(l->number, l->number + l->first,
           (l->n - l->first) * sizeof *l->number);
    l->n -= l->first;
    l->first = 0;
  }
  HPO_TRY(status, hpo_mem_grow(&l->number, &l->room, l->n + 1,
                               sizeof *l->number, err));
  l->number[l->n++] = (hpo_reported){.metric = metric, .value = value};
done:
  return status;
}

/* A number; NaN for null and texts that stand for none. */
static double number_of(const hpo_doc *d) {
  return d->kind == HPO_DOC_BOOL ? (double)d->integer : hpo_doc_number(d);
}

static hpo_status take_json(hpo_lines *l, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_doc doc = {0};
  const hpo_doc *metrics, *one;
  hpo_error own = {0};

  status = hpo_doc_read_json(text, strlen(text), &doc, &own);
  if (status == HPO_EMEM)
    HPO_FAIL(status, err, status, "%s", own.text);
  metrics = status == HPO_OK ? hpo_doc_find(&doc, "metrics") : NULL;
  status = HPO_OK;
  for (size_t i = 0; metrics && i < l->n_metric; i++)
    if ((one = hpo_doc_find(metrics, l->metric[i])) != NULL)
      HPO_TRY(status, add_number(l, i, number_of(one), err));
done:
  hpo_doc_free(&doc);
  return status;
}

/* The text of a group as a number; false: it is none. */
static bool read_group(const char *text, regmatch_t at, double *out) {
  char word[64];
  size_t n = at.rm_so < 0 ? 0 : (size_t)(at.rm_eo - at.rm_so);

  if (n == 0 || n >= sizeof word)
    return false;
  memcpy(word, text + at.rm_so, n);
  word[n] = '\0';
  if (hpo_options_parse_float(word, out))
    return true;
  *out = NAN;
  return strcasecmp(word, "nan") == 0 || strcasecmp(word, "inf") == 0 ||
         strcasecmp(word, "-inf") == 0;
}

static hpo_status take_patterns(hpo_lines *l, const char *text,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  regmatch_t at[2];
  double value = 0;

  for (size_t i = 0; i < l->n_metric; i++)
    if (l->has_pattern[i] && regexec(&l->pattern[i], text, 2, at, 0) == 0 &&
        read_group(text, at[1], &value))
      HPO_TRY(status, add_number(l, i, value, err));
done:
  return status;
}

/* --- lines ----------------------------------------------------------------
 */

static hpo_status end_line(hpo_lines *l, int which, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer *b = &l->line[which];
  size_t start = 0;
  char *text;

  HPO_TRY(status, hpo_buffer_add(b, "", 1, err));
  text = (char *)b->byte;
  while (isspace((unsigned char)text[start]))
    start++;
  HPO_TRY(status, take_patterns(l, text, err));
  if (which == 1 && text[start] == '{')
    HPO_TRY(status, take_json(l, text + start, err));
  if (find_open(l, 0) != NULL) {
    l->number[l->n - 1].ends = true;
    l->n_report++;
  }
done:
  b->n = 0;
  l->is_cut[which] = false;
  return status;
}

/* The first part of the output into the log, then nothing: it has a bound. */
static void keep(hpo_lines *l, const char *text, size_t n) {
  static const char cut[] = "\n... (cut here: 1 MiB)\n";
  size_t before = l->n_tail < LONGEST_LOG ? (size_t)l->n_tail : LONGEST_LOG;
  size_t fits = LONGEST_LOG - before < n ? LONGEST_LOG - before : n;

  if (l->log >= 0 && fits > 0)
    (void)!write(l->log, text, fits);
  if (l->log >= 0 && fits > 0 && fits < n)
    (void)!write(l->log, cut, sizeof cut - 1);
  for (size_t i = 0; i < n; i++)
    l->tail[(l->n_tail + i) % sizeof l->tail] = text[i];
  l->n_tail += n;
}

/* The same for the study file. */
static hpo_status keep_first(hpo_lines *l, const char *text, size_t n,
                             hpo_error *err) {
  static const char cut[] = "\n... (cut here)\n";
  hpo_status status = HPO_OK;
  size_t fits =
      l->n_tail < l->most_kept ? l->most_kept - (size_t)l->n_tail : 0;

  HPO_TRY(status, hpo_buffer_add(&l->kept, text, fits < n ? fits : n, err));
  if (fits < n && l->most_kept > 0 && l->kept.n <= l->most_kept)
    HPO_TRY(status, hpo_buffer_add(&l->kept, cut, sizeof cut - 1, err));
done:
  return status;
}

hpo_status hpo_lines_add(hpo_lines *l, int which, const char *text, size_t n,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer *b = &l->line[which];

  HPO_TRY(status, keep_first(l, text, n, err));
  keep(l, text, n);
  for (size_t at = 0; at < n;) {
    const char *end = memchr(text + at, '\n', n - at);
    const char *back = memchr(text + at, '\r', n - at);
    size_t stop;
    if (back != NULL && (end == NULL || back < end))
      end = back; /* a progress bar draws its line anew */
    stop = end == NULL ? n : (size_t)(end - text);
    if (b->n + (stop - at) > LONGEST_LINE)
      l->is_cut[which] = true;
    if (!l->is_cut[which])
      HPO_TRY(status, hpo_buffer_add(b, text + at, stop - at, err));
    if (end != NULL)
      HPO_TRY(status, end_line(l, which, err));
    at = stop + 1;
  }
done:
  return status;
}

hpo_status hpo_lines_end(hpo_lines *l, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (int which = 1; which <= 2; which++)
    if (l->line[which].n > 0)
      HPO_TRY(status, end_line(l, which, err));
done:
  return status;
}

bool hpo_lines_take(hpo_lines *l, hpo_reported *out) {
  if (l->first == l->n)
    return false;
  *out = l->number[l->first++];
  l->n_report -= out->ends;
  if (l->first == l->n)
    l->first = l->n = 0;
  return true;
}

/* --- last words -----------------------------------------------------------
 */

char *hpo_lines_last(const hpo_lines *l, char *text, size_t room) {
  size_t n = l->n_tail < sizeof l->tail ? (size_t)l->n_tail : sizeof l->tail;
  size_t at = room - 1;
  bool is_gap = false;

  text[at] = '\0';
  for (size_t i = 1; i <= n && at > 0; i++) {
    char c = l->tail[(l->n_tail - i) % sizeof l->tail];
    if (c == '\n' || c == '\r') {
      is_gap = text[at] != '\0';
      continue;
    }
    if (is_gap && at < 4)
      break;
    if (is_gap) {
      at -= 3;
      memcpy(text + at, " | ", 3);
    }
    is_gap = false;
    text[--at] = (unsigned char)c < ' ' || c == 127 ? ' ' : c;
  }
  while ((text[at] & 0xC0) == 0x80)
    at++; /* not the rest of a character */
  memmove(text, text + at, room - at);
  return text;
}

hpo_status hpo_lines_fail(const hpo_lines *l, const char *what,
                          hpo_error *err) {
  char last[REASON];

  (void)hpo_lines_last(l, last, sizeof last - strlen(what) - 2);
  return hpo_error_set(err, HPO_ETRIAL, "%s%s%s", what, last[0] ? ": " : "",
                       last);
}

hpo_status hpo_lines_judge(const hpo_lines *l, const hpo_process_end *e,
                           const char *program, bool any_code,
                           hpo_error *err) {
  char what[100];

  if (e->error)
    return hpo_error_set(err, HPO_ETRIAL, "%s: %s", program,
                         strerror(e->error));
  if (e->is_lost)
    return hpo_lines_fail(l, "its guard was killed", err);
  if (e->signal) {
    (void)snprintf(what, sizeof what, "ended by signal %d (%.30s)", e->signal,
                   strsignal(e->signal));
    return hpo_lines_fail(l, what, err);
  }
  if (e->code != 0 && !any_code) {
    (void)snprintf(what, sizeof what, "exit code %d", e->code);
    return hpo_lines_fail(l, what, err);
  }
  return HPO_OK;
}
