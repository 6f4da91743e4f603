/* SPDX-License-Identifier: BSD-3-Clause */
/* Columns of numbers with decimal commas, or with commas between thousands,
 * as spreadsheets write them. */

#include "commas.h"

#include <string.h>

#include "number.h"

/* How many of a column's different texts are such numbers; *texts: how many
 * are no plain numbers. */
static size_t count(const hpo_text_column *c, size_t *texts) {
  size_t n = 0;
  double x;

  *texts = 0;
  for (size_t i = 0; i < c->names.n; i++) {
    const char *name = hpo_intern_get(&c->names, i);
    const size_t length = strlen(name);

    *texts += !hpo_number_whole(name, length, &x);
    n += hpo_number_comma(name, length);
  }
  return n;
}

bool hpo_commas_in(const hpo_text_column *c) {
  size_t texts = 0;

  return c->use == HPO_USE_FEATURE && !c->forced &&
         2 * count(c, &texts) > texts;
}

hpo_status hpo_commas_check(const hpo_text_column *c, hpo_error *err) {
  size_t texts = 0;
  const size_t n = count(c, &texts);

  if (!hpo_commas_in(c) || c->comma_text == NULL)
    return HPO_OK;
  return hpo_error_set(
      err, HPO_EDATA,
      "%s:%lld: column '%s': '%s' is a number with a comma, as %zu of the "
      "column's %zu different texts; write 1.5 for 1,5 and 1000 for 1,000 "
      "(pandas: read_csv(FILE, sep=None, decimal=\",\"), or thousands=\",\", "
      "then to_csv), or if the column holds names, say <categorical "
      "columns=\"%s\"/>",
      c->comma_path, (long long)c->comma_line, c->name, c->comma_text, n,
      texts, c->name);
}
