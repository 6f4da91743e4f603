/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of tables in and out.
 *
 * H5Dwrite compares the types of memory and file, which takes 100 us for
 * rows of 100 columns.  So rows are written in chunks, past the types: the
 * chunk that is at work stands in memory as it stands (or will stand) in the
 * file, and goes there when another one is wanted, or at a flush. */
#include "h5_private.h"

#include "hpo/mem.h"

#include <string.h>

hpo_status hpo_h5_table_rows(hpo_h5_table *t, size_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (!t->file->write && t->file->swmr) {
    if (H5Drefresh(t->id) < 0)
      HPO_TRY(status,
              hpo_h5_fail(err, HPO_ESTUDY, "study file %s: %s is damaged",
                          t->file->path, t->path));
    HPO_TRY(status, hpo_h5_table_look(t, err));
  }
  *out = (size_t)t->rows;
done:
  return status;
}

/* ---------------------------------------------------------- writing */

static hpo_status refuse_more(const hpo_h5_table *t, hpo_error *err) {
  HPO_ASSERT(t->file->write);
  if (!t->file->failed)
    return HPO_OK;
  return hpo_error_set(err, HPO_EIO,
                       "nothing more is written to %s since a write failed",
                       t->file->path);
}

/** A write failed: says so and lets no other follow. */
static hpo_status write_failed(hpo_h5_table *t, hpo_error *err) {
  hpo_status status = hpo_h5_fail(err, HPO_EIO, "cannot write %s of %s",
                                  t->path, t->file->path);

  t->file->failed = true;
  return status;
}

hpo_status hpo_h5_table_settle(hpo_h5_table *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hsize_t at = t->image_chunk * (hsize_t)t->chunk;

  if (t->extent < t->rows) {
    if (H5Dset_extent(t->id, &t->rows) < 0)
      HPO_TRY(status, write_failed(t, err));
    t->extent = t->rows;
  }
  if (t->dirty && H5Dwrite_chunk(t->id, H5P_DEFAULT, 0, &at,
                                 t->chunk * t->width, t->image) < 0)
    HPO_TRY(status, write_failed(t, err));
  t->dirty = false;
done:
  return status;
}

/** Puts the chunk at work into t->image: from the file, or new. */
static hpo_status load(hpo_h5_table *t, hsize_t chunk, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hsize_t at = chunk * (hsize_t)t->chunk;
  const size_t bytes = t->chunk * t->width;
  hsize_t stored = 0;
  uint32_t filters = 0;

  if (t->image != NULL && t->image_chunk == chunk)
    return HPO_OK;
  if (t->image == NULL)
    HPO_TRY(status, hpo_mem_new(t->chunk, t->width, &t->image, err));
  HPO_TRY(status, hpo_h5_table_settle(t, err));
  t->image_chunk = chunk;
  memset(t->image, 0, bytes);
  if (at >= t->extent)
    goto done;
  if (H5Dget_chunk_storage_size(t->id, &at, &stored) < 0)
    HPO_TRY(status, write_failed(t, err));
  if (stored == bytes &&
      H5Dread_chunk(t->id, H5P_DEFAULT, &at, &filters, t->image) < 0)
    HPO_TRY(status, write_failed(t, err));
done:
  return status;
}

/** Writes rows over those that stand from `first` on. */
static hpo_status patch(hpo_h5_table *t, hsize_t first, const uint8_t *rows,
                        size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;

  while (n > 0) {
    size_t in = (size_t)(first % t->chunk);
    size_t part = t->chunk - in < n ? t->chunk - in : n;
    HPO_TRY(status, load(t, first / t->chunk, err));
    memcpy(t->image + in * t->width, rows, part * t->width);
    t->dirty = true;
    if (first + part > t->rows)
      t->rows = first + part;
    first += part;
    rows += part * t->width;
    n -= part;
  }
done:
  return status;
}

hpo_status hpo_h5_table_append(hpo_h5_table *t, const void *rows, size_t n,
                               size_t *first, hpo_error *err) {
  hpo_status status = HPO_OK;
  hsize_t at = t->rows;

  HPO_TRY(status, refuse_more(t, err));
  HPO_TRY(status, patch(t, at, rows, n, err));
  if (first != NULL)
    *first = (size_t)at;
done:
  return status;
}

hpo_status hpo_h5_table_put(hpo_h5_table *t, size_t i, const void *row,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_ASSERT((hsize_t)i < t->rows);
  HPO_TRY(status, refuse_more(t, err));
  HPO_TRY(status, patch(t, (hsize_t)i, row, 1, err));
done:
  return status;
}

hpo_status hpo_h5_table_flush(hpo_h5_table *t, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, refuse_more(t, err));
  HPO_TRY(status, hpo_h5_table_settle(t, err));
  if (H5Dflush(t->id) < 0)
    HPO_TRY(status, write_failed(t, err));
done:
  return status;
}

/* ---------------------------------------------------------- reading */

static bool read_rows(hpo_h5_table *t, hsize_t first, hsize_t n, void *to) {
  hid_t file = H5Dget_space(t->id);
  hid_t memory = H5Screate_simple(1, &n, NULL);
  bool good =
      file >= 0 && memory >= 0 &&
      H5Sselect_hyperslab(file, H5S_SELECT_SET, &first, NULL, &n, NULL) >= 0 &&
      H5Dread(t->id, t->type, memory, file, H5P_DEFAULT, to) >= 0;

  hpo_h5_drop(memory, good);
  hpo_h5_drop(file, good);
  return good;
}

hpo_status hpo_h5_table_read(hpo_h5_table *t, size_t first, size_t n, void *to,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  if (n > t->rows || first > t->rows - n)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "study file %s: table %s has no rows %zu to %zu", t->file->path,
             t->path, first, first + n);
  if (t->file->write && !t->file->failed)
    HPO_TRY(status, hpo_h5_table_settle(t, err));
  if (n > 0 && !read_rows(t, (hsize_t)first, (hsize_t)n, to))
    HPO_TRY(status,
            hpo_h5_fail(err, HPO_ESTUDY,
                        "study file %s: rows %zu to %zu of %s cannot be read",
                        t->file->path, first, first + n - 1, t->path));
done:
  return status;
}
