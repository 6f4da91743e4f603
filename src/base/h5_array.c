/* SPDX-License-Identifier: BSD-3-Clause */
/* Fixed arrays, attributes and groups: all made before the file is opened
 * for SWMR. */
#include "h5_private.h"

#include "hpo/file.h"
#include "hpo/mem.h"

#include <string.h>

void hpo_h5_array_free(hpo_h5_array *a) {
  hpo_h5_column_free(&a->about);
  hpo_mem_free(a->data);
  *a = (hpo_h5_array){0};
}

size_t hpo_h5_items(const hpo_h5_array *a) {
  size_t n = 1;

  for (size_t k = 0; k < a->n_shape; k++)
    n *= a->shape[k];
  return n;
}

/* ---------------------------------------------------------- writing */

hid_t hpo_h5_link_list(void) {
  hid_t list = H5Pcreate(H5P_LINK_CREATE);

  if (list >= 0 && H5Pset_char_encoding(list, H5T_CSET_UTF8) < 0) {
    hpo_h5_drop(list, false);
    list = H5I_INVALID_HID;
  }
  return list;
}

static hid_t make_space(size_t n_shape, const size_t *shape) {
  hsize_t size[2] = {1, 1};

  if (n_shape == 0)
    return H5Screate(H5S_SCALAR);
  for (size_t k = 0; k < n_shape; k++)
    size[k] = (hsize_t)shape[k];
  return H5Screate_simple((int)n_shape, size, NULL);
}

static bool write_attribute(hid_t object, const char *name, hid_t type,
                            hid_t space, const void *data) {
  hid_t list = H5Pcreate(H5P_ATTRIBUTE_CREATE);
  hid_t id = H5I_INVALID_HID;
  bool good = list >= 0 && H5Pset_char_encoding(list, H5T_CSET_UTF8) >= 0;

  if (good)
    id = H5Acreate2(object, name, type, space, list, H5P_DEFAULT);
  good = id >= 0 && (H5Sget_simple_extent_npoints(space) == 0 ||
                     H5Awrite(id, type, data) >= 0);
  hpo_h5_drop(id, good);
  hpo_h5_drop(list, good);
  return good;
}

/** An attribute from an array whose data stand as in the file. */
static hpo_status add_attribute(hid_t object, const hpo_h5_array *a,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t type = hpo_h5_type_make(&a->about);
  hid_t space = make_space(a->n_shape, a->shape);

  if (type < 0 || space < 0 ||
      !write_attribute(object, a->about.name, type, space, a->data))
    status =
        hpo_h5_fail(err, HPO_EIO, "cannot write attribute %s", a->about.name);
  hpo_h5_drop(type, true);
  hpo_h5_drop(space, true);
  return status;
}

hpo_status hpo_h5_text_add(hid_t object, const char *name,
                           const char *const *text, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_array a = {.n_shape = n > 0 ? 1 : 0, .shape = {n, 1}};
  size_t items = n > 0 ? n : 1;
  size_t width = 1;
  char *room = NULL;
  char *own_name = NULL;

  for (size_t i = 0; i < items; i++)
    if (strlen(text[i]) > width)
      width = strlen(text[i]);
  HPO_TRY(status, hpo_mem_new(items, width, &room, err));
  HPO_TRY(status, hpo_mem_string(name, &own_name, err));
  for (size_t i = 0; i < items; i++)
    memcpy(room + i * width, text[i], strlen(text[i]));
  a.about =
      (hpo_h5_column){.name = own_name, .kind = HPO_H5_TEXT, .width = width};
  a.data = room;
  HPO_TRY(status, add_attribute(object, &a, err));
done:
  hpo_mem_free(own_name);
  hpo_mem_free(room);
  return status;
}

/** A copy of the data as they stand in the file. */
static hpo_status stored_data(const hpo_h5_array *a, void **out, size_t *bytes,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t items = hpo_h5_items(a);
  size_t width = hpo_h5_width(&a->about);
  void *copy = NULL;

  HPO_TRY(status, hpo_mem_new(items, width, &copy, err));
  if (items > 0)
    memcpy(copy, a->data, items * width);
  hpo_h5_swap(&a->about, 1, copy, items);
  *out = copy;
  *bytes = items * width;
done:
  return status;
}

