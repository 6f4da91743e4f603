/* SPDX-License-Identifier: BSD-3-Clause */
/* The format of a data file, and its reader. */

#include "source.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What stands behind the last dot of the file's name, without .gz. */
static void suffix_of(const char *path, char *to, size_t room) {
  size_t end = strlen(path), from;

  if (end > 3 && strcasecmp(path + end - 3, ".gz") == 0)
    end -= 3;
  for (from = end; from > 0 && path[from - 1] != '/'; from--)
    if (path[from - 1] == '.')
      break;
  if (from > 0 && path[from - 1] == '.')
    (void)snprintf(to, room, "%.*s", (int)(end - from), path + from);
}

static const hpo_format formats[] = {
    {.name = "csv", .suffix = {"csv", "txt", "data"}},
    {.name = "tsv", .suffix = {"tsv", "tab"}, .is_tsv = true},
    {.name = "npy", .suffix = {"npy"}, .array = &hpo_array_npy}};

static bool holds(const hpo_format *f, const char *suffix) {
  for (size_t i = 0; f->suffix[i] != NULL; i++)
    if (strcasecmp(f->suffix[i], suffix) == 0)
      return true;
  return false;
}

hpo_status hpo_format_find(const char *format, const char *path,
                           const hpo_format **out, hpo_error *err) {
  static const char *const later[] = {"libsvm", "svm", "hdf5",
                                      "h5",     "npz", "idx"};
  hpo_status status = HPO_OK;
  char suffix[32] = "";

  if (format[0] != '\0')
    (void)snprintf(suffix, sizeof suffix, "%s", format);
  else
    suffix_of(path, suffix, sizeof suffix);
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (holds(&formats[i], suffix)) {
      *out = &formats[i];
      return HPO_OK;
    }
  for (size_t i = 0; i < sizeof later / sizeof *later; i++)
    if (strcasecmp(suffix, later[i]) == 0)
      HPO_FAIL(status, err, HPO_EINVAL,
               "%s: format '%s' is not built yet in this version; allowed: "
               "csv, tsv, npy (plain or .gz)",
               path, suffix);
  HPO_FAIL(status, err, HPO_EINVAL,
           "%s: the format cannot be told from the suffix '%s'; allowed: "
           ".csv .txt .data .tsv .tab .npy (plain or .gz), or "
           "format=\"csv\", format=\"tsv\", format=\"npy\"",
           path, suffix);
done:
  return status;
}

hpo_status hpo_source_read(hpo_reading *r, const char *path, hpo_role role,
                           char sha256[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_format *f = NULL;

  HPO_TRY(status, hpo_format_find(r->data->format, path, &f, err));
  if (f->array != NULL)
    HPO_TRY(status, hpo_read_array(r, f->array, path, role, sha256, err));
  else
    HPO_TRY(status, hpo_read_csv(r, path, role, f->is_tsv, sha256, err));
done:
  return status;
}
