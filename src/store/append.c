/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows into the study file: records in columns, packed and appended or
 * written over a row that is there. */
#include "store_private.h"

#include "hpo/mem.h"

#include <string.h>

/** Texts into columns of another room: cut between characters, padded. */
static void copy_texts(uint8_t *to, size_t to_step, size_t width,
                       const hpo_field *f) {
  for (size_t i = 0; i < f->n; i++) {
    const char *from = (const char *)f->data + i * f->width;
    size_t length = strnlen(from, f->width);
    if (length > width) {
      length = width;
      while (length > 0 && ((uint8_t)from[length] & 0xC0u) == 0x80u)
        length--;
    }
    memset(to + i * to_step, 0, width);
    memcpy(to + i * to_step, from, length);
  }
}

/** That a field is what its column holds. */
static hpo_status check_field(const hpo_field *f, const hpo_h5_column *c,
                              size_t n, hpo_error *err) {
  const hpo_h5_column mine = store_column(f);

  if (mine.kind != c->kind || mine.n_choice != c->n_choice || f->n != n)
    return hpo_error_set(err, HPO_EBUG,
                         "column %s is given %zu items of another kind or "
                         "number than its table holds",
                         c->name, f->n);
  for (size_t i = 0; i < n && f->type == HPO_FIELD_ENUM; i++) {
    int32_t x = ((const int32_t *)f->data)[i];
    if (x < -1 || x >= (int64_t)f->n_choice)
      return hpo_error_set(err, HPO_EBUG, "column %s is given choice %d",
                           c->name, (int)x);
  }
  return HPO_OK;
}

/** The field of column k, which most often stands at the same place. */
static const hpo_field *field_of(const hpo_record *r, const char *name,
                                 size_t k) {
  if (k < r->n_field && strcmp(r->field[k].name, name) == 0)
    return &r->field[k];
  return hpo_record_find(r, name);
}

/** Packs all rows of a record into t->row. */
static hpo_status pack(store_table *t, const hpo_record *rows, size_t n,
                       hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&t->row, &t->room, n * t->width, 1, err));
  for (size_t k = 0; k < t->n_column; k++) {
    const hpo_h5_column *c = &t->column[k];
    const hpo_field *f = field_of(rows, c->name, k);
    uint8_t *to = t->row + t->offset[k];
    if (f == NULL)
      HPO_FAIL(status, err, HPO_EBUG, "a row for table %s lacks column %s",
               t->path, c->name);
    HPO_TRY(status, check_field(f, c, n, err));
    if (f->width != c->width)
      copy_texts(to, t->width, c->width, f);
    else
      store_copy_items(to, t->width, f->data, f->width, f->width, n);
  }
  hpo_h5_swap(t->column, t->n_column + t->crc, t->row, n);
  for (size_t i = 0; i < n && t->crc; i++) {
    uint8_t *row = t->row + i * t->width;
    store_row_crc(t, row, row + t->width - 4);
  }
done:
  return status;
}

hpo_status hpo_store_append(hpo_store *s, const char *path,
                            const hpo_record *rows, size_t *first,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;
  size_t n = rows->n_field > 0 ? rows->field[0].n : 0;

  HPO_TRY(status, store_table_of(s, path, false, &t, err));
  HPO_TRY(status, pack(t, rows, n, err));
  HPO_TRY(status, hpo_h5_table_append(t->h5, t->row, n, first, err));
  HPO_TRY(status, store_table_look(t, err));
done:
  return status;
}

hpo_status hpo_store_append_bytes(hpo_store *s, const char *path,
                                  const void *bytes, size_t n, size_t *first,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;

  HPO_TRY(status, store_table_of(s, path, true, &t, err));
  HPO_TRY(status, hpo_h5_table_append(t->h5, bytes, n, first, err));
  HPO_TRY(status, store_table_look(t, err));
done:
  return status;
}

hpo_status hpo_store_put(hpo_store *s, const char *path, size_t i,
                         const hpo_record *row, hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;

  HPO_TRY(status, store_table_of(s, path, false, &t, err));
  if (i >= t->seen)
    HPO_FAIL(status, err, HPO_EBUG, "table %s has no row %zu to overwrite",
             path, i);
  HPO_TRY(status, pack(t, row, 1, err));
  HPO_TRY(status, hpo_h5_table_put(t->h5, i, t->row, err));
done:
  return status;
}
