/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking up the names that a study file may use. */
#include "hpo/catalog.h"

#include <string.h>

const hpo_entry *hpo_catalog_find(const hpo_catalog *c, hpo_entry_kind kind,
                                  const char *name) {
  for (size_t i = 0; i < c->n; i++)
    if (c->entry[i].kind == kind && strcmp(c->entry[i].name, name) == 0)
      return &c->entry[i];
  return NULL;
}

const char *hpo_catalog_nearest(const hpo_catalog *c, hpo_entry_kind kind,
                                const char *word) {
  const char *name[128];
  size_t n = 0;

  for (size_t i = 0; i < c->n && n < sizeof name / sizeof *name; i++)
    if (c->entry[i].kind == kind)
      name[n++] = c->entry[i].name;
  return hpo_options_nearest(word, name, n);
}
