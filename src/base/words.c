/* SPDX-License-Identifier: BSD-3-Clause */
/* A command line as words: see words.h. */
#include "hpo/words.h"

#include "hpo/mem.h"

#include <string.h>

#define BLANKS " \t\r\n"

typedef struct maker {
  const char *at; /* what is still to be read */
  hpo_words_value *value;
  void *self;
  hpo_buffer word; /* so far */
  bool is_absent;
} maker;

hpo_status hpo_words_add(hpo_words *w, const char *word, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status,
          hpo_mem_grow(&w->word, &w->room, w->n + 2, sizeof *w->word, err));
  HPO_TRY(status, hpo_mem_string(word, &w->word[w->n], err));
  w->n++;
done:
  return status;
}

void hpo_words_free(hpo_words *w) {
  for (size_t i = 0; i < w->n; i++)
    hpo_mem_free(w->word[i]);
  hpo_mem_free(w->word);
  *w = (hpo_words){0};
}

/* "{name}" or "{{" at m->at. */
static hpo_status read_brace(maker *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *name = NULL;
  const char *value = NULL;
  size_t n = strcspn(m->at + 1, "{}" BLANKS);

  if (m->at[1] == m->at[0]) {
    m->at += 2;
    return hpo_buffer_add(&m->word, m->at - 1, 1, err);
  }
  if (m->at[0] == '}' || n == 0 || m->at[1 + n] != '}')
    HPO_FAIL(status, err, HPO_EINVAL,
             "\"%.40s\" is no {name}; a brace itself is written {{ or }}",
             m->at);
  HPO_TRY(status, hpo_mem_format(&name, err, "%.*s", (int)n, m->at + 1));
  if (!m->value(m->self, name, &value))
    HPO_FAIL(status, err, HPO_EINVAL, "there is no parameter for {%.60s}",
             name);
  m->is_absent = m->is_absent || value == NULL;
  if (value != NULL)
    HPO_TRY(status, hpo_buffer_add(&m->word, value, strlen(value), err));
  m->at += n + 2;
done:
  hpo_mem_free(name);
  return status;
}

/* One character, a placeholder or an escape; quote: the one we are in. */
static hpo_status read_one(maker *m, char quote, hpo_error *err) {
  bool escapes = m->at[0] == '\\' && m->at[1] != '\0' && quote != '\'' &&
                 (quote == 0 || strchr("\"\\", m->at[1]) != NULL);

  if (m->at[0] == '{' || m->at[0] == '}')
    return read_brace(m, err);
  m->at += escapes ? 2 : 1;
  return hpo_buffer_add(&m->word, m->at - 1, 1, err);
}

static hpo_status read_word(maker *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  char quote = 0;

  while (*m->at != '\0' && (quote != 0 || strchr(BLANKS, *m->at) == NULL)) {
    if (quote == 0 && (*m->at == '\'' || *m->at == '"')) {
      quote = *m->at++;
    } else if (quote != 0 && *m->at == quote) {
      quote = 0;
      m->at++;
    } else {
      HPO_TRY(status, read_one(m, quote, err));
    }
  }
  if (quote != 0)
    HPO_FAIL(status, err, HPO_EINVAL, "a %c is not closed", quote);
  HPO_TRY(status, hpo_buffer_add(&m->word, "", 1, err));
done:
  return status;
}

hpo_status hpo_words_make(const char *text, hpo_words_value *value, void *self,
                          hpo_words *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_words made = {0};
  maker m = {.at = text, .value = value, .self = self};

  while (*(m.at += strspn(m.at, BLANKS)) != '\0') {
    m.word.n = 0;
    m.is_absent = false;
    HPO_TRY(status, read_word(&m, err));
    if (!m.is_absent)
      HPO_TRY(status, hpo_words_add(&made, (char *)m.word.byte, err));
  }
  if (made.n == 0)
    HPO_FAIL(status, err, HPO_EINVAL, "there is no program in it");
  *out = made;
  made = (hpo_words){0};
done:
  hpo_buffer_free(&m.word);
  hpo_words_free(&made);
  return status;
}
