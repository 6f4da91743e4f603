/* SPDX-License-Identifier: BSD-3-Clause */
/* What the leader needs of all rows that were read together. */

#include "together_private.h"

#include <string.h>

#include "commas.h"
#include "hpo/mem.h"

/* --- Exchange ---------------------------------------------------------- */

static bool has_weight(const hpo_together *t) {
  return t->reading.columns.weight < t->reading.columns.n;
}

static bool has_key(const hpo_together *t) {
  return t->reading.columns.key < t->reading.columns.n;
}

/* How many of y, weight, key there are before the k-th. */
static size_t arrays_before(const hpo_together *t, int k) {
  return (size_t)(k > 0) + (k > 1 && has_weight(t)) + (k > 2 && has_key(t));
}

static double *array_in(const hpo_together *t, int k) {
  return (double *)(void *)t->exchange + arrays_before(t, k) * (size_t)t->rows;
}

static hpo_row *missing_of(const hpo_together *t, int rank) {
  return (hpo_row *)(void *)array_in(t, 3) +
         (size_t)rank * t->reading.columns.features;
}

/* Bytes of the names of the ranks below. */
static size_t names_before(const hpo_together *t, int rank) {
  size_t n = 0;

  for (int r = 0; r < rank; r++)
    n += hpo_said_by(t, r)->names;
  return n;
}

static uint8_t *names_of(const hpo_together *t, int rank) {
  return (uint8_t *)missing_of(t, t->node->node_size) + names_before(t, rank);
}

static size_t exchange_bytes(const hpo_together *t) {
  const size_t ranks = (size_t)t->node->node_size;

  return arrays_before(t, 3) * (size_t)t->rows * sizeof(double) +
         ranks * t->reading.columns.features * sizeof(hpo_row) +
         names_before(t, t->node->node_size);
}

/* A rank without rows of its own may lack arrays. */
static void write_rows(hpo_together *t) {
  const hpo_table *from = &t->reading.table;
  const double *array[] = {from->y, from->weight, from->key};
  size_t at = 0;

  for (size_t i = 0; i < t->list.n; i++) {
    const hpo_share *s = hpo_share_of(t, i, t->node->node_rank);
    const size_t n = (size_t)s->rows;

    for (int k = 0; k < 3; k++)
      if (n > 0 && array[k] != NULL)
        memcpy(array_in(t, k) + s->first, array[k] + at, n * sizeof(double));
    at += n;
  }
}

hpo_status hpo_together_exchange(hpo_together *t, bool *is_there,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = t->node;
  const int rank = node->node_rank;
  const size_t bytes = exchange_bytes(t);

  HPO_TRY(status, node->alloc(node->self, bytes, &t->exchange, is_there, err));
  if (!*is_there)
    goto done;
  write_rows(t);
  hpo_table_missing(&t->reading.table, missing_of(t, rank));
  if (t->names.n > 0)
    memcpy(names_of(t, rank), t->names.byte, t->names.n);
  HPO_TRY(status, node->ready(node->self, t->exchange, bytes, err));
  hpo_table_drop_labels(&t->reading.table);
done:
  return status;
}

/* --- The leader -------------------------------------------------------- */

/* Adds a rank's names of one column to the leader's. */
static hpo_status add_names(hpo_text_column *c, const uint8_t **at,
                            uint32_t **map, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint64_t n = 0;

  memcpy(&n, *at, sizeof n);
  *at += sizeof n;
  HPO_TRY(status, hpo_mem_new((size_t)n, sizeof **map, map, err));
  for (uint64_t k = 0; k < n; k++) {
    const char *text = (const char *)*at;
    const size_t length = strlen(text);

    HPO_TRY(status, hpo_intern_add(&c->names, text, length, &(*map)[k], err));
    *at += length + 1;
  }
done:
  return status;
}

/* Numbers of a rank's names in its rows become the leader's. */
static void renumber(hpo_together *t, int rank, double *array,
                     const uint32_t *map) {
  for (size_t i = 0; i < t->list.n; i++) {
    const hpo_share *s = hpo_share_of(t, i, rank);

    for (double *x = array + s->first; x < array + s->first + s->rows; x++)
      *x = map[(size_t)*x];
  }
}

static hpo_status merge_names(hpo_together *t, int rank, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_columns *c = &t->reading.columns;
  const uint8_t *at = names_of(t, rank);
  uint32_t *map = NULL;

  for (size_t j = 0; j < c->n; j++) {
    if (!c->item[j].is_text)
      continue;
    HPO_TRY(status, add_names(&c->item[j], &at, &map, err));
    if (j == c->label)
      renumber(t, rank, array_in(t, 0), map);
    if (j == c->key)
      renumber(t, rank, array_in(t, 2), map);
    hpo_mem_free(map);
    map = NULL;
  }
done:
  hpo_mem_free(map);
  return status;
}

/* The leader's table: the rows of all, without features. */
static hpo_status collect_rows(hpo_together *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_columns *c = &t->reading.columns;
  hpo_table all = {.features = c->features};
  const double *weight = array_in(t, 1), *key = array_in(t, 2);

  for (size_t i = 0; i < t->list.n; i++)
    for (int r = 0; r < t->node->node_size; r++) {
      const hpo_share *s = hpo_share_of(t, i, r);

      for (hpo_row row = s->first; row < s->first + s->rows; row++) {
        if (has_key(t))
          HPO_TRY(status, hpo_table_add_key(&all, key[row], err));
        HPO_TRY(status, hpo_table_add(&all, array_in(t, 0)[row],
                                      has_weight(t) ? &weight[row] : NULL,
                                      t->list.role[i], err));
      }
    }
  t->part = t->reading.table;
  t->reading.table = all;
  all = (hpo_table){0};
done:
  hpo_table_clear(&all);
  return status;
}

static void join_hashes(hpo_together *t) {
  hpo_sha256 all;
  char hex[65];

  hpo_sha256_start(&all);
  for (size_t i = 0; i < t->list.n; i++) {
    hpo_digest_join(hpo_lines_of(t, i), hpo_pieces_of(t, i), hex);
    hpo_data_list_hash(t->list.role[i], hex, &all);
  }
  hpo_sha256_end(&all, t->hash);
}

static hpo_status check_names(const hpo_text_column *c, hpo_error *err) {
  return c->names.n > HPO_MOST_CATEGORIES && c->use != HPO_USE_KEY
             ? hpo_error_set(err, HPO_EDATA, "too many names")
         : hpo_commas_in(c)
             ? hpo_error_set(err, HPO_EDATA, "numbers with commas")
             : HPO_OK;
}

hpo_status hpo_together_collect(hpo_together *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = t->reading.columns.features;

  for (int r = 1; r < t->node->node_size; r++)
    HPO_TRY(status, merge_names(t, r, err));
  for (size_t j = 0; j < t->reading.columns.n; j++)
    HPO_TRY(status, check_names(&t->reading.columns.item[j], err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *t->missing, &t->missing, err));
  for (int r = 0; r < t->node->node_size; r++)
    for (size_t j = 0; j < n; j++)
      t->missing[j] += missing_of(t, r)[j];
  HPO_TRY(status, collect_rows(t, err));
  join_hashes(t);
done:
  return status;
}
