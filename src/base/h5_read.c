/* SPDX-License-Identifier: BSD-3-Clause */
/* Fixed arrays and attributes read back. */
#include "h5_private.h"

#include "hpo/file.h"
#include "hpo/mem.h"

#include <string.h>

/** An object of HDF5's that holds an array: a data set or an attribute. */
typedef struct source {
  hid_t id, type, space;
  bool attribute;
} source;

static void source_close(source *s) {
  hpo_h5_drop(s->type, true);
  hpo_h5_drop(s->space, true);
  hpo_h5_drop(s->id, true);
}

/** Fills type and space of a source whose id stands. */
static hpo_status source_look(source *s, hpo_error *err) {
  if (s->id >= 0 && s->attribute) {
    s->type = H5Aget_type(s->id);
    s->space = H5Aget_space(s->id);
  } else if (s->id >= 0) {
    s->type = H5Dget_type(s->id);
    s->space = H5Dget_space(s->id);
  }
  if (s->id < 0 || s->type < 0 || s->space < 0)
    return hpo_h5_fail(err, HPO_ESTUDY, "it cannot be opened");
  return HPO_OK;
}

/** Shape of a; refuses more bytes than the file has. */
static hpo_status read_shape(const source *s, hpo_h5_array *a,
                             hpo_error *err) {
  hsize_t size[2] = {1, 1};
  hsize_t bytes = 0;
  int n = H5Sget_simple_extent_ndims(s->space);

  if (n < 0 || n > 2)
    return hpo_error_set(err, HPO_ESTUDY, "it has %d dimensions", n);
  if (n > 0 && H5Sget_simple_extent_dims(s->space, size, NULL) < 0)
    return hpo_h5_fail(err, HPO_ESTUDY, "its shape cannot be read");
  bytes =
      s->attribute ? H5Aget_storage_size(s->id) : H5Dget_storage_size(s->id);
  if ((size[1] > 0 && size[0] > SIZE_MAX / a->about.width / size[1]) ||
      size[0] * size[1] * a->about.width > bytes)
    return hpo_error_set(err, HPO_ESTUDY, "it is cut short");
  a->n_shape = (size_t)n;
  a->shape[0] = (size_t)size[0];
  a->shape[1] = (size_t)size[1];
  return HPO_OK;
}

static hpo_status read_items(const source *s, hpo_h5_array *a,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  herr_t rc = 0;
  size_t items = hpo_h5_items(a);

  HPO_TRY(status, hpo_mem_new(items, a->about.width, &a->data, err));
  if (items > 0)
    rc = s->attribute
             ? H5Aread(s->id, s->type, a->data)
             : H5Dread(s->id, s->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, a->data);
  if (rc < 0)
    status = hpo_h5_fail(err, HPO_ESTUDY, "it cannot be read");
done:
  return status;
}

/** All of an array but its name. */
static hpo_status read_array(const source *s, hpo_h5_array *a,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_h5_type_read(s->type, &a->about, err));
  HPO_TRY(status, read_shape(s, a, err));
  HPO_TRY(status, read_items(s, a, err));
done:
  return status;
}

#define NO_SOURCE                                                             \
  { H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID, false }

hpo_status hpo_h5_attribute_read(hid_t object, const char *name,
                                 hpo_h5_array *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  source s = NO_SOURCE;
  hpo_h5_array a = {.n_shape = 1};

  if (H5Aexists(object, name) > 0) {
    s.attribute = true;
    s.id = H5Aopen(object, name, H5P_DEFAULT);
    HPO_TRY(status, source_look(&s, err));
    HPO_TRY(status, read_array(&s, &a, err));
  }
  *out = a;
  a = (hpo_h5_array){0};
done:
  hpo_h5_array_free(&a);
  source_close(&s);
  return status;
}

hpo_status hpo_h5_text_get(const hpo_h5_array *a, size_t i, char **out,
                           hpo_error *err) {
  const char *text = "";
  size_t n = 0;

  if (a->about.kind == HPO_H5_TEXT && i < hpo_h5_items(a)) {
    text = (const char *)a->data + i * a->about.width;
    n = strnlen(text, a->about.width);
  }
  return hpo_mem_format(out, err, "%.*s", (int)n, text);
}

/** The one text of an attribute. */
static hpo_status read_text(hid_t object, const char *name, char **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_array a = {0};

  HPO_TRY(status, hpo_h5_attribute_read(object, name, &a, err));
  HPO_TRY(status, hpo_h5_text_get(&a, 0, out, err));
done:
  hpo_h5_array_free(&a);
  return status;
}

hpo_status hpo_h5_read_text(hpo_h5 *f, const char *name, char **out,
                            hpo_error *err) {
  return read_text(f->id, name, out, err);
}

