/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows out of the study file, into records in columns. */
#include "store_private.h"

#include "hpo/mem.h"

#include <string.h>

#define BLOCK ((size_t)1 << 20) /* bytes read at once */

/** What a read wants. */
typedef struct request {
  size_t first, n;
  size_t *column; /* [n_column] which columns of the table */
  size_t n_column;
  hpo_record *to; /* field j gets column[j] */
  uint8_t *good;  /* [n] or NULL */
} request;

/** Which rows; looks again where more are asked for than were seen. */
static hpo_status request_rows(request *q, store_table *t, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (q->n == SIZE_MAX || q->n > t->seen || q->first > t->seen - q->n)
    HPO_TRY(status, store_table_look(t, err));
  if (q->first > t->seen || (q->n != SIZE_MAX && q->n > t->seen - q->first))
    HPO_FAIL(status, err, HPO_ESTUDY,
             "table %s has %zu rows, but row %zu is asked for", t->path,
             t->seen, q->n == SIZE_MAX ? q->first : q->first + q->n - 1);
  if (q->n == SIZE_MAX)
    q->n = t->seen - q->first;
done:
  return status;
}

static hpo_status request_columns(request *q, const store_table *t,
                                  const char *const *names, size_t n,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t k = 0;

  q->n_column = names != NULL ? n : t->n_column;
  HPO_TRY(status,
          hpo_mem_new(q->n_column, sizeof *q->column, &q->column, err));
  for (size_t j = 0; j < q->n_column; j++) {
    for (k = names != NULL ? 0 : j; k < t->n_column; k++)
      if (names == NULL || strcmp(t->column[k].name, names[j]) == 0)
        break;
    if (k == t->n_column)
      HPO_FAIL(status, err, HPO_ESTUDY, "table %s has no column %s", t->path,
               names[j]);
    q->column[j] = k;
    HPO_TRY(status, store_add_field(q->to, &t->column[k], q->n, err));
  }
done:
  return status;
}

/** Rows at .. at+n-1 of the request, which stand in t->row. */
static void unpack(const store_table *t, const request *q, size_t at,
                   size_t n) {
  for (size_t i = 0; i < n && q->good != NULL; i++) {
    const uint8_t *row = t->row + i * t->width;
    uint8_t want[4];
    q->good[at + i] = 1;
    if (t->crc) {
      store_row_crc(t, row, want);
      q->good[at + i] = memcmp(want, row + t->width - 4, 4) == 0;
    }
  }
  hpo_h5_swap(t->column, t->n_column + t->crc, t->row, n);
  for (size_t j = 0; j < q->n_column; j++) {
    hpo_field *f = &q->to->field[j];
    store_copy_items((uint8_t *)f->data + at * f->width, f->width,
                     t->row + t->offset[q->column[j]], t->width, f->width, n);
  }
}

/** Torn rows may hold any number: an enum never leaves its choices. */
static void tame_enums(hpo_record *r) {
  for (size_t j = 0; j < r->n_field; j++) {
    hpo_field *f = &r->field[j];
    for (size_t i = 0; i < f->n && f->type == HPO_FIELD_ENUM; i++) {
      int32_t *x = (int32_t *)f->data + i;
      if (*x < -1 || *x >= (int64_t)f->n_choice)
        *x = -1;
    }
  }
}

static hpo_status read_blocks(store_table *t, request *q, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t most = BLOCK > t->width ? BLOCK / t->width : 1;

  if (most > q->n)
    most = q->n;
  HPO_TRY(status, hpo_mem_grow(&t->row, &t->room, most * t->width, 1, err));
  for (size_t at = 0; at < q->n; at += most) {
    size_t n = q->n - at < most ? q->n - at : most;
    HPO_TRY(status, hpo_h5_table_read(t->h5, q->first + at, n, t->row, err));
    unpack(t, q, at, n);
  }
  tame_enums(q->to);
done:
  return status;
}

hpo_status hpo_store_read(hpo_store *s, const char *path, size_t first,
                          size_t n, const char *const *columns,
                          size_t n_columns, hpo_record **out, uint8_t **good,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;
  request q = {.first = first, .n = n};

  HPO_TRY(status, store_table_of(s, path, false, &t, err));
  HPO_TRY(status, request_rows(&q, t, err));
  HPO_TRY(status, hpo_record_create(path, &q.to, err));
  HPO_TRY(status, request_columns(&q, t, columns, n_columns, err));
  if (good != NULL)
    HPO_TRY(status, hpo_mem_new(q.n, 1, &q.good, err));
  HPO_TRY(status, read_blocks(t, &q, err));
  *out = q.to;
  q.to = NULL;
  if (good != NULL)
    *good = q.good;
  q.good = NULL;
done:
  hpo_mem_free(q.column);
  hpo_record_destroy(q.to);
  hpo_mem_free(q.good);
  return status;
}

hpo_status hpo_store_read_bytes(hpo_store *s, const char *path, size_t first,
                                size_t n, void *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;
  request q = {.first = first, .n = n};

  HPO_TRY(status, store_table_of(s, path, true, &t, err));
  HPO_TRY(status, request_rows(&q, t, err));
  HPO_TRY(status, hpo_h5_table_read(t->h5, first, q.n, to, err));
done:
  return status;
}
