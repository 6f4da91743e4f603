/* SPDX-License-Identifier: BSD-3-Clause */
/* Files read from start to end, plain or gzip. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "hpo/file.h"

#define ROOM ((size_t)1 << 16) /* bytes read from the disk at once */

struct hpo_file {
  char *path;
  int fd;
  bool packed;    /* gzip */
  bool at_end;    /* the disk has no more bytes */
  bool in_member; /* gzip: inside a member, so the end would be too early */
  bool inflating; /* stream needs inflateEnd */
  z_stream stream;
  uint8_t *in; /* [ROOM] */
  size_t next, n_in;
};

/* What the disk gives at once, up to n bytes; none: at_end. */
static hpo_status read_some(hpo_file *f, void *to, size_t n, size_t *got,
                            hpo_error *err) {
  ssize_t some;
  do
    some = read(f->fd, to, n);
  while (some < 0 && errno == EINTR);
  if (some < 0)
    return hpo_error_set(err, HPO_EIO, "%s: reading failed: %s", f->path,
                         strerror(errno));
  f->at_end = some == 0;
  *got = (size_t)some;
  return HPO_OK;
}

/* Reads into in[] until it is not empty; at_end if there is no more. */
static hpo_status fill(hpo_file *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  if (f->next == f->n_in && !f->at_end) {
    f->next = f->n_in = 0;
    HPO_TRY(status, read_some(f, f->in, ROOM, &f->n_in, err));
  }
done:
  return status;
}

/* The first two bytes, which may come one by one from a pipe. */
static hpo_status look(hpo_file *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t got = 0;
  while (f->n_in < 2 && !f->at_end) {
    HPO_TRY(status, read_some(f, f->in + f->n_in, ROOM - f->n_in, &got, err));
    f->n_in += got;
  }
  f->packed = f->n_in >= 2 && f->in[0] == 0x1f && f->in[1] == 0x8b;
done:
  return status;
}

static hpo_status open_path(const char *path, int *fd, hpo_error *err) {
  struct stat st;
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0)
    return hpo_error_set(err, HPO_EDATA, "%s: cannot be opened: %s", path,
                         strerror(errno));
  if (fstat(*fd, &st) == 0 && S_ISDIR(st.st_mode))
    return hpo_error_set(err, HPO_EDATA, "%s: is a directory, not a file",
                         path);
  return HPO_OK;
}

hpo_status hpo_file_open(const char *path, hpo_file **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_file *f = NULL;
  HPO_TRY(status, hpo_mem_new(1, sizeof *f, &f, err));
  f->fd = -1;
  HPO_TRY(status, hpo_mem_string(path, &f->path, err));
  HPO_TRY(status, hpo_mem_new(ROOM, 1, &f->in, err));
  HPO_TRY(status, open_path(path, &f->fd, err));
  HPO_TRY(status, look(f, err));
  if (f->packed) {
    if (inflateInit2(&f->stream, 15 + 16) != Z_OK) /* 16: a gzip header */
      HPO_FAIL(status, err, HPO_EMEM, "%s: no memory to unpack it", path);
    f->inflating = true;
    f->in_member = true;
  }
  *out = f;
  f = NULL;
done:
  hpo_file_close(f);
  return status;
}

hpo_status hpo_file_seek(hpo_file *f, uint64_t at, hpo_error *err) {
  HPO_ASSERT(!f->packed);
  if (lseek(f->fd, (off_t)at, SEEK_SET) < 0)
    return hpo_error_set(err, HPO_EIO, "%s: reading failed: %s", f->path,
                         strerror(errno));
  f->next = f->n_in = 0;
  f->at_end = false;
  return HPO_OK;
}

bool hpo_file_is_packed(const hpo_file *f) { return f->packed; }

void hpo_file_close(hpo_file *f) {
  if (f == NULL)
    return;
  if (f->inflating)
    inflateEnd(&f->stream);
  if (f->fd >= 0)
    close(f->fd);
  hpo_mem_free(f->in);
  hpo_mem_free(f->path);
  hpo_mem_free(f);
}

/* After a member: another one may follow (as `cat a.gz b.gz` makes them), or
 * zero bytes, which tapes and some writers add. */
static hpo_status next_member(hpo_file *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  while (!f->in_member) {
    HPO_TRY(status, fill(f, err));
    if (f->next == f->n_in)
      return HPO_OK;
    if (f->in[f->next] == 0) {
      f->next++;
      continue;
    }
    if (f->in[f->next] != 0x1f)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the gzip file is damaged: other bytes follow its end",
               f->path);
    if (inflateReset(&f->stream) != Z_OK)
      HPO_FAIL(status, err, HPO_EBUG, "%s: zlib does not start again",
               f->path);
    f->in_member = true;
  }
done:
  return status;
}

/* Unpacks some bytes, maybe none; *got is what came out. */
static hpo_status unpack(hpo_file *f, uint8_t *to, size_t n, size_t *got,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  HPO_TRY(status, fill(f, err));
  if (f->next == f->n_in)
    HPO_FAIL(status, err, HPO_EDATA, "%s: the gzip file is cut short",
             f->path);
  f->stream.next_in = f->in + f->next;
  f->stream.avail_in = (uInt)(f->n_in - f->next);
  f->stream.next_out = to;
  f->stream.avail_out = (uInt)(n < ROOM ? n : ROOM);
  uInt room = f->stream.avail_out;
  int code = inflate(&f->stream, Z_NO_FLUSH);
  f->next = f->n_in - f->stream.avail_in;
  if (code == Z_MEM_ERROR)
    HPO_FAIL(status, err, HPO_EMEM, "%s: no memory to unpack it", f->path);
  if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
    HPO_FAIL(status, err, HPO_EDATA, "%s: the gzip file is damaged: %s",
             f->path, f->stream.msg != NULL ? f->stream.msg : zError(code));
  f->in_member = code != Z_STREAM_END;
  *got = room - f->stream.avail_out;
done:
  return status;
}

static hpo_status read_plain(hpo_file *f, uint8_t *to, size_t n, size_t *got,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t have = f->n_in - f->next;
  if (have == 0 && n >= ROOM)
    return read_some(f, to, n, got, err);
  HPO_TRY(status, fill(f, err));
  have = f->n_in - f->next;
  *got = have < n ? have : n;
  memcpy(to, f->in + f->next, *got);
  f->next += *got;
done:
  return status;
}

hpo_status hpo_file_read(hpo_file *f, void *to, size_t n, size_t *got,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t m = 0;
  if (n == 0 || !f->packed) {
    if (n > 0)
      HPO_TRY(status, read_plain(f, to, n, &m, err));
    *got = m;
    return HPO_OK;
  }
  while (m == 0) {
    HPO_TRY(status, next_member(f, err));
    if (!f->in_member)
      break;
    HPO_TRY(status, unpack(f, to, n, &m, err));
  }
  *got = m;
done:
  return status;
}

uint32_t hpo_file_crc32(uint32_t crc, const void *from, size_t n) {
  return (uint32_t)crc32_z(crc, from, n);
}
