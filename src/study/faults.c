/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults of a study file: one line each, sorted, with place and element. */
#include "faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/options.h"

#define MOST_KEPT 200
#define MOST_TOLD 20
#define MOST_LETTERS 900 /* of one sentence */

/* The attribute that tells an element from its like. */
static const hpo_attr *key_of(const hpo_node *node) {
  static const char *const key[] = {"kind",   "name",    "href",  "metric",
                                    "column", "columns", "value", "metrics"};

  for (size_t i = 0; node->parent != NULL && i < sizeof key / sizeof *key; i++)
    if (hpo_node_find(node, key[i]) != NULL)
      return hpo_node_find(node, key[i]);
  return NULL;
}

/* Text of a file in one line: no control characters, cut when long. */
static void clean(char *text) {
  for (char *c = text; *c != '\0'; c++)
    if ((unsigned char)*c < ' ' || *c == 127)
      *c = ' ';
}

static void cut(char *text, size_t most) {
  size_t n = strlen(text);

  if (n <= most)
    return;
  n = most - 3;
  while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
    n--; /* not inside a UTF-8 letter */
  memcpy(text + n, "...", 4);
}

static hpo_status label(const hpo_node *node, char **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_attr *key = key_of(node);
  char *value = NULL, *name = NULL;

  HPO_TRY(status, hpo_mem_string(node->name, &name, err));
  cut(name, 60);
  if (key == NULL) {
    HPO_TRY(status, hpo_mem_format(out, err, "<%s>: ", name));
  } else {
    HPO_TRY(status, hpo_mem_string(key->value, &value, err));
    cut(value, 60);
    HPO_TRY(status, hpo_mem_format(out, err, "<%s %s=\"%s\">: ", name,
                                   key->name, value));
  }
done:
  hpo_mem_free(name);
  hpo_mem_free(value);
  return status;
}

/* Takes the text over. */
static hpo_status keep(hpo_faults *f, hpo_fault *made, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (f->n >= MOST_KEPT) {
    f->untold++;
    return HPO_OK;
  }
  HPO_TRY(status,
          hpo_mem_grow(&f->item, &f->room, f->n + 1, sizeof *f->item, err));
  clean(made->text);
  f->item[f->n++] = *made;
  made->text = NULL;
done:
  return status;
}

/* Adds "place: <element>: sentence". */
static hpo_status add(hpo_faults *f, int option, int line, bool of_data,
                      const char *element, const char *sentence,
                      hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_fault made = {
      .line = option < 0 ? line : 0, .order = f->n, .of_data = of_data};

  if (option >= 0)
    HPO_TRY(status, hpo_mem_format(&made.text, err, "--set %.80s: %s%s",
                                   f->set[option], element, sentence));
  else
    HPO_TRY(status, hpo_mem_format(&made.text, err, "%s:%d: %s%s", f->file,
                                   line, element, sentence));
  HPO_TRY(status, keep(f, &made, err));
done:
  hpo_mem_free(made.text);
  return status;
}

static hpo_status add_of_node(hpo_faults *f, const hpo_node *node,
                              const char *attr, bool of_data,
                              const char *sentence, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_attr *a = attr == NULL ? NULL : hpo_node_find(node, attr);
  int option = a != NULL ? a->option : node->option;
  char *element = NULL;

  HPO_TRY(status, label(node, &element, err));
  HPO_TRY(status, add(f, option, node->line, of_data, element, sentence, err));
done:
  hpo_mem_free(element);
  return status;
}

hpo_status hpo_faults_add(hpo_faults *f, const hpo_node *node,
                          const char *attr, hpo_error *err, const char *fmt,
                          ...) {
  char sentence[MOST_LETTERS + 4];
  va_list args;

  va_start(args, fmt);
  vsnprintf(sentence, sizeof sentence, fmt, args);
  va_end(args);
  cut(sentence, MOST_LETTERS);
  return add_of_node(f, node, attr, false, sentence, err);
}

hpo_status hpo_faults_add_data(hpo_faults *f, const hpo_node *node,
                               const char *attr, hpo_error *err,
                               const char *fmt, ...) {
  char sentence[MOST_LETTERS + 4];
  va_list args;

  va_start(args, fmt);
  vsnprintf(sentence, sizeof sentence, fmt, args);
  va_end(args);
  cut(sentence, MOST_LETTERS);
  return add_of_node(f, node, attr, true, sentence, err);
}