hpo_status hpo_h5_add_attribute(hpo_h5 *f, const hpo_h5_array *a,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_array stored = *a;
  size_t bytes = 0;

  stored.data = NULL;
  HPO_TRY(status, stored_data(a, &stored.data, &bytes, err));
  HPO_TRY(status, add_attribute(f->id, &stored, err));
done:
  hpo_mem_free(stored.data);
  return status;
}

static hpo_status make_group(hpo_h5 *f, const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;
  const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  hid_t link = hpo_h5_link_list();
  hid_t how = H5Pcreate(H5P_GROUP_CREATE);
  hid_t group = H5I_INVALID_HID;

  if (link >= 0 && how >= 0 && H5Pset_link_creation_order(how, order) >= 0)
    group = H5Gcreate2(f->id, path, link, how, H5P_DEFAULT);
  if (group < 0)
    status =
        hpo_h5_fail(err, HPO_EIO, "cannot make group %s of %s", path, f->path);
  else
    H5Gclose(group);
  hpo_h5_drop(how, true);
  hpo_h5_drop(link, true);
  return status;
}

hpo_status hpo_h5_add_groups(hpo_h5 *f, const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *part = NULL;

  HPO_TRY(status, hpo_mem_string(path, &part, err));
  for (char *at = part + (part[0] == '/'); (at = strchr(at, '/')) != NULL;
       at++) {
    *at = '\0';
    if (H5Lexists(f->id, part, H5P_DEFAULT) <= 0)
      HPO_TRY(status, make_group(f, part, err));
    *at = '/';
  }
done:
  hpo_mem_free(part);
  return status;
}

/** units, description and the crc of the data. */
static hpo_status describe(hid_t id, const hpo_h5_column *about,
                           const void *data, size_t bytes, hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[] = "crc";
  uint32_t crc = hpo_file_crc32(0, data, bytes);
  hpo_h5_array a = {.about = {.name = name, .kind = HPO_H5_U32}, .data = &crc};

  hpo_h5_swap(&a.about, 1, &crc, 1);
  HPO_TRY(status, hpo_h5_text_add(id, "units",
                                  (const char *const *)&about->unit, 0, err));
  HPO_TRY(status,
          hpo_h5_text_add(id, "description",
                          (const char *const *)&about->description, 0, err));
  HPO_TRY(status, add_attribute(id, &a, err));
done:
  return status;
}

hpo_status hpo_h5_add_array(hpo_h5 *f, const hpo_h5_array *a, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *path = a->about.name;
  hid_t link = hpo_h5_link_list();
  hid_t type = hpo_h5_type_make(&a->about);
  hid_t space = make_space(a->n_shape, a->shape);
  hid_t id = H5I_INVALID_HID;
  void *data = NULL;
  size_t bytes = 0;

  HPO_TRY(status, hpo_h5_add_groups(f, path, err));
  HPO_TRY(status, stored_data(a, &data, &bytes, err));
  if (link >= 0 && type >= 0 && space >= 0)
    id = H5Dcreate2(f->id, path, type, space, link, H5P_DEFAULT, H5P_DEFAULT);
  /* small data wait in HDF5's sieve buffer, and closing tells no failure */
  if (id < 0 || (bytes > 0 && (H5Dwrite(id, type, H5S_ALL, H5S_ALL,
                                        H5P_DEFAULT, data) < 0 ||
                               H5Dflush(id) < 0)))
    HPO_TRY(status, hpo_h5_fail(err, HPO_EIO, "cannot write data set %s of %s",
                                path, f->path));
  HPO_TRY(status, describe(id, &a->about, data, bytes, err));
done:
  hpo_mem_free(data);
  hpo_h5_drop(id, true);
  hpo_h5_drop(space, true);
  hpo_h5_drop(type, true);
  hpo_h5_drop(link, true);
  return status;
}
