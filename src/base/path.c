/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files at once, paths, kinds of file systems. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "hpo/file.h"

#define NFS_MAGIC 0x6969 /* man 2 statfs */
#define STEP ((size_t)1 << 16)
#define MOST_LINKS 40 /* man 7 path_resolution */

hpo_status hpo_file_read_all(const char *path, size_t limit, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_file *f = NULL;
  hpo_buffer b = {0};
  size_t got = 1;
  HPO_TRY(status, hpo_file_open(path, &f, err));
  while (got > 0) {
    HPO_TRY(status,
            hpo_mem_grow(&b.byte, &b.capacity, b.n + STEP + 1, 1, err));
    HPO_TRY(status, hpo_file_read(f, b.byte + b.n, STEP, &got, err));
    b.n += got;
    if (limit > 0 && b.n > limit)
      HPO_FAIL(status, err, HPO_EINVAL,
               "%s: has more than %zu bytes, which is the limit", path, limit);
  }
  b.byte[b.n] = '\0';
  *out = b;
  b = (hpo_buffer){0};
done:
  hpo_buffer_free(&b);
  hpo_file_close(f);
  return status;
}

/* false: errno says why */
static bool write_whole(int fd, const uint8_t *from, size_t n) {
  while (n > 0) {
    ssize_t sent = write(fd, from, n);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      return false;
    from += sent;
    n -= (size_t)sent;
  }
  return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
}

hpo_status hpo_file_write_all(const char *path, const void *from, size_t n,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  char *target = NULL, *beside = NULL;
  int fd = -1;
  HPO_TRY(status, hpo_file_beside(path, "", &target, err));
  HPO_TRY(status,
          hpo_mem_format(&beside, err, "%s.tmp.%ld", target, (long)getpid()));
  fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    HPO_FAIL(status, err, HPO_EIO, "%s: cannot be written: %s", path,
             strerror(errno));
  bool written = write_whole(fd, from, n);
  int why = errno;
  if (close(fd) != 0 && written) {
    written = false;
    why = errno;
  }
  if (written && rename(beside, target) != 0) {
    written = false;
    why = errno;
  }
  if (!written) {
    unlink(beside);
    HPO_FAIL(status, err, HPO_EIO, "%s: cannot be written: %s", path,
             strerror(why));
  }
done:
  hpo_mem_free(target);
  hpo_mem_free(beside);
  return status;
}

bool hpo_file_exists(const char *path) { return access(path, F_OK) == 0; }

int64_t hpo_file_size(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 ? (int64_t)about.st_size : -1;
}

hpo_status hpo_file_resolve(const char *base_file, const char *href,
                            char **out, hpo_error *err) {
  const char *slash = strrchr(base_file, '/');
  if (href[0] == '/' || slash == NULL)
    return hpo_mem_string(href, out, err);
  return hpo_mem_format(out, err, "%.*s/%s", (int)(slash - base_file),
                        base_file, href);
}

/* Only links of the last name count: the kernel follows those of folders. */
hpo_status hpo_file_beside(const char *path, const char *suffix, char **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  char link[PATH_MAX];
  char *at = NULL, *next = NULL;
  ssize_t n;
  HPO_TRY(status, hpo_mem_string(path, &at, err));
  for (int i = 0; (n = readlink(at, link, sizeof link - 1)) >= 0; i++) {
    if (i == MOST_LINKS)
      HPO_FAIL(status, err, HPO_EIO, "%s: %s", path, strerror(ELOOP));
    link[n] = '\0';
    HPO_TRY(status, hpo_file_resolve(at, link, &next, err));
    hpo_mem_free(at);
    at = next;
    next = NULL;
  }
  HPO_TRY(status, hpo_mem_format(out, err, "%s%s", at, suffix));
done:
  hpo_mem_free(at);
  return status;
}

hpo_status hpo_file_replace(const char *path, const char *made,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char *target = NULL;
  HPO_TRY(status, hpo_file_beside(path, "", &target, err));
  if (rename(made, target) != 0)
    HPO_FAIL(status, err, HPO_EIO, "cannot rename %s to %s: %s", made, target,
             strerror(errno));
done:
  hpo_mem_free(target);
  return status;
}

hpo_status hpo_file_sync(const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  bool good = file >= 0 && fsync(file) == 0;
  if (!good && errno != EINVAL) /* a folder that knows no fsync is no loss */
    status = hpo_error_set(err, HPO_EIO, "cannot sync %s: %s", path,
                           strerror(errno));
  if (file >= 0)
    close(file);
  return status;
}

hpo_status hpo_file_sync_folder(const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *folder = NULL;
  HPO_TRY(status, hpo_file_resolve(path, ".", &folder, err));
  HPO_TRY(status, hpo_file_sync(folder, err));
done:
  hpo_mem_free(folder);
  return status;
}

bool hpo_file_on_nfs(const char *path) {
  struct statfs fs;
  char *folder = NULL;
  int code = statfs(path, &fs);
  if (code != 0 && errno == ENOENT &&
      hpo_file_resolve(path, ".", &folder, NULL) == HPO_OK)
    code = statfs(folder, &fs);
  hpo_mem_free(folder);
  return code == 0 && fs.f_type == NFS_MAGIC;
}