hpo_status hpo_faults_add_option(hpo_faults *f, int option, hpo_error *err,
                                 const char *fmt, ...) {
  char sentence[MOST_LETTERS + 4];
  va_list args;

  va_start(args, fmt);
  vsnprintf(sentence, sizeof sentence, fmt, args);
  va_end(args);
  cut(sentence, MOST_LETTERS);
  return add(f, option, 0, false, "", sentence, err);
}

hpo_status hpo_faults_add_place(hpo_faults *f, int line, int column,
                                hpo_error *err, const char *fmt, ...) {
  char sentence[MOST_LETTERS + 4];
  hpo_status status = HPO_OK;
  hpo_fault made = {.line = line, .order = f->n};
  va_list args;

  va_start(args, fmt);
  vsnprintf(sentence, sizeof sentence, fmt, args);
  va_end(args);
  cut(sentence, MOST_LETTERS);
  HPO_TRY(status, hpo_mem_format(&made.text, err, "%s:%d:%d: %s", f->file,
                                 line, column, sentence));
  HPO_TRY(status, keep(f, &made, err));
done:
  hpo_mem_free(made.text);
  return status;
}

static int by_line(const void *a, const void *b) {
  const hpo_fault *x = a, *y = b;

  if (x->line != y->line)
    return x->line < y->line ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

hpo_status hpo_faults_check(hpo_faults *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer all = {0};
  bool of_data = true;
  size_t told = 0, room = sizeof err->text - 64;

  if (f->n == 0)
    return HPO_OK;
  qsort(f->item, f->n, sizeof *f->item, by_line);
  for (size_t i = 0; i < f->n; i++)
    of_data = of_data && f->item[i].of_data;
  for (; told < f->n && told < MOST_TOLD; told++) {
    if (told > 0 && all.n + strlen(f->item[told].text) + 1 > room)
      break;
    HPO_TRY(status,
            hpo_buffer_format(&all, err, "%s%.*s", told > 0 ? "\n" : "",
                              (int)room, f->item[told].text));
  }
  if (told < f->n)
    HPO_TRY(status, hpo_buffer_format(&all, err, "\n%s: %zu more faults",
                                      f->file, f->n - told + f->untold));
  HPO_FAIL(status, err, of_data ? HPO_EDATA : HPO_EINVAL, "%s",
           hpo_faults_text(&all));
done:
  hpo_buffer_free(&all);
  return status;
}

void hpo_faults_free(hpo_faults *f) {
  for (size_t i = 0; i < f->n; i++)
    hpo_mem_free(f->item[i].text);
  hpo_mem_free(f->item);
  *f = (hpo_faults){0};
}

const char *hpo_faults_text(const hpo_buffer *b) {
  return b->n == 0 ? "" : (const char *)b->byte;
}

const char *hpo_faults_nearest(const char *word, const hpo_names *names) {
  const char *near =
      hpo_options_nearest(word, (const char *const *)names->item, names->n);

  for (size_t i = 0; near == NULL && strlen(word) > 2 && i < names->n; i++)
    if (strlen(names->item[i]) > 2 && (strstr(names->item[i], word) != NULL ||
                                       strstr(word, names->item[i]) != NULL))
      near = names->item[i];
  return near;
}

hpo_status hpo_faults_allowed(hpo_buffer *b, const char *word,
                              const hpo_names *names, const char *before,
                              const char *after, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *near = hpo_faults_nearest(word, names);

  if (near != NULL)
    HPO_TRY(status, hpo_buffer_format(b, err, "; did you mean %s%s%s?",
                                      before[0] != '\0' ? before : "\"", near,
                                      before[0] != '\0' ? after : "\""));
  else
    HPO_TRY(status, hpo_buffer_format(b, err, "."));
  HPO_TRY(status, hpo_buffer_format(b, err, " Allowed: "));
  for (size_t i = 0; i < names->n; i++)
    HPO_TRY(status, hpo_buffer_format(b, err, "%s%s%s%s", i > 0 ? ", " : "",
                                      before, names->item[i], after));
  if (names->n == 0)
    HPO_TRY(status, hpo_buffer_format(b, err, "none"));
done:
  return status;
}
