/* SPDX-License-Identifier: BSD-3-Clause */
/* A data set of the user's: opened, looked at, read. */
#include "h5_data_private.h"

#include "hpo/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  MOST_PACKED = 1100, /* deflate packs 1032 bytes at most into one */
  CACHE_SLOTS = 10007
};
#define MOST_CACHE ((size_t)1 << 30)

/* What can be told before HDF5 sees the file. */
static hpo_status probe(hpo_h5_data *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t head[2] = {0};
  struct stat about;
  int file = -1;

  if (stat(d->path, &about) != 0)
    HPO_FAIL(status, err, HPO_EDATA, "%s: %s", d->path, strerror(errno));
  if (!S_ISREG(about.st_mode))
    HPO_FAIL(status, err, HPO_EDATA, "%s is %s, not a file", d->path,
             S_ISDIR(about.st_mode) ? "a directory" : "no ordinary file");
  if (about.st_size == 0)
    HPO_FAIL(status, err, HPO_EDATA, "%s is empty", d->path);
  file = open(d->path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    HPO_FAIL(status, err, HPO_EDATA, "%s: %s", d->path, strerror(errno));
  if (pread(file, head, sizeof head, 0) == 2 && head[0] == 0x1f &&
      head[1] == 0x8b)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s is packed by gzip; HDF5 is read in place: unpack it, and "
             "pack its data sets instead (compression=\"gzip\" in h5py)",
             d->path);
  d->file_bytes = (size_t)about.st_size;
done:
  if (file >= 0)
    close(file);
  return status;
}

static hpo_status open_file(hpo_h5_data *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t list = H5Pcreate(H5P_FILE_ACCESS);

  hpo_h5_quiet();
  if (list < 0 || H5Pset_file_locking(list, 0, 1) < 0 ||
      H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EBUG, "an access list"));
  if (H5Fis_hdf5(d->path) <= 0)
    HPO_FAIL(status, err, HPO_EDATA, "%s is no HDF5 file", d->path);
  d->file = H5Fopen(d->path, H5F_ACC_RDONLY, list);
  if (d->file < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EDATA,
                                "%s is damaged, or being written", d->path));
  if (H5Aexists(d->file, "hpotune_version") > 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s is a study file of hpotune, what a study found, not data",
             d->path);
done:
  hpo_h5_drop(list, status == HPO_OK);
  return status;
}

/* The object that is named; NULL type: none. */
static hpo_status find(hpo_h5_data *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  H5O_info_t about;
  hid_t id = H5I_INVALID_HID;

  if (d->dataset[0] == '\0')
    HPO_TRY(status,
            hpo_h5_data_list(d, HPO_EINVAL, "no data set is named", err));
  id = H5Oopen(d->file, d->dataset, H5P_DEFAULT);
  if (id < 0 || H5Oget_info(id, &about) < 0)
    HPO_TRY(status, hpo_h5_data_list(d, HPO_EDATA, "no such data set", err));
  if (about.type == H5O_TYPE_GROUP)
    HPO_TRY(status,
            hpo_h5_data_list(d, HPO_EDATA, "a group, not a data set", err));
  if (about.type != H5O_TYPE_DATASET)
    HPO_TRY(status,
            hpo_h5_data_list(d, HPO_EDATA, "a type, not a data set", err));
done:
  hpo_h5_drop(id, status == HPO_OK);
  return status;
}

/* Filters that this HDF5 cannot undo, such as h5py's lzf. */
static hpo_status check_filters(const hpo_h5_data *d, hid_t how,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  const int n = H5Pget_nfilters(how);

  for (int i = 0; i < n; i++) {
    char name[64] = "";
    unsigned flags = 0, setting = 0;
    size_t no_values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(how, (unsigned)i, &flags, &no_values, NULL, sizeof name,
                       name, &setting);

    if (filter >= 0 && H5Zfilter_avail(filter) <= 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: %s is packed by the filter %s (%d), which the HDF5 "
               "library here does not have; gzip works everywhere",
               d->path, d->dataset, name, (int)filter);
  }
done:
  return status;
}

