/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts to numbers: a hash table with open addressing (FNV-1a). */

#include "intern.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const char *text, size_t n) {
  uint64_t h = 0xcbf29ce484222325u;

  for (size_t i = 0; i < n; i++)
    h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
  return h ^ h >> 32;
}

const char *hpo_intern_get(const hpo_intern *t, size_t i) {
  return (const char *)t->text.byte + t->at[i];
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t find_slot(const hpo_intern *t, const char *text, size_t n) {
  size_t s = hash_of(text, n) & (t->slots - 1);

  while (t->slot[s] != 0) {
    const char *known = hpo_intern_get(t, t->slot[s] - 1);

    if (strncmp(known, text, n) == 0 && known[n] == '\0')
      break;
    s = (s + 1) & (t->slots - 1);
  }
  return s;
}

static hpo_status grow_slots(hpo_intern *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint32_t *slot = NULL;
  const size_t slots = t->slots > 0 ? 2 * t->slots : 64;

  HPO_TRY(status, hpo_mem_new(slots, sizeof *slot, &slot, err));
  hpo_mem_free(t->slot);
  t->slot = slot;
  t->slots = slots;
  for (size_t i = 0; i < t->n; i++) {
    const char *text = hpo_intern_get(t, i);

    t->slot[find_slot(t, text, strlen(text))] = (uint32_t)i + 1;
  }
done:
  return status;
}

hpo_status hpo_intern_add(hpo_intern *t, const char *text, size_t n,
                          uint32_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t s = 0;

  if (2 * (t->n + 1) > t->slots)
    HPO_TRY(status, grow_slots(t, err));
  s = find_slot(t, text, n);
  if (t->slot[s] == 0) {
    const size_t at = t->text.n;

    HPO_ASSERT(t->n < UINT32_MAX);
    HPO_TRY(status,
            hpo_mem_grow(&t->at, &t->room, t->n + 1, sizeof *t->at, err));
    HPO_TRY(status, hpo_buffer_add(&t->text, text, n, err));
    HPO_TRY(status, hpo_buffer_add(&t->text, "", 1, err));
    t->at[t->n] = at;
    t->slot[s] = (uint32_t)++t->n;
  }
  *out = t->slot[s] - 1;
done:
  return status;
}

typedef struct entry {
  const char *text;
  uint32_t number;
} entry;

static int by_text(const void *a, const void *b) {
  return strcmp(((const entry *)a)->text, ((const entry *)b)->text);
}

hpo_status hpo_intern_sort(const hpo_intern *t, char ***name, uint32_t **place,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  entry *list = NULL;
  char **texts = NULL;
  uint32_t *to = NULL;

  HPO_TRY(status, hpo_mem_new(t->n, sizeof *list, &list, err));
  HPO_TRY(status, hpo_mem_new(t->n, sizeof *texts, &texts, err));
  HPO_TRY(status, hpo_mem_new(t->n, sizeof *to, &to, err));
  for (size_t i = 0; i < t->n; i++)
    list[i] = (entry){hpo_intern_get(t, i), (uint32_t)i};
  qsort(list, t->n, sizeof *list, by_text);
  for (size_t i = 0; i < t->n; i++) {
    to[list[i].number] = (uint32_t)i;
    HPO_TRY(status, hpo_mem_string(list[i].text, &texts[i], err));
  }
  *name = texts;
  *place = to;
  texts = NULL;
  to = NULL;
done:
  for (size_t i = 0; texts != NULL && i < t->n; i++)
    hpo_mem_free(texts[i]);
  hpo_mem_free(texts);
  hpo_mem_free(to);
  hpo_mem_free(list);
  return status;
}

void hpo_intern_free(hpo_intern *t) {
  hpo_buffer_free(&t->text);
  hpo_mem_free(t->at);
  hpo_mem_free(t->slot);
  *t = (hpo_intern){0};
}
