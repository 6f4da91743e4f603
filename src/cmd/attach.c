/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune attach: files in a study file, in and out again. */
#include "cmd/attached.h"
#include "cmd/cmd.h"
#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/mem.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *media_type(const char *name) {
  static const struct {
    const char *suffix, *type;
  } known[] = {{".png", "image/png"},         {".jpg", "image/jpeg"},
               {".jpeg", "image/jpeg"},       {".svg", "image/svg+xml"},
               {".pdf", "application/pdf"},   {".html", "text/html"},
               {".txt", "text/plain"},        {".log", "text/plain"},
               {".md", "text/markdown"},      {".csv", "text/csv"},
               {".json", "application/json"}, {".xml", "application/xml"},
               {".py", "text/x-python"},      {".gz", "application/gzip"}};
  const size_t n = strlen(name);

  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const size_t m = strlen(known[i].suffix);
    if (n > m && strcasecmp(name + n - m, known[i].suffix) == 0)
      return known[i].type;
  }
  return "application/octet-stream";
}

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* --- in ----------------------------------------------------------------- */

static hpo_status check_file(const char *path, const char *name,
                             hpo_error *err) {
  const int64_t size = hpo_file_size(path);

  if (size < 0)
    return hpo_error_set(err, HPO_EDATA, "%s can't be read", path);
  if ((uint64_t)size > HPO_INBOX_MOST)
    return hpo_error_set(err, HPO_EINVAL,
                         "%s has %lld bytes; allowed: %zu (256 MiB)", path,
                         (long long)size, HPO_INBOX_MOST);
  if (name[0] == '\0' || strlen(name) > HPO_INBOX_VALUE)
    return hpo_error_set(err, HPO_EINVAL,
                         "a file's name has 1 to %d bytes, not \"%.40s\"",
                         (int)HPO_INBOX_VALUE, name);
  return HPO_OK;
}

/* The bytes as they are, packed or not. */
static hpo_status read_bytes(const char *path, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  FILE *f = fopen(path, "rb");
  const size_t n = (size_t)hpo_file_size(path);

  if (!f)
    HPO_FAIL(status, err, HPO_EDATA, "%s can't be read", path);
  HPO_TRY(status, hpo_mem_new(n + 1, 1, &out->byte, err));
  out->capacity = n + 1;
  out->n = fread(out->byte, 1, n, f);
  if (out->n != n)
    HPO_FAIL(status, err, HPO_EDATA, "%s changed while it was read", path);
done:
  if (f)
    fclose(f);
  return status;
}

static hpo_status put(const hpo_args *args, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *given = hpo_args_get(args, "name");
  const char *type = hpo_args_get(args, "type");
  hpo_buffer bytes = {0};
  int64_t trial = -1;

  if (given && args->word.n > 2)
    HPO_FAIL(status, err, HPO_EINVAL, "--name names one file, not %zu",
             args->word.n - 1);
  if (type && strlen(type) > 128)
    HPO_FAIL(status, err, HPO_EINVAL, "--type has 128 bytes at most");
  HPO_TRY(status, hpo_attached_find_trial(args, &trial, err));
  for (size_t i = 1; i < args->word.n; i++)
    HPO_TRY(status,
            check_file(args->word.item[i],
                       given ? given : base_of(args->word.item[i]), err));
  for (size_t i = 1; i < args->word.n; i++) {
    const char *name = given ? given : base_of(args->word.item[i]);
    HPO_TRY(status, read_bytes(args->word.item[i], &bytes, err));
    const hpo_inbox_item item = {.kind = HPO_INBOX_FILE,
                                 .trial = trial,
                                 .name = name,
                                 .text = type ? type : media_type(name),
                                 .byte = bytes.byte,
                                 .n = bytes.n};
    HPO_TRY(status, hpo_attached_deliver(args->word.item[0], &item, 1, err));
    hpo_buffer_free(&bytes);
    bytes = (hpo_buffer){0};
  }
done:
  hpo_buffer_free(&bytes);
  return status;
}

/* --- out ---------------------------------------------------------------- */

static hpo_status print_list(hpo_store *store, const char *wanted,
                             int64_t trial, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_attached_file *file = NULL;
  size_t n = 0;
  char date[32], of[32];

  HPO_TRY(status, hpo_attached_files(store, &file, &n, err));
  for (size_t i = 0; i < n; i++) {
    if (wanted && file[i].trial != trial)
      continue;
    snprintf(of, sizeof of, "trial %lld", (long long)file[i].trial);
    hpo_clock_format(file[i].time, date);
    printf("%-10s %10lld  %s  %-24s %s\n", file[i].trial < 0 ? "study" : of,
           (long long)file[i].length, date, file[i].media_type, file[i].name);
  }
done:
  hpo_mem_free(file);
  return status;
}

