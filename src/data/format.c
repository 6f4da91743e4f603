/* SPDX-License-Identifier: BSD-3-Clause */
/* The format of a data file, and its reader. */

#include "source.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What stands behind the last dot of the file's name, without .gz; idx for
 * names like MNIST's. */
static void suffix_of(const char *path, char *to, size_t room) {
  size_t end = strlen(path), from;

  if (end > 3 && strcasecmp(path + end - 3, ".gz") == 0)
    end -= 3;
  if (end > 6 && strncasecmp(path + end - 6, "-ubyte", 6) == 0) {
    (void)snprintf(to, room, "idx");
    return;
  }
  for (from = end; from > 0 && path[from - 1] != '/'; from--)
    if (path[from - 1] == '.')
      break;
  if (from > 0 && path[from - 1] == '.')
    (void)snprintf(to, room, "%.*s", (int)(end - from), path + from);
}

static const hpo_format formats[] = {
    {.name = "csv", .suffix = {"csv", "txt", "data"}},
    {.name = "tsv", .suffix = {"tsv", "tab"}, .is_tsv = true},
    {.name = "libsvm",
     .suffix = {"libsvm", "svm", "svmlight"},
     .is_libsvm = true},
    {.name = "npy", .suffix = {"npy"}, .array = &hpo_array_npy},
    {.name = "idx", .suffix = {"idx"}, .array = &hpo_array_idx},
    {.name = "hdf5", .suffix = {"hdf5", "h5"}, .array = &hpo_array_hdf5}};

static bool holds(const hpo_format *f, const char *suffix) {
  for (size_t i = 0; f->suffix[i] != NULL; i++)
    if (strcasecmp(f->suffix[i], suffix) == 0)
      return true;
  return false;
}

static const hpo_format *find(const char *suffix) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (holds(&formats[i], suffix))
      return &formats[i];
  return NULL;
}

static bool is_later(const char *suffix) {
  return strcasecmp(suffix, "npz") == 0;
}

hpo_status hpo_format_find(const char *format, const char *path,
                           const hpo_format **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char suffix[32] = "";

  if (format[0] != '\0')
    (void)snprintf(suffix, sizeof suffix, "%s", format);
  else
    suffix_of(path, suffix, sizeof suffix);
  const hpo_format *found = find(suffix);
  if (is_later(suffix))
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: format '%s' is not built yet in this version; allowed: "
             "csv, tsv, libsvm, npy, idx (plain or .gz), hdf5",
             path, suffix);
  if (!found && format[0] != '\0')
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: there is no format '%s'; allowed: csv, tsv, libsvm, npy, "
             "idx, hdf5",
             path, format);
  if (!found)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: the format cannot be told from the suffix '%s'; allowed: "
             ".csv .txt .data .tsv .tab .libsvm .svm .svmlight .npy .idx "
             "-ubyte (plain or .gz), .h5 .hdf5, or the format's name: csv, "
             "tsv, libsvm, npy, idx or hdf5",
             path, suffix);
  *out = found;
done:
  return status;
}

hpo_status hpo_format_choose(const char *format, const char *like,
                             const char *path, const hpo_format **out,
                             hpo_error *err) {
  char suffix[32] = "";

  suffix_of(path, suffix, sizeof suffix);
  if (format[0] != '\0' || find(suffix) || is_later(suffix))
    return hpo_format_find(format, path, out, err);
  *out = find(like);
  return *out ? HPO_OK : hpo_format_find("", like, out, err);
}

hpo_status hpo_source_read(hpo_reading *r, const hpo_data_file *f,
                           hpo_role role, char sha256[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_format *format = NULL;

  HPO_TRY(status, hpo_format_find(r->data->format, f->path, &format, err));
  if (format->array == NULL && hpo_data_file_has_labels(f))
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: labels of their own go with idx, npy and hdf5; in %s they "
             "are a column",
             f->path, format->name);
  if (r->is_sparse && !format->is_libsvm)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s is no LIBSVM file, but %s is one; LIBSVM does not go with "
             "other formats",
             f->path, r->columns.path);
  if (format->is_libsvm)
    HPO_TRY(status, hpo_read_libsvm(r, f->path, role, sha256, err));
  else if (format->array != NULL)
    HPO_TRY(status, hpo_read_array(r, format->array, f, role, sha256, err));
  else
    HPO_TRY(status,
            hpo_read_csv(r, f->path, role, format->is_tsv, sha256, err));
done:
  return status;
}
