/* SPDX-License-Identifier: BSD-3-Clause */
/* What lies beside a study file, and how it gets in. */
#include "cmd/inbox.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/log.h"
#include "hpo/wire.h"

#define SUFFIX ".add-"
/* Seconds: with a run that has the file, with a lock that is no run's. */
static const double PATIENCE = 120, LOCK_PATIENCE = 5;

/* --- beside the file ---------------------------------------------------- */

static hpo_status encode(const hpo_inbox_item *i, int64_t time,
                         hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create("addition", &r, err));
  HPO_TRY(status,
          hpo_record_add_int(r, "kind", (int64_t)i->kind, "", "", err));
  HPO_TRY(status, hpo_record_add_int(r, "trial", i->trial, "", "", err));
  HPO_TRY(status, hpo_record_add_int(r, "time", time, "ns", "", err));
  HPO_TRY(status,
          hpo_record_add_text(r, "name", i->name ? i->name : "", 0, "", err));
  HPO_TRY(status, hpo_record_add_text(r, "text", i->text, 0, "", err));
  HPO_TRY(status, hpo_record_add(r, "bytes", HPO_FIELD_U8, 0, i->byte, i->n,
                                 "", "", err));
  HPO_TRY(status, hpo_wire_encode(r, out, err));
done:
  hpo_record_destroy(r);
  return status;
}

static hpo_status put(const char *study, const hpo_inbox_item *item, size_t k,
                      char **path, hpo_error *err) {
  hpo_status status = HPO_OK;
  const int64_t now = hpo_clock_wall_ns() + (int64_t)k;
  hpo_buffer bytes = {0};
  char *stem = NULL;

  HPO_TRY(status, hpo_file_beside(study, SUFFIX, &stem, err));
  HPO_TRY(status, hpo_mem_format(path, err, "%s%020lld-%ld-%zu", stem,
                                 (long long)now, (long)getpid(), k));
  HPO_TRY(status, encode(item, now, &bytes, err));
  HPO_TRY(status, hpo_file_write_all(*path, bytes.byte, bytes.n, err));
done:
  hpo_mem_free(stem);
  hpo_buffer_free(&bytes);
  return status;
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether a name in the folder is one of ours, written whole. */
static bool is_ours(const char *name, const char *stem) {
  const size_t n = strlen(stem);

  return strncmp(name, stem, n) == 0 &&
         strspn(name + n, "0123456789-") == strlen(name + n);
}

/* Paths of what lies beside the file, oldest first. */
static hpo_status list(const char *study, hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *stem = NULL, *folder = NULL, *path = NULL;
  const char *slash;
  struct dirent *entry;
  DIR *d = NULL;

  HPO_TRY(status, hpo_file_beside(study, SUFFIX, &stem, err));
  slash = strrchr(stem, '/');
  HPO_TRY(status, hpo_mem_format(&folder, err, "%.*s",
                                 slash ? (int)(slash - stem) + 1 : 2,
                                 slash ? stem : "./"));
  d = opendir(folder);
  while (d && (entry = readdir(d)) != NULL) {
    if (!is_ours(entry->d_name, slash ? slash + 1 : stem))
      continue;
    HPO_TRY(status, hpo_mem_format(&path, err, "%s%s", folder, entry->d_name));
    HPO_TRY(status, hpo_names_add(out, path, err));
    hpo_mem_free(path);
    path = NULL;
  }
  if (out->n > 1)
    qsort(out->item, out->n, sizeof *out->item, by_text);
done:
  if (d)
    closedir(d);
  hpo_mem_free(stem);
  hpo_mem_free(folder);
  hpo_mem_free(path);
  return status;
}

/* --- into the file ------------------------------------------------------ */

static const char *const table_of[] = {HPO_TABLE_TAGS, HPO_TABLE_NOTES,
                                       HPO_TABLE_ARTIFACTS};

static bool is_valid(const hpo_record *r, size_t n_trial) {
  static const struct {
    const char *name;
    hpo_field_type type;
  } field[] = {{"kind", HPO_FIELD_INT},  {"trial", HPO_FIELD_INT},
               {"time", HPO_FIELD_INT},  {"name", HPO_FIELD_TEXT},
               {"text", HPO_FIELD_TEXT}, {"bytes", HPO_FIELD_U8}};

  for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
    const hpo_field *f = hpo_record_find(r, field[i].name);
    if (!f || f->type != field[i].type || (i < 5 && f->n != 1))
      return false;
  }
  const int64_t kind = hpo_record_int(r, "kind");
  const int64_t trial = hpo_record_int(r, "trial");
  return kind >= 0 && kind <= HPO_INBOX_FILE && trial >= -1 &&
         trial < (int64_t)n_trial;
}

