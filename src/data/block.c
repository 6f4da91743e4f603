/* SPDX-License-Identifier: BSD-3-Clause */
/* The shared arrays of a data set.
 *
 * Two pieces of memory: the values (x), which are given back once they are
 * binned, and all else in one piece, each array at a multiple of 64 bytes. */

#include "block.h"

#include <sys/mman.h>
#include <unistd.h>

#include "hpo/mem.h"

typedef struct block {
  void *x;
  size_t x_bytes;
  void *rest;
  size_t rest_bytes;
  hpo_row *list; /* in rest: [n_fold][n_train], each first those that train,
                    at its end those that validate */
} block;

/* Where the arrays begin in the second piece. */
typedef struct layout {
  size_t y, weight, role, train, valid, fold, list, end;
} layout;

static size_t place(size_t *at, size_t n, size_t size) {
  const size_t here = *at;

  *at += (n * size + 63) / 64 * 64;
  return here;
}

static layout layout_of(const hpo_dataset *d, bool has_weight) {
  const size_t rows = (size_t)d->rows;
  layout l = {0};
  size_t at = 0;

  l.y = place(&at, rows, sizeof(double));
  l.weight = place(&at, has_weight ? rows : 0, sizeof(double));
  l.train = place(&at, (size_t)d->n_train, sizeof(hpo_row));
  l.valid = place(&at, (size_t)d->n_valid, sizeof(hpo_row));
  l.role = place(&at, rows, sizeof(uint8_t));
  l.fold = place(&at, d->n_fold > 0 ? rows : 0, sizeof(uint8_t));
  l.list = place(&at, d->n_fold * (size_t)d->n_train, sizeof(hpo_row));
  l.end = at;
  return l;
}

hpo_status hpo_block_create(hpo_dataset *d, bool has_weight, hpo_arrays *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const layout l = layout_of(d, has_weight);
  hpo_shared *node = d->node;
  block *b = NULL;
  bool rest_is_shared = false;

  HPO_TRY(status, hpo_mem_new(1, sizeof *b, &b, err));
  d->block = b;
  b->x_bytes = (size_t)d->rows * d->columns * sizeof(float);
  if (d->columns != 0 &&
      b->x_bytes / d->columns / sizeof(float) != (size_t)d->rows)
    HPO_FAIL(status, err, HPO_EMEM,
             "the data has %lld rows and %zu columns, more than this machine "
             "can address",
             (long long)d->rows, d->columns);
  b->rest_bytes = l.end;
  HPO_TRY(status,
          node->alloc(node->self, b->x_bytes, &b->x, &d->is_shared, err));
  HPO_TRY(status, node->alloc(node->self, b->rest_bytes, &b->rest,
                              &rest_is_shared, err));
  d->is_shared = d->is_shared && rest_is_shared;

  out->x = b->x;
  out->y = (double *)((char *)b->rest + l.y);
  out->weight = has_weight ? (double *)((char *)b->rest + l.weight) : NULL;
  out->role = (uint8_t *)b->rest + l.role;
  out->train = (hpo_row *)((char *)b->rest + l.train);
  out->valid = (hpo_row *)((char *)b->rest + l.valid);
  out->fold = d->n_fold > 0 ? (uint8_t *)b->rest + l.fold : NULL;
  out->list = (hpo_row *)((char *)b->rest + l.list);
  b->list = out->list;
  d->fold = out->fold;
  d->x = out->x;
  d->y = out->y;
  d->weight = out->weight;
  d->role = out->role;
  d->train = out->train;
  d->valid = out->valid;
done:
  return status;
}

hpo_status hpo_block_ready(hpo_dataset *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = d->node;
  block *b = d->block;

  HPO_TRY(status, node->ready(node->self, b->x, b->x_bytes, err));
  HPO_TRY(status, node->ready(node->self, b->rest, b->rest_bytes, err));
done:
  return status;
}

/* Whether a training row is one of fold f's, and on which side. */
static hpo_role role_in(const hpo_dataset *d, uint8_t fold, size_t f) {
  if (fold == f + 1)
    return HPO_ROLE_VALID;
  return !d->in_time || fold < f + 1 ? HPO_ROLE_TRAIN : HPO_ROLE_TEST;
}

/* Rows of fold f that validate. */
static size_t count_valid(const hpo_dataset *d, size_t f) {
  size_t n = 0;

  for (hpo_row i = 0; i < d->n_train; i++)
    n += role_in(d, d->fold[d->train[i]], f) == HPO_ROLE_VALID;
  return n;
}

