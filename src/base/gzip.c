/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes packed as a gzip member (RFC 1952). */
#include "hpo/file.h"

#include <zlib.h>

hpo_status hpo_file_gzip(const void *from, size_t n, hpo_buffer *out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  z_stream z = {0};
  uint8_t room[1 << 15];
  const uint8_t *next = from;
  int said = Z_OK;

  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) /* 16: a gzip header */
    return hpo_error_set(err, HPO_EMEM, "no memory to pack %zu bytes", n);
  while (said != Z_STREAM_END) {
    if (z.avail_in == 0) {
      z.next_in = (Bytef *)next;
      z.avail_in = n < 1 << 30 ? (uInt)n : 1 << 30;
      next += z.avail_in;
      n -= z.avail_in;
    }
    z.next_out = room;
    z.avail_out = sizeof room;
    said = deflate(&z, n == 0 ? Z_FINISH : Z_NO_FLUSH);
    HPO_ASSERT(said == Z_OK || said == Z_STREAM_END || said == Z_BUF_ERROR);
    HPO_TRY(status, hpo_buffer_add(out, room, sizeof room - z.avail_out, err));
  }
done:
  deflateEnd(&z);
  return status;
}
