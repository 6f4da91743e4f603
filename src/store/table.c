/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of the study file: how they are declared, found and flushed.
 *
 * A row is packed as it stands in the file; its last four bytes are the
 * CRC-32 of the others where the table was declared so. */
#include "store_private.h"

#include "hpo/mem.h"

#include <string.h>

#define CRC_NAME "crc"

/* ---------------------------------------------------- declaration */

hpo_status store_table_add(hpo_h5 *file, const hpo_store_table *table,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[] = CRC_NAME;
  char unit[] = "";
  char words[] = "CRC-32 of the row's other bytes as stored";
  size_t n = table->row != NULL ? table->row->n_field : 0;
  hpo_h5_column *c = NULL;

  HPO_TRY(status, hpo_mem_new(n + 1, sizeof *c, &c, err));
  for (size_t k = 0; k < n; k++)
    c[k] = store_column(&table->row->field[k]);
  if (table->row != NULL && table->crc)
    c[n++] = (hpo_h5_column){
        .name = name, .unit = unit, .description = words, .kind = HPO_H5_U32};
  HPO_TRY(status, hpo_h5_add_table(file, table->path, c, n, table->chunk,
                                   table->description, err));
done:
  hpo_mem_free(c);
  return status;
}

/* --------------------------------------------------------- opening */

void store_table_free(store_table *t) {
  if (t == NULL)
    return;
  hpo_mem_free(t->path);
  hpo_mem_free(t->offset);
  hpo_mem_free(t->row);
  hpo_mem_free(t);
}

static hpo_status open_table(hpo_store *s, const char *path, store_table **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;
  size_t at = 0;

  HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
  HPO_TRY(status, hpo_mem_string(path, &t->path, err));
  HPO_TRY(status, hpo_h5_find_table(s->file, path, &t->h5, err));
  t->column = hpo_h5_table_columns(t->h5, &t->n_column);
  t->width = hpo_h5_table_width(t->h5);
  HPO_TRY(status, hpo_h5_table_rows(t->h5, &t->seen, err));
  HPO_TRY(status,
          hpo_mem_new(t->n_column, sizeof *t->offset, &t->offset, err));
  for (size_t k = 0; k < t->n_column; k++) {
    t->offset[k] = at;
    at += t->column[k].width;
  }
  if (t->n_column > 0) {
    const hpo_h5_column *last = &t->column[t->n_column - 1];
    t->crc = last->kind == HPO_H5_U32 && strcmp(last->name, CRC_NAME) == 0;
    t->n_column -= t->crc;
  }
  *out = t;
  t = NULL;
done:
  store_table_free(t);
  return status;
}

hpo_status store_table_find(hpo_store *s, const char *path, store_table **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;

  for (size_t i = 0; i < s->n_table && t == NULL; i++)
    if (strcmp(s->table[i]->path, path) == 0)
      t = s->table[i];
  if (t == NULL) {
    HPO_TRY(status, hpo_mem_grow(&s->table, &s->table_room, s->n_table + 1,
                                 sizeof(store_table *), err));
    HPO_TRY(status, open_table(s, path, &t, err));
    s->table[s->n_table++] = t;
  }
  *out = t;
done:
  return status;
}

hpo_status store_table_of(hpo_store *s, const char *path, bool bytes,
                          store_table **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;

  HPO_TRY(status, store_table_find(s, path, &t, err));
  if ((t->width == 1 && t->n_column == 0 && !t->crc) != bytes)
    HPO_FAIL(status, err, HPO_EBUG, "table %s holds %s", path,
             bytes ? "rows, not bytes" : "bytes, not rows");
  *out = t;
done:
  return status;
}

hpo_status store_table_look(store_table *t, hpo_error *err) {
  return hpo_h5_table_rows(t->h5, &t->seen, err);
}

bool hpo_store_has(hpo_store *s, const char *path) {
  store_table *t = NULL;
  hpo_error none = {0};

  return store_table_find(s, path, &t, &none) == HPO_OK;
}

hpo_status hpo_store_rows(hpo_store *s, const char *path, size_t *out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;

  HPO_TRY(status, store_table_find(s, path, &t, err));
  HPO_TRY(status, store_table_look(t, err));
  *out = t->seen;
done:
  return status;
}

hpo_status hpo_store_flush(hpo_store *s, const char *const *paths, size_t n,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  store_table *t = NULL;

  for (size_t i = 0; i < n; i++) {
    HPO_TRY(status, store_table_find(s, paths[i], &t, err));
    HPO_TRY(status, hpo_h5_table_flush(t->h5, err));
  }
done:
  return status;
}

/* ------------------------------------------------------------ rows */

void store_copy_items(uint8_t *to, size_t to_step, const uint8_t *from,
                      size_t from_step, size_t width, size_t n) {
  if (width == 8)
    for (size_t i = 0; i < n; i++)
      memcpy(to + i * to_step, from + i * from_step, 8);
  else if (width == 4)
    for (size_t i = 0; i < n; i++)
      memcpy(to + i * to_step, from + i * from_step, 4);
  else
    for (size_t i = 0; i < n; i++)
      memcpy(to + i * to_step, from + i * from_step, width);
}

void store_row_crc(const store_table *t, const uint8_t *row, uint8_t to[4]) {
  uint32_t crc = hpo_file_crc32(0, row, t->width - 4);

  for (unsigned k = 0; k < 4; k++)
    to[k] = (uint8_t)(crc >> (8 * k));
}