/* Opens the data set with a cache for as many chunks as a row touches: else
 * they are unpacked again for each block of rows. */
static hpo_status open_set(hpo_h5_data *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t how = H5I_INVALID_HID, access = H5Pcreate(H5P_DATASET_ACCESS);
  hsize_t chunk[H5S_MAX_RANK] = {0};
  size_t band = 0;

  d->set = H5Dopen2(d->file, d->dataset, H5P_DEFAULT);
  how = d->set < 0 ? how : H5Dget_create_plist(d->set);
  d->space = d->set < 0 ? d->space : H5Dget_space(d->set);
  d->type = d->set < 0 ? d->type : H5Dget_type(d->set);
  if (access < 0 || how < 0 || d->space < 0 || d->type < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EDATA, "%s: %s cannot be opened",
                                d->path, d->dataset));
  HPO_TRY(status, check_filters(d, how, err));
  HPO_TRY(status, hpo_h5_data_look(d, err));
  if (H5Pget_layout(how) != H5D_CHUNKED ||
      H5Pget_chunk(how, H5S_MAX_RANK, chunk) != d->n_dim)
    goto done;
  band = H5Tget_size(d->type);
  for (int i = 0; i < d->n_dim; i++) {
    const hsize_t n =
        i == 0 ? chunk[0] : (d->dim[i] + chunk[i] - 1) / chunk[i] * chunk[i];

    band = n > MOST_CACHE / band ? MOST_CACHE : band * (size_t)n;
  }
  (void)H5Dclose(d->set);
  d->set = H5I_INVALID_HID;
  if (H5Pset_chunk_cache(access, CACHE_SLOTS, band + ((size_t)1 << 20), 1) >=
      0)
    d->set = H5Dopen2(d->file, d->dataset, access);
  if (d->set < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EDATA, "%s: %s cannot be opened",
                                d->path, d->dataset));
done:
  hpo_h5_drop(how, status == HPO_OK);
  hpo_h5_drop(access, status == HPO_OK);
  return status;
}

/* A shape is a claim: the file must be able to hold it. */
static hpo_status check_size(const hpo_h5_data *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t size = H5Tget_size(d->type);

  if (d->facts.rows > SIZE_MAX / 4 / d->facts.columns / 8 / (size + 1))
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %s of %zu x %zu values is larger than any memory", d->path,
             d->dataset, d->facts.rows, d->facts.columns);
  if (H5Dget_storage_size(d->set) == 0 && !d->is_virtual)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: %s has %zu x %zu values, but none of them was ever written",
             d->path, d->dataset, d->facts.rows, d->facts.columns);
  if (!d->is_virtual &&
      d->facts.rows * d->facts.columns * size / MOST_PACKED > d->file_bytes)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: the file is cut short, or most of %s was never written: "
             "%zu bytes can't hold %zu x %zu values",
             d->path, d->dataset, d->file_bytes, d->facts.rows,
             d->facts.columns);
done:
  return status;
}

hpo_status hpo_h5_data_open(const char *path, const char *dataset,
                            hpo_h5_data_facts *facts, hpo_h5_data **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_data *d = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *d, &d, err));
  d->path = path;
  d->dataset = dataset;
  d->file = d->set = d->space = d->type = H5I_INVALID_HID;
  HPO_TRY(status, probe(d, err));
  HPO_TRY(status, open_file(d, err));
  HPO_TRY(status, find(d, err));
  HPO_TRY(status, open_set(d, err));
  HPO_TRY(status, check_size(d, err));
  *facts = d->facts;
  *out = d;
  d = NULL;
done:
  hpo_h5_data_close(d);
  return status;
}

