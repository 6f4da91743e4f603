/* SPDX-License-Identifier: BSD-3-Clause */
/* What data sets an HDF5 file has, and whether one can be read. */
#include "h5_data_private.h"

#include "hpo/mem.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SHOWN = 20 };

/* "float16", "int8 (big-endian)" is shown as "int8": the order is no
 * matter. */
static const char *type_text(hid_t type, char to[48]) {
  static const char *const other[] = {
      [H5T_TIME] = "time",           [H5T_BITFIELD] = "bits",
      [H5T_OPAQUE] = "opaque",       [H5T_COMPOUND] = "compound",
      [H5T_REFERENCE] = "reference", [H5T_VLEN] = "lists",
      [H5T_ARRAY] = "arrays"};
  const H5T_class_t class = H5Tget_class(type);
  const size_t bits = 8 * H5Tget_size(type);

  if (class == H5T_INTEGER)
    (void)snprintf(to, 48, "%sint%zu",
                   H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
  else if (class == H5T_FLOAT)
    (void)snprintf(to, 48, "float%zu", bits);
  else if (class == H5T_ENUM)
    (void)snprintf(to, 48, "enum");
  else if (class == H5T_STRING)
    (void)snprintf(to, 48, "text");
  else if (class > 0 && (size_t) class < sizeof other / sizeof *other)
    (void)snprintf(to, 48, "%s", other[class]);
  else
    (void)snprintf(to, 48, "unknown");
  return to;
}

/* "100 x 5 float64" */
static void describe(hid_t set, char *to, size_t room) {
  hid_t space = H5Dget_space(set), type = H5Dget_type(set);
  hsize_t dim[H5S_MAX_RANK] = {0};
  const int n = space < 0 ? 0 : H5Sget_simple_extent_dims(space, dim, NULL);
  char text[48] = "";
  size_t used = 0;

  to[0] = '\0';
  for (int i = 0; i < n && used + 24 < room; i++)
    used += (size_t)snprintf(to + used, room - used, "%s%llu",
                             i > 0 ? " x " : "", (unsigned long long)dim[i]);
  if (type >= 0 && used + 50 < room)
    (void)snprintf(to + used, room - used, "%s%s", n > 0 ? " " : "one ",
                   type_text(type, text));
  hpo_h5_drop(type, true);
  hpo_h5_drop(space, true);
}

typedef struct listing {
  hpo_buffer text;
  size_t n;
  hpo_status status;
} listing;

static herr_t list_one(hid_t file, const char *name, const H5O_info_t *about,
                       void *context) {
  listing *l = context;
  char shape[256] = "";
  hid_t set = H5I_INVALID_HID;

  if (about->type != H5O_TYPE_DATASET || l->n++ >= MOST_SHOWN)
    return 0;
  set = H5Dopen2(file, name, H5P_DEFAULT);
  if (set >= 0)
    describe(set, shape, sizeof shape);
  hpo_h5_drop(set, true);
  l->status = hpo_buffer_format(&l->text, NULL, "%s/%.100s (%s)",
                                l->text.n > 0 ? ", " : "", name, shape);
  return l->status == HPO_OK ? 0 : -1;
}

hpo_status hpo_h5_data_list(const hpo_h5_data *d, hpo_status code,
                            const char *what, hpo_error *err) {
  hpo_status status = HPO_OK;
  listing l = {.n = 0};

  if (H5Ovisit(d->file, H5_INDEX_NAME, H5_ITER_INC, list_one, &l) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EDATA, "%s is damaged", d->path));
  if (l.n > MOST_SHOWN)
    HPO_TRY(status, hpo_buffer_format(&l.text, err, " and %zu more",
                                      l.n - MOST_SHOWN));
  HPO_TRY(status, hpo_buffer_add(&l.text, "", 1, err));
  status = hpo_error_set(err, code, "%s: %s%s%s; %s%s", d->path, d->dataset,
                         d->dataset[0] != '\0' ? ": " : "", what,
                         l.n > 0 ? "dataset= or label-dataset= can be: "
                                 : "the file has no data sets at all",
                         (const char *)l.text.byte);
done:
  hpo_buffer_free(&l.text);
  return status;
}

static hpo_status look_type(hpo_h5_data *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  const H5T_class_t class = H5Tget_class(d->type);
  char text[48];

  d->facts.is_text = class == H5T_STRING;
  if (class != H5T_INTEGER && class != H5T_FLOAT && class != H5T_ENUM &&
      class != H5T_STRING)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %s holds %s values%s; allowed: integers, floats, bool",
             d->path, d->dataset, type_text(d->type, text),
             class == H5T_COMPOUND ? " (complex numbers, or a table)" : "");
  if (d->facts.is_text && d->facts.columns != 1)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %s holds text; allowed: integers, floats, bool; text only "
             "as labels, of one column",
             d->path, d->dataset);
done:
  return status;
}

hpo_status hpo_h5_data_look(hpo_h5_data *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t how = H5Dget_create_plist(d->set);

  d->is_virtual = how >= 0 && (H5Pget_layout(how) == H5D_VIRTUAL ||
                               H5Pget_external_count(how) > 0);
  hpo_h5_drop(how, true);
  d->n_dim = H5Sget_simple_extent_dims(d->space, d->dim, NULL);
  if (d->n_dim <= 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %s is a single value; allowed: rows by columns", d->path,
             d->dataset);
  d->facts.rows = (size_t)d->dim[0];
  d->facts.columns = 1;
  for (int i = 0; i < d->n_dim; i++) {
    if (d->dim[i] == 0)
      HPO_FAIL(status, err, HPO_EDATA, "%s: %s is empty: dimension %d is 0",
               d->path, d->dataset, i);
    if (i > 0 && d->facts.columns > SIZE_MAX / 64 / d->dim[i])
      HPO_FAIL(status, err, HPO_EDATA, "%s: %s is larger than any memory",
               d->path, d->dataset);
    if (i > 0)
      d->facts.columns *= (size_t)d->dim[i];
  }
  HPO_TRY(status, look_type(d, err));
done:
  return status;
}
