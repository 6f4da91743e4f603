/* SPDX-License-Identifier: BSD-3-Clause */
/* The format of a data file. */

#include "format.h"

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

hpo_status hpo_format_find(const char *format, const char *path, bool *is_tsv,
                           hpo_error *err) {
  static const char *const known[] = {"csv", "txt", "data", "tsv", "tab"};
  static const char *const later[] = {"libsvm", "svm", "hdf5", "h5",
                                      "npy",    "npz", "idx"};
  hpo_status status = HPO_OK;
  char suffix[32] = "";

  if (format[0] != '\0')
    (void)snprintf(suffix, sizeof suffix, "%s", format);
  else
    suffix_of(path, suffix, sizeof suffix);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcasecmp(suffix, known[i]) == 0) {
      *is_tsv = i >= 3;
      return HPO_OK;
    }
  for (size_t i = 0; i < sizeof later / sizeof *later; i++)
    if (strcasecmp(suffix, later[i]) == 0)
      HPO_FAIL(status, err, HPO_EINVAL,
               "%s: format '%s' is not built yet in this version; allowed: "
               "csv, tsv (plain or .gz)",
               path, suffix);
  HPO_FAIL(status, err, HPO_EINVAL,
           "%s: the format cannot be told from the suffix '%s'; allowed: "
           ".csv .txt .data .tsv .tab (plain or .gz), or format=\"csv\", "
           "format=\"tsv\"",
           path, suffix);
done:
  return status;
}
