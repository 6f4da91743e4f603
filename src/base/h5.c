/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening, closing and syncing of HDF5 files.
 *
 * Two properties used here have no public name, but are reached through the
 * public H5Pset, as the tool h5clear does: "clear_status_flags" and
 * "skip_eof_check" open a file whose writer was killed. */
#include "h5_private.h"

#include "hpo/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FLAG_WRITE 0x01u /* superblock: a writer has the file */
#define FLAG_SWMR 0x04u  /* and readers may come */

/* Times that a reader looks at a block whose checksum is wrong, since its
 * writer may be at it. HDF5 waits 2^i ns after the i-th: here 16 ms in all;
 * its default, 100, never ends on a damaged file. */
#define READ_ATTEMPTS 24

/** Tells a file from what is none, before HDF5 sees it: a FIFO would block,
 *  and HDF5's own words help nobody.
 *  \param [out] flags of the superblock (File Format 3.0, II.A) */
static hpo_status probe(const char *path, unsigned *flags, hpo_error *err) {
  static const uint8_t signature[] = {0x89, 'H', 'D', 'F', 13, 10, 26, 10};
  hpo_status status = HPO_OK;
  uint8_t head[12] = {0};
  struct stat about;
  int file = -1;

  if (stat(path, &about) != 0)
    HPO_FAIL(status, err, HPO_ESTUDY, "study file %s: %s", path,
             errno == ENOENT ? "there is no such file" : strerror(errno));
  if (!S_ISREG(about.st_mode))
    HPO_FAIL(status, err, HPO_ESTUDY, "%s is %s, not a study file", path,
             S_ISDIR(about.st_mode) ? "a directory" : "no ordinary file");
  if (about.st_size == 0)
    HPO_FAIL(status, err, HPO_ESTUDY, "study file %s is empty", path);
  file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    HPO_FAIL(status, err, HPO_ESTUDY, "study file %s: %s", path,
             strerror(errno));
  if (pread(file, head, sizeof head, 0) != (ssize_t)sizeof head ||
      memcmp(head, signature, sizeof signature) != 0)
    HPO_FAIL(status, err, HPO_ESTUDY, "%s is no HDF5 file", path);
  *flags = head[8] >= 3 ? head[11] & (FLAG_WRITE | FLAG_SWMR) : 0;
done:
  if (file >= 0)
    close(file);
  return status;
}

/** How to open: no locks of HDF5's (an open notebook must not stop a
 *  resume), the format that 1.10 reads, nothing left open by a close.
 *  force: whatever the flags say. */
static hid_t access_list(bool force) {
  hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  hbool_t yes = 1;
  bool good = list >= 0;

  good = good &&
         H5Pset_libver_bounds(list, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0;
  good = good && H5Pset_file_locking(list, 0, 1) >= 0;
  good = good && H5Pset_alignment(list, 1, PAGE) >= 0;
  good = good && H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) >= 0;
  good = good && H5Pset_metadata_read_attempts(list, READ_ATTEMPTS) >= 0;
  if (force)
    good = good && H5Pset(list, "clear_status_flags", &yes) >= 0 &&
           H5Pset(list, "skip_eof_check", &yes) >= 0;
  if (!good) {
    hpo_h5_drop(list, false);
    list = H5I_INVALID_HID;
  }
  return list;
}

/** Groups and attributes remember the order in which they were made. */
static hid_t creation_list(void) {
  hid_t list = H5Pcreate(H5P_FILE_CREATE);
  const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

  if (list >= 0 && (H5Pset_link_creation_order(list, order) < 0 ||
                    H5Pset_attr_creation_order(list, order) < 0)) {
    hpo_h5_drop(list, false);
    list = H5I_INVALID_HID;
  }
  return list;
}

static hpo_status new_file(const char *path, hpo_h5 **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5 *f = NULL;

  hpo_h5_quiet();
  HPO_TRY(status, hpo_mem_new(1, sizeof *f, &f, err));
  f->id = H5I_INVALID_HID;
  HPO_TRY(status, hpo_mem_string(path, &f->path, err));
  *out = f;
  f = NULL;
done:
  hpo_mem_free(f);
  return status;
}

/** Frees our side; keep: leaves HDF5's as it is, for after a failed write
 *  even a close would go on writing. */
static void free_file(hpo_h5 *f, bool keep) {
  if (f == NULL)
    return;
  for (size_t i = 0; i < f->n_table; i++)
    hpo_h5_table_free(f->table[i], keep);
  if (!keep && f->id >= 0)
    H5Fclose(f->id);
  hpo_mem_free(f->table);
  hpo_mem_free(f->path);
  hpo_mem_free(f);
}

