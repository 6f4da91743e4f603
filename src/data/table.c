/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows as they come in. */

#include "table.h"

#include <math.h>
#include <string.h>

#include "hpo/mem.h"
#include "sparse.h"

enum { CHUNK_BYTES = 1 << 20 };

/* Chunks are memory that goes back at once when it is given back: the heap
 * would keep it. */
static void free_chunk(hpo_table *t, size_t i) {
  const hpo_shared heap = hpo_sparse_node();

  if (t->chunk[i] != NULL)
    heap.free(heap.self, t->chunk[i]);
  t->chunk[i] = NULL;
}

void hpo_table_drop_labels(hpo_table *t) {
  hpo_mem_free(t->y);
  hpo_mem_free(t->weight);
  hpo_mem_free(t->key);
  hpo_mem_free(t->role);
  t->y = t->weight = t->key = NULL;
  t->role = NULL;
  t->y_room = t->weight_room = t->key_room = t->role_room = 0;
}

void hpo_table_clear(hpo_table *t) {
  for (size_t i = 0; i < t->n_chunk; i++)
    free_chunk(t, i);
  hpo_mem_free(t->chunk);
  hpo_table_drop_labels(t);
  *t = (hpo_table){.features = t->features,
                   .is_part = t->is_part,
                   .first = t->first,
                   .end = t->end};
}

static float *row_at(const hpo_table *t, size_t row) {
  return t->chunk[row / t->chunk_rows] + row % t->chunk_rows * t->features;
}

hpo_status hpo_table_slot(hpo_table *t, float **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_shared heap = hpo_sparse_node();
  const size_t row = t->kept;
  bool is_shared = false;

  if (t->chunk_rows == 0) {
    t->chunk_rows = CHUNK_BYTES / sizeof(float) / t->features;
    t->chunk_rows = t->chunk_rows > 0 ? t->chunk_rows : 1;
  }
  if (row / t->chunk_rows == t->n_chunk) {
    HPO_TRY(status, hpo_mem_grow(&t->chunk, &t->chunk_room, t->n_chunk + 1,
                                 sizeof *t->chunk, err));
    HPO_TRY(status,
            heap.alloc(heap.self, t->chunk_rows * t->features * sizeof(float),
                       &t->chunk[t->n_chunk], &is_shared, err));
    t->n_chunk++;
  }
  *out = row_at(t, row);
done:
  return status;
}

hpo_status hpo_table_add(hpo_table *t, double y, const double *weight,
                         hpo_role role, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t row = t->kept;

  if (t->is_part && (t->rows < t->first || t->rows >= t->end)) {
    t->rows++;
    return HPO_OK;
  }
  if (row >= UINT32_MAX)
    HPO_FAIL(status, err, HPO_EDATA,
             "the data has more rows than a rank can hold; allowed: up to "
             "4294967295");
  HPO_TRY(status, hpo_mem_grow(&t->y, &t->y_room, row + 1, sizeof *t->y, err));
  HPO_TRY(status, hpo_mem_grow(&t->role, &t->role_room, row + 1,
                               sizeof *t->role, err));
  if (weight != NULL) {
    HPO_TRY(status, hpo_mem_grow(&t->weight, &t->weight_room, row + 1,
                                 sizeof *t->weight, err));
    t->weight[row] = *weight;
  }
  t->y[row] = y;
  t->role[row] = (uint8_t)role;
  t->rows++;
  t->kept++;
done:
  return status;
}

hpo_status hpo_table_add_key(hpo_table *t, double key, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t row = (size_t)t->rows;

  HPO_TRY(status,
          hpo_mem_grow(&t->key, &t->key_room, row + 1, sizeof *t->key, err));
  t->key[row] = key;
done:
  return status;
}

/* Rows in chunk i. */
static size_t rows_in(const hpo_table *t, size_t i) {
  const size_t begin = i * t->chunk_rows;
  const size_t left = t->kept > begin ? t->kept - begin : 0;

  return left < t->chunk_rows ? left : t->chunk_rows;
}

void hpo_table_missing(const hpo_table *t, hpo_row *missing) {
  memset(missing, 0, t->features * sizeof *missing);
  for (size_t i = 0; i < t->n_chunk; i++) {
    const float *x = t->chunk[i];

    for (size_t r = rows_in(t, i); r-- > 0; x += t->features)
      for (size_t j = 0; j < t->features; j++)
        missing[j] += isnan(x[j]) ? 1 : 0;
  }
}

/* The n rows at from to x, which is where the first feature of the first
 * belongs. */
static void move_rows(const hpo_table *t, const float *from, size_t n,
                      uint32_t *const *place, size_t rows, float *x) {
  for (size_t j = 0; j < t->features; j++) {
    float *to = x + j * rows;

    for (size_t r = 0; r < n; r++)
      to[r] = from[r * t->features + j];
    if (place[j] != NULL)
      for (size_t r = 0; r < n; r++)
        to[r] = isnan(to[r]) ? to[r] : (float)place[j][(uint32_t)to[r]];
  }
}

void hpo_table_move(hpo_table *t, const hpo_stretch *s, size_t n,
                    uint32_t *const *place, size_t rows, float *x) {
  for (size_t i = 0, k = 0; i < t->n_chunk; i++) {
    const size_t begin = i * t->chunk_rows, end = begin + rows_in(t, i);

    for (size_t at = begin; at < end;) {
      size_t stop;

      while (k < n && s[k].from + s[k].n <= at)
        k++;
      HPO_ASSERT(k < n && s[k].from <= at);
      stop = s[k].from + s[k].n < end ? s[k].from + s[k].n : end;
      move_rows(t, row_at(t, at), stop - at, place, rows,
                x + s[k].to + (at - s[k].from));
      at = stop;
    }
    free_chunk(t, i);
  }
}
