/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows and facts of data in memory that a rank shares with its plugin's
 * process: a file without a name (memfd_create), so nothing of it is left
 * when the last of them ends, however that comes. */
#include "hpo/library.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALIGN ((size_t)64)

/* What stands first in the memory; arrays follow in the order of place(). */
typedef struct head {
  uint64_t magic, bytes;
  uint64_t columns, classes, outputs, n_train, n_valid, n_blob, names;
  uint32_t task, has_weight;
} head;

/* The next array of n items, or false: more than memory can be. */
static bool next(size_t *at, size_t n, size_t size, size_t *out) {
  size_t bytes;

  if (__builtin_mul_overflow(n, size, &bytes) ||
      __builtin_add_overflow(bytes, ALIGN - 1, &bytes) ||
      __builtin_add_overflow(*at, bytes / ALIGN * ALIGN, &bytes))
    return false;
  *out = *at;
  *at = bytes;
  return true;
}

/* Where each array stands; the whole size last. */
typedef struct places {
  size_t categories, x[2], y[2], w[2], name, blob, bytes;
} places;

static bool place(const hpo_slab *v, places *p) {
  size_t rows[2] = {v->n_train, v->n_valid}, values;

  p->bytes = sizeof(head) + ALIGN;
  if (!next(&p->bytes, v->columns, sizeof *v->categories, &p->categories))
    return false;
  for (int i = 0; i < 2; i++)
    if (__builtin_mul_overflow(rows[i], v->columns, &values) ||
        !next(&p->bytes, values, sizeof(float), &p->x[i]) ||
        !next(&p->bytes, rows[i], sizeof(double), &p->y[i]) ||
        !next(&p->bytes, v->has_weight ? rows[i] : 0, sizeof(double),
              &p->w[i]))
      return false;
  return next(&p->bytes, v->names, 1, &p->name) &&
         next(&p->bytes, v->n_blob, 1, &p->blob);
}

static void point(hpo_slab *v, const places *p) {
  char *at = v->map;

  v->bytes = p->bytes;
  v->categories = (size_t *)(void *)(at + p->categories);
  for (int i = 0; i < 2; i++) {
    v->x[i] = (float *)(void *)(at + p->x[i]);
    v->y[i] = (double *)(void *)(at + p->y[i]);
    v->w[i] = v->has_weight ? (double *)(void *)(at + p->w[i]) : NULL;
  }
  v->name = at + p->name;
  v->blob = (uint8_t *)at + p->blob;
}

hpo_status hpo_slab_create(hpo_slab *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  places p;
  int failed = 0;

  v->file = -1;
  v->map = NULL;
  if (!place(v, &p))
    HPO_FAIL(status, err, HPO_EMEM, "the data is too large for a plugin");
  v->file = memfd_create("hpotune", MFD_CLOEXEC);
  if (v->file < 0)
    HPO_FAIL(status, err, HPO_EMEM, "memory for a plugin's data: %s",
             strerror(errno));
  /* now, with an error, rather than later with a signal */
  do
    failed = posix_fallocate(v->file, 0, (off_t)p.bytes);
  while (failed == EINTR);
  if (failed)
    HPO_FAIL(status, err, HPO_EMEM,
             "%zu bytes of memory for a plugin's data: %s", p.bytes,
             strerror(failed));
  v->map = mmap(NULL, p.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->file, 0);
  if (v->map == MAP_FAILED) {
    v->map = NULL;
    HPO_FAIL(status, err, HPO_EMEM,
             "%zu bytes of memory for a plugin's data: %s", p.bytes,
             strerror(errno));
  }
  point(v, &p);
  *(head *)v->map = (head){.magic = HPO_PLUGIN_MAGIC,
                           .bytes = p.bytes,
                           .columns = v->columns,
                           .classes = v->classes,
                           .outputs = v->outputs,
                           .n_train = v->n_train,
                           .n_valid = v->n_valid,
                           .n_blob = v->n_blob,
                           .names = v->names,
                           .task = v->task,
                           .has_weight = v->has_weight};
done:
  if (status != HPO_OK)
    hpo_slab_free(v);
  return status;
}

hpo_status hpo_slab_open(int file, hpo_slab *v, hpo_error *err) {
  hpo_status status = HPO_OK;
  struct stat st = {0};
  places p;
  const head *h;

  *v = (hpo_slab){.file = -1};
  if (fstat(file, &st) != 0 || (size_t)st.st_size < sizeof *h)
    HPO_FAIL(status, err, HPO_EIO, "there is no data to see");
  v->bytes = (size_t)st.st_size;
  v->map = mmap(NULL, v->bytes, PROT_READ, MAP_SHARED, file, 0);
  if (v->map == MAP_FAILED) {
    v->map = NULL;
    HPO_FAIL(status, err, HPO_EMEM, "the data can't be seen: %s",
             strerror(errno));
  }
  h = v->map;
  v->columns = h->columns;
  v->classes = h->classes;
  v->outputs = h->outputs;
  v->n_train = h->n_train;
  v->n_valid = h->n_valid;
  v->n_blob = h->n_blob;
  v->names = h->names;
  v->task = h->task;
  v->has_weight = h->has_weight != 0;
  if (h->magic != HPO_PLUGIN_MAGIC || !place(v, &p) || p.bytes != v->bytes)
    HPO_FAIL(status, err, HPO_EIO, "this is no data of hpotune's");
  point(v, &p);
done:
  if (status != HPO_OK)
    hpo_slab_free(v);
  return status;
}

void hpo_slab_free(hpo_slab *v) {
  if (v->map != NULL)
    (void)munmap(v->map, v->bytes);
  if (v->file >= 0)
    (void)close(v->file);
  v->map = NULL;
  v->file = -1;
}
