/* SPDX-License-Identifier: BSD-3-Clause */
/* A head, then numbers of one type; plain or gzip. */

#include "flat.h"

#include <string.h>

#include "hpo/mem.h"

enum {
  BLOCK = 1 << 20,
  MOST_PACKED = 1100 /* deflate packs 1032 bytes at most into one */
};

hpo_status hpo_flat_get(hpo_flat *s, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t *block = NULL;
  size_t got = 0;

  s->body.n = 0;
  HPO_TRY(status, hpo_mem_new(n < BLOCK ? n + 1 : BLOCK, 1, &block, err));
  while (s->body.n < n) {
    const size_t left = n - s->body.n;

    HPO_TRY(status, hpo_file_read(s->file, block, left < BLOCK ? left : BLOCK,
                                  &got, err));
    if (got == 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the file is cut short: %zu more bytes should follow",
               s->path, left);
    hpo_digest_add(s->hash, block, got);
    HPO_TRY(status, hpo_buffer_add(&s->body, block, got, err));
  }
done:
  hpo_mem_free(block);
  return status;
}

void hpo_flat_close(void *state) {
  hpo_flat *s = state;

  if (s == NULL)
    return;
  hpo_file_close(s->file);
  hpo_buffer_free(&s->body);
  hpo_mem_free(s);
}

hpo_status hpo_flat_open(const char *path, hpo_flat_head *head,
                         hpo_digest *hash, hpo_array_facts *facts, void **out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_flat *s = NULL;
  int64_t size;

  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  s->path = path;
  s->hash = hash;
  HPO_TRY(status, hpo_file_open(path, &s->file, err));
  HPO_TRY(status, head(s, err));
  size = hpo_file_size(path);
  if (size >= 0 &&
      s->head.rows * s->head.columns * s->head.size / MOST_PACKED >
          (size_t)size)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: the file is cut short: %lld bytes can't hold %zu x %zu "
             "values",
             path, (long long)size, s->head.rows, s->head.columns);
  if (s->head.fortran)
    HPO_TRY(
        status,
        hpo_flat_get(s, s->head.rows * s->head.columns * s->head.size, err));
  facts->rows = (hpo_row)s->head.rows;
  facts->columns = s->head.columns;
  *out = s;
  s = NULL;
done:
  hpo_flat_close(s);
  return status;
}

/* Nothing may follow the last value. */
static hpo_status check_end(hpo_flat *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t byte;
  size_t got = 0;

  HPO_TRY(status, hpo_file_read(s->file, &byte, 1, &got, err));
  if (got > 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: the file goes on after its %zu x %zu values", s->path,
             s->head.rows, s->head.columns);
done:
  return status;
}

hpo_status hpo_flat_read(void *state, hpo_row first, hpo_row n, double *to,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_flat *s = state;
  const hpo_npy_head *h = &s->head;
  const size_t from = (size_t)first, count = (size_t)n, m = h->columns;

  HPO_ASSERT(from + count <= h->rows);
  if (!h->fortran) {
    HPO_ASSERT(from >= s->next);
    for (; s->next < from; s->next++)
      HPO_TRY(status, hpo_flat_get(s, m * h->size, err));
    HPO_TRY(status, hpo_flat_get(s, count * m * h->size, err));
    s->next += count;
  }
  if (!h->fortran)
    hpo_npy_values(h, s->body.byte, count * m, to);
  for (size_t i = 0; h->fortran && i < count; i++)
    for (size_t j = 0; j < m; j++)
      to[i * m + j] = hpo_npy_value(h, (const uint8_t *)s->body.byte +
                                           (j * h->rows + from + i) * h->size);
  if (from + count == h->rows)
    HPO_TRY(status, check_end(s, err));
done:
  return status;
}
