/* SPDX-License-Identifier: BSD-3-Clause */
/** \file file.h
 *  Bytes of files, plain or gzip; hashes; paths; the lock beside a file.
 */
#ifndef HPO_FILE_H
#define HPO_FILE_H

#include "hpo/mem.h"
#include "hpo/status.h"

/** A file read from start to end, unpacked if its first bytes say gzip
 *  (several members after each other too). */
typedef struct hpo_file hpo_file;
/** HPO_EDATA where it does not exist, is a directory or may not be read;
 *  the sentence names path and reason. */
HPO_MUST_USE hpo_status hpo_file_open(const char *path, hpo_file **out,
                                      hpo_error *err);
/** Up to n bytes; *got = 0 at the end.  HPO_EDATA: a gzip file that is cut
 *  short or damaged; HPO_EIO: read error. */
HPO_MUST_USE hpo_status hpo_file_read(hpo_file *f, void *to, size_t n,
                                      size_t *got, hpo_error *err);
/** Goes to a byte of a file that is not packed.  HPO_EIO */
HPO_MUST_USE hpo_status hpo_file_seek(hpo_file *f, uint64_t at,
                                      hpo_error *err);
bool hpo_file_is_packed(const hpo_file *f);
void hpo_file_close(hpo_file *f);

/** Everything at once; refuses (HPO_EINVAL) more than limit bytes unless
 *  limit is 0.  *out gets a NUL after its last byte that n does not count. */
HPO_MUST_USE hpo_status hpo_file_read_all(const char *path, size_t limit,
                                          hpo_buffer *out, hpo_error *err);
/** Writes path anew: a temporary file beside it (beside the target of a
 *  link, which stays), then rename.  HPO_EIO: the
 *  old file, if there was one, is as it was. */
HPO_MUST_USE hpo_status hpo_file_write_all(const char *path, const void *from,
                                           size_t n, hpo_error *err);

bool hpo_file_exists(const char *path);
/** Bytes, or -1 where it can't be told. */
int64_t hpo_file_size(const char *path);
/** href as seen from the folder of base_file, unless it is absolute. */
HPO_MUST_USE hpo_status hpo_file_resolve(const char *base_file,
                                         const char *href, char **out,
                                         hpo_error *err);
/** The file that path leads to, there or not, with a suffix: path itself
 *  unless it is a symbolic link.  So a file has one lock and one place for
 *  what lies beside it under all its names, and what is renamed to it does
 *  not replace a link.  HPO_EIO: the links go in a circle. */
HPO_MUST_USE hpo_status hpo_file_beside(const char *path, const char *suffix,
                                        char **out, hpo_error *err);
/** Renames made to the file that path leads to.  HPO_EIO */
HPO_MUST_USE hpo_status hpo_file_replace(const char *path, const char *made,
                                         hpo_error *err);
/** Forces a file, or the folder of a file, to the disk: a rename is there
 *  after a power cut only once its folder is.  HPO_EIO */
HPO_MUST_USE hpo_status hpo_file_sync(const char *path, hpo_error *err);
HPO_MUST_USE hpo_status hpo_file_sync_folder(const char *path, hpo_error *err);
/** Kind of file system: true where path lies on NFS. */
bool hpo_file_on_nfs(const char *path);

/** SHA-256 (FIPS 180-4), incremental. */
typedef struct hpo_sha256 {
  uint32_t h[8];
  uint64_t bytes;
  uint8_t block[64];
  bool is_own; /* by the processor's own instructions */
} hpo_sha256;
void hpo_sha256_start(hpo_sha256 *s);
void hpo_sha256_add(hpo_sha256 *s, const void *from, size_t n);
void hpo_sha256_end(hpo_sha256 *s, char hex[65]);

/** A hash of bytes that several ranks can take together: up to one piece
 *  their SHA-256, of more the SHA-256 of the lines "HEX\n", one for each
 *  piece's SHA-256. */
typedef struct hpo_digest {
  hpo_sha256 piece, all;
  size_t size;         /* bytes of a piece, the last one may be shorter */
  size_t n;            /* pieces that are done */
  char *lines;         /* borrowed: their lines go here too; NULL: nowhere */
  uint64_t skip, left; /* bytes still to be left out, then to be taken */
} hpo_digest;
enum {
  HPO_DIGEST_PIECE = 4 << 20, /* as `split -b 4M` */
  HPO_DIGEST_LINE = 65        /* bytes of a line */
};
void hpo_digest_start(hpo_digest *d, size_t size, char *lines);
/** Of what will be added only `most` bytes count, after the first `skip`. */
void hpo_digest_limit(hpo_digest *d, uint64_t skip, uint64_t most);
void hpo_digest_add(hpo_digest *d, const void *from, size_t n);
void hpo_digest_end(hpo_digest *d, char hex[65]);
/** The same from the lines of n >= 1 pieces, one after the other. */
void hpo_digest_join(const char *lines, size_t n, char hex[65]);

/** Packs n bytes and adds them to out as a gzip member of its own: members
 *  after each other are one file. */
HPO_MUST_USE hpo_status hpo_file_gzip(const void *from, size_t n,
                                      hpo_buffer *out, hpo_error *err);

/** CRC-32 (zlib's, as Python's zlib.crc32); start with crc = 0. */
uint32_t hpo_file_crc32(uint32_t crc, const void *from, size_t n);

/** The writer's lock: flock on PATH (FILE.h5.lock), which the kernel drops
 *  when the process dies; the file names host, pid, job and start.  It is
 *  emptied on release and stays: removing a file that others may have open
 *  would let two of them lock.  Where flock is not supported, PATH.held made
 *  with O_EXCL decides; it is removed on release, and taken over if its
 *  process is dead on this host.
 *  \return HPO_OK; HPO_ESTUDY: held, by whom; HPO_EIO: PATH can't be made */
typedef struct hpo_lock hpo_lock;
HPO_MUST_USE hpo_status hpo_lock_take(const char *path, hpo_lock **out,
                                      hpo_error *err);
void hpo_lock_release(hpo_lock *lock);
/** Whether a process holds the lock at PATH now; without flock: one that may
 *  be alive. */
bool hpo_lock_is_held(const char *path);

#endif