void hpo_block_list_folds(const hpo_dataset *d, const hpo_arrays *to) {
  for (size_t f = 0; f < d->n_fold; f++) {
    hpo_row *train = to->list + f * (size_t)d->n_train;
    hpo_row *valid = train + (size_t)d->n_train - count_valid(d, f);

    for (hpo_row i = 0; i < d->n_train; i++) {
      const hpo_row row = d->train[i];
      const hpo_role role = role_in(d, d->fold[row], f);

      if (role == HPO_ROLE_TRAIN)
        *train++ = row;
      if (role == HPO_ROLE_VALID)
        *valid++ = row;
    }
  }
}

hpo_status hpo_block_find_folds(hpo_dataset *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  const block *b = d->block;

  if (d->n_fold == 0)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(d->n_fold, sizeof *d->part, &d->part, err));
  for (size_t f = 0; f < d->n_fold; f++) {
    hpo_fold *p = &d->part[f];

    for (hpo_row i = 0; i < d->n_train; i++) {
      const hpo_role role = role_in(d, d->fold[d->train[i]], f);
      p->n_train += role == HPO_ROLE_TRAIN;
      p->n_valid += role == HPO_ROLE_VALID;
    }
    p->train = b->list + f * (size_t)d->n_train;
    p->valid = p->train + (d->n_train - p->n_valid);
  }
done:
  return status;
}

void hpo_block_destroy(hpo_dataset *d) {
  block *b = d->block;

  if (b == NULL)
    return;
  hpo_dataset_drop_x(d);
  if (b->rest != NULL)
    d->node->free(d->node->self, b->rest);
  hpo_mem_free(b);
  d->block = NULL;
}

/* Memory that is not shared is anonymous: there MADV_REMOVE is refused. */
void hpo_block_drop_column(const hpo_dataset *d, size_t j) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t column = (uintptr_t)(d->x + j * (size_t)d->rows);
  const uintptr_t from = (column + page - 1) / page * page;
  const uintptr_t to = (column + (size_t)d->rows * sizeof *d->x) / page * page;

  if (from < to && madvise((void *)from, to - from, MADV_REMOVE) != 0)
    (void)madvise((void *)from, to - from, MADV_DONTNEED);
}

void hpo_dataset_drop_x(hpo_dataset *d) {
  block *b = d->block;

  if (b != NULL && b->x != NULL)
    d->node->free(d->node->self, b->x);
  if (b != NULL)
    b->x = NULL;
  d->x = NULL;
}

static void free_texts(char **text, size_t n) {
  for (size_t i = 0; text != NULL && i < n; i++)
    hpo_mem_free(text[i]);
  hpo_mem_free(text);
}

hpo_fold hpo_dataset_fold(const hpo_dataset *d, size_t f) {
  HPO_ASSERT(f == 0 || f < d->n_fold);
  return d->n_fold > 0
             ? d->part[f]
             : (hpo_fold){d->train, d->valid, d->n_train, d->n_valid};
}

void hpo_dataset_destroy(hpo_dataset *d) {
  if (d == NULL)
    return;
  hpo_block_destroy(d);
  hpo_mem_free(d->part);
  for (size_t j = 0; d->column != NULL && j < d->columns; j++) {
    hpo_mem_free(d->column[j].name);
    hpo_mem_free(d->column[j].doubt);
    free_texts(d->column[j].category, d->column[j].n_category);
  }
  hpo_mem_free(d->column);
  hpo_mem_free(d->label_name);
  free_texts(d->class_name, d->n_class);
  hpo_mem_free(d);
}

void hpo_dataset_held(const hpo_dataset *d, hpo_row *first, hpo_row *end) {
  *first = d->team != NULL ? d->first : 0;
  *end = d->team != NULL ? d->end : d->rows;
}

size_t hpo_dataset_outputs(const hpo_dataset *d) {
  return d->task == HPO_TASK_MULTICLASS ? d->n_class : 1;
}

void hpo_block_count(const uint8_t *role, hpo_row rows, hpo_row *n_train,
                     hpo_row *n_valid) {
  *n_train = 0;
  *n_valid = 0;
  for (hpo_row i = 0; i < rows; i++) {
    *n_train += role[i] == HPO_ROLE_TRAIN;
    *n_valid += role[i] == HPO_ROLE_VALID;
  }
}

void hpo_block_list(const uint8_t *role, hpo_row first, hpo_row end,
                    hpo_row *train, hpo_row *valid) {
  for (hpo_row i = first; i < end; i++) {
    if (role[i] == HPO_ROLE_TRAIN)
      *train++ = i;
    if (role[i] == HPO_ROLE_VALID)
      *valid++ = i;
  }
}