/* Whether its row stands already. */
static hpo_status is_there(hpo_store *store, const hpo_record *r, bool *there,
                           hpo_error *err) {
  static const char *const columns[] = {"trial", "time"};
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;

  HPO_TRY(status, hpo_store_read(store, table_of[hpo_record_int(r, "kind")], 0,
                                 SIZE_MAX, columns, 2, &rows, NULL, err));
  const hpo_field *trial = hpo_record_find(rows, "trial");
  const hpo_field *time = hpo_record_find(rows, "time");
  *there = false;
  for (size_t i = 0; i < trial->n; i++)
    *there =
        *there || (hpo_field_int(trial, i) == hpo_record_int(r, "trial") &&
                   hpo_field_int(time, i) == hpo_record_int(r, "time"));
done:
  hpo_record_destroy(rows);
  return status;
}

static hpo_status make_artifact(hpo_store *store, const hpo_record *r,
                                const char *name, const char *media,
                                hpo_record **row, hpo_error *err) {
  static const char *const bytes_table[] = {HPO_TABLE_ARTIFACT_BYTES};
  hpo_status status = HPO_OK;
  const hpo_field *bytes = hpo_record_find(r, "bytes");
  size_t first = 0;

  if (bytes->n > 0)
    HPO_TRY(status,
            hpo_store_append_bytes(store, HPO_TABLE_ARTIFACT_BYTES,
                                   bytes->data, bytes->n, &first, err));
  HPO_TRY(status, hpo_store_flush(store, bytes_table, 1, err));
  const hpo_layout_artifact a = {
      .trial = hpo_record_int(r, "trial"),
      .name = name,
      .media_type = media,
      .offset = (int64_t)first,
      .length = (int64_t)bytes->n,
      .content_crc = (int64_t)hpo_file_crc32(0, bytes->data, bytes->n),
      .time = hpo_record_int(r, "time")};
  HPO_TRY(status, hpo_layout_artifact_row(&a, row, err));
done:
  return status;
}

static hpo_status append(hpo_store *store, const hpo_record *r,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_inbox_kind kind = (hpo_inbox_kind)hpo_record_int(r, "kind");
  const int64_t trial = hpo_record_int(r, "trial");
  const int64_t time = hpo_record_int(r, "time");
  hpo_record *row = NULL;
  char name[HPO_INBOX_VALUE + 1], text[HPO_INBOX_NOTE_ROOM + 1];

  hpo_record_text(r, "name", name, sizeof name);
  hpo_record_text(r, "text", text, sizeof text);
  if (kind == HPO_INBOX_TAG)
    HPO_TRY(status,
            hpo_layout_tag_row(&(hpo_layout_tag){time, trial, name, text},
                               &row, err));
  else if (kind == HPO_INBOX_NOTE)
    HPO_TRY(status, hpo_layout_note_row(&(hpo_layout_note){time, trial, text},
                                        &row, err));
  else
    HPO_TRY(status, make_artifact(store, r, name, text, &row, err));
  HPO_TRY(status, hpo_store_append(store, table_of[kind], row, NULL, err));
  HPO_TRY(status, hpo_store_flush(store, &table_of[kind], 1, err));
done:
  hpo_record_destroy(row);
  return status;
}

static void set_aside(const char *path) {
  char *aside = NULL;

  hpo_log(HPO_LOG_WARN, "inbox",
          "%s is damaged or of no trial of the study; it is set aside", path);
  if (hpo_mem_format(&aside, NULL, "%s.refused", path) == HPO_OK)
    (void)rename(path, aside);
  hpo_mem_free(aside);
}

