/* SPDX-License-Identifier: BSD-3-Clause */
/* The column of groups or folds as small numbers. */
#include "keys.h"

#include <stdlib.h>

#include "hpo/mem.h"

typedef struct valued {
  double value;
  hpo_row row;
} valued;

static int by_value(const void *a, const void *b) {
  const valued *x = a, *y = b;

  return (x->value > y->value) - (x->value < y->value);
}

/* Place of each value among the different ones that the rows hold. */
static hpo_status rank_values(const double *value, size_t n, hpo_keys *k,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  valued *list = NULL;

  HPO_TRY(status, hpo_mem_new(n, sizeof *list, &list, err));
  for (size_t i = 0; i < n; i++)
    list[i] = (valued){value[i], (hpo_row)i};
  qsort(list, n, sizeof *list, by_value);
  for (size_t i = 0; i < n; i++) {
    k->n += i == 0 || list[i].value != list[i - 1].value;
    k->key[list[i].row] = (uint32_t)(k->n - 1);
  }
done:
  hpo_mem_free(list);
  return status;
}

hpo_status hpo_keys_find(const hpo_reading *r, hpo_row n, hpo_keys *out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_columns *columns = &r->columns;
  const size_t rows = (size_t)n;
  const hpo_text_column *c = NULL;
  hpo_keys k = {0};
  double *value = NULL;
  char **name = NULL;
  uint32_t *place = NULL;

  if (columns->key >= columns->n)
    return HPO_OK;
  c = &columns->item[columns->key];
  k.name = c->name;
  HPO_TRY(status, hpo_mem_new(rows, sizeof *k.key, &k.key, err));
  HPO_TRY(status, hpo_mem_new(rows, sizeof *value, &value, err));
  if (c->is_text)
    HPO_TRY(status, hpo_intern_sort(&c->names, &name, &place, err));
  for (size_t i = 0; i < rows; i++) {
    const double x = r->table.key[i];
    value[i] = place != NULL ? (double)place[(size_t)x] : x;
  }
  HPO_TRY(status, rank_values(value, rows, &k, err));
  *out = k;
  k = (hpo_keys){0};
done:
  for (size_t i = 0; name != NULL && i < c->names.n; i++)
    hpo_mem_free(name[i]);
  hpo_mem_free(name);
  hpo_mem_free(place);
  hpo_mem_free(value);
  hpo_keys_free(&k);
  return status;
}

void hpo_keys_free(hpo_keys *k) {
  hpo_mem_free(k->key);
  *k = (hpo_keys){0};
}