static hpo_status read_stored(hpo_store *store, const hpo_attached_file *f,
                              hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = (size_t)f->length, at = (size_t)f->offset;
  size_t there = 0;

  HPO_TRY(status,
          hpo_store_rows(store, HPO_TABLE_ARTIFACT_BYTES, &there, err));
  if (f->offset < 0 || f->length < 0 || at > there || n > there - at)
    HPO_FAIL(status, err, HPO_ESTUDY, "the bytes of %s are cut off", f->name);
  HPO_TRY(status, hpo_mem_new(n + 1, 1, &out->byte, err));
  out->capacity = n + 1;
  out->n = n;
  if (n > 0)
    HPO_TRY(status, hpo_store_read_bytes(store, HPO_TABLE_ARTIFACT_BYTES, at,
                                         n, out->byte, err));
  if ((int64_t)hpo_file_crc32(0, out->byte, n) != f->crc)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the bytes of %s do not have their checksum", f->name);
done:
  return status;
}

/* The latest of a name; of a trial where one is given. */
static hpo_status extract(hpo_store *store, const hpo_args *args,
                          int64_t trial, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = hpo_args_get(args, "extract");
  const char *to =
      hpo_args_get(args, "o") ? hpo_args_get(args, "o") : base_of(name);
  hpo_attached_file *file = NULL;
  const hpo_attached_file *found = NULL;
  hpo_buffer bytes = {0};
  size_t n = 0;

  HPO_TRY(status, hpo_attached_files(store, &file, &n, err));
  for (size_t i = 0; i < n; i++)
    if (strcmp(file[i].name, name) == 0 &&
        (!hpo_args_get(args, "trial") || file[i].trial == trial))
      found = &file[i];
  if (!found)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s holds no file \"%s\"%s; attach --list shows all",
             args->word.item[0], name,
             hpo_args_get(args, "trial") ? " of that trial" : "");
  HPO_TRY(status, read_stored(store, found, &bytes, err));
  if (strcmp(to, "-") == 0)
    fwrite(bytes.byte, 1, bytes.n, stdout);
  else
    HPO_TRY(status, hpo_file_write_all(to, bytes.byte, bytes.n, err));
done:
  hpo_mem_free(file);
  hpo_buffer_free(&bytes);
  return status;
}

static hpo_status get(const hpo_args *args, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *store = NULL;
  int64_t trial = -1;

  HPO_TRY(status, hpo_attached_find_trial(args, &trial, err));
  HPO_TRY(status, hpo_store_open_read(args->word.item[0], &store, err));
  if (hpo_args_get(args, "extract"))
    HPO_TRY(status, extract(store, args, trial, err));
  else
    HPO_TRY(status,
            print_list(store, hpo_args_get(args, "trial"), trial, err));
done:
  hpo_store_destroy(store);
  return status;
}

static hpo_status attach(const hpo_args *args, int *exit_code,
                         hpo_error *err) {
  const bool out = hpo_args_get(args, "list") || hpo_args_get(args, "extract");

  *exit_code = 0;
  if (args->word.n < 1 || (out ? args->word.n != 1 : args->word.n < 2))
    return hpo_error_set(err, HPO_EINVAL,
                         "a study file and a file to put in are wanted: "
                         "hpotune attach FILE.h5 PATH; or --list, or "
                         "--extract NAME");
  return out ? get(args, err) : put(args, err);
}

static const hpo_arg arguments[] = {
    {"trial", "N", "of this trial, or best; of the study unless given"},
    {"name", "NAME", "its name in the study; the file's unless given"},
    {"type", "TYPE", "such as image/png; by the name unless given"},
    {"list", NULL, "what is there"},
    {"extract", "NAME", "writes it out again, the latest of the name"},
    {"o", "PATH", "with --extract: where to; NAME unless given, - stdout"}};

const hpo_command hpo_cmd_attach = {
    .name = "attach",
    .words = "FILE.h5 PATH...",
    .summary = "puts files into the study file, and out again",
    .help = "Plots, notebooks, logs, up to 256 MiB each, in /artifacts and "
            "/artifact_bytes; `show N`\nlists those of a trial.  A study "
            "that runs takes them in within a second.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = attach};
