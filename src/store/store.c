/* SPDX-License-Identifier: BSD-3-Clause */
/* The study file's life: made, opened, closed, locked. */
#include "store_private.h"

#include "hpo/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static hpo_status new_store(const char *path, hpo_store **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *s = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  HPO_TRY(status, hpo_mem_string(path, &s->path, err));
  *out = s;
  s = NULL;
done:
  hpo_mem_free(s);
  return status;
}

/** Frees all but the HDF5 file, then lets the lock go. */
static void free_store(hpo_store *s) {
  for (size_t i = 0; i < s->n_table; i++)
    store_table_free(s->table[i]);
  hpo_mem_free(s->table);
  hpo_lock_release(s->lock);
  hpo_mem_free(s->path);
  hpo_mem_free(s);
}

hpo_status hpo_store_close(hpo_store *s, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (s == NULL)
    return HPO_OK;
  status = hpo_h5_close(s->file, err);
  free_store(s);
  return status;
}

void hpo_store_destroy(hpo_store *s) {
  hpo_status status = hpo_store_close(s, NULL);

  (void)status;
}

/** Takes the lock; a reader that looks whether it is held has it for some
 *  microseconds, so one refusal is not the last word. */
static hpo_status take_lock(hpo_store *s, hpo_error *err) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = 20000000};
  hpo_status status = HPO_OK;
  char *path = NULL;

  HPO_TRY(status, hpo_file_beside(s->path, ".lock", &path, err));
  for (int i = 0; i < 4; i++) {
    if (i > 0)
      nanosleep(&pause, NULL);
    status = hpo_lock_take(path, &s->lock, err);
    if (status != HPO_ESTUDY)
      break;
  }
done:
  hpo_mem_free(path);
  return status;
}

/** Whether a writer has the file in its hands. */
static bool has_writer(const hpo_store *s) {
  char *path = NULL;
  bool held = false;

  if (hpo_file_beside(s->path, ".lock", &path, NULL) == HPO_OK)
    held = hpo_lock_is_held(path);
  hpo_mem_free(path);
  return held;
}

bool hpo_store_is_live(const hpo_store *s) {
  return s->lock != NULL || (hpo_h5_is_swmr(s->file) && has_writer(s));
}

bool hpo_store_is_open(const hpo_store *s) { return hpo_h5_is_swmr(s->file); }

/* ---------------------------------------------------------- opening */

/** That the file is a study, of a version that this program knows. */
static hpo_status check_format(hpo_store *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *root = NULL;
  char *format = NULL;
  int64_t version = 0;

  if (hpo_h5_read_text(s->file, "format", &format, err) != HPO_OK ||
      strcmp(format, HPO_STORE_FORMAT) != 0)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "%s is an HDF5 file, but not a study of hpotune", s->path);
  HPO_TRY(status, hpo_store_read_facts(s, "/", &root, err));
  version = hpo_record_int(root, "format_version");
  if (version < 1)
    HPO_FAIL(status, err, HPO_ESTUDY, "study file %s has no format_version",
             s->path);
  if (version > HPO_STORE_VERSION)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "study file %s has format version %lld; this program knows "
             "versions up to %d: use a newer hpotune",
             s->path, (long long)version, HPO_STORE_VERSION);
done:
  hpo_record_destroy(root);
  hpo_mem_free(format);
  return status;
}

/** Opens the HDF5 file for reading.  A file that is not open for writing,
 *  though someone holds the lock, is about to be: read now, it could not be
 *  followed, so its writer gets a moment. */
static hpo_status open_file(hpo_store *s, hpo_error *err) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = 5000000};
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_h5_open(s->path, false, &s->file, err));
  for (int i = 0; i < 20 && !hpo_h5_is_swmr(s->file) && has_writer(s); i++) {
    hpo_h5 *file = s->file;
    s->file = NULL;
    HPO_TRY(status, hpo_h5_close(file, err));
    nanosleep(&pause, NULL);
    HPO_TRY(status, hpo_h5_open(s->path, false, &s->file, err));
  }