static hpo_status merge_one(hpo_store *store, const char *path, size_t n_trial,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer bytes = {0};
  hpo_record *r = NULL;
  hpo_error ignored = {0};
  bool there = false;

  if (hpo_file_read_all(path, 0, &bytes, &ignored) != HPO_OK)
    return HPO_OK; /* taken away meanwhile */
  if (hpo_wire_decode(bytes.byte, bytes.n, &r, &ignored) != HPO_OK ||
      !is_valid(r, n_trial)) {
    set_aside(path);
    goto done;
  }
  HPO_TRY(status, is_there(store, r, &there, err));
  if (!there)
    HPO_TRY(status, append(store, r, err));
  (void)unlink(path);
done:
  hpo_buffer_free(&bytes);
  hpo_record_destroy(r);
  return status;
}

hpo_status hpo_inbox_clear(const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names found = {0};

  HPO_TRY(status, list(path, &found, err));
  for (size_t i = 0; i < found.n; i++)
    (void)unlink(found.item[i]);
done:
  hpo_names_free(&found);
  return status;
}

hpo_status hpo_inbox_merge(hpo_store *store, const char *path,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names found = {0};
  size_t n_trial = 0;

  HPO_TRY(status, list(path, &found, err));
  if (found.n == 0)
    goto done;
  HPO_TRY(status, hpo_store_rows(store, HPO_TABLE_TRIALS, &n_trial, err));
  for (size_t i = 0; i < found.n; i++)
    HPO_TRY(status, merge_one(store, found.item[i], n_trial, err));
done:
  hpo_names_free(&found);
  return status;
}

/* --- the command's side ------------------------------------------------- */

static bool are_gone(const hpo_names *path) {
  for (size_t i = 0; i < path->n; i++)
    if (hpo_file_exists(path->item[i]))
      return false;
  return true;
}

/* Takes them in itself if no run has the file.  HPO_ESTUDY: another process
 * keeps the lock, or it is no study file. */
static hpo_status try_self(const char *study, bool *live, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *store = NULL, *closing = NULL;

  HPO_TRY(status, hpo_store_open_read(study, &store, err));
  *live = hpo_store_is_live(store);
  hpo_store_destroy(store);
  store = NULL;
  if (*live)
    return HPO_OK;
  HPO_TRY(status, hpo_store_open_write(study, &store, err));
  HPO_TRY(status, hpo_inbox_merge(store, study, err));
  closing = store;
  store = NULL;
  HPO_TRY(status, hpo_store_close(closing, err));
done:
  hpo_store_destroy(store);
  return status;
}

/* Until they are taken; a file that is locked for a moment, as by another
 * command, is tried again. */
static hpo_status wait_until_taken(const char *study, const hpo_names *path,
                                   bool *taken, hpo_error *err) {
  const double began = hpo_clock_seconds();
  double worked = began;

  while (!are_gone(path) && hpo_clock_seconds() < began + PATIENCE) {
    hpo_error own = {0};
    bool live = false;
    hpo_status status = try_self(study, &live, &own);
    if (status == HPO_OK)
      worked = hpo_clock_seconds();
    else if (status != HPO_ESTUDY ||
             hpo_clock_seconds() > worked + LOCK_PATIENCE)
      return hpo_error_set(err, status, "%s", own.text);
    if (!are_gone(path))
      hpo_clock_sleep(0.05);
  }
  *taken = are_gone(path);
  return HPO_OK;
}

hpo_status hpo_inbox_deliver(const char *study, const hpo_inbox_item *item,
                             size_t n, bool *taken, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names paths = {0};
  char *path = NULL;

  for (size_t i = 0; i < n; i++) {
    HPO_TRY(status, put(study, &item[i], i, &path, err));
    HPO_TRY(status, hpo_names_add(&paths, path, err));
    hpo_mem_free(path);
    path = NULL;
  }
  HPO_TRY(status, wait_until_taken(study, &paths, taken, err));
done:
  for (size_t i = 0; status != HPO_OK && i < paths.n; i++)
    (void)unlink(paths.item[i]);
  hpo_mem_free(path);
  hpo_names_free(&paths);
  return status;
}
