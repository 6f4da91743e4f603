/* SPDX-License-Identifier: BSD-3-Clause */
/* Missing values: pandas' default texts (pandas.read_csv, na_values, with
 * the "None" of pandas 2), and what <missing> adds. */

#include "missing.h"

#include <string.h>

#include "hpo/mem.h"
#include "number.h"

static const char *const usual[] = {
    "",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN",
    "-nan", "<NA>", "1.#IND",   "N/A",  "NA",      "1.#QNAN",  "NULL",
    "NaN",  "n/a",  "nan",      "null", "None"};

static bool equals(const char *a, const char *text, size_t n) {
  return strlen(a) == n && memcmp(a, text, n) == 0;
}

hpo_status hpo_missing_create(const hpo_names *text, hpo_missing *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  double *number = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_mem_new(text->n, sizeof *number, &number, err));
  for (size_t i = 0; i < text->n; i++)
    n += hpo_number_whole(text->item[i], strlen(text->item[i]), &number[n]);
  *out = (hpo_missing){text, number, n};
done:
  return status;
}

void hpo_missing_free(hpo_missing *m) {
  hpo_mem_free(m->number);
  *m = (hpo_missing){0};
}

bool hpo_missing_text(const hpo_missing *m, const char *text, size_t n) {
  for (size_t i = 0; n <= 9 && i < sizeof usual / sizeof *usual; i++)
    if (equals(usual[i], text, n))
      return true;
  for (size_t i = 0; i < m->text->n; i++)
    if (equals(m->text->item[i], text, n))
      return true;
  return false;
}
