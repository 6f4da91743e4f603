/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables that grow: chunked one-dimensional data sets, whose index is an
 * extensible array, the one kind that a kill was never seen to damage.
 *
 * A table's header holds its number of rows and is written again whenever it
 * grows, so it must fit in a page (see PAGE).  The type of a row may
 * not: it is committed as an object of its own, without a name; nor may the
 * attributes: long ones stand in a heap of their own ("dense").  Both are
 * never written again. */
#include "h5_private.h"

#include "hpo/mem.h"

#include <string.h>

/* --------------------------------------------------------- creation */

/** The texts of all columns: their units, or their descriptions. */
static hpo_status add_texts(hid_t id, const char *name,
                            const hpo_h5_column *column, size_t n, bool unit,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const char **text = NULL;

  HPO_TRY(status, hpo_mem_new(n, sizeof *text, &text, err));
  for (size_t k = 0; k < n; k++)
    text[k] = unit ? column[k].unit : column[k].description;
  HPO_TRY(status, hpo_h5_text_add(id, name, text, n, err));
done:
  hpo_mem_free(text);
  return status;
}

static hpo_status describe(hid_t id, const hpo_h5_column *column, size_t n,
                           const char *description, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *bytes = "bytes";

  HPO_TRY(status, hpo_h5_text_add(id, "description", &description, 0, err));
  if (n == 0) {
    HPO_TRY(status, hpo_h5_text_add(id, "units", &bytes, 0, err));
  } else {
    HPO_TRY(status, add_texts(id, "units", column, n, true, err));
    HPO_TRY(status,
            add_texts(id, "column_descriptions", column, n, false, err));
  }
done:
  return status;
}

/** Whether units and descriptions are too long for the header. */
static bool are_long(const hpo_h5_column *column, size_t n,
                     const char *description) {
  size_t unit = 1;
  size_t words = 1;

  for (size_t k = 0; k < n; k++) {
    unit = strlen(column[k].unit) > unit ? strlen(column[k].unit) : unit;
    words = strlen(column[k].description) > words
                ? strlen(column[k].description)
                : words;
  }
  return n * (unit + words) + strlen(description) > PAGE / 2;
}

/** A few more rows than asked for, if so the pages of a chunk are better
 *  filled: chunks start at a page like all else. */
static size_t fill_pages(size_t chunk, size_t width) {
  size_t best = chunk;
  double fill = 0;

  for (size_t rows = chunk; rows <= chunk + chunk / 4; rows++) {
    size_t bytes = rows * width;
    size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
    if ((double)bytes / (double)whole > fill) {
      fill = (double)bytes / (double)whole;
      best = rows;
    }
  }
  return best;
}

static hid_t make_table(hpo_h5 *f, const char *path, hid_t type, size_t chunk,
                        bool dense) {
  const hsize_t none = 0;
  const hsize_t most = H5S_UNLIMITED;
  const hsize_t size = (hsize_t)fill_pages(chunk, H5Tget_size(type));
  hid_t link = hpo_h5_link_list();
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  hid_t space = H5Screate_simple(1, &none, &most);
  hid_t id = H5I_INVALID_HID;

  if (link >= 0 && how >= 0 && space >= 0 &&
      H5Pset_chunk(how, 1, &size) >= 0 &&
      H5Pset_obj_track_times(how, false) >= 0 &&
      (!dense || H5Pset_attr_phase_change(how, 0, 0) >= 0))
    id = H5Dcreate2(f->id, path, type, space, link, how, H5P_DEFAULT);
  hpo_h5_drop(link, id >= 0);
  hpo_h5_drop(how, id >= 0);
  hpo_h5_drop(space, id >= 0);
  return id;
}

/** Makes the type of a row an object of the file.  One that does not fit in
 *  a message of the format is refused before HDF5 sees it, which would keep
 *  the half-made object in its cache. */
static hpo_status commit(hpo_h5 *f, const char *path, hid_t type,
                         const hpo_h5_column *column, size_t n,
                         hpo_error *err) {
  const size_t most = 65500;

  if (hpo_h5_type_bytes(column, n) > most)
    return hpo_error_set(err, HPO_EINVAL,
                         "table %s: rows of %zu columns are too much for "
                         "HDF5, which takes about 1300, and about 2700 "
                         "choices of one",
                         path, n);
  if (H5Tcommit_anon(f->id, type, H5P_DEFAULT, H5P_DEFAULT) < 0)
    return hpo_h5_fail(err, HPO_EIO, "cannot write the type of table %s",
                       path);
  return HPO_OK;
}