/** Holds the stored bytes against the attribute crc. */
static hpo_status check_crc(hid_t object, const hpo_h5_array *a,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_array want = {0};
  uint32_t crc = 0;
  bool good = false;

  HPO_TRY(status, hpo_h5_attribute_read(object, "crc", &want, err));
  if (want.about.kind == HPO_H5_U32 && hpo_h5_items(&want) == 1) {
    hpo_h5_swap(&want.about, 1, want.data, 1);
    memcpy(&crc, want.data, sizeof crc);
    good = crc == hpo_file_crc32(0, a->data, hpo_h5_items(a) * a->about.width);
  }
  if (!good)
    HPO_FAIL(status, err, HPO_ESTUDY, "its bytes do not have the right crc");
done:
  hpo_h5_array_free(&want);
  return status;
}

/** Reads what s is and gives it to visit. */
static hpo_status visit_one(const source *s, const char *name,
                            hpo_h5_visit *visit, void *context,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_array a = {0};

  HPO_TRY(status, hpo_mem_string(name, &a.about.name, err));
  HPO_TRY(status, read_array(s, &a, err));
  if (!s->attribute)
    HPO_TRY(status, check_crc(s->id, &a, err));
  hpo_h5_swap(&a.about, 1, a.data, hpo_h5_items(&a));
  if (!s->attribute) {
    HPO_TRY(status, read_text(s->id, "units", &a.about.unit, err));
    HPO_TRY(status,
            read_text(s->id, "description", &a.about.description, err));
  }
  HPO_TRY(status, visit(context, &a, err));
done:
  hpo_h5_array_free(&a);
  return status;
}

static bool is_fixed(hid_t space) {
  hsize_t most[32] = {0};
  int n = H5Sget_simple_extent_dims(space, NULL, most);

  return !(n == 1 && most[0] == H5S_UNLIMITED);
}

/** Link i of a group, if it is an array. */
static hpo_status visit_link(hpo_h5 *f, hid_t group, hsize_t i,
                             hpo_h5_visit *visit, void *context,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[1024] = "";
  H5O_info_t about;
  source s = NO_SOURCE;

  if (H5Lget_name_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name,
                         sizeof name, H5P_DEFAULT) < 0 ||
      H5Oget_info_by_name(group, name, &about, H5P_DEFAULT) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_ESTUDY, "object %zu", (size_t)i));
  if (about.type != H5O_TYPE_DATASET)
    goto done;
  s.id = H5Dopen2(group, name, H5P_DEFAULT);
  HPO_TRY(status, source_look(&s, err));
  if (is_fixed(s.space))
    HPO_TRY(status, visit_one(&s, name, visit, context, err));
done:
  source_close(&s);
  if (status != HPO_OK && name[0] != '\0')
    hpo_error_prefix(err, "study file %s, data set %s: ", f->path, name);
  return status;
}

hpo_status hpo_h5_visit_arrays(hpo_h5 *f, const char *group,
                               hpo_h5_visit *visit, void *context,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  H5G_info_t about;
  hid_t id = H5Gopen2(f->id, group, H5P_DEFAULT);

  if (id < 0 || H5Gget_info(id, &about) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_ESTUDY,
                                "study file %s has no readable group %s",
                                f->path, group));
  for (hsize_t i = 0; i < about.nlinks; i++)
    HPO_TRY(status, visit_link(f, id, i, visit, context, err));
done:
  hpo_h5_drop(id, true);
  return status;
}

static herr_t count_one(hid_t object, const char *name,
                        const H5A_info_t *about, void *n) {
  (void)object;
  (void)name;
  (void)about;
  ++*(size_t *)n;
  return 0;
}

static hpo_status visit_attribute(hpo_h5 *f, hsize_t i, hpo_h5_visit *visit,
                                  void *context, hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[1024] = "";
  source s = NO_SOURCE;

  s.attribute = true;
  s.id = H5Aopen_by_idx(f->id, "/", H5_INDEX_CRT_ORDER, H5_ITER_INC, i,
                        H5P_DEFAULT, H5P_DEFAULT);
  HPO_TRY(status, source_look(&s, err));
  if (H5Aget_name(s.id, sizeof name, name) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_ESTUDY, "its name"));
  HPO_TRY(status, visit_one(&s, name, visit, context, err));
done:
  source_close(&s);
  if (status != HPO_OK)
    hpo_error_prefix(err, "study file %s, attribute %s: ", f->path, name);
  return status;
}

hpo_status hpo_h5_visit_attributes(hpo_h5 *f, hpo_h5_visit *visit,
                                   void *context, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = 0;

  if (H5Aiterate2(f->id, H5_INDEX_NAME, H5_ITER_INC, NULL, count_one, &n) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_ESTUDY,
                                "study file %s: its attributes cannot be read",
                                f->path));
  for (hsize_t i = 0; i < n; i++)
    HPO_TRY(status, visit_attribute(f, i, visit, context, err));
done:
  return status;
}