done:
  return status;
}

hpo_status hpo_store_open_read(const char *path, hpo_store **out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *s = NULL;

  HPO_TRY(status, new_store(path, &s, err));
  HPO_TRY(status, open_file(s, err));
  HPO_TRY(status, check_format(s, err));
  *out = s;
  s = NULL;
done:
  hpo_store_destroy(s);
  return status;
}

/** Opening for writing changes the file, so it is looked at before. */
hpo_status hpo_store_open_write(const char *path, hpo_store **out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *look = NULL;
  hpo_store *s = NULL;

  HPO_TRY(status, hpo_store_open_read(path, &look, err));
  HPO_TRY(status, hpo_store_close(look, err));
  look = NULL;
  HPO_TRY(status, new_store(path, &s, err));
  HPO_TRY(status, take_lock(s, err));
  HPO_TRY(status, hpo_h5_open(path, true, &s->file, err));
  HPO_TRY(status, check_format(s, err));
  *out = s;
  s = NULL;
done:
  hpo_store_destroy(s);
  return status;
}

/* --------------------------------------------------------- creation */

/** What hpo_store_create was asked for. */
typedef struct contents {
  const hpo_store_table *table;
  const hpo_store_facts *facts;
  size_t n_table, n_facts;
  const hpo_record *attributes;
} contents;

static hpo_status fill(hpo_h5 *file, const contents *c, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, store_attributes_add(file, c->attributes, err));
  for (size_t i = 0; i < c->n_facts; i++)
    HPO_TRY(status,
            store_facts_add(file, c->facts[i].path, c->facts[i].record, err));
  for (size_t i = 0; i < c->n_table; i++)
    HPO_TRY(status, store_table_add(file, &c->table[i], err));
done:
  return status;
}

/** Makes a whole file and forces it to the disk. */
static hpo_status build(const char *path, const contents *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5 *file = NULL;
  hpo_h5 *full = NULL;

  HPO_TRY(status, hpo_h5_create(path, &file, err));
  HPO_TRY(status, fill(file, c, err));
  full = file;
  file = NULL;
  HPO_TRY(status, hpo_h5_close(full, err));
  HPO_TRY(status, hpo_file_sync(path, err));
done:
  if (file != NULL && hpo_h5_close(file, NULL) != HPO_OK)
    HPO_ASSERT(status != HPO_OK);
  return status;
}

/** Builds the file beside path, then puts it in its place; a link stays. */
static hpo_status put_in_place(const char *path, const contents *c,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  char *beside = NULL;

  HPO_TRY(status, hpo_file_beside(path, ".tmp", &beside, err));
  HPO_TRY(status, build(beside, c, err));
  HPO_TRY(status, hpo_file_replace(path, beside, err));
  HPO_TRY(status, hpo_file_sync_folder(beside, err));
done:
  if (status != HPO_OK && beside != NULL)
    unlink(beside);
  hpo_mem_free(beside);
  return status;
}

hpo_status hpo_store_create(const char *path, bool overwrite,
                            const hpo_store_table *table, size_t n_table,
                            const hpo_store_facts *facts, size_t n_facts,
                            const hpo_record *attributes, hpo_store **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const contents c = {.table = table,
                      .facts = facts,
                      .n_table = n_table,
                      .n_facts = n_facts,
                      .attributes = attributes};
  hpo_store *s = NULL;

  HPO_TRY(status, new_store(path, &s, err));
  HPO_TRY(status, take_lock(s, err));
  if (!overwrite && hpo_file_exists(path))
    HPO_FAIL(status, err, HPO_ESTUDY, "study file %s exists already", path);
  HPO_TRY(status, put_in_place(path, &c, err));
  HPO_TRY(status, hpo_h5_open(path, true, &s->file, err));
  HPO_TRY(status, check_format(s, err));
  *out = s;
  s = NULL;
done:
  hpo_store_destroy(s);
  return status;
}

hpo_status hpo_store_sync(hpo_store *s, hpo_error *err) {
  return hpo_h5_sync(s->file, err);
}