hpo_status hpo_h5_add_table(hpo_h5 *f, const char *path,
                            const hpo_h5_column *column, size_t n_column,
                            size_t chunk, const char *description,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t type = n_column > 0 ? hpo_h5_type_make_row(column, n_column)
                            : H5Tcopy(H5T_STD_U8LE);
  hid_t id = H5I_INVALID_HID;

  if (type < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EINVAL,
                                "table %s: names of columns and choices must "
                                "not be empty and differ",
                                path));
  if (n_column > 0)
    HPO_TRY(status, commit(f, path, type, column, n_column, err));
  HPO_TRY(status, hpo_h5_add_groups(f, path, err));
  id = make_table(f, path, type, chunk,
                  are_long(column, n_column, description));
  if (id < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EIO, "cannot make table %s", path));
  HPO_TRY(status, describe(id, column, n_column, description, err));
done:
  hpo_h5_drop(type, true);
  hpo_h5_drop(id, true);
  return status;
}

/* ---------------------------------------------------------- opening */

void hpo_h5_table_free(hpo_h5_table *t, bool keep) {
  if (t == NULL)
    return;
  if (!keep) {
    hpo_h5_drop(t->type, true);
    hpo_h5_drop(t->id, true);
  }
  for (size_t k = 0; k < t->n_column; k++)
    hpo_h5_column_free(&t->column[k]);
  hpo_mem_free(t->column);
  hpo_mem_free(t->image);
  hpo_mem_free(t->path);
  hpo_mem_free(t);
}

hpo_status hpo_h5_table_look(hpo_h5_table *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t space = H5Dget_space(t->id);
  hsize_t most = 0;

  if (space < 0 || H5Sget_simple_extent_ndims(space) != 1 ||
      H5Sget_simple_extent_dims(space, &t->extent, &most) < 0 ||
      most != H5S_UNLIMITED)
    status = hpo_h5_fail(err, HPO_ESTUDY, "study file %s: %s is no table",
                         t->file->path, t->path);
  t->rows = t->extent;
  hpo_h5_drop(space, true);
  return status;
}

static hpo_status read_chunk_size(hpo_h5_table *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t how = H5Dget_create_plist(t->id);
  hsize_t chunk = 0;

  if (how < 0 || H5Pget_chunk(how, 1, &chunk) != 1 || chunk == 0)
    status = hpo_h5_fail(err, HPO_ESTUDY, "study file %s: %s has no chunks",
                         t->file->path, t->path);
  t->chunk = (size_t)chunk;
  hpo_h5_drop(how, true);
  return status;
}

static hpo_status read_columns(hpo_h5_table *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_array unit = {0};
  hpo_h5_array description = {0};

  if (H5Tget_class(t->type) != H5T_COMPOUND)
    goto done;
  HPO_TRY(status,
          hpo_h5_type_read_row(t->type, &t->column, &t->n_column, err));
  HPO_TRY(status, hpo_h5_attribute_read(t->id, "units", &unit, err));
  HPO_TRY(status, hpo_h5_attribute_read(t->id, "column_descriptions",
                                        &description, err));
  for (size_t k = 0; k < t->n_column; k++) {
    hpo_h5_column *c = &t->column[k];
    HPO_TRY(status, hpo_h5_text_get(&unit, k, &c->unit, err));
    HPO_TRY(status, hpo_h5_text_get(&description, k, &c->description, err));
  }
done:
  hpo_h5_array_free(&unit);
  hpo_h5_array_free(&description);
  if (status != HPO_OK)
    hpo_error_prefix(err, "study file %s, table %s: ", t->file->path, t->path);
  return status;
}

static hpo_status open_table(hpo_h5 *f, const char *path, hpo_h5_table **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_table *t = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
  t->file = f;
  t->id = t->type = H5I_INVALID_HID;
  HPO_TRY(status, hpo_mem_string(path, &t->path, err));
  t->id = H5Dopen2(f->id, path, H5P_DEFAULT);
  if (t->id >= 0)
    t->type = H5Dget_type(t->id);
  if (t->type < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_ESTUDY,
                                "study file %s has no readable table %s",
                                f->path, path));
  t->width = H5Tget_size(t->type);
  HPO_TRY(status, read_chunk_size(t, err));
  HPO_TRY(status, hpo_h5_table_look(t, err));
  HPO_TRY(status, read_columns(t, err));
  *out = t;
  t = NULL;
done:
  hpo_h5_table_free(t, false);
  return status;
}

hpo_status hpo_h5_find_table(hpo_h5 *f, const char *path, hpo_h5_table **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_table *t = NULL;

  for (size_t i = 0; i < f->n_table && t == NULL; i++)
    if (strcmp(f->table[i]->path, path) == 0)
      t = f->table[i];
  if (t == NULL) {
    HPO_TRY(status, hpo_mem_grow(&f->table, &f->room, f->n_table + 1,
                                 sizeof(hpo_h5_table *), err));
    HPO_TRY(status, open_table(f, path, &t, err));
    f->table[f->n_table++] = t;
  }
  *out = t;
done:
  return status;
}

const hpo_h5_column *hpo_h5_table_columns(const hpo_h5_table *t, size_t *n) {
  *n = t->n_column;
  return t->column;
}

size_t hpo_h5_table_width(const hpo_h5_table *t) { return t->width; }
