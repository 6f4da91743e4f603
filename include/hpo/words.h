/* SPDX-License-Identifier: BSD-3-Clause */
/** \file words.h
 *  A command line as words, made without a shell.
 *
 *  Words stand between blanks.  '...' is taken as it is; in "..." a backslash
 *  takes " and \ ; elsewhere it takes the next character.  {name} anywhere,
 *  in quotes too, is replaced by a value, which is never split or read again,
 *  so it may hold anything; {{ and }} are braces.  A word with a value that
 *  is absent is left out.  Nothing else has a meaning: no $, *, |, >, ;.
 */
#ifndef HPO_WORDS_H
#define HPO_WORDS_H

#include "hpo/status.h"

/** A list that ends with NULL, as programs take it. */
typedef struct hpo_words {
  char **word; /* [n] owned, then NULL */
  size_t n, room;
} hpo_words;

/** The value of a name: borrowed until the next call.
 *  \param [out] value  NULL: absent
 *  \return whether there is such a name */
typedef bool hpo_words_value(void *self, const char *name, const char **value);

/** \return HPO_EINVAL: a quote or brace that is not closed, no such name */
HPO_MUST_USE hpo_status hpo_words_make(const char *text,
                                       hpo_words_value *value, void *self,
                                       hpo_words *out, hpo_error *err);
HPO_MUST_USE hpo_status hpo_words_add(hpo_words *w, const char *word,
                                      hpo_error *err);
void hpo_words_free(hpo_words *w);

#endif
