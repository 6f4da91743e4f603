/* SPDX-License-Identifier: BSD-3-Clause */
/* positive=: the condition that makes a label binary. */

#include <math.h>
#include <string.h>

#include "columns.h"
#include "hpo/mem.h"
#include "number.h"

/* The first of >= <= > < = == in text; its length in *n. */
static const char *find_order(const char *text, size_t *n) {
  const char *at = text + strcspn(text, "<>=");

  *n = *at == '\0' ? 0 : at[1] == '=' ? 2 : 1;
  return at;
}

static hpo_status copy_part(const char *from, size_t n, char **out,
                            hpo_error *err) {
  while (n > 0 && from[0] == ' ') {
    from++;
    n--;
  }
  while (n > 0 && from[n - 1] == ' ')
    n--;
  return hpo_mem_format(out, err, "%.*s", (int)n, from);
}

hpo_status hpo_positive_create(const char *text, hpo_positive *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_positive p = {.op = '=', .number = NAN};
  size_t n = 0;
  const char *at = find_order(text, &n);
  const char *right = at + n;

  while (*right == ' ')
    right++;
  if (n == 0 ||
      (*at != '=' && !hpo_number_whole(right, strlen(right), &p.number))) {
    at = text; /* all of it is a class's name */
    n = 0;
    right = text;
  } else {
    p.op = n == 1 || *at == '=' ? *at : *at == '>' ? 'G' : 'L';
  }
  (void)hpo_number_whole(right, strlen(right), &p.number);
  HPO_TRY(status, copy_part(text, (size_t)(at - text), &p.source, err));
  HPO_TRY(status, copy_part(right, strlen(right), &p.name, err));
  HPO_TRY(status, copy_part(at, strlen(at), &p.text, err));
  *out = p;
  p = (hpo_positive){0};
done:
  hpo_positive_free(&p);
  return status;
}

void hpo_positive_free(hpo_positive *p) {
  hpo_mem_free(p->source);
  hpo_mem_free(p->text);
  hpo_mem_free(p->name);
  *p = (hpo_positive){0};
}