hpo_status hpo_h5_create(const char *path, hpo_h5 **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hid_t how = H5I_INVALID_HID;
  hid_t access = H5I_INVALID_HID;
  hpo_h5 *f = NULL;

  HPO_TRY(status, new_file(path, &f, err));
  f->write = true;
  how = creation_list();
  access = access_list(false);
  if (how >= 0 && access >= 0)
    f->id = H5Fcreate(path, H5F_ACC_TRUNC, how, access);
  if (f->id < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EIO, "cannot create %s", path));
  *out = f;
  f = NULL;
done:
  hpo_h5_drop(how, true);
  hpo_h5_drop(access, true);
  free_file(f, false);
  return status;
}

/** One attempt, as the flags say. */
static hid_t open_once(const char *path, bool write, unsigned flags) {
  hid_t file = H5I_INVALID_HID;
  unsigned mode = H5F_ACC_RDONLY;
  hid_t access = access_list(write ? flags != 0 : flags == FLAG_WRITE);

  if (access < 0)
    return access;
  if (write) /* the flags go to "SWMR writer" in this call's one write */
    mode = H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE;
  else if (flags != 0)
    mode = H5F_ACC_RDONLY | H5F_ACC_SWMR_READ;
  file = H5Fopen(path, mode, access);
  if (file >= 0 && write && flags != 0 && H5Fincrement_filesize(file, 0) < 0) {
    hpo_h5_drop(file, false);
    file = H5I_INVALID_HID;
  }
  hpo_h5_drop(access, file >= 0);
  return file;
}

/** A reader may come while a writer changes the flags: it looks again, if
 *  there is or was a writer. */
static hpo_status open_retry(hpo_h5 *f, hpo_error *err) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = 5000000};
  hpo_status status = HPO_OK;
  hpo_status last = HPO_OK;
  unsigned flags = 0;
  unsigned before = 0;

  for (int i = 0; i < 5 && f->id < 0; i++) {
    if (i > 0)
      nanosleep(&pause, NULL);
    before = flags;
    HPO_TRY(status, probe(f->path, &flags, err));
    if (i > 0 && (f->write || (flags == 0 && before == 0)))
      break;
    f->swmr = f->write || flags != 0;
    f->id = open_once(f->path, f->write, flags);
    last = f->id >= 0 ? HPO_OK
                      : hpo_h5_fail(err, HPO_ESTUDY,
                                    "study file %s is damaged", f->path);
  }
  status = last;
done:
  return status;
}

hpo_status hpo_h5_open(const char *path, bool write, hpo_h5 **out,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5 *f = NULL;

  HPO_TRY(status, new_file(path, &f, err));
  f->write = write;
  HPO_TRY(status, open_retry(f, err));
  *out = f;
  f = NULL;
done:
  free_file(f, false);
  return status;
}

hpo_status hpo_h5_close(hpo_h5 *f, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (f == NULL)
    return HPO_OK;
  if (f->failed)
    HPO_FAIL(status, err, HPO_EIO,
             "%s was left as it stood when a write to it failed; what was "
             "saved before is in it",
             f->path);
  for (size_t i = 0; i < f->n_table && f->write; i++)
    HPO_TRY(status, hpo_h5_table_settle(f->table[i], err));
  if (f->write && H5Fflush(f->id, H5F_SCOPE_LOCAL) < 0) {
    f->failed = true;
    HPO_TRY(status, hpo_h5_fail(err, HPO_EIO, "cannot write %s", f->path));
  }
  for (size_t i = 0; i < f->n_table; i++)
    hpo_h5_table_free(f->table[i], false);
  f->n_table = 0;
  if (H5Fclose(f->id) < 0 && f->write) {
    f->failed = true;
    HPO_TRY(status, hpo_h5_fail(err, HPO_EIO, "cannot close %s", f->path));
  }
  f->id = H5I_INVALID_HID;
done:
  free_file(f, f->failed);
  return status;
}

hpo_status hpo_h5_sync(hpo_h5 *f, hpo_error *err) {
  void *handle = NULL;

  if (H5Fget_vfd_handle(f->id, H5P_DEFAULT, &handle) < 0)
    return hpo_h5_fail(err, HPO_EIO, "cannot sync %s", f->path);
  if (fdatasync(*(int *)handle) == 0)
    return HPO_OK;
  f->failed = true;
  return hpo_error_set(err, HPO_EIO, "cannot sync %s: %s", f->path,
                       strerror(errno));
}

bool hpo_h5_is_swmr(const hpo_h5 *f) { return f->swmr; }