void hpo_h5_data_close(hpo_h5_data *d) {
  if (d == NULL)
    return;
  hpo_h5_drop(d->type, true);
  hpo_h5_drop(d->space, true);
  hpo_h5_drop(d->set, true);
  hpo_h5_drop(d->file, true);
  hpo_mem_free(d);
}

/* The space of rows [first, first + n) in memory, and chosen in the file. */
static hpo_status choose(hpo_h5_data *d, size_t first, size_t n, hid_t *memory,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hsize_t from[H5S_MAX_RANK] = {first}, count[H5S_MAX_RANK] = {0};
  const hsize_t values = (hsize_t)n * d->facts.columns;

  for (int i = 1; i < d->n_dim; i++)
    count[i] = d->dim[i];
  count[0] = n;
  *memory = H5Screate_simple(1, &values, NULL);
  if (*memory < 0 || H5Sselect_hyperslab(d->space, H5S_SELECT_SET, from, NULL,
                                         count, NULL) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EBUG, "a range of rows"));
done:
  return status;
}

static hpo_status read_into(hpo_h5_data *d, hid_t type, size_t first, size_t n,
                            void *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t memory = H5I_INVALID_HID;

  HPO_TRY(status, choose(d, first, n, &memory, err));
  if (H5Dread(d->set, type, memory, d->space, H5P_DEFAULT, to) < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EDATA,
                                "%s: rows %zu to %zu of %s cannot be read",
                                d->path, first, first + n - 1, d->dataset));
done:
  hpo_h5_drop(memory, status == HPO_OK);
  return status;
}

hpo_status hpo_h5_data_read(hpo_h5_data *d, size_t first, size_t n, double *to,
                            hpo_error *err) {
  HPO_ASSERT(!d->facts.is_text && first + n <= d->facts.rows);
  return read_into(d, H5T_NATIVE_DOUBLE, first, n, to, err);
}

/* Texts of one width, padded with NULs or blanks. */
static hpo_status fixed_texts(hpo_h5_data *d, size_t first, size_t n,
                              hpo_h5_data_take *take, void *context,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t width = H5Tget_size(d->type);
  const bool blanks = H5Tget_strpad(d->type) == H5T_STR_SPACEPAD;
  char *text = NULL;

  HPO_TRY(status, hpo_mem_new(n, width, &text, err));
  HPO_TRY(status, read_into(d, d->type, first, n, text, err));
  for (size_t i = 0; i < n; i++) {
    const char *at = text + i * width;
    size_t length = strnlen(at, width);

    while (blanks && length > 0 && at[length - 1] == ' ')
      length--;
    HPO_TRY(status, take(context, at, length, err));
  }
done:
  hpo_mem_free(text);
  return status;
}

static hpo_status variable_texts(hpo_h5_data *d, size_t first, size_t n,
                                 hpo_h5_data_take *take, void *context,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  const hsize_t values = n;
  hid_t space = H5Screate_simple(1, &values, NULL);
  char **text = NULL;

  HPO_TRY(status, hpo_mem_new(n, sizeof *text, &text, err));
  HPO_TRY(status, read_into(d, d->type, first, n, text, err));
  for (size_t i = 0; i < n; i++)
    HPO_TRY(status, take(context, text[i] == NULL ? "" : text[i],
                         text[i] == NULL ? 0 : strlen(text[i]), err));
done:
  if (text != NULL && space >= 0)
    (void)H5Dvlen_reclaim(d->type, space, H5P_DEFAULT, text);
  hpo_mem_free(text);
  hpo_h5_drop(space, status == HPO_OK);
  return status;
}

hpo_status hpo_h5_data_texts(hpo_h5_data *d, size_t first, size_t n,
                             hpo_h5_data_take *take, void *context,
                             hpo_error *err) {
  HPO_ASSERT(d->facts.is_text && first + n <= d->facts.rows);
  return (H5Tis_variable_str(d->type) > 0 ? variable_texts : fixed_texts)(
      d, first, n, take, context, err);
}
