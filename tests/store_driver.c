/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes and reads study files for check_store.py:
 *
 *   store_driver write FILE TRIALS   makes FILE, or goes on with it, adds
 *                                    that many trials and says how many there
 *                                    are; then the same for each number on
 *                                    stdin; closes at its end
 *   store_driver read FILE TRIALS    checks that they are there; says so, or
 *                                    what is wrong */
#include "storedata.h"

#include "hpo/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static hpo_status add(hpo_store *s, size_t more, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = 0;

  HPO_TRY(status, hpo_store_rows(s, "/trials", &n, err));
  for (size_t i = n; i < n + more; i++)
    HPO_TRY(status, storedata_add(s, (int64_t)i, err));
  printf("%zu\n", n + more);
  fflush(stdout);
done:
  return status;
}

static hpo_status write_trials(const char *path, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *s = NULL;
  char line[64];

  HPO_TRY(status, hpo_file_exists(path)
                      ? hpo_store_open_write(path, &s, err)
                      : storedata_create(path, false, 64, &s, err));
  HPO_TRY(status, add(s, n, err));
  while (fgets(line, sizeof line, stdin) != NULL)
    HPO_TRY(status, add(s, strtoul(line, NULL, 10), err));
  status = hpo_store_close(s, err);
  s = NULL;
done:
  hpo_store_destroy(s);
  return status;
}

static hpo_status read_trials(const char *path, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *s = NULL;

  HPO_TRY(status, hpo_store_open_read(path, &s, err));
  HPO_TRY(status, storedata_check(s, n, err));
  printf("good, %s\n", hpo_store_is_live(s) ? "live" : "at rest");
done:
  hpo_store_destroy(s);
  return status;
}

int main(int argc, char **argv) {
  hpo_status status = HPO_EINVAL;
  hpo_error err = {HPO_EINVAL, "usage: store_driver write|read FILE TRIALS"};

  if (argc == 4 && strcmp(argv[1], "write") == 0)
    status = write_trials(argv[2], strtoul(argv[3], NULL, 10), &err);
  else if (argc == 4 && strcmp(argv[1], "read") == 0)
    status = read_trials(argv[2], strtoul(argv[3], NULL, 10), &err);
  if (status != HPO_OK)
    printf("%s\n", err.text);
  return hpo_status_exit(status);
}
